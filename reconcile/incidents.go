package reconcile

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// A clean journey should have been credited: a tagged landing, the same visitor
// id up to the sign-up, inside the cookie's life, no refusal of cookies. The
// share of clean journeys that were credited is the pulse of the site: where it
// drops to next to nothing against its own history, the site was at fault.
type sample struct {
	landing  string
	clicked  table.Time
	signedUp table.Time
	webkit   bool
	family   string // of the browser, see browser.Browser
	credited bool
	person   *person
}

// incident is a stretch found in the logs, in the page checks or in both.
type incident struct {
	gap.Incident
	bySignup bool // the sign-up page is at fault: journeys are placed by sign-up, else by click
	pages    map[string]bool
}

// covers tells whether a journey that landed on page at clicked and signed up
// at signedUp passed the fault.
func (x *incident) covers(page string, clicked, signedUp table.Time) bool {
	in := func(t table.Time) bool { return t >= x.Start && t <= x.End }
	if x.bySignup {
		return signedUp != 0 && in(signedUp)
	}
	return clicked != 0 && in(clicked) && x.pages[page]
}

func (b *builder) samples() []sample {
	var out []sample
	for _, p := range b.ordered() {
		if len(p.signups) == 0 {
			continue
		}
		s := &b.rec.signups[p.signups[0]]
		if !usable(s.VisitorID) {
			continue
		}
		var last *touch
		for _, k := range b.touchesOf[p.node] {
			if t := &b.rec.touches[k]; t.at() <= s.SignedUpAt {
				last = t
			}
		}
		if last == nil || last.tagged != table.Yes || last.visitor != s.VisitorID {
			continue
		}
		life := b.opt.CookieDays
		if last.browser.WebKit && b.opt.SafariDays > 0 {
			life = b.opt.SafariDays
		}
		if s.SignedUpAt-last.at() > table.Time(life)*table.Day {
			continue
		}
		if is := b.consents.between([]string{last.visitor}, nil, last.at()-table.Minute, s.SignedUpAt); len(is) > 0 && b.consents.rows[is[0]].Choice == "denied" {
			continue
		}
		out = append(out, sample{landing: b.rec.page(last), clicked: last.at(), signedUp: s.SignedUpAt, webkit: last.browser.WebKit, family: last.browser.Family,
			credited: b.creditedTo(p, last.click.PartnerKey), person: p})
	}
	return out
}

const (
	// brokenShare is what is still credited during a fault: stray cookies.
	brokenShare = 0.04
	// minScore and the logarithm of the number of journeys is the log-likelihood
	// ratio a stretch must reach to be called a fault rather than bad luck, of
	// which many journeys have more; minLost are the journeys it must have lost.
	minScore = 5.0
	minLost  = 5
)

// findIncidents looks for stretches without credits on the sign-up side (all
// journeys by the time of the sign-up) and then, among the journeys those do
// not explain, landing page by landing page by the time of the click.
func (b *builder) findIncidents() {
	all := b.samples()
	b.faultScore = minScore + math.Log(float64(max(len(all), 1)))
	credited := 0
	for _, s := range all {
		if s.credited {
			credited++
		}
	}
	if len(all) >= 20 && credited > 0 {
		usual := min(float64(credited+1)/float64(len(all)+2), 0.98)
		left := b.scan(all, usual, true, "", false)
		pages := map[string][]sample{}
		for _, s := range left {
			pages[s.landing] = append(pages[s.landing], s)
		}
		var names []string
		for p := range pages {
			names = append(names, p)
		}
		slices.Sort(names)
		for _, p := range names {
			rest := b.scan(pages[p], usual, false, p, false)
			var webkit []sample
			for _, s := range rest {
				if s.webkit {
					webkit = append(webkit, s)
				}
			}
			b.scan(webkit, usual, false, p, true)
		}
	}
	b.joinChecks()
	b.findSafariPages(all)
	for i := range b.incidents {
		x := &b.incidents[i]
		x.Expected, x.Credited = 0, 0
		for _, s := range all {
			if x.covers(s.landing, s.clicked, s.signedUp) && (len(x.Browsers) == 0 || s.webkit) {
				x.Expected++
				if s.credited {
					x.Credited++
				}
			}
		}
	}
	slices.SortFunc(b.incidents, func(x, y incident) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), cmp.Compare(fmt.Sprint(x.Pages), fmt.Sprint(y.Pages)))
	})
}

// scan takes stretch after stretch whose score is highest out of the samples
// (Kadane's maximal segment over log-likelihood ratios) and gives back what no
// stretch holds.
func (b *builder) scan(ss []sample, usual float64, bySignup bool, page string, webkit bool) []sample {
	at := func(s sample) table.Time {
		if bySignup {
			return s.signedUp
		}
		return s.clicked
	}
	slices.SortStableFunc(ss, func(x, y sample) int { return cmp.Compare(at(x), at(y)) })
	lost, kept := math.Log((1-brokenShare)/(1-usual)), math.Log(brokenShare/usual)
	for {
		best, from, to := 0.0, -1, -1
		sum, start := 0.0, 0
		for i, s := range ss {
			if sum <= 0 {
				sum, start = 0, i
			}
			if s.credited {
				sum += kept
			} else {
				sum += lost
			}
			if sum > best {
				best, from, to = sum, start, i
			}
		}
		if best < b.faultScore {
			return ss
		}
		n := 0
		for _, s := range ss[from : to+1] {
			if !s.credited {
				n++
			}
		}
		if n < minLost {
			return ss
		}
		x := incident{bySignup: bySignup, pages: map[string]bool{}}
		x.Start, x.End, x.Cause, x.Seen = at(ss[from]), at(ss[to]), gap.SnippetBroken, "logs"
		if bySignup {
			for p := range b.pages.signup {
				x.Pages = append(x.Pages, p)
			}
			slices.Sort(x.Pages)
		} else {
			x.Pages, x.pages[page] = []string{page}, true
		}
		if webkit {
			x.Browsers = []string{"Safari and other WebKit browsers"}
		}
		b.incidents = append(b.incidents, x)
		ss = slices.Concat(ss[:from], ss[to+1:])
	}
}

