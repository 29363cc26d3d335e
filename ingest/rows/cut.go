package rows

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// A cutter takes plain lines of one container apart: those of which it is
// certain that the container's reader makes just one row of them, of these
// values. It is an optimisation and nothing else; what it leaves, the reader
// takes.
type cutter interface {
	// cut gives the values as parts of the line, which is text without NUL and
	// has lost its end. Only the values' places that are bound are written.
	cut(line string, values []string) cutting
	// one tells that a line, whatever it is, is just one row, good or bad. Not to
	// know is false.
	one(line []byte) bool
}

type cutting int

const (
	cutRow   cutting = iota
	cutBlank         // no row
	cutOdd           // for the reader
)

// A rowsOf reads the rows of text and can be put on another one.
type rowsOf interface {
	body
	// onto reads on in a text whose first line has number n.
	onto(text []byte, n int64)
	// cutter is nil where lines cannot be cut.
	cutter() cutter
}

// cutText reads a piece of text: lines that the cutter can take apart by it, all
// others by the reader.
type cutText struct {
	plain   rowsOf
	cutter  cutter
	data    []byte
	line    int64 // of what comes next
	at      int
	max     int   // of a line with its end
	sound   bool  // data is UTF-8 without NUL
	reading bool  // plain is at a line
	cuts    int64 // rows that were cut
}

func newCutText(plain rowsOf, data []byte, line int64, limit int) *cutText {
	return &cutText{plain: plain, data: data, line: line, max: limit}
}

func (c *cutText) columns() []string { return c.plain.columns() }

func (c *cutText) close() error { return c.plain.close() }

func (c *cutText) bind(names []string) {
	c.plain.bind(names)
	if c.cutter = c.plain.cutter(); c.cutter == nil {
		c.plain.onto(c.data, c.line)
		c.reading, c.at = true, len(c.data)
		return
	}
	c.sound = bytes.IndexByte(c.data, 0) < 0 && (ascii(c.data) || utf8.Valid(c.data))
}

// view gives the next row. What is cut is a part of the piece.
func (c *cutText) view(rec *Record) (parts bool, err error) {
	for {
		if c.reading {
			err := c.plain.next(rec)
			if err != io.EOF {
				return false, err
			}
			c.reading = false
		}
		if c.at == len(c.data) {
			return false, io.EOF
		}
		raw := c.data[c.at:]
		if end := bytes.IndexByte(raw, '\n') + 1; end > 0 {
			raw = raw[:end]
		}
		c.at += len(raw)
		rec.Line = c.line
		c.line++
		line := raw
		if line[len(line)-1] == '\n' {
			line = line[:len(line)-1]
		}
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
		if len(raw) <= c.max && (c.sound || bytes.IndexByte(line, 0) < 0 && utf8.Valid(line)) {
			switch c.cutter.cut(viewOf(line), rec.Values) {
			case cutRow:
				c.cuts++
				return true, nil
			case cutBlank:
				continue
			}
		}
		clear(rec.Values) // nothing of the line stays behind
		c.plain.onto(raw, rec.Line)
		c.reading = true
	}
}

// skip passes rows by, at most n, without reading more of them than must be.
func (c *cutText) skip(n int) (skipped int) {
	for skipped < n && !c.reading && c.at < len(c.data) {
		rest := c.data[c.at:]
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		if !c.cutter.one(rest[:end]) {
			return skipped
		}
		c.at += end
		c.line++
		skipped++
	}
	return skipped
}

// next is view where nobody asks whose the values are.
func (c *cutText) next(rec *Record) error {
	_, err := c.view(rec)
	return err
}

