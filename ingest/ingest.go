package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest/lake"
	"lostlink/ingest/rows"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// Loaded is everything that was read and the account of it.
type Loaded struct {
	Set    *table.Set
	Inputs []Input // one per file, in the order read; Pos.File and Set.Files index them
	// Rejects lists rows that were not taken and, with Line 0, files. Of one
	// source at most RejectsListed are listed; the counts in Inputs are whole.
	Rejects []table.Reject
	Missing []Missing
	Notes   []string
	// Kept are what the lake calls the inputs; nil without a lake.
	Kept []lake.Key
}

// Missing is a configured path or glob that matches no file, in a source that
// is not optional.
type Missing struct {
	Source  string `json:"source"`
	Pattern string `json:"pattern"` // as configured
}

// Input is the account of one file. Rows = Accepted + Rejected + Duplicates +
// the sum of Skipped, always; see [Input.Check].
type Input struct {
	Source     string               `json:"source"` // as configured
	Format     string               `json:"format"` // "" if it was not recognised
	Title      string               `json:"title"`
	File       string               `json:"file"` // relative to the data folder, with slashes
	SHA256     string               `json:"sha256"`
	Bytes      int64                `json:"bytes"`
	Rows       int64                `json:"rows"`
	Accepted   int64                `json:"accepted"`
	Rejected   int64                `json:"rejected"`
	Duplicates int64                `json:"duplicates"` // rows of a file that was read before under another name
	Skipped    map[string]int64     `json:"skipped"`    // reason → rows that are sound but hold nothing of use
	Tables     map[table.Kind]int64 `json:"tables"`     // table rows made
	First      table.Time           `json:"-"`          // of the rows made, 0 for none
	Last       table.Time           `json:"-"`
	From       string               `json:"from"` // First and Last as RFC 3339
	To         string               `json:"to"`
	Columns    []string             `json:"columns"` // found
	Unused     []string             `json:"unused"`  // found and not read
	Recognised string               `json:"recognised"`
	// Fault says why the file, or the rest of it, was not read; "" if it was.
	Fault string `json:"fault,omitempty"`
}

// Check holds the account to its law.
func (in *Input) Check() error {
	sum := in.Accepted + in.Rejected + in.Duplicates
	for _, n := range in.Skipped {
		sum += n
	}
	if sum != in.Rows {
		return fmt.Errorf("%s: %d rows read, but %d accounted for", in.File, in.Rows, sum)
	}
	return nil
}

// RejectsListed bounds the rejects listed per source. A source with as many
// bad rows is not one that somebody reads row by row.
const RejectsListed = 10_000

// rejectsAllowed is how many bad rows a source may always have: in a small
// file one slip would be more than any share.
const rejectsAllowed = 2

// LimitError says that more of a source is bad than its RejectLimit allows, so
// that a report would be about half a vendor.
type LimitError struct {
	Source         string
	Rows, Rejected int64
	Limit          float64
	First          []table.Reject // up to five
}

func (e *LimitError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "source %s: %d of %d rows were rejected, more than the limit of %.6g %%; mend the file or the source's settings, or raise reject_limit. First of them:",
		e.Source, e.Rejected, e.Rows, e.Limit*100)
	for _, r := range e.First {
		b.WriteString("\n\t" + r.Error())
	}
	return b.String()
}

// Load reads all sources from the data folder, in the configured order and
// their files sorted by name. Bad rows, bad files and missing files are in the
// result, not an error. The error is about the options, about a file that the
// system will not give, or joins one [*LimitError] per source with too many
// bad rows; in that last case the result is complete too, so that the rejects
// can be written. Whoever gets a result releases its Set.
//
// A file with the same content as one read before in the same way is counted
// as duplicates and adds nothing. Payments that overlapping exports list twice
// are all in the tables: the tie-out counts them.
func Load(ctx context.Context, data string, opt Options, mem memory.Allocator) (*Loaded, error) {
	return load(ctx, data, opt, nil, nil, nil, mem)
}

