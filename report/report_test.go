package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/review"
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
		if got, ok := opt.Estimate(c.minor, c.currency, "acme", true); !ok || got != c.want {
			t.Errorf("Estimate(%d %s) = %d, %v, want %d", c.minor, c.currency, got, ok, c.want)
		}
	}
	opt.Commission = opt.Commission[:1]
	if _, ok := opt.Estimate(100, "EUR", "acme", true); ok {
		t.Error("a rule for JPY was applied to EUR")
	}
}

// TestCommissionRules: groups of partners, first and later payments.
func TestCommissionRules(t *testing.T) {
	opt := DefaultOptions()
	opt.Commission = []CommissionRule{
		{Group: "gold", Partners: []string{"acme", "globex"}, Percent: "30"},
		{Payments: FirstPayments, Percent: "20"},
		{Payments: LaterPayments, Currency: "EUR", FlatMinor: 100},
	}
	if err := opt.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		currency, partner string
		first             bool
		want              int64
		ok                bool
	}{
		{"EUR", "acme", true, 3000, true}, {"EUR", "globex", false, 3000, true},
		{"EUR", "other", true, 2000, true}, {"EUR", "", false, 100, true},
		{"USD", "other", false, 0, false}, {"USD", "other", true, 2000, true},
	} {
		if got, ok := opt.Estimate(10_000, c.currency, c.partner, c.first); got != c.want || ok != c.ok {
			t.Errorf("%+v: %d, %v", c, got, ok)
		}
	}
	for _, c := range []struct {
		rule CommissionRule
		want string
	}{
		{CommissionRule{Percent: "5", Payments: "recurring"}, `report: commission: payments is "recurring"; write first or later, or leave it empty for all`},
		{CommissionRule{Percent: "5", Group: "gold"}, `report: commission: group "gold" has no partners; list their keys`},
		{CommissionRule{Percent: "5", Partners: []string{"a", ""}}, "report: commission: one of partners is empty; write its key"},
	} {
		opt.Commission = []CommissionRule{c.rule}
		if err := opt.Check(); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestEarlier: what was decided before stays away from Review and is counted,
// unless it changed since; what was put off comes back with its note.
func TestEarlier(t *testing.T) {
	var gaps []gap.Gap
	for _, id := range []string{"approved", "asked", "changed", "declined", "failed", "later", "new"} {
		gaps = append(gaps, gapOf(id, "EUR", 1000, gap.Reward))
	}
	small := gapOf("small", "EUR", 10, gap.Reward)
	gaps = append(gaps, small)
	opt := DefaultOptions()
	opt.Thresholds = []Threshold{{"EUR", 500}}
	r, err := New(resultOf(gaps...), Run{ID: "r", Earlier: []Earlier{
		{GapID: "approved", Verdict: review.Approve, Done: true},
		{GapID: "asked", Verdict: review.Ask, On: 20001, By: "Anna Example", Note: "Which\nlink?"},
		{GapID: "changed", Verdict: review.Approve, Done: true, On: 20001, Changed: []string{"the amount was EUR 20.00, is EUR 10.00", "the case was other"}},
		{GapID: "declined", Verdict: review.Decline},
		{GapID: "failed", Verdict: review.Approve},
		{GapID: "later", Verdict: review.Later},
		{GapID: "small", Verdict: review.Decline, Changed: []string{"the purchase was refunded"}},
		{GapID: "of another time", Verdict: review.Decline},
	}}, opt)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range r.Review {
		got = append(got, it.Gap.GapID+"|"+it.Why)
	}
	want := []string{
		"asked|Earlier: ask partner on 2024-10-05 by Anna Example: “Which link?”.",
		"changed|Revised: decided before (approve on 2024-10-05); since then the amount was EUR 20.00, is EUR 10.00 and the case was other.",
		"failed|Earlier: approve.", "later|Earlier: later.", "new|",
		"small|Revised: decided before (decline); since then the purchase was refunded.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Review\n%q, want\n%q", got, want)
	}
	var left []string
	for _, u := range r.NotListed {
		left = append(left, fmt.Sprintf("%s %d %d", u.Reason, u.Sum.Count, u.Sum.Minor["EUR"]))
	}
	if want := []string{"approved before 1 1000", "declined before 1 1000"}; !slices.Equal(left, want) {
		t.Errorf("not listed %q, want %q", left, want)
	}
	if !strings.Contains(r.Headline, "2 further ones were decided before.") {
		t.Errorf("headline %q", r.Headline)
	}
}

// When everything was decided, the report must not say that there was nothing.
func TestAllDecided(t *testing.T) {
	for want, earlier := range map[string][]Earlier{
		"Nothing is left to decide. 2 purchases were decided before.": {
			{GapID: "a", Verdict: review.Decline}, {GapID: "b", Verdict: review.Approve, Done: true}},
		"No purchase without credit points to a partner.": nil,
	} {
		var gaps []gap.Gap
		for _, e := range earlier {
			gaps = append(gaps, gapOf(e.GapID, "EUR", 1000, gap.Reward))
		}
		r, err := New(resultOf(gaps...), Run{ID: "r", Earlier: earlier}, DefaultOptions())
		if err != nil {
			t.Fatal(err)
		}
		if r.Headline != want {
			t.Errorf("headline %q, want %q", r.Headline, want)
		}
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
