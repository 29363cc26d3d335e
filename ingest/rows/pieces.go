package rows

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// pieceBytes is about how much text is in a piece: enough that starting one
// costs nothing, little enough that those in flight take no room.
const pieceBytes = 1 << 20

// spares is how many buffers of pieces wait to be used again.
const spares = 4

// Pieces gives a file in pieces that can be read beside each other: some lines
// of a text file, a row group of a Parquet file, or the whole of what cannot be
// split. The pieces of the same bytes are always the same.
type Pieces struct {
	*Reader // as it stands before the first row
	opt     Options

	file *file // opened again, behind the header; nil where one piece is all
	text *bufio.Reader
	line int64 // of what comes next
	n    int
	read int64  // of a Parquet file's row groups
	rest []byte // read and not yet given
	err  error  // that ended the text
	done bool

	spare chan []byte // of pieces that are read
}

// Piece is a part of a file. Its rows are read by one goroutine.
type Piece struct {
	N     int   // from 0, in the order of the file
	Bytes int64 // read of the file for it, unpacked
	// End is how many bytes of the file, as it lies there, were read when the
	// piece was cut off.
	End int64
	// Alone tells that the piece reads from the file itself: its rows must be
	// read before Next is called again.
	Alone bool
	body  body
	whole *Reader // the piece is the file
	path  string

	data   []byte // of the body
	pieces *Pieces
}

// Free says that the piece's rows are read and no view of them is left; its
// memory is used for another. It need not be called.
func (p *Piece) Free() {
	if g, ok := p.body.(*parquetFile); ok {
		g.close() // gives back pages, no file
	}
	if p.data == nil {
		return
	}
	select {
	case p.pieces.spare <- p.data[:0]:
	default:
	}
	p.data = nil
}

// Split opens a file like [Open].
func Split(path string, opt Options) (*Pieces, error) {
	r, err := Open(path, opt)
	if err != nil {
		return nil, err
	}
	p := &Pieces{Reader: r, opt: opt.withDefaults(), line: 1, spare: make(chan []byte, spares)}
	skip := int64(0)
	switch b := r.body.(type) {
	case *csvFile:
		if b.trim || len(string(b.comma)) != 1 {
			return p, nil
		}
		skip, p.line = b.text.mark, b.text.line
	case *accessLog:
	case *jsonFile:
		if _, ok := b.items.(*jsonLines); !ok {
			return p, nil
		}
	default:
		return p, nil
	}
	if p.file, err = openFile(path, p.opt); err != nil {
		r.Close()
		return nil, place(path, 0, err)
	}
	if p.text, err = decoded(p.file.text, p.opt.Encoding); err == nil {
		_, err = p.text.Discard(int(skip))
	}
	if err != nil {
		p.Close()
		return nil, place(path, 0, err)
	}
	return p, nil
}

// Close closes the file. Pieces that were given can still be read, but for one
// that is the whole file.
func (p *Pieces) Close() error {
	if p.file != nil {
		return errors.Join(p.Reader.Close(), p.file.close())
	}
	return p.Reader.Close()
}

// SHA256 is the hex hash of the raw bytes of the file, "" before the end is
// known: Next gave io.EOF or another error, or the only piece was read.
func (p *Pieces) SHA256() string {
	if p.file != nil {
		return p.file.sum
	}
	return p.Reader.SHA256()
}

// Next gives the next piece, io.EOF at the end, and a *Broken where the rest
// cannot be read.
func (p *Pieces) Next() (*Piece, error) {
	piece := &Piece{N: p.n, path: p.path}
	p.n++
	if p.file == nil {
		return p.nextWhole(piece)
	}
	if p.done {
		return nil, p.finish()
	}
	data, err := p.cut()
	switch {
	case err == errUncut:
		// What follows cannot be cut without reading it; it is one piece.
		piece.body = p.over(&counted{r: io.MultiReader(bytes.NewReader(p.rest), p.text), n: &piece.Bytes})
		p.done, piece.Alone, piece.End = true, true, p.file.size
		return piece, nil
	case len(data) == 0:
		p.done = true
		return nil, p.finish()
	}
	piece.Bytes, piece.End = int64(len(data)), p.file.raw.n
	piece.body = newCutText(p.over(nil), data, p.line, p.opt.MaxLine)
	piece.data, piece.pieces = data, p
	p.line += int64(bytes.Count(data, newline))
	return piece, nil
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n *int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	*c.n += int64(n)
	return n, err
}

