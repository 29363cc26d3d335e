package simulate

import (
	"fmt"

	"lostlink/ingest/table"
)

type eventKind uint8

const (
	eventPage eventKind = iota
	eventClear
	eventSignup // a request of the sign-up page that hands in the form
)

// event is one step of a journey. A landing with a click is one event: its
// request comes a second after the click.
type event struct {
	at       table.Time
	kind     eventKind
	b        int // browser
	net      network
	path     string
	query    string // without "?"; of a landing the partner's parameters are added
	referrer string
	// Of a landing: whose link, which click. partner is -1 elsewhere.
	partner  int
	link     int
	click    string
	frozen   bool // pasted address: no click happened
	stripped bool
	mailed   bool // the click carries the e-mail address

	// What the request carried, as replay found it.
	visitor     string
	given       string // the visitor id the browser holds after the answer
	cookie      int    // partner of the cookie, -1 none
	cookieClick string

	clickVisitor bool // the click log learns the visitor id
	loggedIn     bool // the page event carries the e-mail
}

func (e *event) landing() bool { return e.partner >= 0 }

// jar is what one browser keeps.
type jar struct {
	visitor string
	clears  int
	partner int // -1: no partner cookie
	click   string
	expires table.Time
	// A click that a page without snippet left to a later page.
	pending        int
	pendingClick   string
	pendingExpires table.Time
}

// outcome is what the platform knows after a sign-up.
type outcome struct {
	partner int // credited, -1 none
	click   string
}

// replay runs the journey up to the sign-up with some causes at work and says
// whom the platform credits. With record it goes on to the last event and
// writes into the events what each request carried.
func (m *maker) replay(p *person, work causes, record bool) outcome {
	jars := m.jars[:0]
	for range p.browsers {
		jars = append(jars, jar{partner: -1, pending: -1})
	}
	m.jars = jars
	// Without a device switch the browser of the sign-up is that of the last click.
	from, to := -1, -1
	if !work.has(DeviceSwitch) && p.signup >= 0 {
		if last := p.lastClick(); last >= 0 {
			from, to = p.events[p.signup].b, p.events[last].b
		}
	}
	out := outcome{partner: -1}
	for i := range p.events {
		e := &p.events[i]
		b := e.b
		if b == from {
			b = to
		}
		j, br := &jars[b], &p.browsers[b]
		if e.kind == eventClear {
			if work.has(CookiesCleared) {
				*j = jar{partner: -1, pending: -1, clears: j.clears + 1}
			}
			continue
		}
		blocked := br.blocked && work.has(CookiesBlocked)
		if j.partner >= 0 && e.at >= j.expires && work.has(CookieExpired) {
			j.partner = -1
		}
		if record {
			e.visitor, e.given, e.cookie, e.cookieClick = "", "", -1, ""
			if !blocked {
				if j.visitor == "" {
					j.visitor = visitorID(p.id, b, j.clears)
					if !m.opt.Site.VisitorLate {
						e.visitor = j.visitor
					}
				} else {
					e.visitor = j.visitor
				}
				e.given = j.visitor
				if e.cookie = j.partner; e.cookie >= 0 {
					e.cookieClick = j.click
				}
			}
		}
		st := m.site.state(e.path, br.family, e.at, work)
		arrives := e.landing() && !(e.stripped && work.has(ParametersStripped))
		life := table.Time(m.opt.Site.CookieDays) * table.Day
		if m.opt.Site.SafariDays > 0 && br.family == "safari" && work.has(CookieExpired) {
			life = table.Time(m.opt.Site.SafariDays) * table.Day
		}
		switch {
		case blocked:
		case arrives && st.works():
			j.partner, j.click, j.expires, j.pending = e.partner, e.click, e.at+life, -1
		case arrives && st.bare:
			thirdParty := br.family == "chrome" || br.family == "firefox" && m.opt.Causes.ThirdPartyFirefox || br.inApp() && m.opt.Causes.ThirdPartyInApp
			if thirdParty || !work.has(SafariNoSnippet) {
				j.pending, j.pendingClick, j.pendingExpires = e.partner, e.click, e.at+life
			}
		case j.pending >= 0 && st.works() && (e.at < j.pendingExpires || !work.has(CookieExpired)):
			j.partner, j.click, j.expires, j.pending = j.pending, j.pendingClick, j.pendingExpires, -1
		}
		if e.kind == eventSignup && i == p.signup {
			if !blocked && j.partner >= 0 && st.works() && !st.overwritten && !p.self {
				out = outcome{partner: j.partner, click: j.click}
			}
			if !record {
				return out
			}
		}
	}
	return out
}

func visitorID(person uint64, b, clears int) string {
	h := mix(person ^ mix(uint64(b)<<8|uint64(clears)))
	return fmt.Sprintf("%016x%04x", h, mix(h)&0xffff)
}

// lastClick is the last landing with a partner's link before the sign-up: the
// partner who deserves the customer. -1: none.
func (p *person) lastClick() int {
	last := -1
	for i := range p.events {
		if i >= p.signup {
			break
		}
		if p.events[i].landing() {
			last = i
		}
	}
	return last
}

// judge says which causes cost the partner who deserves it the customer: each
// that would have alone, or else a smallest set that together would have.
func (m *maker) judge(p *person, deserving int) []Cause {
	var alone []Cause
	for _, c := range journeyCauses {
		if m.replay(p, only(c), false).partner != deserving {
			alone = append(alone, c)
		}
	}
	if alone != nil {
		return alone
	}
	var together []Cause
	work := allCauses
	for _, c := range journeyCauses {
		if m.replay(p, work.without(c), false).partner != deserving {
			work = work.without(c)
		} else {
			together = append(together, c)
		}
	}
	return together
}
