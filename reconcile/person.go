package reconcile

import (
	"cmp"
	"slices"

	"lostlink/ingest/table"
)

// person is one customer as the records show them: everything that
// deterministic ids tie together. Indexes point into the builder's tables.
type person struct {
	node      int32
	emails    []string // exact, sorted
	names     []string // folded, sorted; see gatherPeople
	signups   []int    // in time order
	purchases []int    // in time order, completed and live ones only
	customers []int    // the platform's records, in time order
	visitors  []string // visitor ids they gave an address in, sorted
	days      []table.Date
	bridged   string // how a payment was tied to the sign-up where no id does
}

// activeOn tells whether the person signed up or bought within some days of d.
func (p *person) activeOn(d, within table.Date) bool {
	for _, x := range p.days {
		if x-d <= within && d-x <= within {
			return true
		}
	}
	return false
}

// gatherPeople merges the ids of all records into persons; named: their names
// are noted too, which claims are looked up by.
func (b *builder) gatherPeople(named bool) {
	pp := newPeople(max(len(b.rec.signups), len(b.customers)))
	node := func(kind nodeKind, id string) int32 {
		if !usable(id) {
			return -1
		}
		return pp.node(kind, id)
	}
	email := func(s string) int32 {
		if e := exactEmail(s); e != "" {
			return node(emailNode, e)
		}
		return -1
	}
	links := make([]link, 0, len(b.rec.signups)+len(b.customers)+len(b.purchases)+len(b.transactions))
	add := func(x, y, z int32) int32 {
		links = append(links, link{x, y, z})
		for _, n := range links[len(links)-1] {
			if n >= 0 {
				return n
			}
		}
		return -1
	}
	su := make([]int32, len(b.rec.signups))
	for i := range b.rec.signups {
		s := &b.rec.signups[i]
		su[i] = add(email(s.Email), node(keyNode, s.CustomerKey), -1)
	}
	cu := make([]int32, len(b.customers))
	for i := range b.customers {
		c := &b.customers[i]
		cu[i] = add(email(c.Email), node(keyNode, c.CustomerKey), node(customerNode, c.ProviderKey))
	}
	pu := make([]int32, len(b.purchases))
	for i := range b.purchases {
		p := &b.purchases[i]
		pu[i] = add(email(p.Email), node(keyNode, p.CustomerKey), node(customerNode, p.CustomerID))
	}
	tx := make([]int32, len(b.transactions))
	for i := range b.transactions {
		t := &b.transactions[i]
		tx[i] = add(email(t.Email), node(keyNode, t.CustomerKey), -1)
	}
	pp.stitch(links)
	b.people = pp
	b.bridge(su, pu, cu)
	pp.flatten()

	for i := range b.rec.signups {
		s := &b.rec.signups[i]
		if su[i] >= 0 {
			pp.own(s.VisitorID, s.SignedUpAt, su[i])
		}
	}
	for i := range b.rec.visits {
		v := &b.rec.visits[i]
		if e := exactEmail(v.Email); e != "" {
			if n, ok := pp.ids[emailNode][e]; ok {
				pp.own(v.VisitorID, v.VisitedAt, n)
			}
		}
	}
	pp.settleOwners(b.opt.VisitorPeople)

	b.persons = make([]*person, len(pp.parent))
	get := func(n int32) *person {
		if n < 0 {
			return nil
		}
		n = pp.find(n)
		p := b.persons[n]
		if p == nil {
			p = &person{node: n, bridged: b.bridges[n]}
			b.persons[n] = p
		}
		return p
	}
	note := func(p *person, first int32, name string) {
		p.noteEmail(pp.names[first])
		if named {
			p.noteName(name)
		}
	}
	for i := range b.rec.signups {
		if p := get(su[i]); p != nil {
			s := &b.rec.signups[i]
			p.signups = append(p.signups, i)
			note(p, su[i], s.Name)
			p.days = append(p.days, s.SignedUpAt.Date())
		}
	}
	b.purchaser = make([]*person, len(b.purchases))
	for i := range b.purchases {
		p := get(pu[i])
		b.purchaser[i] = p
		if p != nil {
			r := &b.purchases[i]
			note(p, pu[i], r.Name)
			if !b.placed.notBought(i) {
				p.purchases = append(p.purchases, i)
				p.days = append(p.days, r.PurchasedAt.Date())
			}
		}
	}
	for i := range b.customers {
		if p := get(cu[i]); p != nil && b.customers[i].Test != table.Yes {
			p.customers = append(p.customers, i)
			note(p, cu[i], b.customers[i].Name)
		}
	}
	b.txPerson = make([]int32, len(b.transactions))
	for i := range tx {
		b.txPerson[i] = -1
		if tx[i] >= 0 {
			b.txPerson[i] = pp.find(tx[i])
		}
	}
	for v, os := range pp.owners {
		for _, o := range os {
			if p := b.persons[pp.find(o.node)]; p != nil {
				p.visitors = append(p.visitors, v)
			}
		}
	}
	b.byName = map[string][]*person{}
	for _, p := range b.ordered() {
		p.settle(b)
		for _, n := range p.names {
			b.byName[n] = append(b.byName[n], p)
		}
	}
}

// noteEmail takes the first id of a record, which is its e-mail address if it
// has one.
func (p *person) noteEmail(first identity) {
	if n := len(p.emails); first.kind == emailNode && (n == 0 || p.emails[n-1] != first.id) {
		p.emails = append(p.emails, first.id)
	}
}

func (p *person) noteName(name string) {
	if k, n := nameKey(name), len(p.names); k != "" && (n == 0 || p.names[n-1] != k) {
		p.names = append(p.names, k)
	}
}

