package source

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"unsafe"

	"lostlink/ingest/table"
)

// Sight is what a glimpse of a row tells.
type Sight int

const (
	// Unsure: only [Mapping.Row] can tell.
	Unsure Sight = iota
	// Seen: Row would take the row, as the click or visit of the glance.
	Seen
	// Passed: Row would skip the row for the reason given.
	Passed
)

// Glimpse tells what Row would make of a row, if that can be told without making
// it and holds for certain: rows of the usual form that hold nothing odd. Texts
// of the glance may be parts of the values, and are only valid until the next
// call. Nothing is counted; see [Mapping.Drop].
func (m *Mapping) Glimpse(values []string, g *table.Glance) (s Sight, skipped string) {
	if m.glimpse == nil || m.file.sink.Screen != nil {
		return Unsure, ""
	}
	return m.glimpse(values, g)
}

// Drop counts a row of which Glimpse was sure as Row would, without making it.
func (m *Mapping) Drop(g *table.Glance) {
	f := m.file
	if g.Visit {
		f.sink.Visits()
		f.dropped.visits++
	}
	if g.Click {
		f.sink.Clicks()
		f.dropped.clicks++
	}
	f.span(g.At)
}

// scratch is where texts of a glance are put together.
type scratch struct{ ip, url, partner []byte }

// viewOf is b as a string, which is only good until b is written to.
func viewOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// glimpseRef looks for the link that led to a page, like partnerOf; sure is
// false if anything about the parameters is not as the platform writes them.
func (f *file) glimpseRef(address string) (click string, ok, sure bool) {
	_, query, found := strings.Cut(address, "?")
	if !found {
		return "", false, true
	}
	query, _, _ = strings.Cut(query, "#")
	partner := ""
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if v, is := parameter(pair, f.PartnerParameters); is && v != "" {
			if partner != "" && partner != v || !f.plainKey(v) {
				return "", false, false
			}
			partner = v
		}
		if v, is := parameter(pair, f.ClickParameters); is && v != "" {
			if click != "" && click != v || !plainClick(v) {
				return "", false, false
			}
			click = v
		}
	}
	if partner == "" {
		return "", false, true
	}
	return click, true, true
}

// parameter gives the value of a query's pair whose name is one of these.
func parameter(pair string, names []string) (value string, is bool) {
	for _, n := range names {
		if len(pair) > len(n) && pair[len(n)] == '=' && pair[:len(n)] == n {
			return pair[len(n)+1:], true
		}
	}
	return "", false
}

// plainKey: what partnerKey decodes to printable text.
func (f *file) plainKey(v string) bool {
	for i := range len(v) {
		if c := v[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_') {
			return false
		}
	}
	if known(v) != v || len(v) > 256 {
		return false
	}
	b, err := strictURL.AppendDecode(f.scratch.partner[:0], unsafe.Slice(unsafe.StringData(v), len(v)))
	f.scratch.partner = b
	return err == nil && len(b) > 0 && printable(b)
}

var strictURL = base64.RawURLEncoding.Strict()

// plainClick: what clickShape fits and no word for nothing is.
func plainClick(v string) bool {
	if len(v) < 12 || len(v) > 14 {
		return false
	}
	for i := range len(v) {
		if c := v[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

// glimpseIP is field.address for a row whose only address is one by itself.
func (f *file) glimpseIP(c field, values []string) (ip string, sure bool) {
	for _, i := range c.at {
		s := known(values[i])
		switch {
		case s == "":
		case ip != "":
			return "", false
		default:
			ip = s
		}
	}
	if ip == "" || plainIPv4(ip) {
		return ip, true
	}
	if strings.ContainsAny(ip, ",\"[]%") {
		return "", false
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "", false
	}
	f.scratch.ip = a.Unmap().AppendTo(f.scratch.ip[:0])
	return viewOf(f.scratch.ip), true
}

// plainIPv4 tells whether s is an IPv4 address as it is always written.
func plainIPv4(s string) bool {
	if len(s) < 7 || len(s) > 15 {
		return false
	}
	parts, n, digits := 1, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if digits == 0 {
				return false
			}
			parts, n, digits = parts+1, 0, 0
		case c >= '0' && c <= '9':
			if digits > 0 && n == 0 { // a leading zero
				return false
			}
			n, digits = n*10+int(c-'0'), digits+1
			if n > 255 {
				return false
			}
		default:
			return false
		}
	}
	return parts == 4 && digits > 0
}

// glimpseVisit finishes the glance of a visit, whose values stand in it.
func (f *file) glimpseVisit(g *table.Glance) (Sight, string) {
	var sure bool
	g.Visit = true
	if g.ClickID, g.Click, sure = f.glimpseRef(g.URL); !sure {
		return Unsure, ""
	}
	return Seen, ""
}
