package reconcile

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"lostlink/ingest/email"
)

// exactEmail is the key by which the same mailbox is written the same; "" for
// what is no address.
func exactEmail(s string) string { return email.Exact(s) }

// looseEmail is the key that variants of an address share. Two addresses with
// the same loose key are probably one person's; they are never merged silently.
func looseEmail(s string) string { return email.Loose(s) }

// nameKey folds a person's name for comparison: lower case, without accents,
// marks and doubled spaces. Names tie weakly and never alone.
func nameKey(s string) string {
	d := strings.ToLower(norm.NFKD.String(s))
	var b strings.Builder
	b.Grow(len(d))
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