// checkFault is a stretch in which the checks of one page found one fault.
type checkFault struct {
	cause      gap.Slug
	page       string
	start, end table.Time
}

// joinChecks turns what the page checks found into incidents: pages with the
// same fault in the same days are one. A stretch found in the logs that lies
// within one of them confirms it.
func (b *builder) joinChecks() {
	var faults []checkFault
	var paths []string
	for p := range b.pages.checks {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if b.pages.never[path] {
			continue
		}
		var open *checkFault
		for _, c := range b.pages.checks[path] {
			cause := causeOf(&c)
			if open != nil && open.cause == cause {
				open.end = c.CheckedAt
				continue
			}
			if open != nil {
				open.end = c.CheckedAt // the fault was mended between two checks
				open = nil
			}
			if cause != "" {
				faults = append(faults, checkFault{cause, path, c.CheckedAt, c.CheckedAt})
				open = &faults[len(faults)-1]
			}
		}
	}
	slices.SortStableFunc(faults, func(x, y checkFault) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), cmp.Compare(x.cause, y.cause), cmp.Compare(x.page, y.page))
	})
	fromLogs := b.incidents
	b.incidents = nil
	for _, f := range faults {
		n := len(b.incidents)
		if n > 0 && b.incidents[n-1].Start == f.start && b.incidents[n-1].End == f.end && b.incidents[n-1].Cause == f.cause {
			b.incidents[n-1].Pages = append(b.incidents[n-1].Pages, f.page)
			b.incidents[n-1].pages[f.page] = true
			b.incidents[n-1].bySignup = b.incidents[n-1].bySignup || b.pages.signup[f.page]
			continue
		}
		x := incident{pages: map[string]bool{f.page: true}, bySignup: b.pages.signup[f.page]}
		x.Cause, x.Pages, x.Start, x.End, x.Seen = f.cause, []string{f.page}, f.start, f.end, "page checks"
		b.incidents = append(b.incidents, x)
	}
	for _, l := range fromLogs {
		known := false
		for i := range b.incidents {
			x := &b.incidents[i]
			if l.Start < x.End && l.End > x.Start-table.Day && (l.bySignup && x.bySignup || !l.bySignup && x.pages[l.Pages[0]]) {
				x.Seen, known = "logs and page checks", true
			}
		}
		if !known && (l.bySignup || !b.pages.never[l.Pages[0]]) {
			b.incidents = append(b.incidents, l)
		}
	}
}

func causeOf(c *table.PageCheck) gap.Slug {
	switch {
	case c.SnippetPresent == table.No:
		return gap.SnippetBroken
	case c.PublicKeyPresent == table.No:
		return gap.PublicKeyMissing
	case c.DataOverwritten == table.Yes:
		return gap.DataOverwritten
	}
	return ""
}

// faultOf gives the incident a journey fell into, the one with the sign-up page
// first.
func (b *builder) faultOf(j *gap.Journey) *gap.Incident {
	last := j.Last()
	if last == nil {
		return nil
	}
	signedUp := table.Time(0)
	if j.Signup != nil {
		signedUp = j.Signup.At
	}
	for i := range b.incidents {
		x := &b.incidents[i]
		if x.covers(last.Page, last.At, signedUp) && (len(x.Browsers) == 0 || last.Browser.WebKit) {
			return &x.Incident
		}
	}
	return nil
}

// reportIncidents adds to each incident what it cost: the gaps put down to a
// fault of the site whose journey fell into it.
func (b *builder) reportIncidents(gaps []gap.Gap) []gap.Incident {
	out := make([]gap.Incident, len(b.incidents))
	for i := range b.incidents {
		x := &b.incidents[i]
		x.Lost = map[string]int64{}
		for k := range gaps {
			g := &gaps[k]
			switch g.Case {
			case gap.SnippetBroken, gap.DataOverwritten, gap.PublicKeyMissing:
				if x.covers(g.LandingPage, g.ClickedAt, g.SignedUpAt) {
					x.Purchases++
					x.Lost[g.Currency] += g.Amount
				}
			}
		}
		x.IncidentID = fmt.Sprintf("INC-%s-%d", x.Start.Date(), i+1)
		x.From, x.To = x.Start.String(), x.End.String()
		x.What = fmt.Sprintf("%s on %s from %s to %s: %d of %d clean journeys credited.", gap.CaseOf(x.Cause).Title, gap.PagesWords(x.Pages), x.Start.Date(), x.End.Date(), x.Credited, x.Expected)
		out[i] = x.Incident
	}
	return out
}
