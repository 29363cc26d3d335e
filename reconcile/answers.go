package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// FindClaims answers the claims of an id, in order of time; nil when there is
// no such claim.
func FindClaims(set *table.Set, opt Options, id string) []gap.Answer {
	mine := func(c *table.Claim) bool { return id != "" && strings.EqualFold(c.ClaimID, id) }
	there := false
	for _, c := range set.Claims.All() {
		there = there || mine(c)
	}
	if !there || set.Purchases == nil {
		return nil
	}
	b := newBuilder(set, nil, opt)
	b.findIncidents()
	return b.answers(mine, func(i int) *gap.Gap {
		g := b.gap(i)
		return &g
	})
}

// answers gives one answer to each claim that is asked for, by the time of the
// claim, then its id. judged gives the gap of a purchase.
func (b *builder) answers(asked func(*table.Claim) bool, judged func(i int) *gap.Gap) []gap.Answer {
	var out []gap.Answer
	for i := range b.claims.claims {
		if asked(&b.claims.claims[i]) {
			out = append(out, b.answer(i, judged))
		}
	}
	slices.SortFunc(out, func(x, y gap.Answer) int {
		return cmp.Or(cmp.Compare(x.ClaimedAt, y.ClaimedAt), cmp.Compare(x.ClaimID, y.ClaimID), cmp.Compare(x.PartnerKey, y.PartnerKey),
			cmp.Compare(x.Row.File, y.Row.File), cmp.Compare(x.Row.Line, y.Row.Line))
	})
	return out
}

// answering is one answer in the making.
type answering struct {
	*gap.Answer
	b *builder
	c *table.Claim
	p *person
}

// The three questions: who it was, on which device, by which link.
const (
	askWho = iota
	askDevice
	askLink
)

func (a *answering) ask(which ...int) {
	for _, n := range which {
		if q := gap.Questions()[n]; !slices.Contains(a.Questions, q) {
			a.Questions = append(a.Questions, q)
		}
	}
}

func (b *builder) answer(i int, judged func(i int) *gap.Gap) gap.Answer {
	c, m := &b.claims.claims[i], &b.claims.meant[i]
	out := gap.Answer{ClaimID: c.ClaimID, PartnerKey: c.PartnerKey, ClaimedAt: c.ClaimedAt, Claimed: c.ClaimedAt.String(), CustomerName: c.CustomerName,
		CustomerEmail: c.CustomerEmail, Note: c.Note, FoundBy: m.foundBy, Fits: m.fits, Row: b.rec.row(c.Pos)}
	if c.PurchasedOn != 0 {
		out.PurchasedOn = c.PurchasedOn.String()
	}
	out.Rows = []gap.Row{out.Row}
	a := &answering{&out, b, c, m.person}
	if a.p == nil {
		a.nobody(m)
		return out
	}
	if a.FoundBy == gap.FoundByName {
		a.ask(askWho)
	}
	if payments := b.paymentsOf[a.p.node]; len(payments) > 0 {
		a.bought(payments, judged)
	} else {
		a.notBought()
	}
	return out
}

// nobody answers a claim that leads to no single customer.
func (a *answering) nobody(m *meaning) {
	named := "e-mail address"
	if exactEmail(a.c.CustomerEmail) == "" {
		named = "name"
	}
	switch {
	case named == "name" && nameKey(a.c.CustomerName) == "":
		a.Answer.Answer = gap.AnswerIncomplete
		a.What = "The claim gives neither an e-mail address nor a name, so no customer can be looked up."
	case m.fits == 0:
		a.Answer.Answer = gap.AnswerNoSuchCustomer
		a.What = fmt.Sprintf("No customer with this %s is on record up to %s.", named, (a.b.opt.AsOf - 1).Date())
	case m.namesake && named == "name":
		a.Answer.Answer = gap.AnswerAmbiguous
		a.What = fmt.Sprintf("%s this name, but did not sign up or buy on %s or a day before or after.", customers(m.fits, "has", "have"), a.c.PurchasedOn)
	case m.namesake:
		a.Answer.Answer = gap.AnswerAmbiguous
		a.What = fmt.Sprintf("No customer has this e-mail address. %s the same name and signed up or bought around %s, but with another address.", customers(m.fits, "has", "have"), a.c.PurchasedOn)
	default:
		a.Answer.Answer = gap.AnswerAmbiguous
		fits := "this name"
		switch {
		case named != "name":
			fits = "a variant of this e-mail address"
		case a.c.PurchasedOn != 0:
			fits += fmt.Sprintf(" and signed up or bought around %s", a.c.PurchasedOn)
		}
		a.What = fmt.Sprintf("%s %s; which of them is meant cannot be told.", customers(m.fits, "has", "have"), fits)
	}
	a.ask(askWho)
	if a.Answer.Answer == gap.AnswerIncomplete {
		a.ask(askDevice, askLink)
	}
}

