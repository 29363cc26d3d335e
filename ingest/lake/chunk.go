package lake

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/zeebo/xxh3"

	"lostlink/ingest/email"
)

// A chunk's limits: rows that are held in memory, sorted, and written as one
// row group. As many rows keep the statistics of a row group worth having, and
// its dictionaries small; the bytes bound memory where rows are long.
const (
	chunkRows  = 128 << 10
	chunkBytes = 64 << 20
)

// By says which of its columns a row is looked up by.
type By uint8

// What rows can be found by. Of a visit, ByClick is its click cookie. An e-mail
// address finds its variants too: see [email.Loose].
const (
	ByVisitor By = 1 + iota
	ByEmail
	ByAddress
	ByClick
)

// Hash gives the key that rows are looked up by, for all but [ByEmail]; 0
// stands for no value and finds nothing. Different values may share a key, so
// whoever looks up compares what comes back.
func Hash(value string) uint64 {
	if value == "" {
		return 0
	}
	return max(xxh3.HashString(value), 1)
}

// HashEmail gives the key of an address, hidden (see [email.Hider]); all
// variants of an address have one key.
func HashEmail(hidden string) uint64 { return Hash(email.Loose(hidden)) }

// chunk holds rows column by column until they are written.
type chunk struct {
	*layout
	n     int
	bytes int
	cols  []values // as layout.cols
	input []int32  // number of the input in its part
	order []uint32 // rows in the order they are written
	ids   [][]uint64
}

// values are those of one column: of text all of it and where each one ends, of
// the rest numbers.
type values struct {
	text []byte
	ends []uint32
	nums []int64
}

func newChunk(l *layout) *chunk {
	return &chunk{layout: l, cols: make([]values, len(l.cols)), ids: make([][]uint64, len(l.by))}
}

func (c *chunk) reset() {
	c.n, c.bytes = 0, 0
	for i := range c.cols {
		v := &c.cols[i]
		v.text, v.ends, v.nums = v.text[:0], v.ends[:0], v.nums[:0]
	}
	c.input = c.input[:0]
}

func (c *chunk) full() bool { return c.n >= chunkRows || c.bytes >= chunkBytes }

// add copies a row in. The address of a click or visit must be hidden already.
func (c *chunk) add(row unsafe.Pointer, input int32) {
	for i := range c.layout.cols {
		col, v := &c.layout.cols[i], &c.cols[i]
		switch col.form {
		case text:
			s := *textAt(row, col.offset)
			v.text = append(v.text, s...)
			v.ends = append(v.ends, uint32(len(v.text)))
			c.bytes += len(s) + 4
		case wide:
			v.nums = append(v.nums, *wideAt(row, col.offset))
			c.bytes += 8
		case days:
			v.nums = append(v.nums, int64(*daysAt(row, col.offset)))
			c.bytes += 8
		case asked:
			v.nums = append(v.nums, int64(*askedAt(row, col.offset)))
			c.bytes += 8
		}
	}
	c.input = append(c.input, input)
	c.n++
}

// of gives the text of row i.
func (v *values) of(i uint32) []byte {
	start := uint32(0)
	if i > 0 {
		start = v.ends[i-1]
	}
	return v.text[start:v.ends[i]]
}

// col finds the column at an offset.
func (c *chunk) col(offset uintptr) *values {
	for i := range c.layout.cols {
		if c.layout.cols[i].offset == offset {
			return &c.cols[i]
		}
	}
	panic("lake: no column at this offset")
}

// sort decides the order the rows are written in. Rows that are looked up by
// who they are of lie person by person, each in time order, so that one look
// touches few pages; all others stay as they came.
func (c *chunk) sort() {
	c.order = c.order[:0]
	for i := range uint32(c.n) {
		c.order = append(c.order, i)
	}
	if !c.keyed() {
		return
	}
	for k, id := range c.by {
		c.ids[k] = c.ids[k][:0]
		v := c.col(id.offset)
		for i := range uint32(c.n) {
			c.ids[k] = append(c.ids[k], idOf(id.by, v.of(i)))
		}
	}
	times := c.col(c.at).nums
	keys := make([]sortKey, c.n)
	for i := range keys {
		who := uint64(0)
		for k := range c.by {
			if who = c.ids[k][i]; who != 0 {
				break
			}
		}
		keys[i] = sortKey{who: who, at: times[i], row: uint32(i)}
	}
	slices.SortFunc(keys, sortKey.compare)
	for i := range keys {
		c.order[i] = keys[i].row
	}
}

type sortKey struct {
	who uint64
	at  int64
	row uint32
}

func (a sortKey) compare(b sortKey) int {
	if c := cmp.Compare(a.who, b.who); c != 0 {
		return c
	}
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	return cmp.Compare(a.row, b.row)
}

// idOf hashes a value the way it is looked up; text is only read.
func idOf(by By, text []byte) uint64 {
	s := unsafe.String(unsafe.SliceData(text), len(text))
	if by == ByEmail {
		return HashEmail(s)
	}
	return Hash(s)
}
