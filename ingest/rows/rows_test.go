package rows

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the want parts of testdata anew")

const testdata = "../../testdata/rows"

// result is all that a file gives, as text: its columns, a line per row with
// the values in ⟨⟩, bad rows with "!", and how it ended where not at its end.
func result(path string, opt Options, bind []string) string {
	var out strings.Builder
	tell := func(err error) { fmt.Fprintln(&out, "end:", strings.ReplaceAll(err.Error(), path, "FILE")) }
	r, err := Open(path, opt)
	if err != nil {
		tell(err)
		return out.String()
	}
	defer r.Close()
	fmt.Fprintf(&out, "%s: %s\n", r.Container(), strings.Join(r.Columns(), ", "))
	r.Bind(bind)
	rows := int64(0)
	for {
		rec, err := r.Next()
		var bad *Bad
		switch {
		case err == nil:
			fmt.Fprintf(&out, "%d:", rec.Line)
			for _, v := range rec.Values {
				fmt.Fprintf(&out, " ⟨%s⟩", v)
			}
			fmt.Fprintln(&out)
		case errors.As(err, &bad):
			fmt.Fprintf(&out, "! %v\n", bad)
		default:
			if err != io.EOF {
				tell(err)
			}
			if sum, _, _ := Hash(path); r.SHA256() != sum {
				fmt.Fprintf(&out, "hash %s, want %s\n", r.SHA256(), sum)
			}
			if r.Lines() != rows {
				fmt.Fprintf(&out, "%d rows counted, %d given\n", r.Lines(), rows)
			}
			if _, again := r.Next(); again != err {
				fmt.Fprintf(&out, "then %v\n", again)
			}
			return out.String()
		}
		rows++
	}
}

// write makes a file of the test's own.
func write(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// example is a txtar of testdata: the file, how it is read, what comes out.
type example struct {
	path string
	in   []byte
	want string
	opt  Options
	bind []string
}

func examples(t testing.TB) []example {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples in %s: %v", testdata, err)
	}
	var out []example
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		e := example{path: path}
		for _, f := range archive.Files {
			switch f.Name {
			case "in":
				e.in = f.Data
			case "want":
				e.want = string(f.Data)
			default:
				t.Fatalf("%s: what is %s?", path, f.Name)
			}
		}
		for line := range strings.Lines(string(archive.Comment)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "container":
				e.opt.Container = Container(value)
			case "items":
				e.opt.Items = value
			case "logformat":
				e.opt.LogFormat = value
			case "bind":
				e.bind = strings.Split(value, ", ")
			}
		}
		out = append(out, e)
	}
	return out
}

func TestExamples(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(strings.TrimSuffix(filepath.Base(e.path), ".txtar"), func(t *testing.T) {
			// txtar cannot hold a file without a line end; those of logs and
			// JSON lines are tried without.
			in := e.in
			if bytes.HasSuffix(in, []byte("cut\n")) {
				in = in[:len(in)-1]
			}
			got := result(write(t, "in", in), e.opt, e.bind)
			if *update {
				archive, err := txtar.ParseFile(e.path)
				if err != nil {
					t.Fatal(err)
				}
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(e.path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != e.want {
				t.Errorf("%s gives\n%swant\n%s", e.path, got, e.want)
			}
		})
	}
}

// TestPacking reads every example of testdata packed in every way and expects
// the same.
func TestPacking(t *testing.T) {
	for _, e := range examples(t) {
		plain := result(write(t, "in", e.in), e.opt, e.bind)
		for name, pack := range packings {
			if got := result(write(t, "in", pack(t, e.in)), e.opt, e.bind); got != plain {
				t.Errorf("%s as %s gives\n%swant\n%s", e.path, name, got, plain)
			}
		}
	}
}
