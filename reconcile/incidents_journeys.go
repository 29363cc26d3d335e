package reconcile

import (
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
)

// A clean journey should have been credited: a tagged landing, the same visitor
// id up to the sign-up, inside the cookie's life, no refusal of cookies. The
// share of clean journeys that were credited is the pulse of the site: where it
// drops to next to nothing against its own history, the site was at fault.
type sample struct {
	landing  string
	clicked  table.Time
	signedUp table.Time
	browser  browser.Browser
	webkit   bool
	family   string // of the browser, see browser.Browser
	// credited to the partner clicked last: the landing page and the sign-up page
	// worked. known: credited to anybody, so that the sign-up page worked. Whom
	// somebody added to the platform later is neither.
	credited, known bool
	// helped tells that an earlier click on a link of the same partner may have
	// brought the credit even if the last one was lost.
	helped bool
	// byDevice tells that address and user agent tie landing and sign-up, since
	// the log keeps no visitor id.
	byDevice bool
	person   *person
	touch    int32 // the last
}

// sameDeviceWithin is how long after a landing an address with a user agent is
// still taken for the same browser, where no visitor id is logged.
const sameDeviceWithin = 12 * table.Hour

func (b *builder) samples() []sample {
	var out []sample
	at := b.creditTimes()
	for _, p := range b.ordered() {
		if len(p.signups) == 0 {
			continue
		}
		s := &b.rec.signups[p.signups[0]]
		touches := b.cleanTouches(p, s)
		if len(touches) == 0 {
			continue
		}
		last := &b.rec.touches[touches[len(touches)-1]]
		life := b.life(last.browser)
		if last.tagged != table.Yes || last.browser.Robot || s.SignedUpAt-last.at() > life {
			continue
		}
		if is := b.consents.between([]string{last.visitor}, nil, last.at()-table.Minute, s.SignedUpAt); last.visitor != "" && len(is) > 0 && b.consents.rows[is[0]].Choice == "denied" {
			continue
		}
		x := sample{landing: b.rec.page(last), clicked: last.at(), signedUp: s.SignedUpAt, browser: last.browser, webkit: last.browser.WebKit, family: last.browser.Family,
			credited: at.credited(p, last.click.PartnerKey), known: at.credited(p, ""), byDevice: !b.rec.has.VisitorIDs, person: p, touch: touches[len(touches)-1]}
		for _, k := range touches[:len(touches)-1] {
			t := &b.rec.touches[k]
			x.helped = x.helped || t.click.PartnerKey == last.click.PartnerKey && s.SignedUpAt-t.at() <= life
		}
		out = append(out, x)
	}
	return out
}

// life is how long the partner cookie lives in a browser.
func (b *builder) life(in browser.Browser) table.Time {
	if in.WebKit && b.opt.SafariDays > 0 {
		return table.Time(b.opt.SafariDays) * table.Day
	}
	return table.Time(b.opt.CookieDays) * table.Day
}

// creditTimes tells credits that came by a sign-up from those that somebody
// added by hand.
type creditTimes struct {
	b *builder
	// told: the times of the platform's customers tell it.
	told bool
}

// promptly is how soon after a sign-up, or a first payment, the platform has the
// customer, unless somebody added it by hand.
const promptly = table.Day

// creditTimes looks at all customers: where many are younger than that, as after
// a move to the platform, their times mean something else.
func (b *builder) creditTimes() creditTimes {
	const most = 0.2
	at := creditTimes{b, true}
	all, late := 0, 0
	for _, p := range b.ordered() {
		for _, i := range p.customers {
			if all++; !at.prompt(p, i) {
				late++
			}
		}
	}
	at.told = float64(late) <= most*float64(all)
	return at
}

