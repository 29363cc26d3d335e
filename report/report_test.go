package report

import (
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency string
		want     string
	}{
		{2143554, "EUR", "EUR 21,435.54"},
		{526491, "JPY", "JPY 526,491"},
		{-123456, "KWD", "KWD -123.456"},
		{99, "USD", "USD 0.99"},
		{100000000, "USD", "USD 1,000,000.00"},
	} {
		if got := Money(c.minor, c.currency); got != c.want {
			t.Errorf("Money(%d, %s) = %q, want %q", c.minor, c.currency, got, c.want)
		}
	}
}

func TestCommission(t *testing.T) {
	opt := Options{Commission: []CommissionRule{{Currency: "JPY", FlatMinor: 1000}, {Percent: "12.5"}}}
	for _, c := range []struct {
		minor    int64
		currency string
		want     int64
	}{
		{9900, "EUR", 1238}, // 1237.5 rounds up
		{100, "EUR", 13},    // 12.5
		{99, "EUR", 12},     // 12.375
		{5000, "JPY", 1000},
	} {
		if got, ok := opt.commission(c.minor, c.currency); !ok || got != c.want {
			t.Errorf("commission(%d %s) = %d, %v, want %d", c.minor, c.currency, got, ok, c.want)
		}
	}
	opt.Commission = opt.Commission[:1]
	if _, ok := opt.commission(100, "EUR"); ok {
		t.Error("a rule for JPY was applied to EUR")
	}
}

func TestMonday(t *testing.T) {
	for d := table.Date(-20); d < 20000; d++ {
		m := monday(d)
		if wd := m.Start().Std().Weekday().String(); m != 0 && wd != "Monday" || m > d || d-m > 6 {
			t.Fatalf("monday(%d) = %d, a %s", d, m, wd)
		}
	}
}

func gapOf(id, currency string, amount int64, s gap.Suggestion) gap.Gap {
	return gap.Gap{GapID: id, PurchaseID: "p-" + id, PurchasedAt: 20000 * table.Day, Amount: amount, Currency: currency,
		Case: gap.CookiesCleared, Probability: 0.9, Suggest: s, PartnerKey: "acme"}
}

func resultOf(gaps ...gap.Gap) *gap.Result {
	res := &gap.Result{AsOf: 20010 * table.Day, Gaps: gaps}
	for _, g := range gaps {
		res.TieOut.Read.Add(g.Currency, g.Amount)
		res.TieOut.Place(gap.Unattributed, g.Currency, g.Amount)
	}
	return res
}

func ids(r *Report) string {
	s := ""
	for _, it := range r.Review {
		s += it.Gap.GapID
	}
	return s
}

func TestOrder(t *testing.T) {
	opt := DefaultOptions()
	opt.MainCurrency = "EUR"
	opt.Rates = []Rate{{"JPY", "0.0061"}, {"USD", "0.9"}}
	ordinary := gapOf("x", "EUR", 99999999, gap.None)
	ordinary.Case = gap.NoPartnerSignal
	res := resultOf(
		gapOf("a", "EUR", 1000, gap.Reward),
		gapOf("b", "JPY", 2000, gap.Ask),       // EUR 12.20
		gapOf("c", "USD", 1111, gap.Reward),    // EUR 9.999
		gapOf("d", "GBP", 5000, gap.Reward),    // no rate
		gapOf("e", "CHF", 5000, gap.Reward),    // no rate
		gapOf("f", "CHF", 7000, gap.Reward),    // no rate
		gapOf("g", "EUR", 999999999, gap.None), // no reward
		ordinary,
	)
	r, err := New(res, Run{ID: "r"}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(r), "bacfedg"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}

	opt.ReviewRowsMax = 2
	opt.Thresholds = []Threshold{{"CHF", 6000}}
	if r, err = New(res, Run{ID: "r"}, opt); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(r), "ba"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	left := map[Reason]int{}
	for _, u := range r.NotListed {
		left[u.Reason] += u.Sum.Count
	}
	if left[Ordinary] != 1 || left[BelowThreshold] != 1 || left[BeyondLimit] != 4 {
		t.Errorf("not listed: %v", left)
	}
}

func TestDoesNotTie(t *testing.T) {
	res := resultOf(gapOf("a", "EUR", 1000, gap.Reward))
	res.TieOut.Read.Add("EUR", 1)
	if _, err := New(res, Run{ID: "r"}, DefaultOptions()); err == nil {
		t.Error("a tie-out that does not tie was accepted")
	}
	res = resultOf(gapOf("a", "EUR", 1000, gap.Reward))
	res.Gaps = nil
	if _, err := New(res, Run{ID: "r"}, DefaultOptions()); err == nil {
		t.Error("a purchase without attribution and without a gap record was accepted")
	}
}
