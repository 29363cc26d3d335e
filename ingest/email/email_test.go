package email

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var spellings = []string{
	"ada@mail.example", " Ada@Mail.Example ", "mailto:ada@mail.example", "<ada@mail.example>", "Ada Moor <ada@mail.example>",
	"ada\u200b@mail.example", "ａｄａ＠mail.example", "ada@bücher.example", "ada@xn--bcher-kva.example",
	"ada+shop@mail.example", "ada+a+b@mail.example", "+shop@mail.example", "+@mail.example", "a.d.a@gmail.com", "A.d.a+x@GoogleMail.com",
	"ada@gmail.com", "ada@notgmail.com", "ben@mail.example", "", "ada", "ada@@mail.example", "null", ".@gmail.com", "+.@gmail.com",
}

func TestKeys(t *testing.T) {
	for _, c := range []struct{ in, exact, loose string }{
		{" Ada+Shop@Mail.Example ", "ada+shop@mail.example", "ada@mail.example"},
		{"A.d.a+x@GoogleMail.com", "a.d.a+x@googlemail.com", "ada@gmail.com"},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{"ada moor@mail.example", "", ""},
	} {
		if got := Exact(c.in); got != c.exact {
			t.Errorf("Exact(%q) = %q, want %q", c.in, got, c.exact)
		}
		if got := Loose(c.in); got != c.loose {
			t.Errorf("Loose(%q) = %q, want %q", c.in, got, c.loose)
		}
	}
}

// Hidden addresses compare as the plain ones do, and tell nothing of them.
func TestHide(t *testing.T) {
	h := NewHider([]byte("k"))
	other := NewHider([]byte("another"))
	for _, a := range spellings {
		hid := h.Hide(a)
		if (hid == "") != (Exact(a) == "") || hid != "" && !Hidden(hid) {
			t.Errorf("Hide(%q) = %q", a, hid)
		}
		if hid == "" {
			continue
		}
		if strings.Contains(hid, "@") || strings.Contains(hid, "ada") || hid == other.Hide(a) {
			t.Errorf("Hide(%q) = %q", a, hid)
		}
		if exact, loose, _ := strings.Cut(hid[len(scheme):], ":"); exact == loose {
			t.Errorf("Hide(%q) = %q shows that the address has no tag", a, hid)
		}
		if h.Hide(hid) != hid || h.Clone().Hide(a) != hid {
			t.Errorf("Hide(%q) is not the same again", a)
		}
		for _, b := range spellings {
			if (Exact(a) == Exact(b)) != (Exact(hid) == Exact(h.Hide(b))) {
				t.Errorf("%q and %q: hidden, they compare otherwise", a, b)
			}
			if (Loose(a) == Loose(b)) != (Loose(hid) == Loose(h.Hide(b))) {
				t.Errorf("%q and %q: hidden, they compare otherwise as variants", a, b)
			}
		}
	}
}

// What Known gives compares with what was shown as the address itself would.
func TestKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := NewHider([]byte("k"))
		k := NewKnown(h)
		shown := rapid.SliceOf(rapid.SampledFrom(spellings)).Draw(t, "shown")
		for _, s := range shown {
			k.Show(s)
		}
		a := rapid.SampledFrom(spellings).Draw(t, "a")
		b := rapid.SampledFrom(spellings).Draw(t, "b")
		pa, pb := k.Plain(h.Hide(a)), k.Plain(h.Hide(b))
		for _, s := range shown {
			if (Exact(s) == Exact(a)) != (Exact(s) == Exact(pa)) {
				t.Fatalf("%q comes back as %q, which compares otherwise with %q", a, pa, s)
			}
			if (Loose(s) == Loose(a)) != (Loose(s) == Loose(pa)) {
				t.Fatalf("%q comes back as %q, which is another variant of %q", a, pa, s)
			}
		}
		if (Exact(a) == Exact(b)) != (Exact(pa) == Exact(pb)) || (Loose(a) == Loose(b)) != (Loose(pa) == Loose(pb)) {
			t.Fatalf("%q and %q come back as %q and %q", a, b, pa, pb)
		}
		if got := k.Plain(a); got != a && !Hidden(a) {
			t.Fatalf("Plain(%q) = %q", a, got)
		}
	})
}
