package lake

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unsafe"

	"lostlink/ingest/email"
	"lostlink/ingest/table"
)

// Writer takes the rows of one input. It is for one goroutine; several writers
// may be at work at once. Nothing of it is live before Commit.
type Writer struct {
	lake  *Lake
	key   Key
	hider *email.Hider
	kinds [12]*kindWriter // as layouts; nil for a table the input does not fill
	err   error           // the first; all else fails with it
}

// Begin starts to write an input.
func (l *Lake) Begin(k Key) *Writer { return &Writer{lake: l, key: k, hider: l.Hider()} }

// Rows takes the rows of one table.
type Rows[T table.Row] struct {
	w    *Writer
	k    *kindWriter
	twin int // of clicks the number of visits, and the other way round
}

// RowsOf gives the place for an input's rows of one table. Asking for it says
// that the input fills the table, even if no row follows.
func RowsOf[T table.Row](w *Writer) *Rows[T] {
	n := kindNumber(kindOf[T]())
	if w.kinds[n] == nil {
		w.kinds[n] = &kindWriter{layout: layouts[n], dir: filepath.Join(w.lake.dir, partsName), keys: []Key{w.key}, tables: make([]Table, 1), line: -1}
	}
	twin := kindNumber(table.Clicks)
	if n == twin {
		twin = kindNumber(table.Visits)
	}
	return &Rows[T]{w, w.kinds[n], twin}
}

// Append adds a row, which is the caller's again afterwards. Of its place only
// the line is kept. The e-mail address of a click or visit is kept hidden.
func (r *Rows[T]) Append(row *T) error {
	if r.w.err != nil {
		return r.w.err
	}
	p := unsafe.Pointer(row)
	if !r.k.keyed() {
		r.w.err = r.k.append(p, 0, 0)
		return r.w.err
	}
	twin := int8(0)
	if other := r.w.kinds[r.twin]; other != nil && other.line == *wideAt(p, r.k.layout.line) {
		twin = 1
		other.chunk.twin[other.chunk.n-1] = 1
	}
	mail := textAt(p, r.k.layout.email)
	plain := *mail
	*mail = r.w.hider.Hide(plain)
	r.w.err = r.k.append(p, 0, twin)
	*mail = plain
	return r.w.err
}

// Account is what is kept about an input beside its rows.
type Account struct {
	Name   string // of the file, for people
	Record []byte // what a later run reports in the place of reading the file
	Rollup []byte // what a later run knows of the rows without reading them
	Used   time.Time
}

// Commit makes the input live. If the lake has the input already, from another
// writer, that one stays. The writer is of no use afterwards.
func (w *Writer) Commit(ctx context.Context, a Account) error {
	if w.err != nil {
		return errors.Join(w.err, w.Abort())
	}
	var files []file
	var tables []Table
	for _, k := range w.kinds {
		if k == nil {
			continue
		}
		made, err := k.finish()
		if err != nil {
			return errors.Join(fmt.Errorf("writing %s of %s: %w", k.kind, a.Name, err), w.Abort())
		}
		files = append(files, made...)
		tables = append(tables, k.tables...)
	}
	in := Input{Key: w.key, Name: a.Name, Account: a.Record, Rollup: a.Rollup, Tables: tables, Used: a.Used}
	w.lake.mu.Lock()
	defer w.lake.mu.Unlock()
	known, err := w.lake.Input(ctx, w.key)
	if err != nil || known != nil {
		return errors.Join(err, w.Abort())
	}
	err = w.lake.publish(ctx, []arrival{{files, func(tx *sql.Tx, part int64) error { return putInput(ctx, tx, &in, part, 0) }}}, nil)
	return errors.Join(err, w.Abort()) // of a file that was renamed nothing is left to remove
}

// Abort throws away what was written.
func (w *Writer) Abort() error {
	var errs []error
	for _, k := range w.kinds {
		if k != nil {
			errs = append(errs, k.abort())
		}
	}
	return errors.Join(errs...)
}

// arrival is a part that is to become live: its files, finished under temporary
// names, and what puts its inputs into it.
type arrival struct {
	files []file
	put   func(tx *sql.Tx, part int64) error
}

