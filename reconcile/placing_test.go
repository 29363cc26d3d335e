package reconcile

import (
	"testing"
	"time"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

func at(s string) table.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return table.TimeOf(t)
}

// judged are the options of most tests: March 2026, judged on 10 April.
func judged() Options {
	o := DefaultOptions()
	o.PeriodStart, o.PeriodEnd, o.AsOf = at("2026-03-01 00:00"), at("2026-04-01 00:00"), at("2026-04-10 00:00")
	return o
}

// paid is a purchase as most are.
func paid(id string) table.Purchase {
	return table.Purchase{PurchaseID: id, PurchasedAt: at("2026-03-10 12:00"), Amount: 4900, Currency: "USD", Status: table.StatusPaid, Live: table.Yes, Processor: "stripe"}
}

func TestPlaceOfOnePurchase(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(*table.Purchase, *Options)
		want gap.Place
	}{
		{"paid", func(*table.Purchase, *Options) {}, ""},
		{"no word on live or test", func(p *table.Purchase, _ *Options) { p.Live = table.Unknown }, ""},
		{"failed", func(p *table.Purchase, _ *Options) { p.Status = table.StatusFailed }, gap.ExcludedFailed},
		{"canceled", func(p *table.Purchase, _ *Options) { p.Status = table.StatusCanceled }, gap.ExcludedFailed},
		{"pending", func(p *table.Purchase, _ *Options) { p.Status = table.StatusPending }, gap.ExcludedFailed},
		{"test mode", func(p *table.Purchase, _ *Options) { p.Live = table.No }, gap.ExcludedTest},
		{"free", func(p *table.Purchase, _ *Options) { p.Amount = 0 }, gap.ExcludedOther},
		{"refunded whole", func(p *table.Purchase, _ *Options) { p.Status, p.Refunded = table.StatusRefunded, 4900 }, gap.ExcludedRefunded},
		{"refunded, no sum given", func(p *table.Purchase, _ *Options) { p.Status = table.StatusRefunded }, gap.ExcludedRefunded},
		{"called refunded, but only in part", func(p *table.Purchase, _ *Options) { p.Status, p.Refunded = table.StatusRefunded, 4899 }, ""},
		{"refunded in part", func(p *table.Purchase, _ *Options) { p.Status, p.Refunded = table.StatusPartlyRefund, 100 }, ""},
		{"dispute open", func(p *table.Purchase, _ *Options) { p.Status, p.Disputed = table.StatusDisputed, 4900 }, ""},
		{"dispute lost", func(p *table.Purchase, _ *Options) { p.Status, p.Disputed = table.StatusDisputedLost, 4900 }, gap.ExcludedChargeback},
		{"first instant of the period", func(p *table.Purchase, o *Options) { p.PurchasedAt = o.PeriodStart }, ""},
		{"before the period", func(p *table.Purchase, o *Options) { p.PurchasedAt = o.PeriodStart - 1 }, gap.ExcludedPeriod},
		{"end of the period", func(p *table.Purchase, o *Options) { p.PurchasedAt = o.PeriodEnd }, gap.ExcludedPeriod},
		{"last instant of the period", func(p *table.Purchase, o *Options) { p.PurchasedAt = o.PeriodEnd - 1 }, ""},
		{"48 hours old", func(p *table.Purchase, o *Options) { o.AsOf = p.PurchasedAt + 48*table.Hour }, gap.ExcludedFresh},
		{"a moment older", func(p *table.Purchase, o *Options) { o.AsOf = p.PurchasedAt + 48*table.Hour + 1 }, ""},
		{"no lag", func(p *table.Purchase, o *Options) { o.AsOf, o.LagHours = p.PurchasedAt+1, 0 }, ""},
		{"at the threshold", func(_ *table.Purchase, o *Options) { o.Thresholds = []Threshold{{"USD", 4900}} }, ""},
		{"below the threshold", func(_ *table.Purchase, o *Options) { o.Thresholds = []Threshold{{"USD", 4901}} }, gap.ExcludedThreshold},
		{"threshold of another currency", func(_ *table.Purchase, o *Options) { o.Thresholds = []Threshold{{"JPY", 10000}} }, ""},

		// What is no purchase at all is called so before anything else, and the
		// period counts before the threshold, freshness last.
		{"failed test", func(p *table.Purchase, _ *Options) { p.Status, p.Live = table.StatusFailed, table.No }, gap.ExcludedFailed},
		{"test, refunded", func(p *table.Purchase, _ *Options) { p.Live, p.Refunded = table.No, 4900 }, gap.ExcludedTest},
		{"failed before the period", func(p *table.Purchase, _ *Options) { p.Status, p.PurchasedAt = table.StatusFailed, 1 }, gap.ExcludedFailed},
		{"refunded before the period", func(p *table.Purchase, _ *Options) { p.Refunded, p.PurchasedAt = 4900, 1 }, gap.ExcludedRefunded},
		{"small, before the period", func(p *table.Purchase, o *Options) { o.Thresholds, p.PurchasedAt = []Threshold{{"USD", 9999}}, 1 }, gap.ExcludedPeriod},
		{"small and fresh", func(p *table.Purchase, o *Options) {
			o.Thresholds, o.AsOf = []Threshold{{"USD", 9999}}, p.PurchasedAt+table.Hour
		}, gap.ExcludedThreshold},
	} {
		p, o := paid("p"), judged()
		tc.set(&p, &o)
		if got := places([]table.Purchase{p}, o).place[0]; got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestPlacesTogether(t *testing.T) {
	refund := func(id, of string, amount int64) table.Purchase {
		p := paid(id)
		p.Amount, p.Status, p.ReversalOf = amount, table.StatusRefund, of
		return p
	}
	with := func(p table.Purchase, set func(*table.Purchase)) table.Purchase {
		set(&p)
		return p
	}
	for _, tc := range []struct {
		name string
		rows []table.Purchase
		want []gap.Place
		back []int64 // money given back, by row
	}{
		{"twice the same: the first counts", []table.Purchase{paid("a"), paid("a")}, []gap.Place{"", gap.Duplicate}, []int64{0, 0}},
		{"the later state counts, wherever it stands",
			[]table.Purchase{paid("a"), with(paid("a"), func(p *table.Purchase) { p.Status, p.Refunded = table.StatusRefunded, 4900 }), paid("a")},
			[]gap.Place{gap.Duplicate, gap.ExcludedRefunded, gap.Duplicate}, []int64{0, 4900, 0}},
		{"pending, then paid",
			[]table.Purchase{with(paid("a"), func(p *table.Purchase) { p.Status = table.StatusPending }), paid("a")},
			[]gap.Place{gap.Duplicate, ""}, []int64{0, 0}},
		{"the same id at another processor",
			[]table.Purchase{paid("a"), with(paid("a"), func(p *table.Purchase) { p.Processor = "paypal" })},
			[]gap.Place{"", ""}, []int64{0, 0}},
		{"given back by two rows", []table.Purchase{refund("r1", "a", -1900), paid("a"), refund("r2", "a", -3000)},
			[]gap.Place{gap.ExcludedReversal, gap.ExcludedRefunded, gap.ExcludedReversal}, []int64{0, 4900, 0}},
		{"given back in part", []table.Purchase{paid("a"), refund("r1", "a", -1900)},
			[]gap.Place{"", gap.ExcludedReversal}, []int64{1900, 0}},
		{"a reversal listed twice counts once", []table.Purchase{paid("a"), refund("r1", "a", -2450), refund("r1", "a", -2450)},
			[]gap.Place{"", gap.ExcludedReversal, gap.Duplicate}, []int64{2450, 0, 0}},
		{"charged back, then won",
			[]table.Purchase{paid("a"), with(refund("r1", "a", -4900), func(p *table.Purchase) { p.Status = table.StatusChargeback }),
				with(refund("r2", "a", 4900), func(p *table.Purchase) { p.Status = table.StatusChargebackWon })},
			[]gap.Place{"", gap.ExcludedReversal, gap.ExcludedReversal}, []int64{0, 0, 0}},
		{"money returned for a payment nobody names is no purchase",
			[]table.Purchase{with(refund("r", "", 4900), func(p *table.Purchase) { p.Status = table.StatusChargebackWon })},
			[]gap.Place{gap.ExcludedReversal}, []int64{0}},
		{"a reversal of a payment that was not read", []table.Purchase{refund("r", "gone", -4900)}, []gap.Place{gap.ExcludedReversal}, []int64{0}},
		{"a reversal in another currency says nothing of the amount",
			[]table.Purchase{paid("a"), with(refund("r", "a", -4900), func(p *table.Purchase) { p.Currency = "EUR" })},
			[]gap.Place{"", gap.ExcludedReversal}, []int64{0, 0}},
		{"row and columns count nothing twice: PayPal leaves the column empty",
			[]table.Purchase{with(paid("a"), func(p *table.Purchase) { p.Status = table.StatusPartlyRefund }), refund("r", "a", -1000)},
			[]gap.Place{"", gap.ExcludedReversal}, []int64{1000, 0}},
	} {
		got := places(tc.rows, judged())
		for i := range tc.rows {
			if got.place[i] != tc.want[i] || got.given[i] != tc.back[i] {
				t.Errorf("%s: row %d is %q with %d given back, want %q with %d", tc.name, i, got.place[i], got.given[i], tc.want[i], tc.back[i])
			}
		}
	}
}

func TestSettle(t *testing.T) {
	rows := []table.Purchase{paid("a"), paid("b")}
	rows[1].PurchasedAt = at("2026-03-20 08:30")
	for _, tc := range []struct {
		name      string
		opt, want Options
	}{
		{name: "all open", opt: Options{}, want: Options{PeriodStart: at("2026-03-10 00:00"), PeriodEnd: at("2026-03-21 00:00"), AsOf: at("2026-03-21 00:00")}},
		{name: "as of", opt: Options{AsOf: at("2026-05-01 00:00")}, want: Options{PeriodStart: at("2026-03-10 00:00"), PeriodEnd: at("2026-05-01 00:00"), AsOf: at("2026-05-01 00:00")}},
		{name: "period ends before the newest purchase", opt: Options{PeriodEnd: at("2026-03-15 00:00")},
			want: Options{PeriodStart: at("2026-03-10 00:00"), PeriodEnd: at("2026-03-15 00:00"), AsOf: at("2026-03-15 00:00")}},
		{name: "period given", opt: Options{PeriodStart: at("2026-03-01 00:00"), PeriodEnd: at("2026-04-01 00:00")},
			want: Options{PeriodStart: at("2026-03-01 00:00"), PeriodEnd: at("2026-04-01 00:00"), AsOf: at("2026-03-21 00:00")}},
	} {
		got := settle(tc.opt, rows)
		if got.PeriodStart != tc.want.PeriodStart || got.PeriodEnd != tc.want.PeriodEnd || got.AsOf != tc.want.AsOf {
			t.Errorf("%s: %v to %v as of %v, want %v to %v as of %v", tc.name, got.PeriodStart, got.PeriodEnd, got.AsOf, tc.want.PeriodStart, tc.want.PeriodEnd, tc.want.AsOf)
		}
	}
	if got := settle(Options{}, nil); got.PeriodStart > got.PeriodEnd {
		t.Errorf("no purchases: period from %v to %v", got.PeriodStart, got.PeriodEnd)
	}
}
