package reconcile

import (
	"math"

	"lostlink/reconcile/gap"
)

const (
	// neverShare is what is credited in Safari on a page without snippet: people
	// who came back by another page.
	neverShare = 0.06
	// safariScore is the log-likelihood ratio from which the page is taken for
	// one without snippet, about twenty to one.
	safariScore = 3
	// safariUsual is the share of other browsers' journeys that must be credited
	// on the page: less, and the page is at fault for everybody.
	safariUsual = 0.4
)

// findSafariPages compares, landing page by landing page, how Safari's clean
// journeys fare against its journeys everywhere, and against other browsers' on
// the same page. Where Safari's are next to never credited and the others are,
// the page has no snippet: only a browser that keeps third-party cookies is then
// credited, by a later page.
func (b *builder) findSafariPages(all []sample) {
	b.safariPages, b.safariSeen = map[string]*gap.SafariPage{}, map[string]bool{}
	pages := map[string]*gap.SafariPage{}
	total, credited := 0, 0
	for _, s := range all {
		if b.inIncident(s) {
			continue
		}
		p := pages[s.landing]
		if p == nil {
			p = &gap.SafariPage{}
			pages[s.landing] = p
		}
		one := 0
		if s.credited {
			one = 1
		}
		if s.family == "Safari" {
			total, credited = total+1, credited+one
			p.Safari, p.SafariCredited = p.Safari+1, p.SafariCredited+one
		} else {
			p.Others, p.OthersCredited = p.Others+1, p.OthersCredited+one
		}
	}
	usual := float64(credited+1) / float64(total+2)
	for page, p := range pages {
		b.safariSeen[page] = p.Safari > 0
		score := float64(p.Safari-p.SafariCredited)*math.Log((1-neverShare)/(1-usual)) + float64(p.SafariCredited)*math.Log(neverShare/usual)
		if score >= safariScore && p.OthersCredited > 0 && float64(p.OthersCredited) >= safariUsual*float64(p.Others) {
			b.safariPages[page] = p
		}
	}
}

// inIncident tells whether a fault of the site explains a journey.
func (b *builder) inIncident(s sample) bool {
	for i := range b.incidents {
		if b.incidents[i].covers(s.landing, s.clicked, s.signedUp) {
			return true
		}
	}
	return false
}
