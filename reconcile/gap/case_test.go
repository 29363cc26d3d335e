package gap

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// declared lists the findings a case is weighed by.
func declared(c Case) []Look {
	looks := slices.Clone(c.Findings)
	if c.ByClick {
		looks = append(looks, clickLooks...)
	}
	return looks
}

func TestCaseTexts(t *testing.T) {
	slugs, codes, titles := map[Slug]bool{}, map[string]bool{}, map[string]bool{}
	last := ""
	for _, c := range Cases() {
		if slugs[c.Slug] || codes[c.Code] || titles[c.Title] {
			t.Errorf("%s, %s or %q is taken", c.Slug, c.Code, c.Title)
		}
		slugs[c.Slug], codes[c.Code], titles[c.Title] = true, true, true
		for name, text := range map[string]string{"Meaning": c.Meaning, "Shows": c.Shows, "Check": c.Check, "CannotTell": c.CannotTell} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s is %q, want a sentence", c.Slug, name, text)
			}
		}
		if len(c.Steps) == 0 || len(c.Findings) == 0 {
			t.Errorf("%s has %d steps and %d findings", c.Slug, len(c.Steps), len(c.Findings))
		}
		for _, s := range c.Steps {
			if !strings.HasSuffix(s, ".") {
				t.Errorf("%s: step %q is no sentence", c.Slug, s)
			}
		}
		if got := CaseOf(c.Slug); got.Code != c.Code {
			t.Errorf("CaseOf(%s) is %s", c.Slug, got.Code)
		}
		// C00, no sign, comes last; the others count upwards.
		if c.Code != "C00" && c.Code <= last {
			t.Errorf("%s has code %s after %s", c.Slug, c.Code, last)
		}
		last = c.Code
	}
	want := []Slug{"other_partner_click", "cookies_cleared", "cookies_blocked", "snippet_broken", "cookie_expired", "device_switch", "data_overwritten",
		"public_key_missing", "safari_no_snippet", "manual_url", "payment_not_tied", "parameters_stripped", "no_partner_signal"}
	if got := slices.Sorted(maps.Keys(slugs)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("the slugs are %v, and must be %v", got, want)
	}
	if len(Questions()) != 3 {
		t.Errorf("%d questions, want the article's three", len(Questions()))
	}
}

func TestCaseOfUnknownSlug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown slug gives a case")
		}
	}()
	CaseOf("rain")
}

// A case that sees nothing in an empty journey must not be led astray by what
// is missing: nothing is found for any cause, and no partner is named.
func TestEmptyJourney(t *testing.T) {
	v := Judge(&Journey{CookieDays: 90})
	if v.Case != NoPartnerSignal || v.PartnerKey != "" || v.Suggest != None || v.Reason == "" {
		t.Errorf("%s, partner %q, %s because %q", v.Case, v.PartnerKey, v.Suggest, v.Reason)
	}
	for _, c := range Cases() {
		for _, l := range declared(c) {
			if what, rows, ok := l.See(&Journey{}); ok && (what == "" || strings.Contains(what, "%!")) || !ok && (what != "" || rows != nil) {
				t.Errorf("%s of %s: %q, %v, %v", l.Name, c.Slug, what, rows, ok)
			}
			if _, _, ok := l.See(&Journey{}); ok && DefaultWeights.Of(Key{c.Slug, l.Name}) > 0 && c.Slug != NoPartnerSignal {
				t.Errorf("%s speaks for %s although nothing is known", l.Name, c.Slug)
			}
		}
	}
}
