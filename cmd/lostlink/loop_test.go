package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
	"lostlink/testdata/need"
)

// entry is one cell as a reviewer fills it in: typed, so that LibreOffice makes
// of it what it makes of typed text, or as a text.
type cellEntry struct {
	cell, typed, text string
}

// enterInOffice opens a workbook in LibreOffice, fills in cells and saves it as
// LibreOffice does.
func enterInOffice(t *testing.T, book, copy, sheet string, entries []cellEntry) {
	t.Helper()
	soffice := need.Command(t, "soffice")
	profile := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command(soffice, append([]string{"-env:UserInstallation=" + fileURL(profile), "--headless", "--norestore"}, args...)...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("soffice %s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	// The first start makes the profile, and in it the module for a user's macros.
	run("--terminate_after_init")
	module := filepath.Join(profile, "user", "basic", "Standard", "Module1.xba")
	if _, err := os.Stat(module); err != nil {
		t.Fatalf("LibreOffice made no profile: %v", err)
	}
	quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	var code strings.Builder
	fmt.Fprintf(&code, `Sub Main
Dim hidden(0) As New com.sun.star.beans.PropertyValue
hidden(0).Name = "Hidden"
hidden(0).Value = True
doc = StarDesktop.loadComponentFromURL(%s, "_blank", 0, hidden())
sheet = doc.Sheets.getByName(%s)
doc.enableAutomaticCalculation(False)
`, quote(fileURL(book)), quote(sheet))
	for _, e := range entries {
		if e.typed != "" {
			fmt.Fprintf(&code, "sheet.getCellRangeByName(%s).setFormula(%s)\n", quote(e.cell), quote(e.typed))
		} else {
			fmt.Fprintf(&code, "sheet.getCellRangeByName(%s).setString(%s)\n", quote(e.cell), quote(e.text))
		}
	}
	fmt.Fprintf(&code, `doc.enableAutomaticCalculation(True)
doc.calculateAll()
Dim format(0) As New com.sun.star.beans.PropertyValue
format(0).Name = "FilterName"
format(0).Value = "Calc MS Excel 2007 XML"
doc.storeToURL(%s, format())
doc.close(True)
StarDesktop.terminate()
End Sub
`, quote(fileURL(copy)))
	text := `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">` + html.EscapeString(code.String()) + `</script:module>
`
	if err := os.WriteFile(module, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run("macro:///Standard.Module1.Main")
	if _, err := os.Stat(copy); err != nil {
		t.Fatalf("LibreOffice saved nothing: %v", err)
	}
}

func fileURL(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// credit is what a purchase is to be credited with.
type credit struct {
	minor    int64
	currency string
	partner  string
}

// TestReviewLoop goes all the way round: a run over a vendor of some hundred
// gaps, decisions entered in LibreOffice, apply, and the files held against the
// decisions to the cent.
func TestReviewLoop(t *testing.T) {
	need.Command(t, "soffice")
	dir := t.TempDir()
	demo := filepath.Join(dir, "demo")
	if printed, code := lostlink("demo " + demo); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	config := filepath.Join(demo, "lostlink.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	before, after, ok := strings.Cut(string(text), "\nbulk:\n")
	_, after, ok2 := strings.Cut(after, "\n\n")
	if !ok || !ok2 {
		t.Fatal("the demo's configuration has no part bulk")
	}
	if err := os.WriteFile(config, []byte(before+sweepBulk+"  rows_max: 40\n\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	latest := filepath.Join(demo, "out", latestRun)
	run, err := report.Load(latest)
	if err != nil {
		t.Fatal(err)
	}
	books, _ := filepath.Glob(filepath.Join(latest, "*.xlsx"))
	if len(books) != 1 {
		t.Fatalf("workbooks: %v", books)
	}
	entries, want, verdicts := decideAll(t, books[0], run)
	book := filepath.Join(dir, "decided.xlsx")
	enterInOffice(t, books[0], book, "Review", entries)

	printed, code := lostlink("apply --write -c " + config + " " + book)
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	for v, n := range verdicts {
		if line := fmt.Sprintf("%9s  %s: ", thousands(n), report.VerdictText(v)); !strings.Contains(printed, line) {
			t.Errorf("%q is not told:\n%s", line, printed)
		}
	}
	got := map[string]credit{}
	files, _ := filepath.Glob(filepath.Join(demo, "out", bulkFolder, "*", "1-purchases*.csv"))
	if len(files) < 2 {
		t.Errorf("the files are not split: %v", files)
	}
	for _, f := range files {
		for _, row := range csvRows(t, f)[1:] {
			if _, twice := got[row[0]]; twice {
				t.Errorf("%s stands in the files twice", row[0])
			}
			minor, err := strconv.ParseInt(row[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got[row[0]] = credit{minor, row[2], row[3]}
		}
	}
	if len(want) < 50 {
		t.Errorf("%d purchases are approved: too few to show much", len(want))
	}
	for id, w := range want {
		if got[id] != w {
			t.Errorf("%s: the files credit %+v, the decision says %+v", id, got[id], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the files credit %d purchases, %d are approved", len(got), len(want))
	}

	l, err := ledger.Open(t.Context(), filepath.Join(demo, "state", ledger.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := l.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept := map[review.Verdict]int{}
	for _, x := range d.Decisions {
		kept[x.Verdict]++
		if x.Note != "seen by Ann, “fine”" {
			t.Errorf("the comment on %s is %q", x.GapID, x.Note)
		}
	}
	if !maps.Equal(kept, verdicts) {
		t.Errorf("the ledger has the decisions %v, entered were %v", kept, verdicts)
	}
	for _, it := range d.Items {
		if w := want[it.PurchaseID]; it.State != ledger.StateEmitted || (credit{it.Amount, it.Currency, it.PartnerKey}) != w {
			t.Errorf("%s is %s in the ledger with %s %s for %s, want %+v", it.PurchaseID, it.State, it.Currency, table.FormatAmount(it.Amount, it.Currency), it.PartnerKey, w)
		}
	}
	if printed, code := lostlink("apply --write -c " + config + " " + book); code != exitDone || !strings.Contains(printed, "Nothing new to record.") {
		t.Errorf("applied again, exit code %d: %s", code, printed)
	}
}

// decideAll decides most rows of Review in turns, and tells what the files and
// the ledger must come to.
func decideAll(t *testing.T, book string, run *report.Stored) (entries []cellEntry, want map[string]credit, verdicts map[review.Verdict]int) {
	t.Helper()
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Review")
	if err != nil {
		t.Fatal(err)
	}
	head := slices.IndexFunc(rows, func(r []string) bool { return slices.Contains(r, "Decision") })
	cell := func(header string, row int) string {
		name, err := excelize.CoordinatesToCellName(slices.Index(rows[head], header)+1, row+1)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	byID := map[string]*gap.Gap{}
	for i := range run.Gaps {
		byID[run.Gaps[i].GapID] = &run.Gaps[i]
	}
	want, verdicts = map[string]credit{}, map[review.Verdict]int{}
	for row := head + 1; row < len(rows); row++ {
		g := byID[rows[row][slices.Index(rows[head], "Case")]]
		if g == nil {
			t.Fatalf("row %d is no gap of the run: %q", row+1, rows[row])
		}
		turn := row % 7
		if turn == 0 {
			continue // not decided
		}
		verdict, typed := review.Approve, "Approve"
		c := credit{report.AtStake(g), g.Currency, g.PartnerKey}
		switch turn {
		case 1:
			typed = "approved"
		case 2: // in part
			c.minor = c.minor/3 + 1
			entries = append(entries, cellEntry{cell: cell("Amount to credit", row), typed: table.FormatAmount(c.minor, c.currency)})
		case 3:
			verdict, typed = review.Decline, "Decline"
		case 4:
			verdict, typed = review.Ask, "Ask partner"
		case 5:
			verdict, typed = review.Later, "Later"
		}
		if verdict == review.Approve && (g.PartnerKey == "" || turn == 6 && g.Case != gap.PaymentNotTied) {
			p := run.Partners[row%len(run.Partners)]
			c.partner = p.Key
			entries = append(entries, cellEntry{cell: cell("Partner to credit", row), text: p.Name})
		}
		entries = append(entries, cellEntry{cell: cell("Decision", row), typed: typed}, cellEntry{cell: cell("Comment", row), text: "seen by Ann, “fine”"})
		verdicts[verdict]++
		if verdict == review.Approve {
			want[g.PurchaseID] = c
		}
	}
	return entries, want, verdicts
}

func csvRows(t *testing.T, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
