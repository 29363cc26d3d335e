package simulate

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"lostlink/ingest/table"
)

// ScaleOptions describe a [Scale]. Equal options give equal bytes.
type ScaleOptions struct {
	Seed  uint64
	Start time.Time // midnight UTC; the first day
	Days  int
	// Clicks and Payments are how many rows there are of each; payments come out
	// within a few per cent of the number. A tenth as many payments as clicks is
	// a large programme, half as many a small one.
	Clicks, Payments int
}

// Scale is a large vendor, for measuring: clicks by the million that are made
// as they are written, each from its number alone, so that a log of any length
// takes no more memory than a short one. It knows few of the ways in which a
// referral is lost (a [Vendor] knows them all), but it has the proportions of
// a vendor's records: a third of the clicks are of people who become known, a
// fifth carry an e-mail address, partners and user agents are few and follow
// Zipf's law, identities are many and scattered.
//
// One purchase in six is without attribution, and most of those are ordinary:
// of 100 people behind them, 45 have clicked partners' links at some time.
//
// # Rules that make its answers plain
//
// Whether a purchase is attributed, and which click was the last before it, is
// the same under any sensible reading of the rules:
//
//   - every recorded payment has one transaction of the same customer, e-mail,
//     amount and currency within half an hour, and a payment that was not
//     recorded lies at least 31 days from any transaction of its customer;
//   - a person's clicks lie before the first sign-up, up to 110 days or more than
//     190 days; purchases follow up to 63 days after it. So a window of 180 days
//     holds the same clicks whether it ends at the sign-up or at the purchase;
//   - a visitor id is one person's. One that has clicks with an e-mail address
//     is either named by a sign-up or has the address on each of its clicks.
type Scale struct {
	opt        ScaleOptions
	start      table.Time
	span       table.Time // of the clicks
	persons    uint64     // who click, by the time they decide
	strangers  uint64     // visitors nobody knows
	offices    uint64     // addresses that several visitors share
	ordinary   uint64     // buyers who never click
	shareLost  float64    // of the persons who decide within the period
	sharePaid  float64    // the same, credited ones
	partners   []scalePartner
	partnerOf  zipf
	agents     []string
	agentOf    zipf
	referrers  []string
	referrerOf zipf
	first      []string
	last       []string
	payments   []scalePayment // by time
}

// The parameters of the workload.
const (
	personClicks  = 0.35   // of the clicks
	mailedClicks  = 0.562  // of a person's clicks, newsletters aside
	leadsPerClick = 0.0465 // persons who do not buy
	strangerVisit = 0.16   // unknown visitors per click
	officeVisits  = 0.10   // of the visitors
	officeSize    = 8
	unattributed  = 0.1186 // people behind payments that are not recorded, per payment
	attributed    = 0.2011 // people behind those that are
	clickedBefore = 0.45   // of the former
	undecided     = 120 * table.Day
	clickedWithin = 110 * table.Day
	clickedOld    = 190 * table.Day
	scalePartners = 5000
	scaleAgents   = 2000
	scaleSites    = 3000
)

type scalePartner struct {
	key, encoded string
	links        uint64
}

// scalePayment is one attempt to pay.
type scalePayment struct {
	at       table.Time
	buyer    buyer
	n        uint8 // of the buyer's payments
	failed   bool
	recorded bool // by the partner platform
}

// buyer is a person or an ordinary buyer, told apart by the top bit.
type buyer uint32

const ordinaryBuyer buyer = 1 << 31

// What becomes of a person.
type fate uint8

const (
	fateLater  fate = iota // decides after the period
	fateLead               // never signs up
	fateFree               // signs up and does not pay
	fateLost               // pays, nobody is credited
	fatePaid               // pays and is credited
	fateLapsed             // the same, but the last payment is not recorded
)

// NewScale checks the options and draws the payments.
func NewScale(opt ScaleOptions) (*Scale, error) {
	if opt.Clicks < 1 || opt.Payments < 1 || opt.Days < 1 || opt.Clicks > 1e9 || opt.Payments > 100e6 {
		return nil, errors.New("simulate: a scale needs at least a click, a payment and a day")
	}
	s := &Scale{opt: opt, start: table.TimeOf(opt.Start), span: table.Time(opt.Days) * table.Day}
	n := float64(opt.Payments)
	buyers := n * (unattributed*clickedBefore + attributed)
	whole := float64(s.span+undecided) / float64(s.span)
	s.persons = uint64(math.Ceil(float64(opt.Clicks)*leadsPerClick + buyers*whole))
	s.strangers = uint64(math.Ceil(float64(opt.Clicks) * strangerVisit))
	s.offices = uint64(math.Ceil(float64(opt.Clicks) * (strangerVisit + leadsPerClick) * officeVisits / officeSize))
	s.ordinary = uint64(math.Ceil(n * unattributed * (1 - clickedBefore)))
	deciding := float64(s.persons) / whole
	s.shareLost, s.sharePaid = n*unattributed*clickedBefore/deciding, n*attributed/deciding
	s.nameThings()
	s.drawPayments()
	return s, nil
}

