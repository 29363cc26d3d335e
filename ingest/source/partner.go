package source

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// partnerRef is what a landing address says about the link that led to it.
type partnerRef struct {
	partner  string // decoded
	click    string
	undecode bool // the partner key is not base64 of printable ASCII and stands as it came
	partners bool // two parameters name different partners
	clicks   bool // two parameters name different clicks
}

// partnerOf looks for the partner and click parameters in the query of an
// address, in order of trust; ok is false if none names a partner. The first
// value that is not empty counts.
func partnerOf(address string, partnerParams, clickParams []string) (ref partnerRef, ok bool) {
	_, query, found := strings.Cut(address, "?")
	if !found {
		return ref, false
	}
	query, _, _ = strings.Cut(query, "#")
	for _, p := range partnerParams {
		for v := range params(query, p) {
			key, decoded := partnerKey(v)
			switch {
			case key == "":
			case ref.partner == "":
				ref.partner, ref.undecode = key, !decoded
			case key != ref.partner:
				ref.partners = true
			}
		}
	}
	if ref.partner == "" {
		return ref, false
	}
	for _, p := range clickParams {
		for v := range params(query, p) {
			id := known(unescape(v))
			switch {
			case id == "":
			case ref.click == "":
				ref.click = id
			case id != ref.click:
				ref.clicks = true
			}
		}
	}
	return ref, true
}

// params walks the raw values of one parameter. Looking for the names first
// keeps the common case, an address without them, free of any parsing.
func params(query, name string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for rest := query; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, "&")
			if len(pair) > len(name) && pair[len(name)] == '=' && pair[:len(name)] == name {
				if !yield(pair[len(name)+1:]) {
					return
				}
			}
		}
	}
}

// unescape undoes URL encoding; what is not properly encoded, or would not be
// text, stands as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return readable(s)
	}
	if u, err := url.QueryUnescape(s); err == nil && readable(u) == u {
		return u
	}
	return readable(s)
}

// partnerKey decodes the value of a partner parameter: base64 in either
// alphabet, padded or not. One that does not decode to printable ASCII stands
// as it came: links made by hand carry the plain key.
func partnerKey(raw string) (key string, decoded bool) {
	// A "+" of the standard alphabet, written bare in a query, must not become
	// a space.
	s := known(unescape(strings.ReplaceAll(raw, "+", "%2B")))
	if s == "" {
		return "", false
	}
	b64 := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	if b, err := base64.RawStdEncoding.Strict().DecodeString(b64); err == nil && len(b) > 0 && printable(b) {
		return string(b), true
	}
	return s, false
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// cookieValue undoes the encoding of a cookie. Partner keys in cookies are
// plain text, unlike those in addresses.
func cookieValue(s string) string {
	s = known(s)
	if !strings.Contains(s, "%") {
		return readable(s)
	}
	if u, err := url.PathUnescape(s); err == nil && readable(u) == u {
		return known(u)
	}
	return readable(s)
}

// clickShape is how the platform writes click ids; 13 characters were never
// seen.
var clickShape = regexp.MustCompile(`^[A-Za-z0-9]{12,14}$`)

// noteRef remarks on what is odd about a click taken from an address.
func (f *file) noteRef(ref partnerRef) {
	if ref.partners {
		f.note("the address names two different partners; the parameter first in order of trust is taken", 1)
	}
	if ref.clicks {
		f.note("the address names two different clicks; the parameter first in order of trust is taken", 1)
	}
	if ref.undecode {
		f.note("the partner key is not base64 of plain text and stands as it came", 1)
	}
	if ref.click != "" && !clickShape.MatchString(ref.click) {
		f.note("the click id is not of the platform's shape (12 to 14 letters and digits)", 1)
	}
}
