package reconcile

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEmailKeys(t *testing.T) {
	for _, tc := range []struct{ in, exact, loose string }{
		{"ada@mail.example", "ada@mail.example", "ada@mail.example"},
		{" Ada@Mail.Example ", "ada@mail.example", "ada@mail.example"},
		{"mailto:ada@mail.example", "ada@mail.example", "ada@mail.example"},
		{"MAILTO:ada@mail.example", "ada@mail.example", "ada@mail.example"},
		{"<ada@mail.example>", "ada@mail.example", "ada@mail.example"},
		{"Ada Moor <ada@mail.example>", "ada@mail.example", "ada@mail.example"},
		{`"ada@mail.example"`, "ada@mail.example", "ada@mail.example"},
		{"ada@mail.example;", "ada@mail.example", "ada@mail.example"},
		{"ada@mail.example.", "ada@mail.example", "ada@mail.example"},
		{"ada\u200b@mail.example", "ada@mail.example", "ada@mail.example"},
		{"\ufeffada@mail.example\u00a0", "ada@mail.example", "ada@mail.example"},
		{"ａｄａ＠mail.example", "ada@mail.example", "ada@mail.example"},
		{"ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{"ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},

		{"ada+shop@mail.example", "ada+shop@mail.example", "ada@mail.example"},
		{"ada+a+b@mail.example", "ada+a+b@mail.example", "ada@mail.example"},
		{"+shop@mail.example", "+shop@mail.example", "+shop@mail.example"},
		{"a.d.a@mail.example", "a.d.a@mail.example", "a.d.a@mail.example"},
		{"a.d.a@gmail.com", "a.d.a@gmail.com", "ada@gmail.com"},
		{"A.d.a+x@GoogleMail.com", "a.d.a+x@googlemail.com", "ada@gmail.com"},
		{"ada@notgmail.com", "ada@notgmail.com", "ada@notgmail.com"},

		{"", "", ""},
		{"ada", "", ""},
		{"@mail.example", "", ""},
		{"ada@", "", ""},
		{"ada@@mail.example", "", ""},
		{"ada@mail.example, ben@mail.example", "", ""},
		{"ada moor@mail.example", "", ""},
		{"null", "", ""},
	} {
		if got := exactEmail(tc.in); got != tc.exact {
			t.Errorf("exactEmail(%q) = %q, want %q", tc.in, got, tc.exact)
		}
		if got := looseEmail(tc.in); got != tc.loose {
			t.Errorf("looseEmail(%q) = %q, want %q", tc.in, got, tc.loose)
		}
	}
}

func TestNameKey(t *testing.T) {
	for _, same := range [][]string{
		{"ada moor", "Ada Moor", " ADA  MOOR ", "Ada\tMoor", "Ada-Moor", "ada. moor"},
		{"asa ueda", "Åsa Ueda", "A\u030asa Ueda"},
		{"jose pena", "José Peña", "JOSÉ PEÑA"},
		{"юлия росси", "Юлия Росси", "ЮЛИЯ  РОССИ"},
		{"o brien", "O'Brien", "O’Brien"},
		{"", " ", "--", "."},
	} {
		for _, s := range same {
			if got := nameKey(s); got != same[0] {
				t.Errorf("nameKey(%q) = %q, want %q", s, got, same[0])
			}
		}
	}
	if nameKey("Lena Vogel") == nameKey("Lena Vogl") {
		t.Error("different names have one key")
	}
}

func TestUsable(t *testing.T) {
	for _, s := range []string{"", " ", "0", "0000", "00000000-0000-0000-0000-000000000000", "-", "-1", "null", "NULL", "None", "undefined", "Unknown", "n/a", "guest"} {
		if usable(s) {
			t.Errorf("%q names somebody", s)
		}
	}
	for _, s := range []string{"v-1", "nullable", "10", "c-guest1"} {
		if !usable(s) {
			t.Errorf("%q names nobody", s)
		}
	}
}

// A key is its own key, the loose one follows from the exact one, and neither
// holds what would tell two ways of writing one mailbox apart.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ada@mail.example", "Ada Moor <ada+x@bücher.example>", "a.d.a@googlemail.com", "ＡＤＡ@mail.example", "mailto:mailto:a@b", "<<a@b>>", "a@b\x00", "\"a@b,", "a@ß.example", "+@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("the tables hold none")
		}
		exact, loose := exactEmail(s), looseEmail(s)
		if (exact == "") != (loose == "") {
			t.Errorf("exact %q, loose %q", exact, loose)
		}
		if exact == "" {
			return
		}
		if strings.Count(exact, "@") != 1 || strings.ContainsAny(exact, " \t\n\x00") || strings.HasPrefix(exact, "@") || strings.HasSuffix(exact, "@") {
			t.Errorf("%q is no address", exact)
		}
		if again := exactEmail(exact); again != exact {
			t.Errorf("the key of %q is %q, and of that %q", s, exact, again)
		}
		if again := looseEmail(loose); again != loose {
			t.Errorf("the loose key of %q is %q, and of that %q", s, loose, again)
		}
		if l := looseEmail(exact); l != loose {
			t.Errorf("%q: loose key %q, by way of the exact one %q", s, loose, l)
		}
	})
}

func FuzzNameKey(f *testing.F) {
	for _, s := range []string{"Ada Moor", "Åsa  Ueda", "İpek", "ﬁn", "Σίσυφος", "\u0301", "ǅ", "1st"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("the tables hold none")
		}
		k := nameKey(s)
		if again := nameKey(k); again != k {
			t.Errorf("the key of %q is %q, and of that %q", s, k, again)
		}
		if k != strings.TrimSpace(k) || strings.Contains(k, "  ") {
			t.Errorf("the key of %q has loose spaces: %q", s, k)
		}
	})
}
