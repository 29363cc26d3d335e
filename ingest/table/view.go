package table

import (
	"reflect"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// setter compiles the row type into one assignment per column, so that reading
// a row costs no reflection.
func (v *view[T]) setter() func(int) {
	row := reflect.ValueOf(&v.row).Elem()
	sets := make([]func(int), len(v.meta))
	for c, m := range v.meta {
		p := row.FieldByIndex(m.index).Addr().Interface()
		switch col := v.cols[c].(type) {
		case *array.String:
			dst := p.(*string)
			sets[c] = func(i int) { *dst = text(col, i) }
		case *array.Dictionary:
			dst, values := p.(*string), col.Dictionary().(*array.String)
			indices := col.Indices().(*array.Int32)
			sets[c] = func(i int) {
				*dst = ""
				if has(indices, i) {
					*dst = values.Value(int(indices.Value(i)))
				}
			}
		case *array.Timestamp:
			dst := p.(*Time)
			sets[c] = func(i int) {
				*dst = 0
				if has(col, i) {
					*dst = Time(col.Value(i))
				}
			}
		case *array.Date32:
			dst := p.(*Date)
			sets[c] = func(i int) {
				*dst = 0
				if has(col, i) {
					*dst = Date(col.Value(i))
				}
			}
		case *array.Boolean:
			dst := p.(*Answer)
			sets[c] = func(i int) {
				*dst = Unknown
				if has(col, i) {
					*dst = AnswerOf(col.Value(i))
				}
			}
		case *array.Int64:
			dst := p.(*int64)
			sets[c] = func(i int) { *dst = col.Value(i) }
		case *array.Int32:
			dst := p.(*int32)
			sets[c] = func(i int) { *dst = col.Value(i) }
		}
	}
	return func(i int) {
		for _, s := range sets {
			s(i)
		}
	}
}
