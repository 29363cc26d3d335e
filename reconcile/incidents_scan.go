package reconcile

import (
	"cmp"
	"math"
	"slices"

	"lostlink/ingest/table"
)

// trial is one journey, or one payment, at the moment that a fault would have
// met it.
type trial struct {
	at     table.Time
	lost   bool
	helped bool // may be credited in spite of a fault
	// beside marks a credit that is no clean journey: it speaks against a fault,
	// but tells nothing of what is usual.
	beside bool
	index  int // of the sample or purchase
}

const (
	// brokenShare is what is still credited during a fault, by pages out of a
	// cache and the like; made-up vendors have next to none. helpedShare is the same, as a part of the usual
	// share, for those whom an earlier click may have helped.
	brokenShare = 0.02
	helpedShare = 0.75
	// usualMax keeps a history without any loss from making a handful of losses
	// look impossible.
	usualMax = 0.97
	// nearby is how many journeys on either side of a stretch say what was usual
	// at that time; the share over the whole history counts as wholeWeight more.
	nearby      = 40
	wholeWeight = 6
	// historyLeast is how many credited journeys outside a stretch are a history
	// to fall from, and shareLeast the share of them.
	// On one page in some browsers it is historyFine: a page without snippet
	// looks like that but for some who were credited for another reason.
	historyLeast = 4
	historyFine  = 8
	shareLeast   = 0.3
	// minLost is the journeys a fault must have lost, and strayMax how many that
	// must be for each one credited.
	minLost  = 5
	strayMax = 5
	// recovered is the log-likelihood ratio of credited journeys in a row, three
	// or so, that ends a fault: what is lost after them is another one.
	recovered = 8.0
)

// drop is a run of trials, from and to inclusive, with the log-likelihood
// ratio of a fault against bad luck.
type drop struct {
	from, to int
	score    float64
	usual    float64 // share credited around it
}

// worst finds the stretch of trials in time order that speaks most clearly for
// a fault. What was usual is taken from the journeys before and after it, so
// that a baseline that drifts, or a page where people are often lost, makes no
// fault. A score of 0 means that there is none.
func worst(ts []trial) drop { return worstWithin(ts, 0, len(ts), historyLeast) }

// worstWithin looks for it among the trials from one index to before another;
// history is how many credited journeys there must be outside of it.
func worstWithin(ts []trial, begin, end, history int) drop {
	// Sums before each index: journeys, and those credited.
	sums := make([]tally, len(ts)+1)
	for i, t := range ts {
		sums[i+1] = sums[i]
		if !t.beside {
			sums[i+1].n++
			if !t.lost {
				sums[i+1].credited++
			}
		}
	}
	all := sums[len(ts)]
	nominal := min(float64(all.credited+1)/float64(all.n+2), usualMax)
	var best drop
	for i := begin; i < end; i++ {
		if !ts[i].lost || i > begin && ts[i-1].lost {
			continue
		}
		var lost, kept, helpedLost, helpedKept int
		run, peak := 0.0, 0.0
		for j := i; j < end; j++ {
			switch t := &ts[j]; {
			case t.lost && t.helped:
				helpedLost++
			case t.lost:
				lost++
			case t.helped:
				helpedKept++
			default:
				kept++
			}
			run += speaks(&ts[j], nominal)
			if peak = max(peak, run); run < peak-recovered {
				break
			}
			if !ts[j].lost || j+1 < end && ts[j+1].lost || lost+helpedLost < minLost || kept*strayMax > lost+helpedLost {
				continue
			}
			in := sums[j+1].credited - sums[i].credited
			outside := all.credited - in
			if outside < history {
				continue
			}
			whole := float64(outside+1) / float64(all.n-(sums[j+1].n-sums[i].n)+2)
			usual := usualShare(whole, sums[max(0, i-nearby)], sums[i], sums[j+1], sums[min(len(ts), j+1+nearby)])
			if usual < shareLeast {
				continue
			}
			score := float64(lost)*speaks(&trial{lost: true}, usual) + float64(kept)*speaks(&trial{}, usual) +
				float64(helpedLost)*speaks(&trial{lost: true, helped: true}, usual) + float64(helpedKept)*speaks(&trial{helped: true}, usual)
			if score > best.score {
				best = drop{i, j, score, usual}
			}
		}
	}
	return best
}

