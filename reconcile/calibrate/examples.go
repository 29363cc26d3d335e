package calibrate

import (
	"encoding/binary"
	"fmt"

	"lostlink/reconcile/gap"
)

// Example is one judged journey whose answer is known.
type Example struct {
	// Seen are the findings that were seen (gap.Observe).
	Seen []gap.Key
	// Right are the cases that would be a right answer; several can be.
	Right []gap.Slug
	// Weight is how much it counts: 1 for an ordinary example.
	Weight float64
}

// Examples gathers examples. Equal ones are kept once with their number, so that
// hundreds of thousands take little room. The zero value is empty.
type Examples struct {
	patterns []pattern
	index    map[string]int
}

// pattern is a number of equal examples: the same findings, the same answer.
type pattern struct {
	seen   []uint16 // parameters of the findings; see layout
	right  uint16   // a bit per case, in the order of gap.Cases
	weight float64
	count  int
}

// Add takes an example. It refuses one that the cases do not know.
func (x *Examples) Add(e Example) error {
	l := layoutOf()
	p := pattern{weight: e.Weight, count: 1}
	for _, k := range e.Seen {
		i, ok := l.parameter[k]
		if !ok {
			return fmt.Errorf("no case declares the finding %q of %q", k.Name, k.Case)
		}
		p.seen = append(p.seen, uint16(i))
	}
	for _, s := range e.Right {
		i, ok := l.place[s]
		if !ok {
			return fmt.Errorf("no case %q", s)
		}
		p.right |= 1 << i
	}
	if p.right == 0 || !(e.Weight > 0) {
		return fmt.Errorf("an example needs a right case and a weight above 0")
	}
	x.add(p)
	return nil
}

// AddAll takes all examples of another gathering.
func (x *Examples) AddAll(y *Examples) {
	for _, p := range y.patterns {
		x.add(p)
	}
}

func (x *Examples) add(p pattern) {
	if x.index == nil {
		x.index = map[string]int{}
	}
	key := binary.LittleEndian.AppendUint16(make([]byte, 0, 2+2*len(p.seen)), p.right)
	for _, i := range p.seen {
		key = binary.LittleEndian.AppendUint16(key, i)
	}
	at, ok := x.index[string(key)]
	if !ok {
		x.index[string(key)] = len(x.patterns)
		x.patterns = append(x.patterns, p)
		return
	}
	x.patterns[at].weight += p.weight
	x.patterns[at].count += p.count
}

// Len counts the examples, Patterns those that differ.
func (x *Examples) Len() int {
	n := 0
	for i := range x.patterns {
		n += x.patterns[i].count
	}
	return n
}

// Patterns counts the examples that differ.
func (x *Examples) Patterns() int { return len(x.patterns) }
