package reconcile

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
	"lostlink/reconcile/gap"
)

// touch is one arrival by a partner's link: the recorded click together with
// the landing that followed, or either alone.
type touch struct {
	click   *table.Click
	landing int // index of the visit, -1 for none
	visitor string
	browser browser.Browser
	tagged  table.Answer
	reused  bool
}

func (t *touch) at() table.Time { return t.click.ClickedAt }

// device is an address and a user agent: the weak key of a browser.
type device struct{ ip, ua string }

// records are a vendor's records with the indexes that journeys are built from.
// Visits are in time order.
type records struct {
	files    []string
	visits   []table.Visit
	paths    []string // per visit: the page's path
	signups  []table.Signup
	touches  []touch
	browsers browser.Cache

	visitsOf   lists[string] // by visitor id
	visitsFrom lists[device] // without visitor id, by device
	touchesIP  lists[string] // by address
	has        gap.Sources
	roll       *Rollup
	siteHost   string // the vendor's host without "www."
	// pasted lists the click ids that more browsers sent than one person has.
	pasted []gap.OverConnected
	// days with a hole: no visit at all where there should be some.
	holes map[table.Date]bool
}

func (r *records) row(p table.Pos) gap.Row {
	return gap.Row{File: r.files[p.File], Line: p.Line}
}