func customers(n int, one, many string) string {
	if n == 1 {
		return "1 customer " + one
	}
	return fmt.Sprintf("%d customers %s", n, many)
}

// notBought answers for a customer without any payment.
func (a *answering) notBought() {
	a.Answer.Answer = gap.AnswerNoPurchase
	until := (a.b.opt.AsOf - 1).Date()
	switch {
	case len(a.p.signups) > 0:
		s := &a.b.rec.signups[a.p.signups[0]]
		a.What = fmt.Sprintf("The customer signed up on %s; no payment up to %s can be tied to them. They may have paid with another address.", s.SignedUpAt.Date(), until)
		a.show(a.b.rec.row(s.Pos))
	default:
		a.What = fmt.Sprintf("The customer is known; no payment up to %s can be tied to them. They may have paid with another address.", until)
	}
	if len(a.p.customers) > 0 {
		c := &a.b.customers[a.p.customers[0]]
		a.credit(c, c.CreatedAt)
		a.What += fmt.Sprintf(" The customer is credited to %s since %s.", a.whom(c.PartnerKey), c.CreatedAt.Date())
	}
	a.ask(askWho)
}

// show adds rows that are not there yet.
func (a *answering) show(rows ...gap.Row) {
	for _, r := range rows {
		if r != (gap.Row{}) && !slices.Contains(a.Rows, r) {
			a.Rows = append(a.Rows, r)
		}
	}
}

// whom names a credited partner to the claiming one.
func (a *answering) whom(partner string) string {
	if partner == a.c.PartnerKey {
		return "you"
	}
	return a.b.cat.title(partner)
}

func (a *answering) credit(c *table.Customer, at table.Time) {
	a.Credited, a.CreditedAt, a.CreditedOn = c.PartnerKey, at, at.String()
	a.show(a.b.rec.row(c.Pos))
}

// bought answers by the payments the claim means: those of the claimed day,
// else of the days beside it, else all of the customer.
func (a *answering) bought(payments []int, judged func(i int) *gap.Gap) {
	meant := payments
	if day := a.c.PurchasedOn; day != 0 {
		for within := range table.Date(claimDays + 1) {
			if is := a.b.boughtOn(a.p, day, within); len(is) > 0 {
				meant = is
				break
			}
		}
	}
	kinds := map[gap.AnswerKind][]int{}
	gaps := map[int]*gap.Gap{}
	contested := map[int]*gap.Contested{}
	for _, i := range meant {
		kind := gap.AnswerExcluded
		switch {
		case a.b.placed.place[i] != "":
		case a.b.attributed.of[i] < 0:
			g := judged(i)
			gaps[i] = g
			if kind = gap.AnswerGap; !g.HasPartnerSignal() {
				kind = gap.AnswerNoPartnerSignal
			}
		default:
			kind = gap.AnswerCredited
			if c := a.b.creditedCustomer(i); c != nil && c.PartnerKey != a.c.PartnerKey {
				kind = gap.AnswerCreditedToAnother
				if x, ok := a.b.contested(i); ok && x.ReplyTo(a.c.PartnerKey) != "" {
					kind = gap.AnswerContested
					contested[i] = &x
				}
			}
		}
		kinds[kind] = append(kinds[kind], i)
	}
	var is []int
	for _, k := range gap.AnswerKinds() {
		if is = kinds[k]; is != nil {
			a.Answer.Answer = k
			break
		}
	}
	for _, i := range is {
		a.PurchaseIDs = append(a.PurchaseIDs, a.b.purchases[i].PurchaseID)
		a.show(a.b.rec.row(a.b.purchases[i].Pos))
	}
	first := is[0]
	switch a.Answer.Answer {
	case gap.AnswerGap:
		for _, i := range is {
			a.GapIDs = append(a.GapIDs, gaps[i].GapID)
		}
		a.gap(gaps[first], first)
	case gap.AnswerNoPartnerSignal:
		a.noSignal(gaps[first], first)
	case gap.AnswerExcluded:
		a.excluded(first)
	case gap.AnswerContested:
		a.credited(first)
		a.What += " " + contested[first].ReplyTo(a.c.PartnerKey)
		for _, k := range contested[first].Clicks {
			a.show(k.Row)
		}
	case gap.AnswerCreditedToAnother:
		a.credited(first)
		a.noClick(first)
	case gap.AnswerCredited:
		a.credited(first)
	}
	if n := len(is) - 1; n > 0 && a.Answer.Answer != gap.AnswerGap {
		a.What += fmt.Sprintf(" The same holds for %s of this customer.", counted(n, "further purchase", "further purchases"))
	}
	a.also(payments, first, judged)
}

