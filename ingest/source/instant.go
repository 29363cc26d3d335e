package source

import "lostlink/ingest/table"

// The functions here read times of the usual shapes by hand; each says false for
// all others and for what is no time, and otherwise gives what parsing by layout
// does.

// twoDigits is the number at s[i:i+2], -1 for none.
func twoDigits(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

// dayShape reads YYYY-MM-DD at the start of s, from 2000 to 2100, as a day
// counted from 1970.
func dayShape(s string) (day int, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	century, year, month, dom := twoDigits(s, 0), twoDigits(s, 2), twoDigits(s, 5), twoDigits(s, 8)
	if century < 20 || century > 21 || year < 0 || month < 0 || dom < 0 {
		return 0, false
	}
	return civil(century*100+year, month, dom)
}

// civil counts the days from 1970 to a date from 2000 to 2100.
func civil(year, month, dom int) (day int, ok bool) {
	if year < 2000 || year > 2100 || month < 1 || month > 12 || dom < 1 || dom > daysIn(year, month) {
		return 0, false
	}
	// Howard Hinnant's days_from_civil: years begin in March.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era, ofEra := y/400, y%400
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + (153*m+2)/5 + dom - 1 - 719468, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// clockShape reads hh:mm:ss at s[i:] as seconds.
func clockShape(s string, i int) (seconds int, ok bool) {
	if len(s) < i+8 || s[i+2] != ':' || s[i+5] != ':' {
		return 0, false
	}
	h, m, sec := twoDigits(s, i), twoDigits(s, i+3), twoDigits(s, i+6)
	if h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59 {
		return 0, false
	}
	return h*3600 + m*60 + sec, true
}

// rfc3339 reads 2026-02-01T15:04:05.123456Z with up to nine decimals; what is
// below a microsecond is lost.
func rfc3339(s string) (table.Time, bool) {
	if len(s) < 20 || s[10] != 'T' || s[len(s)-1] != 'Z' {
		return 0, false
	}
	day, ok := dayShape(s)
	if !ok {
		return 0, false
	}
	clock, ok := clockShape(s, 11)
	if !ok {
		return 0, false
	}
	micros, ok := decimals(s[19 : len(s)-1])
	if !ok {
		return 0, false
	}
	return bounded(table.Time(day)*table.Day + table.Time(clock)*table.Second + micros)
}

// decimals reads ".123456", or nothing, as microseconds.
func decimals(s string) (table.Time, bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != '.' || len(s) == 1 || len(s) > 10 {
		return 0, false
	}
	n, unit := table.Time(0), table.Second
	for i := 1; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		unit /= 10
		n += table.Time(d) * unit
	}
	return n, true
}

func bounded(t table.Time) (table.Time, bool) { return t, t >= timeMin && t < timeMax }

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// commonLogTime reads 01/Feb/2026:15:04:05 +0100.
func commonLogTime(s string) (table.Time, bool) {
	if len(s) != 26 || s[2] != '/' || s[6] != '/' || s[11] != ':' || s[20] != ' ' || s[21] != '+' && s[21] != '-' {
		return 0, false
	}
	month := 0
	for i, name := range monthNames {
		if s[3:6] == name {
			month = i + 1
			break
		}
	}
	dom, century, year, h, m := twoDigits(s, 0), twoDigits(s, 7), twoDigits(s, 9), twoDigits(s, 22), twoDigits(s, 24)
	if month == 0 || century < 20 || century > 21 || year < 0 || h < 0 || h > 14 || m < 0 || m > 59 {
		return 0, false
	}
	day, ok := civil(century*100+year, month, dom)
	if !ok {
		return 0, false
	}
	clock, ok := clockShape(s, 12)
	if !ok {
		return 0, false
	}
	offset := table.Time(h*60+m) * table.Minute
	if s[21] == '-' {
		offset = -offset
	}
	return bounded(table.Time(day)*table.Day + table.Time(clock)*table.Second - offset)
}

// plainTime reads "2026-02-01 15:04:05", with up to nine decimals and either
// mark, as if it were UTC.
func plainTime(s string, mark byte) (table.Time, bool) {
	if len(s) < 19 || s[10] != mark {
		return 0, false
	}
	day, ok := dayShape(s)
	if !ok {
		return 0, false
	}
	clock, ok := clockShape(s, 11)
	if !ok {
		return 0, false
	}
	micros, ok := decimals(s[19:])
	if !ok {
		return 0, false
	}
	return bounded(table.Time(day)*table.Day + table.Time(clock)*table.Second + micros)
}
