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
	if !b.rival(p, credited) {
		return gap.Contested{}, false
	}
	j := b.journey(i)
	c := gap.Contested{PurchaseID: j.Purchase.PurchaseID, PurchasedAt: j.Purchase.PurchasedAt, Purchased: j.Purchase.PurchasedAt.String(),
		Email: j.Purchase.Email, Amount: j.Purchase.Amount, Currency: j.Purchase.Currency, Credited: credited, Row: j.PurchaseRow, Timeline: j.Events}
	if j.Signup != nil {
		c.SignedUpAt, c.SignedUp = j.Signup.At, j.Signup.At.String()
	}
	for k := range j.Clicks {
		if k := &j.Clicks[k]; k.Tie.Sure() {
			c.Clicks = append(c.Clicks, gap.ContestedClick{PartnerKey: k.PartnerKey, At: k.At, Clicked: k.At.String(), DaysBefore: int(j.Age(k) / table.Day),
				InWindow: j.Age(k) <= table.Time(b.opt.CookieDays)*table.Day, Browser: k.Browser.String(), Page: k.Page, Tie: k.Tie.String(), Row: k.Row})
		}
	}
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
	for _, o := range c.Others {
		c.Replies = append(c.Replies, gap.Reply{PartnerKey: o.PartnerKey, Text: c.ReplyTo(o.PartnerKey)})
	}
	return c, len(c.Others) > 0
}
