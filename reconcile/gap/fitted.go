package gap

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

//go:embed weights.json
var shipped []byte

// DefaultWeights are the weights lostlink ships with, fitted to made-up vendors
// by the command that weights.json names.
var DefaultWeights = mustRead(shipped)

// mustRead leaves completeness to the tests: the cases have not registered yet
// when the package's variables are set.
func mustRead(data []byte) Weights {
	w, err := decodeWeights(data)
	if err != nil {
		panic("gap: weights.json: " + err.Error())
	}
	return *w
}

// ReadWeights reads what [Weights.Marshal] wrote. Weights that lack a finding,
// or have one that is not declared, are of another version and refused.
func ReadWeights(data []byte) (*Weights, error) {
	w, err := decodeWeights(data)
	if err != nil {
		return nil, err
	}
	return w, w.Check()
}

func decodeWeights(data []byte) (*Weights, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var w Weights
	if err := d.Decode(&w); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the weights")
	}
	return &w, nil
}

// Marshal writes the weights as JSON, keys in alphabetical order.
func (w *Weights) Marshal() ([]byte, error) {
	b, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// Of gives the weight of a finding, 0 if there is none, which [Weights.Check]
// forbids.
func (w *Weights) Of(k Key) float64 {
	if k.Case == AnyClick {
		return w.Ties[k.Name]
	}
	return w.Own[k.Case][k.Name]
}

// weightMax bounds a weight: e to its power is past all certainty, and still a
// number.
const weightMax = 100

// Check compares the weights with what the cases declare, both ways.
func (w *Weights) Check() error {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	number := func(what string, v float64) {
		if !(math.Abs(v) <= weightMax) {
			fault("%s weighs %v; want -%d to %d", what, v, weightMax, weightMax)
		}
	}
	number("click", w.Click)
	for _, c := range cases {
		v, ok := w.Base[c.Slug]
		if !ok {
			fault("base lacks the case %s", c.Slug)
		}
		number("the base of "+string(c.Slug), v)
	}
	for s := range w.Base {
		if place(s) < 0 {
			fault("base has %q, which is no case", s)
		}
	}
	declared := Declared()
	for _, k := range declared {
		table, name := w.Own[k.Case], string(k.Case)
		if k.Case == AnyClick {
			table, name = w.Ties, "ties"
		}
		v, ok := table[k.Name]
		if !ok {
			fault("%s lacks the finding %s", name, k.Name)
		}
		number(name+"."+k.Name, v)
	}
	for n := range w.Ties {
		if !slices.Contains(declared, Key{AnyClick, n}) {
			fault("ties has %q, which is not looked for", n)
		}
	}
	for s, own := range w.Own {
		for n := range own {
			if !slices.Contains(declared, Key{s, n}) {
				fault("%s has %q, which is not looked for", s, n)
			}
		}
	}
	if faults == nil {
		return nil
	}
	slices.Sort(faults)
	return errors.New(strings.Join(faults, "; "))
}