// tally counts trials up to one of them, and those credited.
type tally struct{ n, credited int }

// usualShare is the share credited around a stretch: between the first two
// tallies and between the last two. A side that alone shows less counts alone,
// since the baseline may have changed there, unless next to nothing was credited
// on it: that is another fault. Each share is known roughly, and a standard
// error is taken off it.
func usualShare(whole float64, from, begin, end, to tally) float64 {
	share := func(n, credited int) float64 {
		all := float64(n) + wholeWeight
		p := (float64(credited) + wholeWeight*whole) / all
		return min(p-math.Sqrt(p*(1-p)/all), usualMax)
	}
	before, after := tally{begin.n - from.n, begin.credited - from.credited}, tally{to.n - end.n, to.credited - end.credited}
	usual := share(before.n+after.n, before.credited+after.credited)
	for _, side := range []tally{before, after} {
		if p := share(side.n, side.credited); side.n >= nearby/2 && p >= shareLeast {
			usual = min(usual, p)
		}
	}
	return usual
}

// speaks is the log-likelihood ratio of a fault that one trial gives.
func speaks(t *trial, usual float64) float64 {
	broken := brokenShare
	if t.helped {
		broken = helpedShare * usual
	}
	if t.lost {
		return math.Log((1 - broken) / (1 - usual))
	}
	return math.Log(broken / usual)
}

// edge says when a fault began, of which a scan saw the stretch from start to
// end. Each gap between two trials is as likely as it is long and as well as it
// parts the usual from the broken; what is said is the median, or else a time
// that is likelier to be within a day of it.
func edge(ts []trial, start, end table.Time, usual float64) table.Time {
	slices.SortStableFunc(ts, func(x, y trial) int { return cmp.Compare(x.at, y.at) })
	const around = 12 // trials beside the first one of the stretch
	at, until := between(ts, start, end)
	from, to := max(0, at-around), min(at+(until-at+1)/2+1, at+around, until)
	if at == 0 || to <= at {
		return start // nothing before it
	}
	var gaps []span
	sum := 0.0
	for i := from + 1; i < to; i++ {
		sum -= speaks(&ts[i-1], usual)
		gaps = append(gaps, span{from: ts[i-1].at, to: ts[i].at, density: math.Exp(sum)})
	}
	return likeliest(gaps, table.Day)
}

// span is a stretch of time every moment of which is as likely.
type span struct {
	from, to table.Time
	density  float64
}

// likeliest gives the median of what the spans hold, moved as little as needed
// to a time that next to the most lies within a distance of.
func likeliest(spans []span, within table.Time) table.Time {
	const nearly = 0.98
	hold := func(from, to table.Time) float64 {
		sum := 0.0
		for _, s := range spans {
			if l := min(s.to, to) - max(s.from, from); l > 0 {
				sum += float64(l) * s.density
			}
		}
		return sum
	}
	// Between these times what is within the distance rises or falls steadily.
	var turns []table.Time
	for _, s := range spans {
		turns = append(turns, s.from-within, s.from+within, s.to-within, s.to+within)
	}
	best := 0.0
	for _, t := range turns {
		best = max(best, hold(t-within, t+within))
	}
	var first, last table.Time
	for _, t := range turns {
		if hold(t-within, t+within) < nearly*best {
			continue
		}
		if first == 0 || t < first {
			first = t
		}
		if last == 0 || t > last {
			last = t
		}
	}
	median, half := spans[0].from, hold(spans[0].from, spans[len(spans)-1].to)/2
	for _, s := range spans {
		if all := float64(s.to-s.from) * s.density; half > all {
			half -= all
			continue
		}
		if s.density > 0 {
			median = s.from + table.Time(half/s.density)
		}
		break
	}
	return min(max(median, first), last)
}

// backwards turns the time round, so that an end is a beginning.
func backwards(ts []trial) []trial {
	for i := range ts {
		ts[i].at = -ts[i].at
	}
	return ts
}