// viewOf is b as a string, which lives only as long as b is not overwritten.
func viewOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// ascii tells whether b is plain ASCII.
func ascii(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 32 {
		w := binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) | binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		if w&high != 0 {
			return false
		}
		b = b[32:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// text is the source of a reader that is put on one text after another.
type text struct {
	bytes.Reader
	buffered *bufio.Reader
}

// textSize is enough for most lines; longer ones are read in parts.
const textSize = 4 << 10

func (t *text) onto(b []byte) *bufio.Reader {
	t.Reset(b)
	if t.buffered == nil {
		t.buffered = bufio.NewReaderSize(&t.Reader, textSize)
	} else {
		t.buffered.Reset(&t.Reader)
	}
	return t.buffered
}

func (c *csvFile) onto(b []byte, n int64) {
	c.odd.Reset(b)
	t := c.text
	t.r, t.kept, t.given, t.mark, t.line, t.err = &c.odd, t.store[:0], 0, 0, n, nil
	c.restart()
}

func (c *csvFile) cutter() cutter {
	if c.bindErr != nil || c.trim || c.comma >= utf8.RuneSelf || strings.ContainsRune("\"\r\n\x00", c.comma) {
		return nil
	}
	cut := &csvCutter{comma: byte(c.comma), slot: make([]int, len(c.header))}
	for i := range cut.slot {
		cut.slot[i] = -1
	}
	for i, col := range c.bound {
		switch {
		case col < 0:
		case cut.slot[col] < 0:
			cut.slot[col] = i
		default:
			cut.same = append(cut.same, [2]int{cut.slot[col], i})
		}
	}
	return cut
}

// csvCutter takes lines whose cells hold no quote but one around them. A piece
// has an even number of quotes in each line, so that no row runs on.
type csvCutter struct {
	comma byte
	slot  []int    // column → place of its value, -1 for none
	same  [][2]int // places with the value of another
}

// one: a first cell that holds something makes a row.
func (c *csvCutter) one(line []byte) bool {
	return line[0] > ' ' && line[0] != '"' && line[0] != c.comma
}

func (c *csvCutter) cut(line string, values []string) cutting {
	if line == "" {
		return cutBlank
	}
	quotes := strings.IndexByte(line, '"') >= 0
	something := false
	for col := 0; ; col++ {
		var cell string
		last := false
		if quotes && line != "" && line[0] == '"' {
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return cutOdd
			}
			cell, line = line[1:end+1], line[end+2:]
			switch {
			case line == "":
				last = true
			case line[0] == c.comma:
				line = line[1:]
			default:
				return cutOdd
			}
		} else {
			if end := strings.IndexByte(line, c.comma); end >= 0 {
				cell, line = line[:end], line[end+1:]
			} else {
				cell, last = line, true
			}
			if quotes && strings.IndexByte(cell, '"') >= 0 {
				return cutOdd
			}
		}
		something = something || cell != ""
		if col < len(c.slot) {
			if i := c.slot[col]; i >= 0 {
				values[i] = cell
			}
		} else if cell != "" {
			return cutOdd
		}
		if last {
			if col < len(c.slot)-1 {
				return cutOdd
			}
			break
		}
	}
	for _, s := range c.same {
		values[s[1]] = values[s[0]]
	}
	if !something {
		return cutBlank
	}
	return cutRow
}

func (a *accessLog) onto(b []byte, n int64) { a.lines.r, a.lines.n = a.odd.onto(b), n-1 }

func (a *accessLog) cutter() cutter {
	if a.err != nil {
		return nil
	}
	return &logCutter{format: a.format, values: make([]string, len(a.values)), slots: a.slots}
}

// logCutter takes lines that fit the format and hold nothing escaped.
type logCutter struct {
	format *LogFormat
	values []string
	slots  []slot
}

func (l *logCutter) one(line []byte) bool { return line[0] > ' ' }

func (l *logCutter) cut(line string, values []string) cutting {
	if line == "" {
		return cutBlank
	}
	if strings.IndexByte(line, '\\') >= 0 || l.format.split(line, l.values) != nil {
		return cutOdd
	}
	for i, s := range l.slots {
		if s.field < 0 {
			continue
		}
		v := l.values[s.field]
		if v == "-" {
			v = ""
		}
		if s.part != whole {
			v = s.part.of(v)
		}
		values[i] = v
	}
	return cutRow
}
