package reconcile

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
	"lostlink/reconcile/gap"
)

// incident is a stretch found in the logs, in the page checks or in both.
type incident struct {
	gap.Incident
	// A journey passes the fault by its sign-up, by its click on one of pages, or
	// by its click on any page.
	bySignup, byClick bool
	pages             map[string]bool
	engine            engine
	payments          bool // the platform recorded no payments: no journey passes it
}

func (x *incident) holds(t table.Time) bool { return t != 0 && t >= x.Start && t <= x.End }

// covers tells whether a journey that landed on page at clicked and signed up
// at signedUp passed the fault.
func (x *incident) covers(page string, clicked, signedUp table.Time) bool {
	return x.bySignup && x.holds(signedUp) || (x.byClick || x.pages[page]) && x.holds(clicked)
}

// hits tells whether the fault was there for a browser.
func (x *incident) hits(b browser.Browser) bool {
	return x.engine == anyEngine || x.engine == engineOf(b)
}

func (x *incident) takes(s *sample) bool {
	return x.hits(s.browser) && x.covers(s.landing, s.clicked, s.signedUp)
}

// minScore and the logarithm of the number of journeys is the log-likelihood
// ratio a stretch must reach to be called a fault rather than bad luck, of
// which many journeys have more. TestIncidentsTable measures what it costs and
// brings: lower ones find a few more of the short faults, and at -1 false ones
// are no longer rare; higher ones miss the shorter faults.
const minScore = 1.0

// findIncidents takes the faults that page checks show, and looks among the
// journeys these do not explain for stretches without credits: by the time of
// the sign-up, or of the click, on all pages or on one, for all browsers or
// for those with one engine. The clearest stretch is taken first, and what it
// explains is left out of the next round.
func (b *builder) findIncidents() {
	all := b.samples()
	b.incidents = b.checkIncidents(all)
	f := newFaultFinder(b, all)
	for {
		x, ok := f.next()
		if !ok {
			break
		}
		b.incidents = append(b.incidents, x)
	}
	b.incidents = mergePages(b.incidents)
	for i := range b.incidents {
		x := &b.incidents[i]
		for k := range all {
			if s := &all[k]; x.takes(s) {
				x.Expected++
				if s.credited {
					x.Credited++
				}
			}
		}
	}
	b.findOutages()
	slices.SortFunc(b.incidents, func(x, y incident) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), cmp.Compare(x.Cause, y.Cause), slices.Compare(x.Pages, y.Pages), cmp.Compare(x.engine, y.engine))
	})
	b.findSafariPages(slices.DeleteFunc(all, func(s sample) bool { return s.byDevice }))
}

// faultFinder holds the journeys that no fault explains yet, in both orders.
type faultFinder struct {
	b                 *builder
	bySignup, byClick []*sample
	pages             []string
	signupPages       []string
	least             float64 // score
	worked            []worked
	// apart: the two lists are of different journeys, each of which passed one
	// side only.
	apart bool
}

// worked is a credited sign-up, of a clean journey or not: the sign-up page
// worked then.
type worked struct {
	at     table.Time
	engine engine
}

