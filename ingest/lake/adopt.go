package lake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lostlink/ingest/table"
)

// Fingerprint tells keys apart without showing them.
func (l *Lake) Fingerprint() string { return fingerprint(l.key) }

func fingerprint(key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("fingerprint"))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Adopted says what Adopt did.
type Adopted struct {
	Taken int // inputs that are live now
	Known int // that were live before
	Left  int // whose part is here already without them: they cannot come back into it
	// Erased are inputs with rows of erased people: they were left, or forgotten
	// if they were here, and are to be read again past the list.
	Erased []Key
}

// Adopt takes inputs over from another lake under the same key, with its list of
// erased people: all of them or, after an error, none. What the other has of them
// is compared with what was written there; a file that differs gives a
// [*DamagedError]. Inputs that the other does not have are an error.
func (l *Lake) Adopt(ctx context.Context, other *Lake, keys []Key, now time.Time) (*Adopted, error) {
	if !hmac.Equal(l.key, other.key) {
		return nil, errors.New("the lakes hide addresses under different keys")
	}
	out := &Adopted{}
	list, theirs, err := l.lists(ctx, other)
	if err != nil {
		return nil, err
	}
	left := map[Key]bool{}
	if !list.Empty() {
		if out.Erased, err = other.marked(ctx, list, keys); err != nil {
			return nil, err
		}
		for _, k := range out.Erased {
			left[k] = true
		}
	}
	var forget []Key // of our own
	if len(theirs) > 0 {
		if forget, err = l.markedHere(ctx, list); err != nil {
			return nil, err
		}
		out.Erased = append(out.Erased, forget...)
	}
	taking := map[Key]bool{}
	for _, k := range keys {
		if left[k] {
			continue
		}
		known, err := l.Input(ctx, k)
		if err != nil {
			return nil, err
		}
		if known != nil {
			out.Known++
		} else {
			taking[k] = true
		}
	}
	arrivals, err := l.copyParts(ctx, other, taking, out)
	defer func() {
		for _, a := range arrivals {
			for _, f := range a.files {
				os.Remove(l.path(f.temp)) // is gone where it was renamed
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	for k := range taking {
		return nil, fmt.Errorf("the lake in %s does not have input %s", other.dir, k)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return out, l.publish(ctx, arrivals, func(tx *sql.Tx) error {
		for _, e := range theirs {
			if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO suppressed (what, hash, since) VALUES (?, ?, ?)", e.what, e.hash, now.Unix()); err != nil {
				return err
			}
		}
		return forgetErased(ctx, tx, forget)
	})
}

// listed is one line of the list of erased people.
type listed struct{ what, hash string }

// lists gives both lakes' lists as one, and what only the other's has.
func (l *Lake) lists(ctx context.Context, other *Lake) (*Suppression, []listed, error) {
	list, err := l.Suppression(ctx)
	if err != nil {
		return nil, nil, err
	}
	more, err := other.Suppression(ctx)
	if err != nil {
		return nil, nil, err
	}
	var theirs []listed
	of := list.lists()
	for what, hashes := range more.lists() {
		for _, h := range slices.Sorted(maps.Keys(hashes)) {
			if !of[what][h] {
				of[what][h] = true
				theirs = append(theirs, listed{what, h})
			}
		}
	}
	return list, theirs, nil
}

// marked gives the inputs with rows that the list takes out or changes.
func (l *Lake) marked(ctx context.Context, list *Suppression, keys []Key) ([]Key, error) {
	var uses []Use
	for i, k := range keys {
		uses = append(uses, Use{k, int32(i)})
	}
	v, err := l.View(ctx, uses)
	if err != nil {
		return nil, err
	}
	s := &search{Screen: list.Screen(), v: v, files: map[int32]bool{}, rows: map[table.Kind]int64{}}
	if err := s.changed(ctx); err != nil {
		return nil, err
	}
	var out []Key
	for i, k := range keys {
		if s.files[int32(i)] {
			out = append(out, k)
		}
	}
	return out, nil
}

// markedHere does as marked with all inputs. It is only a memory: what is damaged
// is forgotten.
func (l *Lake) markedHere(ctx context.Context, list *Suppression) ([]Key, error) {
	for {
		own, err := l.Inputs(ctx)
		if err != nil {
			return nil, err
		}
		marked, err := l.marked(ctx, list, keysOf(own))
		var damaged *DamagedError
		if !errors.As(err, &damaged) {
			return marked, err
		}
		if err := l.Drop(ctx, damaged.Inputs...); err != nil {
			return nil, err
		}
	}
}

func keysOf(inputs []*Input) []Key {
	var out []Key
	for _, in := range inputs {
		out = append(out, in.Key)
	}
	return out
}

// copyParts copies the parts that hold some inputs, under temporary names, and
// takes the inputs it found off the list.
func (l *Lake) copyParts(ctx context.Context, other *Lake, taking map[Key]bool, done *Adopted) ([]arrival, error) {
	parts, err := other.parts(ctx)
	if err != nil {
		return nil, err
	}
	files, err := l.files(ctx, "")
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, f := range files {
		have[f.name] = true
	}
	var out []arrival
	for _, p := range parts {
		var ins []*Input
		for _, in := range p.ins {
			if taking[in.Key] {
				ins = append(ins, in)
				delete(taking, in.Key)
			}
		}
		if len(ins) == 0 {
			continue
		}
		if slices.ContainsFunc(p.files, func(f file) bool { return have[f.name] }) {
			done.Left += len(ins)
			continue
		}
		done.Taken += len(ins)
		a := arrival{put: func(tx *sql.Tx, part int64) error {
			for _, in := range ins {
				if err := putInput(ctx, tx, in, part, int(in.number)); err != nil {
					return err
				}
			}
			// Rows of what was left may be of erased people.
			_, err := tx.ExecContext(ctx, "UPDATE part SET erase = ? WHERE id = ?", p.erase || len(ins) < len(p.ins), part)
			return err
		}}
		for _, f := range p.files {
			temp, err := l.copyFile(ctx, other, f)
			if err != nil {
				var d *DamagedError
				if errors.As(err, &d) {
					d.Inputs = keysOf(p.ins)
				}
				return append(out, a), err
			}
			f.temp = temp
			a.files = append(a.files, f)
		}
		out = append(out, a)
	}
	return out, nil
}

// copyFile copies a file of another lake and compares it with what that lake
// says of it; it gives the temporary name.
func (l *Lake) copyFile(ctx context.Context, other *Lake, f file) (_ string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	in, err := os.Open(other.path(f.name))
	if errors.Is(err, os.ErrNotExist) {
		return "", &DamagedError{File: other.path(f.name), Err: errors.New("is missing")}
	}
	if err != nil {
		return "", err
	}
	defer in.Close()
	to, err := createSum(filepath.Join(l.dir, partsName))
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, to.abort())
		}
	}()
	if _, err := io.Copy(to, in); err != nil {
		return "", err
	}
	made, err := to.close()
	if err != nil {
		return "", err
	}
	if made.bytes != f.bytes || made.sha256 != f.sha256 {
		return "", &DamagedError{File: other.path(f.name), Err: errors.New("is not what was written")}
	}
	return made.temp, nil
}
