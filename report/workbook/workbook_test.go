package workbook

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/testdata/need"
	"lostlink/testdata/report/results"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	keep   = flag.String("keep", "", "also write the sample workbook to this folder, to look at it")
)

// write makes a workbook and gives its path.
func write(t testing.TB, r *report.Report) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := Write(path, r, testKey); err != nil {
		t.Fatal(err)
	}
	return path
}

// books are the reports that the general tests go through.
var books = []struct {
	name   string
	gaps   int
	change func(*gap.Result, *report.Run, *report.Options)
}{
	{"sample", 120, nil},
	{"one currency", 40, func(res *gap.Result, _ *report.Run, _ *report.Options) { only(res, "EUR") }},
	{"empty", 0, func(res *gap.Result, _ *report.Run, _ *report.Options) {
		*res = gap.Result{PeriodStart: res.PeriodStart, PeriodEnd: res.PeriodEnd, AsOf: res.AsOf}
	}},
	{"cut", 60, func(_ *gap.Result, _ *report.Run, opt *report.Options) {
		opt.ReviewRowsMax = 10
		opt.Thresholds = []report.Threshold{{Currency: "USD", Minor: 10000}}
		opt.Commission = nil
	}},
	{"main currency not on Review", 30, func(res *gap.Result, _ *report.Run, opt *report.Options) {
		opt.MainCurrency, opt.Rates = "CHF", nil
	}},
	{"a file that does not add up", 10, func(_ *gap.Result, run *report.Run, _ *report.Options) { run.Inputs[0].Rows++ }},
	{"without shares", 30, func(res *gap.Result, _ *report.Run, _ *report.Options) { res.Attributed = nil }},
}

// only keeps the gaps of one currency and ties the result again.
func only(res *gap.Result, currency string) {
	var kept []gap.Gap
	res.TieOut = gap.TieOut{}
	for _, g := range res.Gaps {
		if g.Currency == currency {
			kept = append(kept, g)
			res.TieOut.Read.Add(g.Currency, g.Amount)
			res.TieOut.Place(gap.Unattributed, g.Currency, g.Amount)
		}
	}
	res.Gaps, res.Attributed = kept, nil
}

// TestCachedValues holds every saved result against what the formula gives.
func TestCachedValues(t *testing.T) {
	for _, b := range books {
		t.Run(b.name, func(t *testing.T) {
			path := write(t, sampleReport(t, b.gaps, b.change))
			f, err := excelize.OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			formulas := 0
			for _, sheet := range f.GetSheetList() {
				rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				covered, err := coveredCells(f, sheet)
				if err != nil {
					t.Fatal(err)
				}
				for r, row := range rows {
					for c, saved := range row {
						cell := at(c+1, r+1)
						if covered[cell] {
							continue
						}
						formula, err := f.GetCellFormula(sheet, cell)
						if err != nil {
							t.Fatal(err)
						}
						if formula == "" {
							continue
						}
						formulas++
						got, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
						if err != nil {
							t.Errorf("%s!%s: =%s: %v", sheet, cell, formula, err)
						} else if !sameValue(saved, got) {
							t.Errorf("%s!%s: =%s gives %q, saved is %q", sheet, cell, formula, got, saved)
						}
					}
				}
			}
			if formulas < 30 {
				t.Errorf("only %d formulas found", formulas)
			}
		})
	}
}

func sameValue(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return math.Abs(x-y) <= 1e-9*math.Max(1, math.Abs(x))
	}
	return a == b
}

// TestSchema holds the workbook against the schemas of Office Open XML.
func TestSchema(t *testing.T) {
	validator := need.Variable(t, "LOSTLINK_OOXML_VALIDATOR")
	for _, b := range books {
		t.Run(b.name, func(t *testing.T) {
			out, err := exec.Command(validator, write(t, sampleReport(t, b.gaps, b.change))).Output()
			var verdict struct {
				OK     bool              `json:"ok"`
				Errors []json.RawMessage `json:"errors"`
			}
			if e := json.Unmarshal(out, &verdict); e != nil {
				t.Fatalf("%v; the validator printed %q (%v)", e, out, err)
			}
			for _, e := range verdict.Errors {
				t.Errorf("%s", e)
			}
			if !verdict.OK {
				t.Error("the workbook is not valid")
			}
		})
	}
}

var savedResult = regexp.MustCompile(`</f><v>[^<]*</v>`)

