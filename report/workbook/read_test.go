package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/review"
	"lostlink/testdata/need"
)

// factsOf gives the facts of a report as the run store has them.
func factsOf(r *report.Report) *Facts {
	listed := map[string]bool{}
	for i := range r.Review {
		listed[r.Review[i].Gap.GapID] = true
	}
	return NewFacts(testKey, r.Run.ID, r.Result.Gaps, func(g *gap.Gap) bool { return listed[g.GapID] }, r.PartnerChoices())
}

// store gives a run store of one run.
func store(f *Facts) func(id string) (*Facts, error) {
	return func(id string) (*Facts, error) {
		if id != f.RunID {
			return nil, fmt.Errorf("run %s: %w", id, fs.ErrNotExist)
		}
		return f, nil
	}
}

// reviewed is a book on its way back.
type reviewed struct {
	t *testing.T
	f *excelize.File
	r *report.Report
}

func (b *reviewed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *reviewed) set(cell string, v any) {
	b.t.Helper()
	b.must(b.f.SetCellValue(reviewSheet, cell, v))
}
func (b *reviewed) formula(cell, f string) {
	b.t.Helper()
	b.must(b.f.SetCellFormula(reviewSheet, cell, f))
}
func (b *reviewed) get(cell string) string {
	b.t.Helper()
	v, err := b.f.GetCellValue(reviewSheet, cell, excelize.Options{RawCellValue: true})
	b.must(err)
	return v
}

// swap exchanges two rows in some columns, or in all for none.
func (b *reviewed) swap(x, y int, columns ...string) {
	b.t.Helper()
	if columns == nil {
		for i := range reviewColumns {
			columns = append(columns, col(i+1))
		}
	}
	for _, c := range columns {
		cx, cy := fmt.Sprint(c, x), fmt.Sprint(c, y)
		vx, vy := b.value(cx), b.value(cy)
		b.set(cx, vy)
		b.set(cy, vx)
	}
}

// value gives what a cell holds with its kind.
func (b *reviewed) value(cell string) any {
	kind, err := b.f.GetCellType(reviewSheet, cell)
	b.must(err)
	v := b.get(cell)
	if v == "" {
		return nil
	}
	if kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber {
		var n float64
		if _, err := fmt.Sscan(v, &n); err == nil {
			return n
		}
	}
	return v
}

// row is a row of Review: its case, and the cells that a test writes.
func (b *reviewed) id(row int) string { return b.r.Review[row-reviewHeader-1].Gap.GapID }

// decide enters what all mutants start with. Rows 6 to 10 are decided.
func (b *reviewed) decide() {
	b.set("B6", "Approve")
	b.set("B7", "Decline")
	b.set("B8", "Ask partner")
	b.set("N8", "Who is it?")
	b.set("B9", "Later")
	b.set("B10", "approved ")
	b.set("L10", "SaaS Atlas")
	b.set("M10", 12)
	b.must(b.f.SetCellValue(summarySheet, labelCell(b, reviewedBy), "Anna Example"))
	b.must(b.f.SetCellValue(summarySheet, labelCell(b, approvedBy), "Ben Example"))
}

// labelCell gives the cell to the right of a label on Summary.
func labelCell(b *reviewed, label string) string {
	found, err := b.f.SearchSheet(summarySheet, label)
	b.must(err)
	if len(found) != 1 {
		b.t.Fatalf("%q stands in %q", label, found)
	}
	c, row, err := excelize.CellNameToCoordinates(found[0])
	b.must(err)
	return at(c+1, row)
}

// asDecided are the answers of decide, in words.
var asDecided = []string{"B6 approve", "B7 decline", "B8 ask: Who is it?", "B9 later", "B10 approve saas-atlas 12"}

// words puts what was read into lines that a table can hold.
func words(b *review.Book, facts *Facts) (answers, refusals []string) {
	for _, a := range b.Answers {
		s := strings.TrimPrefix(a.Cell, reviewSheet+"!") + " " + string(a.Verdict)
		if a.PartnerKey != "" {
			s += " " + a.PartnerKey
		}
		if a.AmountSet {
			s += " " + fmt.Sprint(money(a.Amount, facts.Gaps[a.GapID].Currency))
		}
		if a.Note != "" {
			s += ": " + a.Note
		}
		answers = append(answers, s)
	}
	for _, f := range b.Refusals {
		refusals = append(refusals, strings.TrimSpace(f.Cell+" "+fmt.Sprintf("%q", f.Value)+" "+f.Rule))
		if f.Remedy == "" || f.Book == "" {
			refusals = append(refusals, "a refusal without remedy or book: "+f.Rule)
		}
	}
	return answers, refusals
}

