package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/memory"

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
	if err := opt.check(); err != nil {
		return nil, err
	}
	l := &loader{data: data, opt: opt, sink: table.NewSink(mem), seen: map[string]int{}, Loaded: &Loaded{}}
	var limits []error
	for _, src := range opt.Sources {
		err := l.source(ctx, src)
		var limit *LimitError
		if errors.As(err, &limit) {
			limits = append(limits, limit)
		} else if err != nil {
			l.sink.Set(nil).Release()
			return nil, err
		}
	}
	var files []string
	for i := range l.Inputs {
		in := &l.Inputs[i]
		files = append(files, in.File)
		if err := in.Check(); err != nil {
			l.sink.Set(nil).Release()
			return nil, err
		}
	}
	l.Set = l.sink.Set(files)
	return l.Loaded, errors.Join(limits...)
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
	data string
	opt  Options
	sink *table.Sink
	seen map[string]int // hash and way of reading → its input
}

// source reads the files of one source.
func (l *loader) source(ctx context.Context, src Source) error {
	found, err := expand(l.data, src.Files, l.opt.Exclude)
	if err != nil {
		return fmt.Errorf("source %s: %w", src.name(), err)
	}
	if !src.Optional {
		for _, p := range found.missing {
			l.Missing = append(l.Missing, Missing{Source: src.name(), Pattern: p})
		}
	}
	for _, p := range found.own {
		l.Notes = append(l.Notes, fmt.Sprintf("source %s: %s fits only files of lostlink's own, which are not read", src.name(), p))
	}
	firstInput, firstReject := len(l.Inputs), len(l.Rejects)
	begin := func(file string) *reading {
		l.Inputs = append(l.Inputs, Input{Source: src.name(), File: file, Skipped: map[string]int64{}, Tables: map[table.Kind]int64{}})
		return &reading{loader: l, src: src, in: &l.Inputs[len(l.Inputs)-1], file: int32(len(l.Inputs) - 1), listed: firstReject}
	}
	for _, c := range found.closed {
		// Taken for a file that is refused, so that everybody tells of it.
		if err := begin(c.path).refuse(&table.Fault{Rule: "cannot be looked into: " + c.err.Error(),
			Remedy: "mend it or let lostlink read it, or give a pattern that leaves it out"}); err != nil {
			return err
		}
	}
	for _, f := range found.files {
		r := begin(f)
		if err := r.read(ctx); err != nil {
			return fmt.Errorf("source %s: %s: %w", src.name(), f, err)
		}
	}
	var all, rejected int64
	for _, in := range l.Inputs[firstInput:] {
		all += in.Rows
		rejected += in.Rejected
	}
	rejects := l.Rejects[firstReject:]
	if rejected > int64(len(rejects)) {
		l.Notes = append(l.Notes, fmt.Sprintf("%s: %d rows were rejected; the first %d are listed", src.name(), rejected, len(rejects)))
	}
	if rejected > rejectsAllowed && float64(rejected) > l.opt.RejectLimit*float64(all) {
		return &LimitError{Source: src.name(), Rows: all, Rejected: rejected, Limit: l.opt.RejectLimit, First: slices.Clone(rejects[:min(5, len(rejects))])}
	}
	return nil
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
	src    Source
	in     *Input
	file   int32
	listed int // where the source's rejects begin
	m      *source.Mapping
}

func (r *reading) path() string { return inFolder(r.data, r.in.File) }

func (r *reading) read(ctx context.Context) error {
	var err error
	if r.in.SHA256, r.in.Bytes, err = rows.Hash(r.path()); err != nil {
		if errors.Is(err, fs.ErrNotExist) { // gone since the folder was listed
			r.Missing = append(r.Missing, Missing{Source: r.src.name(), Pattern: r.in.File})
			return nil
		}
		return err
	}
	way := r.src
	way.Name, way.Files, way.Optional = "", nil, false
	key := fmt.Sprintf("%s %+v", r.in.SHA256, way)
	if i, ok := r.seen[key]; ok {
		r.repeat(&r.Inputs[i])
		return nil
	}
	r.seen[key] = int(r.file)
	rd, err := r.open()
	if err != nil || rd == nil {
		return err
	}
	defer func() { rd.Close() }()
	if r.m.TwoPass() {
		if err := r.each(ctx, rd, func(rec *rows.Record) { r.m.Look(rec.Values) }, nil); err != nil {
			// The second pass meets the same end and reports it.
			var b *rows.Broken
			if !errors.As(err, &b) {
				return err
			}
		}
		if err := r.m.Decide(); err != nil {
			return r.refuse(err)
		}
		rd.Close()
		if rd, err = r.open(); err != nil || rd == nil {
			return err
		}
	}
	err = r.each(ctx, rd, r.take, func(b *rows.Bad) { r.in.Rows++; r.reject(b.Line, b.Fault) })
	if sum := rd.SHA256(); sum != "" && sum != r.in.SHA256 {
		r.in.SHA256 = sum
		r.Notes = append(r.Notes, r.in.File+": changed while it was read; what was there at that time is in the report")
	}
	r.account()
	var b *rows.Broken
	if errors.As(err, &b) {
		return r.refuse(err)
	}
	return err
}

