package table

import "time"

// Time is an instant in microseconds since 1970-01-01 UTC; 0 means none.
type Time int64

// Microseconds in the usual spans.
const (
	Second Time = 1_000_000
	Minute      = 60 * Second
	Hour        = 60 * Minute
	Day         = 24 * Hour
)

// TimeOf converts t, losing what is below a microsecond. The zero time gives 0.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Std gives the instant as a time in UTC; none gives the zero time.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// String is RFC 3339 in UTC with as many decimals as needed, "" for none.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(time.RFC3339Nano)
}

// Date gives the UTC day of t.
func (t Time) Date() Date {
	d := t / Day
	if t%Day < 0 {
		d--
	}
	return Date(d)
}

// Date is a day counted from 1970-01-01; 0 means none.
type Date int32

// Start gives the first instant of the day in UTC.
func (d Date) Start() Time { return Time(d) * Day }

// String is YYYY-MM-DD, "" for none.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Start().Std().Format(time.DateOnly)
}

// Answer is a yes or no that may be missing.
type Answer int8

// The zero value is Unknown: the source said nothing.
const (
	Unknown Answer = iota
	Yes
	No
)

// AnswerOf turns a known truth into an answer.
func AnswerOf(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}