// LoadWanted reads like [Load], but of clicks and visits keeps only what the
// scout wants; they are counted all the same. Rows of the people on the list
// are left out or made nameless; it may be nil.
func LoadWanted(ctx context.Context, data string, opt Options, scout Scout, list *lake.Suppression, mem memory.Allocator) (*Loaded, error) {
	return load(ctx, data, opt, scout, nil, list, mem)
}

func load(ctx context.Context, data string, opt Options, scout Scout, kept *kept, list *lake.Suppression, mem memory.Allocator) (*Loaded, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	l := &loader{data: data, opt: opt, mem: mem, scout: scout, kept: kept, list: list, sizes: map[int64][]*reading{}, Loaded: &Loaded{}}
	l.sink = l.newSink()
	err := l.load(ctx)
	if err == nil {
		err = l.assemble()
	}
	var limit *LimitError
	if err != nil && !errors.As(err, &limit) {
		l.sink.Set(nil).Release()
		return nil, err
	}
	l.Set = l.sink.Set(l.files())
	return l.Loaded, err
}

// newSink makes a sink past which nobody on the list gets.
func (l *loader) newSink() *table.Sink {
	s := table.NewSink(l.mem)
	if l.list.Empty() {
		return s
	}
	screen := l.list.Screen()
	s.Screen = func(row any) bool {
		switch r := row.(type) {
		case *table.Click:
			return lake.Apply(screen, r)
		case *table.Visit:
			return lake.Apply(screen, r)
		case *table.Signup:
			return lake.Apply(screen, r)
		case *table.Purchase:
			return lake.Apply(screen, r)
		case *table.Customer:
			return lake.Apply(screen, r)
		case *table.Transaction:
			return lake.Apply(screen, r)
		case *table.Reward:
			return lake.Apply(screen, r)
		case *table.Consent:
			return lake.Apply(screen, r)
		case *table.Claim:
			return lake.Apply(screen, r)
		case *table.Partner:
			return lake.Apply(screen, r)
		}
		return true
	}
	return s
}

// name is how messages call a source.
func (s *Source) name() string {
	switch {
	case s.Name != "":
		return s.Name
	case s.Table != "" && (s.Format == "" || s.Format == source.Native):
		return string(s.Table)
	case s.Format != "":
		return s.Format
	case len(s.Files) > 0:
		return s.Files[0]
	}
	return "source"
}

func (o *Options) check() error {
	for i := range o.Sources {
		s := &o.Sources[i]
		if s.Format != "" {
			if known := source.Get(s.Format); known == nil || known.Refused != "" {
				return fmt.Errorf("source %s: format %q is not known; take one of %s", s.name(), s.Format, strings.Join(source.Names(), ", "))
			}
		}
		if len(s.Files) == 0 || slices.Contains(s.Files, "") {
			return fmt.Errorf("source %s: names no file, or an empty one; give a path or a pattern such as payments/*.csv", s.name())
		}
	}
	if o.RejectLimit < 0 || o.RejectLimit > 1 {
		return fmt.Errorf("the reject limit is %g; give a share from 0 to 1", o.RejectLimit)
	}
	return nil
}

type loader struct {
	*Loaded
	data  string
	opt   Options
	mem   memory.Allocator
	scout Scout // nil: everything is wanted
	kept  *kept // nil: files are read as they are
	list  *lake.Suppression
	sink  *table.Sink
	only  map[string]bool // the files of this shard; nil: all

	sources  []*sourceFiles
	readings []*reading           // all files; Pos.File is the index
	sizes    map[int64][]*reading // those read before, by size: the same content has the same
	later    []*reading           // files of clicks and visits that wait for the scout

	// For those who watch: the bytes of all files, of those done, and the rows.
	allBytes, readBytes, readRows int64
}

// sourceFiles is one source with its files.
type sourceFiles struct {
	Source
	notes    []string
	readings []*reading
}

// through goes through the files of all sources and reads those that nothing else
// has to be known for; with a lake, it fills that.
func (l *loader) through(ctx context.Context) error {
	if err := l.measure(); err != nil {
		return err
	}
	for _, src := range l.opt.Sources {
		if err := l.source(ctx, src); err != nil {
			return fmt.Errorf("source %s: %w", src.name(), err)
		}
	}
	return nil
}

