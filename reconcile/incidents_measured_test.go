package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// score is how the incidents found from a vendor's logs compare with its faults.
type score struct {
	faults, found     int // faults that lost enough clean sign-ups
	start, end        int // found within a day
	both              int // within a day at both ends
	sparse            int // not within a day because no clean journey shows the end, or another fault adjoins
	true8, trueBoth   int // the same, of the faults that really lost enough sign-ups
	reported, untrue  int
	outages, outFound int
	years             float64
	took              time.Duration
	clean             int
}

func (s *score) add(o score) {
	s.faults, s.found, s.start, s.end, s.both, s.sparse = s.faults+o.faults, s.found+o.found, s.start+o.start, s.end+o.end, s.both+o.both, s.sparse+o.sparse
	s.reported, s.untrue, s.years, s.took, s.clean = s.reported+o.reported, s.untrue+o.untrue, s.years+o.years, s.took+o.took, s.clean+o.clean
	s.outages, s.outFound = s.outages+o.outages, s.outFound+o.outFound
	s.true8, s.trueBoth = s.true8+o.true8, s.trueBoth+o.trueBoth
}

func (s score) String() string {
	return fmt.Sprintf("faults %d found %d start %d end %d both %d (sparse %d), by truth %d both %d | reported %d untrue %d in %.1f years | outages %d found %d | clean %d, %v",
		s.faults, s.found, s.start, s.end, s.both, s.sparse, s.true8, s.trueBoth, s.reported, s.untrue, s.years, s.outages, s.outFound, s.clean, s.took.Round(time.Millisecond))
}

func family(b reconcile.CleanJourney) string {
	switch {
	case b.Browser.WebKit:
		return "safari"
	case b.Browser.Family == "Firefox":
		return "firefox"
	}
	return "chrome"
}

// leastLost is how many clean sign-ups a fault must have lost to be asked for.
const leastLost = 8

