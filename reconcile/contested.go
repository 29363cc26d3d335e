package reconcile

import (
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// contested tells whether purchase i, which is credited, was preceded by the
// click of another partner inside the cookie's life (case other_partner_click).
func (b *builder) contested(i int) (gap.Contested, bool) {
	p := b.purchaser[i]
	if p == nil || len(p.customers) == 0 {
		return gap.Contested{}, false
	}
	credited := b.customers[p.customers[0]].PartnerKey
	touched := false
	for _, t := range b.touchesOf[p.node] {
		touched = touched || b.rec.touches[t].click.PartnerKey != credited
	}
	for _, e := range p.emails {
		for _, t := range b.mailed[e] {
			touched = touched || b.rec.touches[t].click.PartnerKey != credited
		}
	}
	if !touched {
		return gap.Contested{}, false
	}
	j := b.journey(i)
	c := gap.Contested{PurchaseID: j.Purchase.PurchaseID, PurchasedAt: j.Purchase.PurchasedAt, Purchased: j.Purchase.PurchasedAt.String(),
		Email: j.Purchase.Email, Amount: j.Purchase.Amount, Currency: j.Purchase.Currency, Credited: credited, Row: j.PurchaseRow, Timeline: j.Events}
	seen := map[string]bool{credited: true}
	for k := len(j.Clicks) - 1; k >= 0; k-- {
		k := &j.Clicks[k]
		if !k.Tie.Sure() || j.Age(k) > table.Time(b.opt.CookieDays)*table.Day {
			continue
		}
		if c.LastClick == "" {
			c.LastClick = k.PartnerKey
		}
		if !seen[k.PartnerKey] {
			seen[k.PartnerKey] = true
			c.Others = append(c.Others, gap.CandidateOf(k))
		}
	}
	return c, len(c.Others) > 0
}
