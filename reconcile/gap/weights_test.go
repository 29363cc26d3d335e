package gap

import (
	"bytes"
	"strings"
	"testing"
)

// TestWeightsComplete holds both tables against what the cases declare.
func TestWeightsComplete(t *testing.T) {
	if err := Prior.Check(); err != nil {
		t.Errorf("the table in weights.go: %v", err)
	}
	if err := DefaultWeights.Check(); err != nil {
		t.Errorf("weights.json: %v; after a change of findings fit anew: make calibrate", err)
	}
}

// TestWeightsKeepSigns: a finding in print must not speak the other way than
// its words do.
func TestWeightsKeepSigns(t *testing.T) {
	for _, k := range Declared() {
		if by, fitted := Prior.Of(k), DefaultWeights.Of(k); by*fitted < 0 {
			t.Errorf("%s of %q weighs %v by hand and %v fitted", k.Name, k.Case, by, fitted)
		}
	}
}

func TestWeightsRoundTrip(t *testing.T) {
	text, err := DefaultWeights.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, shipped) {
		t.Error("weights.json is not written as Marshal writes it")
	}
	if _, err := ReadWeights(text); err != nil {
		t.Error(err)
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`"no_click"`, `"no_clicks"`, `ties has "no_clicks", which is not looked for; ties lacks the finding no_click`},
		{`"base"`, `"basis"`, `unknown field "basis"`},
		{`"window_passed":`, `"window_past":`, `cookie_expired has "window_past", which is not looked for; cookie_expired lacks the finding window_passed`},
	} {
		_, err := ReadWeights(bytes.Replace(shipped, []byte(tc.old), []byte(tc.new), 1))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s for %s: error %v; want %s", tc.new, tc.old, err, tc.want)
		}
	}
	if _, err := ReadWeights(append(bytes.Clone(shipped), "{}"...)); err == nil {
		t.Error("a second document was taken")
	}
	heavy := DefaultWeights
	heavy.Click = 1e9
	if err := heavy.Check(); err == nil || !strings.Contains(err.Error(), "click weighs 1e+09") {
		t.Errorf("a weight of 1e9: %v", err)
	}
}

// TestObserveAgrees: what is observed is declared, and judged once.
func TestObserveAgrees(t *testing.T) {
	j := &Journey{}
	declared := map[Key]bool{}
	for _, k := range Declared() {
		if declared[k] {
			t.Errorf("%v is declared twice", k)
		}
		declared[k] = true
	}
	seen := Observe(j)
	if len(seen) == 0 {
		t.Fatal("nothing is seen in an empty journey; want at least no_click")
	}
	for _, o := range seen {
		if !declared[o.Key] {
			t.Errorf("%v is seen but not declared", o.Key)
		}
	}
	if v := Judge(j); v.Case != NoPartnerSignal {
		t.Errorf("an empty journey is %s", v.Case)
	}
}
