package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"lostlink/testdata/need"
	"lostlink/testdata/sweep"
)

// child tells the test binary to be the program whose calls are failed, and
// childLake where its lake is.
const (
	child     = "LOSTLINK_LAKE_CHILD"
	childLake = "LOSTLINK_LAKE_DIR"
)

func init() {
	if os.Getenv(child) != "" {
		runtime.LockOSThread()
	}
}

// What the program finds in the lake, and what must be in it in the end.
var (
	atFirst = []content{{seed: 1, clicks: 40, visits: 20, signups: 3, purchases: 5}, {seed: 2, clicks: 10, visits: 3, signups: -1, purchases: -1}}
	atLast  = []content{atFirst[0], {seed: 3, clicks: 30, visits: 40, signups: 2, purchases: 9}, {seed: 4, clicks: -1, visits: 0, signups: 2, purchases: 1}}
)

// ingest is a night's work on the lake: what is new is written, what is
// replaced is forgotten, parts are joined, what was left behind is removed.
func ingest(dir, how string) error {
	ctx := context.Background()
	l, err := Open(ctx, dir, optionsOf(how, dir))
	if err != nil {
		return err
	}
	defer l.Close()
	if how == "adopting" {
		if err := adoptLast(ctx, l, shardOf(dir)); err != nil {
			return err
		}
	}
	var keys []Key
	for i, c := range atLast {
		keys = append(keys, c.key())
		in, err := l.Input(ctx, c.key())
		switch {
		case err != nil:
		case in != nil:
			// As a run would: what cannot be read is read again.
			if how == "careless" && holdsAll(ctx, l, []content{c}) != nil {
				err = errors.Join(l.Drop(ctx, c.key()), carelessly(ctx, l, c))
			}
		case how == "careless":
			err = carelessly(ctx, l, c)
		default:
			err = c.write(ctx, l, fmt.Sprintf("file %d", i), day0)
		}
		if err != nil {
			return err
		}
	}
	if _, err := l.Retain(ctx, Retention{Now: day0, Current: keys, UnusedFor: time.Nanosecond, Before: 1 << 62}); err != nil {
		return err
	}
	if how == "careful" {
		if _, err := l.Compact(ctx, true); err != nil {
			return err
		}
	}
	_, err = l.Sweep(ctx, time.Now().Add(time.Hour))
	return err
}

// shardOf is the lake beside another whose inputs are taken over.
func shardOf(dir string) string { return filepath.Join(filepath.Dir(dir), "shard") }

// optionsOf are those with which a lake is opened.
func optionsOf(how, dir string) Options {
	if how == "adopting" {
		return Options{KeyFile: KeyPath(shardOf(dir))}
	}
	return Options{}
}

// adoptLast takes over from a shard what must be in the lake in the end.
func adoptLast(ctx context.Context, l *Lake, shard string) error {
	other, err := Open(ctx, shard, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer other.Close()
	var keys []Key
	for _, c := range atLast {
		keys = append(keys, c.key())
	}
	_, err = l.Adopt(ctx, other, keys, day0)
	return err
}

// carelessly writes an input as it must not be: the catalog knows the files
// before they are there.
func carelessly(ctx context.Context, l *Lake, c content) error {
	w := l.Begin(c.key())
	if err := errors.Join(put(w, c.clicks, c.click, nil), put(w, c.visits, c.visit, nil), put(w, c.signups, c.signup, nil), put(w, c.purchases, c.purchase, nil)); err != nil {
		return err
	}
	var files []file
	var tables []Table
	for _, k := range w.kinds {
		if k != nil {
			made, err := k.finish()
			if err != nil {
				return err
			}
			files, tables = append(files, made...), append(tables, k.tables...)
		}
	}
	in := Input{Key: c.key(), Name: "f", Account: []byte(fmt.Sprint(c)), Tables: tables, Used: day0}
	if err := l.publish(ctx, []arrival{{nil, func(tx *sql.Tx, part int64) error {
		for _, f := range files {
			if _, err := tx.ExecContext(ctx, "INSERT INTO file (name, part, kind, what, bytes, sha256, rows) VALUES (?, ?, ?, ?, ?, ?, ?)",
				f.name, part, f.kind, f.what, f.bytes, f.sha256, f.rows); err != nil {
				return err
			}
		}
		return putInput(ctx, tx, &in, part, 0)
	}}}, nil); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Rename(l.path(f.temp), l.path(f.name)); err != nil {
			return err
		}
	}
	return nil
}

