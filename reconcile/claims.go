package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// claimIndex says whom each claim means. [builder.readClaims] makes it; hints
// and answers are both taken from it.
type claimIndex struct {
	claims []table.Claim
	meant  []meaning       // per claim
	of     map[int32][]int // by person's node: the claims that mean them
}

// meaning is whom one claim means.
type meaning struct {
	person  *person
	foundBy string // a gap.FoundBy word, "" without a person
	fits    int    // customers that what is claimed fits
	// namesake tells that only a customer of the same name but another e-mail
	// address was active on the claimed day, or one of the name on other days.
	namesake bool
}

// claimDays is how far the day a partner names may lie from the sign-up or
// purchase: time zones and memory.
const claimDays = 1

// readClaims finds the person of every claim: by e-mail address, by a variant
// of it that only one person has, or, where the claim has no address, by the
// name and the day. What fits several means nobody.
func (b *builder) readClaims(set *table.Set) *claimIndex {
	x := &claimIndex{claims: set.Claims.Rows(), of: map[int32][]int{}}
	if len(x.claims) == 0 {
		return x
	}
	byLoose := map[string][]*person{}
	for _, p := range b.ordered() {
		for _, e := range p.emails {
			l := looseEmail(e)
			if ps := byLoose[l]; len(ps) == 0 || ps[len(ps)-1] != p {
				byLoose[l] = append(ps, p)
			}
		}
	}
	for i := range x.claims {
		m := b.meaning(&x.claims[i], byLoose)
		x.meant = append(x.meant, m)
		if m.person != nil {
			x.of[m.person.node] = append(x.of[m.person.node], i)
		}
	}
	return x
}

func (b *builder) meaning(c *table.Claim, byLoose map[string][]*person) meaning {
	same := b.byName[nameKey(c.CustomerName)]
	e := exactEmail(c.CustomerEmail)
	if e == "" {
		if len(same) == 0 {
			return meaning{}
		}
		if c.PurchasedOn == 0 {
			if len(same) == 1 {
				return meaning{person: same[0], foundBy: gap.FoundByName, fits: 1}
			}
			return meaning{fits: len(same)}
		}
		p, n := b.activeOf(same, c.PurchasedOn)
		switch {
		case p != nil:
			return meaning{person: p, foundBy: gap.FoundByNameAndDay, fits: 1}
		case n > 0:
			return meaning{fits: n}
		}
		return meaning{fits: len(same), namesake: true}
	}
	if n, ok := b.people.ids[emailNode+e]; ok {
		if p := b.persons[b.people.find(n)]; p != nil {
			return meaning{person: p, foundBy: gap.FoundByEmail, fits: 1}
		}
	}
	if ps := byLoose[looseEmail(e)]; len(ps) == 1 {
		return meaning{person: ps[0], foundBy: gap.FoundByVariant, fits: 1}
	} else if len(ps) > 1 {
		return meaning{fits: len(ps)}
	}
	if c.PurchasedOn != 0 {
		if _, n := b.activeOf(same, c.PurchasedOn); n > 0 {
			return meaning{fits: n, namesake: true}
		}
	}
	return meaning{}
}

// activeOf counts the people who signed up or tried to buy on the day or, if
// nobody did, within a day of it. The person is set when it is only one.
func (b *builder) activeOf(people []*person, day table.Date) (only *person, n int) {
	for within := range table.Date(claimDays + 1) {
		for _, p := range people {
			if b.activeOn(p, day, within) {
				only, n = p, n+1
			}
		}
		switch {
		case n == 1:
			return only, 1
		case n > 1:
			return nil, n
		}
	}
	return nil, 0
}

func (b *builder) activeOn(p *person, day, within table.Date) bool {
	return p.activeOn(day, within) || len(b.boughtOn(p, day, within)) > 0
}

// boughtOn lists the payments of a person within some days of d, failed ones
// too, in order of time.
func (b *builder) boughtOn(p *person, d, within table.Date) []int {
	var out []int
	for _, i := range b.paymentsOf[p.node] {
		if at := b.purchases[i].PurchasedAt.Date(); at-d <= within && d-at <= within {
			out = append(out, i)
		}
	}
	return out
}

// indexPayments lists every person's payments in order of time, also those
// that are no purchase; not the rows that repeat or take back another.
func (b *builder) indexPayments() {
	b.paymentsOf = map[int32][]int{}
	for i, p := range b.purchaser {
		if p != nil && b.placed.place[i] != gap.Duplicate && b.placed.place[i] != gap.ExcludedReversal {
			b.paymentsOf[p.node] = append(b.paymentsOf[p.node], i)
		}
	}
	for _, is := range b.paymentsOf {
		slices.SortStableFunc(is, func(x, y int) int {
			return cmp.Or(cmp.Compare(b.purchases[x].PurchasedAt, b.purchases[y].PurchasedAt), cmp.Compare(b.purchases[x].PurchaseID, b.purchases[y].PurchaseID))
		})
	}
}

// hints lists the claims that mean the person, in order of time. A claim whose
// day does not fit, or that gives only a name, is not sure.
func (x *claimIndex) hints(p *person, b *builder) []gap.Hint {
	var out []gap.Hint
	for _, i := range x.of[p.node] {
		c, m := &x.claims[i], &x.meant[i]
		h := gap.Hint{PartnerKey: c.PartnerKey, At: c.ClaimedAt, Sure: m.foundBy != gap.FoundByName, Row: b.rec.row(c.Pos),
			What: fmt.Sprintf("%s claims this customer by %s", b.cat.title(c.PartnerKey), m.foundBy)}
		if c.PurchasedOn != 0 && !p.activeOn(c.PurchasedOn, claimDays) {
			h.Sure = false
			h.What += fmt.Sprintf(", but names %s, a day without sign-up or purchase", c.PurchasedOn)
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, c gap.Hint) int {
		return cmp.Or(cmp.Compare(a.At, c.At), cmp.Compare(a.Row.File, c.Row.File), cmp.Compare(a.Row.Line, c.Row.Line))
	})
	return out
}

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
	b := newBuilder(set, opt)
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
		day := ""
		if named == "name" && a.c.PurchasedOn != 0 {
			day = fmt.Sprintf(" and signed up or bought around %s", a.c.PurchasedOn)
		}
		a.What = fmt.Sprintf("%s this %s%s; which of them is meant cannot be told.", customers(m.fits, "has", "have"), named, day)
	}
	a.ask(askWho)
	if a.Answer.Answer != gap.AnswerIncomplete {
		return
	}
	a.ask(askDevice, askLink)
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
	a.What += fmt.Sprintf(" Other purchases of this customer in review: %s%s.", strings.Join(ids, ", "), more)
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

// gap answers for a purchase that is in review.
func (a *answering) gap(g *gap.Gap, i int) {
	c := gap.CaseOf(g.Case)
	a.What = fmt.Sprintf("%s is credited to nobody so far and is in review as %s: %s %s.", a.purchase(i), g.GapID, c.Code, c.Title)
	if g.Case == gap.PaymentNotTied {
		a.Credited = g.PartnerKey
		a.What = fmt.Sprintf("The customer is credited to %s, but %s was not recorded; it is in review as %s.", a.whom(g.PartnerKey), lower(a.purchase(i)), g.GapID)
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
