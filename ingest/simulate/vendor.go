package simulate

import (
	"fmt"
	"sort"
	"strings"

	"lostlink/ingest/table"
)

// Vendor is a made-up vendor with its records and the truth about them.
type Vendor struct {
	Options Options
	// The period covers all logs and purchases; it ends where knowledge ends.
	PeriodStart, PeriodEnd table.Time
	// Sources says which written file is which, as a configuration needs it.
	// Paths are relative to the folder written to.
	Sources   []Source
	Truth     []Truth    // one per payment, in order of time
	Claims    []Claim    // in order of time
	Incidents []Incident // in order of time

	m *maker
}

// Source is what a configuration says about a written file.
type Source struct {
	Name      string
	Format    string     // as the ingest sources are named: "stripe_payments", "native"
	Table     table.Kind // of native files
	Files     []string
	Zone      string // fixed offset of times without one
	DateOrder string // "mdy"
	LogFormat string // nginx log_format of an access log
	Columns   []ColumnMap
}

// ColumnMap says that a column of the file is a column of the table.
type ColumnMap struct{ From, To string }

// maker holds a vendor while it is made.
type maker struct {
	opt            Options
	start, end     table.Time
	site           site
	partnerWeights []float64
	partnerIndex   map[string]int
	people         []*person
	payments       []*payment // in order of time
	missing        map[table.Date]bool
	agents         map[agentKey]string
	jars           []jar

	truth      []Truth
	claims     []Claim
	claimed    map[*person]bool // by the partner who sent them
	incidents  []Incident
	outageLost []int
}

// Make draws a vendor: its customers, who take about three kilobytes each. The
// traffic of people who never sign up is drawn while the files are written.
func Make(opt Options) (*Vendor, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	m := &maker{opt: opt, agents: map[agentKey]string{}, missing: map[table.Date]bool{}, partnerIndex: map[string]int{}}
	m.start = table.TimeOf(opt.Start)
	m.end = m.start + table.Time(opt.Days)*table.Day
	rng := newRand(opt.Seed, streamRecord)
	for range opt.Sources.MissingDays {
		m.missing[m.start.Date()+table.Date(rng.IntN(opt.Days))] = true
	}
	m.makeSite()
	m.outageLost = make([]int, len(m.site.outages))
	for i, p := range m.site.partners {
		m.partnerIndex[p.key] = i
	}
	for i := range opt.Customers {
		p := m.journey(i)
		m.people = append(m.people, p)
		for _, pay := range p.payments {
			m.record(pay)
			m.payments = append(m.payments, pay)
		}
	}
	sort.SliceStable(m.payments, func(i, j int) bool { return m.payments[i].at < m.payments[j].at })
	m.makeClaims()
	m.tell()
	at := make(map[string]table.Time, len(m.payments))
	for _, p := range m.payments {
		at[p.id] = p.at
	}
	sort.SliceStable(m.truth, func(i, j int) bool { return at[m.truth[i].PurchaseID] < at[m.truth[j].PurchaseID] })
	v := &Vendor{Options: opt, PeriodStart: m.start, PeriodEnd: m.end, Truth: m.truth, Claims: m.claims, Incidents: m.incidents, m: m}
	for _, f := range m.files() {
		if f.source != nil {
			v.Sources = append(v.Sources, *f.source)
		}
	}
	return v, nil
}

// Summary counts in a few lines what the vendor holds.
func (v *Vendor) Summary() string {
	cases, places, signals := map[string]int{}, map[string]int{}, map[string]int{}
	for _, t := range v.Truth {
		switch {
		case !t.Eligible:
			places["not to be judged"]++
		case t.Attributed != "":
			if len(t.Contested) > 0 {
				places["credited, contested"]++
			} else {
				places["credited"]++
			}
		case t.Kind == "organic":
			places["ordinary"]++
		default:
			places["lost"]++
			signals[t.Signal]++
			for _, c := range t.Cases {
				cases[c.String()]++
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d customers, %d partners, %d payments, %d claims, %d incidents\n", len(v.m.people), len(v.m.site.partners), len(v.Truth), len(v.Claims), len(v.Incidents))
	fmt.Fprintf(&b, "payments: %s\n", tally(places))
	fmt.Fprintf(&b, "lost by cause: %s\n", tally(cases))
	fmt.Fprintf(&b, "lost, tied by: %s\n", tally(signals))
	return b.String()
}

func tally(n map[string]int) string {
	var names []string
	for name := range n {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if n[names[i]] != n[names[j]] {
			return n[names[i]] > n[names[j]]
		}
		return names[i] < names[j]
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, n[name])
	}
	return strings.Join(names, ", ")
}
