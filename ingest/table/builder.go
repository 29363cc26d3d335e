package table

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

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
	Repeats  bool  // has few values in many rows: held as a dictionary
	index    []int // field path in the row struct
}

var (
	timeType   = reflect.TypeFor[Time]()
	dateType   = reflect.TypeFor[Date]()
	answerType = reflect.TypeFor[Answer]()
	arrowTime  = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

	dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
)

// Columns lists the columns of T's table in declared order, the two of [Pos]
// first.
func Columns[T Row]() []Column { return slices.Clone(columns[T]()) }

// columns is what Columns copies, found once for each type.
func columns[T Row]() []Column {
	t := reflect.TypeFor[T]()
	if cols, ok := columnsFound.Load(t); ok {
		return cols.([]Column)
	}
	cols, _ := columnsFound.LoadOrStore(t, columnsOf(t))
	return cols.([]Column)
}

var columnsFound sync.Map // reflect.Type → []Column

func columnsOf(t reflect.Type) []Column {
	var cols []Column
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("col")
		if tag == "" {
			continue
		}
		name, opts, _ := strings.Cut(tag, ",")
		c := Column{Name: name, index: f.Index}
		for opt := range strings.SplitSeq(opts, ",") {
			switch opt {
			case "":
			case "required":
				c.Required = true
			case "dict":
				c.Repeats = true
			default:
				panic(fmt.Sprintf("table: %s.%s: no option %q", t.Name(), f.Name, opt))
			}
		}
		switch {
		case f.Type == timeType:
			c.Type = arrowTime
		case f.Type == dateType:
			c.Type = arrow.FixedWidthTypes.Date32
		case f.Type == answerType:
			c.Type = arrow.FixedWidthTypes.Boolean
		case f.Type.Kind() == reflect.String:
			if c.Type = arrow.BinaryTypes.String; c.Repeats {
				c.Type = dictionaryType
			}
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
// days date32, answers nullable booleans, money int64 minor units; texts of few
// values, such as user agents, are dictionaries (int32 to utf8).
func Schema[T Row]() *arrow.Schema {
	var fields []arrow.Field
	for _, c := range columns[T]() {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: !c.Required})
	}
	return arrow.NewSchema(fields, nil)
}

// batchRows is how many rows a record batch holds: some megabytes of a wide
// table, small enough to build and drop while a file streams past.
const batchRows = 32 << 10

// Builder fills one table, batch by batch. It is not safe for concurrent use.
type Builder[T Row] struct {
	row     T       // the one at hand, to which fields point
	fields  []field // one per column
	mem     memory.Allocator
	rb      *array.RecordBuilder
	n       int
	records []arrow.Record
}

// field is a column of the row at hand and where its values go. Of the pointers
// to the value one is set, and of the column's builders the one that fits.
type field struct {
	name     string
	required bool

	text   *string
	time   *Time
	date   *Date
	answer *Answer
	whole  *int64
	short  *int32

	texts   *array.StringBuilder
	repeats *array.BinaryDictionaryBuilder
	times   *array.TimestampBuilder
	dates   *array.Date32Builder
	answers *array.BooleanBuilder
	wholes  *array.Int64Builder
	shorts  *array.Int32Builder
}

// NewBuilder makes an empty builder whose buffers come from mem.
func NewBuilder[T Row](mem memory.Allocator) *Builder[T] {
	b := &Builder[T]{mem: mem, rb: array.NewRecordBuilder(mem, Schema[T]())}
	row := reflect.ValueOf(&b.row).Elem()
	for i, c := range columns[T]() {
		// An amount of zero is a value (a free month, a full discount).
		f := field{name: c.Name, required: c.Required && c.Name != "amount"}
		switch p := row.FieldByIndex(c.index).Addr().Interface().(type) {
		case *string:
			f.text = p
			switch to := b.rb.Field(i).(type) {
			case *array.StringBuilder:
				f.texts = to
			case *array.BinaryDictionaryBuilder:
				f.repeats = to
			}
		case *Time:
			f.time, f.times = p, b.rb.Field(i).(*array.TimestampBuilder)
		case *Date:
			f.date, f.dates = p, b.rb.Field(i).(*array.Date32Builder)
		case *Answer:
			f.answer, f.answers = p, b.rb.Field(i).(*array.BooleanBuilder)
		case *int64:
			f.whole, f.wholes = p, b.rb.Field(i).(*array.Int64Builder)
		case *int32:
			f.short, f.shorts = p, b.rb.Field(i).(*array.Int32Builder)
		}
		b.fields = append(b.fields, f)
	}
	return b
}