func (l *loader) load(ctx context.Context) error {
	if err := l.through(ctx); err != nil {
		return err
	}
	if l.kept != nil {
		return l.kept.load(ctx, l)
	}
	return l.deferred(ctx)
}

// measure adds up what there is to read, if anybody watches.
func (l *loader) measure() error {
	if l.opt.Watch == nil {
		return nil
	}
	for _, src := range l.opt.Sources {
		found, err := expand(l.data, src.Files, l.opt.Exclude)
		if err != nil {
			return fmt.Errorf("source %s: %w", src.name(), err)
		}
		for _, f := range found.files {
			if st, err := os.Stat(inFolder(l.data, f)); err == nil && l.mine(f) { // else it is missed when it is read
				l.allBytes += st.Size()
			}
		}
	}
	return nil
}

// source reads the files of one source, but for those that are deferred.
func (l *loader) source(ctx context.Context, src Source) error {
	s := &sourceFiles{Source: src}
	l.sources = append(l.sources, s)
	found, err := expand(l.data, src.Files, l.opt.Exclude)
	if err != nil {
		return err
	}
	if !src.Optional {
		for _, p := range found.missing {
			l.Missing = append(l.Missing, Missing{Source: src.name(), Pattern: p})
		}
	}
	for _, p := range found.own {
		s.notes = append(s.notes, fmt.Sprintf("source %s: %s fits only files of lostlink's own, which are not read", src.name(), p))
	}
	begin := func(file string) *reading {
		r := &reading{loader: l, src: s, file: int32(len(l.readings)), in: Input{Source: src.name(), File: file, Skipped: map[string]int64{}, Tables: map[table.Kind]int64{}}}
		l.readings, s.readings = append(l.readings, r), append(s.readings, r)
		return r
	}
	for _, c := range found.closed {
		// Taken for a file that is refused, so that everybody tells of it.
		if err := begin(c.path).refuse(&table.Fault{Rule: "cannot be looked into: " + c.err.Error(),
			Remedy: "mend it or let lostlink read it, or give a pattern that leaves it out"}); err != nil {
			return err
		}
	}
	for _, f := range found.files {
		if !l.mine(f) {
			continue
		}
		if err := begin(f).read(ctx); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

// mine tells whether a file is of this shard.
func (l *loader) mine(file string) bool { return l.only == nil || l.only[file] }

// files lists the inputs' names by their number.
func (l *loader) files() []string {
	out := make([]string, len(l.readings))
	for i, r := range l.readings {
		out[i] = r.in.File
	}
	return out
}

// assemble puts the accounts of all files together in the order of the sources.
// The error joins one [*LimitError] per source with too many bad rows, or says
// that an account does not add up.
func (l *loader) assemble() error {
	var limits []error
	for _, s := range l.sources {
		var all, rejected int64
		var rejects []table.Reject
		l.Notes = append(l.Notes, s.notes...)
		for _, r := range s.readings {
			if r.copies != nil {
				r.copy(&r.copies.in)
			}
			if err := r.in.Check(); err != nil {
				return err
			}
			all += r.in.Rows
			rejected += r.in.Rejected
			rejects = append(rejects, r.rejects[:max(0, min(len(r.rejects), RejectsListed-len(rejects)))]...)
			l.Notes = append(l.Notes, r.notes...)
			l.Inputs = append(l.Inputs, r.in)
		}
		l.Rejects = append(l.Rejects, rejects...)
		if rejected > int64(len(rejects)) {
			l.Notes = append(l.Notes, fmt.Sprintf("%s: %d rows were rejected; the first %d are listed", s.name(), rejected, len(rejects)))
		}
		if rejected > rejectsAllowed && float64(rejected) > l.opt.RejectLimit*float64(all) {
			limits = append(limits, &LimitError{Source: s.name(), Rows: all, Rejected: rejected, Limit: l.opt.RejectLimit, First: slices.Clone(rejects[:min(5, len(rejects))])})
		}
	}
	return errors.Join(limits...)
}

// settings are the part of the options that package source acts on.
func (o *Options) settings(s Source) source.Settings {
	return source.Settings{
		Table: s.Table, Zone: s.Zone, Unit: s.Unit, Currency: s.Currency, DateOrder: s.DateOrder, Columns: s.Columns,
		PartnerParameters: o.Links.PartnerParameters, ClickParameters: o.Links.ClickParameters, SignupEvents: s.SignupEvents,
	}
}

// reading is one file being read.
type reading struct {
	*loader
	src     *sourceFiles
	in      Input
	file    int32
	rejects []table.Reject // at most RejectsListed
	notes   []string
	m       *source.Mapping
	whole   int         // the last piece that was taken over
	own     *table.Sink // where its rows go; nil: with all others
	copies  *reading    // the file of the same content that was read, nil for none
}

func (r *reading) tables() *table.Sink {
	if r.own != nil {
		return r.own
	}
	return r.sink
}

func (r *reading) path() string { return inFolder(r.data, r.in.File) }

// read reads a file, or puts it off until the scout can be asked.
func (r *reading) read(ctx context.Context) error {
	st, err := os.Stat(r.path())
	if errors.Is(err, fs.ErrNotExist) { // gone since the folder was listed
		r.Missing = append(r.Missing, Missing{Source: r.src.name(), Pattern: r.in.File})
		return nil
	}
	if err != nil {
		return err
	}
	r.in.Bytes = st.Size()
	twin, err := r.twin()
	if err != nil {
		return err
	}
	if twin != nil {
		r.repeat(twin)
		return nil
	}
	r.sizes[r.in.Bytes] = append(r.sizes[r.in.Bytes], r)
	if r.kept != nil {
		return r.kept.read(ctx, r)
	}
	pieces, err := r.open()
	if err != nil || pieces == nil {
		return err
	}
	is, mixed := r.m.Traffic()
	if !is || r.scout == nil || r.m.TwoPass() {
		return r.close(pieces, r.count(ctx, pieces, nil))
	}
	r.later = append(r.later, r)
	if mixed {
		// What else it holds must be known before the scout is asked.
		err = r.others(ctx, pieces)
	}
	return errors.Join(err, pieces.Close())
}

// twin gives the file read before in the same way that has the same content,
// nil if there is none.
func (r *reading) twin() (*reading, error) {
	for _, o := range r.sizes[r.in.Bytes] {
		if !slices.Equal([]string{fmt.Sprintf("%+v", o.way())}, []string{fmt.Sprintf("%+v", r.way())}) {
			continue
		}
		for _, x := range []*reading{o, r} {
			if x.in.SHA256 == "" {
				var err error
				if x.in.SHA256, _, err = rows.Hash(x.path()); err != nil {
					return nil, err
				}
			}
		}
		if o.in.SHA256 == r.in.SHA256 {
			return o, nil
		}
	}
	return nil, nil
}

// way is all that tells how a file is read.
func (r *reading) way() Source {
	way := r.src.Source
	way.Name, way.Files, way.Optional = "", nil, false
	return way
}

func (r *reading) rowOptions() rows.Options {
	return rows.Options{LogFormat: r.src.LogFormat, Encoding: r.src.Encoding}
}

// open opens the file and finds out what it is. No pieces and no error mean
// that it was refused.
func (r *reading) open() (*rows.Pieces, error) {
	pieces, err := rows.Split(r.path(), r.rowOptions())
	if err != nil {
		return nil, r.unopened(err)
	}
	if r.m != nil { // opened before
		return pieces, nil
	}
	r.in.Columns = pieces.Columns()
	if r.m, err = r.mapping(pieces.Container(), pieces.Columns()); err != nil {
		pieces.Close()
		return nil, r.unopened(err)
	}
	r.in.Unused = r.m.Unused
	if !r.m.TwoPass() {
		return pieces, nil
	}
	err = r.lookOver(pieces)
	pieces.Close()
	if err != nil {
		return nil, r.unopened(err)
	}
	return rows.Split(r.path(), r.rowOptions())
}

// unopened refuses a file of which no row is read; it is hashed all the same, so
// that it can be named.
func (r *reading) unopened(err error) error {
	if err := r.refuse(err); err != nil {
		return err
	}
	if r.in.SHA256 == "" {
		r.in.SHA256, _, err = rows.Hash(r.path())
		return err
	}
	return nil
}

// lookOver shows all rows to a mapping that must see the file as a whole first.
func (r *reading) lookOver(pieces *rows.Pieces) error {
	for {
		piece, err := pieces.Next()
		if err != nil {
			break // reading the rows meets the same end and reports it
		}
		rd := piece.Rows(r.m.Columns)
		for {
			rec, err := rd.Next()
			if err == nil {
				r.m.Look(rec.Values)
			} else if !isBad(err) {
				break
			}
		}
	}
	return r.m.Decide()
}

// close ends the reading of a file with what it came to.
func (r *reading) close(pieces *rows.Pieces, err error) error {
	if sum := pieces.SHA256(); sum != "" && sum != r.in.SHA256 {
		if r.in.SHA256 != "" {
			r.notes = append(r.notes, r.in.File+": changed while it was read; what was there at that time is in the report")
		}
		r.in.SHA256 = sum
	}
	pieces.Close()
	r.readBytes += r.in.Bytes
	r.account()
	var b *rows.Broken
	if errors.As(err, &b) {
		return r.refuse(err)
	}
	return err
}

// mapping finds the source that reads the file: the configured one, else the
// one it is recognised as.
func (r *reading) mapping(container rows.Container, columns []string) (*source.Mapping, error) {
	set := r.opt.settings(r.src.Source)
	src := source.Get(r.src.Format)
	switch {
	case src != nil:
		r.in.Recognised = "configured"
	case r.src.Table != "":
		src = source.Get(source.Native)
		r.in.Recognised = "configured table " + string(r.src.Table)
	default:
		rec := recognise(container, columns, r.src.Columns)
		if rec.Source == nil {
			return nil, rec.unknown()
		}
		src = rec.Source
		r.in.Recognised = rec.Why
		if rec.Table != "" {
			set.Table = rec.Table
		}
	}
	r.in.Format, r.in.Title = src.Name, src.Title
	return src.NewMapping(set, container, columns, r.tables())
}

// refuse lists the file itself, or what follows the last row read of it, as
// rejected. An error of another kind goes on as it is.
func (r *reading) refuse(err error) error {
	line := int64(0)
	var f *table.Fault
	var b *rows.Broken
	switch {
	case errors.As(err, &b):
		line, f = b.Line, b.Fault
	case errors.As(err, &f):
	default:
		return err
	}
	rej := table.RejectOf(r.src.name(), r.in.File, line, f)
	r.in.Fault = rej.Error()
	r.rejects = append(r.rejects, rej)
	return nil
}

// account closes the books of the file.
func (r *reading) account() {
	maps.Copy(r.in.Tables, r.m.Made())
	r.in.First, r.in.Last = r.m.Span()
	r.in.From, r.in.To = r.in.First.String(), r.in.Last.String()
	for _, n := range r.m.Notes() {
		r.notes = append(r.notes, r.in.File+": "+n)
	}
}

// repeat counts a file that was read already.
func (r *reading) repeat(twin *reading) {
	r.copies = twin
	r.notes = append(r.notes, fmt.Sprintf("%s: has the same content as %s; it is not read a second time", r.in.File, twin.in.File))
}

// copy takes over the account of a file with the same content.
func (r *reading) copy(first *Input) {
	in := &r.in
	in.Format, in.Title, in.Columns, in.Unused = first.Format, first.Title, first.Columns, first.Unused
	in.Rows, in.Duplicates = first.Rows, first.Rows
	in.Recognised = "the same content as " + first.File
	in.Fault = first.Fault
	if first.File == in.File {
		in.Recognised = "read before"
	}
}
