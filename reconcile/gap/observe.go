package gap

import "slices"

// AnyClick stands for all cases of a click together (Case.ByClick): the ties
// are theirs, rather than any one's.
const AnyClick Slug = ""

// Key names a finding: the case that declares it, [AnyClick] for a tie, and its
// name there. Two cases may have findings of one name.
type Key struct {
	Case Slug
	Name string
}

// Observed is a finding that was seen, before it is weighed.
type Observed struct {
	Key
	What string
	Rows []Row
}

// Observe lists what is seen in a journey, in the order of [Declared].
func Observe(j *Journey) []Observed {
	var out []Observed
	look := func(s Slug, looks []Look) {
		for _, l := range looks {
			if what, rows, ok := l.See(j); ok {
				out = append(out, Observed{Key{s, l.Name}, what, rows})
			}
		}
	}
	for _, c := range cases {
		look(c.Slug, c.Findings)
	}
	look(AnyClick, clickLooks)
	return out
}

// Declared lists every finding that is looked for, case by case, the ties last.
func Declared() []Key {
	var out []Key
	for _, c := range cases {
		for _, l := range c.Findings {
			out = append(out, Key{c.Slug, l.Name})
		}
	}
	for _, l := range clickLooks {
		out = append(out, Key{AnyClick, l.Name})
	}
	return out
}

// place gives the index of a case in the order of Cases, -1 for no case.
func place(s Slug) int {
	return slices.IndexFunc(cases[:], func(c *Case) bool { return c.Slug == s })
}
