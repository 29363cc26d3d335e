package lake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lostlink/ingest/table"
)

// Retention says what the lake may forget.
type Retention struct {
	Now time.Time
	// Current are the inputs of the run that ends now; nil: those of the last
	// one. What they replace, an earlier content of the same file, is forgotten.
	Current []Key
	// UnusedFor is how long an input that no run reads any more is kept. 0: for
	// ever, unless Before says otherwise.
	UnusedFor time.Duration
	// Before is the time before which no row is of use: one that no current
	// input has, and all of whose rows are older, is forgotten. 0: no such time.
	Before table.Time
}

// Retain forgets inputs that no run will ask for again, and says which. The
// current ones always stay: a run reads what is in its folders, whatever its
// age, and an input that is forgotten while its file is there would only be
// read again.
func (l *Lake) Retain(ctx context.Context, r Retention) ([]*Input, error) {
	all, err := l.Inputs(ctx)
	if err != nil {
		return nil, err
	}
	current := map[Key]bool{}
	for _, k := range r.Current {
		current[k] = true
	}
	if r.Current == nil && len(all) > 0 {
		last := slices.MaxFunc(all, func(a, b *Input) int { return a.Used.Compare(b.Used) }).Used
		for _, in := range all {
			current[in.Key] = in.Used.Equal(last)
		}
	}
	names := map[string]bool{}
	for _, in := range all {
		if current[in.Key] {
			names[in.Name] = true
		}
	}
	var gone []*Input
	var keys []Key
	for _, in := range all {
		unused := r.UnusedFor > 0 && r.Now.Sub(in.Used) > r.UnusedFor
		if !current[in.Key] && (names[in.Name] || unused || in.before(r.Before)) {
			gone, keys = append(gone, in), append(keys, in.Key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return gone, l.Drop(ctx, keys...)
}

// before tells whether the input has rows with times, and all are older.
func (in *Input) before(t table.Time) bool {
	dated := false
	for _, tab := range in.Tables {
		if tab.Last >= t {
			return false
		}
		dated = dated || tab.Last != 0
	}
	return dated
}

// Sweep removes what an interrupted writer left: files that the catalog does
// not know and that were last written before a time. It gives their names in
// the lake's folder.
func (l *Lake) Sweep(ctx context.Context, before time.Time) ([]string, error) {
	orphans, err := l.orphans(ctx)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, name := range orphans {
		path := filepath.Join(l.dir, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return gone, err
		}
		if !info.ModTime().Before(before) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return gone, err
		}
		gone = append(gone, name)
	}
	return gone, nil
}

// orphans lists the files without a row in the catalog, and keys that were not
// finished.
func (l *Lake) orphans(ctx context.Context) ([]string, error) {
	files, err := l.files(ctx, "")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, f := range files {
		known[f.name] = true
	}
	entries, err := os.ReadDir(filepath.Join(l.dir, partsName))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !known[e.Name()] {
			out = append(out, filepath.Join(partsName, e.Name()))
		}
	}
	keys, err := filepath.Glob(filepath.Join(l.dir, "."+keyName+"*"))
	for _, k := range keys {
		out = append(out, filepath.Base(k))
	}
	return out, err
}

// Status is what a lake holds.
type Status struct {
	Inputs, Parts, Files int
	Bytes                int64 // of the files, without the catalog
	Rows                 []Table
	Dead                 int64 // rows of inputs that are gone, until their parts are written anew
	ToErase              int   // parts that have rows of erased people still
	Orphans              int
	Suppressed           int // people
}

// Status counts.
func (l *Lake) Status(ctx context.Context) (Status, error) {
	var s Status
	parts, err := l.parts(ctx)
	if err != nil {
		return s, err
	}
	byKind := map[table.Kind]*Table{}
	for _, p := range parts {
		s.Parts++
		s.Dead += p.rows - p.live
		if p.erase {
			s.ToErase++
		}
		for _, f := range p.files {
			s.Files++
			s.Bytes += f.bytes
		}
		for _, in := range p.ins {
			s.Inputs++
			for _, t := range in.Tables {
				sum := byKind[t.Kind]
				if sum == nil {
					sum = &Table{Kind: t.Kind, First: t.First, Last: t.Last}
					byKind[t.Kind] = sum
				}
				sum.Rows += t.Rows
				if t.First != 0 && (sum.First == 0 || t.First < sum.First) {
					sum.First = t.First
				}
				if t.Last != 0 && (sum.Last == 0 || t.Last > sum.Last) {
					sum.Last = t.Last
				}
			}
		}
	}
	for _, k := range table.Kinds() {
		if t := byKind[k]; t != nil {
			s.Rows = append(s.Rows, *t)
		}
	}
	orphans, err := l.orphans(ctx)
	if err != nil {
		return s, err
	}
	s.Orphans = len(orphans)
	err = l.db.QueryRowContext(ctx, "SELECT count(*) FROM suppressed WHERE what = 'email'").Scan(&s.Suppressed)
	return s, err
}

// Problem is one thing that is not as it should be.
type Problem struct {
	File   string // in the lake's folder; "" for the catalog itself
	What   string
	Inputs []Key // to be dropped, so that they are read again
}

// Verify compares all files with what the catalog says of them. Files that it
// does not know are none of its business; see [Lake.Sweep].
func (l *Lake) Verify(ctx context.Context) ([]Problem, error) {
	var out []Problem
	catalog, err := l.verifyCatalog(ctx)
	if err != nil {
		return nil, err
	}
	for _, what := range catalog {
		out = append(out, Problem{What: what})
	}
	parts, err := l.parts(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		var keys []Key
		rows := map[table.Kind]int64{}
		for _, in := range p.ins {
			keys = append(keys, in.Key)
			for _, t := range in.Tables {
				rows[t.Kind] += t.Rows
			}
		}
		for _, f := range p.files {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			what, err := l.verifyFile(f, p.ins)
			if err != nil {
				return nil, err
			}
			if what != "" {
				out = append(out, Problem{File: filepath.Join(partsName, f.name), What: what, Inputs: keys})
			}
			if f.what == "rows" {
				delete(rows, f.kind)
			}
		}
		for _, l := range layouts {
			if n := rows[l.kind]; n > 0 {
				out = append(out, Problem{What: fmt.Sprintf("part %d has %d rows of %s in no file", p.id, n, l.kind), Inputs: keys})
			}
		}
	}
	return out, nil
}

// verifyFile says what is wrong with a file; "" if nothing.
func (l *Lake) verifyFile(f file, inputs []*Input) (string, error) {
	in, err := os.Open(l.path(f.name))
	if errors.Is(err, fs.ErrNotExist) {
		return "is missing", nil
	}
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return "cannot be read: " + err.Error(), nil
	}
	if sum := hex.EncodeToString(h.Sum(nil)); n != f.bytes || sum != f.sha256 {
		return "is not what was written", nil
	}
	if f.what != "rows" {
		return "", nil
	}
	r, err := openRows(l.path(f.name), f.bytes, layouts[kindNumber(f.kind)], nil, here)
	if err != nil {
		return "cannot be read: " + err.Error(), nil
	}
	defer r.close()
	written, err := r.inputs()
	if err != nil {
		return err.Error(), nil
	}
	var sum int64
	for _, w := range written {
		sum += w.Rows
	}
	for _, in := range inputs {
		rows := int64(0)
		if i := slices.IndexFunc(in.Tables, func(t Table) bool { return t.Kind == f.kind }); i >= 0 {
			rows = in.Tables[i].Rows
		}
		if int(in.number) >= len(written) || written[in.number] != (inputRows{in.Key.String(), rows}) {
			return "has other rows than the catalog says", nil
		}
	}
	if sum != f.rows || r.pq.NumRows() != f.rows {
		return fmt.Sprintf("has %d rows, not %d", r.pq.NumRows(), f.rows), nil
	}
	return "", nil
}

func (l *Lake) verifyCatalog(ctx context.Context) ([]string, error) {
	var out []string
	for _, check := range []struct{ pragma, good string }{{"integrity_check", "ok"}, {"foreign_key_check", ""}} {
		rows, err := l.db.QueryContext(ctx, "PRAGMA "+check.pragma)
		if err != nil {
			return nil, err
		}
		err = eachRow(rows, func(values []string) {
			if s := strings.Join(values, " "); s != check.good {
				out = append(out, "the catalog is damaged: "+s)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachRow gives the columns of every row as text.
func eachRow(rows *sql.Rows, fn func([]string)) error {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		to := make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		out := make([]string, len(columns))
		for i, v := range values {
			out[i] = v.String
		}
		fn(out)
	}
	return rows.Err()
}