func without(rows ...string) []string {
	var out []string
	for _, a := range asDecided {
		if !slices.Contains(rows, a[:strings.Index(a, " ")]) {
			out = append(out, a)
		}
	}
	return out
}

// mutants are what happens to workbooks on their way through people and
// programs.
var mutants = []struct {
	name     string
	change   func(b *reviewed)
	run      string // --run
	answers  []string
	refusals []string // beginnings; the value of a cell differs with the sample
	notes    []string
	missing  int
}{
	{name: "clean", answers: asDecided},
	{name: "sorted and filtered", change: func(b *reviewed) {
		b.swap(6, 20)
		b.swap(7, 31)
		b.must(b.f.SetRowVisible(reviewSheet, 20, false))
		b.must(b.f.SetRowVisible(reviewSheet, 31, false))
	}, answers: []string{"B8 ask: Who is it?", "B9 later", "B10 approve saas-atlas 12", "B20 approve", "B31 decline"}},
	{name: "15 rows deleted, one foreign, one twice, one blank", change: func(b *reviewed) {
		for range 15 {
			b.must(b.f.RemoveRow(reviewSheet, 21))
		}
		b.set("A21", "LL-AAAA-BBBB-CCCC")
		b.set("B21", "Approve")
		b.must(b.f.DuplicateRowTo(reviewSheet, 6, 22))
		b.must(b.f.InsertRows(reviewSheet, 7, 1))
	}, answers: []string{"B8 decline", "B9 ask: Who is it?", "B10 later", "B11 approve saas-atlas 12"}, missing: 15, refusals: []string{
		`Review!A6 "LL-`, `Review!A23 "LL-`, `Review!A22 "LL-AAAA-BBBB-CCCC" is no case of run`,
	}},
	{name: "a copy with another decision", change: func(b *reviewed) {
		b.must(b.f.DuplicateRowTo(reviewSheet, 6, 36))
		b.set("B36", "Decline")
	}, answers: without("B6"), refusals: []string{`Review!A6 "LL-`, `Review!A36 "LL-`}},
	{name: "a copy without any decision", change: func(b *reviewed) { b.must(b.f.DuplicateRowTo(reviewSheet, 30, 36)) }, answers: asDecided, notes: []string{"Review!A30: case LL-"}},
	{name: "some columns sorted apart", change: func(b *reviewed) { b.swap(6, 7, "A", "B") }, answers: without("B6", "B7"), refusals: []string{`Review!AA6 "`, `Review!AA7 "`}},
	{name: "hidden columns sorted apart", change: func(b *reviewed) { b.swap(6, 7, "Z", "AA", "AB", "AC") }, answers: without("B6", "B7"), refusals: []string{`Review!AA6 "`, `Review!AA7 "`}},
	{name: "one column of facts sorted apart", change: func(b *reviewed) { b.swap(6, 7, "G") }, answers: without("B6", "B7"), refusals: []string{`Review!G6 "`, `Review!G7 "`}},
	{name: "amount edited", change: func(b *reviewed) { b.set("D6", 1) }, answers: without("B6"), refusals: []string{`Review!D6 "1" is not what the run says of LL-`}},
	{name: "currency edited", change: func(b *reviewed) { b.set("E6", "CHF") }, answers: without("B6"), refusals: []string{`Review!E6 "CHF" is not what the run says of LL-`}},
	{name: "cause edited", change: func(b *reviewed) { b.set("I6", "C10 Typed") }, answers: without("B6"), refusals: []string{`Review!I6 "C10 Typed" is not what`}},
	{name: "facts edited where nothing is decided", change: func(b *reviewed) { b.set("D12", 1) }, answers: asDecided},
	{name: "case as a number", change: func(b *reviewed) { b.set("A6", 1.23e15) }, answers: without("B6"), refusals: []string{`Review!A6 "1`}, missing: 1},
	{name: "case gone", change: func(b *reviewed) { b.set("A6", nil) }, answers: without("B6"), refusals: []string{`Review!A6 "" has no case number`}, missing: 1},
	{name: "case in small letters", change: func(b *reviewed) { b.set("A6", " "+strings.ToLower(b.id(6))+" ") }, answers: asDecided},
	{name: "decision as a formula without result", change: func(b *reviewed) { b.set("B6", nil); b.formula("B6", `IF(D6>1,"Approve","Decline")`) }, answers: without("B6"), refusals: []string{`Review!B6 "" is a formula without a saved value`}},
	{name: "amount as a formula without result", change: func(b *reviewed) { b.set("M6", nil); b.formula("M6", `D6/2`) }, answers: without("B6"), refusals: []string{`Review!M6 "" is a formula without a saved value`}},
	{name: "decimal comma as text", change: func(b *reviewed) { b.set("M6", "12,50") }, answers: without("B6"), refusals: []string{`Review!M6 "12,50" is not a plain number`}},
	{name: "number as text", change: func(b *reviewed) { b.set("M6", "12.5") }, answers: without("B6"), refusals: []string{`Review!M6 "12.5" is not a plain number`}},
	{name: "currency sign", change: func(b *reviewed) { b.set("M6", "€ 12.50") }, answers: without("B6"), refusals: []string{`Review!M6 "€ 12.50" is not a plain number`}},
	{name: "too many decimals", change: func(b *reviewed) { b.set("M6", 12.3456) }, answers: without("B6"), refusals: []string{`Review!M6 "12.3456" has more decimals than `}},
	{name: "below zero", change: func(b *reviewed) { b.set("M6", -3) }, answers: without("B6"), refusals: []string{`Review!M6 "-3" is below zero`}},
	{name: "approved for nothing", change: func(b *reviewed) { b.set("M6", 0) }, answers: without("B6"), refusals: []string{`Review!M6 "0" approves nothing`}},
	{name: "more than was paid", change: func(b *reviewed) { b.set("M6", 9000000) }, answers: append([]string{"B6 approve 9e+06"}, asDecided[1:]...), notes: []string{"Review!M6: "}},
	{name: "beyond all amounts", change: func(b *reviewed) { b.set("M6", 1e15) }, answers: without("B6"), refusals: []string{`Review!M6 "1`}},
	{name: "a binary fraction's noise", change: func(b *reviewed) {
		b.set("M6", nil)
		b.must(b.f.SetCellDefault(reviewSheet, "M6", "0.30000000000000004"))
	}, answers: append([]string{"B6 approve 0.3"}, asDecided[1:]...)},
	{name: "error value", change: func(b *reviewed) { b.set("B6", "Approve"); b.set("L6", "#N/A") }, answers: without("B6"), refusals: []string{`Review!L6 "#N/A" is no partner of the run`}},
	{name: "no decision at all", change: func(b *reviewed) { b.set("B6", "Yes please") }, answers: without("B6"), refusals: []string{`Review!B6 "Yes please" is not one of the decisions`}},
	{name: "decision as a bool", change: func(b *reviewed) { b.set("B6", true) }, answers: without("B6"), refusals: []string{`Review!B6 "1" is not one of the decisions`}},
	{name: "decisions as people write them", change: func(b *reviewed) {
		b.set("B6", "APPROVED")
		b.set("B7", " decline")
		b.set("B8", "ask  Partner")
	}, answers: asDecided},
	{name: "amount without decision", change: func(b *reviewed) { b.set("M12", 3) }, answers: asDecided, refusals: []string{`Review!M12 "3" is an amount without a decision`}},
	{name: "partner without decision", change: func(b *reviewed) { b.set("L12", "SaaS Atlas") }, answers: asDecided, refusals: []string{`Review!L12 "SaaS Atlas" is a partner without a decision`}},
	{name: "comment without decision", change: func(b *reviewed) { b.set("N12", "hm") }, answers: asDecided, refusals: []string{`Review!N12 "hm" is a comment without a decision`}},
	{name: "unknown partner", change: func(b *reviewed) { b.set("L6", "Nobody GmbH") }, answers: without("B6"), refusals: []string{`Review!L6 "Nobody GmbH" is no partner of the run`}},
	{name: "partner by key, or one of two of a name", change: func(b *reviewed) { b.set("L6", "studio-1"); b.set("L7", "studio (studio-2)") },
		answers: append([]string{"B6 approve studio-1", "B7 decline studio-2"}, asDecided[2:]...)},
	{name: "a name that two partners have", change: func(b *reviewed) { b.set("L6", "Studio") }, answers: without("B6"), refusals: []string{`Review!L6 "Studio" is no partner of the run`}},
	{name: "long comment", change: func(b *reviewed) { b.set("N6", strings.Repeat("x", 501)) }, answers: without("B6"), refusals: []string{`Review!N6 "xxx`}},
	{name: "a date as text in a column of facts", change: func(b *reviewed) { b.set("C6", "3. Februar 2026") }, answers: asDecided},
	{name: "column inserted", change: func(b *reviewed) { b.must(b.f.InsertCols(reviewSheet, "C", 1)); b.set("C5", "My remarks") },
		answers: asDecided},
	{name: "rows inserted above the header", change: func(b *reviewed) { b.must(b.f.InsertRows(reviewSheet, 4, 3)) },
		answers: []string{"B9 approve", "B10 decline", "B11 ask: Who is it?", "B12 later", "B13 approve saas-atlas 12"}},
	{name: "header too far down", change: func(b *reviewed) { b.must(b.f.InsertRows(reviewSheet, 1, 30)) }, refusals: []string{`"" no sheet has a header row`}},
	{name: "sheet renamed", change: func(b *reviewed) { b.must(b.f.SetSheetName(reviewSheet, "Anna's part")) },
		answers: []string{"'Anna''s part'!B6 approve", "'Anna''s part'!B7 decline", "'Anna''s part'!B8 ask: Who is it?", "'Anna''s part'!B9 later", "'Anna''s part'!B10 approve saas-atlas 12"}},
	{name: "headers in capitals", change: func(b *reviewed) { b.set("A5", "CASE"); b.set("M5", " AMOUNT  to Credit") }, answers: asDecided},
	{name: "header twice", change: func(b *reviewed) { b.set("X5", "decision") }, refusals: []string{`Review!X5 "decision" is the header of column B as well`}},
	{name: "input column removed", change: func(b *reviewed) { b.must(b.f.RemoveCol(reviewSheet, "M")) }, refusals: []string{`"Amount to credit" is a column that Review no longer has`}},
	{name: "two copies of Review", change: func(b *reviewed) {
		n, err := b.f.NewSheet("Copy")
		b.must(err)
		i, err := b.f.GetSheetIndex(reviewSheet)
		b.must(err)
		b.must(b.f.CopySheet(i, n))
	}, refusals: []string{`"Review, Copy" have the header row of Review both`}},
	{name: "key columns and hidden sheets removed, run named", run: "2026-03-30-9f31c2", change: loseKeys, answers: asDecided},
	{name: "key columns and hidden sheets removed, run not named", change: loseKeys, refusals: []string{`"" the book no longer says which run it belongs to`}},
	{name: "key columns removed and an amount edited", run: "2026-03-30-9f31c2", change: func(b *reviewed) { loseKeys(b); b.set("D6", 1) }, answers: without("B6"), refusals: []string{`Review!D6 "1" is not what`}},
	{name: "nothing left to compare with", run: "2026-03-30-9f31c2", change: func(b *reviewed) { loseKeys(b); b.must(b.f.RemoveCol(reviewSheet, "D")) }, refusals: []string{`"" neither the row checks nor amount and currency`}},
	{name: "another run named", run: "2026-01-01-000000", refusals: []string{`"2026-03-30-9f31c2" is the run of the book, not 2026-01-01-000000`}},
	{name: "put together from two books", change: func(b *reviewed) { b.must(b.f.SetCellValue(runSheet, "B1", "2026-01-01-000000")) },
		refusals: []string{`"2026-01-01-000000 and 2026-03-30-9f31c2" are two runs in one book`}},
	{name: "run unknown", change: func(b *reviewed) {
		b.must(b.f.SetCellValue(runSheet, "B1", "2026-01-01-000000"))
		b.must(b.f.SetCustomProps(excelize.CustomProperty{Name: markRun, Value: "2026-01-01-000000"}))
	}, refusals: []string{`"2026-01-01-000000" is a run that the output folder does not have`}},
	{name: "newer layout", change: func(b *reviewed) { b.must(b.f.SetCellValue(runSheet, "B2", "99")) }, refusals: []string{`"99" is the layout of a book that another version`}},
	{name: "another installation's book", change: func(b *reviewed) {
		b.must(b.f.SetCellValue(runSheet, "B"+fmt.Sprint(lastMark(b)), "0123456789ABCDEFGHJK"))
	},
		refusals: []string{`"2026-03-30-9f31c2" is not the run that this book was written from`}},
	{name: "approved without any partner", change: func(b *reviewed) { b.set(approvable(b, ""), "Approve") }, answers: nil, refusals: []string{`Review!L`}},
}