// crashPlan is a sweep over the program, which finds a lake in use or none.
func crashPlan(t *testing.T, how string, fresh bool) sweep.Plan {
	t.Helper()
	ctx := context.Background()
	root := t.TempDir()
	dir, before := filepath.Join(root, "lake"), filepath.Join(root, "before")
	filled := func(dir string, opt Options, cs []content) {
		t.Helper()
		l, err := Open(ctx, dir, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range cs {
			if err := c.write(ctx, l, fmt.Sprintf("file %d", i), day0.Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if how == "adopting" {
		filled(shardOf(dir), Options{}, atLast)
	}
	if !fresh {
		filled(before, optionsOf(how, dir), atFirst)
	}
	looked := func(check func(l *Lake) error) error {
		l, err := Open(ctx, dir, optionsOf(how, dir))
		if err != nil {
			return err
		}
		return errors.Join(check(l), l.Close())
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return sweep.Plan{
		Command: []string{exe}, Dir: root, Env: []string{child + "=" + how, childLake + "=" + dir}, Watch: []string{root},
		Reset: func() error {
			if err := os.RemoveAll(dir); err != nil || fresh {
				return err
			}
			return os.CopyFS(dir, os.DirFS(before))
		},
		// At any time, what the catalog says is so, and the input that the night
		// does not change can be read.
		Look: func() error {
			if _, err := os.Stat(dir); fresh && errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return looked(func(l *Lake) error {
				if fresh {
					return sound(ctx, l)
				}
				return errors.Join(sound(ctx, l), holdsAll(ctx, l, atFirst[:1]))
			})
		},
		Check: func() error {
			return looked(func(l *Lake) error {
				s, err := l.Status(ctx)
				switch {
				case err != nil:
				case s.Inputs != len(atLast):
					err = fmt.Errorf("%d inputs, not %d", s.Inputs, len(atLast))
				case s.Orphans > 0 || s.Dead > 0:
					err = fmt.Errorf("%d files left behind, %d rows of inputs that are gone", s.Orphans, s.Dead)
				}
				return errors.Join(err, sound(ctx, l), holdsAll(ctx, l, atLast))
			})
		},
	}
}

// A crash or a failing disk at any call leaves a lake that is sound, and of
// which the next run makes what it would have made.
func TestCrash(t *testing.T) {
	need.Variable(t, sweep.Variable)
	t.Run("in use", func(t *testing.T) { sweep.Run(t, crashPlan(t, "careful", false)) })
	t.Run("fresh", func(t *testing.T) { sweep.Run(t, crashPlan(t, "careful", true)) })
	t.Run("adopting", func(t *testing.T) { sweep.Run(t, crashPlan(t, "adopting", false)) })
	t.Run("adopting fresh", func(t *testing.T) { sweep.Run(t, crashPlan(t, "adopting", true)) })
	// A sweep that finds nothing wrong here would find nothing anywhere.
	t.Run("control", func(t *testing.T) {
		if out := sweep.Try(t, crashPlan(t, "careless", false)); len(out.Failures) == 0 {
			t.Error("the careless program passes")
		}
	})
}

// On a full disk an ingest fails, says so, and leaves the lake as it was.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	mount, err := exec.LookPath("mount")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs to mount a small disk, as root")
	}
	if out, err := exec.Command(mount, "-t", "tmpfs", "-o", "size=600k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount a small disk: %s", out)
	}
	defer exec.Command("umount", dir).Run()
	l, err := Open(ctx, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := atFirst[0].write(ctx, l, "f", day0); err != nil {
		t.Fatal(err)
	}
	big := content{seed: 5, clicks: 20_000, purchases: 20_000}
	if err := big.write(ctx, l, "big", day0); err == nil {
		t.Fatal("more was written than there is room for")
	} else if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if err := errors.Join(sound(ctx, l), holdsAll(ctx, l, atFirst[:1])); err != nil {
		t.Error(err)
	}
	if left, err := l.orphans(ctx); err != nil || len(left) > 0 {
		t.Errorf("left on a full disk: %v, %v", left, err)
	}
	if err := atLast[1].write(ctx, l, "small", day0); err != nil {
		t.Errorf("what there is room for: %v", err)
	}
}