// TestRecalculation takes all saved results out, has LibreOffice calculate
// them and compares. It also proves that LibreOffice can read the workbook.
func TestRecalculation(t *testing.T) {
	soffice := need.Command(t, "soffice")
	path := write(t, sampleReport(t, 60, nil))
	dir := t.TempDir()
	bare := filepath.Join(dir, "bare.xlsx")
	rewriteParts(t, path, bare, func(name string, data []byte) []byte {
		return savedResult.ReplaceAll(data, []byte("</f>"))
	})
	out := filepath.Join(dir, "out")
	cmd := exec.Command(soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "xlsx", "--outdir", out, bare)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	want, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	got, err := excelize.OpenFile(filepath.Join(out, "bare.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	formulas := 0
	for _, sheet := range want.GetSheetList() {
		rows, err := want.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		covered, err := coveredCells(want, sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, saved := range row {
				cell := at(c+1, r+1)
				if formula, _ := want.GetCellFormula(sheet, cell); formula == "" || covered[cell] {
					continue
				} else if value, err := got.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true}); err != nil || !sameValue(saved, value) {
					t.Errorf("%s!%s: =%s gives %q, saved is %q (%v)", sheet, cell, formula, value, saved, err)
				}
				formulas++
			}
		}
	}
	if formulas < 300 {
		t.Errorf("only %d formulas found", formulas)
	}
}

func TestSameBytes(t *testing.T) {
	var first []byte
	for range 5 {
		data, err := os.ReadFile(write(t, sampleReport(t, 40, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Fatal("the same report gave other bytes")
		}
	}
}

func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.xlsx")
	for range 2 { // new, and over an existing file
		if err := Write(path, sampleReport(t, 3, nil), testKey); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, want 0600", st.Mode())
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%d files in the folder, want the workbook alone", len(left))
	}
}

// TestParts makes sure that nothing set on a streamed sheet was lost: the
// library loses what comes too late without an error.
func TestParts(t *testing.T) {
	r := sampleReport(t, 40, nil)
	path := write(t, r)
	parts := readParts(t, path)
	sheet := func(name string) string {
		for i, n := range sheetsOf(t, path) {
			if n == name {
				return parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)]
			}
		}
		t.Fatalf("no sheet %s", name)
		return ""
	}
	for name, want := range map[string][]string{
		summarySheet:  {"<drawing r:id=", "<mergeCell", "<sheetProtection", "fitToPage", `fitToHeight="1"`, "<conditionalFormatting"},
		reviewSheet:   {"<pane ", "<dataValidations", "<conditionalFormatting", "<tablePart r:id=", `hidden="1"`, "<pageSetup", "<headerFooter"},
		timelineSheet: {"<pane ", "<tablePart r:id=", "<sheetProtection"}, causeSheet: {"<pane ", "<tablePart r:id=", "<sheetProtection"},
		partnerSheet: {"<tablePart"}, weekSheet: {"<tablePart"}, incidentsSheet: {"<tablePart"}, contestedSheet: {"<tablePart", "<pane "}, claimsSheet: {"<tablePart", "<pane ", "<sheetProtection", "<pageSetup"},
		tieOutSheet: {"<conditionalFormatting", "<sheetProtection"},
	} {
		for _, w := range want {
			if !strings.Contains(sheet(name), w) {
				t.Errorf("%s: no %s", name, w)
			}
		}
	}
	if strings.Contains(sheet(reviewSheet), "<sheetProtection") {
		t.Error("Review is protected, which keeps people from sorting it")
	}
	for name, data := range parts {
		if strings.Contains(data, "relationships:id") {
			t.Errorf("%s: relationship ids have an unusual prefix", name)
		}
	}
	for _, n := range []string{"xl/charts/chart1.xml", "xl/charts/chart2.xml", "docProps/custom.xml"} {
		if parts[n] == "" {
			t.Errorf("no part %s", n)
		}
	}
	for _, alt := range []string{"sheet By cause", "sheet By week"} {
		if !strings.Contains(parts["xl/drawings/drawing1.xml"], alt) {
			t.Errorf("no alternative text names the %s", alt)
		}
	}
	for _, name := range sheetsOf(t, path) {
		if name != summarySheet && name != caseSheet && strings.Contains(sheet(name), "<mergeCell") {
			t.Errorf("%s: a table has merged cells, which readers of the screen stumble over", name)
		}
	}
	if !strings.Contains(parts["docProps/core.xml"], "<cp:coreProperties") {
		t.Error("core properties without the usual prefix")
	}
	if !strings.Contains(parts["xl/workbook.xml"], `state="veryHidden"`) {
		t.Error("the run's sheet can be seen")
	}
	if !strings.Contains(parts["docProps/custom.xml"], r.Run.ID) {
		t.Error("the document's properties do not name the run")
	}
	want := []string{summarySheet, reviewSheet, caseSheet, timelineSheet, causeSheet, partnerSheet, weekSheet, incidentsSheet, contestedSheet, claimsSheet, tieOutSheet, aboutSheet, listsSheet, runSheet}
	if got := sheetsOf(t, path); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("sheets %q, want %q", got, want)
	}
}

