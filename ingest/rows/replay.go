package rows

import (
	"bytes"
	"errors"
	"io"
)

// errTooLong is what a replay answers when a row reaches its limit.
var errTooLong = errors.New("row too long")

// replay lets a parser read ahead and start again at the row it gave up on. It
// keeps what was read since the start of the current row. Offsets count from
// the start of the text.
type replay struct {
	r     io.Reader
	limit int    // how much may be kept
	kept  []byte // text from mark on, a part of store
	store []byte
	given int   // how much of kept the parser has
	mark  int64 // offset of the current row
	line  int64 // line number at mark, from 1
	err   error // of r
}

func newReplay(r io.Reader, limit int) *replay {
	// A parser that reads ahead holds up to two blocks beyond the row.
	return &replay{r: r, limit: limit + 2*block, line: 1}
}

// Read gives the text to the parser.
func (p *replay) Read(b []byte) (int, error) {
	if p.given == len(p.kept) {
		if err := p.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.kept[p.given:])
	p.given += n
	return n, nil
}

// fill reads more text than is kept.
func (p *replay) fill() error {
	if p.err != nil {
		return p.err
	}
	if len(p.kept) >= p.limit {
		return errTooLong
	}
	if cap(p.kept)-len(p.kept) < block/4 {
		if len(p.store) < 2*len(p.kept)+block {
			p.store = make([]byte, 2*len(p.kept)+block)
		}
		p.kept = p.store[:copy(p.store, p.kept)]
	}
	n, err := p.r.Read(p.kept[len(p.kept):cap(p.kept)])
	p.kept = p.kept[:len(p.kept)+n]
	p.err = err
	if n > 0 {
		return nil
	}
	return err
}

// since is the text from mark to an offset that the parser has passed.
func (p *replay) since(offset int64) []byte { return p.kept[:offset-p.mark] }

// lineAt is the number of the line that an offset at or behind mark lies in.
func (p *replay) lineAt(offset int64) int64 {
	return p.line + int64(bytes.Count(p.since(offset), newline))
}

// forget moves the mark on.
func (p *replay) forget(offset int64) {
	p.line = p.lineAt(offset)
	n := int(offset - p.mark)
	p.kept, p.given, p.mark = p.kept[n:], p.given-n, offset
}

// rewind gives the parser that reads next the text from the mark again.
func (p *replay) rewind() { p.given = 0 }

// skipSpace moves the mark to the next byte that is not white space and gives
// it. The parser must start anew.
func (p *replay) skipSpace() (byte, error) {
	p.rewind()
	for {
		n := len(p.kept) - len(bytes.TrimLeft(p.kept, " \t\r\n"))
		p.forget(p.mark + int64(n))
		p.rewind()
		if len(p.kept) > 0 {
			return p.kept[0], nil
		}
		if err := p.fill(); err != nil {
			return 0, err
		}
	}
}

// skipLine moves the mark behind the line it stands on, which the end of the
// text may end, and gives the line's length. The parser must start anew.
func (p *replay) skipLine() (length int64, err error) {
	for {
		n := bytes.IndexByte(p.kept, '\n') + 1
		ended := n > 0
		if !ended {
			n = len(p.kept)
		}
		length += int64(n)
		p.forget(p.mark + int64(n))
		p.rewind()
		if ended {
			return length, nil
		}
		if err := p.fill(); err == io.EOF {
			// Lines are counted by their ends.
			p.line++
			return length, nil
		} else if err != nil {
			return length, err
		}
	}
}

var newline = []byte{'\n'}