// publish makes parts live, all or none: files are there first, their names come
// next, the catalog last, each on disk before the next. also, if any, is done in
// the same transaction.
func (l *Lake) publish(ctx context.Context, parts []arrival, also func(*sql.Tx) error) error {
	dir := filepath.Join(l.dir, partsName)
	for _, p := range parts {
		for _, f := range p.files {
			if err := os.Rename(filepath.Join(dir, f.temp), filepath.Join(dir, f.name)); err != nil {
				return err
			}
		}
	}
	if slices.ContainsFunc(parts, func(p arrival) bool { return len(p.files) > 0 }) {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return l.swap(ctx, func(tx *sql.Tx) error {
		for _, p := range parts {
			if err := p.enter(ctx, tx); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

// enter puts the part into the catalog.
func (p *arrival) enter(ctx context.Context, tx *sql.Tx) error {
	res, err := tx.ExecContext(ctx, "INSERT INTO part DEFAULT VALUES")
	if err != nil {
		return err
	}
	part, err := res.LastInsertId()
	if err != nil {
		return err
	}
	for _, f := range p.files {
		// The same content under the same name is there already if a part is written
		// anew as it was; the file is that of the new part then.
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO file (name, part, kind, what, bytes, sha256, rows) VALUES (?, ?, ?, ?, ?, ?, ?)",
			f.name, part, f.kind, f.what, f.bytes, f.sha256, f.rows); err != nil {
			return err
		}
	}
	return p.put(tx, part)
}

func putInput(ctx context.Context, tx *sql.Tx, in *Input, part int64, number int) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO input (key, part, number, name, account, rollup, used) VALUES (?, ?, ?, ?, ?, ?, ?)",
		in.Key.String(), part, number, in.Name, notNil(in.Account), notNil(in.Rollup), in.Used.Unix()); err != nil {
		return err
	}
	for _, t := range in.Tables {
		if _, err := tx.ExecContext(ctx, "INSERT INTO input_table (input, kind, rows, first, last) VALUES (?, ?, ?, ?, ?)",
			in.Key.String(), t.Kind, t.Rows, t.First, t.Last); err != nil {
			return err
		}
	}
	return nil
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// kindWriter writes the rows of one table of one part.
type kindWriter struct {
	*layout
	dir    string
	keys   []Key   // of the inputs, by number
	tables []Table // what each of them has
	chunk  *chunk
	line   int64 // of the last row, -1 before it
	rows   *sumFile
	pq     *rowWriter
	sums   *sumFile
	digest *digestWriter
}

// append adds a row. What it gets last it holds until the next, so that its twin
// can be told.
func (k *kindWriter) append(row unsafe.Pointer, input int32, twin int8) error {
	if k.chunk == nil {
		k.chunk = takeChunk(k.layout)
	}
	if k.chunk.full() {
		if err := k.flush(); err != nil {
			return err
		}
	}
	t := &k.tables[input]
	t.Rows++
	if k.at != 0 {
		if at := table.Time(*wideAt(row, k.at)); at != 0 {
			if t.First == 0 || at < t.First {
				t.First = at
			}
			if t.Last == 0 || at > t.Last {
				t.Last = at
			}
		}
	}
	k.chunk.add(row, input, twin)
	k.line = *wideAt(row, k.layout.line)
	return nil
}

// flush writes the chunk.
func (k *kindWriter) flush() error {
	if k.rows == nil {
		var err error
		if k.rows, err = createSum(k.dir); err != nil {
			return err
		}
		k.pq = newRowWriter(k.rows, k.layout)
		if k.keyed() {
			if k.sums, err = createSum(k.dir); err != nil {
				return err
			}
			k.digest = newDigestWriter(k.sums)
		}
	}
	first := uint32(k.pq.rows)
	k.chunk.sort()
	if err := k.pq.write(k.chunk); err != nil {
		return err
	}
	if k.digest != nil {
		k.digest.add(k.chunk, first)
		if k.digest.err != nil {
			return k.digest.err
		}
	}
	k.chunk.reset()
	return nil
}

// finish writes what is left and gives the files, which still have their
// temporary names. No rows give no files.
func (k *kindWriter) finish() ([]file, error) {
	for i := range k.tables {
		k.tables[i].Kind = k.kind
	}
	if k.chunk == nil {
		return nil, nil
	}
	if err := k.flush(); err != nil {
		return nil, err
	}
	k.chunk.give()
	k.chunk = nil
	rowsOf := make([]inputRows, len(k.keys))
	for i, key := range k.keys {
		rowsOf[i] = inputRows{key.String(), k.tables[i].Rows}
	}
	inputs, err := json.Marshal(rowsOf)
	if err != nil {
		return nil, err
	}
	k.pq.w.SetKeyValueMetadata(inputsMeta, string(inputs))
	if err := k.pq.close(); err != nil {
		return nil, err
	}
	rows, err := k.rows.close()
	if err != nil {
		return nil, err
	}
	rows.kind, rows.what, rows.rows = k.kind, "rows", k.pq.rows
	base := fmt.Sprintf("%s-%s", k.kind, rows.sha256[:32])
	rows.name = base + ".parquet"
	out := []file{rows}
	if k.digest != nil {
		if err := k.digest.close(); err != nil {
			return nil, err
		}
		d, err := k.sums.close()
		if err != nil {
			return nil, err
		}
		d.kind, d.what, d.rows, d.name = k.kind, "digest", k.pq.rows, base+".digest"
		out = append(out, d)
	}
	return out, nil
}

func (k *kindWriter) abort() error {
	if k.chunk != nil {
		k.chunk.give()
		k.chunk = nil
	}
	return errors.Join(k.rows.abort(), k.sums.abort())
}

// inputsMeta names the entry of a Parquet file's footer that lists the inputs
// whose rows it has, in the order of their numbers.
const inputsMeta = "lostlink.inputs"

type inputRows struct {
	Key  string `json:"key"`
	Rows int64  `json:"rows"`
}

// sumFile is a temporary file that knows the hash of what was written.
type sumFile struct {
	f    *os.File
	buf  *bufio.Writer
	sum  hash.Hash
	size int64
}

func createSum(dir string) (*sumFile, error) {
	f, err := os.CreateTemp(dir, tempPrefix)
	if err != nil {
		return nil, err
	}
	s := &sumFile{f: f, sum: sha256.New()}
	s.buf = bufio.NewWriterSize(io.MultiWriter(f, s.sum), 256<<10)
	return s, nil
}

func (s *sumFile) Write(p []byte) (int, error) {
	n, err := s.buf.Write(p)
	s.size += int64(n)
	return n, err
}

// close puts the file on disk.
func (s *sumFile) close() (file, error) {
	if err := s.buf.Flush(); err != nil {
		return file{}, err
	}
	if err := s.f.Sync(); err != nil {
		return file{}, err
	}
	return file{temp: filepath.Base(s.f.Name()), bytes: s.size, sha256: hex.EncodeToString(s.sum.Sum(nil))}, s.f.Close()
}

// abort removes the file. What was renamed already is an orphan then.
func (s *sumFile) abort() error {
	if s == nil {
		return nil
	}
	s.f.Close() // may be closed already
	if err := os.Remove(s.f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
