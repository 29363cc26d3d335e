package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lostlink/report/bulk"
	"lostlink/report/ledger"
	"lostlink/report/review"
	"lostlink/testdata/sweep"
)

// sweepChild tells the test binary to be the program: "as is", or "careless",
// which writes bulk files where people see them being written.
const sweepChild = "LOSTLINK_SWEEP_CHILD"

func init() {
	// strace counts calls by thread.
	if os.Getenv(sweepChild) != "" {
		runtime.LockOSThread()
	}
}

func swept(how string) {
	if how == "careless" {
		writeBulk = carelessly
	}
	main()
}

// carelessly makes the files of a batch and then copies them bit by bit to where
// they belong.
func carelessly(dir string, list []review.Approved, o bulk.Options) (bulk.Written, error) {
	tmp := filepath.Join(filepath.Dir(filepath.Dir(dir)), ".made", filepath.Base(dir))
	if err := os.RemoveAll(tmp); err != nil {
		return bulk.Written{}, err
	}
	w, err := bulk.Write(tmp, list, o)
	if err != nil {
		return w, err
	}
	w.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return w, err
	}
	entries, err := os.ReadDir(tmp)
	if err != nil {
		return w, err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(tmp, e.Name()))
		if err != nil {
			return w, err
		}
		f, err := os.Create(filepath.Join(dir, e.Name()))
		if err != nil {
			return w, err
		}
		for half := range slices.Chunk(data, len(data)/2+1) {
			if _, err := f.Write(half); err != nil {
				return w, errors.Join(err, f.Close())
			}
		}
		if err := f.Close(); err != nil {
			return w, err
		}
	}
	return w, os.RemoveAll(filepath.Dir(tmp))
}

// sweepWorld is a small vendor with a run and a reviewed workbook of it.
type sweepWorld struct {
	dir   string // where the program works
	first string // as it is before the program runs
	csv   map[string]string
}

const sweepBulk = `
bulk:
  platform: generic
  columns:
    - {file: purchases, from: purchase_id, to: Order}
    - {file: purchases, from: amount_minor, to: Minor}
    - {file: purchases, from: currency, to: Currency}
    - {file: purchases, from: partner_key, to: Partner}
`

func newSweepWorld(t *testing.T) *sweepWorld {
	t.Helper()
	root := t.TempDir()
	w := &sweepWorld{dir: filepath.Join(root, "work"), first: filepath.Join(root, "first"), csv: map[string]string{
		"1-purchases.csv": "Order,Minor,Currency,Partner\np-fay,3900,JPY,harbor\np-ada,4900,USD,harbor\np-ben-2,2900,EUR,harbor\n"}}
	if err := os.CopyFS(w.first, os.DirFS(filepath.Join(scripts, "vendor"))); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(w.first, "lostlink.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, append(text, sweepBulk...), 0o600); err != nil {
		t.Fatal(err)
	}
	if printed, code := lostlink("run -c " + config); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	books, _ := filepath.Glob(filepath.Join(w.first, "out", "latest", "*.xlsx"))
	if len(books) != 1 {
		t.Fatalf("workbooks: %v", books)
	}
	if err := decided(books[0], filepath.Join(w.first, "book.xlsx"), "p-ada:Approve", "p-ben-2:Approve", "p-fay:Approve"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *sweepWorld) reset() error {
	if err := os.RemoveAll(w.dir); err != nil {
		return err
	}
	// CopyFS follows no links, and so takes none over.
	if err := filepath.WalkDir(w.first, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.first, path)
		if err != nil {
			return err
		}
		to := filepath.Join(w.dir, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(to, 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	}); err != nil {
		return err
	}
	return nil
}

// look sees the files of batches as somebody who is about to upload them: whole,
// or not there.
func (w *sweepWorld) look() error {
	batches, err := filepath.Glob(filepath.Join(w.dir, "out", "bulk", "[^.]*"))
	if err != nil {
		return err
	}
	for _, b := range batches {
		for name, want := range w.csv {
			got, err := os.ReadFile(filepath.Join(b, name))
			if err != nil {
				return err
			}
			if string(got) != want {
				return fmt.Errorf("%s is half there: %q", name, got)
			}
		}
		check, err := os.ReadFile(filepath.Join(b, bulk.CheckFile))
		if err != nil {
			return err
		}
		if len(check) < 4 || !bytes.Contains(check[max(0, len(check)-64):], []byte("PK\x05\x06")) {
			return fmt.Errorf("%s is half there: %d bytes", bulk.CheckFile, len(check))
		}
	}
	return nil
}

// check sees whether the book is applied: every purchase once in the ledger and
// once in the files, and the files are those the ledger means.
func (w *sweepWorld) check() error {
	if err := w.look(); err != nil {
		return err
	}
	ctx := context.Background()
	l, err := ledger.Open(ctx, filepath.Join(w.dir, "state", ledger.Name))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Verify(ctx); err != nil {
		return err
	}
	d, err := l.Dump(ctx)
	if err != nil {
		return err
	}
	if len(d.Items) != 3 || len(d.Decisions) != 3 || len(d.Batches) != 1 || len(d.Creations) != 3 || len(d.Books) != 1 || d.Batches[0].State != ledger.StateEmitted {
		return fmt.Errorf("the ledger has %d items, %d decisions, %d creations, %d books, batches %+v", len(d.Items), len(d.Decisions), len(d.Creations), len(d.Books), d.Batches)
	}
	for _, it := range d.Items {
		if it.State != ledger.StateEmitted {
			return fmt.Errorf("item of %s is %s", it.PurchaseID, it.State)
		}
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "out", "bulk"))
	if err != nil {
		return err
	}
	if len(entries) != 1 || entries[0].Name() != d.Batches[0].BatchID {
		return fmt.Errorf("the folder of batches holds %v", entries)
	}
	files, err := filesOf(filepath.Join(w.dir, "out", "bulk", d.Batches[0].BatchID))
	if err != nil {
		return err
	}
	for i := range files {
		files[i].BatchID = d.Batches[0].BatchID
	}
	if !slices.Equal(files, d.Files) {
		return fmt.Errorf("the files are\n%v\nand the ledger has\n%v", files, d.Files)
	}
	return nil
}

