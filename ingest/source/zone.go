package source

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a zone means the same on every machine

	"lostlink/ingest/table"
)

// zone is where a local time is read.
type zone struct{ loc *time.Location }

func (z *zone) parse(layout, s string) (time.Time, error) {
	return time.ParseInLocation(layout, s, z.loc)
}

var offsetForm = regexp.MustCompile(`^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$`)

// CheckZone gives a [*table.Fault] unless s is a zone that [Settings] take.
func CheckZone(s string) error {
	_, err := zoneOf(s)
	return err
}

// zoneOf reads a zone: UTC, an offset ("-08:00", "GMT-3", "+0530") or an IANA
// name.
func zoneOf(s string) (*zone, error) {
	t := strings.TrimSpace(s)
	switch strings.ToUpper(t) {
	case "UTC", "GMT", "Z":
		return &zone{time.UTC}, nil
	}
	if m := offsetForm.FindStringSubmatch(strings.ToUpper(t)); m != nil {
		h, _ := strconv.Atoi(m[2])
		min, _ := strconv.Atoi("0" + m[3])
		if h <= 14 && min < 60 {
			secs := h*3600 + min*60
			if m[1] == "-" {
				secs = -secs
			}
			return fixed(secs), nil
		}
	}
	// "Local" would make the result depend on the machine.
	if t != "" && t != "Local" {
		if loc, err := time.LoadLocation(t); err == nil {
			return &zone{loc}, nil
		}
	}
	return nil, &table.Fault{Column: "zone", Value: s, Rule: "is not a time zone", Remedy: "write an IANA name such as Europe/Berlin, or an offset such as -08:00"}
}

func fixed(secs int) *zone { return &zone{time.FixedZone("", secs)} }

// abbreviations are the zone letters that mean one offset wherever they are
// written. IST, BST of Bangladesh and the like have several meanings and are
// not here; BST is British Summer Time in every export seen.
var abbreviations = map[string]int{ // minutes east of UTC
	"PST": -8 * 60, "PDT": -7 * 60, "MST": -7 * 60, "MDT": -6 * 60, "CST": -6 * 60, "CDT": -5 * 60, "EST": -5 * 60, "EDT": -4 * 60,
	"AKST": -9 * 60, "AKDT": -8 * 60, "HST": -10 * 60, "AST": -4 * 60, "ADT": -3 * 60, "NST": -210, "NDT": -150,
	"WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180,
	"SGT": 8 * 60, "HKT": 8 * 60, "JST": 9 * 60, "KST": 9 * 60, "AWST": 8 * 60, "ACST": 570, "ACDT": 630,
	"AEST": 10 * 60, "AEDT": 11 * 60, "NZST": 12 * 60, "NZDT": 13 * 60, "BRT": -3 * 60, "ART": -3 * 60,
}

// rowZone reads the zone a row names. Letters are an offset, not a place: a
// row that says PST is eight hours behind UTC in summer too, as the account's
// zone stays what it is.
func rowZone(s string) (*zone, bool) {
	if min, ok := abbreviations[strings.ToUpper(strings.TrimSpace(s))]; ok {
		return fixed(min * 60), true
	}
	z, err := zoneOf(s)
	return z, err == nil
}
