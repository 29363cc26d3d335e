package lake

import (
	"cmp"
	"slices"
	"sync"
	"unsafe"

	"github.com/zeebo/xxh3"

	"lostlink/ingest/email"
)

// A chunk's limits: rows that are held in memory, sorted, and written as one
// row group. As many rows keep the statistics of a row group worth having, and
// its dictionaries small; the bytes bound memory where rows are long.
const (
	chunkRows  = 128 << 10
	chunkBytes = 32 << 20
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
	twin  []int8   // 1: the line of the input gave a click and a visit
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

// chunks keeps what was grown for one input for the next.
var chunks [12]sync.Pool

// takeChunk gives an empty chunk.
func takeChunk(l *layout) *chunk {
	if c, ok := chunks[kindNumber(l.kind)].Get().(*chunk); ok {
		return c
	}
	return &chunk{layout: l, cols: make([]values, len(l.cols)), ids: make([][]uint64, len(l.by))}
}

// give hands a chunk on; it must not be used any more.
func (c *chunk) give() {
	c.reset()
	chunks[kindNumber(c.kind)].Put(c)
}

func (c *chunk) reset() {
	c.n, c.bytes = 0, 0
	for i := range c.cols {
		v := &c.cols[i]
		v.text, v.ends, v.nums = v.text[:0], v.ends[:0], v.nums[:0]
	}
	c.input, c.twin = c.input[:0], c.twin[:0]
}

func (c *chunk) full() bool { return c.n >= chunkRows || c.bytes >= chunkBytes }

// add copies a row in. The address of a click or visit must be hidden already.
func (c *chunk) add(row unsafe.Pointer, input int32, twin int8) {
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
	c.input, c.twin = append(c.input, input), append(c.twin, twin)
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
			s := v.of(i)
			c.ids[k] = append(c.ids[k], idOf(id.by, unsafe.String(unsafe.SliceData(s), len(s))))
		}
	}
	times := c.col(c.at).nums
	refs := make([]ref, c.n)
	for i := range refs {
		refs[i] = ref{c.who(i), uint32(i)}
	}
	refs, _, _ = spread(refs)
	for from := 0; from < len(refs); {
		to := from + 1
		for to < len(refs) && refs[to].hash == refs[from].hash {
			to++
		}
		slices.SortStableFunc(refs[from:to], func(a, b ref) int { return cmp.Compare(times[a.row], times[b.row]) })
		from = to
	}
	for i := range refs {
		c.order[i] = refs[i].row
	}
}

// who is what tells most surely who a row is of.
func (c *chunk) who(i int) uint64 {
	for k := range c.by {
		if h := c.ids[k][i]; h != 0 {
			return h
		}
	}
	return 0
}

// idOf hashes a value the way it is looked up.
func idOf(by By, s string) uint64 {
	if by == ByEmail {
		return HashEmail(s)
	}
	return Hash(s)
}
