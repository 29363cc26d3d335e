package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// pages answers what the page checks say of a page at a moment, and knows the
// vendor's sign-up and checkout pages.
type pages struct {
	checks map[string][]table.PageCheck // by path, in time order
	never  map[string]bool              // no check ever found the snippet
	signup map[string]bool
	pay    map[string]bool
	row    func(table.Pos) gap.Row
}

func newPages(set *table.Set, r *records, purchases []table.Purchase, opt Options) *pages {
	p := &pages{checks: map[string][]table.PageCheck{}, never: map[string]bool{}, row: r.row}
	for _, c := range set.PageChecks.All() {
		path := pagePath(c.URL)
		p.checks[path] = append(p.checks[path], *c)
	}
	for path, cs := range p.checks {
		slices.SortStableFunc(cs, func(a, b table.PageCheck) int { return cmp.Compare(a.CheckedAt, b.CheckedAt) })
		seen, ever := 0, false
		for _, c := range cs {
			if c.SnippetPresent != table.Unknown {
				seen++
			}
			ever = ever || c.SnippetPresent == table.Yes
		}
		p.never[path] = seen >= 3 && !ever
	}
	p.signup = pathSet(opt.SignupPages)
	if len(p.signup) == 0 {
		p.signup = p.learn(r, func(at func(visitor, ip, ua string, t table.Time)) {
			for i := range r.signups {
				s := &r.signups[i]
				at(s.VisitorID, s.IP, s.UserAgent, s.SignedUpAt)
			}
		})
	}
	p.pay = pathSet(opt.CheckoutPages)
	if len(p.pay) == 0 {
		p.pay = r.roll.notable(checkoutWords)
	}
	return p
}

func pathSet(paths []string) map[string]bool {
	m := map[string]bool{}
	for _, p := range paths {
		m[pagePath(p)] = true
	}
	return m
}

func containsAny(s string, words []string) bool {
	s = strings.ToLower(s)
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// learn finds the pages that stand in the log just before the events: the one
// page seen within the last seconds before most of them. Where the log does not
// tell, all pages whose path has one of the usual words are taken.
func (p *pages) learn(r *records, each func(func(visitor, ip, ua string, t table.Time))) map[string]bool {
	const justBefore = 5 * table.Second
	count, events := map[string]int{}, 0
	each(func(visitor, ip, ua string, t table.Time) {
		vs := r.visitsOf.of(visitor)
		if visitor == "" {
			vs = r.visitsFrom.of(device{ip, ua})
		}
		k, _ := slices.BinarySearchFunc(vs, t+table.Second, func(v int32, at table.Time) int { return cmp.Compare(r.visits[v].VisitedAt, at) })
		if k > 0 && t-r.visits[vs[k-1]].VisitedAt <= justBefore {
			count[r.paths[vs[k-1]]]++
			events++
		}
	})
	out := map[string]bool{}
	for path, n := range count {
		if n*10 >= events && n >= 3 {
			out[path] = true
		}
	}
	if len(out) == 0 {
		return r.roll.notable(signupWords)
	}
	return out
}

// signupPage and payPage give the path whose checks stand for the sign-up and
// the checkout, "" when there is none.
func (p *pages) signupPage() string { return checkedOf(p.signup, p.checks) }
func (p *pages) payPage() string    { return checkedOf(p.pay, p.checks) }

func checkedOf(set map[string]bool, checks map[string][]table.PageCheck) string {
	var best string
	for path := range set {
		if len(checks[path]) > 0 && (best == "" || path < best) {
			best = path
		}
	}
	return best
}

// nearCheck is how far a check may lie from the moment it speaks for.
const nearCheck = 2 * table.Day

// state gives what the checks around a moment say of a page.
func (p *pages) state(path string, at table.Time) gap.PageState {
	st := gap.PageState{Path: path}
	cs := p.checks[path]
	if path == "" || len(cs) == 0 {
		return st
	}
	st.Never = p.never[path]
	k, _ := slices.BinarySearchFunc(cs, at, func(c table.PageCheck, at table.Time) int { return cmp.Compare(c.CheckedAt, at+1) })
	var around []table.PageCheck
	if k > 0 && at-cs[k-1].CheckedAt <= nearCheck {
		around = append(around, cs[k-1])
	}
	if k < len(cs) && cs[k].CheckedAt-at <= nearCheck {
		around = append(around, cs[k])
	}
	if len(around) == 0 {
		return st
	}
	st.Checked = true
	a := around[0]
	st.Snippet, st.PublicKey, st.Overwritten = a.SnippetPresent, a.PublicKeyPresent, a.DataOverwritten
	st.Checks = append(st.Checks, gap.Seen{At: a.CheckedAt, Row: p.row(a.Pos)})
	if len(around) == 2 {
		b := around[1]
		if a.SnippetPresent != b.SnippetPresent || a.PublicKeyPresent != b.PublicKeyPresent || a.DataOverwritten != b.DataOverwritten {
			st.Changing = true
			// The worse of the two answers stands; Changing says how sure it is.
			st.Snippet = worse(a.SnippetPresent, b.SnippetPresent, table.No)
			st.PublicKey = worse(a.PublicKeyPresent, b.PublicKeyPresent, table.No)
			st.Overwritten = worse(a.DataOverwritten, b.DataOverwritten, table.Yes)
			st.Checks = append(st.Checks, gap.Seen{At: b.CheckedAt, Row: p.row(b.Pos)})
		}
	}
	// Without a snippet there is nothing that could lack a key or be overwritten.
	if st.Snippet == table.No {
		st.PublicKey, st.Overwritten = table.Unknown, table.Unknown
	}
	return st
}

func worse(a, b, bad table.Answer) table.Answer {
	if a == bad || b == bad {
		return bad
	}
	if a == table.Unknown {
		return b
	}
	return a
}