// loseKeys takes away all by which a book says where it comes from.
func loseKeys(b *reviewed) {
	for range 4 {
		b.must(b.f.RemoveCol(reviewSheet, "Z"))
	}
	b.must(b.f.DeleteSheet(runSheet))
	b.must(b.f.DeleteSheet(listsSheet))
	for _, name := range []string{markRun, markLayout, markCheck} {
		b.must(b.f.SetCustomProps(excelize.CustomProperty{Name: name})) // deletes it
	}
}

func lastMark(b *reviewed) int {
	rows, err := b.f.GetRows(runSheet)
	b.must(err)
	return len(rows)
}

// approvable gives the decision cell of the first undecided row with the
// partner suggested.
func approvable(b *reviewed, partner string) string {
	for i := range b.r.Review {
		if row := reviewHeader + 1 + i; row > 10 && b.r.Review[i].Gap.PartnerKey == partner {
			return fmt.Sprint("B", row)
		}
	}
	b.t.Fatalf("no undecided row suggests %q", partner)
	return ""
}

// mutantBook writes the book that all mutants start from.
func mutantBook(t *testing.T) (string, *report.Report) {
	r := sampleReport(t, 30, nil)
	return write(t, r), r
}

// lighter takes the sheets away that no reader needs: each mutant is opened and
// saved whole.
func lighter(t *testing.T, book string) string {
	f, err := excelize.OpenFile(book)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		if !slices.Contains([]string{summarySheet, reviewSheet, listsSheet, runSheet}, name) {
			if err := f.DeleteSheet(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "light.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMutants(t *testing.T) {
	base, r := mutantBook(t)
	base = lighter(t, base)
	facts := factsOf(r)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			f, err := excelize.OpenFile(base)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b := &reviewed{t, f, r}
			b.decide()
			if m.change != nil {
				m.change(b)
			}
			path := filepath.Join(t.TempDir(), "mutant.xlsx")
			if err := f.SaveAs(path); err != nil {
				t.Fatal(err)
			}
			got, err := Read(path, ReadOptions{RunID: m.run, Run: store(facts)})
			if err != nil {
				t.Fatal(err)
			}
			answers, refusals := words(got, facts)
			if m.name == "approved without any partner" {
				m.answers = asDecided
			}
			if !slices.Equal(answers, m.answers) {
				t.Errorf("answers\n %q, want\n %q", answers, m.answers)
			}
			begins(t, "refusals", refusals, m.refusals)
			begins(t, "notes", got.Notes, m.notes)
			if len(got.Missing) != m.missing {
				t.Errorf("%d missing, want %d", len(got.Missing), m.missing)
			}
			if m.answers != nil && (got.ReviewedBy != "Anna Example" || got.ApprovedBy != "Ben Example" || got.RunID != r.Run.ID || len(got.SHA256) != 64) {
				t.Errorf("reviewed by %q, approved by %q, run %q", got.ReviewedBy, got.ApprovedBy, got.RunID)
			}
		})
	}
}