// hostileReport has what starts formulas, breaks XML or does not fit in every
// text of the data.
func hostileReport(t *testing.T) *report.Report {
	long := strings.Repeat("€", 40_000)
	hostile := []string{"=1+1", "+1+1", "-1+1", "@SUM(1,1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "'=1+1", "_x000D_", "a\x00b\x0bc", "</sheetData><x relationships:id=\"rId1\">", "*", ">0", "\xff\xfe", long, long[:len(long)-1]}
	return sampleReport(t, len(hostile), func(res *gap.Result, run *report.Run, opt *report.Options) {
		opt.Programme = hostile[0]
		i := 0
		for k := range res.Gaps {
			g := &res.Gaps[k]
			if !g.HasPartnerSignal() {
				continue
			}
			h := hostile[i]
			i++
			g.Email, g.PartnerKey, g.Reason, g.LandingPage, g.PurchaseID, g.CustomerID = h, h, h, h, h, h
			g.ClickBrowser, g.SignupBrowser, g.Candidates = h, h, []gap.Candidate{{PartnerKey: h}}
			for e := range g.Timeline {
				g.Timeline[e] = gap.Event{At: g.PurchasedAt, Kind: gap.EventClick, Who: h, Browser: h, Page: h, Note: h, Row: gap.Row{File: h, Line: 1}}
			}
		}
		run.Options = append(run.Options, report.KeyValue{Key: hostile[0], Value: hostile[4]})
		run.Inputs[0].File = hostile[0]
		res.Incidents[0].Pages, res.Incidents[0].What = hostile, long
		res.Contested[0].Email = hostile[1]
		for i, h := range hostile {
			k := &res.Contested[i%len(res.Contested)].Clicks[i%2]
			k.Browser, k.Page, k.Tie, k.Row.File = h, h, h, h
			a := &res.Answers[i]
			a.ClaimID, a.PartnerKey, a.CustomerName, a.CustomerEmail, a.PurchasedOn, a.What, a.Row.File = h, h, h, h, h, h, h
			a.PurchaseIDs, a.Questions = []string{h}, []string{h}
		}
		res.Notes = hostile
	})
}

func TestHostileText(t *testing.T) {
	r := hostileReport(t)
	path := write(t, r)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ours := regexp.MustCompile(`^(IFERROR|COUNTA?|COUNTIFS?|SUMIFS|SUM|SUBTOTAL|IF|ROUND|HYPERLINK|'Tie-out'!|'By |\$?[A-Z]+\$?[0-9]+|0$)`)
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c, value := range row {
				cell := at(c+1, r+1)
				formula, _ := f.GetCellFormula(sheet, cell)
				if formula != "" && (!ours.MatchString(formula) || strings.Contains(formula, "cmd") || strings.Contains(formula, "1+1")) {
					t.Errorf("%s!%s holds the formula %q", sheet, cell, formula)
				}
				if units := len([]rune(value)); units > excelize.TotalCellChars {
					t.Errorf("%s!%s holds %d characters", sheet, cell, units)
				}
			}
		}
	}
	// By partner must not take a key for a pattern or a comparison.
	for i, p := range r.Partners {
		cell := at(4, totalsHeader+1+i)
		if got, err := f.CalcCellValue(partnerSheet, cell); err != nil || got != strconv.Itoa(p.AtStake.Count) {
			t.Errorf("partner %q: %s = %s, want %d (%v)", table.Mask(p.Key), cell, got, p.AtStake.Count, err)
		}
	}
	dump, err := Dump(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(dump, "texts are longer than a cell holds") {
		t.Error("About does not say that texts were cut")
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text string
		cut  bool
	}{
		{strings.Repeat("a", 32767), false},
		{strings.Repeat("a", 32768), true},
		{strings.Repeat("€", 32767), false},
		{strings.Repeat("€", 32768), true},
		{strings.Repeat("😀", 16383) + "a", false},
		{strings.Repeat("😀", 16384), true},
		{"a" + strings.Repeat("😀", 16384), true},
	} {
		got, cut := clip(c.text)
		if cut != c.cut || strings.ContainsRune(got, '\uFFFD') || cut != strings.HasSuffix(got, "…") {
			t.Errorf("clip of %d runes: cut %v, want %v, ends %q", len([]rune(c.text)), cut, c.cut, got[len(got)-4:])
		}
	}
}

