package reconcile

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
	"lostlink/reconcile/gap"
)

// builder holds the indexed records of one run and makes journeys from them.
type builder struct {
	opt          Options
	rec          *records
	pages        *pages
	cat          *catalogue
	claims       *claimIndex
	purchases    []table.Purchase
	placed       *placing
	customers    []table.Customer
	transactions []table.Transaction
	attributed   *attribution

	people    *people
	persons   []*person // by node; nil where it is no person's
	purchaser []*person // per purchase; nil when the payment names nobody
	txPerson  []int32   // per transaction: the person's node, -1
	byName    map[string][]*person
	// paymentsOf lists by person's node all payments, also those that are no purchase.
	paymentsOf map[int32][]int
	bridges    map[int32]string

	touchesOf ranged        // by owner's node: touches of the person's browsers
	touchesID lists[string] // by click id, without reused ones
	mailed    lists[string] // by exact e-mail: touches that carry it
	mailedVar lists[string] // by loose e-mail
	peopleAt  lists[string] // by address: the persons seen there, sorted
	peopleOn  lists[device] // by address and user agent
	strangers map[string][]string
	couponUse map[string]*couponUse
	consents  consentIndex
	incidents []incident
	ties      clickTies

	safariPages map[string]*gap.SafariPage // by landing page; see findSafariPages
	safariSeen  map[string]bool
}

// couponUse counts how a coupon is used: a leaked one is used by many who have
// nothing else to do with its partner.
type couponUse struct{ users, linked, strangers int }

// newBuilder indexes a set; roll, if not nil, tells of visits that are not in it.
func newBuilder(set *table.Set, roll *Rollup, opt Options) *builder {
	b := newPeopleBuilder(set, roll, opt)
	b.indexPlaces()
	return b
}

// newPeopleBuilder tells of people and whose the touches are; nothing can be
// judged before indexPlaces.
func newPeopleBuilder(set *table.Set, roll *Rollup, opt Options) *builder {
	b := &builder{opt: opt, purchases: set.Purchases.Rows(), customers: set.Customers.Rows(), transactions: set.Transactions.Rows()}
	b.opt = settle(opt, b.purchases)
	var wg sync.WaitGroup
	wg.Go(func() { b.placed = places(b.purchases, b.opt) })
	b.observe(set, roll)
	wg.Wait()
	b.gatherPeople(set.Claims.Len() > 0)
	wg.Go(b.attribute)
	b.indexPayments()
	b.claims = b.readClaims(set)
	b.consents = newConsentIndex(set)
	b.indexTouches()
	wg.Wait()
	return b
}

// attribute pairs purchases with transactions.
func (b *builder) attribute() {
	b.attributed = attribute(b.purchases, b.placed.place, b.transactions,
		func(i int) int32 {
			if p := b.purchaser[i]; p != nil {
				return p.node
			}
			return -1
		},
		func(t int) int32 { return b.txPerson[t] }, b.opt)
}

// renew takes a set that holds more clicks and visits than the one the builder
// was made of, but none that tell of further persons.
func (b *builder) renew(set *table.Set, roll *Rollup) {
	// What was indexed before is let go first: both would be the most memory of
	// the whole run.
	b.rec, b.cat, b.pages = nil, nil, nil
	b.touchesOf, b.touchesID, b.mailed, b.mailedVar = ranged{}, lists[string]{}, lists[string]{}, lists[string]{}
	b.observe(set, roll)
	b.indexTouches()
}

// observe indexes clicks and visits, and what can be told of them alone.
func (b *builder) observe(set *table.Set, roll *Rollup) {
	b.rec = newRecords(set, roll, b.opt)
	b.cat = newCatalogue(set, b.rec)
	b.pages = newPages(set, b.rec, b.purchases, b.opt)
}

// indexPlaces finds who was seen where, and who came by a coupon.
func (b *builder) indexPlaces() {
	b.indexAddresses()
	b.countCoupons()
}

