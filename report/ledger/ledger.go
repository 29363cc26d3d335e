package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
	sqlitecode "modernc.org/sqlite/lib"
)

// Name is the ledger's file in the state folder.
const Name = "ledger.db"

// Ledger is an open ledger. Its methods may be called from one goroutine at a
// time.
type Ledger struct {
	db     *sql.DB
	server bool
	held   *sql.Conn // holds the server's lock
	place  string
}

// ErrLocked says that another run is at work on the same server.
var ErrLocked = errors.New("another run is at work on the ledger")

//go:embed migrations
var migrations embed.FS

// IsURL tells the address of a PostgreSQL server from the path of a file.
func IsURL(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// CheckURL tells what is wrong with the address of a server, in words that do
// not repeat it; "" if nothing is.
func CheckURL(place string) string {
	if !IsURL(place) {
		return "does not begin with postgres://"
	}
	if _, err := pgx.ParseConfig(place); err != nil {
		return "is no address of a PostgreSQL database"
	}
	return ""
}

// Open opens the ledger at a place, the path of a file or the URL of a
// PostgreSQL database, making it and bringing its tables up to date where
// needed. A file is of mode 0600.
func Open(ctx context.Context, place string) (*Ledger, error) {
	l := &Ledger{server: IsURL(place), place: place}
	var err error
	if l.server {
		err = l.openServer(place)
	} else {
		err = l.openFile(place)
	}
	if err != nil {
		return nil, err
	}
	if err := l.migrate(ctx); err != nil {
		l.db.Close()
		return nil, l.wrap("opening", err)
	}
	return l, nil
}

// Exists tells whether there is a ledger file; a server counts as one.
func Exists(place string) bool {
	if IsURL(place) {
		return true
	}
	_, err := os.Stat(place)
	return !errors.Is(err, fs.ErrNotExist)
}

// patience is how long a writer waits for another one, and for a server.
const patience = 5 * time.Second

func (l *Ledger) openFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// SQLite would make it readable to all, and gives its side files the mode
	// of the file.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: fmt.Sprintf(
		"_pragma=busy_timeout(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate", patience.Milliseconds())}
	if l.db, err = sql.Open("sqlite", u.String()); err != nil {
		return l.wrap("opening", err)
	}
	l.db.SetMaxOpenConns(1)
	return nil
}

func (l *Ledger) openServer(place string) error {
	c, err := pgx.ParseConfig(place)
	if err != nil {
		return errors.New("the ledger's URL " + CheckURL(place)) // the error may hold the password
	}
	l.place = fmt.Sprintf("%s of %s", c.Database, c.Host)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, patience)
	l.db = stdlib.OpenDB(*c)
	l.db.SetMaxOpenConns(2) // the lock has one
	return nil
}

// Close ends the use of the ledger and gives its lock back.
func (l *Ledger) Close() error {
	if l.held == nil {
		return l.db.Close()
	}
	// A server notices a closed connection a moment later.
	_, err := l.held.ExecContext(context.Background(), "SELECT pg_advisory_unlock_all()")
	return errors.Join(err, l.held.Close(), l.db.Close())
}

// String says where the ledger is, without a password.
func (l *Ledger) String() string { return l.place }

// migrate brings the tables to the newest form. A ledger that a newer program
// wrote is left alone.
func (l *Ledger) migrate(ctx context.Context) error {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	var options []goose.ProviderOption
	if l.server {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
		one, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(one))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, l.db, files, options...)
	if err != nil {
		return err
	}
	is, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	switch {
	case is > newest:
		return fmt.Errorf("it is of version %d, and this lostlink knows %d: use the newer one", is, newest)
	case is == newest:
		return nil
	}
	_, err = p.Up(ctx)
	return err
}

// serverLock is the number of the advisory lock: "lostlink" in ASCII.
const serverLock = 0x6c6f73746c696e6b

// Lock keeps other runs from a shared ledger until Close; the server frees it
// when the process dies. A file needs none: the lock of the state folder covers
// it. The error is [ErrLocked] where somebody holds it.
func (l *Ledger) Lock(ctx context.Context) error {
	if !l.server || l.held != nil {
		return nil
	}
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return l.wrap("locking", err)
	}
	var got bool
	// One lock for each schema, since each holds a ledger.
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1 # hashtextextended(current_schema(), 0))`, int64(serverLock)).Scan(&got)
	if err == nil && got {
		l.held = conn
		return nil
	}
	conn.Close()
	if err != nil {
		return l.wrap("locking", err)
	}
	return fmt.Errorf("%w %s; wait for it to end", ErrLocked, l.place)
}

// wrap says what was done to which ledger, and tells the system's refusals that
// pass by themselves.
func (l *Ledger) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlitecode.SQLITE_BUSY:
			err = fmt.Errorf("%w (%w)", err, syscall.EBUSY)
		case sqlitecode.SQLITE_FULL:
			err = fmt.Errorf("%w (%w)", err, syscall.ENOSPC)
		case sqlitecode.SQLITE_NOTADB, sqlitecode.SQLITE_CORRUPT:
			err = fmt.Errorf("%w: bring it back from a copy", err)
		}
	}
	return fmt.Errorf("%s the ledger %s: %w", doing, l.place, err)
}

// write does some writing in one transaction: all of it, or nothing.
func (l *Ledger) write(ctx context.Context, doing string, do func(tx *sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return l.wrap(doing, err)
	}
	if err := do(tx); err != nil {
		tx.Rollback()
		return l.wrap(doing, err)
	}
	return l.wrap(doing, tx.Commit())
}

// snapshot asks for a view of one moment. A SQLite transaction is one anyway.
func (l *Ledger) snapshot() *sql.TxOptions {
	if !l.server {
		return nil
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}
