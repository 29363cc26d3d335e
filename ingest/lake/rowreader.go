package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"lostlink/ingest/table"
)

// rowReader reads some columns of one file of rows, page by page. The pages of
// all columns hold the same rows, but it does not count on that.
type rowReader struct {
	*layout
	os    io.Closer
	pq    *parquet.File
	cols  []columnReader
	input columnReader // the number of the row's input
	twin  columnReader
	group int // that is open, -1 for none
}

// columnReader is one column of the row group being read. From at on the page
// has n values.
type columnReader struct {
	column
	pages  parquet.Pages
	page   parquet.Page
	at, n  int
	start  int64 // row of the group at which at is
	text   []byte
	ends   []uint32 // starts, and the end of the last
	dict   []byte   // of a page of dictionary codes: its texts and codes
	dends  []uint32
	codes  []int32
	nums   []int64
	nums32 []int32
}

// How much is read ahead of a column: a lot in one that is read through, about a
// page in one that is sought in or is one of very many.
const (
	through = 64 << 10
	here    = 8 << 10
)

// openRows opens a file of rows to read some columns of it; nil for all.
func openRows(path string, size int64, l *layout, columns []string, ahead int) (*rowReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := newRowReader(f, size, l, columns, ahead)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.os = f
	return r, nil
}

func newRowReader(r io.ReaderAt, size int64, l *layout, columns []string, ahead int) (*rowReader, error) {
	pq, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(ahead))
	if err != nil {
		return nil, err
	}
	if !parquet.EqualNodes(pq.Schema(), l.schema) {
		return nil, fmt.Errorf("has other columns than %s", l.kind)
	}
	rr := &rowReader{layout: l, pq: pq, group: -1,
		input: columnReader{column: column{name: inputColumn, form: asked, leaf: l.leaf(inputColumn)}},
		twin:  columnReader{column: column{name: twinColumn, form: asked, leaf: l.leaf(twinColumn)}}}
	for _, c := range l.cols {
		if columns == nil || c.name == lineColumn || slices.Contains(columns, c.name) {
			rr.cols = append(rr.cols, columnReader{column: c})
		}
	}
	for _, name := range columns {
		if !slices.ContainsFunc(l.cols, func(c column) bool { return c.name == name }) {
			panic("lake: " + string(l.kind) + " has no column " + name)
		}
	}
	return rr, nil
}

// open goes to the beginning of a row group; to seek in it wants its page index.
func (r *rowReader) open(group int, seek bool) error {
	r.group = group
	chunks := r.pq.RowGroups()[group].ColumnChunks()
	return r.each(func(c *columnReader) error {
		if err := c.close(); err != nil {
			return err
		}
		if seek {
			if _, err := chunks[c.leaf].OffsetIndex(); err != nil {
				return err
			}
		}
		c.pages, c.start, c.at, c.n = chunks[c.leaf].Pages(), 0, 0, 0
		return nil
	})
}

func (r *rowReader) each(fn func(*columnReader) error) error {
	if err := fn(&r.input); err != nil {
		return fmt.Errorf("column %s: %w", r.input.name, err)
	}
	if err := fn(&r.twin); err != nil {
		return fmt.Errorf("column %s: %w", r.twin.name, err)
	}
	for i := range r.cols {
		if err := fn(&r.cols[i]); err != nil {
			return fmt.Errorf("column %s: %w", r.cols[i].name, err)
		}
	}
	return nil
}

// next makes rows available in all columns and says how many; 0 at the end of
// the row group.
func (r *rowReader) next() (int, error) {
	least, ended := -1, 0
	err := r.each(func(c *columnReader) error {
		if c.n == 0 {
			if err := c.read(); err == io.EOF {
				ended++
			} else if err != nil {
				return err
			}
		}
		if least < 0 || c.n < least {
			least = c.n
		}
		return nil
	})
	if err == nil && ended > 0 && ended != len(r.cols)+2 {
		err = errors.New("the columns have different numbers of rows")
	}
	if err != nil {
		return 0, err
	}
	return least, nil
}

// skip goes past n rows that next made available.
func (r *rowReader) skip(n int) {
	r.input.skip(n)
	r.twin.skip(n)
	for i := range r.cols {
		r.cols[i].skip(n)
	}
}

