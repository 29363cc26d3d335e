package source

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// wordLen is the length of the longest word that known drops.
const wordLen = len("undefined")

// known drops the words that programs write for "nothing" in ids, addresses
// and referrers. It is not for names and countries: NA is Namibia.
func known(s string) string {
	if n := len(s); n > wordLen && s[0] > ' ' && s[0] < utf8.RuneSelf && s[n-1] > ' ' && s[n-1] < utf8.RuneSelf {
		return s
	}
	s = strings.TrimSpace(s)
	switch s {
	case "-", "null", "NULL", "nil", "None", "undefined", "n/a", "N/A", "NA", `\N`, "(direct)", "$direct", "(not set)", "(none)":
		return ""
	}
	return s
}

// in puts a column name and value into a fault that lacks them.
func in(column, value string, err error) error {
	if err == nil {
		return nil
	}
	var ft *table.Fault
	if !errors.As(err, &ft) {
		return err
	}
	named := *ft
	named.Column = column
	if named.Value == "" {
		named.Value = value
	}
	return &named
}

// Times outside these are slips of unit, format or clock, not records.
var (
	timeMin = table.TimeOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	timeMax = table.TimeOf(time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC))
)

func plausible(value string, t time.Time) (table.Time, error) {
	// The year is asked first: microseconds overflow far outside the bounds.
	if y := t.Year(); y < 1990 || y > 2110 || table.TimeOf(t) < timeMin || table.TimeOf(t) >= timeMax {
		return 0, &table.Fault{Value: value, Rule: "is not a time between 2000 and 2100", Remedy: "check the value, its unit and its format"}
	}
	return table.TimeOf(t), nil
}

// instant reads RFC 3339. Times without a zone are taken only when the
// configuration says which one they are in.
func (f *file) instant(s string) (table.Time, error) {
	if f.container == rows.XLSX {
		if t, ok := f.sheetTime(s); ok {
			return plausible(s, t)
		}
	}
	if t, ok := rfc3339(s); ok {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil && f.Zone != "" {
		for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
			if t, err = f.zone.parse(layout, s); err == nil {
				break
			}
		}
	}
	if err != nil {
		return 0, &table.Fault{Value: s, Rule: "is not an RFC 3339 time", Remedy: "write it as 2026-02-01T15:04:05Z, or set the source's zone if times are written without one"}
	}
	return plausible(s, t)
}

// sheetTime reads the day number that a sheet keeps for a date, to the second:
// a fraction of a day has no exact decimals. Day numbers have no zone.
func (f *file) sheetTime(s string) (time.Time, bool) {
	days, frac, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(days)
	if err != nil || len(days) != 5 {
		return time.Time{}, false
	}
	part, err := strconv.ParseFloat("0."+frac+"0", 64)
	if err != nil {
		return time.Time{}, false
	}
	secs := int(part*86400 + 0.5)
	return time.Date(1899, 12, 30+n, 0, 0, secs, 0, f.zone.loc), true
}

// local reads a time written without a zone in one of the layouts.
func local(z *zone, s string, layouts ...string) (table.Time, error) {
	if z.loc == time.UTC && slices.Contains(layouts, "2006-01-02 15:04:05") {
		if t, ok := plainTime(s, ' '); ok {
			return t, nil
		}
	}
	for _, layout := range layouts {
		if t, err := z.parse(layout, s); err == nil {
			return plausible(s, t)
		}
	}
	return 0, &table.Fault{Value: s, Rule: "is not a time written as YYYY-MM-DD hh:mm:ss", Remedy: "make the export again and do not save it from a spreadsheet"}
}

// epochMillis reads milliseconds since 1970; "" and 0 are none.
func epochMillis(s string) (table.Time, error) {
	if s == "" || s == "0" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, &table.Fault{Value: s, Rule: "is not a time in milliseconds since 1970", Remedy: "take the file from the API as it is"}
	}
	return plausible(s, time.UnixMilli(n))
}

func (f *file) day(s string) (table.Date, error) {
	if f.container == rows.XLSX {
		if t, ok := f.sheetTime(s); ok {
			s = t.Format(time.DateOnly)
		}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, &table.Fault{Value: s, Rule: "is not a day", Remedy: "write it as 2026-02-01"}
	}
	at, err := plausible(s, t)
	return at.Date(), err
}

// digitsOnly tells whether nothing but digits is in s.
func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func answer(s string) (table.Answer, error) {
	switch strings.ToLower(s) {
	case "":
		return table.Unknown, nil
	case "true", "yes", "1", "t", "y":
		return table.Yes, nil
	case "false", "no", "0", "f", "n":
		return table.No, nil
	}
	return table.Unknown, &table.Fault{Value: s, Rule: "is neither true nor false", Remedy: "write true, false or nothing"}
}

// currency checks the row's code; an empty one takes the source's.
func (f *file) currency(s string) (string, error) {
	if s == "" {
		if f.Currency == "" {
			return "", &table.Fault{Rule: "is empty", Remedy: "fill it in, or set the source's currency"}
		}
		return f.Currency, nil
	}
	return table.ParseCurrency(s)
}

// money reads an amount column in the source's unit.
func (f *file) money(c field, values []string, currency string) (int64, error) {
	s := c.of(values)
	if s == "" {
		return 0, nil
	}
	n, err := table.ParseAmount(s, currency, f.Unit)
	return n, in(c.name, s, err)
}

// moneyRequired is money that must be written, be it 0, and not negative.
func (f *file) moneyRequired(c field, values []string, currency string) (int64, error) {
	if c.of(values) == "" {
		return 0, &table.Fault{Column: c.name, Rule: "is required and is empty", Remedy: "fill it in, or map the column that holds it"}
	}
	n, err := f.money(c, values, currency)
	if err == nil && n < 0 {
		return 0, &table.Fault{Column: c.name, Value: c.of(values), Rule: "is negative", Remedy: "a payment is positive; money given back belongs in the refunded amount"}
	}
	return n, err
}

var damagedID = regexp.MustCompile(`^\d(?:[.,]\d+)?[eE]\+\d+$`)

// purchaseID refuses ids that a spreadsheet has rounded.
func purchaseID(c field, values []string) (string, error) {
	s := c.id(values)
	if strings.IndexByte(s, '+') >= 0 && damagedID.MatchString(s) {
		return "", &table.Fault{Column: c.name, Value: s, Rule: "is an id that a spreadsheet has rounded", Remedy: "export the file again and do not save it from a spreadsheet"}
	}
	return s, nil
}

// publicIP takes the address out of an IP column: without port, brackets and
// IPv6 mapping, and of a forwarded-for list the left-most public one, else the
// left-most that is an address at all. What is no address becomes "".
func publicIP(s string) string {
	if plainIPv4(s) {
		return s
	}
	first := ""
	for part := range strings.SplitSeq(s, ",") {
		a, ok := address(known(part))
		if !ok {
			continue
		}
		if a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a) {
			return a.String()
		}
		if first == "" {
			first = a.String()
		}
	}
	return first
}

// sharedSpace is carrier-grade NAT (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func address(s string) (netip.Addr, bool) {
	s = strings.Trim(s, `"`)
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// readable makes text of a log valid UTF-8 rather than lose the row: logs keep
// whatever bytes a browser sent.
func readable(s string) string { return strings.ToValidUTF8(s, "�") }
