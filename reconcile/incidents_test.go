package reconcile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// traffic sends four people a day for sixty days, half of them to each of two
// pages and half of them with an iPhone. lost tells who is not credited.
func traffic(s *site, come func(when float64) bool, lost func(when float64, page, ua string) bool) {
	for d := range 60 {
		for i := range 4 {
			when := float64(d) + 0.3 + 0.15*float64(i)
			page, ua := []string{"/pricing", "/tour"}[i%2], []string{desktop, iphone}[i/2]
			if come == nil || come(when) {
				s.came(when, page, ua, !lost(when, page, ua))
			}
		}
	}
}

// stretch is an incident that must be found, its ends within a day.
type stretch struct {
	from, to float64
	pages    []string
	cause    gap.Slug
	seen     string
	webkit   bool
	lost     int
}

func TestIncidents(t *testing.T) {
	never := func(float64, string, string) bool { return false }
	week := func(when float64) bool { return when >= 30 && when < 37 }
	signup := []string{"/signup"}
	for _, tc := range []struct {
		name string
		make func(s *site)
		want []stretch
	}{
		{"all well", func(s *site) { traffic(s, nil, never) }, nil},
		{"quiet weekends", func(s *site) { traffic(s, func(when float64) bool { return int(when)%7 < 5 }, never) }, nil},
		{"nobody came for a week", func(s *site) { traffic(s, func(when float64) bool { return !week(when) }, never) }, nil},
		{"a small page that loses its three people", func(s *site) {
			traffic(s, nil, never)
			for i := range 3 {
				s.came(20+float64(i), "/rare", desktop, false)
			}
		}, nil},
		{"a day of bad luck", func(s *site) {
			traffic(s, nil, func(when float64, page, ua string) bool { return int(when) == 30 && page == "/pricing" })
		}, nil},
		{"nobody is ever credited: no history to fall from", func(s *site) {
			traffic(s, nil, func(float64, string, string) bool { return true })
		}, nil},
		{"the sign-up page broken for a week", func(s *site) {
			traffic(s, nil, func(when float64, _, _ string) bool { return week(when) })
		}, []stretch{{from: 30, to: 37, pages: signup, cause: gap.SnippetBroken, seen: "logs", lost: 28}}},
		{"a stray credit inside the week", func(s *site) {
			traffic(s, nil, func(when float64, page, ua string) bool {
				return week(when) && !(int(when) == 33 && page == "/tour" && ua == iphone)
			})
		}, []stretch{{from: 30, to: 37, pages: signup, cause: gap.SnippetBroken, seen: "logs", lost: 27}}},
		{"broken twice", func(s *site) {
			traffic(s, nil, func(when float64, _, _ string) bool { return when >= 10 && when < 15 || when >= 40 && when < 46 })
		}, []stretch{{from: 10, to: 15, pages: signup, cause: gap.SnippetBroken, seen: "logs", lost: 20}, {from: 40, to: 46, pages: signup, cause: gap.SnippetBroken, seen: "logs", lost: 24}}},
		{"one landing page broken", func(s *site) {
			traffic(s, nil, func(when float64, page, _ string) bool { return page == "/tour" && when >= 20 && when < 32 })
		}, []stretch{{from: 20, to: 32, pages: []string{"/tour"}, cause: gap.SnippetBroken, seen: "logs", lost: 24}}},
		{"one landing page broken for Safari", func(s *site) {
			traffic(s, nil, func(when float64, page, ua string) bool {
				return page == "/tour" && ua == iphone && when >= 20 && when < 44
			})
		}, []stretch{{from: 20, to: 44, pages: []string{"/tour"}, cause: gap.SnippetBroken, seen: "logs", webkit: true, lost: 24}}},
		{"the checks know the cause", func(s *site) {
			traffic(s, nil, func(when float64, _, _ string) bool { return week(when) })
			for d := range 60 {
				c := working
				if d >= 30 && d < 37 {
					c.DataOverwritten = table.Yes
				}
				s.checked(d, "/signup", c)
			}
		}, []stretch{{from: 30, to: 37, pages: signup, cause: gap.DataOverwritten, seen: "logs and page checks", lost: 28}}},
		{"a fault that only the checks saw", func(s *site) {
			traffic(s, func(when float64) bool { return !week(when) }, never)
			for d := range 60 {
				c := working
				if d >= 30 && d < 37 {
					c.PublicKeyPresent = table.No
				}
				s.checked(d, "/signup", c)
			}
		}, []stretch{{from: 30, to: 37, pages: signup, cause: gap.PublicKeyMissing, seen: "page checks"}}},
		{"a page that never had the snippet is no incident", func(s *site) {
			traffic(s, nil, never)
			for d := range 60 {
				c := working
				c.SnippetPresent = table.No
				s.checked(d, "/old", c)
			}
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			tc.make(s)
			got := s.run().Incidents
			if len(got) != len(tc.want) {
				t.Fatalf("%d incidents, want %d: %+v", len(got), len(tc.want), got)
			}
			for i, w := range tc.want {
				x := got[i]
				near := func(t table.Time, d float64) bool { return max(t-day(d), day(d)-t) <= table.Day }
				if !near(x.Start, w.from) || !near(x.End, w.to) {
					t.Errorf("from %v to %v, want day %v to %v (%v to %v)", x.Start, x.End, w.from, w.to, day(w.from), day(w.to))
				}
				if !slices.Equal(x.Pages, w.pages) || x.Cause != w.cause || x.Seen != w.seen || (len(x.Browsers) > 0) != w.webkit {
					t.Errorf("%s on %v by %s for %v, want %+v", x.Cause, x.Pages, x.Seen, x.Browsers, w)
				}
				if x.Expected-x.Credited != w.lost || x.Purchases != w.lost || x.Lost["USD"] != int64(w.lost)*4900 && w.lost > 0 {
					t.Errorf("%d of %d credited, %d purchases and %v lost; want %d lost", x.Credited, x.Expected, x.Purchases, x.Lost, w.lost)
				}
				if x.IncidentID == "" || x.What == "" || x.From != x.Start.String() || x.To != x.End.String() {
					t.Errorf("%+v", x)
				}
			}
		})
	}
}

