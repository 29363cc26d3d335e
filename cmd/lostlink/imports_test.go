package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"lostlink/testdata/need"
)

const module = "lostlink"

type rule struct {
	pkg     string
	imports []string
	why     string
}

// mayImport says which packages of the project a package may import. A stage
// imports an earlier stage's vocabulary (ingest/table, reconcile/gap), never
// the stage; only config and cmd know several stages. A prefix ending in /...
// stands for the packages below it.
var mayImport = []rule{
	{"ingest/table", nil, "it is the vocabulary of all stages and must not depend on any"},
	{"ingest/rows", []string{"ingest/table"}, "it turns containers into rows of text and knows no tables' meaning"},
	{"ingest/source", []string{"ingest/rows", "ingest/table"}, "it maps rows onto tables and opens no files"},
	{"ingest/email", nil, "every stage may compare addresses"},
	{"ingest/lake", []string{"ingest/table", "ingest/email"}, "it keeps tables, wherever they come from"},
	{"ingest/simulate", []string{"ingest/table"}, "what it makes up must not be shaped by the code it is a test for"},
	{"ingest", []string{"ingest/rows", "ingest/source", "ingest/table", "ingest/lake", "ingest/email"}, "reading is the first stage and knows no later one"},
	{"reconcile/gap", []string{"ingest/table", "reconcile/browser"}, "it is the vocabulary of a verdict and judges plain values"},
	{"reconcile/browser", nil, "it reads user agents and nothing else"},
	{"reconcile", []string{"ingest/table", "ingest/email", "reconcile/gap", "reconcile/browser"}, "it judges tables, however they were read and whatever is written of them"},
	{"reconcile/calibrate", []string{"reconcile/gap"}, "it fits weights to labelled findings, wherever the labels come from"},
	{"report/review", []string{"ingest/table"}, "it is the vocabulary of the review loop"},
	{"report/workbook", []string{"ingest/table", "reconcile/gap", "report", "report/review"}, "it writes a report as a workbook and reads answers back; it decides nothing"},
	{"report/bulk", []string{"ingest/table", "report/review"}, "it writes what was approved as bulk files"},
	{"report/push", []string{"ingest/table", "report/review", "report/bulk"}, "it sends what was approved to the platform's API"},
	{"report/ledger", []string{"ingest/table", "reconcile/gap", "report/review"}, "it remembers decisions"},
	{"report", []string{"ingest/table", "ingest/email", "ingest/lake", "reconcile/gap", "report/review"}, "it tells of verdicts and must not judge again"},
	{"config", []string{"ingest", "ingest/source", "ingest/table", "reconcile", "reconcile/gap", "report", "report/bulk", "report/ledger", "report/push"}, "it composes the options of the stages and runs none"},
	{"cmd/lostlink", []string{"config", "ingest/...", "reconcile/...", "report/...", "ingest", "reconcile", "report"}, "only the command knows the order of the stages"},
	{"cmd/bench", []string{"ingest/simulate", "ingest/table"}, "it measures lostlink as a program, as a user starts it"},
	{"testdata/need", nil, "every test may use it"},
	{"testdata/platform", nil, "it is the other side of the API and must not be shaped by ours"},
	{"testdata/postgres", []string{"testdata/need"}, "it starts a server and knows nothing of what is kept in it"},
	{"testdata/sweep", []string{"testdata/need"}, "it fails any program, and knows none"},
}

// doors says which packages may import an outside library, so that it can be
// replaced in one place. A name ending in /... stands for all below it.
var doors = []struct {
	lib   string
	by    []string
	why   string
	tests bool // tests elsewhere may use it too
}{
	{"github.com/apache/arrow/go/v15/parquet/...", nil, "it does not link beside a newer Arrow, and parquet-go is the project's Parquet library", false},
	{"github.com/parquet-go/parquet-go/...", []string{"ingest/rows", "ingest/lake", "cmd/bench"}, "Parquet is read as rows and kept in the lake, and Arrow is the language in between", true},
	{"github.com/xuri/excelize/v2/...", []string{"report/workbook", "ingest/rows"}, "workbooks are written and read back in one place, and XLSX exports are rows", true},
	{"github.com/spf13/viper/...", []string{"config"}, "options reach the stages as plain values", false},
	{"go.yaml.in/yaml/v3/...", []string{"config"}, "YAML is the configuration's alone", false},
	{"modernc.org/sqlite/...", []string{"ingest/lake", "report/ledger"}, "the catalog and the ledger are the only databases", true},
	{"github.com/jackc/pgx/...", []string{"report/ledger", "testdata/postgres"}, "only the ledger can be shared on a server", false},
	{"github.com/pressly/goose/...", []string{"report/ledger"}, "only the ledger migrates", false},
	{"gonum.org/v1/gonum/...", []string{"reconcile/calibrate"}, "numbers are fitted in one place", false},
	{"net/http/...", []string{"report/push", "testdata/platform"}, "a run reads and writes files; what leaves the machine leaves it in one place, when people ask for it", true},
	{"github.com/cenkalti/backoff/...", []string{"report/push"}, "only another machine is asked again", false},
	{"github.com/schollz/progressbar/...", []string{"cmd/lostlink"}, "what people watch is the command's business", false},
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		own := slices.IndexFunc(mayImport, func(r rule) bool { return r.pkg == name })
		if own < 0 {
			t.Errorf("package %s is not in the table of who may import whom: add a line to mayImport that says what it may import and why", name)
			continue
		}
		for _, imp := range p.Imports {
			if rest, inside := strings.CutPrefix(imp, module+"/"); inside && !among(rest, mayImport[own].imports) {
				t.Errorf("%s imports %s, but %s: move what both need into ingest/table or reconcile/gap, or pass it in from cmd/lostlink", name, rest, mayImport[own].why)
			}
			through(t, name, imp, false)
		}
		for _, imp := range append(p.TestImports, p.XTestImports...) {
			through(t, name, imp, true)
		}
	}
}

// through checks one import of an outside library.
func through(t *testing.T, name, imp string, test bool) {
	t.Helper()
	for _, d := range doors {
		if !among(imp, []string{d.lib}) || slices.Contains(d.by, name) || test && d.tests {
			continue
		}
		if len(d.by) == 0 {
			t.Errorf("%s imports %s, which nothing may: %s", name, imp, d.why)
		} else {
			t.Errorf("%s imports %s: %s. Go through %s instead", name, imp, d.why, strings.Join(d.by, " or "))
		}
	}
}

// among tells whether a package is in a list of packages and name/... patterns.
func among(pkg string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool {
		base, below := strings.CutSuffix(p, "/...")
		return pkg == base || below && strings.HasPrefix(pkg, base+"/")
	})
}

func TestAmong(t *testing.T) {
	for _, tc := range []struct {
		pkg, pattern string
		want         bool
	}{
		{"net/http", "net/http/...", true}, {"net/http/httptest", "net/http/...", true}, {"net/httpx", "net/http/...", false},
		{"ingest", "ingest", true}, {"ingest/rows", "ingest", false},
	} {
		if got := among(tc.pkg, []string{tc.pattern}); got != tc.want {
			t.Errorf("among(%s, %s) = %v", tc.pkg, tc.pattern, got)
		}
	}
}

// list asks the go command for the packages of the project.
func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command(need.Command(t, "go"), "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...", "./testdata/need", "./testdata/platform", "./testdata/postgres", "./testdata/sweep")
	cmd.Dir = need.Root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list names %d packages only", len(all))
	}
	return all
}