// seek makes one row of the row group available. Rows are sought in order.
func (r *rowReader) seek(row int64) error {
	return r.each(func(c *columnReader) error {
		if ahead := row - c.start; ahead >= 0 && ahead < int64(c.n) {
			c.skip(int(ahead))
			return nil
		}
		if err := c.pages.SeekToRow(row); err != nil {
			return err
		}
		c.start, c.n = row, 0
		err := c.read()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
}

// set fills in a row from the i-th available one.
func (r *rowReader) set(row unsafe.Pointer, i int) {
	for k := range r.cols {
		c := &r.cols[k]
		switch at := c.at + i; c.form {
		case text:
			*textAt(row, c.offset) = c.value(at)
		case wide:
			*wideAt(row, c.offset) = c.nums[at]
		case days:
			*daysAt(row, c.offset) = c.nums32[at]
		case asked:
			*askedAt(row, c.offset) = int8(c.number(at))
		}
	}
}

func (r *rowReader) close() error { return errors.Join(r.each((*columnReader).close), r.os.Close()) }

// span is a stretch of rows of a file: from the first to before the second.
type span struct{ from, to int64 }

// inputs says whose rows the file has.
func (r *rowReader) inputs() ([]inputRows, error) {
	meta, _ := r.pq.Lookup(inputsMeta)
	var inputs []inputRows
	if err := json.Unmarshal([]byte(meta), &inputs); err != nil {
		return nil, fmt.Errorf("does not say whose rows it has: %w", err)
	}
	return inputs, nil
}

// spans gives the rows of each input, by its number, of a file that has them
// one input after the other.
func (r *rowReader) spans() ([]span, error) {
	inputs, err := r.inputs()
	if err != nil {
		return nil, err
	}
	out := make([]span, len(inputs))
	at := int64(0)
	for i, in := range inputs {
		out[i] = span{at, at + in.Rows}
		at += in.Rows
	}
	if at != r.pq.NumRows() {
		return nil, fmt.Errorf("has %d rows, but its inputs have %d", r.pq.NumRows(), at)
	}
	return out, nil
}

// walk goes through a span. fn gets the place of a row among the available ones.
func (r *rowReader) walk(ctx context.Context, s span, fn func(i int) error) error {
	first := int64(0)
	for g, group := range r.pq.RowGroups() {
		from, to := max(s.from-first, 0), min(s.to-first, group.NumRows())
		first += group.NumRows()
		if from >= to {
			continue
		}
		if r.group != g || r.input.start > from {
			if err := r.open(g, from > 0); err != nil {
				return err
			}
		}
		if r.input.start != from {
			if err := r.seek(from); err != nil {
				return err
			}
		}
		for from < to {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, err := r.next()
			if err != nil {
				return err
			}
			if n == 0 {
				return io.ErrUnexpectedEOF
			}
			n = int(min(int64(n), to-from))
			for i := range n {
				if err := fn(i); err != nil {
					return err
				}
			}
			r.skip(n)
			from += int64(n)
		}
	}
	return nil
}

// value gives a text as it lies in the page.
func (c *columnReader) value(i int) string {
	text, ends := c.text, c.ends
	if c.codes != nil {
		text, ends, i = c.dict, c.dends, int(c.codes[i])
	}
	b := text[ends[i]:ends[i+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (c *columnReader) number(i int) int32 {
	if c.codes != nil {
		i = int(c.codes[i])
	}
	return c.nums32[i]
}

func (c *columnReader) skip(n int) {
	c.at += n
	c.n -= n
	c.start += int64(n)
}

// read takes the next page.
func (c *columnReader) read() error {
	c.release()
	page, err := c.pages.ReadPage()
	if err != nil {
		return err
	}
	c.page, c.at, c.n = page, 0, int(page.NumValues())
	data := page.Data()
	c.codes = nil
	dict := page.Dictionary()
	if dict != nil {
		c.codes = data.Int32()
		for _, code := range c.codes {
			if code < 0 || int(code) >= dict.Len() {
				return errors.New("a code that its dictionary lacks")
			}
		}
		data = dict.Page().Data()
	}
	switch c.form {
	case text:
		b, ends := data.ByteArray()
		if c.codes != nil {
			c.dict, c.dends = b, ends
		} else {
			c.text, c.ends = b, ends
		}
	case wide:
		c.nums = data.Int64()
	default:
		c.nums32 = data.Int32()
	}
	return nil
}

func (c *columnReader) release() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page = nil
}

func (c *columnReader) close() error {
	c.release()
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}

// Clone copies the strings of a row, so that it can be kept.
func Clone[T table.Row](row *T) T {
	out := *row
	p := unsafe.Pointer(&out)
	for _, c := range layoutFor[T]().cols {
		if c.form == text {
			*textAt(p, c.offset) = strings.Clone(*textAt(p, c.offset))
		}
	}
	return out
}
