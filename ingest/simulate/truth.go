package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"lostlink/ingest/table"
)

// Truth is what really happened to one payment; the package comment explains
// the fields.
type Truth struct {
	PurchaseID string
	Eligible   bool
	Attributed string
	Kind       string
	Partner    string
	Cases      []Cause
	Contested  []string
	Involved   []string
	Signal     string
}

// Claim is a partner's word, with the right answer.
type Claim struct {
	ID, Partner, Name, Email, Note string
	At                             table.Time
	PurchasedOn                    table.Date
	Answer                         string // one of the Answer constants
	PurchaseID                     string // "" for nobody
}

// The right answers to a claim.
const (
	AnswerCredited  = "credited"
	AnswerGap       = "gap"
	AnswerContested = "contested"
	AnswerExcluded  = "excluded"
	AnswerNoSignal  = "customer without partner signal"
	AnswerNobody    = "no such customer"
)

// Incident is a fault of the site and what it cost.
type Incident struct {
	Page   string // "*" for all, "(webhook)" for the payment webhook
	Cause  Cause
	Family string // of browsers, "" all
	Start  table.Time
	End    table.Time
	Lost   int // eligible purchases
	// Signups counts the customers who would have been credited without it,
	// whether or not they bought.
	Signups int
}

// tell works out the truth of all payments, claims and incidents.
func (m *maker) tell() {
	for _, p := range m.people {
		for _, f := range m.lostTo(p, p.cases) {
			if m.replay(p, allCauses.without(f.cause), false).partner == p.partner {
				f.signups++
			}
		}
		contested, involved := m.clicked(p)
		signal := m.signal(p)
		for _, pay := range p.payments {
			t := Truth{PurchaseID: pay.id, Eligible: m.eligible(pay), Kind: p.kind, Cases: p.cases, Involved: involved, Signal: signal}
			if p.partner >= 0 {
				t.Partner = m.site.partners[p.partner].key
			}
			if credited, ok := p.onPlatform(); ok {
				t.Contested = contested
				if contested != nil && p.cases == nil {
					t.Cases = []Cause{OtherPartner}
				}
				switch {
				case pay.recorded():
					t.Attributed = m.site.partners[credited].key
				case p.fixed:
					t.Cases, t.Signal = append(append([]Cause{}, p.cases...), PaymentNotTied), "customer"
				case pay.missed:
					t.Cases, t.Signal = []Cause{PaymentNotTied}, "customer"
				}
			}
			m.truth = append(m.truth, t)
			if t.Eligible && t.Attributed == "" {
				m.blame(p, pay, t.Cases)
			}
		}
	}
	m.incidents = nil
	for i := range m.site.faults {
		f := &m.site.faults[i]
		m.incidents = append(m.incidents, Incident{f.page, f.cause, f.family, f.from, f.to, f.lost, f.signups})
	}
	for i, o := range m.site.outages {
		m.incidents = append(m.incidents, Incident{"(webhook)", PaymentNotTied, "", o.from, o.to, m.outageLost[i], 0})
	}
	sort.SliceStable(m.incidents, func(i, j int) bool { return m.incidents[i].Start < m.incidents[j].Start })
	sort.SliceStable(m.claims, func(i, j int) bool { return m.claims[i].At < m.claims[j].At })
}

// blame counts a lost purchase to the faults that lost it.
func (m *maker) blame(p *person, pay *payment, cases []Cause) {
	if slices.Contains(cases, PaymentNotTied) {
		for i, o := range m.site.outages {
			if o.holds(pay.at) && !p.notTied && !pay.untied && !p.fixed {
				m.outageLost[i]++
			}
		}
	}
	for _, f := range m.lostTo(p, cases) {
		f.lost++
	}
}

// lostTo lists the faults that the journey of a person with these cases passed,
// with the last click or the sign-up.
func (m *maker) lostTo(p *person, cases []Cause) []*fault {
	var out []*fault
	last := p.lastClick()
	for i := range m.site.faults {
		f := &m.site.faults[i]
		if last < 0 || !slices.Contains(cases, f.cause) {
			continue
		}
		for _, j := range []int{last, p.signup} {
			e := &p.events[j]
			if f.hits(e.path, p.browsers[e.b].family, e.at) {
				out = append(out, f)
				break
			}
		}
	}
	return out
}

