package simulate

import (
	"fmt"
	"math"
	"strings"

	"lostlink/ingest/table"
)

// site is the vendor's pages, their state at any time, and the programme.
type site struct {
	host     string
	pages    []page
	byPath   map[string]int
	landings []int // pages partners link to
	faults   []fault
	outages  []span // the platform records no payment
	partners []partner
	frozen   []pasted
}

type page struct {
	path string
	bare bool // never had the snippet
}

type span struct{ from, to table.Time }

func (s span) holds(t table.Time) bool { return t >= s.from && t < s.to }

type fault struct {
	span
	cause   Cause
	page    string
	pages   []string // all paths hit
	family  string
	lost    int // eligible purchases lost to it
	signups int // customers lost to it
}

func (f *fault) hits(path, family string, t table.Time) bool {
	if !f.holds(t) || f.family != "" && f.family != family {
		return false
	}
	for _, p := range f.pages {
		if p == path {
			return true
		}
	}
	return false
}

type partner struct {
	key, slug, name, email, domain, coupon string
	group                                  string // partnership key
	weight                                 float64
	leaked                                 bool
	links                                  []link
}

type link struct{ id, url, page string }

// pasted is a decorated landing address that somebody published. The click it
// froze is as old as the log, or older.
type pasted struct {
	partner int
	click   string
	page    string
	day     table.Date // of the click; 0: before the logs begin
}

func (m *maker) makeSite() {
	rng := newRand(m.opt.Seed, streamSite)
	o := &m.opt
	s := &m.site
	s.host = "https://" + o.Site.Host
	s.pages = []page{{path: "/"}, {path: "/pricing"}, {path: o.Site.SignupPath}, {path: o.Site.CheckoutPath}, {path: "/features"}}
	s.landings = []int{0, 0, 1}
	themes := []string{"startup", "agency", "webinar", "spring", "compare", "trial"}
	bare := int(o.Site.BareLandings*float64(o.LandingPages) + 0.5)
	first := rng.IntN(o.LandingPages)
	for i := range o.LandingPages {
		s.landings = append(s.landings, len(s.pages))
		s.pages = append(s.pages, page{path: fmt.Sprintf("/lp/%s-%d", pick(rng, themes), i), bare: (i-first+o.LandingPages)%o.LandingPages < bare})
	}
	s.byPath = map[string]int{}
	for i, p := range s.pages {
		s.byPath[p.path] = i
	}
	for _, f := range o.Site.Faults {
		if f.Cause == PaymentNotTied {
			s.outages = append(s.outages, span{m.day(f.From), m.day(f.To)})
			continue
		}
		s.faults = append(s.faults, m.fault(f))
	}
	for range o.Site.FaultsDrawn {
		f := Fault{Cause: []Cause{SnippetBroken, DataOverwritten, PublicKeyMissing}[choose(rng, 0.5, 0.3, 0.2)]}
		f.Page = []string{"*", o.Site.SignupPath, s.pages[pick(rng, s.landings)].path}[choose(rng, 0.25, 0.5, 0.25)]
		if f.Cause == DataOverwritten && f.Page != "*" {
			f.Page = o.Site.SignupPath
		}
		if f.Cause == SnippetBroken && chance(rng, 0.2) {
			f.Family = pick(rng, []string{"safari", "chrome", "firefox"})
		}
		f.From = rng.Float64() * float64(o.Days-5)
		f.To = min(f.From+math.Exp(Range{0, 3.2}.draw(rng)), float64(o.Days)) // one to 25 days
		s.faults = append(s.faults, m.fault(f))
	}
	for range o.Site.WebhookOutages {
		at := m.day(rng.Float64() * float64(o.Days-6))
		s.outages = append(s.outages, span{at, at + table.Day + seconds(rng, 2*table.Day)})
	}
	m.makePartners()
}

// day is a point in time in days after the start, on the full hour.
func (m *maker) day(d float64) table.Time { return m.start + table.Time(d*24)*table.Hour }

func (m *maker) fault(f Fault) fault {
	out := fault{span: span{m.day(f.From), m.day(f.To)}, cause: f.Cause, page: f.Page, family: f.Family}
	for _, p := range m.site.pages {
		if f.Page == "*" || p.path == f.Page || f.Page == m.opt.Site.SignupPath && p.path == m.opt.Site.CheckoutPath {
			out.pages = append(out.pages, p.path)
		}
	}
	return out
}

func (m *maker) makePartners() {
	s, o := &m.site, &m.opt
	for i := range o.Partners {
		rng := newRand(o.Seed, streamPartner, uint64(i))
		slug := fmt.Sprintf("%s%02d", pick(rng, []string{"blog", "deals", "guide", "labs", "podcast", "review", "studio", "tech"}), i)
		p := partner{slug: slug, key: slug + fmt.Sprint(1000+rng.IntN(9000)), name: strings.ToUpper(slug[:1]) + slug[1:] + " Media",
			email: "team@" + slug + ".example", domain: "www." + slug + ".example", group: "part_" + hexID(rng, 12)}
		if i%9 == 4 { // the platform's own ids are hexadecimal
			p.key = hexID(rng, 12)
		}
		// A few partners send most customers.
		p.weight = 1 / float64(1+i)
		if rng.IntN(2) == 0 || i < o.Traps.LeakedCoupons {
			p.coupon = strings.ToUpper(slug) + "20"
		}
		p.leaked = i < o.Traps.LeakedCoupons
		for j := range between(rng, 1, 2) {
			l := link{id: fmt.Sprintf("l_%s_%d", slug, j), url: "https://" + o.Site.LinkHost + "/" + slug, page: s.pages[pick(rng, s.landings)].path}
			if j > 0 {
				l.url += fmt.Sprintf("-%d", j)
			}
			p.links = append(p.links, l)
		}
		m.partnerWeights = append(m.partnerWeights, p.weight)
		s.partners = append(s.partners, p)
		if i < 12 {
			f := pasted{partner: i, click: alnumID(rng, 14), page: p.links[0].page}
			if i%2 == 0 {
				f.day = m.start.Date() + table.Date(rng.IntN(10))
			}
			s.frozen = append(s.frozen, f)
		}
	}
}

// state is what a page does in a browser family at a time. Only the causes at
// work can hurt.
func (s *site) state(path, family string, at table.Time, work causes) (st pageState) {
	st = pageState{snippet: true, key: true}
	if i, ok := s.byPath[path]; ok {
		st.bare = s.pages[i].bare
	} else {
		st.bare = true // vanity paths redirect before any script runs
	}
	for i := range s.faults {
		f := &s.faults[i]
		if !work.has(f.cause) || !f.hits(path, family, at) {
			continue
		}
		switch f.cause {
		case SnippetBroken:
			st.snippet = false
		case PublicKeyMissing:
			st.key = false
		case DataOverwritten:
			st.overwritten = true
		}
	}
	return st
}

type pageState struct{ snippet, key, overwritten, bare bool }

func (st pageState) works() bool { return st.snippet && st.key && !st.bare }
