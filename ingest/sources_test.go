package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const sourcesDir = "../testdata/sources"

// TestSources reads every file in testdata/sources/<source>. good* is read
// without a reject, no row of bad* is accepted, and what came of each is in
// the golden file beside it. <name>.options.json holds a Source for files that
// need one.
func TestSources(t *testing.T) {
	dirs, err := os.ReadDir(sourcesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if source.Get(d.Name()) == nil {
			t.Errorf("testdata/sources/%s has no source of that name in ingest/source", d.Name())
		}
	}
	for _, s := range source.All() {
		files, _ := filepath.Glob(filepath.Join(sourcesDir, s.Name, "*"))
		var good, bad []string
		for _, f := range files {
			switch base := filepath.Base(f); {
			case strings.HasSuffix(base, ".golden"), strings.HasSuffix(base, ".options.json"):
				if !slices.ContainsFunc(files, func(o string) bool { return o != f && stem(o) == stem(f) && !strings.HasSuffix(o, ".golden") }) {
					t.Errorf("%s belongs to no file", f)
				}
				continue
			case strings.HasPrefix(base, "good"):
				good = append(good, f)
			case strings.HasPrefix(base, "bad"):
				bad = append(bad, f)
			default:
				t.Errorf("%s is neither good nor bad", f)
			}
		}
		if len(good) == 0 && s.Refused == "" {
			t.Errorf("source %s has no testdata/sources/%s/good.* that shows what it takes", s.Name, s.Name)
		}
		if len(bad) == 0 {
			t.Errorf("source %s has no testdata/sources/%s/bad.* that shows what it refuses", s.Name, s.Name)
		}
		if s.Refused == "" && (s.Title == "" || s.Where == "" || s.Example.In == "" || s.Example.Out == "") {
			t.Errorf("source %s does not say its title, where it is found, or an example", s.Name)
		}
		for _, f := range append(good, bad...) {
			t.Run(s.Name+"/"+filepath.Base(f), func(t *testing.T) { testSource(t, s, f) })
		}
	}
}

func stem(file string) string {
	base, _, _ := strings.Cut(filepath.Base(file), ".")
	return base
}

func testSource(t *testing.T, s *source.Source, file string) {
	dir, base := filepath.Split(file)
	src := ingest.Source{Files: []string{base}}
	options, err := os.ReadFile(filepath.Join(dir, stem(file)+".options.json"))
	switch {
	case err == nil:
		dec := json.NewDecoder(bytes.NewReader(options))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&src); err != nil {
			t.Fatal(err)
		}
	case !os.IsNotExist(err):
		t.Fatal(err)
	}
	opt := ingest.DefaultOptions()
	opt.RejectLimit = 1
	opt.Sources = []ingest.Source{src}
	l := load(t, dir, opt)
	in := l.Inputs[0]
	if in.Format != s.Name && s.Refused == "" && in.Fault == "" {
		t.Errorf("recognised as %s", in.Format)
	}
	if strings.HasPrefix(base, "good") {
		if len(l.Rejects) > 0 || in.Accepted == 0 {
			t.Errorf("%d rows accepted, rejects: %v", in.Accepted, l.Rejects)
		}
	} else if len(l.Rejects) == 0 || in.Accepted > 0 {
		t.Errorf("%d rows accepted, %d rejected", in.Accepted, len(l.Rejects))
	}
	golden := filepath.Join(dir, stem(file)+".golden")
	got := dump(l)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; look at what comes out and write it with -update", err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// load reads on an allocator that tells what was not given back.
func load(t testing.TB, dir string, opt ingest.Options) *ingest.Loaded {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	l, err := ingest.Load(context.Background(), dir, opt, mem)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Set.Release()
		mem.AssertSize(t, 0)
	})
	return l
}

// dump writes all that a load gave as text.
func dump(l *ingest.Loaded) string {
	var b strings.Builder
	for _, in := range l.Inputs {
		fmt.Fprintf(&b, "file %s: %s, %s\n", in.File, in.Format, in.Recognised)
		fmt.Fprintf(&b, "rows %d: %d accepted, %d rejected, %d duplicates\n", in.Rows, in.Accepted, in.Rejected, in.Duplicates)
		for _, reason := range slices.Sorted(maps.Keys(in.Skipped)) {
			fmt.Fprintf(&b, "skipped %d: %s\n", in.Skipped[reason], reason)
		}
		for _, k := range slices.Sorted(maps.Keys(in.Tables)) {
			fmt.Fprintf(&b, "made %d %s\n", in.Tables[k], k)
		}
		if in.From != "" {
			fmt.Fprintf(&b, "from %s to %s\n", in.From, in.To)
		}
		if len(in.Unused) > 0 {
			fmt.Fprintf(&b, "unused %s\n", strings.Join(in.Unused, ", "))
		}
	}
	for _, n := range l.Notes {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	for _, m := range l.Missing {
		fmt.Fprintf(&b, "missing %s of %s\n", m.Pattern, m.Source)
	}
	for _, r := range l.Rejects {
		fmt.Fprintf(&b, "reject %s\n", r.Error())
	}
	dumpTable(&b, table.Clicks, l.Set.Clicks)
	dumpTable(&b, table.Visits, l.Set.Visits)
	dumpTable(&b, table.Signups, l.Set.Signups)
	dumpTable(&b, table.Purchases, l.Set.Purchases)
	dumpTable(&b, table.Customers, l.Set.Customers)
	dumpTable(&b, table.Transactions, l.Set.Transactions)
	dumpTable(&b, table.Rewards, l.Set.Rewards)
	dumpTable(&b, table.Links, l.Set.Links)
	dumpTable(&b, table.Partners, l.Set.Partners)
	dumpTable(&b, table.PageChecks, l.Set.PageChecks)
	dumpTable(&b, table.Consents, l.Set.Consents)
	dumpTable(&b, table.Claims, l.Set.Claims)
	return b.String()
}

// dumpTable writes one line per row: the input line and the columns that are
// not empty.
func dumpTable[T table.Row](b *strings.Builder, k table.Kind, t *table.Table[T]) {
	if t == nil {
		return
	}
	fmt.Fprintf(b, "\n%s\n", k)
	for _, rec := range t.Records() {
		for i := range int(rec.NumRows()) {
			for c, col := range rec.Columns() {
				switch name := rec.ColumnName(c); {
				case name == "src_file":
				case name == "src_line":
					fmt.Fprintf(b, "%s:", col.ValueStr(i))
				case col.IsValid(i):
					fmt.Fprintf(b, " %s=%s", name, col.ValueStr(i))
				}
			}
			b.WriteString("\n")
		}
	}
}

// write puts made-up files into a folder of the test's own.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), fs.FileMode(0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
