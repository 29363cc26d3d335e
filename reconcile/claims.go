package reconcile

import (
	"cmp"
	"fmt"
	"slices"

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
	if n, ok := b.people.ids[emailNode][e]; ok {
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
