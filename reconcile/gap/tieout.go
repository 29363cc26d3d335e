package gap

import (
	"fmt"
	"sort"
	"strings"
)

// Place is where a purchase ended: exactly one of these.
type Place string

// The places of the tie-out. Excluded purchases carry their reason.
const (
	Duplicate          Place = "duplicate"
	ExcludedFailed     Place = "excluded: failed"
	ExcludedTest       Place = "excluded: test mode"
	ExcludedRefunded   Place = "excluded: fully refunded"
	ExcludedChargeback Place = "excluded: charged back"
	ExcludedThreshold  Place = "excluded: below threshold"
	ExcludedPeriod     Place = "excluded: outside the period"
	ExcludedFresh      Place = "excluded: too fresh"
	ExcludedReversal   Place = "excluded: reversal row"
	ExcludedOther      Place = "excluded: not a purchase"
	Attributed         Place = "attributed"
	Unattributed       Place = "without attribution"
)

// Places lists all places in the order the tie-out prints them.
func Places() []Place {
	return []Place{Duplicate, ExcludedFailed, ExcludedTest, ExcludedRefunded, ExcludedChargeback, ExcludedThreshold,
		ExcludedPeriod, ExcludedFresh, ExcludedReversal, ExcludedOther, Attributed, Unattributed}
}

// Sum is a number of rows and their money by currency in minor units.
type Sum struct {
	Count int              `json:"count"`
	Minor map[string]int64 `json:"minor"`
}

// Add counts one row.
func (s *Sum) Add(currency string, minor int64) {
	s.Count++
	if s.Minor == nil {
		s.Minor = map[string]int64{}
	}
	s.Minor[currency] += minor
}

// TieOut says where every purchase row that was read ended.
type TieOut struct {
	Read   Sum            `json:"read"`
	Placed map[Place]*Sum `json:"placed"`
}

// Place counts one purchase into its place.
func (t *TieOut) Place(p Place, currency string, minor int64) {
	if t.Placed == nil {
		t.Placed = map[Place]*Sum{}
	}
	if t.Placed[p] == nil {
		t.Placed[p] = &Sum{}
	}
	t.Placed[p].Add(currency, minor)
}

// Currencies lists the currencies read, sorted.
func (t *TieOut) Currencies() []string {
	var out []string
	for c := range t.Read.Minor {
		out = append(out, c)
	}
	sort.Strings(out)
	return out
}

// Check returns an error that names what is over or missing, in count and per
// currency, unless read = the sum of all places.
func (t *TieOut) Check() error {
	count, minor := t.Read.Count, map[string]int64{}
	for c, m := range t.Read.Minor {
		minor[c] = m
	}
	for _, s := range t.Placed {
		count -= s.Count
		for c, m := range s.Minor {
			minor[c] -= m
		}
	}
	var off []string
	if count != 0 {
		off = append(off, fmt.Sprintf("%d purchases %s", abs(int64(count)), side(int64(count))))
	}
	var cs []string
	for c := range minor {
		cs = append(cs, c)
	}
	sort.Strings(cs)
	for _, c := range cs {
		if minor[c] != 0 {
			off = append(off, fmt.Sprintf("%d minor units of %s %s", abs(minor[c]), c, side(minor[c])))
		}
	}
	if off != nil {
		return fmt.Errorf("the figures do not tie: %s", strings.Join(off, ", "))
	}
	return nil
}

func side(n int64) string {
	if n > 0 {
		return "missing"
	}
	return "over"
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