// open opens the file and finds out what it is. No reader and no error means
// that it was refused.
func (r *reading) open() (*rows.Reader, error) {
	rd, err := rows.Open(r.path(), rows.Options{LogFormat: r.src.LogFormat, Encoding: r.src.Encoding})
	if err != nil {
		return nil, r.refuse(err)
	}
	if r.m != nil { // second pass
		rd.Bind(r.m.Columns)
		return rd, nil
	}
	r.in.Columns = rd.Columns()
	if r.m, err = r.mapping(rd); err != nil {
		rd.Close()
		return nil, r.refuse(err)
	}
	r.in.Unused = r.m.Unused
	rd.Bind(r.m.Columns)
	return rd, nil
}

// mapping finds the source that reads the file: the configured one, else the
// one it is recognised as.
func (r *reading) mapping(rd *rows.Reader) (*source.Mapping, error) {
	set := r.opt.settings(r.src)
	src := source.Get(r.src.Format)
	switch {
	case src != nil:
		r.in.Recognised = "configured"
	case r.src.Table != "":
		src = source.Get(source.Native)
		r.in.Recognised = "configured table " + string(r.src.Table)
	default:
		rec := recognise(rd.Container(), rd.Columns(), r.src.Columns)
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
	return src.NewMapping(set, rd.Container(), rd.Columns(), r.sink)
}

// each walks the rows to the end of the file; nil means all of it was read.
func (r *reading) each(ctx context.Context, rd *rows.Reader, good func(*rows.Record), bad func(*rows.Bad)) error {
	for n := 0; ; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := rd.Next()
		var b *rows.Bad
		switch {
		case err == nil:
			good(rec)
		case err == io.EOF:
			return nil
		case errors.As(err, &b):
			if bad != nil {
				bad(b)
			}
		default:
			return err
		}
	}
}

// take maps one row and counts what became of it.
func (r *reading) take(rec *rows.Record) {
	r.in.Rows++
	skipped, err := r.m.Row(table.Pos{File: r.file, Line: rec.Line}, rec.Values)
	var f *table.Fault
	switch {
	case errors.As(err, &f):
		r.reject(rec.Line, f)
	case err != nil:
		r.reject(rec.Line, &table.Fault{Rule: "could not be taken: " + err.Error(), Remedy: "check the row"})
	case skipped != "":
		r.in.Skipped[skipped]++
	default:
		r.in.Accepted++
	}
}

func (r *reading) reject(line int64, f *table.Fault) {
	r.in.Rejected++
	if len(r.Rejects)-r.listed < RejectsListed {
		r.Rejects = append(r.Rejects, table.RejectOf(r.src.name(), r.in.File, line, f))
	}
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
	r.Rejects = append(r.Rejects, rej)
	return nil
}

// account closes the books of the file.
func (r *reading) account() {
	maps.Copy(r.in.Tables, r.m.Made())
	r.in.First, r.in.Last = r.m.Span()
	r.in.From, r.in.To = r.in.First.String(), r.in.Last.String()
	for _, n := range r.m.Notes() {
		r.Notes = append(r.Notes, r.in.File+": "+n)
	}
}

// repeat counts a file that was read already.
func (r *reading) repeat(first *Input) {
	in := r.in
	in.Format, in.Title, in.Columns, in.Unused = first.Format, first.Title, first.Columns, first.Unused
	in.Rows, in.Duplicates = first.Rows, first.Rows
	in.Recognised = "the same content as " + first.File
	in.Fault = first.Fault
	if first.File == in.File {
		in.Recognised = "read before"
	}
	r.Notes = append(r.Notes, fmt.Sprintf("%s: has the same content as %s; it is not read a second time", in.File, first.File))
}
