package lake

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"

	"lostlink/ingest/email"
)

// Lake is an open lake. Its methods may be called from several goroutines; one
// process at a time has it open.
type Lake struct {
	dir  string
	db   *sql.DB
	lock *flock.Flock
	key  []byte
	mu   sync.Mutex // around what changes the catalog
}

// The names in the lake's folder.
const (
	catalogName = "catalog.db"
	keyName     = "key"
	lockName    = "lock"
	partsName   = "parts"
	tempPrefix  = "new-"
)

// ErrLocked says that another process has the lake open.
var ErrLocked = errors.New("another process is at work on the lake")

// ErrKey says that a lake has another key than the one it was to have.
var ErrKey = errors.New("hides addresses under another key")

// ErrNone says that there is no lake in the folder, and none was to be made.
var ErrNone = errors.New("there is no lake")

// Options say how a lake is opened.
type Options struct {
	// ReadOnly opens a lake that is there, to look at it. Others may look too.
	ReadOnly bool
	// KeyFile is the key of another lake, so that what is hidden in both compares.
	// A new lake takes it over; one that has another is refused with [ErrKey].
	KeyFile string
}

// Open opens the lake in a folder and makes one where there is none.
func Open(ctx context.Context, dir string, opt Options) (_ *Lake, err error) {
	l := &Lake{dir: dir}
	if opt.ReadOnly {
		if _, err := os.Stat(filepath.Join(dir, catalogName)); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", dir, ErrNone)
		}
	} else if err := os.MkdirAll(filepath.Join(dir, partsName), 0o700); err != nil {
		return nil, err
	}
	l.lock = flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	try := l.lock.TryLock
	if opt.ReadOnly {
		try = l.lock.TryRLock
	}
	ok, err := try()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
	}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.key, err = secret(dir, opt.KeyFile); err != nil {
		return nil, err
	}
	l.db, err = openCatalog(ctx, filepath.Join(dir, catalogName), l.Fingerprint(), opt.ReadOnly)
	return l, err
}

// bringBack is what can be done about a lake whose key is not its own.
const bringBack = "bring back its file \"" + keyName + "\", or remove the lake's folder and let it be made anew (who was erased has to be erased again)"

// KeyPath is where the lake in a folder has its key.
func KeyPath(dir string) string { return filepath.Join(dir, keyName) }

// secret reads the key that addresses are hidden under, or makes one for a new
// lake, if it is not given. Under another key nothing in a lake would compare
// with anything.
func secret(dir, given string) ([]byte, error) {
	path := KeyPath(dir)
	var key []byte
	if given != "" {
		b, err := os.ReadFile(given)
		if err != nil {
			return nil, fmt.Errorf("reading the key: %w", err)
		}
		if key = keyIn(b); key == nil {
			return nil, fmt.Errorf("%s is not the key of a lake; give 32 random bytes in hexadecimal, as in the file %q of a lake", given, keyName)
		}
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, catalogName)); !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("the lake in %s has lost its key; %s", dir, bringBack), err)
		}
		if key == nil {
			key = make([]byte, 32)
			rand.Read(key)
		}
		if err := renameio.WriteFile(path, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
			return nil, err
		}
		return key, syncDir(dir)
	}
	if err != nil {
		return nil, err
	}
	own := keyIn(b)
	switch {
	case own == nil:
		return nil, fmt.Errorf("%s is not the key of a lake; %s", path, bringBack)
	case key != nil && !hmac.Equal(own, key):
		return nil, fmt.Errorf("the lake in %s %w (fingerprint %s) than %s (%s)", dir, ErrKey, fingerprint(own), given, fingerprint(key))
	}
	return own, nil
}

// keyIn reads a key; nil for what is none.
func keyIn(b []byte) []byte {
	if key, err := hex.DecodeString(strings.TrimSpace(string(b))); err == nil && len(key) == 32 {
		return key
	}
	return nil
}

// Close gives the lake free.
func (l *Lake) Close() error {
	var err error
	if l.db != nil {
		err = l.db.Close()
	}
	return errors.Join(err, l.lock.Unlock())
}

// Hider gives a new hider of addresses under the lake's key.
func (l *Lake) Hider() *email.Hider { return email.NewHider(l.key) }

// Input tells what the lake has of an input; nil if it does not know it.
func (l *Lake) Input(ctx context.Context, k Key) (*Input, error) {
	ins, err := l.inputs(ctx, "WHERE key = ?", k.String())
	if err != nil || len(ins) == 0 {
		return nil, err
	}
	return ins[0], nil
}

// Inputs lists all inputs the lake has, by name and key.
func (l *Lake) Inputs(ctx context.Context) ([]*Input, error) {
	return l.inputs(ctx, "ORDER BY name, key")
}

// Touch notes that a run reads the inputs.
func (l *Lake) Touch(ctx context.Context, now time.Time, keys ...Key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return inTx(ctx, l.db, func(tx *sql.Tx) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, "UPDATE input SET used = ? WHERE key = ?", now.Unix(), k.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Drop forgets inputs, known or not, so that they are read again.
func (l *Lake) Drop(ctx context.Context, keys ...Key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.swap(ctx, func(tx *sql.Tx) error { return drop(ctx, tx, keys) })
}

func drop(ctx context.Context, tx *sql.Tx, keys []Key) error {
	for _, k := range keys {
		if _, err := tx.ExecContext(ctx, "DELETE FROM input WHERE key = ?", k.String()); err != nil {
			return err
		}
	}
	return nil
}

// swap changes the catalog in one transaction, forgets the parts that no input
// is in any more, and then removes their files.
func (l *Lake) swap(ctx context.Context, change func(*sql.Tx) error) error {
	var gone []string
	err := inTx(ctx, l.db, func(tx *sql.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT name FROM file WHERE part NOT IN (SELECT part FROM input)")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			gone = append(gone, name)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM part WHERE id NOT IN (SELECT part FROM input)")
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		// One that cannot be removed now is an orphan, which Sweep removes.
		os.Remove(l.path(name))
	}
	return nil
}

func (l *Lake) path(name string) string { return filepath.Join(l.dir, partsName, name) }

// syncDir puts the names in a folder on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