func TestMaskedBook(t *testing.T) {
	path := write(t, sampleReport(t, 30, func(_ *gap.Result, _ *report.Run, opt *report.Options) { opt.MaskEmail = true }))
	dump, err := Dump(path)
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`[a-z]{2,}[0-9]+@`).FindString(dump); found != "" {
		t.Errorf("the workbook shows an address that begins %q", found)
	}
	if !strings.Contains(dump, "…@example.com") {
		t.Error("no masked address found")
	}
}

// TestCauseTexts: the criteria of By cause are our own words, which must not
// read as patterns or comparisons.
func TestCauseTexts(t *testing.T) {
	for _, c := range gap.Cases() {
		text := report.CauseText(c.Slug)
		if strings.ContainsAny(text, "*?~") || strings.ContainsAny(text[:1], "=<>") || len(text) > 200 {
			t.Errorf("%q cannot be the criterion of a COUNTIF", text)
		}
	}
}

func TestRowCheck(t *testing.T) {
	g := gap.Gap{GapID: "LL-1", PurchaseID: "p", CustomerID: "c", PartnerKey: "acme", Case: gap.CookieExpired, Amount: 900, Currency: "EUR"}
	base := RowCheck([]byte("k"), "run", &g)
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{20}$`).MatchString(base) {
		t.Errorf("row check %q", base)
	}
	for name, change := range map[string]func(g *gap.Gap){
		"amount": func(g *gap.Gap) { g.Amount++ }, "refund": func(g *gap.Gap) { g.Refunded++ }, "currency": func(g *gap.Gap) { g.Currency = "USD" },
		"partner": func(g *gap.Gap) { g.PartnerKey = "other" }, "cause": func(g *gap.Gap) { g.Case = gap.DeviceSwitch },
		"between fields": func(g *gap.Gap) { g.PurchaseID, g.CustomerID = "pc", "" },
	} {
		h := g
		change(&h)
		if RowCheck([]byte("k"), "run", &h) == base {
			t.Errorf("%s: another row has the same check", name)
		}
	}
	if RowCheck([]byte("other"), "run", &g) == base || RowCheck([]byte("k"), "other", &g) == base {
		t.Error("another key or run gives the same check")
	}
}

func TestKeep(t *testing.T) {
	if *keep == "" {
		t.Skip("no -keep folder was given")
	}
	if err := Write(filepath.Join(*keep, "sample.xlsx"), sampleReport(t, 200, nil), testKey); err != nil {
		t.Fatal(err)
	}
}

// withoutCaseTexts puts marks for the prose of the cases, which is reviewed
// where it is written.
func withoutCaseTexts(dump string) string {
	var pairs [][2]string
	for _, c := range gap.Cases() {
		add := func(what, text string) {
			if text != "" {
				quoted := strconv.Quote(text)
				pairs = append(pairs, [2]string{quoted[1 : len(quoted)-1], fmt.Sprintf("<%s: %s>", c.Code, what)})
			}
		}
		add("meaning", c.Meaning)
		add("shows", c.Shows)
		add("check", c.Check)
		add("cannot tell", c.CannotTell)
		for i, s := range c.Steps {
			add(fmt.Sprintf("step %d", i+1), s)
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p[0], p[1])
	}
	return strings.NewReplacer(flat...).Replace(dump)
}

// TestGolden shows the whole of a small workbook to who reviews a change.
func TestGolden(t *testing.T) {
	r, err := report.New(results.Small())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Dump(write(t, r))
	if err != nil {
		t.Fatal(err)
	}
	got = withoutCaseTexts(got)
	golden := filepath.Join(need.Root(t), "testdata", "report", "small.workbook.golden.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("other cells than %s; run with -update and review the difference", filepath.Base(golden))
	}
}

// BenchmarkWrite writes a book of 50,000 rows to review and 200,000 steps. The
// goal is 6 s and 300 MB on top of the report itself.
func BenchmarkWrite(b *testing.B) {
	r := sampleReport(b, 50_000, func(_ *gap.Result, _ *report.Run, opt *report.Options) { opt.ReviewRowsMax = 100_000 })
	path := filepath.Join(b.TempDir(), "book.xlsx")
	peak := peakHeap()
	for b.Loop() {
		if err := Write(path, r, testKey); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(peak())/1e6, "MB-peak")
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(st.Size())/1e6, "MB/book")
}

// peakHeap watches the heap until the function it gives is called, which tells
// by how many bytes it grew at most.
func peakHeap() func() uint64 {
	heap := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	runtime.GC()
	base, done, most := heap(), make(chan bool), make(chan uint64)
	go func() {
		peak := base
		for {
			select {
			case <-done:
				most <- peak - base
				return
			case <-time.After(2 * time.Millisecond):
				peak = max(peak, heap())
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-most
	}
}

// TestAllocations bounds what a row costs: a clock would depend on the machine.
func TestAllocations(t *testing.T) {
	cost := func(rows int) (allocs, bytes float64) {
		r := sampleReport(t, rows, func(_ *gap.Result, _ *report.Run, opt *report.Options) { opt.ReviewRowsMax = 100_000 })
		path := filepath.Join(t.TempDir(), "book.xlsx")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := Write(path, r, testKey); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
	}
	// The steps of a row are about four; the books differ by rows alone.
	const few, many, most, mostBytes = 500, 2500, 540, 40_000
	fewAllocs, fewBytes := cost(few)
	manyAllocs, manyBytes := cost(many)
	if per := (manyAllocs - fewAllocs) / (many - few); per > most {
		t.Errorf("a row of Review with its steps takes %.0f allocations, want %d at most", per, most)
	}
	if per := (manyBytes - fewBytes) / (many - few); per > mostBytes {
		t.Errorf("a row of Review with its steps takes %.0f bytes, want %d at most", per, mostBytes)
	}
}

// TestLive decides and deletes as people do, and looks at what the other
// sheets make of it.
func TestLive(t *testing.T) {
	r := sampleReport(t, 30, nil)
	f, err := excelize.OpenFile(write(t, r))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calc := func(sheet, cell string) string {
		t.Helper()
		v, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := func(sheet, cell, value string) {
		t.Helper()
		if got := calc(sheet, cell); !sameValue(got, value) {
			t.Errorf("%s!%s is %q, want %q", sheet, cell, got, value)
		}
	}
	for cell, decision := range map[string]string{"B6": "Approve", "B7": "approve", "B8": "Decline", "B9": "Yes please"} {
		if err := f.SetCellValue(reviewSheet, cell, decision); err != nil {
			t.Fatal(err)
		}
	}
	want(summarySheet, "I12", "2")  // approved, however written
	want(summarySheet, "I13", "1")  // declined
	want(summarySheet, "I11", "27") // a wrong word is not a review
	want(tieOutSheet, "B4", ties)

	// Case view follows the case that is chosen.
	asked := r.Review[4]
	for cell, v := range map[string]string{"B10": "Ask partner", "N10": "Which link?"} {
		if err := f.SetCellValue(reviewSheet, cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellValue(caseSheet, "C4", asked.Gap.GapID); err != nil {
		t.Fatal(err)
	}
	parts := letter()
	for cell, value := range map[string]string{
		"J4": "5", "C7": report.Money(asked.AtStake, asked.Gap.Currency), "C9": asked.Gap.Email, "G6": asked.Cause, "C14": "Ask partner", "G15": "Which link?", "C16": asked.Why,
		"H20": fmt.Sprint(len(asked.Gap.Timeline)), "B22": timeValue(asked.Gap.Timeline[0].At), "I22": asked.Gap.Timeline[0].Row.File, "C25": "Purchase", "C26": "",
		"A40": parts[0] + asked.Gap.GapID + parts[1],
	} {
		want(caseSheet, cell, value)
	}
	if err := f.SetCellValue(caseSheet, "C4", "LL-NONE"); err != nil {
		t.Fatal(err)
	}
	for cell, value := range map[string]string{"J4": "0", "E4": noSuchCase, "C9": "", "B22": "", "A40": ""} {
		want(caseSheet, cell, value)
	}

	first := r.Review[0]
	for _, c := range reviewColumns {
		if err := f.SetCellValue(reviewSheet, fmt.Sprintf("%s6", reviewCol(c.header)), nil); err != nil {
			t.Fatal(err)
		}
	}
	want(tieOutSheet, "B4", doesNotTie)
	want(summarySheet, "I16", "29")
	left := -first.AtStake
	for _, it := range r.Review {
		if it.Gap.Currency == first.Gap.Currency {
			left += it.AtStake
		}
	}
	row := 11 + slices.Index(r.Currencies, first.Gap.Currency)
	want(summarySheet, at(3, row), fmt.Sprint(money(left, first.Gap.Currency)))
}

// timeValue is a time as a cell holds it: days since the end of 1899.
func timeValue(at table.Time) string {
	return strconv.FormatFloat(float64(at-table.Date(-25569).Start())/float64(table.Day), 'f', -1, 64)
}
