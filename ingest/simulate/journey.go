package simulate

import (
	"math"
	"math/rand/v2"
	"sort"
	"strings"

	"lostlink/ingest/table"
)

// journey draws what a customer does, cause first: who sent them, what they
// clicked and where, what happened to their cookies, when they signed up.
func (m *maker) journey(number int) *person {
	rng := newRand(m.opt.Seed, streamPerson, uint64(number))
	p := m.newPerson(rng, number)
	p.payEmail = m.otherEmail(rng, p, number)
	p.key = "u-" + hexID(rng, 10)
	o := &m.opt
	switch choose(rng, o.Referred, o.Typed, 1-o.Referred-o.Typed) {
	case 0:
		p.kind = "referred"
		m.referred(rng, p)
	case 1:
		p.kind = "typed"
		m.typed(rng, p)
	default:
		m.organic(rng, p)
	}
	p.null = chance(rng, o.Traps.NullVisitor)
	m.buy(rng, p)
	m.settle(p)
	for i := range p.events {
		e := &p.events[i]
		e.clickVisitor = e.landing() && chance(rng, o.Sources.ClickVisitor)
		e.loggedIn = i > p.signup && chance(rng, o.Sources.LoggedIn)
	}
	return p
}

// signupTime is a time after another one, kept off the very end.
func (m *maker) signupTime(rng *rand.Rand, after table.Time) table.Time {
	last := m.end - table.Hour
	if after >= last {
		return last
	}
	return after + seconds(rng, last-after)
}

// delay is how long people take from the last click to the sign-up.
func delay(rng *rand.Rand) table.Time {
	span := func(lo, hi table.Time) table.Time {
		// Even in the logarithm: minutes are as likely as hours.
		x := math.Log(float64(lo)) + rng.Float64()*(math.Log(float64(hi))-math.Log(float64(lo)))
		return table.Time(math.Exp(x)) / table.Second * table.Second
	}
	switch choose(rng, 0.5, 0.22, 0.2, 0.08) {
	case 0:
		return span(2*table.Minute, 40*table.Minute)
	case 1:
		return span(table.Hour, 24*table.Hour)
	case 2:
		return span(table.Day, 14*table.Day)
	}
	return span(14*table.Day, 75*table.Day)
}

func (m *maker) referred(rng *rand.Rand, p *person) {
	o := &m.opt
	p.partner = choose(rng, m.partnerWeights...)
	p.mailed = chance(rng, o.Sources.ClickEmail)
	gap := delay(rng)
	late := chance(rng, o.Causes.LateSignup)
	cleared := chance(rng, o.Causes.CookiesCleared)
	switched := chance(rng, o.Causes.DeviceSwitch)
	if late {
		gap = table.Time(o.Site.CookieDays)*table.Day + table.Hour + seconds(rng, 60*table.Day)
	}
	if (cleared || switched) && gap < table.Hour && rng.IntN(3) > 0 {
		gap += table.Hour + seconds(rng, 5*table.Day)
	}
	// A programme that runs shorter than the delay leaves no room for it.
	if room := m.end - m.start - 2*table.Hour; gap > room {
		gap = room
	}
	signup := m.signupTime(rng, m.start+gap+table.Hour)
	click := signup - gap
	b, signupBrowser := 0, 0
	if switched {
		if len(p.browsers) == 1 {
			p.browsers = append(p.browsers, m.newBrowser(rng, p))
		}
		signupBrowser = 1
		if p.browsers[0].format == p.browsers[1].format {
			p.browsers[1].mobile = !p.browsers[0].mobile
			br := m.newBrowser(rng, p)
			for br.format == p.browsers[0].format {
				br = m.newBrowser(rng, p)
			}
			p.browsers[1] = br
		}
	}
	// Earlier clicks, some on another partner's link.
	for range choose(rng, 0.7, 0.22, 0.08) {
		m.visitBy(rng, p, between(rng, 0, len(p.browsers)-1), m.before(rng, click), p.partner)
	}
	if chance(rng, o.Causes.OtherPartner) {
		if other := choose(rng, m.partnerWeights...); other != p.partner {
			m.visitBy(rng, p, b, m.before(rng, click), other)
		}
	}
	landing := m.visitBy(rng, p, b, click, p.partner)
	e := &p.events[landing]
	e.stripped = chance(rng, o.Causes.ParametersStripped)
	if chance(rng, o.Traps.PastedLinks) && len(m.site.frozen) > 0 {
		m.paste(rng, p, e)
	}
	if cleared {
		p.events = append(p.events, event{kind: eventClear, b: b, at: click + gap*table.Time(between(rng, 30, 90))/100, partner: -1})
	}
	m.signsUp(rng, p, signupBrowser, signup, gap > 40*table.Minute || switched)
	if switched && chance(rng, o.Traps.LoginBack) {
		m.session(rng, p, b, m.after(rng, signup, 10), pick(rng, []string{"/features", "/pricing"}), "", "")
	}
	if m.site.partners[p.partner].coupon != "" && chance(rng, o.Traps.CouponBesideClick) {
		p.coupon = m.site.partners[p.partner].coupon
	}
}