// measure compares what is found without page checks with the truth.
func measure(t testing.TB, v *vendor, say func(string, ...any)) score {
	signup := v.Options.Site.SignupPath
	set := *v.set
	set.PageChecks = nil
	journeys := reconcile.CleanJourneys(&set, v.opt)
	start := time.Now()
	res, err := reconcile.Run(&set, v.opt)
	if err != nil {
		t.Fatal(err)
	}
	s := score{took: time.Since(start), years: float64(v.PeriodEnd-v.PeriodStart) / float64(365*table.Day), clean: len(journeys)}
	in := func(t, from, to table.Time) bool { return t >= from && t < to }
	// hit tells whether a fault of the truth loses a journey.
	hit := func(f *simulate.Incident, j reconcile.CleanJourney) bool {
		if f.Cause == simulate.PaymentNotTied || f.Family != "" && f.Family != family(j) {
			return false
		}
		click := in(j.Clicked, f.Start, f.End) && (f.Page == "*" || f.Page == j.Landing) && f.Cause != simulate.DataOverwritten
		sign := in(j.SignedUp, f.Start, f.End) && (f.Page == "*" || f.Page == signup)
		return click && !j.Credited || sign && !j.Known
	}
	near := func(a, b table.Time) bool { return max(a-b, b-a) <= table.Day }
	for i := range v.Incidents {
		f := &v.Incidents[i]
		if f.Cause == simulate.PaymentNotTied {
			if f.Lost >= leastLost {
				s.outages++
				for _, x := range res.Incidents {
					if x.Cause == gap.PaymentNotTied && near(x.Start, f.Start) && near(x.End, f.End) {
						s.outFound++
						break
					}
				}
			}
			continue
		}
		lost := 0
		for _, j := range journeys {
			if hit(f, j) {
				lost++
			}
		}
		if lost < leastLost && f.Signups < leastLost {
			continue
		}
		asked := lost >= leastLost
		if asked {
			s.faults++
		}
		if f.Signups >= leastLost {
			s.true8++
		}
		var best *gap.Incident
		var share table.Time
		for k := range res.Incidents {
			x := &res.Incidents[k]
			if x.Cause == gap.PaymentNotTied {
				continue
			}
			if o := min(x.End, f.End) - max(x.Start, f.Start); o > share && o*2 > min(x.End-x.Start, f.End-f.Start) {
				best, share = x, o
			}
		}
		if best == nil {
			say("   MISSED %v %s %s %v - %v lost %d of %d cookies=%q", f.Cause, f.Page, f.Family, f.Start, f.End, lost, f.Signups, v.Options.Sources.Cookies)
			continue
		}
		a, b := near(best.Start, f.Start), near(best.End, f.End)
		if a && b && f.Signups >= leastLost {
			s.trueBoth++
		}
		if !asked {
			if !(a && b) {
				say("   ENDS   %v %s %s %v - %v lost %d of %d cookies=%q: found %v - %v %v %v", f.Cause, f.Page, f.Family, f.Start, f.End, lost, f.Signups, v.Options.Sources.Cookies, best.Start, best.End, best.Pages, best.Browsers)
			}
			continue
		}
		s.found++
		if a {
			s.start++
		}
		if b {
			s.end++
		}
		if a && b {
			s.both++
		} else {
			what := "ends  "
			if unseen(v.Incidents, journeys, f, signup, a, b) {
				s.sparse++
				what = "unseen"
			}
			say("   "+what+" %v %s %s %v - %v lost %d of %d cookies=%q: found %v - %v %v %v", f.Cause, f.Page, f.Family, f.Start, f.End, lost, f.Signups, v.Options.Sources.Cookies, best.Start, best.End, best.Pages, best.Browsers)
		}
	}
	for _, x := range res.Incidents {
		if x.Cause == gap.PaymentNotTied {
			real := false
			for i := range v.Incidents {
				f := &v.Incidents[i]
				real = real || f.Cause == simulate.PaymentNotTied && f.Start < x.End && f.End > x.Start
			}
			if !real {
				s.untrue++
				say("   UNTRUE %s", x.What)
			}
			s.reported++
			continue
		}
		s.reported++
		lost, real := 0, 0
		for _, j := range journeys {
			if j.Credited || !(in(j.SignedUp, x.Start, x.End+1) || in(j.Clicked, x.Start, x.End+1)) {
				continue
			}
			pages := map[string]bool{}
			for _, p := range x.Pages {
				pages[p] = true
			}
			if !(in(j.SignedUp, x.Start, x.End+1) && pages[signup] || in(j.Clicked, x.Start, x.End+1) && pages[j.Landing]) {
				continue
			}
			lost++
			for i := range v.Incidents {
				if hit(&v.Incidents[i], j) {
					real++
					break
				}
			}
		}
		if real*2 < lost {
			s.untrue++
			say("   UNTRUE %v - %v %v %v %d of %d (%d lost, %d by a fault)", x.Start, x.End, x.Pages, x.Browsers, x.Credited, x.Expected, lost, real)
		}
	}
	return s
}

// unseen tells whether, at each end that was missed, the last journey that the
// fault let through and the first one it lost lie more than two days apart, so
// that no log can place the end within one; or another fault adjoins.
func unseen(all []simulate.Incident, js []reconcile.CleanJourney, f *simulate.Incident, signup string, start, end bool) bool {
	apart := func(edge table.Time) bool {
		for i := range all {
			o := &all[i]
			if o != f && o.Cause != simulate.PaymentNotTied && o.Start < edge+table.Day && o.End > edge-table.Day && (o.Family == "" || f.Family == "" || o.Family == f.Family) {
				return true
			}
		}
		var before, after table.Time = 0, 1 << 62
		see := func(t table.Time) {
			if t < edge {
				before = max(before, t)
			} else {
				after = min(after, t)
			}
		}
		for _, j := range js {
			if f.Family != "" && f.Family != family(j) {
				continue
			}
			if f.Page == "*" || f.Page == signup {
				see(j.SignedUp)
			}
			if f.Page != signup && (f.Page == "*" || f.Page == j.Landing) {
				see(j.Clicked)
			}
		}
		return after-before > 2*table.Day
	}
	return (start || apart(f.Start)) && (end || apart(f.End))
}

