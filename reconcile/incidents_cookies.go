package reconcile

import (
	"cmp"
	"math"
	"slices"

	"lostlink/ingest/table"
)

// Where the site log has the partner's cookies, the two sides of a journey are
// seen each by itself, and of all visitors rather than of those who sign up: a
// landing page worked if the next request brings the cookie along, and the
// sign-up page if a sign-up with the cookie was credited.

// cookiesTell is the share of clean journeys whose landing the cookies must tell
// of to be relied on: a log may have them for a part of its days only.
const cookiesTell = 0.8

// strangersMost is about how many landings of visitors who never sign up are
// looked at: enough to place a fault by the hour on a site of any size.
const strangersMost = 20_000

// strangersBelow gives the key (textKey) up to which visitors are looked at,
// where a log has so many landings with a visitor id.
func strangersBelow(landings int) uint32 {
	limit := uint32(math.MaxUint32)
	for ; landings > strangersMost; landings /= 2 {
		limit /= 2
	}
	return limit
}

// cookieSteps gives landings and sign-ups as samples of their own; ok tells
// whether the log has enough cookies.
func (b *builder) cookieSteps(clean []sample) (landings, signups []sample, ok bool) {
	if !b.rec.has.Cookies {
		return nil, nil, false
	}
	told := map[int32]bool{} // touches
	limit := strangersBelow(b.rec.roll.landings)
	visitors := b.bareVisitors()
	for k := range b.rec.touches {
		t := &b.rec.touches[k]
		visitor := cmp.Or(t.visitor, visitors[int32(k)])
		if t.landing < 0 || t.tagged != table.Yes || t.browser.Robot || visitor == "" {
			continue
		}
		if b.people.ownerAt(visitor, t.at()) < 0 && uint32(textKey(visitor)) > limit {
			continue
		}
		set, known := b.cookieSet(t, visitor)
		if !known {
			continue
		}
		told[int32(k)] = true
		landings = append(landings, sample{landing: b.rec.page(t), clicked: t.at(), browser: t.browser, credited: set})
	}
	n := 0
	for i := range clean {
		if told[clean[i].touch] {
			n++
		}
	}
	if float64(n) < cookiesTell*float64(len(clean)) {
		return nil, nil, false
	}
	at := b.creditTimes()
	for _, p := range b.ordered() {
		if len(p.signups) == 0 {
			continue
		}
		s := &b.rec.signups[p.signups[0]]
		if v := b.visitAt(s); v != nil && v.CookiesLogged == table.Yes && v.PartnerCookie+v.ClickCookie != "" {
			known := at.credited(p, "")
			signups = append(signups, sample{signedUp: s.SignedUpAt, browser: b.rec.browsers.Of(v.UserAgent), credited: known, known: known, person: p})
		}
	}
	return landings, signups, true
}

// bareVisitors gives the visitor ids of landings that came before them, by touch.
func (b *builder) bareVisitors() map[int32]string {
	out := map[int32]string{}
	for _, p := range b.ordered() {
		for _, v := range p.visitors {
			if k := b.bareTouch(p, v); k >= 0 {
				out[k] = v
			}
		}
	}
	return out
}

// cookieSet tells whether a landing set the partner's cookie, by the browser's
// next request. Not known: there is none, cookies were refused, or the same
// cookie was there before.
func (b *builder) cookieSet(t *touch, visitor string) (set, known bool) {
	const atLeast = 2 * table.Second // for the page to run its script
	landed := &b.rec.visits[t.landing]
	vs := b.rec.visitsOf.of(visitor)
	k, _ := slices.BinarySearchFunc(vs, landed.VisitedAt+atLeast, func(v int32, at table.Time) int { return cmp.Compare(b.rec.visits[v].VisitedAt, at) })
	if k == len(vs) {
		return false, false
	}
	next := &b.rec.visits[vs[k]]
	if next.CookiesLogged != table.Yes || next.VisitedAt-landed.VisitedAt > b.life(t.browser) {
		return false, false
	}
	if is := b.consents.between([]string{visitor}, nil, landed.VisitedAt-table.Minute, next.VisitedAt); len(is) > 0 && b.consents.rows[is[0]].Choice == "denied" {
		return false, false
	}
	before, carried := landed.PartnerCookie+"\x00"+landed.ClickCookie, next.PartnerCookie+"\x00"+next.ClickCookie
	switch {
	case next.PartnerCookie+next.ClickCookie == "":
		return false, true
	case carried != before, usable(t.click.ClickID) && next.ClickCookie == t.click.ClickID:
		return true, true
	case next.ClickCookie == "" && next.PartnerCookie == t.click.PartnerKey:
		return false, false
	}
	return false, true
}

// visitAt gives the page request that handed in a sign-up, nil for none.
func (b *builder) visitAt(s *table.Signup) *table.Visit {
	if !usable(s.VisitorID) {
		return nil
	}
	vs := b.rec.visitsOf.of(s.VisitorID)
	k, _ := slices.BinarySearchFunc(vs, s.SignedUpAt+atOnce+1, func(v int32, at table.Time) int { return cmp.Compare(b.rec.visits[v].VisitedAt, at) })
	if k == 0 || s.SignedUpAt-b.rec.visits[vs[k-1]].VisitedAt > atOnce {
		return nil
	}
	return &b.rec.visits[vs[k-1]]
}