// clicked lists the partners clicked before the sign-up: all, and those other
// than the credited one inside the cookie's life.
func (m *maker) clicked(p *person) (contested, involved []string) {
	if p.kind == "organic" {
		return nil, nil
	}
	seen, recent := map[int]bool{}, map[int]bool{}
	if p.kind == "typed" {
		seen[p.partner] = true
	}
	signedUp := p.events[p.signup].at
	for i := range p.events[:p.signup] {
		if e := &p.events[i]; e.landing() {
			seen[e.partner] = true
			if signedUp-e.at < table.Time(m.opt.Site.CookieDays)*table.Day && e.partner != p.outcome.partner {
				recent[e.partner] = true
			}
		}
	}
	return m.keys(recent), m.keys(seen)
}

func (m *maker) keys(partners map[int]bool) []string {
	var out []string
	for i := range partners {
		out = append(out, m.site.partners[i].key)
	}
	sort.Strings(out)
	return out
}

// signal says what in the written records ties the buyer to the partner.
func (m *maker) signal(p *person) string {
	if p.partner < 0 {
		if p.leaked {
			return "leaked coupon"
		}
		return "none"
	}
	src := &m.opt.Sources
	s := &p.events[p.signup]
	type place struct{ ip, agent string }
	visitors, places, addresses := map[string]bool{}, map[place]bool{}, map[string]bool{}
	see := func(e *event) {
		ip := p.address(e.net, e.at)
		places[place{ip, m.agent(p, e.b, e.at)}] = true
		addresses[ip] = true
	}
	if src.SignupVisitor && s.given != "" && !p.null {
		visitors[s.given] = true
	}
	if src.SignupBrowser {
		see(s)
	}
	for i := range p.events {
		if e := &p.events[i]; e.loggedIn && m.logged(e) && e.visitor != "" {
			visitors[e.visitor] = true
		}
	}
	for i := range p.events {
		if e := &p.events[i]; m.logged(e) && m.logsVisitor() && e.visitor != "" && visitors[e.visitor] {
			see(e)
		}
	}
	pt := &m.site.partners[p.partner]
	best := "none"
	rank := map[string]int{"visitor": 9, "email": 8, "address and browser": 7, "address": 6, "vanity": 5, "referrer": 4, "claim": 3, "coupon": 2, "none": 0}
	found := func(signal string, holds bool) {
		if holds && rank[signal] > rank[best] {
			best = signal
		}
	}
	for i := range p.events[:p.signup] {
		e := &p.events[i]
		ip := p.address(e.net, e.at)
		at := place{ip, m.agent(p, e.b, e.at)}
		own := m.logged(e) && (m.logsVisitor() && visitors[e.visitor] || places[at])
		switch {
		case e.partner == p.partner:
			clicked := src.Clicks && !e.frozen
			landed := m.logged(e) && !e.stripped
			found("visitor", m.logged(e) && (landed || clicked) && m.logsVisitor() && visitors[e.visitor])
			found("visitor", clicked && e.clickVisitor && visitors[e.given])
			found("email", clicked && e.mailed)
			found("address and browser", (clicked || landed) && places[at])
			found("address", (clicked || landed) && addresses[ip])
		case e.landing() || e.kind == eventClear:
		case e.path == "/"+pt.slug:
			found("vanity", own)
		case strings.HasPrefix(e.referrer, "https://"+pt.domain):
			found("referrer", own)
		}
	}
	found("coupon", p.coupon != "" && p.coupon == pt.coupon && len(p.payments) > 0)
	found("claim", m.claimed[p])
	return best
}

// logsVisitor tells whether page requests are recorded with the visitor id.
func (m *maker) logsVisitor() bool {
	return m.opt.Formats.Visits != AccessLog || m.opt.Sources.Cookies != ""
}

// logged tells whether the page log holds the request.
func (m *maker) logged(e *event) bool {
	return e.kind != eventClear && e.at >= m.start && e.at < m.end && !m.missing[e.at.Date()]
}

