package table

import "testing"

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
