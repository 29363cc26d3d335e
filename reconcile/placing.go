package reconcile

import (
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// placing finds where each purchase row ends. Rows that stay in the running
// for attribution have place "".
type placing struct {
	rows  []table.Purchase
	place []gap.Place
	// given is the money given back or lost so far, in minor units: the row's
	// own columns and the reversal rows that point at it.
	given []int64
	// lost is the part of given that banks took back.
	lost []int64
}

// places sorts out duplicates, reversals and what is no completed live
// purchase. Period, threshold and freshness come last, so that a failed payment
// is called failed whenever it was made.
func places(rows []table.Purchase, opt Options) *placing {
	p := &placing{rows: rows, place: make([]gap.Place, len(rows)), given: make([]int64, len(rows)), lost: make([]int64, len(rows))}
	type payment struct{ processor, id string }
	first := make(map[payment]int, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.IsReversal() {
			continue
		}
		key := payment{r.Processor, r.PurchaseID}
		at, seen := first[key]
		switch {
		case !seen:
			first[key] = i
		case newer(r, &rows[at]):
			p.place[at] = gap.Duplicate
			first[key] = i
		default:
			p.place[i] = gap.Duplicate
		}
	}
	reversals := map[payment]bool{}
	for i := range rows {
		r := &rows[i]
		if !r.IsReversal() {
			continue
		}
		key := payment{r.Processor, r.PurchaseID}
		if reversals[key] {
			p.place[i] = gap.Duplicate
			continue
		}
		reversals[key] = true
		p.place[i] = gap.ExcludedReversal
		if of, ok := first[payment{r.Processor, r.ReversalOf}]; ok && rows[of].Currency == r.Currency {
			p.given[of] -= r.Amount
			if r.Status == table.StatusChargeback || r.Status == table.StatusChargebackWon {
				p.lost[of] -= r.Amount
			}
		}
	}
	for i := range rows {
		if p.place[i] == "" {
			p.given[i] += max(rows[i].Refunded, 0)
			p.place[i] = exclusion(&rows[i], p.given[i], p.lost[i], opt)
		}
	}
	return p
}

// newer decides which of two rows of one payment is the later state: more money
// given back, a status further on. Equal rows keep the first.
func newer(a, b *table.Purchase) bool {
	if a.Refunded != b.Refunded {
		return a.Refunded > b.Refunded
	}
	if a.Disputed != b.Disputed {
		return a.Disputed > b.Disputed
	}
	return statusRank[a.Status] > statusRank[b.Status]
}

// statusRank orders the states a payment passes through.
var statusRank = map[string]int{table.StatusPending: 1, table.StatusFailed: 2, table.StatusCanceled: 2, table.StatusPaid: 3,
	table.StatusPartlyRefund: 4, table.StatusRefunded: 5, table.StatusDisputed: 6, table.StatusDisputedLost: 7}

func exclusion(r *table.Purchase, given, lost int64, opt Options) gap.Place {
	switch r.Status {
	case table.StatusFailed, table.StatusCanceled, table.StatusPending:
		return gap.ExcludedFailed
	}
	switch {
	case r.Live == table.No:
		return gap.ExcludedTest
	case r.Amount == 0:
		return gap.ExcludedOther
	case r.Status == table.StatusDisputedLost || lost >= r.Amount: // an open dispute is still a purchase
		return gap.ExcludedChargeback
	case given >= r.Amount || r.Status == table.StatusRefunded && given == 0:
		return gap.ExcludedRefunded
	case r.PurchasedAt < opt.PeriodStart || r.PurchasedAt >= opt.PeriodEnd:
		return gap.ExcludedPeriod
	}
	for _, t := range opt.Thresholds {
		if strings.EqualFold(t.Currency, r.Currency) && r.Amount < t.Minor {
			return gap.ExcludedThreshold
		}
	}
	if r.PurchasedAt >= opt.AsOf-table.Time(opt.LagHours)*table.Hour {
		return gap.ExcludedFresh
	}
	return ""
}

// settle fills in the period and the end of knowledge where the options leave
// them open.
func settle(opt Options, purchases []table.Purchase) Options {
	var first, last table.Time
	for i := range purchases {
		t := purchases[i].PurchasedAt
		if first == 0 || t < first {
			first = t
		}
		last = max(last, t)
	}
	if opt.AsOf == 0 {
		opt.AsOf = (last.Date() + 1).Start()
		if opt.PeriodEnd != 0 {
			opt.AsOf = min(opt.AsOf, opt.PeriodEnd)
		}
	}
	if opt.PeriodStart == 0 {
		opt.PeriodStart = first.Date().Start()
	}
	if opt.PeriodEnd == 0 {
		opt.PeriodEnd = opt.AsOf
	}
	if opt.Weights == nil {
		opt.Weights = &gap.DefaultWeights
	}
	return opt
}

// notBought tells whether row i is no completed live purchase at all.
func (p *placing) notBought(i int) bool {
	switch p.place[i] {
	case gap.Duplicate, gap.ExcludedReversal, gap.ExcludedFailed, gap.ExcludedTest, gap.ExcludedOther:
		return true
	}
	return false
}