// begins compares lines with the beginnings wanted of them.
func begins(t *testing.T, what string, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s\n %q, want lines that begin\n %q", what, got, want)
	}
}

// TestSavedValue: a formula that was calculated is used, and said so.
func TestSavedValue(t *testing.T) {
	base, r := mutantBook(t)
	path := filepath.Join(t.TempDir(), "formula.xlsx")
	done := 0
	rewriteParts(t, base, path, func(name string, data []byte) []byte {
		for _, c := range []struct{ cell, with string }{
			{"B6", ` t="str"><f>IF(1&gt;0,"Approve","")</f><v>Approve</v></c>`},
			{"M6", `><f>D6/2</f><v>12.5</v></c>`},
		} {
			i := bytes.Index(data, []byte(`<c r="`+c.cell+`"`))
			if i < 0 || name != "xl/worksheets/sheet2.xml" {
				continue
			}
			end := i + bytes.Index(data[i:], []byte(`>`))
			rest := bytes.TrimPrefix(data[end+1:], []byte("</c>"))
			data = slices.Concat(data[:end], []byte(c.with), rest)
			done++
		}
		return data
	})
	if done != 2 {
		t.Fatalf("%d cells changed, want 2", done)
	}
	facts := factsOf(r)
	got, err := Read(path, ReadOptions{Run: store(facts)})
	if err != nil {
		t.Fatal(err)
	}
	answers, refusals := words(got, facts)
	begins(t, "answers", answers, []string{"B6 approve 12.5"})
	begins(t, "refusals", refusals, nil)
	begins(t, "notes", got.Notes, []string{`Review!B6: a formula; its saved value "Approve" was used.`, `Review!M6: a formula; its saved value "12.5" was used.`})
}

