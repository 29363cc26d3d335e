package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"lostlink/ingest/table"
)

// schemaVersion is what PRAGMA user_version says of a catalog made here.
const schemaVersion = 1

// A part is what is written at a time: the rows of one input, or, once
// compacted, of several, in files of its own. An input is live while it has a
// row here, a file while it does. Of inputs that a part was written with and
// that are not live any more, the rows are left in the part's files until it is
// written anew; erase says that they must go soon.
const schema = `
CREATE TABLE secret (
	fingerprint TEXT NOT NULL
) STRICT;
CREATE TABLE part (
	id    INTEGER PRIMARY KEY,
	erase INTEGER NOT NULL DEFAULT 0 CHECK (erase IN (0, 1))
) STRICT;
CREATE TABLE file (
	name   TEXT PRIMARY KEY,
	part   INTEGER NOT NULL REFERENCES part (id) ON DELETE CASCADE,
	kind   TEXT NOT NULL,
	what   TEXT NOT NULL CHECK (what IN ('rows', 'digest')),
	bytes  INTEGER NOT NULL,
	sha256 TEXT NOT NULL,
	rows   INTEGER NOT NULL,
	UNIQUE (part, kind, what)
) STRICT;
CREATE TABLE input (
	key     TEXT PRIMARY KEY,
	part    INTEGER NOT NULL REFERENCES part (id),
	number  INTEGER NOT NULL,
	name    TEXT NOT NULL,
	account BLOB NOT NULL,
	rollup  BLOB NOT NULL,
	used    INTEGER NOT NULL,
	UNIQUE (part, number)
) STRICT;
CREATE TABLE input_table (
	input TEXT NOT NULL REFERENCES input (key) ON DELETE CASCADE,
	kind  TEXT NOT NULL,
	rows  INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last  INTEGER NOT NULL,
	PRIMARY KEY (input, kind)
) STRICT;
CREATE TABLE suppressed (
	what  TEXT NOT NULL CHECK (what IN ('email', 'variants', 'visitor', 'customer')),
	hash  TEXT NOT NULL,
	since INTEGER NOT NULL,
	PRIMARY KEY (what, hash)
) STRICT;
`

// openCatalog opens the database, made anew if there is none. The fingerprint is
// that of the lake's key.
func openCatalog(ctx context.Context, path, fingerprint string, readOnly bool) (*sql.DB, error) {
	pragmas := "_pragma=query_only(1)&_pragma=busy_timeout(5000)"
	if !readOnly {
		pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_txlock=immediate"
		// SQLite would make it readable to all, and gives its side files the mode
		// of the file.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: pragmas}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db, fingerprint, readOnly); err != nil {
		return nil, errors.Join(fmt.Errorf("catalog %s: %w", path, err), db.Close())
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, fingerprint string, readOnly bool) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version == schemaVersion:
		var made string
		if err := db.QueryRowContext(ctx, "SELECT fingerprint FROM secret").Scan(&made); err != nil {
			return err
		}
		if made != fingerprint {
			return errors.New("was made under another key; " + bringBack)
		}
		return nil
	case version > schemaVersion:
		return fmt.Errorf("is of version %d, made by a newer lostlink; this one knows up to %d", version, schemaVersion)
	case readOnly:
		return ErrNone // it was not finished
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO secret (fingerprint) VALUES (?)", fingerprint); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
		return err
	})
}

// inTx runs fn in one transaction, which is on disk when it returns nil.
func inTx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Input is what the lake has of one input.
type Input struct {
	Key     Key
	Name    string // of the file it was read from, as given to Commit
	Account []byte // as given to Commit
	Rollup  []byte // as given to Commit
	Tables  []Table
	Used    time.Time // when a run last read it
	part    int64
	number  int32
}

// Table says what an input has of one table. Rows may be 0: the input then
// fills the table, and holds nothing for it.
type Table struct {
	Kind        table.Kind
	Rows        int64
	First, Last table.Time // of the rows' main times; 0 for none
}

const inputColumns = "key, name, account, rollup, used, part, number"

func scanInput(scan func(...any) error) (*Input, error) {
	var in Input
	var key string
	var used int64
	if err := scan(&key, &in.Name, &in.Account, &in.Rollup, &used, &in.part, &in.number); err != nil {
		return nil, err
	}
	in.Used = time.Unix(used, 0).UTC()
	var err error
	in.Key, err = ParseKey(key)
	return &in, err
}

// tables says what inputs have of each table, in the order of [table.Kinds];
// where narrows it down to some inputs.
func (l *Lake) tables(ctx context.Context, where string, args ...any) (map[string][]Table, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT input, kind, rows, first, last FROM input_table "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]Table{}
	for rows.Next() {
		var key string
		var t Table
		if err := rows.Scan(&key, &t.Kind, &t.Rows, &t.First, &t.Last); err != nil {
			return nil, err
		}
		out[key] = append(out[key], t)
	}
	for _, ts := range out {
		slices.SortFunc(ts, func(a, b Table) int { return kindNumber(a.Kind) - kindNumber(b.Kind) })
	}
	return out, rows.Err()
}

// inputs lists inputs with all that is known of them.
func (l *Lake) inputs(ctx context.Context, where string, args ...any) ([]*Input, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT "+inputColumns+" FROM input "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Input
	for rows.Next() {
		in, err := scanInput(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		return nil, err
	}
	of := ""
	if len(out) == 1 {
		of, args = "WHERE input = ?", []any{out[0].Key.String()}
	} else {
		args = nil
	}
	tables, err := l.tables(ctx, of, args...)
	for _, in := range out {
		in.Tables = tables[in.Key.String()]
	}
	return out, err
}

// file is one file of a part.
type file struct {
	name   string
	temp   string // its name until it is published
	part   int64
	kind   table.Kind
	what   string // "rows" or "digest"
	bytes  int64
	sha256 string
	rows   int64
}

func (l *Lake) files(ctx context.Context, where string, args ...any) ([]file, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT name, part, kind, what, bytes, sha256, rows FROM file "+where+" ORDER BY part, kind, what", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []file
	for rows.Next() {
		var f file
		if err := rows.Scan(&f.name, &f.part, &f.kind, &f.what, &f.bytes, &f.sha256, &f.rows); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}
