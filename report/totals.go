package report

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// CauseTotal is what one case costs.
type CauseTotal struct {
	Case      gap.Case
	Cause     string  // as in Item.Cause
	AtStake   gap.Sum // on Review
	NotListed int     // purchases of this case that are not on Review
}

// PartnerTotal is what one partner would have been credited for. The rows
// that suggest no partner make one PartnerTotal with an empty Key.
type PartnerTotal struct {
	Key     string
	Name    string // as people read it
	AtStake gap.Sum
	High    int    // rows of high confidence
	Cause   string // the most frequent
}

// Week is seven days from a Monday, UTC.
type Week struct {
	Start   table.Date
	AtStake gap.Sum // of purchases on Review
	// Attributed is what was credited. It is only set when reconcile gave it,
	// see [Report.HasShare].
	Attributed gap.Sum
	Incidents  []*gap.Incident // that touch the week
}

// orderMissing puts the sources that would settle the most money first.
func (r *Report) orderMissing(w *worth) {
	r.Missing = slices.Clone(r.Result.Missing)
	slices.SortStableFunc(r.Missing, func(a, b gap.MissingSource) int {
		x, y := a.Settles, b.Settles
		return cmp.Or(cmp.Compare(y.Minor[r.MainCurrency], x.Minor[r.MainCurrency]), w.sum(y.Minor).Cmp(w.sum(x.Minor)), cmp.Compare(y.Count, x.Count))
	})
}

// Settles says in words how many purchases a missing source would settle and
// what is at stake in them, "" for none.
func (r *Report) Settles(m *gap.MissingSource) string {
	if m.Settles.Count == 0 {
		return ""
	}
	var money []string
	for _, c := range r.ReadCurrencies() {
		if v := m.Settles.Minor[c]; v != 0 {
			money = append(money, Money(v, c))
		}
	}
	return fmt.Sprintf("%s: %s", count(m.Settles.Count, "purchase", "purchases"), list(money))
}

// HasShare tells whether the attributed money by week is known, and with it
// the share that was lost.
func (r *Report) HasShare() bool { return len(r.Result.Attributed) > 0 }

// total adds up Review by cause, partner, currency and week.
func (r *Report) total() {
	w := newWorth(r.MainCurrency, r.Options.Rates)
	r.totalCauses(w)
	r.totalPartners(w)
	r.totalWeeks()
	r.orderMissing(w)
	rows := map[string]int{}
	for i := range r.Review {
		rows[r.Review[i].Gap.Currency]++
	}
	for c := range rows {
		r.Currencies = append(r.Currencies, c)
	}
	slices.SortFunc(r.Currencies, func(a, b string) int {
		return cmp.Or(order(a != r.MainCurrency, b != r.MainCurrency), cmp.Compare(rows[b], rows[a]), cmp.Compare(a, b))
	})
}

// ReadCurrencies lists every currency read: those of Review in their order,
// then the others by code.
func (r *Report) ReadCurrencies() []string {
	out := slices.Clone(r.Currencies)
	for _, c := range r.Result.TieOut.Currencies() {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func (r *Report) totalCauses(w *worth) {
	byCase := map[gap.Slug]*CauseTotal{}
	for _, c := range gap.Cases() {
		r.Causes = append(r.Causes, CauseTotal{Case: c, Cause: causeText(c)})
	}
	for i := range r.Causes {
		byCase[r.Causes[i].Case.Slug] = &r.Causes[i]
	}
	for i := range r.Review {
		it := &r.Review[i]
		byCase[it.Gap.Case].AtStake.Add(it.Gap.Currency, it.AtStake)
	}
	for _, u := range r.NotListed {
		byCase[u.Case].NotListed += u.Sum.Count
	}
	values := map[gap.Slug]*big.Int{}
	for _, c := range r.Causes {
		values[c.Case.Slug] = w.sum(c.AtStake.Minor)
	}
	slices.SortStableFunc(r.Causes, func(a, b CauseTotal) int {
		return cmp.Or(cmp.Compare(b.AtStake.Minor[r.MainCurrency], a.AtStake.Minor[r.MainCurrency]), values[b.Case.Slug].Cmp(values[a.Case.Slug]), cmp.Compare(b.AtStake.Count, a.AtStake.Count),
			order(a.Case.Slug == gap.NoPartnerSignal, b.Case.Slug == gap.NoPartnerSignal))
	})
}

// order puts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (r *Report) totalPartners(w *worth) {
	index := map[string]int{}
	causes := map[string]map[string]int{}
	for i := range r.Review {
		it := &r.Review[i]
		key := it.Gap.PartnerKey
		n, ok := index[key]
		if !ok {
			n = len(r.Partners)
			index[key] = n
			causes[key] = map[string]int{}
			name := r.names.of(key)
			if key == "" {
				name = "(no partner suggested)"
			}
			r.Partners = append(r.Partners, PartnerTotal{Key: key, Name: name})
		}
		p := &r.Partners[n]
		p.AtStake.Add(it.Gap.Currency, it.AtStake)
		if it.Confidence == gap.High {
			p.High++
		}
		causes[key][it.Cause]++
	}
	values := map[string]*big.Int{}
	for i := range r.Partners {
		p := &r.Partners[i]
		values[p.Key] = w.sum(p.AtStake.Minor)
		for cause, n := range causes[p.Key] {
			if best := causes[p.Key][p.Cause]; n > best || n == best && cause < p.Cause {
				p.Cause = cause
			}
		}
	}
	slices.SortFunc(r.Partners, func(a, b PartnerTotal) int {
		return cmp.Or(order(a.Key == "", b.Key == ""), values[b.Key].Cmp(values[a.Key]),
			cmp.Compare(b.AtStake.Count, a.AtStake.Count), cmp.Compare(a.Key, b.Key))
	})
	for i, p := range r.Partners {
		index[p.Key] = i + 1
	}
	for i := range r.Review {
		r.Review[i].PartnerNo = index[r.Review[i].Gap.PartnerKey]
	}
}

// monday gives the first day of d's week. 1970-01-01 was a Thursday.
func monday(d table.Date) table.Date {
	back := (d + 3) % 7
	if back < 0 {
		back += 7
	}
	return d - back
}

// totalWeeks makes one row for every week from the first purchase on Review,
// attributed day or incident to the last, without a hole.
func (r *Report) totalWeeks() {
	var days []table.Date
	for i := range r.Review {
		days = append(days, r.Review[i].Gap.PurchasedAt.Date())
	}
	for _, d := range r.Result.Attributed {
		days = append(days, d.Day)
	}
	if days == nil {
		return
	}
	first := monday(slices.Min(days))
	for d := first; d <= slices.Max(days); d += 7 {
		r.Weeks = append(r.Weeks, Week{Start: d})
	}
	week := func(d table.Date) *Week { return &r.Weeks[(monday(d)-first)/7] }
	for i := range r.Review {
		it := &r.Review[i]
		week(it.Gap.PurchasedAt.Date()).AtStake.Add(it.Gap.Currency, it.AtStake)
	}
	for _, d := range r.Result.Attributed {
		sum := &week(d.Day).Attributed
		sum.Count += d.Sum.Count
		for c, m := range d.Sum.Minor {
			if sum.Minor == nil {
				sum.Minor = map[string]int64{}
			}
			sum.Minor[c] += m
		}
	}
	for i := range r.Result.Incidents {
		in := &r.Result.Incidents[i]
		for k := range r.Weeks {
			if w := &r.Weeks[k]; in.Start < (w.Start+7).Start() && in.End >= w.Start.Start() {
				w.Incidents = append(w.Incidents, in)
			}
		}
	}
}
