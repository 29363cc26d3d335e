package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Found is one purchase that was asked for.
type Found struct {
	Purchase table.Purchase
	Row      gap.Row
	Place    gap.Place
	Gap      *gap.Gap // set when Place is gap.Unattributed
	// Transaction is the platform's record of an attributed purchase, and
	// CreditedTo the partner.
	Transaction *gap.Row
	CreditedTo  string
	Contested   *gap.Contested
	Timeline    []gap.Event
}

// Find gives the purchases that an id means, in order of time: a gap id, a
// purchase id, or an e-mail address, which means all purchases of that person.
// Nothing found gives nil.
func Find(set *table.Set, opt Options, id string) []Found {
	if set.Purchases == nil {
		return nil
	}
	b := newBuilder(set, nil, opt)
	b.findIncidents()
	email := exactEmail(id)
	var out []Found
	for i := range b.purchases {
		p := &b.purchases[i]
		who := b.purchaser[i]
		switch {
		case p.PurchaseID == id:
		case strings.EqualFold(gapID(b.opt.InstallationKey, p.Processor, p.PurchaseID), id):
		case email != "" && (exactEmail(p.Email) == email || who != nil && slices.Contains(who.emails, email)):
		default:
			continue
		}
		f := Found{Purchase: *p, Row: b.rec.row(p.Pos), Place: b.placed.place[i]}
		switch t := b.attributed.of[i]; {
		case f.Place != "":
			f.Timeline = b.journey(i).Events
		case t >= 0:
			f.Place = gap.Attributed
			row := b.rec.row(b.transactions[t].Pos)
			f.Transaction = &row
			if c, ok := b.contested(i); ok {
				f.Contested = &c
			}
			j := b.journey(i)
			f.Timeline = j.Events
			if j.Credited != nil {
				f.CreditedTo = j.Credited.PartnerKey
			}
		default:
			f.Place = gap.Unattributed
			g := b.gap(i)
			f.Gap, f.Timeline = &g, g.Timeline
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(x, y Found) int {
		return cmp.Or(cmp.Compare(x.Purchase.PurchasedAt, y.Purchase.PurchasedAt), cmp.Compare(x.Purchase.PurchaseID, y.Purchase.PurchaseID))
	})
	return out
}
