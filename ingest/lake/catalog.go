package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"lostlink/ingest/table"
)

// schemaVersion is what PRAGMA user_version says of a catalog made here.
const schemaVersion = 1

// A part is what is written at a time: the rows of one input, or, once
// compacted, of several, in files of its own. An input is live while it has a
// row here, a file while it does.
const schema = `
CREATE TABLE part (
	id INTEGER PRIMARY KEY
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
`

// openCatalog opens the database, made anew if there is none.
func openCatalog(ctx context.Context, path string, readOnly bool) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)"}, "_txlock": {"immediate"}}
	if readOnly {
		q = url.Values{"_pragma": {"query_only(1)", "busy_timeout(5000)", "foreign_keys(1)"}}
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	err = migrate(ctx, db, readOnly)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("catalog %s: %w", path, err)
	}
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, readOnly bool) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case version == schemaVersion:
		return nil
	case version > schemaVersion:
		return fmt.Errorf("is of version %d, made by a newer lostlink; this one knows up to %d", version, schemaVersion)
	case readOnly:
		return errors.New("is empty")
	}
	return inTx(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
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
	in.Key, err = keyFrom(key)
	return &in, err
}

func (l *Lake) tables(ctx context.Context, key string) ([]Table, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT kind, rows, first, last FROM input_table WHERE input = ?", key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[table.Kind]Table{}
	for rows.Next() {
		var t Table
		if err := rows.Scan(&t.Kind, &t.Rows, &t.First, &t.Last); err != nil {
			return nil, err
		}
		found[t.Kind] = t
	}
	var out []Table
	for _, k := range table.Kinds() {
		if t, ok := found[k]; ok {
			out = append(out, t)
		}
	}
	return out, rows.Err()
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
