package calibrate

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"

	"lostlink/reconcile/gap"
)

// Options say how weights are fitted.
type Options struct {
	// Prior is where the fit starts and what it is drawn back to. Its findings'
	// signs are kept: one that ought to speak for its case may come out at 0
	// but not against it, so that evidence in print reads as it should. A
	// finding of weight 0 is free.
	Prior *gap.Weights
	// Strength of the draw back to the prior: a weight's distance from it,
	// squared, costs half as much as Strength examples that miss by a factor e.
	Strength float64
}

// DefaultOptions draw gently.
func DefaultOptions() Options { return Options{Prior: &gap.Prior, Strength: 1} }

// Fit gives the weights under which the right answers are likeliest, with the
// draw of the options. Equal examples in equal order give equal weights; they
// are rounded to hundredths, which is finer than any evidence is known.
func Fit(x *Examples, opt Options) (*gap.Weights, error) {
	if len(x.patterns) == 0 {
		return nil, errors.New("there are no examples to fit to")
	}
	if err := opt.Prior.Check(); err != nil {
		return nil, fmt.Errorf("the prior: %w", err)
	}
	l := layoutOf()
	f := &fit{layout: l, x: x, prior: l.row(opt.Prior), strength: opt.Strength}
	row, err := f.keepSigns()
	if err != nil {
		return nil, fmt.Errorf("fitting the weights: %w", err)
	}
	for i := range row {
		row[i] = math.Round(row[i]*100) / 100
	}
	return l.weights(row), nil
}

// fit is the function to be made small.
type fit struct {
	*layout
	x        *Examples
	prior    []float64
	strength float64
}

// keepSigns finds the minimum; while a finding comes out with the wrong sign, it
// is held at 0 and the others are fitted again.
func (f *fit) keepSigns() ([]float64, error) {
	row := append([]float64(nil), f.prior...)
	held := make([]bool, len(row))
	for {
		if err := f.minimum(row, held); err != nil {
			return nil, err
		}
		again := false
		for i := f.click() + 1; i < len(row); i++ {
			if row[i]*f.prior[i] < 0 {
				row[i], held[i], again = 0, true, true
			}
		}
		if !again {
			return row, nil
		}
	}
}

// minimum improves row, all but what is held.
func (f *fit) minimum(row []float64, held []bool) error {
	var free []int
	for i := range row {
		if !held[i] {
			free = append(free, i)
		}
	}
	at := append([]float64(nil), row...)
	grad := make([]float64, len(row))
	fill := func(x []float64) {
		for k, i := range free {
			at[i] = x[k]
		}
	}
	x := make([]float64, len(free))
	for k, i := range free {
		x[k] = row[i]
	}
	problem := optimize.Problem{
		Func: func(x []float64) float64 {
			fill(x)
			return f.value(at, nil)
		},
		Grad: func(g, x []float64) {
			fill(x)
			f.value(at, grad)
			for k, i := range free {
				g[k] = grad[i]
			}
		},
	}
	res, err := optimize.Minimize(problem, x, &optimize.Settings{
		GradientThreshold: 1e-3, MajorIterations: 5000,
		Converger: &optimize.FunctionConverge{Relative: 1e-10, Iterations: 20},
	}, &optimize.LBFGS{})
	if err != nil {
		return err
	}
	if res.Status == optimize.IterationLimit {
		return fmt.Errorf("no end after %d steps", res.MajorIterations)
	}
	fill(res.X)
	copy(row, at)
	return nil
}

// value is the loss with the draw to the prior; grad, unless nil, is set to its
// gradient.
func (f *fit) value(row, grad []float64) float64 {
	clear(grad)
	sum := f.loss(row, f.x.patterns, grad)
	for i := range row {
		d := row[i] - f.prior[i]
		sum += f.strength / 2 * d * d
		if grad != nil {
			grad[i] += f.strength * d
		}
	}
	return sum
}
