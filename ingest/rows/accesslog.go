package rows

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lostlink/ingest/table"
)

// accessLog reads the lines of a web server. What visitors sent is kept however
// odd it is: bytes that are no text become U+FFFD, and a request that is none
// leaves the variables derived from it empty.
type accessLog struct {
	lines  lines
	format *LogFormat
	values []string // of the line, as written
	slots  []slot
	err    error
	odd    text // see onto
}

// slot is where a bound value comes from.
type slot struct {
	field int // index into values, -1 for none
	part  requestPart
}

// requestPart is a part of the request line.
type requestPart int

const (
	whole requestPart = iota
	method
	address
	protocol
)

// derived are the variables that the request line holds.
var derived = []struct {
	name string
	part requestPart
}{{"request_method", method}, {"request_uri", address}, {"server_protocol", protocol}}

func newAccessLog(text *bufio.Reader, head []byte, opt Options) (*accessLog, error) {
	written := opt.LogFormat
	if written == "" {
		written = usualFormat(head)
	}
	f, err := ParseLogFormat(written)
	if err != nil {
		return nil, err
	}
	return &accessLog{
		lines:  lines{r: text, max: opt.MaxLine},
		format: f,
		values: make([]string, len(f.fields)),
	}, nil
}

// logStart is what the usual formats begin with, with and without host.
var logStart = []*LogFormat{mustFormat(`%h %l %u %t "%r" %>s %{rest}n`), mustFormat(`%v:%p %h %l %u %t "%r" %>s %{rest}n`)}

func mustFormat(s string) *LogFormat {
	f, err := ParseLogFormat(s)
	if err != nil {
		panic(err)
	}
	return f
}

func looksLikeLog(line string) bool {
	return logStart[0].fits(line) || logStart[1].fits(line)
}

// usualFormat is the first named format that one of the first lines fits. The
// one with the host comes first: its lines fit the others too, as a user name
// may hold blanks.
func usualFormat(head []byte) string {
	for _, name := range []string{"vhost_combined", "combined", "common"} {
		f := mustFormat(name)
		for _, line := range bytes.SplitN(head, newline, detectLines+1) {
			if f.fits(string(bytes.TrimSuffix(line, []byte("\r")))) {
				return name
			}
		}
	}
	return "combined"
}

func (a *accessLog) columns() []string {
	out := a.format.Variables()
	own := names(out)
	if i, _ := own.find("request"); i >= 0 {
		for _, d := range derived {
			if i, _ := own.find(d.name); i < 0 {
				out = append(out, d.name)
			}
		}
	}
	return out
}

func (a *accessLog) bind(want []string) {
	own := names(a.format.Variables())
	a.slots = nil
	for _, name := range want {
		name = strings.TrimPrefix(strings.TrimSpace(name), "$")
		i, err := own.find(name)
		a.err = errors.Join(a.err, err)
		s := slot{field: i}
		for _, d := range derived {
			if i < 0 && d.name == name {
				s.field, _ = own.find("request")
				s.part = d.part
			}
		}
		a.slots = append(a.slots, s)
	}
}

func (a *accessLog) next(rec *Record) error {
	if a.err != nil {
		return a.err
	}
	var raw []byte
	var ended bool
	for len(raw) == 0 {
		var err error
		if raw, ended, err = a.lines.next(); err != nil {
			return err
		}
	}
	rec.Line = a.lines.n
	line := string(raw) // all values of the record are parts of it
	m := a.format.split(line, a.values)
	if bytes.IndexByte(raw, 0) >= 0 {
		if i := slices.IndexFunc(a.values, func(v string) bool { return strings.IndexByte(v, 0) >= 0 }); m == nil && i >= 0 {
			return nul(rec.Line, a.format.fields[i].name, a.values[i])
		}
		return nul(rec.Line, "", "")
	}
	if m != nil {
		if !ended {
			return cutOff(rec.Line)
		}
		return a.bad(rec.Line, m)
	}
	for i, s := range a.slots {
		if s.field < 0 {
			rec.Values[i] = ""
			continue
		}
		v := unescape(a.values[s.field])
		if s.part != whole {
			v = s.part.of(v)
		}
		rec.Values[i] = v
	}
	return nil
}

func (a *accessLog) bad(line int64, m *misfit) *Bad {
	f := &table.Fault{Value: strings.ToValidUTF8(m.found, "\uFFFD"), Remedy: "give the server's own log format, or look at the line"}
	last := len(a.format.fields) - 1
	field := a.format.fields[min(m.field, last)]
	f.Column = field.name
	switch {
	case m.field > last:
		f.Rule = "stands behind the last variable of the log format"
	case m.endless:
		f.Rule = fmt.Sprintf("does not fit the log format: no '%s' follows", field.end)
	case field.rule != "":
		f.Rule = field.rule
	default:
		f.Rule = "does not fit the log format: the line starts otherwise"
	}
	return &Bad{Line: line, Fault: f}
}

func (a *accessLog) close() error { return nil }

// of takes a part out of a request line. A line that is no request (a TLS
// greeting on the wrong port) has none.
func (p requestPart) of(request string) string {
	first := strings.IndexByte(request, ' ')
	if first <= 0 {
		return ""
	}
	for _, b := range []byte(request[:first]) {
		if b < 'A' || b > 'Z' {
			return ""
		}
	}
	uri, version := request[first+1:], ""
	if last := strings.LastIndexByte(uri, ' '); last >= 0 && strings.HasPrefix(uri[last+1:], "HTTP/") {
		uri, version = uri[:last], uri[last+1:]
	}
	switch p {
	case method:
		return request[:first]
	case address:
		return uri
	}
	return version
}

// unescape undoes the log's own escaping, once: nginx writes quotes, backslashes
// and what is not printable as \xHH, Apache as \", \\, \n, \t or \xhh. A lone
// "-" stands for nothing.
func unescape(s string) string {
	if s == "-" {
		return ""
	}
	if strings.IndexByte(s, '\\') >= 0 {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			c, n := unescapeOne(s[i:])
			b = append(b, c)
			i += n - 1
		}
		s = string(b)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// unescapeOne gives the first byte of s unescaped and how many bytes stood for it.
func unescapeOne(s string) (byte, int) {
	if s[0] != '\\' || len(s) < 2 {
		return s[0], 1
	}
	switch s[1] {
	case '"', '\\':
		return s[1], 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b':
		return '\b', 2
	case 'v':
		return '\v', 2
	case 'x':
		if len(s) >= 4 {
			hi, lo := hexDigit(s[2]), hexDigit(s[3])
			if hi >= 0 && lo >= 0 {
				return byte(hi<<4 | lo), 4
			}
		}
	}
	return s[0], 1
}

func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