func (p *person) settle(b *builder) {
	slices.Sort(p.emails)
	p.emails = slices.Compact(p.emails)
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
	slices.Sort(p.visitors)
	p.visitors = slices.Compact(p.visitors)
	slices.SortStableFunc(p.signups, func(x, y int) int {
		return cmp.Compare(b.rec.signups[x].SignedUpAt, b.rec.signups[y].SignedUpAt)
	})
	slices.SortStableFunc(p.purchases, func(x, y int) int {
		return cmp.Compare(b.purchases[x].PurchasedAt, b.purchases[y].PurchasedAt)
	})
	slices.SortStableFunc(p.customers, func(x, y int) int {
		return cmp.Compare(b.customers[x].CreatedAt, b.customers[y].CreatedAt)
	})
}

// bridge ties payments whose ids lead to no sign-up to one: by a variant of the
// e-mail address, or by the same name together with the checkout page seen at
// the second of the payment, or by a name nobody else has. Each needs exactly
// one sign-up to fit; the journey says that the tie is a bridge.
func (b *builder) bridge(su, pu, cu []int32) {
	pp := b.people
	b.bridges = map[int32]string{}
	hasSignup := map[int32]bool{}
	byLoose, byName := map[string][]int{}, map[string][]int{}
	keys := map[int32]map[string]bool{} // by person: the vendor's customer keys
	key := func(n int32, k string) {
		if usable(k) {
			if keys[n] == nil {
				keys[n] = map[string]bool{}
			}
			keys[n][k] = true
		}
	}
	pays := map[int32]bool{} // persons with payments of their own
	for i := range b.purchases {
		if pu[i] >= 0 && !b.placed.notBought(i) {
			pays[pp.find(pu[i])] = true
			key(pp.find(pu[i]), b.purchases[i].CustomerKey)
		}
	}
	for i := range b.rec.signups {
		if su[i] < 0 {
			continue
		}
		hasSignup[pp.find(su[i])] = true
		s := &b.rec.signups[i]
		key(pp.find(su[i]), s.CustomerKey)
		byLoose[looseEmail(s.Email)] = append(byLoose[looseEmail(s.Email)], i)
		if n := nameKey(s.Name); n != "" {
			byName[n] = append(byName[n], i)
		}
	}
	// one gives the only person among the sign-ups, -1 for none or several.
	one := func(is []int) int32 {
		found := int32(-1)
		for _, i := range is {
			n := pp.find(su[i])
			if found >= 0 && n != found {
				return -1
			}
			found = n
		}
		return found
	}
	type tie struct {
		from, to int32
		how      string
	}
	best := map[int32]tie{}
	strength := map[string]int{byVariant: 3, byCheckout: 2, byLoneName: 1}
	for i := range b.purchases {
		if pu[i] < 0 || b.placed.notBought(i) {
			continue
		}
		from := pp.find(pu[i])
		if hasSignup[from] {
			continue
		}
		p := &b.purchases[i]
		t := tie{from: from, to: one(byLoose[looseEmail(p.Email)]), how: byVariant}
		if t.to < 0 {
			same := byName[nameKey(p.Name)]
			if at := b.atCheckout(p.PurchasedAt, same); len(at) > 0 {
				t.to, t.how = one(at), byCheckout
			} else {
				var before []int
				for _, s := range same {
					if b.rec.signups[s].SignedUpAt <= p.PurchasedAt+table.Minute {
						before = append(before, s)
					}
				}
				t.to, t.how = one(before), byLoneName
				// A name alone also fits a customer from before the records: it
				// counts only for a new customer who has not paid yet.
				if t.to >= 0 && (pays[t.to] || p.PurchasedAt-b.rec.signups[before[0]].SignedUpAt > loneNameWithin) {
					t.to = -1
				}
			}
		}
		// Customer keys come from one system; two different ones are two people.
		if t.to < 0 || disjoint(keys[from], keys[t.to]) {
			continue
		}
		if old, ok := best[from]; !ok || strength[t.how] > strength[old.how] {
			best[from] = t
		}
	}
	froms := make([]int32, 0, len(best))
	for f := range best {
		froms = append(froms, f)
	}
	slices.Sort(froms)
	for _, f := range froms {
		t := best[f]
		// What another payment's bridge has already given a sign-up keeps it.
		if pp.find(t.from) != pp.find(t.to) {
			pp.join(t.from, t.to)
			b.bridges[pp.find(t.to)] = t.how
		}
	}
}

// loneNameWithin is how soon after the sign-up a payment must follow that only
// a name ties to it.
const loneNameWithin = 31 * table.Day

// disjoint tells whether both sets have members but none in common.
func disjoint(a, b map[string]bool) bool {
	for k := range a {
		if b[k] {
			return false
		}
	}
	return len(a) > 0 && len(b) > 0
}

// How a bridge was found, in words.
const (
	byVariant  = "a variant of the e-mail address"
	byCheckout = "the name and the checkout page at the time of the payment"
	byLoneName = "a name no other customer has"
)

// atCheckout lists those of the sign-ups in whose browser the checkout page was
// open within seconds of the payment.
func (b *builder) atCheckout(at table.Time, signups []int) []int {
	var out []int
	for _, i := range signups {
		s := &b.rec.signups[i]
		vs := b.rec.visitsOf.of(s.VisitorID)
		if s.VisitorID == "" {
			vs = b.rec.visitsFrom.of(device{s.IP, s.UserAgent})
		}
		k, _ := slices.BinarySearchFunc(vs, at-atOnce, func(v int32, t table.Time) int { return cmp.Compare(b.rec.visits[v].VisitedAt, t) })
		for ; k < len(vs) && b.rec.visits[vs[k]].VisitedAt <= at+atOnce; k++ {
			if b.pages.pay[b.rec.paths[vs[k]]] {
				out = append(out, i)
				break
			}
		}
	}
	return out
}
