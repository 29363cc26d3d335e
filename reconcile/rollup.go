package reconcile

import (
	"encoding/json"
	"strings"

	"lostlink/ingest/table"
)

// Rollup is what a run has to know of all visits together. It is counted while
// they stream past, so that only the visits of the few people behind the gaps
// need to be kept. The zero value is ready for use.
type Rollup struct {
	// Days counts visits by UTC day.
	Days map[table.Date]int
	// Hosts counts visits by the part of the address before its path, Referrers
	// those without one by that part of the referrer; both as written.
	Hosts, Referrers map[string]int
	// Pages are the paths that hold one of the usual words for a sign-up or a
	// checkout.
	Pages map[string]bool
	// VisitorIDs and Cookies tell whether any visit has a usable visitor id, and
	// comes from a log that records the partner cookies.
	VisitorIDs, Cookies bool

	// landings counts the rows that are the landing of a click and have a visitor
	// id, among those that were shown.
	landings int

	seen map[string]bool // paths looked at, up to pathsSeen
}

// pathsSeen bounds the paths that are remembered as looked at; behind it they
// are looked at again.
const pathsSeen = 1 << 16

var (
	signupWords   = []string{"signup", "sign-up", "sign_up", "register", "registration", "join", "trial", "create-account"}
	checkoutWords = []string{"checkout", "purchase", "payment", "/pay", "billing", "order"}
)

// Visit counts one visit.
func (r *Rollup) Visit(g *table.Glance) {
	if r.Days == nil {
		r.Days, r.Hosts, r.Referrers = map[table.Date]int{}, map[string]int{}, map[string]int{}
		r.Pages, r.seen = map[string]bool{}, map[string]bool{}
	}
	r.Days[g.At.Date()]++
	// Addresses of one site share the part before the path; it is made a host
	// once, at the end.
	if o := origin(g.URL); o != "" {
		count(r.Hosts, o)
	} else if o := origin(g.Referrer); o != "" {
		count(r.Referrers, o)
	}
	r.VisitorIDs = r.VisitorIDs || usable(g.VisitorID)
	r.Cookies = r.Cookies || g.CookiesLogged
	path := pagePath(g.URL)
	if r.seen[path] {
		return
	}
	path = strings.Clone(path)
	if len(r.seen) < pathsSeen {
		r.seen[path] = true
	}
	if containsAny(path, signupWords) || containsAny(path, checkoutWords) {
		r.Pages[path] = true
	}
}

// Counted gives the roll-up for [Scout.AddRollup].
func (r *Rollup) Counted() []byte {
	data, err := json.Marshal(r)
	if err != nil { // of maps and truths
		panic(err)
	}
	return data
}

// count adds one under a key that may be overwritten afterwards.
func count(m map[string]int, key string) {
	if n, ok := m[key]; ok {
		m[key] = n + 1
		return
	}
	m[strings.Clone(key)] = 1
}

// origin is the part of an address up to the path: "https://www.vendor.example".
func origin(addr string) string {
	i := strings.Index(addr, "://")
	if i < 0 || strings.IndexAny(addr, "/?#") < i { // one in a query is another's
		return ""
	}
	i += len("://")
	if j := strings.IndexAny(addr[i:], "/?#"); j >= 0 {
		return addr[:i+j]
	}
	return addr
}

// Merge adds what another roll-up counted.
func (r *Rollup) Merge(o *Rollup) {
	if o.Days == nil {
		return
	}
	if r.Days == nil {
		r.Days, r.Hosts, r.Referrers = map[table.Date]int{}, map[string]int{}, map[string]int{}
		r.Pages, r.seen = map[string]bool{}, map[string]bool{}
	}
	for d, n := range o.Days {
		r.Days[d] += n
	}
	for h, n := range o.Hosts {
		r.Hosts[h] += n
	}
	for h, n := range o.Referrers {
		r.Referrers[h] += n
	}
	for p := range o.Pages {
		r.Pages[p] = true
	}
	r.VisitorIDs, r.Cookies = r.VisitorIDs || o.VisitorIDs, r.Cookies || o.Cookies
}

// siteHost is the vendor's own host: that of most visits. A log of paths names
// it only as the referrer of most pages.
func (r *Rollup) siteHost() string {
	hosts := func(m map[string]int) string {
		n := map[string]int{}
		for o, c := range m {
			if h := hostOf(o); h != "" {
				n[h] += c
			}
		}
		return most(n)
	}
	if h := hosts(r.Hosts); h != "" {
		return h
	}
	return hosts(r.Referrers)
}

// rollupOf counts visits that are all there.
func rollupOf(visits []table.Visit) *Rollup {
	r := &Rollup{}
	for i := range visits {
		r.Visit(visitGlance(&visits[i]))
	}
	return r
}

func visitGlance(v *table.Visit) *table.Glance {
	return &table.Glance{At: v.VisitedAt, Visit: true, VisitorID: v.VisitorID, Email: v.Email, IP: v.IP, URL: v.URL, Referrer: v.Referrer,
		CookiesLogged: v.CookiesLogged == table.Yes}
}

// notable lists the paths of the roll-up that hold one of the words.
func (r *Rollup) notable(words []string) map[string]bool {
	out := map[string]bool{}
	for p := range r.Pages {
		if containsAny(p, words) {
			out[p] = true
		}
	}
	return out
}