// Options are those the scale was made with.
func (s *Scale) Options() ScaleOptions { return s.opt }

// Start and End bound the period; AsOf is when the platform has settled.
func (s *Scale) Start() table.Time { return s.start }
func (s *Scale) End() table.Time   { return s.start + s.span }
func (s *Scale) AsOf() table.Time  { return s.End() + 3*table.Day }

// draws is a stream of random numbers made from one.
type draws uint64

func (d *draws) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

func (d *draws) share() float64        { return float64(d.next()>>11) / (1 << 53) }
func (d *draws) below(n uint64) uint64 { return d.next() % n }

// The things that have numbers, each with draws of its own.
const (
	scaleClicks = iota + 101
	scalePersons
	scaleVisitors
	scaleStrangers
	scaleBuyers
	scaleNames
	scaleAddresses
)

func (s *Scale) draws(of, number uint64) draws {
	return draws(mix(s.opt.Seed^of<<56) ^ mix(number))
}

// zipf gives the rank of the n-th of 65,536 equal shares under Zipf's law.
type zipf []uint16

func newZipf(n int) zipf {
	sum := 0.0
	for r := range n {
		sum += 1 / float64(r+1)
	}
	z := make(zipf, 1<<16)
	at, r := 0.0, 0
	for i := range z {
		for r+1 < n && at+1/float64(r+1) < (float64(i)+0.5)/float64(len(z))*sum {
			at += 1 / float64(r+1)
			r++
		}
		z[i] = uint16(r)
	}
	return z
}

func (z zipf) of(h uint64) int { return int(z[h>>48]) }

// nameThings makes up partners, user agents and referring pages.
func (s *Scale) nameThings() {
	for _, n := range firstNames {
		s.first = append(s.first, ascii(n))
	}
	for _, n := range lastNames {
		s.last = append(s.last, ascii(n))
	}
	for i := range scalePartners {
		d := s.draws(scaleNames, uint64(i))
		key := s.last[d.below(uint64(len(s.last)))] + "-" + strconv.Itoa(1000+i)
		s.partners = append(s.partners, scalePartner{key, base64.RawStdEncoding.EncodeToString([]byte(key)), 1 + d.below(10)})
	}
	s.partnerOf = newZipf(scalePartners)
	for build := 0; len(s.agents) < scaleAgents; build++ {
		for _, a := range agents {
			agent := fmt.Sprintf(a.format, a.lo+build%(a.hi-a.lo+1))
			if round := build / (a.hi - a.lo + 1); round > 0 {
				agent += fmt.Sprintf(" Build/%d.%d", 4200+round, build%97) // as apps and extensions add to it
			}
			s.agents = append(s.agents, agent)
		}
	}
	s.agents = s.agents[:scaleAgents]
	s.agentOf = newZipf(scaleAgents)
	topics := []string{"best-tools", "review", "comparison", "how-to", "alternatives", "newsletter", "podcast", "deals"}
	for i := range scaleSites {
		s.referrers = append(s.referrers, fmt.Sprintf("https://site-%d.example/%s/%d", i/3, topics[i%len(topics)], 100+i))
	}
	s.referrerOf = newZipf(scaleSites)
}

// decides gives when a person decides: signs up, if ever.
func (s *Scale) decides(person uint64) table.Time {
	d := s.draws(scalePersons, person)
	slot := float64(s.span+undecided) / float64(s.persons)
	return (s.start + table.Time((float64(person)+d.share())*slot)) / table.Second * table.Second
}

func (s *Scale) fate(person uint64) fate {
	if s.decides(person) >= s.End() {
		return fateLater
	}
	d := s.draws(scaleBuyers, person)
	switch x := d.share(); {
	case x < s.shareLost:
		return fateLost
	case x < s.shareLost+s.sharePaid*0.96:
		return fatePaid
	case x < s.shareLost+s.sharePaid:
		return fateLapsed
	case mix(uint64(d))%10 < 3:
		return fateFree
	}
	return fateLead
}

// signsUp gives when an ordinary buyer signs up.
func (s *Scale) signsUp(b buyer) table.Time {
	if b&ordinaryBuyer == 0 {
		return s.decides(uint64(b))
	}
	d := s.draws(scaleBuyers, uint64(b))
	return s.start + table.Time(d.share()*float64(s.span))/table.Second*table.Second
}