// newRecords indexes the set; roll, if not nil, tells of visits that are not in
// it any more.
func newRecords(set *table.Set, roll *Rollup, opt Options) *records {
	r := &records{files: set.Files, roll: roll}
	r.visits = set.Visits.Rows()
	inOrder(r.visits, func(a, b table.Visit) int {
		return cmp.Or(cmp.Compare(a.VisitedAt, b.VisitedAt), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	clicks := set.Clicks.Rows()
	if r.roll == nil {
		r.roll = rollupOf(r.visits)
		r.roll.landings = r.countLandings(clicks)
	}
	r.paths = make([]string, len(r.visits))
	of, from := newFiling[string](0, len(r.visits)), newFiling[device](0, 0)
	for i := range r.visits {
		v := &r.visits[i]
		if !usable(v.VisitorID) {
			v.VisitorID = ""
		}
		r.paths[i] = pagePath(v.URL)
		if v.VisitorID != "" {
			of.add(v.VisitorID, int32(i))
		} else if v.IP != "" {
			from.add(device{v.IP, v.UserAgent}, int32(i))
		}
	}
	r.visitsOf, r.visitsFrom = of.lists(), from.lists()
	r.has.VisitorIDs, r.has.Cookies, r.siteHost = r.roll.VisitorIDs, r.roll.Cookies, r.roll.siteHost()
	r.signups = set.Signups.Rows()
	r.inferVisitors()
	r.has.Clicks, r.has.Visits, r.has.Signups = set.Has(table.Clicks), set.Has(table.Visits), len(r.signups) > 0
	r.has.PageChecks, r.has.Consents = set.Has(table.PageChecks), set.Has(table.Consents)
	r.gatherTouches(clicks, opt)
	r.findHoles()
	return r
}

// inOrder sorts rows, most of which come in order.
func inOrder[T any](rows []T, compare func(a, b T) int) {
	if !slices.IsSortedFunc(rows, compare) {
		slices.SortStableFunc(rows, compare)
	}
}

// countLandings counts the rows that are both a click and a visit with a
// visitor id.
func (r *records) countLandings(clicks []table.Click) int {
	named := make(map[table.Pos]bool, len(r.visits))
	for i := range r.visits {
		named[r.visits[i].Pos] = usable(r.visits[i].VisitorID)
	}
	n := 0
	for i := range clicks {
		if named[clicks[i].Pos] {
			n++
		}
	}
	return n
}

// pagePath gives the path of an address, "/" for a bare host, without a slash
// at the end.
func pagePath(addr string) string {
	p, _, _ := strings.Cut(addr, "?")
	p, _, _ = strings.Cut(p, "#")
	if i := strings.Index(p, "://"); i >= 0 {
		p = p[i+3:]
		if j := strings.IndexByte(p, '/'); j >= 0 {
			p = p[j:]
		} else {
			p = "/"
		}
	}
	if len(p) > 1 {
		p = strings.TrimRight(p, "/")
	}
	if p == "" {
		p = "/"
	}
	return p
}

// hostOf gives the host of an address in lower case without "www.", "" for a
// path.
func hostOf(addr string) string {
	if !strings.Contains(addr, "://") {
		return ""
	}
	u, err := url.Parse(addr)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// landingWithin is how soon after a recorded click its landing must follow;
// strippedWithin is the same where only time, page and device say that they
// belong together.
const (
	landingWithin  = 10 * table.Minute
	strippedWithin = 15 * table.Second
)

// gatherTouches joins clicks with their landings. The platform's click and the
// tagged landing share the click id; a later landing with the same id, from
// another browser, is a pasted address and a touch of its own.
func (r *records) gatherTouches(clicks []table.Click, opt Options) {
	at := map[table.Pos]int32{} // a landing's row → its visit
	for i := range r.visits {
		at[r.visits[i].Pos] = int32(i)
	}
	inOrder(clicks, func(a, b table.Click) int {
		return cmp.Or(cmp.Compare(a.ClickedAt, b.ClickedAt), cmp.Compare(a.ClickID, b.ClickID), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	r.touches = make([]touch, 0, len(clicks))
	recorded := make(map[string]int, len(clicks)) // click id → touch that is the recorded click
	for i := range clicks {
		c := &clicks[i]
		if _, isLanding := at[c.Pos]; isLanding {
			continue
		}
		if c.ClickID != "" {
			if _, twice := recorded[c.ClickID]; twice {
				continue
			}
			recorded[c.ClickID] = len(r.touches)
		}
		t := touch{click: c, landing: -1, browser: r.browsers.Of(c.UserAgent)}
		if usable(c.VisitorID) {
			t.visitor = c.VisitorID
		}
		r.touches = append(r.touches, t)
	}
	issued := map[string]int{} // click id → first landing's touch, where no click is recorded
	for i := range clicks {
		c := &clicks[i]
		v, isLanding := at[c.Pos]
		if !isLanding {
			continue
		}
		visit := &r.visits[v]
		t := touch{click: c, landing: int(v), visitor: visit.VisitorID, browser: r.browsers.Of(c.UserAgent), tagged: table.Yes}
		if c.ClickID != "" {
			if n, ok := recorded[c.ClickID]; ok {
				first := &r.touches[n]
				dt := c.ClickedAt - first.click.ClickedAt
				if first.landing < 0 && dt >= -table.Minute && dt <= landingWithin {
					first.landing, first.tagged = int(v), table.Yes
					if visit.VisitorID != "" {
						first.visitor = visit.VisitorID
					}
					continue
				}
				t.reused = true
			} else if n, ok := issued[c.ClickID]; ok {
				first := &r.touches[n]
				if first.click.UserAgent == c.UserAgent && first.visitor == t.visitor && c.ClickedAt-first.click.ClickedAt <= landingWithin {
					continue // the page was loaded again
				}
				t.reused = first.visitor != t.visitor || first.click.UserAgent != c.UserAgent
			} else {
				issued[c.ClickID] = len(r.touches)
			}
		}
		r.touches = append(r.touches, t)
	}
	inOrder(r.touches, func(a, b touch) int {
		return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.click.ClickID, b.click.ClickID), cmp.Compare(a.click.File, b.click.File), cmp.Compare(a.click.Line, b.click.Line))
	})
	r.findStripped()
	r.findPasted(opt.ClickBrowsers)
	from := newFiling[string](len(r.touches), len(r.touches))
	for i := range r.touches {
		if ip := r.touches[i].click.IP; ip != "" && !r.touches[i].browser.Robot {
			from.add(ip, int32(i))
		}
	}
	r.touchesIP = from.lists()
}

// findPasted lists the click ids that arrived from too many browsers: somebody
// pasted a landing address for others to follow. Such an id ties nobody; each
// arrival is a touch of its own browser.
func (r *records) findPasted(limit int) {
	type source struct{ visitor, ua string }
	// Browsers are told apart only where there are enough arrivals for too many.
	arrivals := make(map[string]int32, len(r.touches))
	for i := range r.touches {
		if t := &r.touches[i]; t.click.ClickID != "" && !t.browser.Robot {
			arrivals[t.click.ClickID]++
		}
	}
	from := map[string]map[source]bool{}
	for i := range r.touches {
		t := &r.touches[i]
		if t.click.ClickID == "" || t.browser.Robot || int(arrivals[t.click.ClickID]) <= limit {
			continue
		}
		if from[t.click.ClickID] == nil {
			from[t.click.ClickID] = map[source]bool{}
		}
		from[t.click.ClickID][source{t.visitor, t.click.UserAgent}] = true
	}
	for id, browsers := range from {
		if len(browsers) > limit {
			r.pasted = append(r.pasted, gap.OverConnected{Kind: "click_id", ID: id, Other: len(browsers), Limit: limit})
		}
	}
	slices.SortFunc(r.pasted, func(a, b gap.OverConnected) int { return cmp.Compare(a.ID, b.ID) })
	if len(from) == 0 {
		return
	}
	for i := range r.touches {
		t := &r.touches[i]
		t.reused = t.reused || len(from[t.click.ClickID]) > limit
	}
}

// findStripped gives clicks without a tagged landing the landing that followed
// within seconds on the link's page, from the same device, without parameters.
func (r *records) findStripped() {
	byDevice := map[device][]int32{}
	for i := range r.visits {
		v := &r.visits[i]
		d := device{v.IP, v.UserAgent}
		byDevice[d] = append(byDevice[d], int32(i))
	}
	for i := range r.touches {
		t := &r.touches[i]
		if t.landing >= 0 || t.click.IP == "" {
			continue
		}
		page := ""
		if t.click.LandingURL != "" {
			page = pagePath(t.click.LandingURL)
		}
		vs := byDevice[device{t.click.IP, t.click.UserAgent}]
		k, _ := slices.BinarySearchFunc(vs, t.at(), func(v int32, at table.Time) int {
			return cmp.Compare(r.visits[v].VisitedAt, at-table.Second)
		})
		for ; k < len(vs); k++ {
			v := &r.visits[vs[k]]
			if v.VisitedAt-t.at() > strippedWithin {
				break
			}
			if page == "" || r.paths[vs[k]] == page {
				t.landing, t.tagged = int(vs[k]), table.No
				if v.VisitorID != "" {
					t.visitor = v.VisitorID
				}
				break
			}
		}
	}
}

// page gives the path of the page a touch landed on.
func (r *records) page(t *touch) string {
	if t.landing >= 0 {
		return r.paths[t.landing]
	}
	if t.click.LandingURL != "" {
		return pagePath(t.click.LandingURL)
	}
	return ""
}

// busyWeek is how many lines the week before and the week after must have for
// an empty day to be a hole rather than a quiet day. It may hold up to three
// further empty days.
const busyWeek = 40

// inferVisitors gives sign-ups whose source keeps no visitor id the one of the
// page that the same address and browser had open at that second. It is done
// only where no sign-up has a visitor id: elsewhere a missing one means that the
// browser kept no cookie.
func (r *records) inferVisitors() {
	if !r.has.VisitorIDs {
		return
	}
	for i := range r.signups {
		if usable(r.signups[i].VisitorID) {
			return
		}
	}
	byDevice := map[device][]int32{}
	for i := range r.visits {
		v := &r.visits[i]
		byDevice[device{v.IP, v.UserAgent}] = append(byDevice[device{v.IP, v.UserAgent}], int32(i))
	}
	for i := range r.signups {
		s := &r.signups[i]
		if s.IP == "" {
			continue
		}
		vs := byDevice[device{s.IP, s.UserAgent}]
		k, _ := slices.BinarySearchFunc(vs, s.SignedUpAt-atOnce, func(v int32, t table.Time) int { return cmp.Compare(r.visits[v].VisitedAt, t) })
		var found string
		for ; k < len(vs) && r.visits[vs[k]].VisitedAt <= s.SignedUpAt+atOnce; k++ {
			switch id := r.visits[vs[k]].VisitorID; {
			case id == "" || id == found:
			case found == "":
				found = id
			default: // two browsers at once
				k, found = len(vs), ""
			}
		}
		s.VisitorID = found
	}
}

// atOnce is how far a page request and what the page sent off may lie apart.
const atOnce = 5 * table.Second

// findHoles notes the days on which the site log has no line although the weeks
// before and after have many on each day.
func (r *records) findHoles() {
	r.holes = map[table.Date]bool{}
	per := r.roll.Days
	if len(per) == 0 {
		return
	}
	days := slices.Collect(maps.Keys(per))
	week := func(from table.Date) int {
		n := 0
		for d := from; d < from+7; d++ {
			n += per[d]
		}
		return n
	}
	for d := slices.Min(days); d <= slices.Max(days); d++ {
		if per[d] == 0 && week(d-7) >= busyWeek && week(d+1) >= busyWeek {
			r.holes[d] = true
		}
	}
}

// holeBetween tells whether a missing day of the log touches the span.
func (r *records) holeBetween(from, to table.Time) bool {
	if len(r.holes) == 0 {
		return false
	}
	for d := from.Date(); d <= to.Date(); d++ {
		if r.holes[d] {
			return true
		}
	}
	return false
}

// most gives the most frequent key, the first in order among equals.
func most(n map[string]int) string {
	best := ""
	for k, c := range n {
		if c > n[best] || c == n[best] && k < best {
			best = k
		}
	}
	return best
}
