// Package source knows the kinds of export and log that lostlink reads: how
// each is recognised, in which zone and unit it is written, and what one row
// of it becomes in the shared tables. It opens no files; package rows hands it
// rows of text, package ingest counts and lists what came of them.
//
// Each kind is one file of this package, which registers itself, with its test
// data in testdata/sources/<name>.
package source

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// Source is one kind of export or log.
type Source struct {
	Name    string // as written in a configuration: "stripe_payments"
	Title   string // for people: "Stripe payments export"
	Where   string // one sentence: where the export is found
	Example Example
	// Containers the export comes in.
	Containers []rows.Container
	// Tables it can fill, the main one first; empty for one that is refused.
	Tables []table.Kind
	// Zone of times written without one, and Unit of amounts; "" where the
	// export writes none.
	Zone string
	Unit table.Unit
	// Uses are the columns read.
	Uses []Use
	// Signatures are alternative sets of columns that tell the export from all
	// others; "a|b" is either name. The longest set that is present wins.
	Signatures [][]string
	// Refused, if set, says why the export is of no use and what to take
	// instead; it is recognised only to say so.
	Refused string

	begin func(*file) error
}

// Example is one line of the export and what comes out.
type Example struct{ In, Out string }

// Use says which columns of the file hold one value.
type Use struct {
	To   string   // column of the table, or the source's own word
	From []string // names in files, best first; the first that is not empty counts
	Must bool     // without any of them the file cannot be read
}

// ColumnMap maps one column of a file onto one of the source's values.
type ColumnMap struct{ From, To string }

// Settings are what a configuration says about one source; zero values leave
// the source its own.
type Settings struct {
	Table     table.Kind // native files only
	Zone      string     // of times written without one: IANA name or "+02:00"
	Unit      table.Unit
	Currency  string // where a row names none
	DateOrder string // "mdy", "dmy", "ymd"; "" finds it in the file
	Columns   []ColumnMap
	// PartnerParameters and ClickParameters are query parameters in order of
	// trust.
	PartnerParameters, ClickParameters []string
	// SignupEvents are the tracked events that are sign-ups.
	SignupEvents []string
}

var registry = map[string]*Source{}

// register is called once by each source's file.
func register(s *Source) bool {
	if registry[s.Name] != nil {
		panic("source: " + s.Name + " is registered twice")
	}
	registry[s.Name] = s
	return true
}

