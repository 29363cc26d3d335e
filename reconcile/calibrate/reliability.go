package calibrate

import (
	"math"

	"lostlink/reconcile/gap"
)

// Band counts the verdicts whose probability lies in a tenth.
type Band struct {
	Count       int
	Probability float64 // mean
	Right       float64 // share
}

// Reliability tells how far probabilities can be trusted, and how often the
// verdict is right.
type Reliability struct {
	Count int
	// Bands are by the probability of the verdict, from 0–0.1 to 0.9–1.
	Bands [10]Band
	// Error is the expected calibration error: by how much probability and
	// share right differ, over all bands.
	Error float64
	// Precision is the share of verdicts that see a partner at work where one
	// was, and Recall the share of partners at work that are seen.
	Precision, Recall float64
	// CaseRight is the share of these with a right case.
	CaseRight float64
	Loss      float64
}

// Measure judges examples with weights. Each counts once, whatever its weight.
func Measure(x *Examples, w *gap.Weights) Reliability {
	l := layoutOf()
	row := l.row(w)
	p, cause := make([]float64, len(l.cases)), make([]float64, len(l.cases))
	r := Reliability{Loss: Loss(x, w)}
	var sum [10]struct{ probability, right float64 }
	said, there, seen, caseRight := 0, 0, 0, 0
	for i := range x.patterns {
		e := &x.patterns[i]
		l.judge(row, e.seen, p, cause)
		best := 0
		for k := range p {
			if p[k] > p[best] {
				best = k
			}
		}
		right := e.right>>best&1 == 1
		b := min(9, int(p[best]*10))
		r.Count += e.count
		r.Bands[b].Count += e.count
		sum[b].probability += float64(e.count) * p[best]
		if right {
			sum[b].right += float64(e.count)
		}
		involved := e.right>>l.noPartner&1 == 0
		says := best != l.noPartner
		if says {
			said += e.count
		}
		if involved {
			there += e.count
			if says {
				seen += e.count
			}
			if right {
				caseRight += e.count
			}
		}
	}
	share := func(a float64, n int) float64 { return a / math.Max(1, float64(n)) }
	for b := range r.Bands {
		r.Bands[b].Probability = share(sum[b].probability, r.Bands[b].Count)
		r.Bands[b].Right = share(sum[b].right, r.Bands[b].Count)
		r.Error += share(math.Abs(sum[b].probability-sum[b].right), r.Count)
	}
	r.Precision, r.Recall, r.CaseRight = share(float64(seen), said), share(float64(seen), there), share(float64(caseRight), there)
	return r
}