// Append adds one row. A missing required value or text that is not UTF-8 is a
// [*Fault] and adds nothing; Arrow itself checks neither.
func (b *Builder[T]) Append(row *T) error {
	if err := b.Check(row); err != nil {
		return err
	}
	b.add()
	return nil
}

// Check is what Append asks of a row.
func (b *Builder[T]) Check(row *T) error {
	b.row = *row
	for i := range b.fields {
		f := &b.fields[i]
		if f.required && f.empty() {
			return &Fault{Column: f.name, Rule: "is required and is empty", Remedy: "fill it in, or map the column that holds it"}
		}
		if f.text != nil && !utf8.ValidString(*f.text) {
			return &Fault{Column: f.name, Value: strings.ToValidUTF8(*f.text, "�"), Rule: "is not valid UTF-8", Remedy: "save the file as UTF-8"}
		}
	}
	return nil
}

func (f *field) empty() bool {
	switch {
	case f.text != nil:
		return *f.text == ""
	case f.time != nil:
		return *f.time == 0
	case f.date != nil:
		return *f.date == 0
	case f.answer != nil:
		return *f.answer == Unknown
	case f.whole != nil:
		return *f.whole == 0
	}
	return *f.short == 0
}

// add adds the row at hand.
func (b *Builder[T]) add() {
	for i := range b.fields {
		f := &b.fields[i]
		switch {
		case f.text != nil && *f.text == "":
			if f.repeats != nil {
				f.repeats.AppendNull()
			} else {
				f.texts.AppendNull()
			}
		case f.repeats != nil:
			// It fails for a value of another type only; what is new is copied.
			_ = f.repeats.Append(unsafe.Slice(unsafe.StringData(*f.text), len(*f.text)))
		case f.text != nil:
			f.texts.Append(*f.text)
		case f.whole != nil:
			f.wholes.Append(*f.whole)
		case f.short != nil:
			f.shorts.Append(*f.short)
		case f.time != nil:
			if *f.time == 0 {
				f.times.AppendNull()
			} else {
				f.times.Append(arrow.Timestamp(*f.time))
			}
		case f.date != nil:
			if *f.date == 0 {
				f.dates.AppendNull()
			} else {
				f.dates.Append(arrow.Date32(*f.date))
			}
		case *f.answer == Unknown:
			f.answers.AppendNull()
		default:
			f.answers.Append(*f.answer == Yes)
		}
	}
	b.n++
	if b.n == batchRows {
		b.flush()
	}
}

func (b *Builder[T]) flush() {
	if b.n > 0 {
		b.records = append(b.records, b.fitted(b.rb.NewRecord()))
		b.n = 0
		for i := range b.fields {
			if d := b.fields[i].repeats; d != nil {
				d.ResetFull() // else the next batch would hold these values too
			}
		}
	}
}

// fitted gives a record without the room that its texts were built with, which
// grew by doubling and would stay as long as the record.
func (b *Builder[T]) fitted(rec arrow.Record) arrow.Record {
	cols := slices.Clone(rec.Columns())
	for i, c := range cols {
		if _, ok := c.(*array.String); !ok {
			c.Retain()
			continue
		}
		fit, err := array.Concatenate([]arrow.Array{c}, b.mem)
		if err != nil { // of more than 2 GB, which is no batch
			c.Retain()
			continue
		}
		cols[i] = fit
	}
	out := array.NewRecord(rec.Schema(), cols, rec.NumRows())
	for _, c := range cols {
		c.Release()
	}
	rec.Release()
	return out
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
