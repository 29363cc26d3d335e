package lake

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"lostlink/ingest/table"
)

// form is how a column's values are held.
type form int8

const (
	text  form = iota
	wide       // int64 and times
	days       // dates, 32 bits
	asked      // answers, 8 bits
)

// column is one column of a table: where it lies in the row struct and how it
// is written.
type column struct {
	name   string
	form   form
	offset uintptr // in the row struct
	leaf   int     // in the Parquet schema
	dict   bool
}

// layout is what a table's rows look like in memory and on disk. The same
// layout serves writing and reading, so a file has every column of its table.
type layout struct {
	kind   table.Kind
	cols   []column // in the order the row type declares them, without src_file
	schema *parquet.Schema
	newRow func() unsafe.Pointer // of the row type
	at     uintptr               // offset of the time, 0 for none (no row begins with its time)
	line   uintptr
	file   uintptr
	email  uintptr    // of clicks and visits, whose address is kept hidden; 0 else
	by     []identity // what rows are looked up by; only clicks and visits have any
}

// identity is a column that rows are looked up by.
type identity struct {
	by     By
	offset uintptr
}

// Names of the columns that say where a row is from: in the catalog's part, the
// input's number; in the input, the line.
// A click whose line is a visit too, and that visit, are twins.
const (
	inputColumn = "src_input"
	lineColumn  = "src_line"
	twinColumn  = "src_twin"
)

// repeated are the text columns with few values, which are written as
// dictionaries. Addresses are not among them: rows lie person by person, so that
// plain text packs as well, and a look-up would have to read the dictionary of a
// whole row group.
var repeated = map[string]bool{
	"partner_key": true, "link_id": true, "referrer": true, "user_agent": true, "country": true, "partner_cookie": true,
	"currency": true, "status": true, "processor": true, "coupon": true, "choice": true,
}

// layoutOf works out the layout of T's table. It panics for a column type it
// does not know, which is a fault of the program.
func layoutOf[T table.Row]() *layout {
	l := &layout{kind: kindOf[T](), newRow: func() unsafe.Pointer { return unsafe.Pointer(new(T)) }}
	group := parquet.Group{inputColumn: parquet.Encoded(parquet.Int(32), &parquet.RLEDictionary), twinColumn: parquet.Encoded(parquet.Int(8), &parquet.RLEDictionary)}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(f.Tag.Get("col"), ",")
		if name == "" {
			continue
		}
		c := column{name: name, offset: f.Offset}
		if len(f.Index) > 1 { // of the embedded Pos
			c.offset += reflect.TypeFor[T]().Field(f.Index[0]).Offset
		}
		if name == "src_file" {
			l.file = c.offset
			continue
		}
		var node parquet.Node
		switch f.Type {
		case reflect.TypeFor[table.Time]():
			c.form, node = wide, parquet.Timestamp(parquet.Microsecond)
			if l.at == 0 {
				l.at = c.offset
			}
		case reflect.TypeFor[table.Date]():
			c.form, node = days, parquet.Date()
		case reflect.TypeFor[table.Answer]():
			c.form, node = asked, parquet.Encoded(parquet.Int(8), &parquet.RLEDictionary)
		case reflect.TypeFor[int64]():
			c.form, node = wide, parquet.Int(64)
		case reflect.TypeFor[string]():
			c.form, node = text, parquet.String()
			if c.dict = repeated[name]; c.dict {
				node = parquet.Encoded(node, &parquet.RLEDictionary)
			}
		default:
			panic(fmt.Sprintf("lake: no way to keep %s.%s", l.kind, name))
		}
		if name == lineColumn {
			l.line = c.offset
		}
		group[name] = node
		l.cols = append(l.cols, c)
	}
	l.schema = parquet.NewSchema(string(l.kind), group)
	for i := range l.cols {
		leaf, _ := l.schema.Lookup(l.cols[i].name)
		l.cols[i].leaf = leaf.ColumnIndex
	}
	find := func(name string) uintptr {
		for _, c := range l.cols {
			if c.name == name {
				return c.offset
			}
		}
		panic("lake: " + string(l.kind) + " has no column " + name)
	}
	switch l.kind {
	case table.Clicks:
		l.email = find("email")
		l.by = []identity{{ByVisitor, find("visitor_id")}, {ByEmail, l.email}, {ByAddress, find("ip")}, {ByClick, find("click_id")}}
	case table.Visits:
		l.email = find("email")
		l.by = []identity{{ByVisitor, find("visitor_id")}, {ByEmail, l.email}, {ByAddress, find("ip")}, {ByClick, find("click_cookie")}}
	}
	return l
}

// keyed tells whether rows of the kind are looked up by who they are of.
func (l *layout) keyed() bool { return len(l.by) > 0 }

// leaf is the place of a column that is no field of the row.
func (l *layout) leaf(name string) int {
	leaf, _ := l.schema.Lookup(name)
	return leaf.ColumnIndex
}

// The layouts of all tables, by row type.
var (
	clicks       = layoutOf[table.Click]()
	visits       = layoutOf[table.Visit]()
	signups      = layoutOf[table.Signup]()
	purchases    = layoutOf[table.Purchase]()
	customers    = layoutOf[table.Customer]()
	transactions = layoutOf[table.Transaction]()
	rewards      = layoutOf[table.Reward]()
	links        = layoutOf[table.Link]()
	partners     = layoutOf[table.Partner]()
	pageChecks   = layoutOf[table.PageCheck]()
	consents     = layoutOf[table.Consent]()
	claims       = layoutOf[table.Claim]()
)

// layouts lists them in the order of [table.Kinds].
var layouts = []*layout{clicks, visits, signups, purchases, customers, transactions, rewards, links, partners, pageChecks, consents, claims}

// kindNumber gives a kind's place in [table.Kinds].
func kindNumber(k table.Kind) int {
	for i, l := range layouts {
		if l.kind == k {
			return i
		}
	}
	return -1
}

func kindOf[T table.Row]() table.Kind {
	switch any((*T)(nil)).(type) {
	case *table.Click:
		return table.Clicks
	case *table.Visit:
		return table.Visits
	case *table.Signup:
		return table.Signups
	case *table.Purchase:
		return table.Purchases
	case *table.Customer:
		return table.Customers
	case *table.Transaction:
		return table.Transactions
	case *table.Reward:
		return table.Rewards
	case *table.Link:
		return table.Links
	case *table.Partner:
		return table.Partners
	case *table.PageCheck:
		return table.PageChecks
	case *table.Consent:
		return table.Consents
	}
	return table.Claims
}

// layoutFor finds the layout of a row type.
func layoutFor[T table.Row]() *layout { return layouts[kindNumber(kindOf[T]())] }

// The four below reach into a row at an offset that layoutOf took from its
// type, so the type at that place is known.

func textAt(row unsafe.Pointer, off uintptr) *string { return (*string)(unsafe.Add(row, off)) }

func wideAt(row unsafe.Pointer, off uintptr) *int64 { return (*int64)(unsafe.Add(row, off)) }

func daysAt(row unsafe.Pointer, off uintptr) *int32 { return (*int32)(unsafe.Add(row, off)) }

func askedAt(row unsafe.Pointer, off uintptr) *int8 { return (*int8)(unsafe.Add(row, off)) }
