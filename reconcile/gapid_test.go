package reconcile

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var idShape = regexp.MustCompile(`^LL-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)

func TestGapID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, processor, purchase := rapid.String().Draw(t, "key"), rapid.StringMatching(`[a-z]{0,8}`).Draw(t, "processor"), rapid.String().Draw(t, "purchase")
		id := gapID(key, processor, purchase)
		if !idShape.MatchString(id) {
			t.Fatalf("%q is not of the shape", id)
		}
		if again := gapID(key, processor, purchase); again != id {
			t.Fatalf("%q, and a second time %q", id, again)
		}
		for _, other := range []string{gapID(key+"x", processor, purchase), gapID(key, processor+"x", purchase), gapID(key, processor, purchase+"x")} {
			if other == id {
				t.Fatalf("another key, processor or payment has the same id %q", id)
			}
		}
	})
	if gapID("k", "a", "bc") == gapID("k", "ab", "c") {
		t.Error("processor and payment run together")
	}
}

// The ids of old workbooks must be found again, so that the way they are made
// never changes.
func TestGapIDsOfOldWorkbooks(t *testing.T) {
	for _, tc := range []struct{ key, processor, purchase, want string }{
		{"", "stripe", "ch_1", "LL-ZS51-ECSX-FB3R"},
		{"a made-up key", "stripe", "ch_1", "LL-X21T-REHT-TS68"},
		{"a made-up key", "paypal", "02895BFA481490889", "LL-SXNK-QMQ9-W6EE"},
	} {
		if got := gapID(tc.key, tc.processor, tc.purchase); got != tc.want {
			t.Errorf("%s %s: %s, want %s", tc.processor, tc.purchase, got, tc.want)
		}
	}
}

// The last sign checks the others: every slip in one sign, and nearly every
// exchange of two neighbours, is noticed.
func TestGapIDCheckSign(t *testing.T) {
	sound := func(id string) bool {
		check := 0
		signs := strings.ReplaceAll(id[3:], "-", "")
		for _, c := range signs[:11] {
			check = (check*33 + strings.IndexRune(crockford, c) + 1) % 31
		}
		return signs[11] == crockford[check]
	}
	swapped, noticed := 0, 0
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 500 {
		id := gapID("key", "stripe", fmt.Sprint("ch_", n))
		if !sound(id) {
			t.Fatalf("%s: the check sign is wrong", id)
		}
		for i := 3; i < len(id); i++ {
			if id[i] == '-' {
				continue
			}
			other := crockford[rng.IntN(32)]
			slip := id[:i] + string(other) + id[i+1:]
			// 0 and Z (31 apart) are the one pair a remainder of 31 cannot tell.
			apart := strings.IndexByte(crockford, other) - strings.IndexByte(crockford, id[i])
			if apart%31 != 0 && sound(slip) {
				t.Errorf("%s for %s is not noticed", slip, id)
			}
			if i+1 < len(id) && id[i+1] != '-' && id[i+1] != id[i] {
				swapped++
				if !sound(id[:i] + string(id[i+1]) + string(id[i]) + id[i+2:]) {
					noticed++
				}
			}
		}
	}
	if noticed*100 < swapped*95 {
		t.Errorf("%d of %d exchanges are noticed", noticed, swapped)
	}
}
