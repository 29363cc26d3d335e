package reconcile

import (
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
	// worked. known: credited to anybody, so that the sign-up page worked.
	credited, known bool
	// helped tells that an earlier click on a link of the same partner may have
	// brought the credit even if the last one was lost.
	helped bool
	// byDevice tells that address and user agent tie landing and sign-up, since
	// the log keeps no visitor id.
	byDevice bool
	person   *person
}

// sameDeviceWithin is how long after a landing an address with a user agent is
// still taken for the same browser, where no visitor id is logged.
const sameDeviceWithin = 12 * table.Hour

func (b *builder) samples() []sample {
	var out []sample
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
		life := b.opt.CookieDays
		if last.browser.WebKit && b.opt.SafariDays > 0 {
			life = b.opt.SafariDays
		}
		if last.tagged != table.Yes || last.browser.Robot || s.SignedUpAt-last.at() > table.Time(life)*table.Day {
			continue
		}
		if is := b.consents.between([]string{last.visitor}, nil, last.at()-table.Minute, s.SignedUpAt); last.visitor != "" && len(is) > 0 && b.consents.rows[is[0]].Choice == "denied" {
			continue
		}
		x := sample{landing: b.rec.page(last), clicked: last.at(), signedUp: s.SignedUpAt, browser: last.browser, webkit: last.browser.WebKit, family: last.browser.Family,
			credited: b.creditedTo(p, last.click.PartnerKey), known: len(p.customers) > 0, byDevice: !b.rec.has.VisitorIDs, person: p}
		for _, k := range touches[:len(touches)-1] {
			t := &b.rec.touches[k]
			x.helped = x.helped || t.click.PartnerKey == last.click.PartnerKey && s.SignedUpAt-t.at() <= table.Time(life)*table.Day
		}
		out = append(out, x)
	}
	return out
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
		for _, k := range b.touchesOf[p.node] {
			if b.rec.touches[k].at() <= s.SignedUpAt {
				out = append(out, k)
			}
		}
		if len(out) > 0 && b.rec.touches[out[len(out)-1]].visitor != s.VisitorID {
			return nil
		}
		return out
	}
	if s.IP == "" || others(b.peopleOn[device{s.IP, s.UserAgent}], p.node) > 0 {
		return nil
	}
	for _, k := range b.rec.touchesIP[s.IP] {
		t := &b.rec.touches[k]
		if t.click.UserAgent == s.UserAgent && t.at() <= s.SignedUpAt && s.SignedUpAt-t.at() <= sameDeviceWithin {
			out = append(out, k)
		}
	}
	return out
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