// makeClaims lets partners claim what they miss, and what they do not.
func (m *maker) makeClaims() {
	m.claimed = map[*person]bool{}
	if !m.opt.Sources.Claims {
		return
	}
	t := &m.opt.Traps
	for i, p := range m.people {
		if len(p.payments) == 0 {
			continue
		}
		rng := newRand(m.opt.Seed, streamClaim, uint64(i))
		pay, answer := p.payments[0], AnswerExcluded
		for _, q := range p.payments {
			if m.eligible(q) && (p.outcome.partner < 0 || !q.recorded()) {
				pay, answer = q, AnswerGap
				break
			}
			if m.eligible(q) && answer == AnswerExcluded {
				pay, answer = q, AnswerCredited
			}
		}
		by, rate := p.partner, 0.0
		contested, _ := m.clicked(p)
		switch {
		case p.kind == "organic":
			by, rate = choose(rng, m.partnerWeights...), t.ClaimFalse
			if answer == AnswerGap {
				answer = AnswerNoSignal
			}
		case p.kind == "typed" && p.by == byClaim:
			rate = 1
		case p.kind == "typed":
			rate = t.ClaimTyped
		case answer == AnswerGap || answer == AnswerExcluded:
			rate = t.ClaimLost
		case len(contested) > 0 && chance(rng, 0.5):
			by, answer, rate = m.partnerIndex[pick(rng, contested)], AnswerContested, 6*t.ClaimCredited
		default:
			rate = t.ClaimCredited
			if by != p.outcome.partner {
				answer = AnswerContested
			}
		}
		if !chance(rng, rate) {
			continue
		}
		if c, ok := m.claim(rng, by, p.name(), p.email, pay.at); ok {
			c.Answer, c.PurchaseID = answer, pay.id
			m.claimed[p] = by == p.partner
			if answer == AnswerGap && p.outcome.partner < 0 && chance(rng, t.ManualFixes) {
				m.fix(p, pay, &c)
			}
			m.claims = append(m.claims, c)
		}
	}
	for i := range t.ClaimNobody {
		rng := newRand(m.opt.Seed, streamClaim, 1<<40|uint64(i))
		p := m.newPerson(rng, m.opt.Customers+1+i)
		at := m.start + table.Time(rng.Int64N(int64(m.end-m.start)))
		if c, ok := m.claim(rng, choose(rng, m.partnerWeights...), p.name(), p.email, at); ok {
			c.Answer = AnswerNobody
			m.claims = append(m.claims, c)
		}
	}
}

// fix adds the customer and the claimed payment to the platform by hand, some
// days after the claim.
func (m *maker) fix(p *person, pay *payment, c *Claim) {
	at := c.At + 5*table.Day
	if at >= m.end {
		return
	}
	p.fixed, p.fixedAt = true, at
	pay.transaction = transaction{key: "trx_" + pay.id[len(pay.id)-12:], at: pay.at.Date().Start() + 12*table.Hour, byHand: true}
	c.Answer = AnswerCredited
}

// claim writes a claim some days after a purchase; not ok when the period is
// over by then.
func (m *maker) claim(rng *rand.Rand, by int, name, email string, bought table.Time) (Claim, bool) {
	at := bought + table.Time(between(rng, 3*24*3600, 30*24*3600))*table.Second
	if at >= m.end {
		return Claim{}, false
	}
	c := Claim{ID: "clm_" + hexID(rng, 8), Partner: m.site.partners[by].key, Name: name, Email: email, At: at / table.Second * table.Second, PurchasedOn: bought.Date()}
	c.Note = pick(rng, []string{"", "", "referral not tracked", "my client signed up but is missing"})
	switch rng.IntN(12) {
	case 0, 1:
		c.Email = ""
	case 2:
		first, rest, _ := strings.Cut(name, " ")
		if plain := ascii(first); plain != "" {
			c.Name = fmt.Sprintf("%s%s %s", strings.ToUpper(plain[:1]), plain[1:], rest)
		}
	case 3:
		c.PurchasedOn++
	}
	return c, true
}