func (w *sweepWorld) plan(how string, args ...string) sweep.Plan {
	return sweep.Plan{
		Command: append([]string{os.Args[0]}, args...), Dir: w.dir, Env: []string{sweepChild + "=" + how},
		Watch: []string{filepath.Join(w.dir, "state"), filepath.Join(w.dir, "out")},
		Reset: w.reset, Look: w.look, Check: w.check,
	}
}

// TestApplySweep fails apply --write at each of its calls.
func TestApplySweep(t *testing.T) {
	if os.Getenv(sweep.Variable) == "" {
		sweep.Try(t, sweep.Plan{}) // skips in the usual words
	}
	w := newSweepWorld(t)
	if err := w.reset(); err != nil {
		t.Fatal(err)
	}
	out := sweep.Run(t, w.plan("as is", "apply", "book.xlsx", "--write"))
	for _, call := range []string{"pwrite64", "fsync", "write", "openat", "renameat"} {
		if out.ByCall[call] == 0 {
			t.Errorf("%s was never failed: %v", call, out.ByCall)
		}
	}
}

// TestApplySweepControl is what the sweep must notice: files that are written
// where people see them.
func TestApplySweepControl(t *testing.T) {
	if os.Getenv(sweep.Variable) == "" {
		sweep.Try(t, sweep.Plan{})
	}
	w := newSweepWorld(t)
	if err := w.reset(); err != nil {
		t.Fatal(err)
	}
	p := w.plan("careless", "apply", "book.xlsx", "--write")
	p.Calls = []string{"write"}
	out := sweep.Try(t, p)
	seen := slices.DeleteFunc(slices.Clone(out.Failures), func(f sweep.Failure) bool {
		return !f.Seen || !strings.Contains(f.Error(), "half there") && !errors.Is(f.Err, fs.ErrNotExist)
	})
	if len(seen) < 3 {
		t.Errorf("half files were seen after %d of %d faults only: %v", len(seen), out.Hits, out.Failures)
	}
}

// TestRunSweep fails run where it puts its report in place and records it. The
// report of the night before, the ledger and the decisions in it are there
// already.
func TestRunSweep(t *testing.T) {
	if os.Getenv(sweep.Variable) == "" {
		sweep.Try(t, sweep.Plan{})
	}
	w := newSweepWorld(t)
	config := filepath.Join(w.first, "lostlink.yaml")
	if printed, code := lostlink("apply " + filepath.Join(w.first, "book.xlsx") + " --write -c " + config); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	// What the run should come to.
	if err := w.reset(); err != nil {
		t.Fatal(err)
	}
	if printed, code := lostlink("run -c " + filepath.Join(w.dir, "lostlink.yaml")); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	latest := filepath.Join(w.dir, "out", latestRun)
	id, err := os.Readlink(latest)
	if err != nil {
		t.Fatal(err)
	}
	want, err := filesOf(latest)
	if err != nil {
		t.Fatal(err)
	}
	look := func() error {
		got, err := filesOf(filepath.Join(w.dir, "out", id))
		if err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("the run's folder is half there: %v", got)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	sweep.Run(t, sweep.Plan{
		Command: []string{os.Args[0], "run"}, Dir: w.dir, Env: []string{sweepChild + "=as is"},
		Watch: []string{filepath.Join(w.dir, "out"), filepath.Join(w.dir, "state", ledger.Name), filepath.Join(w.dir, "state", ledger.Name+"-wal")},
		Calls: []string{"fsync", "renameat", "symlinkat"},
		Reset: w.reset, Look: look,
		Check: func() error {
			if err := look(); err != nil {
				return err
			}
			if now, err := os.Readlink(filepath.Join(w.dir, "out", latestRun)); err != nil || now != id {
				return fmt.Errorf("latest is %s (%v)", now, err)
			}
			ctx := context.Background()
			l, err := ledger.Open(ctx, filepath.Join(w.dir, "state", ledger.Name))
			if err != nil {
				return err
			}
			defer l.Close()
			if err := l.Verify(ctx); err != nil {
				return err
			}
			d, err := l.Dump(ctx)
			if err != nil {
				return err
			}
			if len(d.Runs) != 2 || len(d.Gaps) != 3 || len(d.Items) != 3 || d.Gaps[0].LastRun != id {
				return fmt.Errorf("the ledger has %d runs, %d gaps, %d items; the last run is %s", len(d.Runs), len(d.Gaps), len(d.Items), d.Gaps[0].LastRun)
			}
			return nil
		},
	})
}