func (s *Scale) drawPayments() {
	for p := range s.persons {
		if f := s.fate(p); f >= fateLost {
			s.pay(buyer(p), f)
		}
	}
	for i := range s.ordinary {
		s.pay(ordinaryBuyer|buyer(i), fateLost)
	}
	slices.SortFunc(s.payments, func(a, b scalePayment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.buyer, b.buyer), cmp.Compare(a.n, b.n))
	})
}

// pay draws a buyer's payments: monthly of those who are credited, up to three
// of the others.
func (s *Scale) pay(b buyer, f fate) {
	d := s.draws(scaleBuyers, uint64(b)^1<<40)
	at := s.signsUp(b) + table.Minute + table.Time(d.below(uint64(2*table.Day/table.Second)))*table.Second
	add := func(n int, at table.Time, recorded bool) {
		if at < s.End() {
			failed := d.below(16) == 0
			s.payments = append(s.payments, scalePayment{at, b, uint8(n), failed, recorded && !failed})
		}
	}
	switch f {
	case fateLapsed:
		add(0, at, true)
		add(1, at+60*table.Day, false)
	case fatePaid:
		for n := 0; n < 200 && at < s.End(); n, at = n+1, at+30*table.Day+table.Time(d.below(7200))*table.Second {
			add(n, at, true)
			if d.below(100) < 7 {
				break
			}
		}
	default:
		more := 0
		if x := d.below(100); x < 5 {
			more = 2
		} else if x < 21 {
			more = 1
		}
		for n := range more + 1 {
			add(n, at+table.Time(n)*30*table.Day, false)
		}
	}
}

// ScaleClick is one click. Its texts are overwritten by the next.
type ScaleClick struct {
	At         table.Time // whole milliseconds
	PartnerKey string
	ClickID    []byte
	LinkID     []byte
	LandingURL []byte
	Referrer   string
	VisitorID  []byte
	Email      []byte // "" on most
	IP         []byte
	UserAgent  string
	Country    string

	path    int // where the path begins in LandingURL
	number  uint64
	visitor scaleVisitor
}

var scalePaths = []string{"/", "/", "/pricing", "/features", "/lp/spring", "/lp/teams", "/lp/startups", "/blog/compare", "/blog/guide", "/templates",
	"/integrations", "/enterprise", "/webinar", "/ebook", "/demo", "/trial"}

const scaleHost = "https://www.vendor.example"

// EachClick makes clicks number from to number to-1, in order of time. Clicks
// are spread evenly over the period, so that the first of day d of n days has
// the number clicks*d/n.
func (s *Scale) EachClick(from, to int, do func(*ScaleClick) error) error {
	var c ScaleClick
	slot := float64(s.span) / float64(s.opt.Clicks)
	for i := from; i < to; i++ {
		d := s.draws(scaleClicks, uint64(i))
		c.number = d.next()
		c.At = s.start + table.Time((float64(i)+d.share())*slot)/1000*1000
		person := s.whoClicks(&d, &c)
		pt := &s.partners[s.partnerOf.of(d.next())]
		if d.below(20) > 0 && person != nobody {
			pt = s.follows(buyer(person))
		}
		c.PartnerKey = pt.key
		c.ClickID = appendAlnum(c.ClickID[:0], &d, 14)
		c.LinkID = strconv.AppendUint(append(append(c.LinkID[:0], "lnk-"...), pt.key[len(pt.key)-4:]...), d.below(pt.links), 36)
		c.Referrer = ""
		if h := d.next(); h%100 >= 35 {
			c.Referrer = s.referrers[s.referrerOf.of(h)]
		}
		u := append(c.LandingURL[:0], scaleHost...)
		c.path = len(u)
		u = append(u, scalePaths[d.below(uint64(len(scalePaths)))]...)
		u = append(append(u, "?ps_partner_key="...), pt.encoded...)
		u = append(append(u, "&ps_xid="...), c.ClickID...)
		u = append(u, "&utm_source=partner&utm_medium=ref&utm_term="...)
		c.LandingURL = strconv.AppendUint(u, d.next()&0xffff, 36)
		if err := do(&c); err != nil {
			return err
		}
	}
	return nil
}

// follows gives the partner whose links a person mostly follows; the platform
// credits that one. A few clicked another's too, as with any vendor.
func (s *Scale) follows(b buyer) *scalePartner {
	d := s.draws(scaleBuyers, uint64(b)^2<<40)
	return &s.partners[s.partnerOf.of(d.next())]
}

// nobody is behind a visitor who never becomes known.
const nobody = ^uint64(0)

