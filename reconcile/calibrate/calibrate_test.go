package calibrate

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"lostlink/reconcile/gap"
)

// drawn makes examples up: a right case, with some findings of its own, some of
// others and some ties. Seeds give the same ones.
func drawn(t *testing.T, seed uint64, n int) *Examples {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	cases, declared := gap.Cases(), gap.Declared()
	x := &Examples{}
	for range n {
		right := cases[rng.IntN(len(cases))].Slug
		e := Example{Right: []gap.Slug{right}, Weight: 1 + float64(rng.IntN(3))}
		if rng.IntN(4) == 0 {
			if other := cases[rng.IntN(len(cases))].Slug; other != right {
				e.Right = append(e.Right, other)
			}
		}
		for _, k := range declared {
			p := 0.05
			if k.Case == right {
				p = 0.5
			}
			if rng.Float64() < p {
				e.Seen = append(e.Seen, k)
			}
		}
		if err := x.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func row(w *gap.Weights) []float64 { return layoutOf().row(w) }

// The gradient by hand is that by differences, in every parameter, near the
// prior and away from it.
func TestGradient(t *testing.T) {
	x := drawn(t, 1, 300)
	l := layoutOf()
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 6))
		f := &fit{layout: l, x: x, prior: row(&gap.Prior), strength: 0.7}
		at := row(&gap.Prior)
		for i := range at {
			at[i] += float64(seed) * rng.NormFloat64() / 2
		}
		grad := make([]float64, len(at))
		f.value(at, grad)
		for i := range at {
			const h = 1e-5
			was := at[i]
			at[i] = was + h
			up := f.value(at, nil)
			at[i] = was - h
			down := f.value(at, nil)
			at[i] = was
			if want := (up - down) / (2 * h); math.Abs(grad[i]-want) > 1e-3*(1+math.Abs(want)) {
				t.Errorf("seed %d, parameter %d: gradient %v, by differences %v", seed, i, grad[i], want)
			}
		}
	}
}

// The probabilities that are fitted are those a run gives.
func TestJudgesAsARunDoes(t *testing.T) {
	l := layoutOf()
	p, cause := make([]float64, len(l.cases)), make([]float64, len(l.cases))
	for _, j := range []gap.Journey{{}, {CookieDays: 90, Has: gap.Sources{Clicks: true, Visits: true}}, {Coupons: []gap.Hint{{PartnerKey: "harbor", Sure: true, Users: 2}}}} {
		var seen []uint16
		for _, o := range gap.Observe(&j) {
			seen = append(seen, uint16(l.parameter[o.Key]))
		}
		l.judge(row(&gap.DefaultWeights), seen, p, cause)
		v := gap.Judge(&j)
		for i, c := range l.cases {
			if math.Abs(p[i]-v.Ranking[c.Slug]) > 1e-4 {
				t.Errorf("%s: %v, a run says %v", c.Slug, p[i], v.Ranking[c.Slug])
			}
		}
	}
}

func fitted(t *testing.T, x *Examples, strength float64) *gap.Weights {
	t.Helper()
	w, err := Fit(x, Options{Prior: &gap.Prior, Strength: strength})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSameExamplesGiveSameBytes(t *testing.T) {
	var first []byte
	for range 3 {
		data, err := fitted(t, drawn(t, 2, 400), 2).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Fatal("the same examples gave other weights")
		}
	}
	other, err := fitted(t, drawn(t, 3, 400), 2).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, other) {
		t.Error("other examples gave the same weights")
	}
}

func TestFitIsLikelierThanThePrior(t *testing.T) {
	x := drawn(t, 4, 500)
	if before, after := Loss(x, &gap.Prior), Loss(x, fitted(t, x, 1)); !(after < 0.9*before) {
		t.Errorf("loss %v by hand, %v fitted; want a tenth less at least", before, after)
	}
}

