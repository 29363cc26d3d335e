package email

import (
	"testing"

	"pgregory.net/rapid"
)

// TestFoldedIsTheLongWay holds the short cut to what splitting gives.
func TestFoldedIsTheLongWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z0-9.+_<-]{0,6}@?[a-z0-9.+_@-]{0,10}(gmail\.com|mail\.example\.?)?`).Draw(t, "address")
		local, domain := split(s)
		want := ""
		if local != "" {
			want = local + "@" + domain
		}
		if folded(s) && want != s {
			t.Fatalf("%q is taken for its own key, which is %q", s, want)
		}
	})
}