// ordered lists the persons by node, so that every walk has one order.
func (b *builder) ordered() []*person {
	var out []*person
	for _, p := range b.persons {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (b *builder) indexTouches() {
	n := len(b.rec.touches)
	owners := make([]int32, n)
	ids, exact, loose := newFiling[string](n, n), newFiling[string](0, 0), newFiling[string](0, 0)
	for i := range b.rec.touches {
		t := &b.rec.touches[i]
		owners[i] = b.ownerOf(t)
		if id := t.click.ClickID; usable(id) && !t.reused {
			ids.add(id, int32(i))
		}
		if e := exactEmail(t.click.Email); e != "" {
			exact.add(e, int32(i))
			loose.add(looseEmail(e), int32(i))
		}
	}
	b.touchesOf = rangedBy(len(b.people.parent), owners)
	b.touchesID, b.mailed, b.mailedVar = ids.lists(), exact.lists(), loose.lists()
}

// ownerOf gives the person whose browser a touch landed in, -1 for nobody known.
func (b *builder) ownerOf(t *touch) int32 {
	if t.visitor == "" {
		return -1
	}
	return b.people.ownerAt(t.visitor, t.at())
}

// indexAddresses notes who was seen where. An address never ties anybody; it
// only makes candidates, and these must say how many people they fit.
func (b *builder) indexAddresses() {
	n := len(b.rec.signups)
	at, on := newFiling[string](n, n), newFiling[device](n, n)
	b.strangers = map[string][]string{}
	see := func(ip, ua string, n int32) {
		if ip == "" || n < 0 {
			return
		}
		at.add(ip, n)
		on.add(device{ip, ua}, n)
	}
	for _, p := range b.ordered() {
		for _, i := range p.signups {
			s := &b.rec.signups[i]
			see(s.IP, s.UserAgent, p.node)
		}
	}
	for i := range b.rec.visits {
		v := &b.rec.visits[i]
		if v.VisitorID == "" || v.IP == "" {
			continue
		}
		if n := b.people.ownerAt(v.VisitorID, v.VisitedAt); n >= 0 {
			see(v.IP, v.UserAgent, n)
		} else if s := b.strangers[v.IP]; len(s) == 0 || s[len(s)-1] != v.VisitorID {
			b.strangers[v.IP] = append(s, v.VisitorID)
		}
	}
	b.peopleAt, b.peopleOn = at.lists(), on.lists()
	b.peopleAt.sort()
	b.peopleOn.sort()
	for k, v := range b.strangers {
		slices.Sort(v)
		b.strangers[k] = slices.Compact(v)
	}
}

// others counts the persons in a sorted list besides one.
func others(list []int32, node int32) int {
	if _, ok := slices.BinarySearch(list, node); ok {
		return len(list) - 1
	}
	return len(list)
}

// consentIndex finds the banner's answers of a browser.
type consentIndex struct {
	rows      []table.Consent
	byVisitor map[string][]int
	byDevice  map[device][]int
}

func newConsentIndex(set *table.Set) consentIndex {
	x := consentIndex{rows: set.Consents.Rows(), byVisitor: map[string][]int{}, byDevice: map[device][]int{}}
	slices.SortStableFunc(x.rows, func(a, b table.Consent) int {
		return cmp.Or(cmp.Compare(a.DecidedAt, b.DecidedAt), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for i := range x.rows {
		c := &x.rows[i]
		if usable(c.VisitorID) {
			x.byVisitor[c.VisitorID] = append(x.byVisitor[c.VisitorID], i)
		} else if c.IP != "" {
			d := device{c.IP, c.UserAgent}
			x.byDevice[d] = append(x.byDevice[d], i)
		}
	}
	return x
}

// between lists the answers given by any of the visitor ids, or without one on
// the devices, in a span of time.
func (x *consentIndex) between(visitors []string, devices []device, from, to table.Time) []int {
	var out []int
	take := func(is []int) {
		for _, i := range is {
			if t := x.rows[i].DecidedAt; t >= from && t <= to {
				out = append(out, i)
			}
		}
	}
	for _, v := range visitors {
		take(x.byVisitor[v])
	}
	for _, d := range devices {
		take(x.byDevice[d])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// result judges everything.
func (b *builder) result(set *table.Set) *gap.Result {
	res := &gap.Result{AsOf: b.opt.AsOf, PeriodStart: b.opt.PeriodStart, PeriodEnd: b.opt.PeriodEnd,
		PartnerNames: b.cat.names, PartnerEmails: b.cat.addresses, OverConnected: slices.Concat(b.rec.pasted, b.people.cut)}
	b.findIncidents()
	credited := map[table.Date]*gap.Sum{}
	for i := range b.purchases {
		r := &b.purchases[i]
		res.TieOut.Read.Add(r.Currency, r.Amount)
		place := b.placed.place[i]
		switch {
		case place != "":
		case b.attributed.of[i] >= 0:
			place = gap.Attributed
			day := r.PurchasedAt.Date()
			if credited[day] == nil {
				credited[day] = &gap.Sum{}
			}
			credited[day].Add(r.Currency, r.Amount)
		default:
			place = gap.Unattributed
		}
		res.TieOut.Place(place, r.Currency, r.Amount)
	}
	res.Gaps, res.Contested = b.judgeAll()
	for day, sum := range credited {
		res.Attributed = append(res.Attributed, gap.DaySum{Day: day, Sum: *sum})
	}
	slices.SortFunc(res.Attributed, func(x, y gap.DaySum) int { return cmp.Compare(x.Day, y.Day) })
	for t := range b.transactions {
		if !b.attributed.used[t] && b.transactions[t].Archived != table.Yes && b.transactions[t].Test != table.Yes {
			res.Unplaced.Add(b.transactions[t].Currency, b.transactions[t].Amount)
		}
	}
	slices.SortFunc(res.Gaps, func(a, c gap.Gap) int {
		return cmp.Or(cmp.Compare(a.PurchasedAt, c.PurchasedAt), cmp.Compare(a.PurchaseID, c.PurchaseID))
	})
	slices.SortFunc(res.Contested, func(a, c gap.Contested) int {
		return cmp.Or(cmp.Compare(a.PurchasedAt, c.PurchasedAt), cmp.Compare(a.PurchaseID, c.PurchaseID))
	})
	res.Incidents = b.reportIncidents(res.Gaps)
	inReview := make(map[string]*gap.Gap, len(res.Gaps))
	for i := range res.Gaps {
		inReview[res.Gaps[i].GapID] = &res.Gaps[i]
	}
	res.Answers = b.answers(func(*table.Claim) bool { return true }, func(i int) *gap.Gap {
		return inReview[gapID(b.opt.InstallationKey, b.purchases[i].Processor, b.purchases[i].PurchaseID)]
	})
	res.Followed = b.follow()
	res.Missing = b.missing(set, res.Gaps)
	res.Notes = b.notes()
	return res
}

// judgeAll judges every purchase without attribution, and tells which credited
// ones are contested. Each verdict depends on nothing but the indexes, so they
// are made side by side; both lists are in the order of the purchases.
func (b *builder) judgeAll() ([]gap.Gap, []gap.Contested) {
	const stride = 256
	type part struct {
		gaps      []gap.Gap
		contested []gap.Contested
	}
	parts := make([]part, (len(b.purchases)+stride-1)/stride)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(parts)) {
		wg.Go(func() {
			w := b.worker()
			for n := int(next.Add(1)) - 1; n < len(parts); n = int(next.Add(1)) - 1 {
				for i := n * stride; i < min((n+1)*stride, len(b.purchases)); i++ {
					switch {
					case b.placed.place[i] != "":
					case b.attributed.of[i] < 0:
						parts[n].gaps = append(parts[n].gaps, w.gap(i))
					default:
						if c, ok := w.contested(i); ok {
							parts[n].contested = append(parts[n].contested, c)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	var gaps []gap.Gap
	var contested []gap.Contested
	for _, p := range parts {
		gaps = append(gaps, p.gaps...)
		contested = append(contested, p.contested...)
	}
	return gaps, contested
}

// worker gives a builder that can be used beside others: it shares all but the
// memory of user agents read and the room to gather clicks in.
func (b *builder) worker() *builder {
	w, rec := *b, *b.rec
	rec.browsers = browser.Cache{}
	w.rec, w.ties = &rec, clickTies{}
	return &w
}