// A hole in the log takes the journeys with it: what is not seen is not lost.
func TestLogHoleIsNoIncident(t *testing.T) {
	s := newSite(t)
	for d := range 60 {
		for i := range 8 {
			when := float64(d) + 0.1*float64(i)
			if d >= 30 && d < 33 {
				continue // neither visits nor landings; the platform went on crediting
			}
			s.passed(when)
		}
	}
	traffic(s, func(when float64) bool { return when < 30 || when >= 33 }, func(float64, string, string) bool { return false })
	res := s.run()
	if len(res.Incidents) > 0 {
		t.Errorf("incidents: %+v", res.Incidents)
	}
	if len(res.Notes) != 1 {
		t.Errorf("notes %q, want one about the missing days", res.Notes)
	}
}

// People who lose the credit one by one, as blockers make it, are no incident,
// whichever way the dice fall and however many people there are.
func TestScatteredLossesAreNoIncident(t *testing.T) {
	for _, share := range []float64{0.05, 0.15, 0.25, 0.35} {
		for seed := range uint64(4) {
			rng := rand.New(rand.NewPCG(seed, 3))
			s := newSite(t)
			for i := range 1600 {
				s.came(float64(i)/16, []string{"/pricing", "/tour"}[rng.IntN(2)], []string{desktop, iphone}[rng.IntN(2)], rng.Float64() >= share)
			}
			if got := s.run().Incidents; len(got) > 0 {
				t.Errorf("seed %d: %d incidents where %g of all are lost by chance: %+v", seed, len(got), share, got)
			}
		}
	}
}

func TestHoles(t *testing.T) {
	for _, tc := range []struct {
		name string
		per  func(day int) int // lines
		want []int
	}{
		{"a line or more on each day", func(int) int { return 8 }, nil},
		{"a missing day", func(d int) int {
			if d == 20 {
				return 0
			}
			return 8
		}, []int{20}},
		{"three missing days", func(d int) int {
			if d >= 20 && d < 23 {
				return 0
			}
			return 12
		}, []int{20, 21, 22}},
		{"quiet weekends of a small site", func(d int) int {
			if d%7 >= 5 {
				return 0
			}
			return 4
		}, nil},
		{"a quiet site", func(d int) int { return d % 2 }, nil},
		{"before the log begins and after it ends", func(d int) int {
			if d < 10 || d > 30 {
				return 0
			}
			return 12
		}, nil},
	} {
		var r records
		for d := range 40 {
			for i := range tc.per(d) {
				r.visits = append(r.visits, table.Visit{VisitedAt: day(float64(d) + 0.01*float64(i))})
			}
		}
		r.roll = rollupOf(r.visits)
		r.findHoles()
		var got []int
		for h := range r.holes {
			got = append(got, int(h-siteStart.Date()))
		}
		slices.Sort(got)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: holes on %v, want %v", tc.name, got, tc.want)
		}
		for _, h := range tc.want {
			if !r.holeBetween(day(float64(h)-3), day(float64(h)+0.5)) || r.holeBetween(day(float64(h)+4), day(float64(h)+5)) {
				t.Errorf("%s: day %d is not told from its neighbours", tc.name, h)
			}
		}
	}
}
