package table

import (
	"errors"
	"strings"
	"testing"
)

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		s, currency string
		unit        Unit
		want        int64
		rule        string // part of the refusal
	}{
		{"49.00", "USD", Major, 4900, ""},
		{"49", "USD", Major, 4900, ""},
		{"-49.5", "USD", Major, -4950, ""},
		{"49.00", "JPY", Major, 49, ""},
		{"49.500", "USD", Major, 4950, ""},
		{"49.505", "USD", Major, 0, "more decimals than USD has"},
		{"4900", "USD", Minor, 4900, ""},
		{"-4900", "JPY", Minor, -4900, ""},
		{"4900", "JPY", Hundredths, 49, ""},
		{"4900", "KWD", Hundredths, 49000, ""},
		{"4950", "JPY", Hundredths, 0, "not a whole amount of JPY"},
		// Zeros tell a file that writes decimals: it means dollars, not cents.
		{"49.00", "USD", Minor, 0, "the source's unit is minor"},
		{"49.0", "JPY", Minor, 0, "the source's unit is minor"},
		{"0.00", "USD", Minor, 0, "the source's unit is minor"},
		{"-49.00", "USD", Minor, 0, "the source's unit is minor"},
		{"49.50", "USD", Minor, 0, "the source's unit is minor"},
		{"4900.00", "USD", Hundredths, 0, "the source's unit is hundredths"},
		{"49.", "USD", Major, 0, "not a plain number"},
		{"4,900", "USD", Minor, 0, "not a plain number"},
		{"49", "USD", "cents", 0, "unknown unit"},
		{"5000000000000", "JPY", Major, MaxAmount, ""},
		{"5000000000001", "JPY", Minor, 0, "too large"},
	} {
		got, err := ParseAmount(c.s, c.currency, c.unit)
		if c.rule == "" {
			if got != c.want || err != nil {
				t.Errorf("%s %s in %s: %d, %v, want %d", c.s, c.currency, c.unit, got, err, c.want)
			}
			continue
		}
		var f *Fault
		if !errors.As(err, &f) || f.Value != c.s || !strings.Contains(f.Rule, c.rule) {
			t.Errorf("%s %s in %s: %d, %v, want a fault with %q", c.s, c.currency, c.unit, got, err, c.rule)
		} else if strings.Contains(c.rule, "unit is") && !strings.Contains(f.Remedy, "unit: major") {
			t.Errorf("%s %s in %s: the remedy is %q", c.s, c.currency, c.unit, f.Remedy)
		}
	}
}
