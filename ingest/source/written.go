package source

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"lostlink/ingest/table"
)

// How a file writes dates and numbers follows the account's locale, not its
// language, and single values do not tell: 02/03/2026 and 1,250 mean two
// things each. So the whole file is looked at before the first row is taken.

// dateOrder is the order of day, month and year: "mdy", "dmy" or "ymd".
type dateOrder string

// split takes a date apart into three numbers and its mark.
func split(s string) (n [3]int, mark byte, ok bool) {
	i := strings.IndexAny(s, "/.-")
	if i < 0 {
		return n, 0, false
	}
	mark = s[i]
	parts := strings.Split(s, string(mark))
	if len(parts) != 3 {
		return n, 0, false
	}
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) > 4 || p[0] == '+' || p[0] == '-' {
			return n, 0, false
		}
		n[i] = v
	}
	return n, mark, true
}

// iso rewrites a date as YYYY-MM-DD; whether that day exists is told by
// parsing it.
func (o dateOrder) iso(s string) (string, error) {
	n, _, ok := split(s)
	if ok {
		switch o {
		case "mdy":
			n = [3]int{n[2], n[0], n[1]}
		case "dmy":
			n = [3]int{n[2], n[1], n[0]}
		}
		if n[0] >= 1000 {
			return fmt.Sprintf("%04d-%02d-%02d", n[0], n[1], n[2]), nil
		}
	}
	return "", &table.Fault{Value: s, Rule: "is not a date written as " + string(o), Remedy: "export the file again without opening it in a spreadsheet, or set the source's date_order"}
}

// dateEvidence collects what the dates of a file tell about their order.
type dateEvidence struct {
	shows     map[dateOrder]string // order → a date that shows it
	ambiguous string               // a date with different day and month that could be either
}

func (e *dateEvidence) see(s string) {
	n, mark, ok := split(s)
	if !ok {
		return
	}
	show := func(o dateOrder) {
		if e.shows == nil {
			e.shows = map[dateOrder]string{}
		}
		if e.shows[o] == "" {
			e.shows[o] = s
		}
	}
	switch {
	case n[0] > 31:
		show("ymd")
	case mark == '.': // no locale writes the month first with dots
		show("dmy")
	case n[0] > 12 && n[1] <= 12:
		show("dmy")
	case n[1] > 12 && n[0] <= 12:
		show("mdy")
	case n[0] != n[1] && e.ambiguous == "":
		e.ambiguous = s
	}
}

// decide settles the order. A file whose dates all have equal day and month,
// or that has none, reads the same either way.
func (e *dateEvidence) decide(configured string) (dateOrder, error) {
	var found []dateOrder
	for _, o := range []dateOrder{"mdy", "dmy", "ymd"} {
		if e.shows[o] != "" {
			found = append(found, o)
		}
	}
	switch want := dateOrder(strings.ToLower(configured)); {
	case len(found) > 1:
		return "", &table.Fault{Value: e.shows[found[0]], Rule: fmt.Sprintf("is written as %s, but %s in the same file as %s", found[0], e.shows[found[1]], found[1]), Remedy: "export the file again without editing it"}
	case want == "mdy" || want == "dmy" || want == "ymd":
		if len(found) == 1 && found[0] != want {
			return "", &table.Fault{Value: e.shows[found[0]], Rule: fmt.Sprintf("is not written as %s, which is the configured date_order", want), Remedy: "set the source's date_order to " + string(found[0]) + " or leave it empty"}
		}
		return want, nil
	case want != "":
		return "", &table.Fault{Column: "date_order", Value: configured, Rule: "is not an order of day, month and year", Remedy: "write mdy, dmy or ymd"}
	case len(found) == 1:
		return found[0], nil
	case e.ambiguous != "":
		return "", &table.Fault{Value: e.ambiguous, Rule: "may be day/month or month/day, and no date in the file tells which", Remedy: "set the source's date_order to mdy or dmy, or export a longer period"}
	}
	return "mdy", nil
}

// numberEvidence collects what the amounts of a file tell about their decimal
// mark.
type numberEvidence struct {
	dot, comma string // a value that shows the mark
}

func (e *numberEvidence) see(s, currency string) {
	s = strings.TrimSpace(s)
	dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	show := func(decimal bool, mark byte) {
		// A mark that is not the decimal one shows that the other is.
		if decimal == (mark == '.') {
			e.dot = firstNonEmpty(e.dot, s)
		} else {
			e.comma = firstNonEmpty(e.comma, s)
		}
	}
	switch {
	case dot < 0 && comma < 0:
	case dot >= 0 && comma >= 0:
		show(dot > comma, '.')
	default:
		mark, at := byte('.'), dot
		if comma >= 0 {
			mark, at = ',', comma
		}
		switch decimals := len(s) - at - 1; {
		case strings.Count(s, string(mark)) > 1:
			show(false, mark)
		case decimals != 3:
			show(true, mark)
		default:
			// 1,250 has three digits behind the mark: thousands, unless the
			// currency has three decimals, which tells nothing.
			if exp, ok := table.Exponent(strings.ToUpper(currency)); ok && exp < 3 {
				show(false, mark)
			}
		}
	}
}

// decide settles the decimal mark; a file without any is read with a dot.
func (e *numberEvidence) decide() (byte, error) {
	switch {
	case e.dot != "" && e.comma != "":
		return 0, &table.Fault{Value: e.dot, Rule: "has a decimal dot, but " + e.comma + " in the same file a decimal comma", Remedy: "export the file again without editing it"}
	case e.comma != "":
		return ',', nil
	}
	return '.', nil
}

// plainNumber drops thousands marks and writes the decimals with a dot.
// Thousands must be grouped by three; spaces and apostrophes group too.
func plainNumber(s string, decimal byte) (string, error) {
	bad := func() (string, error) {
		return "", &table.Fault{Value: s, Rule: fmt.Sprintf("is not an amount with the decimal mark %q", decimal), Remedy: "export the file again without editing it"}
	}
	t := strings.TrimSpace(strings.NewReplacer("\u2212", "-", "\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u2019", "'").Replace(s))
	sign := ""
	if strings.HasPrefix(t, "-") {
		sign, t = "-", t[1:]
	}
	whole, frac, dotted := strings.Cut(t, string(decimal))
	if dotted && frac == "" {
		return bad()
	}
	thousands := ","
	if decimal == ',' {
		thousands = "."
	}
	for _, mark := range []string{thousands, " ", "'"} {
		if !strings.Contains(whole, mark) {
			continue
		}
		groups := strings.Split(whole, mark)
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || len(g) > 3 || g == "") {
				return bad()
			}
		}
		whole = strings.Join(groups, "")
		break
	}
	if strings.Trim(whole+frac, "0123456789") != "" || whole == "" {
		return bad()
	}
	if dotted {
		whole += "." + frac
	}
	return sign + whole, nil
}

// withValue makes a fault show the value as the file has it.
func withValue(err error, value string) error {
	var ft *table.Fault
	if !errors.As(err, &ft) {
		return err
	}
	shown := *ft
	shown.Value = value
	return &shown
}

// clip shortens and masks text that a file brings into a note.
func clip(s string) string {
	s = table.Mask(s)
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
