package reconcile

import (
	"encoding/json"
	"math/bits"
	"runtime"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// A Scout picks, out of more clicks and visits than can be kept, the rows that
// the result of a run depends on: [Scout.Run] over these gives what [Run] gives
// over all.
//
// First comes [Scout.Begin] with the small tables. Then every click and visit is
// shown once, by [Scout.Stretch]: those of customers are kept at once; of the
// others a trace of a few bytes is left. [Scout.Settle] then finds, with what was
// kept, the purchases that are gaps, and by the traces all that shares an
// address or a click id with the people behind them. [Scout.Wanted] says which
// rows these are.
type Scout struct {
	opt  Options
	hide func(string) string // nil: addresses are plain

	// All hold keys; see textKey.
	visitors hashSet // of customers
	emails   hashSet // loose keys of customers' addresses
	clickIDs hashSet // that sign-ups and payments carry
	bare     hashSet // addresses whose visits without visitor id are kept
	all      hashSet // addresses of which everything is kept

	// infer: the visitor ids of sign-ups are found from the visits at their
	// addresses.
	infer        bool
	met, settled bool // how far Settle is
	stretches    []*part
	byPlace      map[place]*part
	roll         Rollup
	// builder is that of the rows kept when it was told who matters; grown tells
	// that more were asked for.
	builder *builder
	grown   bool
}

// place is a stretch of a file.
type place struct{ file, n int }

// part is a stretch of a file in its order.
type part struct {
	s      *Scout
	place  place
	traces [][]trace // in pieces of traceRows, all but the last full
	roll   Rollup
	wanted []uint32
}

// trace is what is left of a click or visit that may be wanted later.
type trace struct {
	row     uint32 // within the stretch
	seconds uint32 // since 1970; 0 where out of range
	visitor uint32
	click   uint32
	ip      uint32
	flags   traceFlags
}

type traceFlags uint8

const (
	traceKept  traceFlags = 1 << iota // is in the set already
	traceVisit                        // is a visit
	traceClick                        // is a click
	traceTwin                         // is one of a visit and a click of the same row, each with a trace
)

// NewScout makes a scout for one run.
func NewScout(opt Options) *Scout {
	return &Scout{opt: opt, byPlace: map[place]*part{}}
}

// Begin takes the small tables: all but clicks and visits.
func (s *Scout) Begin(small *table.Set) {
	named := false
	signups := small.Signups
	for _, r := range signups.All() {
		s.emails.add(s.emailKey(r.Email))
		s.clickIDs.add(idKey(r.ClickID))
		if usable(r.VisitorID) {
			named = true
			s.visitors.add(textKey(r.VisitorID))
		}
	}
	s.infer = !named
	for _, r := range signups.All() {
		if h := textKey(r.IP); s.infer {
			s.all.add(h)
		} else if !usable(r.VisitorID) {
			s.bare.add(h)
		}
	}
	for _, r := range small.Purchases.All() {
		s.emails.add(s.emailKey(r.Email))
		s.clickIDs.add(idKey(r.ClickID))
	}
	for _, r := range small.Customers.All() {
		s.emails.add(s.emailKey(r.Email))
	}
	for _, r := range small.Transactions.All() {
		s.emails.add(s.emailKey(r.Email))
	}
}

// Stretch makes the taker for the nth part of a file. Parts of one file are
// numbered in their order; which rows are in which part is up to the caller, as
// long as it stays so until the end. Stretch is not safe for concurrent use, but
// the takers are safe beside each other.
func (s *Scout) Stretch(file, n int) table.Taker { return s.stretch(place{file, n}) }

func (s *Scout) stretch(at place) *part {
	st := &part{s: s, place: at}
	s.stretches = append(s.stretches, st)
	s.byPlace[at] = st
	return st
}

// Take looks at one row; see [table.Taker].
func (st *part) Take(i uint32, g *table.Glance) bool {
	s := st.s
	t := trace{row: i, seconds: uint32(g.At / table.Second), ip: uint32(textKey(g.IP))}
	if usable(g.VisitorID) {
		t.visitor = uint32(textKey(g.VisitorID))
	}
	if g.Click {
		t.flags |= traceClick
		t.click = uint32(idKey(g.ClickID))
	}
	if g.Visit {
		t.flags |= traceVisit
		st.roll.Visit(g)
	}
	keep := s.keeps(&t) || g.Visit && t.visitor == 0 && s.bare.has(uint64(t.ip)) || g.Email != "" && s.emails.has(s.emailKey(g.Email))
	return st.leave(t, keep)
}

// Mark looks at what the lake has of one row; see [table.Marker]. Its ids are
// not known to be usable, so a little more is kept than of glances.
func (st *part) Mark(i uint32, m table.Mark) bool {
	s := st.s
	t := trace{row: i, seconds: m.Seconds, ip: m.Address, visitor: m.Visitor, flags: traceClick}
	if m.Visit {
		t.flags = traceVisit
	} else {
		t.click = m.Click
	}
	if m.Twin {
		t.flags |= traceTwin
	}
	return st.leave(t, s.keeps(&t) || m.Visit && s.bare.has(uint64(t.ip)) || s.emails.has(uint64(m.Email)))
}

// keeps tells whether an id of a row is a customer's.
func (s *Scout) keeps(t *trace) bool {
	return s.visitors.has(uint64(t.visitor)) || s.clickIDs.has(uint64(t.click)) || s.all.has(uint64(t.ip))
}

func (st *part) leave(t trace, keep bool) bool {
	if keep {
		t.flags |= traceKept
	}
	last := len(st.traces) - 1
	if last < 0 || len(st.traces[last]) == traceRows {
		st.traces = append(st.traces, make([]trace, 0, traceRows))
		last++
	}
	st.traces[last] = append(st.traces[last], t)
	return keep
}

// traceRows is how many traces are made room for at a time: a stretch has some
// thousand rows or a hundred times as many, and one list would be copied as it
// grows.
const traceRows = 1024

// Hide has the addresses of the small tables hidden before they are compared
// with those of clicks and visits, which are hidden already.
func (s *Scout) Hide(hidden func(string) string) { s.hide = hidden }

// Marks makes the marker for the nth stretch of what the lake has; see
// [Scout.Stretch].
func (s *Scout) Marks(n int) table.Marker { return s.stretch(place{marked, n}) }

// marked stands for the lake in the place of a file.
const marked = -1

// WantedMarks is [Scout.Wanted] for a stretch of Marks.
func (s *Scout) WantedMarks(n int) []uint32 { return s.Wanted(marked, n) }

// NewRollup makes an empty count of visits.
func (s *Scout) NewRollup() table.Roller { return &Rollup{} }

// AddRollup takes a count of visits that are not shown.
func (s *Scout) AddRollup(counted []byte) error {
	var r Rollup
	if err := json.Unmarshal(counted, &r); err != nil {
		return err
	}
	s.roll.Merge(&r)
	return nil
}

// Keys are xxh3 cut to 32 bits, as the lake has them; 0 is for no value. A key
// that two values share keeps a row without need.
func textKey(s string) uint64 {
	if s == "" {
		return 0
	}
	return max(xxh3.HashString(s)>>32, 1)
}

func idKey(s string) uint64 {
	if !usable(s) {
		return 0
	}
	return textKey(s)
}

// emailKey is that of the loose form, which all forms of an address share.
func (s *Scout) emailKey(address string) uint64 {
	if s.hide != nil {
		address = s.hide(address)
	}
	return textKey(looseEmail(address))
}

// Settle looks at the rows kept so far, together with the small tables, and
// tells whether more are wanted. It is called again with these added, until
// nothing more is wanted.
func (s *Scout) Settle(kept *table.Set) bool {
	if s.settled {
		return false
	}
	c := &closure{s: s, kept: kept}
	if !s.met {
		s.met = true
		for _, st := range s.stretches {
			s.roll.Merge(&st.roll)
		}
		c.each(func(t *trace) {
			if t.landed() && !t.nameless() {
				s.roll.landings++
			}
		})
		c.meet()
		c.meetStrangers()
		if c.close() {
			return true
		}
	}
	s.settled = true
	c.people()
	s.grown = c.close()
	return s.grown
}

// meet finds the visitor ids of customers that the small tables do not tell:
// those they typed their address under, and, where sign-ups have none at all,
// those that were at their address.
func (c *closure) meet() {
	for _, v := range c.kept.Visits.All() {
		if v.Email != "" && usable(v.VisitorID) {
			c.visitors.add(textKey(v.VisitorID))
		}
	}
	if !c.s.infer {
		return
	}
	rec := newRecords(c.kept, &c.s.roll, c.s.opt)
	for i := range rec.signups {
		if v := rec.signups[i].VisitorID; usable(v) {
			c.visitors.add(textKey(v))
		}
	}
}

// meetStrangers picks the visitors by whose cookies landing pages are judged,
// whether or not they ever sign up; see cookieSteps.
func (c *closure) meetStrangers() {
	if !c.s.roll.Cookies {
		return
	}
	limit := strangersBelow(c.s.roll.landings)
	c.each(func(t *trace) {
		if t.landed() && !t.nameless() && t.visitor <= limit {
			c.strangers.add(uint64(t.visitor))
		}
	})
}

// Wanted lists the rows of a stretch that the last Settle asked for, in order,
// by the number each was shown under.
func (s *Scout) Wanted(file, n int) []uint32 {
	if st := s.byPlace[place{file, n}]; st != nil {
		return st.wanted
	}
	return nil
}

// Run judges the set of the small tables and all rows that were kept. The scout
// is of no use afterwards.
func (s *Scout) Run(set *table.Set) (*gap.Result, error) {
	if set.Purchases == nil {
		return nil, errNoPurchases
	}
	// The report is made while the scout is still in the caller's hands; what it
	// holds is as large as the result.
	b := s.builder
	s.builder, s.stretches, s.byPlace = nil, nil, nil
	s.visitors, s.emails, s.clickIDs, s.bare, s.all = hashSet{}, hashSet{}, hashSet{}, hashSet{}, hashSet{}
	if s.grown {
		b.renew(set, &s.roll)
	}
	b.indexPlaces()
	b.rec.files = set.Files
	res, err := b.judged(set)
	// The indexes are garbage from here on. Left lying, they would add to what
	// writing the report takes, until as much again has been allocated.
	runtime.GC()
	return res, err
}

// closure follows the traces of the people whose journeys are told.
type closure struct {
	s    *Scout
	kept *table.Set

	// All hold keys, see textKey.
	visitors hashSet // customers', new ones
	told     hashSet // visitor ids of the people whose journeys are told
	toldBy   hashSet // click ids of theirs
	clicks   hashSet // click ids of all customers' rows
	ips      hashSet // addresses of which everything is wanted
	near     hashSet // moments of customers' visits
	homes    hashSet // addresses of customers' visits
	// strangers are visitor ids of people who may never sign up.
	strangers hashSet
}

// people finds whose journeys will be told, by what is kept: the buyers without
// attribution, those credited to one partner who clicked another's link too, and
// those a partner claims.
func (c *closure) people() {
	s := c.s
	b := newPeopleBuilder(c.kept, &s.roll, s.opt)
	s.builder = b
	tell := map[int32]bool{}
	for i := range b.purchases {
		p := b.purchaser[i]
		if p == nil || b.placed.place[i] != "" {
			continue
		}
		if b.attributed.of[i] < 0 {
			tell[p.node] = true
		} else if len(p.customers) > 0 && b.rival(p, b.customers[p.customers[0]].PartnerKey) {
			tell[p.node] = true
		}
	}
	for i := range b.claims.meant {
		if p := b.claims.meant[i].person; p != nil {
			tell[p.node] = true
		}
	}
	emails := map[string]bool{}
	for n := range tell {
		p := b.persons[n]
		for _, v := range p.visitors {
			c.told.add(textKey(v))
		}
		for _, i := range p.signups {
			c.ips.add(textKey(b.rec.signups[i].IP))
			c.toldBy.add(idKey(b.rec.signups[i].ClickID))
		}
		for _, i := range p.purchases {
			c.toldBy.add(idKey(b.purchases[i].ClickID))
		}
		for _, e := range p.emails {
			emails[looseEmail(e)] = true
		}
	}
	// Without visitor ids it is the address that ties any sign-up to its click.
	if !b.rec.has.VisitorIDs {
		for i := range b.rec.signups {
			c.ips.add(textKey(b.rec.signups[i].IP))
		}
	}
	for i := range b.rec.touches {
		if k := b.rec.touches[i].click; k.Email != "" && emails[looseEmail(k.Email)] {
			c.ips.add(textKey(k.IP))
			c.toldBy.add(idKey(k.ClickID))
		}
	}
	for i := range b.rec.visits {
		if v := &b.rec.visits[i]; v.Email != "" && emails[looseEmail(v.Email)] {
			c.ips.add(textKey(v.IP))
		}
	}
}

// each walks the traces of all stretches.
func (c *closure) each(f func(t *trace)) {
	for _, st := range c.s.stretches {
		for _, traces := range st.traces {
			for i := range traces {
				f(&traces[i])
			}
		}
	}
}

// want marks rows and lists the marked ones; it tells whether there are any.
func (c *closure) want(f func(t *trace) bool) bool {
	any := false
	for _, st := range c.s.stretches {
		st.wanted = st.wanted[:0]
		for _, traces := range st.traces {
			for i := range traces {
				if t := &traces[i]; t.flags&traceKept == 0 && f(t) {
					t.flags |= traceKept
					st.wanted = append(st.wanted, t.row)
					any = true
				}
			}
		}
	}
	return any
}

// moment is an address in a span of time a little longer than a landing may
// follow its click in.
func moment(t *trace, step int64) uint64 {
	const span = int64(2 * strippedWithin / table.Second)
	return bits.RotateLeft64(uint64(t.ip)*0x9E3779B97F4A7C15, 31) ^ uint64(int64(t.seconds)/span+step)*0xBF58476D1CE4E5B9 | 1
}

// lone tells whether a row is a click that some other system recorded: the
// landing that followed is a row of its own, perhaps without the click's id.
func (t *trace) lone() bool { return t.flags&(traceClick|traceVisit|traceTwin) == traceClick }

// half tells whether a row is a click whose visit has a trace of its own.
func (t *trace) half() bool { return t.flags&(traceClick|traceTwin) == traceClick|traceTwin }

// bare tells whether a row is a landing without a visitor id: perhaps the one on
// which a customer's browser got its own.
func (t *trace) bare() bool {
	return (t.landed() || t.half()) && t.nameless()
}

// landed tells whether a row is the visit of a landing.
func (t *trace) landed() bool {
	return t.flags&traceVisit != 0 && t.flags&(traceClick|traceTwin) != 0
}

func (t *trace) nameless() bool { return t.visitor == 0 || dummies().has(uint64(t.visitor)) }

// dummies are the keys of words that stand for no id, as they are mostly written.
var dummies = sync.OnceValue(func() *hashSet {
	var set hashSet
	for word := range worthless {
		for _, w := range []string{word, strings.ToUpper(word), strings.ToUpper(word[:1]) + word[1:]} {
			set.add(textKey(w))
		}
	}
	return &set
})

// close finds what the kept rows lead to: what has the visitor ids that were
// met; the landings without one at customers' addresses; the clicks and landings
// with the same click ids; the clicks that led to customers' visits without
// parameters; click ids seen from many browsers; and, where it is known whose
// journeys are told, all that came from their addresses, with the click ids of
// that.
func (c *closure) close() bool {
	pasted := c.pasted()
	mine := func(t *trace) bool { return t.flags&traceKept != 0 || c.visitors.has(uint64(t.visitor)) }
	c.each(func(t *trace) {
		if !mine(t) {
			return
		}
		c.clicks.add(uint64(t.click))
		if t.flags&traceVisit != 0 && t.ip != 0 {
			c.near.add(moment(t, 0))
			c.homes.add(uint64(t.ip))
		}
		if c.told.has(uint64(t.visitor)) {
			c.ips.add(uint64(t.ip))
			c.toldBy.add(uint64(t.click))
		}
	})
	// A click recorded elsewhere has its own address, by which others may have
	// come; and its landing may be told from others' only by the second.
	before := func(t *trace) bool {
		return t.ip != 0 && (c.near.has(moment(t, 0)) || c.near.has(moment(t, 1)) || c.near.has(moment(t, -1)))
	}
	c.each(func(t *trace) {
		if c.toldBy.has(uint64(t.click)) || pasted.has(uint64(t.click)) {
			c.ips.add(uint64(t.ip))
		}
		if t.lone() && before(t) {
			c.clicks.add(uint64(t.click))
		}
	})
	found := func(t *trace) bool {
		return mine(t) || c.ips.has(uint64(t.ip)) || c.clicks.has(uint64(t.click)) || pasted.has(uint64(t.click)) ||
			t.lone() && before(t) || t.bare() && c.homes.has(uint64(t.ip)) || c.strangers.has(uint64(t.visitor))
	}
	var ids hashSet
	c.each(func(t *trace) {
		if found(t) {
			ids.add(uint64(t.click))
		}
	})
	var landings hashSet
	c.each(func(t *trace) {
		if (t.lone() && t.ip != 0 || t.half()) && (found(t) || ids.has(uint64(t.click))) {
			landings.add(moment(t, 0))
		}
	})
	follows := func(t *trace) bool {
		return t.flags&traceVisit != 0 && (t.ip != 0 || t.flags&traceTwin != 0) && (landings.has(moment(t, 0)) || landings.has(moment(t, 1)) || landings.has(moment(t, -1)))
	}
	return c.want(func(t *trace) bool { return found(t) || ids.has(uint64(t.click)) || follows(t) })
}

// pasted finds the click ids that more rows have than one person's browsers
// would leave. Small counters that several ids share only make it find more.
func (c *closure) pasted() *hashSet {
	n := 0
	for _, st := range c.s.stretches {
		n += traceRows * len(st.traces)
	}
	size := 1 << bits.Len(uint(4*n+1024))
	counts := [2][]uint8{make([]uint8, size/2), make([]uint8, size/2)}
	slot := func(click uint32, k int) (int, uint) {
		h := uint64(click) * [2]uint64{0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F}[k] >> 8 & uint64(size-1)
		return int(h >> 1), uint(h&1) * 4
	}
	c.each(func(t *trace) {
		if t.click == 0 {
			return
		}
		for k := range counts {
			i, at := slot(t.click, k)
			if counts[k][i]>>at&15 < 15 {
				counts[k][i] += 1 << at
			}
		}
	})
	limit := uint8(min(c.s.opt.ClickBrowsers, 14))
	var out hashSet
	c.each(func(t *trace) {
		if t.click == 0 {
			return
		}
		for k := range counts {
			if i, at := slot(t.click, k); counts[k][i]>>at&15 <= limit {
				return
			}
		}
		out.add(uint64(t.click))
	})
	return &out
}

// rival tells whether a person followed a link of another partner.
func (b *builder) rival(p *person, credited string) bool {
	for _, t := range b.touchesOf.of(p.node) {
		if b.rec.touches[t].click.PartnerKey != credited {
			return true
		}
	}
	for _, e := range p.emails {
		for _, t := range b.mailed.of(e) {
			if b.rec.touches[t].click.PartnerKey != credited {
				return true
			}
		}
	}
	return false
}