func (p *Pieces) nextWhole(piece *Piece) (*Piece, error) {
	q, isParquet := p.body.(*parquetFile)
	switch {
	case isParquet && p.n <= len(q.file.RowGroups()):
		p.Reader.file.startHash()
		piece.body = q.group(p.n - 1)
		piece.Bytes = q.file.Metadata().RowGroups[p.n-1].TotalCompressedSize
		p.read += piece.Bytes
		piece.End = p.read
		return piece, nil
	case isParquet || p.n > 1:
		if p.end == nil {
			if err := p.Reader.file.finish(); err != nil {
				return nil, place(p.path, 0, err)
			}
		}
		return nil, io.EOF
	}
	piece.whole, piece.Alone = p.Reader, true
	piece.Bytes, piece.End = p.Reader.file.size, p.Reader.file.size
	return piece, nil
}

// finish hashes what is left and gives the error that ended the text.
func (p *Pieces) finish() error {
	err := p.file.finish()
	if p.err != nil && p.err != io.EOF {
		err = p.err
	}
	if err == nil {
		return io.EOF
	}
	return place(p.path, p.line, err)
}

// errUncut says that a line's end may not be a row's.
var errUncut = errors.New("cannot be cut")

// cut gives the next lines, at most a few more bytes than pieceBytes.
func (p *Pieces) cut() ([]byte, error) {
	var buf []byte
	select {
	case buf = <-p.spare:
	default:
		buf = make([]byte, 0, pieceBytes+pieceBytes/4)
	}
	// What is left may be the end of this very buffer.
	buf = buf[:copy(buf[:cap(buf)], p.rest)]
	for p.err == nil && len(buf) < cap(buf) {
		var n int
		n, p.err = p.text.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
	}
	data := buf
	switch {
	case p.err == io.EOF:
	case p.err != nil: // what the damage cut off is lost
		data = buf[:bytes.LastIndexByte(buf, '\n')+1]
		buf = data
	default:
		if data = buf[:bytes.LastIndexByte(buf, '\n')+1]; len(data) == 0 {
			p.rest = buf
			return nil, errUncut
		}
	}
	if c, ok := p.body.(*csvFile); ok {
		if n := evenLines(data, c.max); n < len(data) {
			if data = data[:n]; n == 0 {
				p.rest = buf
				return nil, errUncut
			}
		}
	}
	p.rest = buf[len(data):]
	return data, nil
}

// evenLines is how far all lines have an even number of quotes: there a line
// ends where a row ends, whatever is wrong inside. A line that is too long is
// left to the reader as well.
func evenLines(data []byte, limit int) int {
	if bytes.IndexByte(data, '"') < 0 && len(data) <= limit {
		return len(data)
	}
	for at := 0; at < len(data); {
		end := bytes.IndexByte(data[at:], '\n') + 1
		if end == 0 {
			end = len(data) - at
		}
		if end > limit || bytes.Count(data[at:at+end], []byte{'"'})%2 != 0 {
			return at
		}
		at += end
	}
	return len(data)
}

// over makes a reader of rows of text that begins at the current line; a nil
// text must be given later.
func (p *Pieces) over(r io.Reader) rowsOf {
	over := func(max int, n int64) lines {
		l := lines{max: max, n: n}
		if r != nil {
			l.r = bufio.NewReaderSize(r, block/4)
		}
		return l
	}
	switch b := p.body.(type) {
	case *csvFile:
		c := &csvFile{text: newReplay(r, b.max), max: b.max, comma: b.comma, header: b.header}
		c.text.line = p.line
		if r != nil {
			c.restart()
		}
		return c
	case *accessLog:
		return &accessLog{lines: over(b.lines.max, p.line-1), format: b.format, values: make([]string, len(b.values))}
	case *jsonFile:
		l := b.items.(*jsonLines)
		return &jsonFile{found: b.found, items: &jsonLines{lines: over(l.lines.max, p.line-1), want: l.want, begun: b.begun, list: b.list}}
	}
	panic("rows: no text")
}

// Rows gives a reader of the piece's rows with these columns bound; see
// [Reader.Bind].
func (p *Piece) Rows(names []string) *Reader {
	r := p.whole
	if r == nil {
		r = &Reader{path: p.path, body: p.body}
	}
	r.Bind(names)
	return r
}

// group reads one row group.
func (p *parquetFile) group(n int) *parquetFile {
	g := &parquetFile{file: p.file, leaves: p.leaves, header: p.header, groups: n, until: n + 1}
	for _, before := range p.file.RowGroups()[:n] {
		g.line += before.NumRows()
	}
	return g
}
