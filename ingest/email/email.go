// Package email says when two e-mail addresses are the same mailbox, and gives
// an address a name under which it can be compared without being known. It is
// a leaf: every stage may use it.
package email

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Exact folds an address to the key by which the same mailbox is written the
// same: trimmed, without "mailto:" and brackets, NFKC, lower case, the domain
// in ASCII. "" for what is no address. A hidden address is its own key.
func Exact(s string) string {
	if folded(s) || Hidden(s) {
		return s
	}
	local, domain := split(s)
	if local == "" {
		return ""
	}
	return local + "@" + domain
}

// Loose drops what mail systems ignore: a "+tag", and at Google the dots. Two
// addresses with the same loose key are probably one person's; they are never
// merged silently. Of a hidden address it is the loose part.
func Loose(s string) string {
	if folded(s) && strings.IndexByte(s, '+') < 0 && !strings.HasSuffix(s, "@gmail.com") && !strings.HasSuffix(s, "@googlemail.com") {
		return s
	}
	if Hidden(s) {
		return scheme + s[len(scheme)+partLen+1:]
	}
	local, domain := split(s)
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

// folded tells whether an address is its own exact key, as most are.
func folded(s string) bool {
	at := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == '+':
		case c == '@' && at < 0 && i > 0:
			at = i
		default:
			return false
		}
	}
	return at > 0 && at < len(s)-1 && s[len(s)-1] != '.'
}

func split(s string) (local, domain string) {
	if !plain(s) {
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

// plain tells whether s needs no Unicode folding.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] < 0x20 {
			return false
		}
	}
	return true
}
