package table

import (
	"iter"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Table is a finished table: record batches in the order the rows were read.
// The zero value is an empty table. Tables are read-only and safe to share.
type Table[T Row] struct {
	records []arrow.Record
}

// Records gives the batches, owned by the table.
func (t *Table[T]) Records() []arrow.Record {
	if t == nil {
		return nil
	}
	return t.records
}

// Len counts the rows.
func (t *Table[T]) Len() int {
	n := 0
	for _, r := range t.Records() {
		n += int(r.NumRows())
	}
	return n
}

// Release gives the memory back. No string taken from the table may be used
// afterwards: they point into its buffers.
func (t *Table[T]) Release() {
	for _, r := range t.Records() {
		r.Release()
	}
	if t != nil {
		t.records = nil
	}
}

// All walks the rows in order. The row behind the pointer is overwritten by
// the next step; its strings live as long as the table.
func (t *Table[T]) All() iter.Seq2[int, *T] {
	return func(yield func(int, *T) bool) {
		n := 0
		for _, rec := range t.Records() {
			v := newView[T](rec)
			for i := range int(rec.NumRows()) {
				if !yield(n, v.at(i)) {
					return
				}
				n++
			}
		}
	}
}

// Rows copies the table into a slice.
func (t *Table[T]) Rows() []T {
	out := make([]T, 0, t.Len())
	for _, r := range t.All() {
		out = append(out, *r)
	}
	return out
}

type view[T Row] struct {
	cols []arrow.Array
	meta []Column
	row  T
	set  func(i int)
}

func newView[T Row](rec arrow.Record) *view[T] {
	v := &view[T]{cols: rec.Columns(), meta: columns[T]()}
	v.set = v.setter()
	return v
}

func (v *view[T]) at(i int) *T {
	v.set(i)
	return &v.row
}

// has tells whether row i of col holds a value.
func has(col arrow.Array, i int) bool { return col.IsValid(i) }

func text(col *array.String, i int) string {
	if col.IsNull(i) {
		return ""
	}
	return col.Value(i)
}
