package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest"
)

// link makes links in a folder: name, target.
func link(t *testing.T, dir string, links ...[2]string) {
	t.Helper()
	for _, l := range links {
		if err := os.Symlink(l[1], filepath.Join(dir, filepath.FromSlash(l[0]))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExclude(t *testing.T) {
	dir := write(t, map[string]string{
		"data/a.csv": oneClick, "data/out/run-1/b.csv": oneClick + "\n", "data/out/run-1/deep/c.csv": oneClick + "\n\n",
		"data/outer/d.csv": oneClick + "\n\n\n", "data/own.csv": oneClick + "\n\n\n\n", "state/e.csv": oneClick,
	})
	data := filepath.Join(dir, "data")
	link(t, data, [2]string{"out/latest", "run-1"}, [2]string{"seen", "out/latest"}, [2]string{"kept.csv", "../state/e.csv"})
	link(t, dir, [2]string{"reports", "data/out"})
	for _, c := range []struct {
		name, patterns string
		exclude        []string
		want, missing  string
	}{
		{"nothing", "**/*.csv", nil, "a.csv kept.csv out/run-1/b.csv out/run-1/deep/c.csv outer/d.csv own.csv", ""},
		{"folders and a file", "**/*.csv", []string{filepath.Join(data, "out"), filepath.Join(dir, "state"), filepath.Join(data, "own.csv")}, "a.csv outer/d.csv", ""},
		{"a link to the folder", "**/*.csv", []string{filepath.Join(dir, "reports")}, "a.csv kept.csv outer/d.csv own.csv", ""},
		{"the link to the newest run", "**/*.csv", []string{filepath.Join(data, "out", "latest")}, "a.csv kept.csv outer/d.csv own.csv", ""},
		{"a folder that is not there", "a.csv", []string{filepath.Join(data, "none")}, "a.csv", ""},
		{"all that fits", "seen/*.csv a.csv out/run-1/b.csv", []string{filepath.Join(data, "out")}, "a.csv", "seen/*.csv out/run-1/b.csv"},
		{"the data folder", "*.csv", []string{data, dir}, "a.csv kept.csv own.csv", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			opt := options(clicks(strings.Fields(c.patterns)...))
			opt.Exclude = c.exclude
			check(t, data, opt, c.want, c.missing)
			// The same, told from the working directory.
			t.Chdir(dir)
			for i, e := range c.exclude {
				opt.Exclude[i], _ = filepath.Rel(dir, e)
			}
			check(t, "data", opt, c.want, c.missing)
		})
	}
}

// check loads and compares the files read and the patterns missing.
func check(t *testing.T, data string, opt ingest.Options, want, missing string) {
	t.Helper()
	l := load(t, data, opt)
	if got := strings.Join(l.Set.Files, " "); got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	var left []string
	for _, m := range l.Missing {
		left = append(left, m.Pattern)
		if note := fmt.Sprintf("source clicks: %s fits only files of lostlink's own, which are not read", m.Pattern); !slices.Contains(l.Notes, note) {
			t.Errorf("notes %q, want %q", l.Notes, note)
		}
	}
	if got := strings.Join(left, " "); got != missing {
		t.Errorf("missing %s, want %s", got, missing)
	}
}

// TestLinks holds that a file is read once under whatever names, and that a
// link back to a folder above ends the way there.
func TestLinks(t *testing.T) {
	dir := write(t, map[string]string{"x/one.csv": oneClick, "x/y/two.csv": oneClick + "\n", "z/three.csv": oneClick + "\n\n"})
	link(t, dir, [2]string{"x/a.csv", "one.csv"}, [2]string{"x/up", "."}, [2]string{"x/y/up", ".."}, [2]string{"x/y/z", "../../z"}, [2]string{"z/x", "../x"},
		[2]string{"z/top", filepath.Dir(dir)}, [2]string{"gone.csv", "nowhere.csv"})
	all := "x/one.csv x/y/two.csv z/three.csv"
	for patterns, want := range map[string]string{
		"**/{one,three}.csv **/two.csv": all,
		"x/a.csv x/one.csv":             "x/one.csv",
		"x/a.csv":                       "x/a.csv", // by the name that was given
		"x/one.csv " + filepath.Join(dir, "x/one.csv"): "x/one.csv",
		"x/y/z/*.csv": "x/y/z/three.csv",
	} {
		check(t, dir, options(clicks(strings.Fields(patterns)...)), want, "")
	}
	l := load(t, dir, options(clicks("*.csv")))
	if len(l.Inputs) != 1 || len(l.Missing) != 1 || l.Missing[0].Pattern != "gone.csv" {
		t.Errorf("a link to nothing: %v missing", l.Missing)
	}
}

// What a pattern would match in a place that nobody may look into is not known:
// it is told, and not passed by.
func TestClosedFolders(t *testing.T) {
	dir := write(t, map[string]string{"x/one.csv": oneClick})
	link(t, dir, [2]string{"self", "self"})
	long := strings.Repeat("n", 300) // no system has such names, for whichever user
	for _, c := range []struct{ name, pattern, closed, read string }{
		{"a link that leads nowhere but to itself", "*/*.csv", "self", "x/one.csv"},
		{"the same among many folders", "**/one.csv", "self", "x/one.csv"},
		{"the folder of the pattern itself", long + "/*.csv", long, ""},
		{"no such folder is no closed one", "y/*.csv", "", ""},
		{"a file is no folder", "x/one.csv/*.csv", "", ""},
	} {
		l := load(t, dir, options(clicks(c.pattern)))
		var closed, read []string
		for _, in := range l.Inputs {
			if in.Fault == "" {
				read = append(read, in.File)
				continue
			}
			closed = append(closed, in.File)
			if want := "cannot be looked into: "; !strings.Contains(in.Fault, in.File+": "+want) || strings.Count(in.Fault, in.File) != 1 {
				t.Errorf("%s: fault %q, want the place once, and %q", c.name, in.Fault, want)
			}
		}
		if strings.Join(closed, " ") != c.closed || strings.Join(read, " ") != c.read || len(l.Rejects) != len(closed) {
			t.Errorf("%s: closed %q, read %q, %d refused; want %q and %q", c.name, closed, read, len(l.Rejects), c.closed, c.read)
		}
	}
	opt := options(clicks("*/*.csv"))
	opt.Exclude = []string{filepath.Join(dir, "self")}
	if l := load(t, dir, opt); len(l.Rejects) != 0 {
		t.Errorf("an excluded place is told: %v", l.Rejects)
	}
}
