package main

import (
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files of the scripts")

func TestMain(m *testing.M) {
	if how := os.Getenv(sweepChild); how != "" {
		swept(how)
	}
	testscript.Main(m, map[string]func(){"lostlink": main})
}

const scripts = "../../testdata/run"

// TestScript runs testdata/run/*.txtar, each in a folder and an environment of
// its own. Beyond testscript's commands there are
//
//	exits CODE PROGRAM [ARGUMENT...]  run a program that must end with the code
//	vendor [DIR]                      copy the vendor of testdata/run/vendor
//	edit FILE OLD NEW                 put NEW for OLD, which must be there; both with Go's escapes
//	fill FILE WORD N                  put N letters for a word
//	gzip FILE                         pack it as FILE.gz and remove it
//	truncate FILE N                   keep the first N bytes; FILE may be a pattern of one file
//	lock DIR                          hold the lock of a state folder until the script ends
//	unrun FILE NEW                    copy a file, stdout or stderr with RUN for the id of a run and TODAY for
//	                                  the day and a time of it; FILE may be a pattern of one file
//	[!] same FILE-OR-DIR...           they have the same bytes; folders the same files too
//	decide BOOK COPY [WORD...]        fill a workbook in as a reviewer does, see [decided]
//	platform start|…                  a partner platform, see [partnerPlatform]
//	mode MODE FILE...                 the files and folders have these permissions (octal)
func TestScript(t *testing.T) {
	vendor, err := filepath.Abs(filepath.Join(scripts, "vendor"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"vendor": func(ts *testscript.TestScript, neg bool, args []string) {
				dir := ts.MkAbs(".")
				if len(args) > 0 {
					dir = ts.MkAbs(args[0])
				}
				wants(ts, neg || len(args) > 1, "vendor [DIR]")
				ts.Check(os.CopyFS(dir, os.DirFS(vendor)))
			},
			"edit":     edit,
			"fill":     fill,
			"gzip":     pack,
			"truncate": truncate,
			"lock":     holdLock,
			"unrun":    unrun,
			"same":     same,
			"decide":   decide,
			"platform": partnerPlatform,
			"mode":     mode,
		},
	})
}

// wants ends a script that uses a command wrongly.
func wants(ts *testscript.TestScript, wrong bool, usage string) {
	if wrong {
		ts.Fatalf("usage: %s", usage)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) < 2, "exits CODE PROGRAM [ARGUMENT...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func edit(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 3, "edit FILE OLD NEW")
	var texts [2]string
	for i, s := range args[1:] {
		var err error
		if texts[i], err = strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err != nil {
			ts.Fatalf("%s: %v", s, err)
		}
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, texts[0]) {
		ts.Fatalf("%s does not hold %q", args[0], texts[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, texts[0], texts[1])), 0o600))
}

func fill(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 3, "fill FILE WORD N")
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	edit(ts, false, []string{args[0], args[1], strings.Repeat("x", n)})
}

func pack(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 1, "gzip FILE")
	f, err := os.Create(ts.MkAbs(args[0] + ".gz"))
	ts.Check(err)
	defer f.Close()
	z := gzip.NewWriter(f)
	_, err = z.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(errors.Join(err, z.Close(), os.Remove(ts.MkAbs(args[0]))))
}

func truncate(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 2, "truncate FILE N")
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	if found, _ := filepath.Glob(ts.MkAbs(args[0])); len(found) == 1 {
		args[0] = found[0]
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func holdLock(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 1, "lock DIR")
	l := flock.New(filepath.Join(ts.MkAbs(args[0]), "lock"))
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o700))
	if ok, err := l.TryLock(); !ok {
		ts.Fatalf("the lock of %s cannot be had: %v", args[0], err)
	}
	ts.Defer(func() { l.Unlock() })
}

var anyRun = regexp.MustCompile(`\d{4}-\d\d-\d\d-[0-9a-f]{8}`)

func unrun(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) != 2, "unrun FILE NEW")
	if found, _ := filepath.Glob(ts.MkAbs(args[0])); len(found) == 1 {
		args[0] = found[0]
	}
	text := anyRun.ReplaceAllString(ts.ReadFile(args[0]), "RUN")
	text = regexp.MustCompile(time.Now().UTC().Format(time.DateOnly)+`([T ]\d\d:\d\d(:\d\d(\.\d+)?Z)?)?`).ReplaceAllString(text, "TODAY")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

func same(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, len(args) < 2, "[!] same FILE-OR-DIR...")
	first := contents(ts, args[0])
	for _, a := range args[1:] {
		difference := ""
		other := contents(ts, a)
		for name, text := range first {
			if t, ok := other[name]; !ok || t != text {
				difference = fmt.Sprintf("%s %s differs or is missing in %s", args[0], name, a)
			}
		}
		if len(first) != len(other) {
			difference = fmt.Sprintf("%s holds %d files, %s %d", args[0], len(first), a, len(other))
		}
		if neg != (difference != "") {
			ts.Fatalf("%s", or(difference, args[0]+" and "+a+" are the same"))
		}
	}
}

// contents gives the files below a folder by name, or one file as "". None is
// an error: nothing would be compared.
func contents(ts *testscript.TestScript, path string) map[string]string {
	root, err := filepath.EvalSymlinks(ts.MkAbs(path))
	ts.Check(err)
	out := map[string]string{}
	ts.Check(filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, root)] = string(data)
		return err
	}))
	if len(out) == 0 {
		ts.Fatalf("%s holds no file", path)
	}
	return out
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	wants(ts, neg || len(args) < 2, "mode MODE FILE...")
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, pattern := range args[1:] {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		if len(files) == 0 {
			ts.Fatalf("no file fits %s", pattern)
		}
		for _, f := range files {
			info, err := os.Stat(f)
			ts.Check(err)
			if got := info.Mode().Perm(); got != os.FileMode(want) {
				ts.Fatalf("%s has the mode %#o, want %#o", f, got, want)
			}
		}
	}
}
