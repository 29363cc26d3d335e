package reconcile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"lostlink/ingest/table"
)

// days makes trials at days, so many a day; lost tells which are not credited.
func days(n, perDay int, lost func(day float64) bool) []trial {
	var ts []trial
	for i := range n * perDay {
		d := (float64(i) + 0.5) / float64(perDay)
		ts = append(ts, trial{at: day(d), lost: lost(d), index: i})
	}
	return ts
}

func TestWorst(t *testing.T) {
	within := func(d, from, to float64) bool { return d >= from && d < to }
	never := func(float64) bool { return false }
	for _, tc := range []struct {
		name     string
		ts       []trial
		from, to float64 // 0, 0: no fault
	}{
		{"none", nil, 0, 0},
		{"all well", days(60, 4, never), 0, 0},
		{"a week", days(60, 4, func(d float64) bool { return within(d, 30, 37) }), 30, 37},
		{"from the first day on", days(60, 4, func(d float64) bool { return d < 7 }), 0, 7},
		{"up to the last day", days(60, 4, func(d float64) bool { return d >= 50 }), 50, 60},
		{"one credited inside", days(60, 4, func(d float64) bool { return within(d, 30, 37) && !within(d, 33, 33.2) }), 30, 37},
		{"two, the longer first", days(60, 4, func(d float64) bool { return within(d, 20, 24) || within(d, 26, 33) }), 26, 33},
		{"four lost", days(60, 4, func(d float64) bool { return within(d, 30, 31) }), 0, 0},
		{"nobody ever credited", days(60, 4, func(float64) bool { return true }), 0, 0},
		{"half lost for a while", days(60, 4, func(d float64) bool { return within(d, 30, 40) && int(d*4)%2 == 0 }), 0, 0},
		{"quiet weekends", slices.DeleteFunc(days(60, 4, never), func(t trial) bool { return int(t.at.Date()-siteStart.Date())%7 >= 5 }), 0, 0},
		{"a week in which nobody came", slices.DeleteFunc(days(60, 4, never), func(t trial) bool { return t.at >= day(30) && t.at < day(37) }), 0, 0},
	} {
		w := worst(tc.ts)
		if tc.to == 0 {
			if w.score > 0 {
				t.Errorf("%s: %+v, want no fault", tc.name, w)
			}
			continue
		}
		if w.score < minScore+6 {
			t.Errorf("%s: score %v", tc.name, w.score)
			continue
		}
		if from, to := tc.ts[w.from].at, tc.ts[w.to].at; from < day(tc.from) || from > day(tc.from+0.3) || to < day(tc.to-0.3) || to > day(tc.to) {
			t.Errorf("%s: from %v to %v, want day %v to %v (%v to %v)", tc.name, from, to, tc.from, tc.to, day(tc.from), day(tc.to))
		}
	}
}

// Where fewer and fewer are credited, or many are lost all the time, runs of
// losses are usual.
func TestWorstKnowsTheBaseline(t *testing.T) {
	for _, tc := range []struct {
		name  string
		share func(d float64) float64 // credited
	}{
		{"drifts from 0.95 to 0.45", func(d float64) float64 { return 0.95 - d/400 }},
		{"falls to a half for good", func(d float64) float64 {
			if d < 100 {
				return 0.95
			}
			return 0.5
		}},
		{"half are lost", func(float64) float64 { return 0.5 }},
	} {
		found := 0
		const tries = 60
		for seed := range uint64(tries) {
			rng := rand.New(rand.NewPCG(seed, 11))
			ts := days(200, 4, func(d float64) bool { return rng.Float64() >= tc.share(d) })
			if worst(ts).score >= minScore+6.7 { // the logarithm of 800 journeys
				found++
			}
		}
		if found > tries/10 {
			t.Errorf("%s: a fault in %d of %d histories without one", tc.name, found, tries)
		}
	}
}

// A credit that is no clean journey speaks against a fault as much as another.
func TestWorstHearsCreditsBeside(t *testing.T) {
	ts := days(60, 2, func(d float64) bool { return d >= 30 && d < 34 })
	alone := worst(ts).score
	for _, d := range []float64{31, 32, 33} {
		ts = append(ts, trial{at: day(d), beside: true})
	}
	slices.SortFunc(ts, func(x, y trial) int { return int(x.at - y.at) })
	if with := worst(ts).score; alone < 20 || with > 0 {
		t.Errorf("score %v alone, %v beside three credits; want it to vanish", alone, with)
	}
}

// A journey whom an earlier click may have helped tells less.
func TestSpeaks(t *testing.T) {
	lost, kept := speaks(&trial{lost: true}, 0.9), speaks(&trial{}, 0.9)
	helpedLost, helpedKept := speaks(&trial{lost: true, helped: true}, 0.9), speaks(&trial{helped: true}, 0.9)
	if !(lost > helpedLost && helpedLost > 0 && 0 > helpedKept && helpedKept > kept) {
		t.Errorf("lost %v, kept %v; with help %v, %v", lost, kept, helpedLost, helpedKept)
	}
}

func TestEdge(t *testing.T) {
	at := func(lost bool, ds ...float64) []trial {
		var ts []trial
		for _, d := range ds {
			ts = append(ts, trial{at: day(d), lost: lost})
		}
		return ts
	}
	for _, tc := range []struct {
		name       string
		ts         []trial
		start, end float64
		from, to   float64 // where the edge may lie
	}{
		{"halfway between credited and lost", slices.Concat(at(false, 1, 2, 3, 4), at(true, 5, 5.5, 6, 6.5)), 5, 6.5, 4.3, 4.7},
		{"nothing before", at(true, 5, 6, 7), 5, 7, 5, 5},
		{"a loss long before the others was bad luck", slices.Concat(at(false, 1, 2, 3), at(true, 3.1, 12, 12.1, 12.2, 12.3, 12.4)), 3.1, 12.4, 3.1, 12},
		{"a credit just inside", slices.Concat(at(false, 1, 2, 3), at(true, 4), at(false, 4.1), at(true, 5, 5.1, 5.2, 5.3)), 5, 5.3, 4, 5},
	} {
		got := edge(slices.Clone(tc.ts), day(tc.start), day(tc.end), 0.9)
		if got < day(tc.from) || got > day(tc.to) {
			t.Errorf("%s: %v, want %v to %v", tc.name, got, day(tc.from), day(tc.to))
		}
		mirrored := -edge(backwards(backwards(backwards(slices.Clone(tc.ts)))), -day(tc.end), -day(tc.start), 0.9)
		if mirrored < day(tc.start)-table.Day || mirrored > day(tc.end)+table.Day {
			t.Errorf("%s: the end at %v", tc.name, mirrored)
		}
	}
}

// The end of a fault is where the median is, unless a time is much likelier to
// be within a day of it.
func TestLikeliest(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spans []span
		want  float64
	}{
		{"one short span", []span{{day(1), day(1.5), 1}}, 1.25},
		{"one long span", []span{{day(1), day(9), 1}}, 5},
		{"two alike beside each other", []span{{day(1), day(2), 1}, {day(2), day(3), 1}}, 2},
		// Within a day of the median, 5 days, lies a sixth; within a day of day 2,
		// with all of the dense one, a third.
		{"a dense one before a long one", []span{{day(1), day(1.1), 20}, {day(1.1), day(11), 1}}, 2},
	} {
		got := likeliest(tc.spans, table.Day)
		if d := got - day(tc.want); d < -table.Hour || d > table.Hour {
			t.Errorf("%s: %v, want %v", tc.name, got, day(tc.want))
		}
	}
}
