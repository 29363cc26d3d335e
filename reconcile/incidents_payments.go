package reconcile

import (
	"cmp"
	"math"
	"slices"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// findOutages looks for stretches in which the platform recorded next to none
// of the payments of customers it credits: the payments did not reach it.
func (b *builder) findOutages() {
	if len(b.transactions) == 0 {
		return
	}
	var ts []trial
	for _, p := range b.ordered() {
		if len(p.customers) == 0 {
			continue
		}
		since := b.customers[p.customers[0]].CreatedAt
		var own []trial
		recorded := 0
		for _, i := range p.purchases {
			if b.placed.place[i] != "" || b.purchases[i].PurchasedAt < since-table.Day {
				continue
			}
			lost := b.attributed.of[i] < 0
			if !lost {
				recorded++
			}
			own = append(own, trial{at: b.purchases[i].PurchasedAt, lost: lost, index: i})
		}
		// A customer of whom no payment is ever recorded is not tied at all.
		if recorded > 0 || len(own) == 1 {
			ts = append(ts, own...)
		}
	}
	slices.SortFunc(ts, func(x, y trial) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.index, y.index)) })
	least := minScore + math.Log(float64(max(len(ts), 1)))
	for {
		w := worst(ts)
		if w.score < least {
			return
		}
		x := incident{payments: true}
		x.Cause, x.Seen, x.Start, x.End = gap.PaymentNotTied, seenLogs, ts[w.from].at, ts[w.to].at
		x.Start, x.End = edge(slices.Clone(ts), x.Start, x.End, w.usual), -edge(backwards(slices.Clone(ts)), -x.End, -x.Start, w.usual)
		for _, t := range ts[w.from : w.to+1] {
			x.Expected++
			if !t.lost {
				x.Credited++
			}
		}
		b.incidents = append(b.incidents, x)
		ts = slices.Concat(ts[:w.from], ts[w.to+1:])
	}
}
