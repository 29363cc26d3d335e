package reconcile

import (
	"cmp"
	"math"
	"slices"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Where an incident was seen.
const (
	seenLogs   = "logs"
	seenChecks = "page checks"
	seenBoth   = "logs and page checks"
)

// checkFault is a stretch in which the checks of one page found one fault: the
// last check without it and the first with it, the last with it and the first
// without. The outer ones are 0 where there is no such check.
type checkFault struct {
	cause                    gap.Slug
	page                     string
	good, start, end, mended table.Time
}

// checkIncidents turns what the page checks found into incidents: pages with
// the same fault in the same days are one. A change between two checks is
// placed by the journeys between them.
func (b *builder) checkIncidents(all []sample) []incident {
	var faults []checkFault
	for _, path := range sortedKeys(b.pages.checks) {
		if b.pages.never[path] {
			continue
		}
		open := -1
		var good table.Time
		for _, c := range b.pages.checks[path] {
			cause := causeOf(&c)
			if open >= 0 && faults[open].cause == cause {
				faults[open].end = c.CheckedAt
				continue
			}
			if open >= 0 {
				faults[open].mended, open = c.CheckedAt, -1
			}
			if cause != "" {
				faults = append(faults, checkFault{cause, path, good, c.CheckedAt, c.CheckedAt, 0})
				open = len(faults) - 1
			}
			good = c.CheckedAt
		}
	}
	slices.SortStableFunc(faults, func(x, y checkFault) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end), cmp.Compare(x.mended, y.mended), cmp.Compare(x.cause, y.cause), cmp.Compare(x.page, y.page))
	})
	var out []incident
	var bounds []checkFault
	for _, f := range faults {
		if n := len(out); n > 0 && bounds[n-1].start == f.start && bounds[n-1].end == f.end && bounds[n-1].mended == f.mended && bounds[n-1].cause == f.cause {
			x := &out[n-1]
			x.Pages = append(x.Pages, f.page)
			x.bySignup = x.bySignup || b.pages.signup[f.page]
			x.pages[f.page] = f.cause != gap.DataOverwritten
			bounds[n-1].good = max(bounds[n-1].good, f.good)
			continue
		}
		// Overwritten data loses the sign-up, not the click.
		x := incident{pages: map[string]bool{f.page: f.cause != gap.DataOverwritten}, bySignup: b.pages.signup[f.page]}
		x.Cause, x.Pages, x.Start, x.End, x.Seen = f.cause, []string{f.page}, f.start, cmp.Or(f.mended, f.end), seenChecks
		out, bounds = append(out, x), append(bounds, f)
	}
	for i := range out {
		joinLogs(&out[i], &bounds[i], all)
	}
	return out
}

// joinLogs looks at the journeys that passed a fault the checks found: where
// they were lost, it is seen in the logs too, and they place its ends.
func joinLogs(x *incident, f *checkFault, all []sample) {
	const clear = 3.0
	lost, kept := math.Log((1-brokenShare)/(1-usualMax)), math.Log(brokenShare/usualMax)
	score, n, outside := 0.0, 0, 0
	for i := range all {
		s := &all[i]
		switch {
		case !x.takes(s):
			if s.credited {
				outside++
			}
		case s.credited && s.helped:
		case s.credited:
			score += kept
		default:
			score += lost
			n++
		}
	}
	if score < clear || n < 3 || outside < historyLeast {
		return
	}
	x.Seen = seenBoth
	var goodAt, lostAt, mendedAt, lastAt table.Time
	see := func(t table.Time, well bool) {
		if f.good != 0 && t > f.good && t <= f.start {
			if well {
				goodAt = max(goodAt, t)
			} else if lostAt == 0 || t < lostAt {
				lostAt = t
			}
		}
		if f.mended != 0 && t >= f.end && t < f.mended {
			if !well {
				lastAt = max(lastAt, t)
			} else if mendedAt == 0 || t < mendedAt {
				mendedAt = t
			}
		}
	}
	for i := range all {
		s := &all[i]
		if x.bySignup {
			see(s.signedUp, s.known)
		}
		if x.pages[s.landing] && (!s.credited || !s.helped) {
			see(s.clicked, s.credited)
		}
	}
	// A single loss on the good side of a credit is bad luck.
	if lostAt != 0 && lostAt > goodAt {
		goodAt = max(goodAt, f.good)
		x.Start = goodAt + (lostAt-goodAt)/2
	}
	if mendedAt != 0 {
		if lastAt > mendedAt || lastAt == 0 {
			lastAt = f.end
		}
		x.End = lastAt + (mendedAt-lastAt)/2
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
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
