package rows

import (
	"errors"
	"fmt"
	"io"
)

// Options says how a file is read. The zero value finds out from the content.
type Options struct {
	// Container is how the rows are packed; "" is found from the content.
	Container Container
	// LogFormat is an nginx log_format or Apache LogFormat string, or one of
	// "combined", "common" and "vhost_combined"; setting it makes the container
	// AccessLog. "" is NCSA combined, or the one of the three that fits the
	// first lines.
	LogFormat string
	// Items is the dotted path of the list in a JSON document ("data.items").
	// "" is found: a top-level array, or a list of objects under data.items,
	// data, items or results in an object that has no id or key of its own.
	Items string
	// Encoding of a text file without byte order mark, by its web name
	// ("windows-1252"); "" is UTF-8.
	Encoding string
	// MaxLine is the longest line or JSON object taken, in bytes; 0 is 4 MiB.
	MaxLine int
	// MaxRatio is how many bytes one compressed byte may become, looked at
	// after the first 64 MiB; 0 is 500. (Access logs reach 30 with gzip and
	// 100 with zstd; gzip itself cannot exceed 1032.)
	MaxRatio int
	// MaxBytes is the largest decompressed size of a file; 0 is 64 GiB.
	// Reading never holds more than a few lines, so this bounds time, not memory.
	MaxBytes int64
}

func (o Options) withDefaults() Options {
	if o.Container == "" && o.LogFormat != "" {
		o.Container = AccessLog
	}
	if o.MaxLine <= 0 {
		o.MaxLine = 4 << 20
	}
	if o.MaxRatio <= 0 {
		o.MaxRatio = 500
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 30
	}
	return o
}

// A body reads the rows of one container. next gives nil, a *Bad, a *Broken
// without its path, io.EOF, or what the file below answered.
type body interface {
	columns() []string
	bind(names []string)
	next(rec *Record) error
	close() error
}

// A viewer is a body whose rows need not have values of their own.
type viewer interface {
	// view is next, but the values may be parts of what is overwritten by the call
	// after it, which is told.
	view(rec *Record) (parts bool, err error)
}

// Reader reads the rows of one file. It is not safe for use by several
// goroutines.
type Reader struct {
	path      string
	file      *file
	container Container
	body      body
	viewer    viewer // the body, if it is one
	buf       []byte // values of a row, end to end
	ends      []int
	record    Record
	lines     int64
	last      int64 // line of the last row, good or bad
	end       error // io.EOF or why the rest cannot be read
}

// Open finds out how a file is packed and reads as far as its column names.
// A missing file gives an error that wraps fs.ErrNotExist, a file whose content
// is at fault a *Broken.
func Open(path string, opt Options) (*Reader, error) {
	opt = opt.withDefaults()
	f, err := openFile(path, opt)
	if err != nil {
		return nil, place(path, 0, err)
	}
	r := &Reader{path: path, file: f}
	if r.container, r.body, err = openBody(f, opt); err != nil {
		f.close()
		return nil, place(path, 0, err)
	}
	return r, nil
}

// openBody never panics: the libraries below are fed files from outside.
func openBody(f *file, opt Options) (c Container, b body, err error) {
	defer recovered(&err)
	switch f.container {
	case Parquet:
		b, err = newParquet(f)
	case XLSX:
		b, err = newXLSX(f)
	default:
		return openText(f, opt)
	}
	if err == nil && opt.Container != "" && opt.Container != f.container {
		b.close()
		return "", nil, broken(nil, fmt.Sprintf("is a %s file, not %s", f.container, opt.Container), "name the right file or format")
	}
	return f.container, b, err
}

// Container says how the file's rows are packed.
func (r *Reader) Container() Container { return r.container }

// Columns are the names found: the header cells of CSV and XLSX (trimmed), the
// leaf paths of Parquet with dots, the variables of a log format without "$"
// and those that can be derived from them, and for JSON the dotted paths of
// the first 100 objects in order of appearance. Columns without a name are
// left out.
func (r *Reader) Columns() []string { return r.body.columns() }

// Bind says which columns are wanted, in order, before the first Next; without
// it records have no values. A name that the file lacks gives "". Names match
// as written, or but for case where no other does; JSON paths only as written.
func (r *Reader) Bind(names []string) {
	r.record.Values = make([]string, len(names))
	r.body.bind(names)
	r.viewer, _ = r.body.(viewer)
}

// Next gives the next row and io.EOF at the end. A *Bad is one row that cannot
// be read; call Next again. Any other error, a *Broken, ends the reading.
func (r *Reader) Next() (*Record, error) { return r.read(false) }

// Skip passes rows by, good or bad, and tells how many: at most n, and fewer
// where only reading them tells where the next one starts.
func (r *Reader) Skip(n int) int {
	if r.end != nil || n <= 0 {
		return 0
	}
	skipped := 0
	switch b := r.body.(type) {
	case *cutText:
		skipped = b.skip(n)
		r.last = b.line - 1
	case *parquetFile:
		skipped = b.skip(n)
		r.last = b.line
	}
	r.lines += int64(skipped)
	return skipped
}

func (r *Reader) read(view bool) (*Record, error) {
	if r.end != nil {
		return nil, r.end
	}
	err := r.step(view)
	if err == nil {
		r.lines++
		r.last = r.record.Line
		return &r.record, nil
	}
	var row *Bad
	if errors.As(err, &row) {
		r.lines++
		r.last = row.Line
		return nil, row
	}
	switch {
	case r.file == nil: // a piece
	case err == io.EOF:
		err = r.file.finish()
	default:
		// What remains is hashed all the same, so that the file can be named.
		_ = r.file.finish()
	}
	if err == nil || err == io.EOF {
		r.end = io.EOF
	} else {
		r.end = place(r.path, r.last+1, err)
	}
	return nil, r.end
}

func (r *Reader) step(view bool) (err error) {
	defer recovered(&err)
	if r.viewer == nil {
		return r.body.next(&r.record)
	}
	parts, err := r.viewer.view(&r.record)
	if err == nil && parts && !view {
		r.own()
	}
	return err
}

// own gives the record values of its own.
func (r *Reader) own() {
	values := r.record.Values
	r.buf, r.ends = r.buf[:0], r.ends[:0]
	for _, v := range values {
		r.buf = append(r.buf, v...)
		r.ends = append(r.ends, len(r.buf))
	}
	all, start := string(r.buf), 0
	for i, end := range r.ends {
		values[i] = all[start:end]
		start = end
	}
}

// View is like [Reader.Next], but the strings of the record are only good until
// the next call. Not using them longer is up to the caller; it saves making them
// for rows that are dropped.
func (r *Reader) View() (*Record, error) {
	return r.read(true)
}

// SHA256 is the hex hash of the raw bytes of the file; "" before Next has given
// io.EOF or another error that ends the reading.
func (r *Reader) SHA256() string { return r.file.sum }

// Lines counts the rows met so far, good or bad.
func (r *Reader) Lines() int64 { return r.lines }

// Close closes the file. It may be called before the end.
func (r *Reader) Close() error {
	return errors.Join(r.body.close(), r.file.close())
}

// place adds the path, and the line if none is known, to an error.
func place(path string, line int64, err error) error {
	var b *Broken
	if !errors.As(err, &b) {
		return err
	}
	b.Path = path
	if b.Line == 0 {
		b.Line = line
	}
	return b
}

func recovered(err *error) {
	if p := recover(); p != nil {
		*err = broken(fmt.Errorf("%v", p), "cannot be read", "make the export again")
	}
}