// alsoMax is how many further cases are named.
const alsoMax = 5

// also names the customer's other gaps.
func (a *answering) also(payments []int, first int, judged func(i int) *gap.Gap) {
	var ids []string
	for _, i := range payments {
		if i == first || a.b.placed.place[i] != "" || a.b.attributed.of[i] >= 0 {
			continue
		}
		if g := judged(i); g.HasPartnerSignal() {
			ids = append(ids, g.GapID)
		}
	}
	if len(ids) == 0 {
		return
	}
	more := ""
	if n := len(ids) - alsoMax; n > 0 {
		ids, more = ids[:alsoMax], fmt.Sprintf(" and %d more", n)
	}
	a.What += fmt.Sprintf(" Our other cases of this customer: %s%s.", strings.Join(ids, ", "), more)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// purchase names a purchase by day and amount.
func (a *answering) purchase(i int) string {
	p := &a.b.purchases[i]
	return fmt.Sprintf("The purchase of %s (%s %s)", p.PurchasedAt.Date(), p.Currency, table.FormatAmount(p.Amount, p.Currency))
}

// creditedCustomer gives the platform's record of the customer for whom it
// recorded purchase i, nil where the records do not say.
func (b *builder) creditedCustomer(i int) *table.Customer {
	t, p := b.attributed.of[i], b.purchaser[i]
	if t < 0 || p == nil || len(p.customers) == 0 {
		return nil
	}
	for _, k := range p.customers {
		if c := &b.customers[k]; usable(c.CustomerKey) && c.CustomerKey == b.transactions[t].CustomerKey {
			return c
		}
	}
	return &b.customers[p.customers[0]]
}

// credited tells for whom the platform recorded purchase i, and when.
func (a *answering) credited(i int) {
	t := &a.b.transactions[a.b.attributed.of[i]]
	a.show(a.b.rec.row(t.Pos))
	c := a.b.creditedCustomer(i)
	if c == nil {
		a.CreditedAt, a.CreditedOn = t.CreatedAt, t.CreatedAt.String()
		a.What = fmt.Sprintf("%s was recorded by the platform on %s; the records do not say for whom.", a.purchase(i), t.CreatedAt.Date())
		return
	}
	a.credit(c, t.CreatedAt)
	a.What = fmt.Sprintf("%s is credited to %s already: the platform recorded it on %s.", a.purchase(i), a.whom(c.PartnerKey), t.CreatedAt.Date())
	if c.PartnerKey != a.c.PartnerKey {
		a.What = fmt.Sprintf("%s is credited to %s: the platform recorded it on %s.", a.purchase(i), a.whom(c.PartnerKey), t.CreatedAt.Date())
	}
}

// noClick tells what is known of clicks on the claiming partner's link where
// another partner is credited.
func (a *answering) noClick(i int) {
	j := a.b.journey(i)
	until := "sign-up"
	if j.Signup == nil {
		until = "first purchase"
	}
	var sure, maybe *gap.Click
	for k := range j.Clicks {
		if c := &j.Clicks[k]; c.PartnerKey != a.c.PartnerKey {
			continue
		} else if c.Tie.Sure() {
			sure = c
		} else {
			maybe = c
		}
	}
	after := slices.IndexFunc(j.After, func(c gap.Click) bool { return c.PartnerKey == a.c.PartnerKey })
	switch {
	case sure != nil:
		a.show(sure.Row)
		a.What += fmt.Sprintf(" Your link was followed on %s, %d days before the %s; the cookie lives %d.", sure.At.Date(), j.Age(sure)/table.Day, until, j.CookieDays)
	case after >= 0:
		a.show(j.After[after].Row)
		a.What += fmt.Sprintf(" Your link was followed on %s, after the %s.", j.After[after].At.Date(), until)
	case maybe != nil:
		a.show(maybe.Row)
		a.What += fmt.Sprintf(" A click on your link on %s may be this customer's (%s), which is no proof.", maybe.At.Date(), maybe.Tie)
		a.ask(askDevice, askLink)
	default:
		a.What += " No click on your link is on record for this customer."
		a.ask(askDevice, askLink)
	}
}

// unfit asks who is meant where the claimed day does not fit the customer.
func (a *answering) unfit() {
	if a.c.PurchasedOn != 0 && !a.b.activeOn(a.p, a.c.PurchasedOn, claimDays) {
		a.ask(askWho)
	}
}

// gap answers for a purchase that points to a partner and is credited to nobody.
func (a *answering) gap(g *gap.Gap, i int) {
	c := gap.CaseOf(g.Case)
	a.What = fmt.Sprintf("%s is credited to nobody so far; it is our case %s: %s %s.", a.purchase(i), g.GapID, c.Code, c.Title)
	if g.Case == gap.PaymentNotTied {
		for _, k := range a.p.customers {
			if c := &a.b.customers[k]; c.PartnerKey == g.PartnerKey {
				a.credit(c, c.CreatedAt)
				break
			}
		}
		a.What = fmt.Sprintf("The customer is credited to %s, but %s was not recorded; it is our case %s.", a.whom(g.PartnerKey), lower(a.purchase(i)), g.GapID)
	}
	known := false
	for _, f := range g.Findings {
		if f.Case == g.Case && f.Weight > 0 {
			a.show(f.Rows...)
		}
	}
	for _, k := range g.Candidates {
		known = known || k.PartnerKey == a.c.PartnerKey && k.Sure
	}
	switch {
	case g.ClaimOnly() && g.PartnerKey == a.c.PartnerKey:
		a.What += " Nothing but your claim points to you so far."
	case g.PartnerKey == a.c.PartnerKey:
		known = known || g.Case == gap.PaymentNotTied
		if g.Suggest == gap.None {
			a.What += " " + g.Reason
		}
	case g.PartnerKey != "" && g.Case != gap.PaymentNotTied:
		a.What += " The records point to another partner."
	}
	a.unfit()
	if !known {
		a.ask(askDevice, askLink)
	}
}

// lower writes the first letter small.
func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// noSignal answers for a purchase that nothing ties to any partner.
func (a *answering) noSignal(g *gap.Gap, i int) {
	a.What = fmt.Sprintf("%s is on record, but nothing in our records supports the claim: no click, coupon or visit from your site can be tied to the customer.", a.purchase(i))
	for _, f := range g.Findings {
		if f.Case != gap.NoPartnerSignal || f.Weight <= 0 {
			continue
		}
		a.show(f.Rows...)
		if f.Name != "nothing_points" {
			a.What += " " + gap.Sentence(f.What)
		}
	}
	a.unfit()
	a.ask(askDevice, askLink)
}

// excluded answers for a payment that is none to reward.
func (a *answering) excluded(i int) {
	a.What = fmt.Sprintf("%s is not counted: %s.", a.purchase(i), a.b.placed.place[i].Why())
	if c := a.b.creditedCustomer(i); c != nil {
		a.credit(c, a.b.transactions[a.b.attributed.of[i]].CreatedAt)
		a.What += fmt.Sprintf(" The platform has recorded it for %s.", a.whom(c.PartnerKey))
	}
}
