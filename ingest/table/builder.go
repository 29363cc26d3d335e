package table

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Row is any of the twelve row types.
type Row interface {
	Click | Visit | Signup | Purchase | Customer | Transaction | Reward | Link | Partner | PageCheck | Consent | Claim
}

// Column is one column of a table as its row type declares it.
type Column struct {
	Name     string
	Required bool
	Type     arrow.DataType
	index    []int // field path in the row struct
}

var (
	timeType   = reflect.TypeFor[Time]()
	dateType   = reflect.TypeFor[Date]()
	answerType = reflect.TypeFor[Answer]()
	arrowTime  = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
)

// Columns lists the columns of T's table in declared order, the two of [Pos]
// first.
func Columns[T Row]() []Column { return columnsOf(reflect.TypeFor[T]()) }

func columnsOf(t reflect.Type) []Column {
	var cols []Column
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("col")
		if tag == "" {
			continue
		}
		name, opt, _ := strings.Cut(tag, ",")
		c := Column{Name: name, Required: opt == "required", index: f.Index}
		switch {
		case f.Type == timeType:
			c.Type = arrowTime
		case f.Type == dateType:
			c.Type = arrow.FixedWidthTypes.Date32
		case f.Type == answerType:
			c.Type = arrow.FixedWidthTypes.Boolean
		case f.Type.Kind() == reflect.String:
			c.Type = arrow.BinaryTypes.String
		case f.Type.Kind() == reflect.Int64:
			c.Type = arrow.PrimitiveTypes.Int64
		case f.Type.Kind() == reflect.Int32:
			c.Type = arrow.PrimitiveTypes.Int32
		default:
			panic(fmt.Sprintf("table: %s.%s: no Arrow type for %s", t.Name(), f.Name, f.Type))
		}
		cols = append(cols, c)
	}
	return cols
}

// Schema gives the Arrow schema of T's table. Times are timestamp[us, UTC],
// days date32, answers nullable booleans, money int64 minor units.
func Schema[T Row]() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range Columns[T]() {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: !c.Required})
	}
	return arrow.NewSchema(fields, nil)
}

// batchRows is how many rows a record batch holds: some megabytes of a wide
// table, small enough to build and drop while a file streams past.
const batchRows = 32 << 10

// Builder fills one table, batch by batch. It is not safe for concurrent use.
type Builder[T Row] struct {
	cols    []Column
	rb      *array.RecordBuilder
	n       int
	records []arrow.Record
}

// NewBuilder makes an empty builder whose buffers come from mem.
func NewBuilder[T Row](mem memory.Allocator) *Builder[T] {
	return &Builder[T]{cols: Columns[T](), rb: array.NewRecordBuilder(mem, Schema[T]())}
}

// Append adds one row. A missing required value or text that is not UTF-8 is a
// [*Fault] and adds nothing; Arrow itself checks neither.
func (b *Builder[T]) Append(row *T) error {
	if err := b.Check(row); err != nil {
		return err
	}
	b.add(row)
	return nil
}

// Check is what Append asks of a row.
func (b *Builder[T]) Check(row *T) error {
	v := reflect.ValueOf(row).Elem()
	for i := range b.cols {
		c := &b.cols[i]
		f := v.FieldByIndex(c.index)
		// An amount of zero is a value (a free month, a full discount).
		if c.Required && f.IsZero() && c.Name != "amount" {
			return &Fault{Column: c.Name, Rule: "is required and is empty", Remedy: "fill it in, or map the column that holds it"}
		}
		if f.Kind() == reflect.String && !utf8.ValidString(f.String()) {
			return &Fault{Column: c.Name, Value: strings.ToValidUTF8(f.String(), "�"), Rule: "is not valid UTF-8", Remedy: "save the file as UTF-8"}
		}
	}
	return nil
}

func (b *Builder[T]) add(row *T) {
	v := reflect.ValueOf(row).Elem()
	for i := range b.cols {
		f := v.FieldByIndex(b.cols[i].index)
		switch fb := b.rb.Field(i).(type) {
		case *array.StringBuilder:
			if s := f.String(); s == "" {
				fb.AppendNull()
			} else {
				fb.Append(s)
			}
		case *array.TimestampBuilder:
			if f.Int() == 0 {
				fb.AppendNull()
			} else {
				fb.Append(arrow.Timestamp(f.Int()))
			}
		case *array.Date32Builder:
			if f.Int() == 0 {
				fb.AppendNull()
			} else {
				fb.Append(arrow.Date32(f.Int()))
			}
		case *array.BooleanBuilder:
			switch Answer(f.Int()) {
			case Unknown:
				fb.AppendNull()
			case Yes:
				fb.Append(true)
			default:
				fb.Append(false)
			}
		case *array.Int64Builder:
			fb.Append(f.Int())
		case *array.Int32Builder:
			fb.Append(int32(f.Int()))
		}
	}
	b.n++
	if b.n == batchRows {
		b.flush()
	}
}

func (b *Builder[T]) flush() {
	if b.n > 0 {
		b.records = append(b.records, b.rb.NewRecord())
		b.n = 0
	}
}

// absorb appends what another builder holds, without copying it. That one must
// not be used again.
func (b *Builder[T]) absorb(o *Builder[T]) {
	b.flush()
	b.records = append(b.records, o.Table().records...)
}

// Table ends the building and hands over what was appended, in order. The
// builder is empty afterwards and must not be used again.
func (b *Builder[T]) Table() *Table[T] {
	b.flush()
	b.rb.Release()
	t := &Table[T]{records: b.records}
	b.records = nil
	return t
}