// before is some time in the weeks before t, inside the period.
func (m *maker) before(rng *rand.Rand, t table.Time) table.Time {
	return m.back(rng, t, table.Hour+seconds(rng, 50*table.Day))
}

// back goes back from t, but not beyond the beginning of the logs.
func (m *maker) back(rng *rand.Rand, t, gap table.Time) table.Time {
	if room := t - m.start; gap > room {
		gap = seconds(rng, room)
	}
	return t - gap
}

// seconds draws whole seconds below a limit.
func seconds(rng *rand.Rand, below table.Time) table.Time {
	return table.Time(rng.Int64N(max(1, int64(below/table.Second)))) * table.Second
}

func (m *maker) after(rng *rand.Rand, t table.Time, dayCount int) table.Time {
	return t + table.Hour + seconds(rng, table.Time(dayCount)*table.Day)
}

func (m *maker) typed(rng *rand.Rand, p *person) {
	w := m.opt.Causes.TypedBy
	p.partner = choose(rng, m.partnerWeights...)
	p.by = choose(rng, w[:]...)
	pt := &m.site.partners[p.partner]
	if p.by == byCoupon && pt.coupon == "" {
		p.by = byVanity
	}
	signup := m.signupTime(rng, m.start+table.Hour)
	begin := m.back(rng, signup, delay(rng))
	path, referrer := "/", ""
	switch p.by {
	case byVanity:
		path = "/" + pt.slug
	case byReferrer:
		referrer = "https://" + pt.domain + "/" + pick(rng, []string{"", "best-tools", "review"})
	case byCoupon:
		p.coupon = pt.coupon
	}
	m.session(rng, p, 0, begin, path, referrer, "")
	m.signsUp(rng, p, 0, signup, signup-begin > 40*table.Minute)
}

// How a typed customer shows; indices of Causes.TypedBy.
const (
	byVanity = iota
	byReferrer
	byCoupon
	byClaim
	byNothing
)

func (m *maker) organic(rng *rand.Rand, p *person) {
	o := &m.opt
	if chance(rng, o.Traps.SelfReferral) {
		p.self = true
		i := rng.IntN(len(m.site.partners))
		pt := &m.site.partners[i]
		p.email = strings.Replace(pt.email, "team@", ascii(p.first)+"@", 1)
		p.payEmail = p.email
		signup := m.signupTime(rng, m.start+2*table.Hour)
		m.visitBy(rng, p, 0, signup-table.Time(between(rng, 2, 50))*table.Minute, i)
		m.signsUp(rng, p, 0, signup, false)
		return
	}
	if chance(rng, o.Traps.Existing) {
		p.existing = true
		p.events = append(p.events, event{kind: eventSignup, b: 0, at: m.start - table.Time(between(rng, 5, 300))*table.Day, path: o.Site.SignupPath, partner: -1})
	} else {
		signup := m.signupTime(rng, m.start+table.Hour)
		begin := m.back(rng, signup, delay(rng))
		referrer, query := organicSource(rng)
		if o.Traps.LeakedCoupons > 0 && chance(rng, o.Traps.LeakedCouponUse) {
			leaked := &m.site.partners[rng.IntN(min(o.Traps.LeakedCoupons, len(m.site.partners)))]
			p.coupon, p.leaked = leaked.coupon, true
			if rng.IntN(2) == 0 {
				referrer, query = couponSite, ""
			}
		}
		m.session(rng, p, 0, begin, pick(rng, []string{"/", "/", "/pricing", "/features"}), referrer, query)
		m.signsUp(rng, p, 0, signup, signup-begin > 40*table.Minute)
	}
	if chance(rng, o.Traps.ClickAfterBuying) {
		from := max(p.events[len(p.events)-1].at, m.start)
		if t := m.after(rng, from+table.Hour, 60); t < m.end-table.Hour {
			m.visitBy(rng, p, 0, t, choose(rng, m.partnerWeights...))
		}
	}
}

// couponSite publishes partners' codes to everybody.
const couponSite = "https://www.couponhunt.example/"

func organicSource(rng *rand.Rand) (referrer, query string) {
	switch choose(rng, 0.35, 0.3, 0.15, 0.1, 0.1) {
	case 1:
		return "https://www.google.com/", ""
	case 2:
		return "https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=brand"
	case 3:
		return "https://news.example/story", ""
	case 4:
		return "https://t.co/x", ""
	}
	return "", ""
}