// The stronger the draw, the nearer the prior; in the end it is the prior.
func TestStrengthDrawsToThePrior(t *testing.T) {
	x := drawn(t, 5, 500)
	prior := row(&gap.Prior)
	last := math.Inf(1)
	for _, strength := range []float64{1, 30, 1000, 1e7} {
		d := 0.0
		for i, v := range row(fitted(t, x, strength)) {
			d += (v - prior[i]) * (v - prior[i])
		}
		if d >= last {
			t.Errorf("strength %v: distance %v, %v with a weaker draw", strength, d, last)
		}
		last = d
	}
	if last > 0.01 {
		t.Errorf("distance %v from the prior under a draw that allows none", last)
	}
}

// A finding that abstains in all examples keeps its weight: nothing was learnt.
func TestAbstainingFindingsKeepTheirWeight(t *testing.T) {
	x := drawn(t, 6, 400)
	l := layoutOf()
	silent := map[gap.Key]bool{}
	for i, k := range l.findings {
		silent[k] = i%3 == 0
	}
	kept := &Examples{}
	for _, p := range x.patterns {
		q := p
		q.seen = nil
		for _, i := range p.seen {
			for _, k := range l.findings {
				if l.parameter[k] == int(i) && !silent[k] {
					q.seen = append(q.seen, i)
				}
			}
		}
		kept.add(q)
	}
	w, moved := fitted(t, kept, 1), 0
	for _, k := range l.findings {
		switch d := math.Abs(w.Of(k) - gap.Prior.Of(k)); {
		case silent[k] && d > 0.005+1e-9: // weights are rounded to hundredths
			t.Errorf("%v was never seen, and moved from %v to %v", k, gap.Prior.Of(k), w.Of(k))
		case !silent[k] && d > 0.05:
			moved++
		}
	}
	if moved == 0 {
		t.Error("no finding that was seen moved")
	}
}

func TestSignsAreKept(t *testing.T) {
	w := fitted(t, drawn(t, 7, 500), 0.1)
	for _, k := range gap.Declared() {
		if w.Of(k)*gap.Prior.Of(k) < 0 {
			t.Errorf("%v turned from %v to %v", k, gap.Prior.Of(k), w.Of(k))
		}
	}
}

func TestAddRefuses(t *testing.T) {
	good := Example{Right: []gap.Slug{gap.DeviceSwitch}, Weight: 1}
	for name, change := range map[string]func(*Example){
		"no right case":       func(e *Example) { e.Right = nil },
		"no such case":        func(e *Example) { e.Right = []gap.Slug{"lost"} },
		"no such finding":     func(e *Example) { e.Seen = []gap.Key{{Case: gap.DeviceSwitch, Name: "lost"}} },
		"no weight":           func(e *Example) { e.Weight = 0 },
		"a weight of nothing": func(e *Example) { e.Weight = math.NaN() },
	} {
		e := good
		change(&e)
		x := &Examples{}
		if err := x.Add(e); err == nil || x.Len() != 0 {
			t.Errorf("%s: error %v, %d examples kept", name, err, x.Len())
		}
	}
	if _, err := Fit(&Examples{}, DefaultOptions()); err == nil {
		t.Error("fitted to nothing")
	}
}

// Equal examples are one pattern; what is gathered apart is the same together.
func TestExamples(t *testing.T) {
	a := Example{Right: []gap.Slug{gap.DeviceSwitch}, Weight: 2}
	x, y := &Examples{}, &Examples{}
	for range 3 {
		if err := x.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	y.AddAll(x)
	y.AddAll(x)
	if x.Len() != 3 || x.Patterns() != 1 || y.Len() != 6 || y.Patterns() != 1 || y.patterns[0].weight != 12 {
		t.Errorf("%d and %d examples in %d and %d patterns", x.Len(), y.Len(), x.Patterns(), y.Patterns())
	}
}

// Every example is in one band, and the error is the mean distance in them.
func TestMeasure(t *testing.T) {
	x := drawn(t, 8, 400)
	r := Measure(x, fitted(t, x, 1))
	n, sum := 0, 0.0
	for _, b := range r.Bands {
		n += b.Count
		sum += math.Abs(b.Probability-b.Right) * float64(b.Count)
	}
	if n != x.Len() || r.Count != n || math.Abs(r.Error-sum/float64(n)) > 1e-9 {
		t.Errorf("%d of %d examples in bands, error %v, want %v", n, x.Len(), r.Error, sum/float64(n))
	}
}