// All lists the sources by name, refused ones included.
func All() []*Source {
	var out []*Source
	for _, s := range registry {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Get finds a source by name; nil for no such source.
func Get(name string) *Source { return registry[name] }

// Names lists the sources that can be configured.
func Names() []string {
	var out []string
	for _, s := range All() {
		if s.Refused == "" {
			out = append(out, s.Name)
		}
	}
	return out
}

// Mapping turns the rows of one file into table rows.
type Mapping struct {
	// Columns are to be bound, in the order in which Row takes the values.
	Columns []string
	// Unused are the columns of the file that nothing reads.
	Unused []string

	file   *file
	look   func(values []string)
	decide func() error
	row    func(pos table.Pos, values []string) (skipped string, err error)
	// glimpse is nil for sources whose rows are all kept; see Glimpse.
	glimpse func(values []string, g *table.Glance) (s Sight, skipped string)
}

// NewMapping prepares for a file that has the given columns (none are known
// for some JSON). Its error is a [*table.Fault] about the whole file.
func (s *Source) NewMapping(set Settings, container rows.Container, columns []string, sink *table.Sink) (*Mapping, error) {
	if s.Refused != "" {
		return nil, &table.Fault{Value: s.Name, Rule: "is a " + s.Title + ", which cannot be used", Remedy: s.Refused}
	}
	if !slices.Contains(s.Containers, container) {
		return nil, &table.Fault{Column: "format", Value: s.Name, Rule: fmt.Sprintf("does not come in a %s file", container), Remedy: "check the source's format and files"}
	}
	f := &file{Settings: set, source: s, container: container, columns: columns, sink: sink, notes: map[string]int64{}, made: map[table.Kind]int64{}}
	f.m.file = f
	if f.Unit == "" {
		f.Unit = s.Unit
	}
	uses := s.Uses
	if s.Name == Native {
		var err error
		if uses, err = f.nativeUses(); err != nil {
			return nil, err
		}
	}
	if err := f.setUses(uses); err != nil {
		return nil, err
	}
	var err error
	if f.zone, err = zoneOf(firstNonEmpty(set.Zone, s.Zone, "UTC")); err != nil {
		return nil, err
	}
	if f.Currency != "" {
		if f.Currency, err = table.ParseCurrency(f.Currency); err != nil {
			return nil, err
		}
	}
	if err := s.begin(f); err != nil {
		return nil, err
	}
	f.m.Unused = f.unused()
	return &f.m, nil
}

// TwoPass tells whether Look must see every row, and Decide be called, before
// the first Row: the file as a whole tells how its dates and amounts are
// written.
func (m *Mapping) TwoPass() bool { return m.look != nil }

// Look takes a row of the first pass.
func (m *Mapping) Look(values []string) { m.look(values) }

// Decide ends the first pass. Its error is a [*table.Fault] about the file.
func (m *Mapping) Decide() error { return m.decide() }

// Row adds what one row holds to the tables. A row that is sound but of no use
// is skipped for a reason out of a small fixed set; a bad one is a
// [*table.Fault] and adds nothing.
func (m *Mapping) Row(pos table.Pos, values []string) (skipped string, err error) {
	skipped, err = m.row(pos, values)
	if err != nil {
		return "", m.file.named(err)
	}
	return skipped, nil
}

// Part makes a mapping for a part of the same file, with a sink of its own, to
// be used beside others. It must not be asked of a mapping that is TwoPass.
func (m *Mapping) Part(sink *table.Sink) *Mapping {
	f := m.file
	part, err := f.source.NewMapping(f.Settings, f.container, f.columns, sink)
	if err != nil { // it was made of the same before
		panic(err)
	}
	return part
}

// Add takes over the account of a part.
func (m *Mapping) Add(part *Mapping) {
	f, p := m.file, part.file
	for k, n := range part.Made() {
		f.made[k] += n
	}
	for _, text := range slices.Sorted(maps.Keys(p.notes)) {
		f.note(text, p.notes[text])
	}
	if p.first != 0 && (f.first == 0 || p.first < f.first) {
		f.first = p.first
	}
	f.last = max(f.last, p.last)
}

// Traffic tells whether the file holds clicks or visits, of which most are of
// no use, and whether it holds other rows as well.
func (m *Mapping) Traffic() (is, mixed bool) {
	tables := m.file.source.Tables
	if m.file.source.Name == Native {
		tables = []table.Kind{m.file.Table}
	}
	for _, k := range tables {
		if k == table.Clicks || k == table.Visits {
			is = true
		} else {
			mixed = true
		}
	}
	return is, is && mixed
}

// Made counts the table rows made so far.
func (m *Mapping) Made() map[table.Kind]int64 {
	f := m.file
	if f.dropped.clicks > 0 {
		f.made[table.Clicks] += f.dropped.clicks
	}
	if f.dropped.visits > 0 {
		f.made[table.Visits] += f.dropped.visits
	}
	f.dropped.clicks, f.dropped.visits = 0, 0
	return f.made
}

// Span gives the first and last time in the rows made; 0 for none.
func (m *Mapping) Span() (first, last table.Time) { return m.file.first, m.file.last }

// Notes are remarks on rows that were taken though something about them is
// odd, each with its count, sorted.
func (m *Mapping) Notes() []string {
	var out []string
	for n, c := range m.file.notes {
		unit := "rows"
		if c == 1 {
			unit = "row"
		}
		if c == 0 {
			out = append(out, n)
			continue
		}
		out = append(out, fmt.Sprintf("%d %s: %s", c, unit, n))
	}
	sort.Strings(out)
	return out
}

// file is what a source's functions work with while one file is read.
type file struct {
	Settings
	m         Mapping
	source    *Source
	container rows.Container
	columns   []string // of the file
	zone      *zone
	sink      *table.Sink

	froms map[string][]string // value → columns of this file that hold it
	index map[string]int      // key of a column → place in m.Columns

	notes       map[string]int64
	made        map[table.Kind]int64
	dropped     struct{ clicks, visits int64 } // made, but only counted
	first, last table.Time

	scratch scratch
}

// setUses joins the source's own names with the configured ones, which win,
// and keeps those the file has. JSON objects may differ from each other, so
// there every name is kept.
func (f *file) setUses(uses []Use) error {
	f.froms, f.index = map[string][]string{}, map[string]int{}
	known := map[string]bool{}
	for _, u := range uses {
		known[u.To] = true
	}
	for _, c := range f.Columns {
		if f.container == rows.AccessLog {
			c.From = strings.TrimPrefix(c.From, "$")
		}
		if !known[c.To] {
			var names []string
			for _, u := range uses {
				names = append(names, u.To)
			}
			return &table.Fault{Column: c.From, Value: c.To, Rule: "is not a value that " + f.source.Name + " takes", Remedy: "map the column to one of: " + strings.Join(names, ", ")}
		}
		if f.has(c.From) {
			f.froms[c.To] = append(f.froms[c.To], c.From)
		}
		if !f.lists(c.From) && len(f.columns) > 0 {
			f.note(fmt.Sprintf("the configured column %q is not in the file", c.From), 0)
		}
	}
	for _, u := range uses {
		for _, from := range u.From {
			if f.has(from) {
				f.froms[u.To] = append(f.froms[u.To], from)
			}
		}
	}
	for _, u := range uses {
		if u.Must && len(f.columns) > 0 && !slices.ContainsFunc(f.froms[u.To], f.lists) {
			return f.lacks(u)
		}
	}
	return nil
}

func (f *file) lacks(u Use) error {
	found := "none"
	if len(f.columns) > 0 {
		found = Listed(f.columns)
	}
	remedy := "export the file with that column, or map the column that holds it"
	if m, ok := Recognise(f.container, f.columns); ok && m.Source != f.source {
		remedy = "it looks like a " + m.Source.Title + " (" + m.Source.Name + "): check the source's format"
		if m.Source.Refused != "" {
			remedy = m.Source.Refused
		}
	}
	names := u.From
	if len(names) == 0 {
		names = []string{u.To}
	}
	return &table.Fault{Column: names[0], Rule: "lacks the column " + strings.Join(names, " or ") + "; it has the columns " + found, Remedy: remedy}
}

// has tells whether the file may have a column of that name.
func (f *file) has(name string) bool { return f.container == rows.JSON || f.lists(name) }

// lists tells whether the name is among the columns found: all of them but in
// JSON, where only the first objects were looked at.
func (f *file) lists(name string) bool {
	return slices.ContainsFunc(f.columns, func(c string) bool { return f.key(c) == f.key(name) })
}

// key folds what the reader takes for the same name: JSON paths count as
// written.
func (f *file) key(column string) string {
	if f.container == rows.JSON {
		return column
	}
	return strings.ToLower(strings.TrimSpace(column))
}

// field is one value of a row: the first of several columns that is not empty.
type field struct {
	name string // as the file calls it
	at   []int
}

// field looks a value up and has its columns bound.
func (f *file) field(to string) field {
	c := field{name: to}
	for i, from := range f.froms[to] {
		if i == 0 {
			c.name = from
		}
		key := f.key(from)
		at, ok := f.index[key]
		if !ok {
			at = len(f.m.Columns)
			f.index[key] = at
			f.m.Columns = append(f.m.Columns, from)
		}
		c.at = append(c.at, at)
	}
	return c
}

// present tells whether the file can hold the value at all.
func (c field) present() bool { return len(c.at) > 0 }

// of takes the value out of a row, trimmed; "" if it has none.
func (c field) of(values []string) string {
	for _, i := range c.at {
		if s := strings.TrimSpace(values[i]); s != "" {
			return s
		}
	}
	return ""
}

// id is like of for values whose absence some program writes as a word.
func (c field) id(values []string) string {
	for _, i := range c.at {
		if s := known(values[i]); s != "" {
			return s
		}
	}
	return ""
}

func (f *file) unused() []string {
	var out []string
	for _, c := range f.columns {
		if _, ok := f.index[f.key(c)]; !ok {
			out = append(out, c)
		}
	}
	return out
}

// named puts the file's own column name into a fault that has the table's.
func (f *file) named(err error) error {
	if ft, ok := err.(*table.Fault); ok {
		if from := f.froms[ft.Column]; len(from) > 0 && f.container != rows.JSON {
			named := *ft
			named.Column = from[0]
			return &named
		}
	}
	return err
}

// note counts a remark on n rows; n = 0 is a remark on the file.
func (f *file) note(text string, n int64) {
	if _, ok := f.notes[text]; !ok && len(f.notes) >= notesKept {
		text = "has something odd about it that is not listed, as too much else is"
	}
	f.notes[text] += n
}

// notesKept bounds the different remarks on one file: some quote the file.
const notesKept = 50

// put adds a finished row to its table.
func put[T table.Row](f *file, kind table.Kind, b *table.Builder[T], at table.Time, row *T) error {
	if f.sink.Screen != nil && !f.sink.Screen(row) {
		return nil
	}
	var err error
	switch r := any(row).(type) {
	case *table.Visit:
		if err = b.Check(row); err == nil && f.sink.Divert != nil {
			f.sink.Divert(r, nil)
		} else if err == nil {
			err = b.Append(row)
		}
	case *table.Click:
		if err = b.Check(row); err == nil && f.sink.Divert != nil {
			f.sink.Divert(nil, r)
		} else if err == nil {
			err = b.Append(row)
		}
	default:
		err = b.Append(row)
	}
	if err != nil {
		return err
	}
	f.made[kind]++
	f.span(at)
	return nil
}

// span widens the time that the rows made lie in.
func (f *file) span(at table.Time) {
	if at != 0 {
		if f.first == 0 || at < f.first {
			f.first = at
		}
		f.last = max(f.last, at)
	}
}

func firstNonEmpty(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}
