package report_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"lostlink/ingest/lake"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/testdata/need"
	"lostlink/testdata/report/results"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// page stands for the workbook.
func page(path string, r *report.Report) error {
	return os.WriteFile(path, []byte(r.Headline), 0o600)
}

func small(t *testing.T) *report.Report {
	t.Helper()
	r, err := report.New(results.Small())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// The bytes of a Parquet file depend on the library's version.
var parquetHash = regexp.MustCompile(`("name": "gaps.parquet",\s+"bytes": )\d+(,\s+"sha256": ")\w+`)

func TestFiles(t *testing.T) {
	out := t.TempDir()
	w, err := small(t).Write(out, page)
	if err != nil {
		t.Fatal(err)
	}
	var a txtar.Archive
	for _, name := range []string{"lostlink-review_example-shop_2026-03-08_20260310-5a1b.xlsx", "gaps.jsonl", "contested.jsonl", "claims.jsonl", "incidents.jsonl", "rejects.jsonl", "run.json"} {
		data, ok := files(t, w.Dir)[name]
		if !ok {
			t.Fatalf("no %s", name)
		}
		if !strings.HasSuffix(data, "\n") {
			data += "\n"
		}
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(parquetHash.ReplaceAllString(data, "${1}0${2}…"))})
	}
	golden := filepath.Join(need.Root(t), "testdata", "report", "small.files.golden.txtar")
	if *update {
		if err := os.WriteFile(golden, txtar.Format(&a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(txtar.Format(&a)); got != string(want) {
		t.Errorf("other files than %s; run with -update and review the difference", filepath.Base(golden))
	}
}

func TestGapsParquet(t *testing.T) {
	w, err := small(t).Write(t.TempDir(), page)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		GapID     string  `parquet:"gap_id"`
		Case      string  `parquet:"case"`
		Amount    int64   `parquet:"amount"`
		Share     float64 `parquet:"probability"`
		Ranking   string  `parquet:"ranking"`
		ClickedAt *int64  `parquet:"clicked_at,optional,timestamp(microsecond)"`
		Listed    bool    `parquet:"listed"`
	}
	rows, err := lake.ReadFile[row](filepath.Join(w.Dir, "gaps.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	res, _, _ := results.Small()
	if len(rows) != len(res.Gaps) {
		t.Fatalf("%d rows, want %d", len(rows), len(res.Gaps))
	}
	for i, g := range res.Gaps {
		r := rows[i]
		if r.GapID != g.GapID || r.Case != string(g.Case) || r.Amount != g.Amount || r.Share != g.Probability || r.Listed != g.HasPartnerSignal() ||
			(r.ClickedAt != nil) != (g.ClickedAt != 0) {
			t.Errorf("row %d is %+v, want %s", i, r, g.GapID)
		}
	}
	if want := `{"cookie_expired":0.97,"device_switch":0.03}`; rows[0].Ranking != want {
		t.Errorf("ranking %s, want %s", rows[0].Ranking, want)
	}
}

func TestWrite(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r := small(t)
	w, err := r.Write(out, page)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(out, "latest")); err != nil || to != r.Run.ID {
		t.Errorf("latest leads to %q (%v), want %q", to, err, r.Run.ID)
	}
	err = filepath.Walk(out, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.Mode()&os.ModeSymlink != 0 {
			return err
		}
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	// The same run again changes nothing.
	first := files(t, w.Dir)
	again, err := small(t).Write(out, page)
	if err != nil || again.Earlier != "" {
		t.Fatalf("the same run again: %+v, %v", again, err)
	}
	for name, data := range files(t, w.Dir) {
		if first[name] != data {
			t.Errorf("%s has other bytes the second time", name)
		}
	}

	// Somebody decided in the workbook: their file is kept.
	if err := os.WriteFile(w.Workbook, []byte("decisions"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err = small(t).Write(out, page)
	if err != nil {
		t.Fatal(err)
	}
	if again.Earlier == "" || files(t, again.Earlier)[filepath.Base(w.Workbook)] != "decisions" {
		t.Errorf("the reviewed workbook was not kept: %+v", again)
	}
	if files(t, w.Dir)[filepath.Base(w.Workbook)] != r.Headline {
		t.Error("the run's folder does not hold the new workbook")
	}
}

func TestWriteAllOrNothing(t *testing.T) {
	out := t.TempDir()
	fails := errors.New("disk full")
	if _, err := small(t).Write(out, func(string, *report.Report) error { return fails }); !errors.Is(err, fails) {
		t.Errorf("error %v, want %v", err, fails)
	}
	if left, _ := os.ReadDir(out); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	// What a killed run left is cleared away.
	part := filepath.Join(out, ".20260310-5a1b.part")
	if err := os.MkdirAll(part, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(part, "gaps.jsonl"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := small(t).Write(out, page)
	if err != nil || strings.Contains(files(t, w.Dir)["gaps.jsonl"], "half") {
		t.Errorf("%+v, %v", w, err)
	}
	for _, id := range []string{"", "../x", "latest", ".x", strings.Repeat("x", 65)} {
		r := small(t)
		r.Run.ID = id
		if _, err := r.Write(out, page); err == nil {
			t.Errorf("run id %q was accepted", id)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(o *report.Options)
		says string
	}{
		{"rows", func(o *report.Options) { o.ReviewRowsMax = 0 }, "review_rows_max is 0"},
		{"rates without main", func(o *report.Options) { o.Rates = []report.Rate{{Currency: "USD", ToMain: "1"}} }, "main_currency"},
		{"rate", func(o *report.Options) {
			o.MainCurrency, o.Rates = "EUR", []report.Rate{{Currency: "USD", ToMain: "1,1"}}
		}, `"1,1" is not a rate`},
		{"no rate", func(o *report.Options) {
			o.MainCurrency, o.Rates = "EUR", []report.Rate{{Currency: "USD", ToMain: "0"}}
		}, "is not a rate"},
		{"currency", func(o *report.Options) { o.MainCurrency = "EURO" }, `"EURO"`},
		{"threshold", func(o *report.Options) { o.Thresholds = []report.Threshold{{Currency: "EUR", Minor: -1}} }, "below zero"},
		{"percent", func(o *report.Options) { o.Commission = []report.CommissionRule{{Percent: "101"}} }, "is not a percentage"},
		{"both", func(o *report.Options) {
			o.Commission = []report.CommissionRule{{Percent: "1", FlatMinor: 1, Currency: "EUR"}}
		}, "both"},
		{"neither", func(o *report.Options) { o.Commission = []report.CommissionRule{{}} }, "neither"},
		{"flat", func(o *report.Options) { o.Commission = []report.CommissionRule{{FlatMinor: 100}} }, "needs its currency"},
	} {
		o := report.DefaultOptions()
		if err := o.Check(); err != nil {
			t.Fatalf("the defaults are refused: %v", err)
		}
		c.set(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want words on %s", c.name, err, c.says)
		}
	}
}

func TestWords(t *testing.T) {
	r := small(t)
	want := "4 purchases show a partner signal but no partner credit: EUR 318.80, JPY 14,800 and KWD 29.750. " +
		"Suggested: 2 rewards, 1 question to the partner, 1 without reward. 100 % of the EUR amount has two causes: Snippet broken on the site; Cookie expired."
	if r.Headline != want {
		t.Errorf("headline\n%s\nwant\n%s", r.Headline, want)
	}
	for _, it := range r.Review {
		if it.Gap.GapID == "LL-AAAA-AAAA-AAA2" {
			want := "Clicked the link of Bolt & Sons on 2026-03-03; from 08:00 on nobody who landed on /pricing was credited. " +
				"Nearly as likely: C03 Cookies refused or blocked. Would decide: page checks and the consent log. Also clicked: Acme Reviews."
			if it.Why != want {
				t.Errorf("why\n%s\nwant\n%s", it.Why, want)
			}
			if it.AtStake != 20000 || it.Commission != 4000 || it.Partner != "Bolt & Sons" {
				t.Errorf("row %+v", it)
			}
		}
		if it.Gap.Suggest == gap.None && !strings.Contains(it.NextStep, "decline") {
			t.Errorf("next step of a row without reward: %s", it.NextStep)
		}
	}
}

// TestLoad: what a run wrote is read back as it was, as far as rows go, and
// not at all when it was changed.
func TestLoad(t *testing.T) {
	r := small(t)
	w, err := r.Write(t.TempDir(), page)
	if err != nil {
		t.Fatal(err)
	}
	got, err := report.Load(w.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != r.Run.ID || got.Programme != r.Options.Programme || got.AsOf != r.Result.AsOf || !slices.Equal(got.Partners, r.PartnerChoices()) {
		t.Errorf("run %q of %q as of %s with partners %v", got.ID, got.Programme, got.AsOf, got.Partners)
	}
	if len(got.Gaps) != len(r.Result.Gaps) {
		t.Fatalf("%d gaps, want %d", len(got.Gaps), len(r.Result.Gaps))
	}
	known := map[string]gap.Gap{}
	for _, g := range r.Result.Gaps {
		known[g.GapID] = g
	}
	listed := 0
	for i := range got.Gaps {
		g := &got.Gaps[i]
		want := known[g.GapID]
		want.Purchased = want.PurchasedAt.String()
		want.Ranking, want.Candidates, want.Findings, want.WouldDecide, want.Timeline = nil, nil, nil, nil, nil
		if !reflect.DeepEqual(*g, want) {
			t.Errorf("gap %+v, want %+v", *g, want)
		}
		if got.Listed(g) {
			listed++
		}
	}
	if listed != len(r.Review) {
		t.Errorf("%d on Review, want %d", listed, len(r.Review))
	}
	if _, err := report.Load(filepath.Join(w.Dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such run: %v", err)
	}
	parquet := filepath.Join(w.Dir, "gaps.parquet")
	data, err := os.ReadFile(parquet)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(parquet, append(data, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Load(w.Dir); err == nil || !strings.Contains(err.Error(), "is not the file that the run wrote") {
		t.Errorf("changed gaps: %v", err)
	}
}