func newFaultFinder(b *builder, all []sample) *faultFinder {
	f := &faultFinder{b: b}
	landings, signups, apart := b.cookieSteps(all)
	if f.apart = apart; !apart {
		landings, signups = all, all
	}
	f.least = minScore + math.Log(float64(max(len(landings), len(signups), 1)))
	never := neverCredited(landings)
	pages := map[string]bool{}
	clean := map[*person]bool{}
	for i := range landings {
		s := &landings[i]
		if never[cell{s.landing, engineOf(s.browser)}] || b.explains(s) {
			continue
		}
		f.byClick = append(f.byClick, s)
		if !b.pages.never[s.landing] {
			pages[s.landing] = true
		}
	}
	for i := range signups {
		s := &signups[i]
		clean[s.person] = true
		if (apart || !never[cell{s.landing, engineOf(s.browser)}]) && !b.explains(s) {
			f.bySignup = append(f.bySignup, s)
		}
	}
	slices.SortStableFunc(f.bySignup, func(x, y *sample) int { return cmp.Compare(x.signedUp, y.signedUp) })
	slices.SortStableFunc(f.byClick, func(x, y *sample) int { return cmp.Compare(x.clicked, y.clicked) })
	f.pages, f.signupPages = sorted(pages), sorted(b.pages.signup)
	at := b.creditTimes()
	for _, p := range b.ordered() {
		if len(p.signups) == 0 || clean[p] {
			continue
		}
		s := &b.rec.signups[p.signups[0]]
		if at.credited(p, "") {
			f.worked = append(f.worked, worked{s.SignedUpAt, engineOf(b.rec.browsers.Of(s.UserAgent))})
		}
	}
	slices.SortStableFunc(f.worked, func(x, y worked) int { return cmp.Compare(x.at, y.at) })
	return f
}