// faulty is a vendor with a fault of every kind and length.
func faulty(seed uint64) simulate.Options {
	rng := rand.New(rand.NewPCG(seed, 77))
	o := simulate.DefaultOptions()
	if rng.IntN(3) > 0 {
		o = simulate.DrawOptions(seed)
	}
	o.Seed = seed
	o.Customers = 800 + rng.IntN(4200)
	o.Days = 180 + rng.IntN(180)
	o.Site.FaultsDrawn, o.Site.WebhookOutages = 0, 2
	o.Site.Faults = nil
	signup := o.Site.SignupPath
	at := 12.0
	for at < float64(o.Days)-20 {
		f := simulate.Fault{Cause: []simulate.Cause{simulate.SnippetBroken, simulate.SnippetBroken, simulate.DataOverwritten, simulate.PublicKeyMissing}[rng.IntN(4)],
			Page: []string{"*", signup, "/", "/pricing"}[rng.IntN(4)], From: at}
		if f.Cause == simulate.DataOverwritten {
			f.Page = signup
		}
		if rng.IntN(3) == 0 {
			f.Family = []string{"safari", "chrome", "firefox"}[rng.IntN(3)]
		}
		f.To = at + 1 + 13*rng.Float64()
		o.Site.Faults = append(o.Site.Faults, f)
		at = f.To + 8 + 25*rng.Float64()
	}
	o.Traffic = simulate.Traffic{Visitors: 2, Clickers: 1, Bots: 0.5, Crawlers: 0.5, Pasted: 0.2}
	o.Formats.Gzip = false
	return o
}

// healthy is the same vendor without any fault.
func healthy(seed uint64) simulate.Options {
	o := faulty(seed)
	o.Site.Faults, o.Site.WebhookOutages = nil, 0
	return o
}

// drawn is a vendor as the weights are fitted on, with fewer passers-by.
func drawn(seed uint64) simulate.Options {
	o := simulate.DrawOptions(seed)
	o.Customers = 3000
	o.Traffic = simulate.Traffic{Visitors: 2, Clickers: 1, Bots: 0.5, Crawlers: 0.5, Pasted: 0.2}
	o.Formats.Gzip = false
	return o
}

// Every fault that lost enough clean sign-ups is found from the logs alone,
// nearly all of them within a day at both ends, and no fault that was none.
func TestIncidentsMeasured(t *testing.T) {
	var sum score
	for _, o := range []simulate.Options{faulty(2), faulty(3), faulty(16), drawn(5), healthy(3)} {
		sum.add(measure(t, makeVendor(t, o), t.Logf))
	}
	t.Log(sum)
	if sum.faults < 15 || sum.found < sum.faults || (sum.both+sum.sparse)*10 < sum.faults*9 {
		t.Errorf("of %d faults %d are found, %d within a day at both ends; want all, and nine in ten", sum.faults, sum.found, sum.both)
	}
	if sum.untrue > 0 {
		t.Errorf("%d incidents in %.1f years were none", sum.untrue, sum.years)
	}
	if sum.outages < 3 || sum.outFound < sum.outages {
		t.Errorf("of %d outages of the payments %d are found", sum.outages, sum.outFound)
	}
}

// TestIncidentsTable prints the same for many vendors of each kind:
//
//	INCIDENT_SEEDS="1 24" go test ./reconcile -run TestIncidentsTable -v
func TestIncidentsTable(t *testing.T) {
	seeds := os.Getenv("INCIDENT_SEEDS")
	if seeds == "" {
		return // a measuring tool, not a check
	}
	var from, to uint64
	if _, err := fmt.Sscan(seeds, &from, &to); err != nil {
		t.Fatalf("INCIDENT_SEEDS is %q; want the first seed and the last", seeds)
	}
	for _, kind := range []struct {
		name string
		make func(uint64) simulate.Options
	}{{"faulty", faulty}, {"drawn", drawn}, {"healthy", healthy}} {
		var sum score
		for seed := from; seed <= to; seed++ {
			s := measure(t, makeVendor(t, kind.make(seed)), t.Logf)
			t.Logf("%s %d: %v", kind.name, seed, s)
			sum.add(s)
		}
		t.Logf("all %s: %v", kind.name, sum)
	}
}
