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

// dictBytes is how large a dictionary may grow. Behind that its column goes on in
// plain text: a column of so many values gains little, and a look-up reads the
// whole of it.
const dictBytes = 256 << 10

// rowWriter writes rows of one table as Parquet, a chunk a row group.
type rowWriter struct {
	*layout
	w    *parquet.GenericWriter[any]
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
		parquet.DictionaryMaxBytes(dictBytes),
		parquet.MaxRowsPerRowGroup(1 << 40),
	}
	for _, c := range l.cols {
		if c.form == text {
			// Bounds of texts find nothing, and would put addresses into the footer.
			opts = append(opts, parquet.SkipPageBounds(c.name))
		}
	}
	return &rowWriter{layout: l, w: parquet.NewGenericWriter[any](out, opts...), buf: make([]parquet.Value, 0, pageRows)}
}

// write writes the rows of a sorted chunk.
func (w *rowWriter) write(c *chunk) error {
	for k := range w.cols {
		col, v := &w.cols[k], &c.cols[k]
		var page func(rows []uint32)
		switch col.form {
		case text:
			page = func(rows []uint32) {
				for _, i := range rows {
					w.buf = append(w.buf, parquet.ByteArrayValue(v.of(i)))
				}
			}
		case wide:
			page = func(rows []uint32) {
				for _, i := range rows {
					w.buf = append(w.buf, parquet.Int64Value(v.nums[i]))
				}
			}
		default:
			page = func(rows []uint32) {
				for _, i := range rows {
					w.buf = append(w.buf, parquet.Int32Value(int32(v.nums[i])))
				}
			}
		}
		if err := w.column(col.leaf, c.order, page); err != nil {
			return err
		}
	}
	if err := w.column(w.leaf(inputColumn), c.order, func(rows []uint32) {
		for _, i := range rows {
			w.buf = append(w.buf, parquet.Int32Value(c.input[i]))
		}
	}); err != nil {
		return err
	}
	if err := w.column(w.leaf(twinColumn), c.order, func(rows []uint32) {
		for _, i := range rows {
			w.buf = append(w.buf, parquet.Int32Value(int32(c.twin[i])))
		}
	}); err != nil {
		return err
	}
	w.rows += int64(c.n)
	return w.w.Flush()
}

// column writes one column of a row group. page puts the values of a page into
// the buffer.
func (w *rowWriter) column(leaf int, order []uint32, page func(rows []uint32)) error {
	out := w.w.ColumnWriters()[leaf]
	for len(order) > 0 {
		n := min(len(order), pageRows)
		w.buf = w.buf[:0]
		page(order[:n])
		if _, err := out.WriteRowValues(w.buf); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		order = order[n:]
	}
	return nil
}

func (w *rowWriter) close() error { return w.w.Close() }