func sorted(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// explains tells whether a known fault accounts for a journey that was lost.
func (b *builder) explains(s *sample) bool {
	for i := range b.incidents {
		if x := &b.incidents[i]; x.takes(s) && (!s.credited || x.Seen != seenChecks) {
			return true
		}
	}
	return false
}

// cell is a landing page in the browsers with one engine.
type cell struct {
	page   string
	engine engine
}

// neverCredited finds the pages that were not once the landing of a credited
// journey in an engine: most likely pages that never had the snippet, in
// browsers without third-party cookies. No fault begins or ends there.
func neverCredited(all []sample) map[cell]bool {
	const least = 4
	n, kept := map[cell]int{}, map[cell]int{}
	for i := range all {
		s := &all[i]
		if s.helped {
			continue
		}
		c := cell{s.landing, engineOf(s.browser)}
		n[c]++
		if s.credited {
			kept[c]++
		}
	}
	out := map[cell]bool{}
	for c, k := range n {
		out[c] = k >= least && kept[c]*16 <= k
	}
	return out
}

// view is one way of looking at the journeys.
type view struct {
	bySignup bool
	page     string // "": all
	engine   engine
}

func (v view) takes(s *sample) bool {
	return (v.bySignup || v.page == "" || v.page == s.landing) && (v.engine == anyEngine || v.engine == engineOf(s.browser))
}

// needs is the score a stretch must reach in a view: the finer views are many.
func (f *faultFinder) needs(v view) float64 {
	n := f.least
	if v.page != "" {
		n += math.Ln2
	}
	if v.engine != anyEngine {
		n += math.Log(float64(len(engines)))
	}
	return n
}

func (f *faultFinder) trials(v view) []trial {
	var out []trial
	if !v.bySignup {
		for i, s := range f.byClick {
			if v.takes(s) {
				out = append(out, trial{at: s.clicked, lost: !s.credited, helped: s.helped, index: i})
			}
		}
		return out
	}
	w := f.worked
	for i, s := range f.bySignup {
		if !v.takes(s) {
			continue
		}
		for ; len(w) > 0 && w[0].at <= s.signedUp; w = w[1:] {
			if v.engine == anyEngine || v.engine == w[0].engine {
				out = append(out, trial{at: w[0].at, beside: true})
			}
		}
		out = append(out, trial{at: s.signedUp, lost: !s.known, index: i})
	}
	return out
}

// sight is the clearest stretch in a view; clear is what its score has beyond
// what the view needs.
type sight struct {
	view
	drop
	start, end table.Time
	clear      float64
}

// shows tells whether a journey is in the stretch.
func (s *sight) shows(x *sample) bool {
	t := x.clicked
	if s.bySignup {
		t = x.signedUp
	}
	return s.view.takes(x) && t >= s.start && t <= s.end
}

// look finds the clearest stretch in a view; window, if not nil, bounds where.
func (f *faultFinder) look(v view, window *sight) sight {
	ts := f.trials(v)
	begin, end := 0, len(ts)
	if window != nil {
		begin, end = between(ts, window.start, window.end)
	}
	history := historyLeast
	if v.page != "" && v.engine != anyEngine {
		history = historyFine
	}
	s := sight{view: v, drop: worstWithin(ts, begin, end, history)}
	if s.score > 0 {
		s.start, s.end, s.clear = ts[s.from].at, ts[s.to].at, s.score-f.needs(v)
	}
	return s
}

// between gives the indexes of the trials from a time to another, inclusive.
func between(ts []trial, from, to table.Time) (begin, end int) {
	order := func(t trial, at table.Time) int { return cmp.Compare(t.at, at) }
	begin, _ = slices.BinarySearchFunc(ts, from, order)
	end, _ = slices.BinarySearchFunc(ts, to+1, order)
	return begin, end
}

// next takes the clearest stretch that is left. Not ok: nothing is clear enough.
func (f *faultFinder) next() (incident, bool) {
	var at sight
	take := func(s sight) {
		if s.clear > at.clear {
			at = s
		}
	}
	for _, e := range append([]engine{anyEngine}, engines...) {
		take(f.look(view{bySignup: true, engine: e}, nil))
		take(f.look(view{engine: e}, nil))
		for _, p := range f.pages {
			take(f.look(view{page: p, engine: e}, nil))
		}
	}
	if at.clear <= 0 {
		return incident{}, false
	}
	at = f.broaden(at)
	x := incident{bySignup: at.bySignup, byClick: !at.bySignup && at.page == "", engine: at.engine, pages: map[string]bool{}}
	x.Start, x.End, x.Cause, x.Seen = at.start, at.end, gap.SnippetBroken, seenLogs
	if at.engine != anyEngine {
		x.Browsers = []string{string(at.engine)}
	}
	if at.page != "" {
		x.pages[at.page] = true
	} else {
		f.widen(&x, at.usual)
	}
	f.place(&x, at.usual)
	x.Pages = f.named(&x)
	// What was seen is settled even where the ends were placed closer.
	explained := func(s *sample) bool { return x.takes(s) || at.shows(s) }
	f.bySignup, f.byClick = slices.DeleteFunc(f.bySignup, explained), slices.DeleteFunc(f.byClick, explained)
	return x, true
}

// broaden looks at the time of a stretch on one page, or in some browsers, for
// a fault on all pages or in all browsers: two of these look like one long fault
// where few journeys came in between.
func (f *faultFinder) broaden(at sight) sight {
	const margin = 5.0 // two lost journeys
	best := at
	for _, v := range []view{{bySignup: true}, {}, {bySignup: true, engine: at.engine}, {engine: at.engine}, {page: at.page}} {
		if at.page == "" && v.engine == at.engine {
			continue
		}
		s := f.look(v, &at)
		if s.clear <= 0 || best.view != at.view && s.score <= best.score {
			continue
		}
		// The other fault, near by, has made losses look usual in this view.
		if f.sum(v, &s, at.usual) > f.sum(at.view, &s, at.usual)+margin {
			best = s
		}
	}
	return best
}

// sum is what the trials of a view say of a fault at the time of a sight.
func (f *faultFinder) sum(v view, s *sight, usual float64) float64 {
	ts, sum := f.trials(v), 0.0
	begin, end := between(ts, s.start, s.end)
	for i := begin; i < end; i++ {
		sum += speaks(&ts[i], usual)
	}
	return sum
}

// widen tells a fault of the sign-up page from one of the landing pages and
// from one of all pages, which loses those who clicked in its time as well as
// those who signed up: each kind is fitted to the journeys, and the likeliest
// is taken.
func (f *faultFinder) widen(x *incident, usual float64) {
	const margin = 2.0 // for being the plainer kind
	best := math.Inf(-1)
	found := *x
	for _, kind := range []struct {
		signup, click bool
		handicap      float64
	}{{true, false, 0}, {true, true, margin}, {false, true, 2 * margin}} {
		y := *x
		y.bySignup, y.byClick = kind.signup, kind.click
		if score := f.fit(&y, usual) - kind.handicap; score > best {
			best, found = score, y
		}
	}
	*x = found
}

// fit moves the ends of a fault on all pages to where they explain most, and
// gives the log-likelihood ratio.
func (f *faultFinder) fit(x *incident, usual float64) float64 {
	var score float64
	for range 3 {
		var end, start table.Time
		end, _ = f.reach(x, x.Start, 1, usual)
		x.End = max(end, x.Start)
		start, score = f.reach(x, -x.End, -1, usual)
		x.Start = min(-start, x.End)
	}
	return score
}

// reach walks from one end of a fault over the journeys to where the other one
// explains most; way is -1 for going back in time, with all times turned round.
func (f *faultFinder) reach(x *incident, from table.Time, way table.Time, usual float64) (table.Time, float64) {
	var ts []trial
	for _, s := range f.steps() {
		if !x.hits(s.browser) {
			continue
		}
		click, signup := s.clicked*way, s.signedUp*way
		// The journey is met by the first of its steps that is in the fault.
		var t trial
		switch inClick, inSignup := x.byClick && s.clicked != 0 && click >= from, x.bySignup && s.signedUp != 0 && signup >= from; {
		case inClick && inSignup:
			t = trial{at: min(click, signup), lost: !s.known, helped: s.known && s.helped}
		case inClick:
			t = trial{at: click, lost: !s.credited, helped: s.helped}
		case inSignup:
			t = trial{at: signup, lost: !s.known}
		default:
			continue
		}
		ts = append(ts, t)
	}
	slices.SortStableFunc(ts, func(x, y trial) int { return cmp.Compare(x.at, y.at) })
	to, sum, peak := from, 0.0, 0.0
	for i := range ts {
		if sum += speaks(&ts[i], usual); sum > peak {
			to, peak = ts[i].at, sum
		} else if sum < peak-recovered {
			break
		}
	}
	return to, peak
}

// steps lists all journeys, each once.
func (f *faultFinder) steps() []*sample {
	if f.apart {
		return slices.Concat(f.byClick, f.bySignup)
	}
	return f.byClick
}

// place puts the ends of a fault where the journeys around them make either
// side as likely. It began before a sign-up that was lost and after one that
// was credited; the click counts only where the sign-up page was not at fault.
// It ended after a click that was lost; the sign-up counts only where the
// landing page was not at fault.
func (f *faultFinder) place(x *incident, usual float64) {
	var begins, ends []trial
	for _, s := range f.steps() {
		if !x.hits(s.browser) || !x.bySignup && !x.byClick && !x.pages[s.landing] {
			continue
		}
		click := trial{at: s.clicked, lost: !s.credited, helped: s.helped}
		signup := trial{at: s.signedUp, lost: !s.known}
		switch {
		case f.apart && s.signedUp != 0:
			if x.bySignup {
				begins, ends = append(begins, signup), append(ends, signup)
			}
		case f.apart:
			if x.byClick || x.pages[s.landing] {
				begins, ends = append(begins, click), append(ends, click)
			}
		case !x.bySignup:
			begins, ends = append(begins, click), append(ends, click)
		case !x.byClick:
			begins, ends = append(begins, signup), append(ends, signup)
		default:
			begins, ends = append(begins, signup), append(ends, click)
		}
	}
	if x.bySignup {
		for _, w := range f.worked {
			if x.engine == anyEngine || x.engine == w.engine {
				begins, ends = append(begins, trial{at: w.at}), append(ends, trial{at: w.at})
			}
		}
	}
	x.Start, x.End = edge(begins, x.Start, x.End, usual), -edge(backwards(ends), -x.End, -x.Start, usual)
}

// named lists the pages of a fault found in the logs.
func (f *faultFinder) named(x *incident) []string {
	pages := map[string]bool{}
	for p := range x.pages {
		pages[p] = true
	}
	if x.byClick {
		for _, p := range f.pages {
			pages[p] = true
		}
	}
	if x.bySignup {
		for _, p := range f.signupPages {
			pages[p] = true
		}
	}
	return sorted(pages)
}

// mergePages makes one incident of landing pages that failed together, as far
// as the journeys tell: with the same browsers, from the same day to the same day.
func mergePages(xs []incident) []incident {
	var out []incident
	for _, x := range xs {
		merged := false
		for i := range out {
			y := &out[i]
			if x.Seen == seenLogs && y.Seen == seenLogs && len(x.pages) > 0 && len(y.pages) > 0 && x.engine == y.engine &&
				apart(x.Start, y.Start) <= table.Day && apart(x.End, y.End) <= table.Day {
				for p := range x.pages {
					y.pages[p] = true
				}
				y.Pages, y.Start, y.End, merged = sorted(y.pages), min(x.Start, y.Start), max(x.End, y.End), true
				break
			}
		}
		if !merged {
			out = append(out, x)
		}
	}
	return out
}

func apart(a, b table.Time) table.Time { return max(a-b, b-a) }

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
	var found *incident
	for i := range b.incidents {
		x := &b.incidents[i]
		if !x.covers(last.Page, last.At, signedUp) || !x.hits(last.Browser) {
			continue
		}
		// The check of the landing page says the same of the click already.
		if x.Seen != seenLogs && x.bySignup && !x.holds(signedUp) {
			continue
		}
		if found == nil || x.bySignup && !found.bySignup {
			found = x
		}
	}
	if found == nil {
		return nil
	}
	return &found.Incident
}