// whoClicks draws the visitor of a click and the person behind it.
func (s *Scale) whoClicks(d *draws, c *ScaleClick) (person uint64) {
	person = nobody
	c.Email = c.Email[:0]
	if d.share() >= personClicks {
		// Visitors come, stay for some weeks, and go.
		day := float64(c.At-s.start)/float64(s.span)*float64(s.strangers) - d.share()*float64(s.strangers)*20/float64(s.opt.Days)
		n := uint64(max(day, 0))
		if day < 0 {
			n = d.below(1 + s.strangers*20/uint64(s.opt.Days))
		}
		c.visitor = s.visitor(scaleStrangers, n)
	} else {
		person = s.personAt(d, c.At)
		k, mailed := s.browserOf(d, person)
		c.visitor = s.visitor(scaleVisitors, person*4+k)
		if mailed {
			c.Email = s.appendEmail(c.Email, buyer(person))
			switch d.below(20) {
			case 0:
				upper(c.Email)
			case 1:
				upper(c.Email[:1])
			}
		}
	}
	v := &c.visitor
	c.VisitorID = v.appendID(c.VisitorID[:0])
	c.IP = s.appendAddress(c.IP[:0], v, c.At, d)
	c.UserAgent = s.agents[s.agentOf.of(v.agent)]
	c.Country = v.country().code
	return person
}

// personAt draws a person who has not decided yet.
func (s *Scale) personAt(d *draws, at table.Time) uint64 {
	slot := table.Time(float64(s.span+undecided)/float64(s.persons)) + table.Minute
	before := clickedWithin
	least := slot
	if d.below(25) == 0 && at+clickedOld+60*table.Day < s.End()+undecided {
		least, before = clickedOld+slot, clickedOld+60*table.Day
	}
	x := d.share()
	ahead := least + table.Time(x*x*float64(before-least))
	n := uint64(float64(at+ahead-s.start) / float64(s.span+undecided) * float64(s.persons))
	return min(n, s.persons-1)
}

// browserOf draws which of a person's browsers clicks, and whether the click
// carries the e-mail address. The third opens the links of a newsletter, which
// all do.
func (s *Scale) browserOf(d *draws, person uint64) (k uint64, mailed bool) {
	h := mix(s.opt.Seed ^ person<<8)
	mailed = d.share() < mailedClicks
	switch x := d.below(10); {
	case x < 3 && s.secondBrowser(person):
		return 1, mailed
	case x == 9 && h>>32%100 < 15:
		return 2, true
	}
	return 0, mailed
}

func (s *Scale) secondBrowser(person uint64) bool { return mix(s.opt.Seed^person<<8)%5 < 2 }

// scaleVisitor is one browser.
type scaleVisitor struct {
	a, b  uint64
	agent uint64
}

func (s *Scale) visitor(kind, number uint64) scaleVisitor {
	d := s.draws(kind, number)
	return scaleVisitor{d.next(), d.next(), d.next()}
}

func (v *scaleVisitor) country() *country { return &countries[v.a>>8%uint64(len(countries))] }

const hexDigits = "0123456789abcdef"

func (v *scaleVisitor) appendID(b []byte) []byte {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], v.a)
	binary.BigEndian.PutUint64(raw[8:], v.b)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	for i, c := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

// appendAddress writes where a visitor is: mostly at home or in the office, now
// and then on the way.
func (s *Scale) appendAddress(b []byte, v *scaleVisitor, at table.Time, d *draws) []byte {
	h, octets := v.b^0x5ca1e, v.country().octets
	if float64(v.a>>40)/(1<<24) < officeVisits {
		office := v.b % s.offices
		h, octets = s.opt.Seed^office, countries[office%uint64(len(countries))].octets
	}
	if d != nil && d.below(5) == 0 {
		h, octets = v.b^uint64(at.Date()), v.country().octets
	}
	h = mix(h)
	b = strconv.AppendUint(b, uint64(octets[h%uint64(len(octets))]), 10)
	for _, shift := range []uint{16, 24, 32} {
		b = strconv.AppendUint(append(b, '.'), h>>shift&0xff, 10)
	}
	return b
}

var scaleHosts = []string{"mail.example", "post.example", "inbox.example", "web.example", "studio.example", "works.example", "letters.example", "company.example"}

// appendEmail writes the address of a person or buyer, in lower case.
func (s *Scale) appendEmail(b []byte, who buyer) []byte {
	d := s.draws(scaleNames, uint64(who)|1<<33)
	b = append(append(b, s.first[d.below(uint64(len(s.first)))]...), '.')
	b = append(append(b, s.last[d.below(uint64(len(s.last)))]...), '.')
	b = strconv.AppendUint(b, uint64(who), 36)
	return append(append(b, '@'), scaleHosts[d.below(uint64(len(scaleHosts)))]...)
}

func appendAlnum(b []byte, d *draws, n int) []byte {
	var h uint64
	for i := range n {
		if i%10 == 0 {
			h = d.next()
		}
		b = append(b, alnum[h%62])
		h /= 62
	}
	return b
}

func upper(b []byte) {
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
}
