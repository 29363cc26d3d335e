package reconcile

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// exactEmail folds an address to the key by which the same mailbox is written
// the same: trimmed, without "mailto:" and brackets, NFKC, lower case, the
// domain in ASCII. "" for what is no address.
func exactEmail(s string) string {
	local, domain := splitEmail(s)
	if local == "" {
		return ""
	}
	return local + "@" + domain
}

// looseEmail drops what mail systems ignore: a "+tag", and at Google the dots.
// Two addresses with the same loose key are probably one person's; they are
// never merged silently.
func looseEmail(s string) string {
	local, domain := splitEmail(s)
	if local == "" {
		return ""
	}
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

func splitEmail(s string) (local, domain string) {
	if !plainEmail(s) {
		s = norm.NFKC.String(s)
		s = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				return -1
			}
			return r
		}, s)
	}
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		s = s[i+1:]
	}
	for again := true; again; {
		s = strings.Trim(s, "<>\"',; ")
		if again = len(s) > 7 && strings.EqualFold(s[:7], "mailto:"); again {
			s = s[7:]
		}
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || strings.ContainsAny(s, " \t") || strings.IndexByte(s, '@') != at {
		return "", ""
	}
	local, domain = strings.ToLower(s[:at]), strings.ToLower(strings.TrimRight(s[at+1:], "."))
	if domain == "" || strings.ContainsAny(domain, "<>\"',;:") {
		return "", ""
	}
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			a, err := idna.Lookup.ToASCII(domain)
			if err != nil {
				return "", ""
			}
			domain = a
			break
		}
	}
	return local, domain
}

// plainEmail tells whether s needs no Unicode folding.
func plainEmail(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] < 0x20 {
			return false
		}
	}
	return true
}

// nameKey folds a person's name for comparison: lower case, without accents,
// marks and doubled spaces. Names tie weakly and never alone.
func nameKey(s string) string {
	d := strings.ToLower(norm.NFKD.String(s))
	var b strings.Builder
	space := false
	for _, r := range d {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		default:
			space = true
		}
	}
	return b.String()
}