// TestForeignKey: a book that another installation wrote is refused whole.
func TestForeignKey(t *testing.T) {
	r := sampleReport(t, 10, nil)
	path := filepath.Join(t.TempDir(), "book.xlsx")
	if err := Write(path, r, "another key"); err != nil {
		t.Fatal(err)
	}
	facts := factsOf(r)
	got, err := Read(path, ReadOptions{Run: store(facts)})
	if err != nil {
		t.Fatal(err)
	}
	_, refusals := words(got, facts)
	begins(t, "refusals", refusals, []string{`"2026-03-30-9f31c2" is not the run that this book was written from`})
}

// TestUnreadable: files that are no workbook of ours, each with its sentence.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	zipped := func(name string, parts ...string) string {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		for i := 0; i < len(parts); i += 2 {
			w, err := z.Create(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(parts[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return file(name, buf.Bytes())
	}
	many := []string{"[Content_Types].xml", ""}
	for i := range partsMax {
		many = append(many, fmt.Sprintf("p%d", i), "")
	}
	ole := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	for _, c := range []struct{ path, want string }{
		{file("old.xls", []byte(ole+"Workbook")), "old.xls: it is an old .xls workbook; open it and save it as .xlsx"},
		{file("locked.xlsx", append([]byte(ole), utf16le("EncryptedPackage")...)), "locked.xlsx: it is protected by a password"},
		{file("review.csv", []byte("Case,Decision\nLL-1,Approve\n")), "review.csv: it is a text file"},
		{file("empty.xlsx", nil), "empty.xlsx: it is empty"},
		{file("words.xlsx", []byte("hello")), "words.xlsx: it is not an Excel workbook"},
		{file("half.xlsx", []byte("PK\x03\x04half")), "half.xlsx: it is damaged or no Excel workbook"},
		{zipped("review.ods", "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), "review.ods: it is an OpenDocument file (.ods); open it and save it as .xlsx"},
		{zipped("other.zip", "a.txt", "a"), "other.zip: it is not an Excel workbook"},
		{zipped("binary.xlsb", "[Content_Types].xml", "<Types/>", "_rels/.rels", `<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>`, "xl/workbook.bin", "x"), "binary.xlsb: it is a binary workbook (.xlsb)"},
		{zipped("many.xlsx", many...), "many.xlsx: it has 2001 parts"},
		{dir, filepath.Base(dir) + ": it is not a regular file"},
		{filepath.Join(dir, "none.xlsx"), "none.xlsx: "},
	} {
		_, err := Read(c.path, ReadOptions{Run: store(&Facts{})})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestBombs: files that unpack to far more than they weigh, whether they say
// so or not.
func TestBombs(t *testing.T) {
	r := sampleReport(t, 3, nil)
	base, path := write(t, r), filepath.Join(t.TempDir(), "bomb.xlsx")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for name, data := range readParts(t, base) {
		h := &zip.FileHeader{Name: name, UncompressedSize64: uint64(len(data)), CompressedSize64: uint64(len(data)), CRC32: crc32.ChecksumIEEE([]byte(data))}
		if name == "xl/worksheets/sheet2.xml" {
			h.UncompressedSize64 = unpackedMax
		}
		w, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, ReadOptions{Run: store(factsOf(r))}); err == nil || !strings.Contains(err.Error(), "unpacks to more") {
		t.Errorf("%v, want a refusal", err)
	}
	c := &container{left: 10}
	if n, err := (&limited{strings.NewReader("more than ten bytes"), c}).Read(make([]byte, 64)); err != errTooLarge {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

// savedBooks are workbooks as LibreOffice saved them, directly and by way of
// its own format: both a clean one and one with all kinds of entries.
var savedBooks = []struct {
	name     string
	change   func(b *reviewed)
	answers  []string
	refusals []string
	notes    []string
}{
	{name: "clean", answers: asDecided},
	{name: "edited", change: func(b *reviewed) {
		b.swap(6, 20)
		b.set("D7", 1)
		b.set("M8", "12,50")
		b.set("B9", nil)
		b.formula("B9", `IF(D9>0,"Later","Approve")`)
		b.set("A36", "LL-AAAA-BBBB-CCCC")
		b.set("B36", "Approve")
		b.set("B11", "Decline")
		b.set("M11", nil)
		b.formula("M11", "ROUND(D11/2,0)")
		b.set("N11", "zwei Zeilen:\nÄpfel & <Birnen>")
	}, answers: []string{"B9 later", "B10 approve saas-atlas 12", "B11 decline 150: zwei Zeilen:\nÄpfel & <Birnen>", "B20 approve"},
		refusals: []string{`Review!D7 "1" is not what the run says of LL-`, `Review!M8 "12,50" is not a plain number`, `Review!A36 "LL-AAAA-BBBB-CCCC" is no case of run`},
		notes:    []string{`Review!B9: a formula; its saved value "Later" was used.`, `Review!M11: a formula; its saved value "150" was used.`}},
}

var office = flag.Bool("office", false, "have LibreOffice save the reviewed books anew")

// TestSavedByLibreOffice reads them back. With -office they are made anew,
// with the facts of the run that they belong to, so that no change of the
// program's words reaches them.
func TestSavedByLibreOffice(t *testing.T) {
	dir := filepath.Join(need.Root(t), "testdata", "report", "reviewed")
	if *office {
		saveByLibreOffice(t, dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts Facts
	if err := json.Unmarshal(data, &facts); err != nil {
		t.Fatal(err)
	}
	for _, b := range savedBooks {
		for _, way := range []string{"xlsx", "ods"} {
			name := b.name + "-" + way + ".xlsx"
			t.Run(name, func(t *testing.T) {
				got, err := Read(filepath.Join(dir, name), ReadOptions{Run: store(&facts)})
				if err != nil {
					t.Fatal(err)
				}
				answers, refusals := words(got, &facts)
				if !slices.Equal(answers, b.answers) {
					t.Errorf("answers\n %q, want\n %q", answers, b.answers)
				}
				begins(t, "refusals", refusals, b.refusals)
				begins(t, "notes", got.Notes, b.notes)
				if len(got.Missing) != 0 || got.ReviewedBy != "Anna Example" || got.ApprovedBy != "Ben Example" {
					t.Errorf("%d missing, reviewed by %q, approved by %q", len(got.Missing), got.ReviewedBy, got.ApprovedBy)
				}
			})
		}
	}
}

func saveByLibreOffice(t *testing.T, dir string) {
	soffice := need.Command(t, "soffice")
	tmp := t.TempDir()
	convert := func(to, out, from string) {
		t.Helper()
		cmd := exec.Command(soffice, "-env:UserInstallation=file://"+filepath.Join(tmp, "profile"), "--headless", "--convert-to", to, "--outdir", out, from)
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, msg)
		}
	}
	base, r := mutantBook(t)
	for _, s := range savedBooks {
		f, err := excelize.OpenFile(base)
		if err != nil {
			t.Fatal(err)
		}
		b := &reviewed{t, f, r}
		b.decide()
		if s.change != nil {
			s.change(b)
		}
		path := filepath.Join(tmp, s.name+".xlsx")
		b.must(f.SaveAs(path))
		b.must(f.Close())
		convert("ods", tmp, path)
		for way, from := range map[string]string{"xlsx": path, "ods": filepath.Join(tmp, s.name+".ods")} {
			out := filepath.Join(tmp, way)
			convert("xlsx", out, from)
			b.must(os.Rename(filepath.Join(out, s.name+".xlsx"), filepath.Join(dir, s.name+"-"+way+".xlsx")))
		}
	}
	data, err := json.MarshalIndent(factsOf(r), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "facts.json"), append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// FuzzRead: whatever a file holds, reading ends, and takes no answer that the
// run does not know.
func FuzzRead(f *testing.F) {
	heads, texts := "", ""
	for i, h := range []string{headCase, headDecision, headAtStake, headCurrency, headPartner, headAmount, headComment} {
		heads += fmt.Sprintf(`<c t="s"><v>%d</v></c>`, i)
		texts += "<si><r><t>" + h + "</t></r></si>"
	}
	for _, row := range []string{
		`<c t="inlineStr"><is><t>LL-1</t></is></c><c t="str"><f>A1</f><v>Approve</v></c><c><v>1</v></c><c t="s"><v>7</v></c><c t="e"><v>#N/A</v></c><c><v>1E0</v></c>`,
		`<c t="inlineStr"><is><t>LL-1</t></is></c><c t="inlineStr"><is><t>later</t></is></c><c><v>1.0</v></c><c t="s"><v>7</v></c><c r="G3" t="str"><v>_x000D_</v></c>`,
	} {
		f.Add([]byte(`<worksheet><sheetData><row r="2">`+heads+`</row><row>`+row+`</row></sheetData></worksheet>`), []byte("<sst>"+texts+"<si><t>EUR</t></si></sst>"))
	}
	f.Add([]byte(`<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>Decision</t></is></c></row></sheetData></worksheet>`), []byte(`<sst><si><t>Case</t></si></sst>`))
	f.Add([]byte(`<worksheet><sheetData><row r="1048577"/></sheetData></worksheet>`), []byte(`<sst><si><rPh></rPh></si></sst>`))
	f.Fuzz(func(t *testing.T, sheet, texts []byte) {
		path := filepath.Join(t.TempDir(), "book.xlsx")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z := zip.NewWriter(file)
		rel := func(id, kind, target string) string {
			return `<Relationship Id="` + id + `" Type="x/` + kind + `" Target="` + target + `"/>`
		}
		for _, p := range [][2]string{
			{"[Content_Types].xml", "<Types/>"}, {"_rels/.rels", "<R>" + rel("a", "officeDocument", "xl/workbook.xml") + "</R>"},
			{"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="Review" r:id="s"/></sheets></workbook>`},
			{"xl/_rels/workbook.xml.rels", "<R>" + rel("s", "worksheet", "s.xml") + rel("t", "sharedStrings", "t.xml") + "</R>"},
			{"xl/s.xml", string(sheet)}, {"xl/t.xml", string(texts)},
		} {
			w, err := z.Create(p[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(p[1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		facts := &Facts{RunID: "run", Gaps: map[string]GapFacts{"LL-1": {Listed: true, AtStake: 100, Currency: "EUR"}}}
		got, err := Read(path, ReadOptions{RunID: "run", Run: store(facts)})
		if err != nil {
			return
		}
		for _, a := range got.Answers {
			if _, ok := facts.Gaps[a.GapID]; !ok || a.Verdict == "" || a.Cell == "" {
				t.Errorf("answer %+v", a)
			}
		}
	})
}

// BenchmarkRead reads a book of 50,000 rows back, of which every tenth is
// decided.
func BenchmarkRead(b *testing.B) {
	r := sampleReport(b, 50_000, func(_ *gap.Result, _ *report.Run, opt *report.Options) { opt.ReviewRowsMax = 100_000 })
	path := filepath.Join(b.TempDir(), "book.xlsx")
	if err := Write(path, r, testKey); err != nil {
		b.Fatal(err)
	}
	decided := filepath.Join(b.TempDir(), "decided.xlsx")
	empty := regexp.MustCompile(`<c r="B([0-9]*0)"( s="[0-9]+")></c>`)
	rewriteParts(b, path, decided, func(name string, data []byte) []byte {
		if name != "xl/worksheets/sheet2.xml" {
			return data
		}
		return empty.ReplaceAll(data, []byte(`<c r="B$1"$2 t="inlineStr"><is><t>Approve</t></is></c>`))
	})
	facts := store(factsOf(r))
	peak := peakHeap()
	for b.Loop() {
		book, err := Read(decided, ReadOptions{Run: facts})
		if err != nil {
			b.Fatal(err)
		}
		if len(book.Answers) < 4000 {
			b.Fatalf("%d answers, %d refusals", len(book.Answers), len(book.Refusals))
		}
	}
	b.ReportMetric(float64(peak())/1e6, "MB-peak")
}

// TestReadHostile approves every row of books whose texts are hostile or
// masked: what the writer had to change of a text is no difference.
func TestReadHostile(t *testing.T) {
	masked := sampleReport(t, 30, func(_ *gap.Result, _ *report.Run, opt *report.Options) { opt.MaskEmail = true })
	for name, r := range map[string]*report.Report{"hostile": hostileReport(t), "masked": masked} {
		f, err := excelize.OpenFile(write(t, r))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := &reviewed{t, f, r}
		want, chosen := 0, map[string]string{}
		for i, it := range r.Review {
			if it.Gap.PartnerKey == "" {
				continue
			}
			b.set(fmt.Sprint("B", reviewHeader+1+i), "Approve")
			// Left out are names longer than a cell, two of which are cut alike, and
			// what the test's own library would write as another text.
			if name := b.get(fmt.Sprint("H", reviewHeader+1+i)); len(name) < 100 && !strings.Contains(name, "_x") {
				b.set(fmt.Sprint("L", reviewHeader+1+i), name)
				chosen[it.Gap.GapID] = it.Gap.PartnerKey
			}
			want++
		}
		if len(chosen) < 10 {
			t.Errorf("%s: only %d partners are chosen", name, len(chosen))
		}
		path := filepath.Join(t.TempDir(), "book.xlsx")
		b.must(f.SaveAs(path))
		got, err := Read(path, ReadOptions{Run: store(factsOf(r))})
		if err != nil {
			t.Fatal(err)
		}
		if _, refusals := words(got, factsOf(r)); len(got.Answers) != want || refusals != nil {
			t.Errorf("%s: %d answers, want %d; refused %q", name, len(got.Answers), want, refusals)
		}
		for _, a := range got.Answers {
			if chosen[a.GapID] != a.PartnerKey {
				t.Errorf("%s: %s is credited to %q, want %q", name, a.Cell, a.PartnerKey, chosen[a.GapID])
			}
		}
	}
}
