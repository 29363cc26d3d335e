package lake

import (
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// pageRows is how many rows a page holds. Small pages make looking up cheap,
// since a page is read for as little as one row; they cost in compression and
// page headers. Pages of all columns hold the same rows.
const pageRows = 512

// rowWriter writes rows of one table as Parquet, a chunk a row group.
type rowWriter struct {
	*layout
	w    *parquet.Writer
	rows int64
	buf  []parquet.Value
}

// codec is the fastest of zstd's levels: the next takes twice the time for a
// tenth of the bytes.
var codec = &zstd.Codec{Level: zstd.SpeedFastest}

func newRowWriter(out io.Writer, l *layout) *rowWriter {
	opts := []parquet.WriterOption{
		l.schema,
		parquet.Compression(codec),
		parquet.CreatedBy("lostlink", "1", ""),
		parquet.DictionaryMaxBytes(1 << 20),
		parquet.MaxRowsPerRowGroup(1 << 40),
	}
	for _, c := range l.cols {
		if c.form == text {
			// Bounds of texts find nothing, and would put addresses into the footer.
			opts = append(opts, parquet.SkipPageBounds(c.name))
		}
	}
	return &rowWriter{layout: l, w: parquet.NewWriter(out, opts...), buf: make([]parquet.Value, 0, pageRows)}
}

// write writes the rows of a sorted chunk.
func (w *rowWriter) write(c *chunk) error {
	columns := w.w.ColumnWriters()
	page := func(leaf int, value func(i uint32) parquet.Value) error {
		for rest := c.order; len(rest) > 0; {
			n := min(len(rest), pageRows)
			w.buf = w.buf[:0]
			for _, i := range rest[:n] {
				w.buf = append(w.buf, value(i))
			}
			if _, err := columns[leaf].WriteRowValues(w.buf); err != nil {
				return err
			}
			if err := columns[leaf].Flush(); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}
	for k := range w.cols {
		v := &c.cols[k]
		var value func(i uint32) parquet.Value
		switch w.cols[k].form {
		case text:
			value = func(i uint32) parquet.Value { return parquet.ByteArrayValue(v.of(i)) }
		case wide:
			value = func(i uint32) parquet.Value { return parquet.Int64Value(v.nums[i]) }
		default:
			value = func(i uint32) parquet.Value { return parquet.Int32Value(int32(v.nums[i])) }
		}
		if err := page(w.cols[k].leaf, value); err != nil {
			return err
		}
	}
	if err := page(w.leaf(inputColumn), func(i uint32) parquet.Value { return parquet.Int32Value(c.input[i]) }); err != nil {
		return err
	}
	if err := page(w.leaf(twinColumn), func(i uint32) parquet.Value { return parquet.Int32Value(int32(c.twin[i])) }); err != nil {
		return err
	}
	w.rows += int64(c.n)
	return w.w.Flush()
}

func (w *rowWriter) close() error { return w.w.Close() }
