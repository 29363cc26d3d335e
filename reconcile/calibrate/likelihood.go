package calibrate

import (
	"math"

	"lostlink/reconcile/gap"
)

// judge gives the probability of every case, as gap.JudgeWith does, and the
// share of each case of a click among these.
func (l *layout) judge(row []float64, seen []uint16, p, cause []float64) {
	copy(p, row[:len(l.cases)])
	ties := row[l.click()]
	for _, i := range seen {
		if t := l.target[i]; t == anyClick {
			ties += row[i]
		} else {
			p[t] += row[i]
		}
	}
	top, sum := math.Inf(-1), 0.0
	for i := range l.cases {
		if l.cases[i].ByClick {
			top = math.Max(top, p[i])
		}
	}
	for i := range l.cases {
		if cause[i] = 0; l.cases[i].ByClick {
			cause[i] = math.Exp(p[i] - top)
			sum += cause[i]
		}
	}
	highest := ties
	for i := range l.cases {
		if !l.cases[i].ByClick {
			highest = math.Max(highest, p[i])
		}
	}
	click, all := math.Exp(ties-highest), math.Exp(ties-highest)
	for i := range l.cases {
		if l.cases[i].ByClick {
			cause[i] /= sum
			p[i] = cause[i] * click
		} else {
			p[i] = math.Exp(p[i] - highest)
			all += p[i]
		}
	}
	for i := range l.cases {
		p[i] /= all
	}
}

// least keeps the logarithm of a probability finite.
const least = 1e-300

// loss is the negative logarithm of the probability of the right answers. It
// adds the gradient to grad, unless that is nil.
func (l *layout) loss(row []float64, patterns []pattern, grad []float64) float64 {
	p, cause, step := make([]float64, len(l.cases)), make([]float64, len(l.cases)), make([]float64, len(l.cases))
	loss := 0.0
	for k := range patterns {
		x := &patterns[k]
		l.judge(row, x.seen, p, cause)
		right := 0.0
		for i := range p {
			if x.right>>i&1 == 1 {
				right += p[i]
			}
		}
		right = math.Max(right, least)
		loss -= x.weight * math.Log(right)
		if grad == nil {
			continue
		}
		// step is the gradient by the score of each case, ties that by the
		// score of the cases of a click together.
		click, clickRight := 0.0, 0.0
		for i := range p {
			if !l.cases[i].ByClick {
				continue
			}
			click += p[i]
			if x.right>>i&1 == 1 {
				clickRight += p[i] / right
			}
		}
		ties := x.weight * (click - clickRight)
		for i := range p {
			is := 0.0
			if x.right>>i&1 == 1 {
				is = p[i] / right
			}
			if l.cases[i].ByClick {
				step[i] = x.weight * (cause[i]*clickRight - is)
			} else {
				step[i] = x.weight * (p[i] - is)
			}
			grad[i] += step[i]
		}
		grad[l.click()] += ties
		for _, i := range x.seen {
			if t := l.target[i]; t == anyClick {
				grad[i] += ties
			} else {
				grad[i] += step[t]
			}
		}
	}
	return loss
}

// Loss is the mean negative logarithm, per unit of weight, of the probability
// that weights give to the right answers: the lower the better.
func Loss(x *Examples, w *gap.Weights) float64 {
	l := layoutOf()
	sum := 0.0
	for i := range x.patterns {
		sum += x.patterns[i].weight
	}
	return l.loss(l.row(w), x.patterns, nil) / math.Max(sum, 1)
}
