package table

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		f    Fault
		want string
	}{
		{Fault{"amount", "x", "is bad", "mend it"}, `amount: "x" is bad; mend it`},
		{Fault{"amount", "", "is empty", "fill it"}, `amount: "" is empty; fill it`},
		{Fault{"a", "", "is required", "fill it"}, `a: "" is required; fill it`},
		{Fault{"", "5 cells", "has 5 cells", "mend it"}, "has 5 cells; mend it"},
		{Fault{"amount", "", "lacks the column amount", "map it"}, "lacks the column amount; map it"},
		{Fault{"email", "lena@example.com", "is bad", "mend it"}, `email: "l…@example.com" is bad; mend it`},
	} {
		if got := c.f.Sentence(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.f, got, c.want)
		}
		if got := RejectOf("s", "f.csv", 3, &c.f).Error(); got != "f.csv:3: "+c.want {
			t.Errorf("%+v: %s, want %s", c.f, got, c.want)
		}
	}
}

// Whatever is cut off a long value, no local part of an address is shown, and no
// letter in half.
func TestLongValues(t *testing.T) {
	for n := range 2 * maxValue {
		for _, address := range []string{"lena.lovelace@example.com", "lena.lovelace%40example.com", "léna.lovelace@example.com"} {
			value := strings.Repeat("é", n/2) + strings.Repeat("-", n%2) + " " + address + " and more of it"
			f := Fault{Column: "email", Value: value, Rule: "is bad", Remedy: "mend it"}
			for _, got := range []string{RejectOf("s", "f.csv", 3, &f).Value, f.Sentence(), f.Error()} {
				if strings.Contains(got, "lovelace") || strings.Contains(got, "lena") || strings.Contains(got, "léna") {
					t.Fatalf("the address at byte %d is shown: %s", len(value), got)
				}
				if !utf8.ValidString(got) {
					t.Fatalf("cut in half: %q", got)
				}
			}
			if got := RejectOf("s", "f.csv", 3, &f).Value; len(got) > maxValue+len("…") {
				t.Fatalf("%d bytes are shown: %s", len(got), got)
			}
		}
	}
}