// reportIncidents adds to each incident what it cost: the gaps put down to it
// whose journey fell into it.
func (b *builder) reportIncidents(gaps []gap.Gap) []gap.Incident {
	out := make([]gap.Incident, len(b.incidents))
	ids := map[string]int{}
	for i := range b.incidents {
		x := &b.incidents[i]
		x.Lost = map[string]int64{}
		for k := range gaps {
			if g := &gaps[k]; x.cost(g) {
				x.Purchases++
				x.Lost[g.Currency] += g.Amount
			}
		}
		x.IncidentID = x.id()
		if ids[x.IncidentID]++; ids[x.IncidentID] > 1 {
			x.IncidentID = fmt.Sprintf("%s-%d", x.IncidentID, ids[x.IncidentID])
		}
		x.From, x.To = x.Start.String(), x.End.String()
		x.What = x.sentence()
		out[i] = x.Incident
	}
	return out
}

// cost tells whether a gap is put down to the incident.
func (x *incident) cost(g *gap.Gap) bool {
	switch g.Case {
	case gap.PaymentNotTied:
		return x.payments && x.holds(g.PurchasedAt)
	case gap.SnippetBroken, gap.DataOverwritten, gap.PublicKeyMissing:
		return x.covers(g.LandingPage, g.ClickedAt, g.SignedUpAt) && x.hits(named(g.ClickBrowser))
	}
	return false
}

// id names an incident by its first day and by what failed, so that it keeps
// its name from night to night.
func (x *incident) id() string {
	sum := sha256.Sum256([]byte(strings.Join(slices.Concat([]string{string(x.Cause), string(x.engine)}, x.Pages), "\x00")))
	return fmt.Sprintf("INC-%s-%c%c%c", x.Start.Date(), crockford[sum[0]&31], crockford[sum[1]&31], crockford[sum[2]&31])
}

func (x *incident) sentence() string {
	span := fmt.Sprintf("from %s to %s", x.Start.Date(), x.End.Date())
	if x.payments {
		return fmt.Sprintf("Payments of credited customers were not recorded %s: the platform has %d of %d.", span, x.Credited, x.Expected)
	}
	where := gap.PagesWords(x.Pages)
	if x.byClick {
		where = "all pages"
	}
	if len(x.Browsers) > 0 {
		where += " in " + x.Browsers[0]
	}
	return fmt.Sprintf("%s on %s %s: %d of %d clean journeys credited.", gap.CaseOf(x.Cause).Title, where, span, x.Credited, x.Expected)
}