// prompt tells whether a customer record is as old as the person's sign-up or
// first payment.
func (at creditTimes) prompt(p *person, customer int) bool {
	b := at.b
	created := b.customers[customer].CreatedAt
	return len(p.signups)+len(p.purchases) == 0 ||
		len(p.signups) > 0 && created-b.rec.signups[p.signups[0]].SignedUpAt <= promptly ||
		len(p.purchases) > 0 && created-b.purchases[p.purchases[0]].PurchasedAt <= promptly
}

// credited tells whether the person's sign-up was credited to a partner, ""
// for any.
func (at creditTimes) credited(p *person, partner string) bool {
	return slices.ContainsFunc(p.customers, func(i int) bool {
		return (partner == "" || at.b.customers[i].PartnerKey == partner) && (!at.told || at.prompt(p, i))
	})
}

// cleanTouches lists the touches before a sign-up in its own browser, in time
// order: by visitor id, or, where the log has none, by address and user agent
// that nobody else was seen with.
func (b *builder) cleanTouches(p *person, s *table.Signup) []int32 {
	var out []int32
	if b.rec.has.VisitorIDs {
		if !usable(s.VisitorID) {
			return nil
		}
		visitors := map[int32]string{}
		for _, k := range b.touchesOf.of(p.node) {
			visitors[k] = b.rec.touches[k].visitor
		}
		for _, v := range p.visitors {
			if k := b.bareTouch(p, v); k >= 0 {
				visitors[k] = v
			}
		}
		for k := range visitors {
			if b.rec.touches[k].at() <= s.SignedUpAt {
				out = append(out, k)
			}
		}
		slices.Sort(out) // touches are in time order
		if len(out) > 0 && visitors[out[len(out)-1]] != s.VisitorID {
			return nil
		}
		return out
	}
	if s.IP == "" || others(b.peopleOn.of(device{s.IP, s.UserAgent}), p.node) > 0 {
		return nil
	}
	for _, k := range b.rec.touchesIP.of(s.IP) {
		t := &b.rec.touches[k]
		if t.click.UserAgent == s.UserAgent && t.at() <= s.SignedUpAt && s.SignedUpAt-t.at() <= sameDeviceWithin {
			out = append(out, k)
		}
	}
	return out
}

// bareTouch finds the landing that a browser got its visitor id on, where the
// log has only the ids that requests bring along: the last landing without one,
// from the same device, before the first request with it. -1 where there is
// none, or others use that device too.
func (b *builder) bareTouch(p *person, visitor string) int32 {
	vs := b.rec.visitsOf.of(visitor)
	if len(vs) == 0 {
		return -1
	}
	first := &b.rec.visits[vs[0]]
	if first.IP == "" || others(b.peopleOn.of(device{first.IP, first.UserAgent}), p.node) > 0 || b.isLanding(vs[0]) {
		return -1
	}
	found := int32(-1)
	for _, k := range b.rec.touchesIP.of(first.IP) {
		t := &b.rec.touches[k]
		if age := first.VisitedAt - t.at(); t.landing >= 0 && t.visitor == "" && t.click.UserAgent == first.UserAgent && age >= 0 && age <= b.life(t.browser) {
			found = k
		}
	}
	return found
}

// An engine is what browsers have in common that fail together.
type engine string

const (
	anyEngine engine = ""
	webkit    engine = "Safari and other WebKit browsers"
	chromium  engine = "Chrome and other Chromium browsers"
	gecko     engine = "Firefox"
)

var engines = []engine{webkit, chromium, gecko}

func engineOf(b browser.Browser) engine {
	switch {
	case b.WebKit:
		return webkit
	case b.Family == "Firefox":
		return gecko
	case b.Family == "" || b.Family == "Internet Explorer":
		return anyEngine
	}
	return chromium
}

// named reads a browser back from its name in a gap.
func named(name string) browser.Browser {
	family, system, _ := strings.Cut(name, " on ")
	return browser.Browser{Family: family, System: system, WebKit: family == "Safari" || system == "iPhone" || system == "iPad"}
}
