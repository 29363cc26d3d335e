package calibrate

import (
	"sync"

	"lostlink/reconcile/gap"
)

// layout puts the weights into one row of numbers: the bases of the cases, where
// the cases of a click start together, and then the findings as declared.
type layout struct {
	cases     []gap.Case
	place     map[gap.Slug]int
	findings  []gap.Key
	parameter map[gap.Key]int
	target    []int // per parameter: the case it adds to, or anyClick
	noPartner int
}

// anyClick is the target of what adds to all cases of a click together.
const anyClick = -1

// layoutOf is made once: what is declared is fixed when the program starts.
var layoutOf = sync.OnceValue(func() *layout {
	l := &layout{cases: gap.Cases(), place: map[gap.Slug]int{}, findings: gap.Declared(), parameter: map[gap.Key]int{}}
	for i, c := range l.cases {
		l.place[c.Slug] = i
		l.target = append(l.target, i)
	}
	l.noPartner = l.place[gap.NoPartnerSignal]
	l.target = append(l.target, anyClick)
	for _, k := range l.findings {
		l.parameter[k] = len(l.target)
		if k.Case == gap.AnyClick {
			l.target = append(l.target, anyClick)
		} else {
			l.target = append(l.target, l.place[k.Case])
		}
	}
	return l
})

// click is the parameter where the cases of a click start together.
func (l *layout) click() int { return len(l.cases) }

// row writes weights as numbers.
func (l *layout) row(w *gap.Weights) []float64 {
	out := make([]float64, 0, len(l.target))
	for _, c := range l.cases {
		out = append(out, w.Base[c.Slug])
	}
	out = append(out, w.Click)
	for _, k := range l.findings {
		out = append(out, w.Of(k))
	}
	return out
}

// weights reads them back.
func (l *layout) weights(row []float64) *gap.Weights {
	w := &gap.Weights{Base: map[gap.Slug]float64{}, Click: row[l.click()], Ties: map[string]float64{}, Own: map[gap.Slug]map[string]float64{}}
	for i, c := range l.cases {
		w.Base[c.Slug] = row[i]
		w.Own[c.Slug] = map[string]float64{}
	}
	for _, k := range l.findings {
		v := row[l.parameter[k]]
		if k.Case == gap.AnyClick {
			w.Ties[k.Name] = v
		} else {
			w.Own[k.Case][k.Name] = v
		}
	}
	return w
}
