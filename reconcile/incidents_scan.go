package reconcile

import (
	"math"

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
	// brokenShare is what is still credited during a fault: stray cookies,
	// customers added by hand. helpedShare is the same, as a part of the usual
	// share, for those whom an earlier click may have helped.
	brokenShare = 0.04
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
	historyLeast = 4
	shareLeast   = 0.3
	// minLost is the journeys a fault must have lost.
	minLost = 5
)

// drop is a run of trials, from and to inclusive, with the log-likelihood
// ratio of a fault against bad luck.
type drop struct {
	from, to int
	score    float64
}

// worst finds the stretch of trials in time order that speaks most clearly for
// a fault. What was usual is taken from the journeys before and after it, so
// that a baseline that drifts, or a page where people are often lost, makes no
// fault. A score of 0 means that there is none.
func worst(ts []trial) drop {
	n := len(ts)
	// Sums before each index: journeys, and those credited.
	sums := make([]struct{ n, credited int }, n+1)
	for i, t := range ts {
		sums[i+1] = sums[i]
		if !t.beside {
			sums[i+1].n++
			if !t.lost {
				sums[i+1].credited++
			}
		}
	}
	var best drop
	for i := range ts {
		if !ts[i].lost || i > 0 && ts[i-1].lost {
			continue
		}
		var lost, kept, helpedLost, helpedKept int
		for j := i; j < n; j++ {
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
			if kept > 1+(lost+helpedLost)/3 {
				break
			}
			if !ts[j].lost || j+1 < n && ts[j+1].lost || lost+helpedLost < minLost {
				continue
			}
			all, in, around := sums[n], sums[j+1].credited-sums[i].credited, [2]int{max(0, i-nearby), min(n, j+1+nearby)}
			outside := all.credited - in
			if outside < historyLeast {
				continue
			}
			whole := float64(outside+1) / float64(all.n-(sums[j+1].n-sums[i].n)+2)
			left, right := sums[around[0]], sums[around[1]]
			near := sums[i].credited - left.credited + right.credited - sums[j+1].credited
			usual := (float64(near) + wholeWeight*whole) / (float64(sums[i].n-left.n+right.n-sums[j+1].n) + wholeWeight)
			if usual = min(usual, usualMax); usual < shareLeast {
				continue
			}
			score := float64(lost)*math.Log((1-brokenShare)/(1-usual)) + float64(kept)*math.Log(brokenShare/usual) +
				float64(helpedLost)*math.Log((1-helpedShare*usual)/(1-usual)) + float64(helpedKept)*math.Log(helpedShare)
			if score > best.score {
				best = drop{i, j, score}
			}
		}
	}
	return best
}
