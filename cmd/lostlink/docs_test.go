package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lostlink/config"
	"lostlink/testdata/need"
)

// doc is README.md, CHANGELOG.md or a page of docs/.
type doc struct {
	name string // from the project's root, with slashes
	path string
	text []string // lines
}

// docs reads them all, README.md first: its commands make what others show.
func docs(t *testing.T) []*doc {
	t.Helper()
	root := need.Root(t)
	names := []string{"README.md", "CHANGELOG.md"}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		names = append(names, "docs/"+filepath.Base(p))
	}
	var out []*doc
	for _, n := range names {
		d := &doc{name: n, path: filepath.Join(root, filepath.FromSlash(n))}
		data, err := os.ReadFile(d.path)
		if err != nil {
			t.Fatal(err)
		}
		d.text = strings.Split(string(data), "\n")
		out = append(out, d)
	}
	return out
}

func (d *doc) save(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(d.path, []byte(strings.Join(d.text, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fence is a fenced block: the lines from to before to.
type fence struct {
	language string
	from, to int
}

func (d *doc) fences() []fence {
	var out []fence
	open := -1
	for i, l := range d.text {
		switch {
		case !fenced(l):
		case open < 0:
			open = i
		default:
			out = append(out, fence{strings.Trim(d.text[open], " `"), open + 1, i})
			open = -1
		}
	}
	return out
}

// fenced tells the lines that begin and end a block, in lists too.
func fenced(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "```") }

// notRun are the commands that docs show in sh blocks and no test runs.
var notRun = map[string]string{
	"go test ./...":                           "it runs this test",
	"go build -o lostlink ./cmd/lostlink":     "the test runs what it builds",
	"go test ./cmd/lostlink -update":          "it would rewrite the docs under test",
	"go test ./ingest -update":                "it would rewrite golden files",
	"go test ./report/workbook -update":       "it would rewrite golden files",
	"go test ./reconcile -update":             "it would rewrite golden files",
	"go test ./report/bulk -update":           "it would rewrite golden files",
	"make check":                              "it runs this test",
	"make picture":                            "it needs LibreOffice and takes a while",
	"go test -run TestImports ./cmd/lostlink": "it is a test of its own",
	`make bench`:                              "it takes minutes to hours; a test of cmd/bench reads its words",
	`make bench BENCH="-clicks 10e6 -formats parquet-zstd,parquet-snappy,csv -peers duckdb,duckdb-late,clickhouse"`: "it takes minutes to hours; a test of cmd/bench reads its words",
	`make bench BENCH="-clicks 3e6 -formats jsonl,accesslog,csv.gz,jsonl.gz,accesslog.gz -peers duckdb,clickhouse"`: "it takes minutes to hours; a test of cmd/bench reads its words",
	`make bench BENCH="-clicks 10e6 -formats night -peers duckdb,duckdb-late,clickhouse"`:                           "it takes minutes to hours; a test of cmd/bench reads its words",
	`make bench BENCH="-growth"`: "it takes minutes to hours; a test of cmd/bench reads its words",
	`make bench BENCH="-small"`:  "it takes minutes to hours; a test of cmd/bench reads its words",
}

// TestDocFences holds every block to a language that says how it is tested.
func TestDocFences(t *testing.T) {
	for _, d := range docs(t) {
		for _, f := range d.fences() {
			switch f.language {
			case "console", "yaml": // TestDocCommands, TestDocConfigurations
			case "text", "crontab":
			case "sh":
				for _, l := range d.text[f.from:f.to] {
					if notRun[strings.TrimSpace(l)] == "" {
						t.Errorf("%s: nothing runs %q: show it with its output in a console block, or say in notRun why not", d.name, l)
					}
				}
			default:
				t.Errorf("%s:%d: a block in the language %q: take console, sh, yaml, crontab or text", d.name, f.from, f.language)
			}
		}
	}
}

// TestDocConfigurations loads every yaml block as a configuration.
func TestDocConfigurations(t *testing.T) {
	for _, d := range docs(t) {
		for _, f := range d.fences() {
			if f.language != "yaml" {
				continue
			}
			path := filepath.Join(t.TempDir(), "lostlink.yaml")
			if err := os.WriteFile(path, []byte(d.block(f)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(path, nil); err != nil {
				t.Errorf("%s:%d: %v", d.name, f.from, err)
			}
		}
	}
}

func (d *doc) block(f fence) string { return strings.Join(d.text[f.from:f.to], "\n") + "\n" }

var (
	mdLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdPunct  = regexp.MustCompile(`[^\pL\pN _-]`)
	mdInline = regexp.MustCompile("`[^`]*`")
)

// TestDocLinks follows the links from page to page, down to the heading.
func TestDocLinks(t *testing.T) {
	for _, d := range docs(t) {
		inside := false
		for i, l := range d.text {
			if fenced(l) {
				inside = !inside
			}
			if inside {
				continue
			}
			for _, m := range mdLink.FindAllStringSubmatch(mdInline.ReplaceAllString(l, ""), -1) {
				target, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") {
					continue
				}
				path := d.path
				if target != "" {
					path = filepath.Join(filepath.Dir(d.path), filepath.FromSlash(target))
				}
				data, err := os.ReadFile(path)
				if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
					err = nil
				}
				if err != nil {
					t.Errorf("%s:%d: the link %s leads nowhere", d.name, i+1, m[1])
				} else if anchor != "" && !slices.Contains(anchors(string(data)), anchor) {
					t.Errorf("%s:%d: %s has no heading #%s", d.name, i+1, target, anchor)
				}
			}
		}
	}
}

// anchors gives a page's headings as links name them.
func anchors(text string) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		if head := strings.TrimLeft(l, "#"); head != l && strings.HasPrefix(head, " ") {
			out = append(out, strings.ReplaceAll(mdPunct.ReplaceAllString(strings.ToLower(strings.TrimSpace(head)), ""), " ", "-"))
		}
	}
	return out
}

// TestDocCommands runs the commands of all console blocks, one after the other
// in one folder, and compares what they print, standard error included. Of the
// lines shown
//
//	…    alone stands for any lines, inside a line for any text,
//	123  stands for any number, and a blank for any blanks,
//
// and "$ echo $?" shows the exit code of the command before it, which else must
// be 0. The folder holds what README.md calls one's own files.
func TestDocCommands(t *testing.T) {
	all := docs(t)
	t.Chdir(t.TempDir())
	ownFiles(t, all[0])
	for _, d := range all {
		changed := false
		for _, f := range d.fences() {
			if f.language == "console" && d.session(t, f) {
				changed = true
			}
		}
		if changed && *update {
			d.save(t)
		}
	}
}

// ownFiles makes the files that README.md's configuration names, of a made-up
// vendor, and writes that configuration.
func ownFiles(t *testing.T, readme *doc) {
	t.Helper()
	const made = "made"
	if _, code := lostlink("demo " + made); code != exitDone {
		t.Fatalf("demo: exit code %d", code)
	}
	for from, to := range map[string]string{
		"stripe_payments.csv": "exports/stripe/payments-2026.csv",
		"access.log.gz":       "exports/log/access.log.1.gz",
		"signups.csv":         "exports/signups.csv",
		"customers.jsonl":     "exports/partnerstack/customers.json",
		"transactions.jsonl":  "exports/partnerstack/transactions.json",
	} {
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(made, "data", from), to); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(made); err != nil {
		t.Fatal(err)
	}
	for _, f := range readme.fences() {
		if f.language == "yaml" {
			if err := os.WriteFile("lostlink.yaml", []byte(readme.block(f)), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("README.md shows no configuration")
}

// lostlink runs a command line, which may begin with variables.
func lostlink(line string) (printed string, code int) {
	var out bytes.Buffer
	var environ []string
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		environ, words = append(environ, words[0]), words[1:]
	}
	code = run(words, strings.NewReader(""), &out, &out, environ)
	return out.String(), code
}

// session runs one block and tells whether it would be shown otherwise now.
func (d *doc) session(t *testing.T, f fence) (changed bool) {
	t.Helper()
	code := exitDone
	for i := f.from; i < f.to; {
		command, ok := strings.CutPrefix(d.text[i], "$ ")
		if !ok {
			t.Errorf("%s:%d: a console block begins with a command: %q", d.name, i+1, d.text[i])
			return changed
		}
		at := i
		for i++; i < f.to && !strings.HasPrefix(d.text[i], "$ "); i++ {
		}
		var printed string
		if command == "echo $?" {
			printed = fmt.Sprintln(code)
			if d.text[i-1] != strings.TrimSpace(printed) {
				t.Errorf("%s:%d: the exit code is %d", d.name, at+1, code)
			}
			continue
		}
		line := strings.Replace(command, "go run ./cmd/lostlink", "lostlink", 1)
		before, args, ok := strings.Cut(line, "lostlink ")
		if !ok {
			t.Errorf("%s:%d: %q is not lostlink's: put it into an sh block", d.name, at+1, command)
			continue
		}
		printed, code = lostlink(before + args)
		if asked := i < f.to && d.text[i] == "$ echo $?"; code != exitDone && !asked {
			t.Errorf("%s:%d: %s ends with exit code %d; show it with $ echo $?", d.name, at+1, command, code)
		}
		shown := d.text[at+1 : i]
		now, bad := follow(shown, strings.Split(strings.TrimSuffix(printed, "\n"), "\n"))
		if bad >= 0 {
			want := "the end"
			if bad < len(shown) {
				want = shown[bad]
			}
			t.Errorf("%s:%d: %s does not print %q there; it prints\n%s", d.name, at+2+bad, command, want, printed)
			continue
		}
		for k := range shown {
			if shown[k] != now[k] {
				shown[k], changed = now[k], true
			}
		}
	}
	return changed
}

const some = "…"

// follow lays the lines shown over the lines printed. It gives them as they
// would be shown now, or the index of the first that does not fit.
func follow(shown, printed []string) (now []string, bad int) {
	now = slices.Clone(shown)
	at, gap := 0, false
	for i, s := range shown {
		if s == some {
			gap = true
			continue
		}
		for gap && at < len(printed) && !fits(printed[at], s) {
			at++
		}
		if at == len(printed) || !fits(printed[at], s) {
			return now, i
		}
		if !strings.Contains(s, some) {
			now[i] = printed[at]
		}
		at, gap = at+1, false
	}
	if at < len(printed) && !gap && len(shown) > 0 {
		return now, len(shown)
	}
	return now, -1
}

var (
	number = regexp.MustCompile(`\d(?:[\d,.]*\d)?`)
	blanks = regexp.MustCompile(`\s+`)
)

// fits tells whether a printed line is what a shown one stands for.
func fits(printed, shown string) bool {
	loose := func(s string) string { return blanks.ReplaceAllString(number.ReplaceAllString(s, "0"), " ") }
	var parts []string
	for part := range strings.SplitSeq(loose(shown), some) {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(loose(printed))
}

func TestFollow(t *testing.T) {
	printed := []string{"a 1,234 rows", "b", "c LL-1F of 7", "d"}
	for _, tc := range []struct {
		shown []string
		bad   int
	}{
		{[]string{"a 9 rows", "b", "c LL-… of 12", "d"}, -1},
		{[]string{"a  9 rows", "…"}, -1},
		{[]string{"…", "d"}, -1},
		{[]string{"…", "c …", "…"}, -1},
		{nil, -1},
		{[]string{"a 9 rows"}, 1},
		{[]string{"b", "…"}, 0},
		{[]string{"…", "a x rows", "…"}, 1},
		{[]string{"a 9 rows", "c …", "…"}, 1},
		{[]string{"…", "d", "e"}, 2},
	} {
		if _, bad := follow(tc.shown, printed); bad != tc.bad {
			t.Errorf("%q: line %d does not fit, want %d", tc.shown, bad, tc.bad)
		}
	}
	if now, _ := follow([]string{"a 9 rows", "…", "c LL-… of 9", "…"}, printed); now[0] != printed[0] || now[2] != "c LL-… of 9" {
		t.Errorf("shown now: %q", now)
	}
}