// visitBy follows a partner's link and looks around; it returns the index of
// the landing.
func (m *maker) visitBy(rng *rand.Rand, p *person, b int, at table.Time, by int) int {
	pt := &m.site.partners[by]
	n := p.network(rng, b)
	l := rng.IntN(len(pt.links))
	e := event{kind: eventPage, b: b, net: n, at: at, path: pt.links[l].page, partner: by, link: l, click: alnumID(rng, 14), mailed: p.mailed}
	if chance(rng, 0.05) {
		e.click = e.click[:12] // the older, shorter ids
	}
	if rng.IntN(5) > 0 {
		e.referrer = "https://" + pt.domain + "/"
	}
	if rng.IntN(4) == 0 {
		e.query = "utm_source=" + pt.slug
	}
	p.events = append(p.events, e)
	i := len(p.events) - 1
	m.pages(rng, p, b, n, at, rng.IntN(4), m.site.host+e.path)
	return i
}

// paste turns a landing into one from a published, decorated address.
func (m *maker) paste(rng *rand.Rand, p *person, e *event) {
	f := pick(rng, m.site.frozen)
	p.partner = f.partner
	e.partner, e.link, e.click, e.path, e.frozen, e.stripped, e.query = f.partner, 0, f.click, f.page, true, false, ""
	e.referrer = pick(rng, []string{"", "https://forum.example/thread/812", "https://chat.example/"})
}

// session opens a page and looks around.
func (m *maker) session(rng *rand.Rand, p *person, b int, at table.Time, path, referrer, query string) {
	n := p.network(rng, b)
	p.events = append(p.events, event{kind: eventPage, b: b, net: n, at: at, path: path, query: query, referrer: referrer, partner: -1})
	m.pages(rng, p, b, n, at, rng.IntN(4), m.site.host+path)
}

func (m *maker) pages(rng *rand.Rand, p *person, b int, n network, at table.Time, more int, from string) {
	for range more {
		at += table.Time(between(rng, 8, 90)) * table.Second
		path := pick(rng, []string{"/", "/pricing", "/features"})
		p.events = append(p.events, event{kind: eventPage, b: b, net: n, at: at, path: path, referrer: from, partner: -1})
		from = m.site.host + path
	}
}

// signsUp hands in the form; a later session opens with some other page.
func (m *maker) signsUp(rng *rand.Rand, p *person, b int, at table.Time, later bool) {
	n := p.network(rng, b)
	from := m.site.host + "/"
	if later {
		first := pick(rng, []string{"/", "/pricing", m.opt.Site.SignupPath})
		p.events = append(p.events, event{kind: eventPage, b: b, net: n, at: at - table.Time(between(rng, 20, 90))*table.Second, path: first,
			referrer: pick(rng, []string{"https://www.google.com/", "", ""}), partner: -1})
		from = m.site.host + first
	}
	p.events = append(p.events, event{kind: eventSignup, b: b, net: n, at: at, path: m.opt.Site.SignupPath, referrer: from, partner: -1})
}

// settle sorts the journey, finds the sign-up in it and decides the credit.
func (m *maker) settle(p *person) {
	sort.SliceStable(p.events, func(i, j int) bool { return p.events[i].at < p.events[j].at })
	for i := range p.events {
		if p.events[i].kind == eventSignup {
			p.signup = i
		}
	}
	deserving := -1
	if i := p.lastClick(); i >= 0 && !p.self {
		// A pasted address may be another partner's than the one drawn.
		p.kind, p.partner, deserving = "referred", p.events[i].partner, p.events[i].partner
	}
	p.outcome = m.replay(p, allCauses, false)
	switch {
	case p.kind == "typed":
		p.cases = []Cause{ManualURL}
	case deserving < 0:
		p.cases = []Cause{Ordinary}
	case p.outcome.partner != deserving:
		p.cases = m.judge(p, deserving)
	}
	m.replay(p, allCauses, true)
	m.askConsent(p)
}

// askConsent is what the banner hears from each browser at its first visit.
func (m *maker) askConsent(p *person) {
	asked := make([]bool, len(p.browsers))
	for i := range p.events {
		e := &p.events[i]
		if e.kind == eventClear {
			asked[e.b] = false // the answer was a cookie too
			continue
		}
		if asked[e.b] || e.at < m.start {
			continue
		}
		asked[e.b] = true
		br := &p.browsers[e.b]
		if !br.blocked || br.banner {
			p.consents = append(p.consents, consent{at: e.at + table.Time(2+mix(p.id+uint64(i))%9)*table.Second, b: e.b, net: e.net, denied: br.blocked, visitor: e.given})
		}
	}
}
