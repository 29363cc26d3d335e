package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/google/renameio/v2"
)

// child tells the test binary to be the program that is swept: "safe" or
// "plain".
const child = "LOSTLINK_SWEEP_CHILD"

func init() {
	if os.Getenv(child) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if how := os.Getenv(child); how != "" {
		if err := program(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var text = bytes.Repeat([]byte("one line of many\n"), 4)

// program writes text to out/file.txt, a line at a time.
func program(how string) error {
	path := filepath.Join("out", "file.txt")
	if how == "plain" {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for line := range bytes.Lines(text) {
			if _, err := f.Write(line); err != nil {
				return err
			}
		}
		return f.Sync()
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir("out"))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	for line := range bytes.Lines(text) {
		if _, err := f.Write(line); err != nil {
			return err
		}
	}
	return f.CloseAtomicallyReplace()
}

func plan(t *testing.T, how string) Plan {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	whole := func() error {
		got, err := os.ReadFile(filepath.Join(out, "file.txt"))
		if err == nil && !bytes.Equal(got, text) {
			err = fmt.Errorf("%d of %d bytes", len(got), len(text))
		}
		return err
	}
	return Plan{
		Command: []string{os.Args[0]}, Dir: dir, Env: []string{child + "=" + how}, Watch: []string{out},
		Reset: func() error { return errors.Join(os.RemoveAll(out), os.Mkdir(out, 0o700)) },
		Look: func() error {
			if err := whole(); !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			return nil
		},
		Check: whole,
	}
}

func TestSafe(t *testing.T) {
	out := Run(t, plan(t, "safe"))
	for _, call := range []string{"write", "fsync", "renameat"} {
		if out.ByCall[call] < 2 {
			t.Errorf("%s was failed %d times", call, out.ByCall[call])
		}
	}
}

// TestPlain is the control: the sweep must see the half file that a plain
// program shows.
func TestPlain(t *testing.T) {
	out := Try(t, plan(t, "plain"))
	seen := 0
	for _, f := range out.Failures {
		if f.Seen {
			seen++
		} else {
			t.Errorf("more than a half file: %v", f)
		}
	}
	if seen < 4 {
		t.Errorf("a half file was seen after %d faults only", seen)
	}
}

func TestWatched(t *testing.T) {
	s := &sweep{Plan: Plan{Dir: "/home/x", Watch: []string{"/home/x/out"}}}
	got := s.watched(`10 openat(AT_FDCWD</home/x>, "/etc/hosts", O_RDONLY) = 3</etc/hosts>
10 openat(AT_FDCWD</home/x>, "out/a", O_WRONLY|O_CREAT, 0600) = 3</home/x/out/a>
11 openat(AT_FDCWD</home/x>, "outer/a", O_RDONLY) = 4</home/x/outer/a>
10 write(3</home/x/out/a>, "a\n", 2) = 2
11 write(1</dev/null>, "done\n", 5 <unfinished ...>
10 write(3</home/x/out/a>, "b\n", 2) = 2
11 <... write resumed>) = 5
10 fsync(3</home/x/out/a>) = 0
11 +++ exited with 0 +++
`)
	want := map[string][]int{"openat": {2}, "write": {1, 2}, "fsync": {1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
