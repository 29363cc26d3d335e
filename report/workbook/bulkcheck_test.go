package workbook

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/report/review"
	"lostlink/testdata/need"
)

// made is a check of two currencies, with text that looks like formulas.
func made() review.Check {
	const day = 20600 * table.Day
	return review.Check{
		Programme: "Example partners", Platform: "PartnerStack", Batch: "2026-06-30-00000000.1", At: day + 9*table.Hour,
		Steps: []string{"Look at the totals below: each line must say that it ties.", "Upload the CSV files as they are."},
		Files: []review.CheckFile{
			{Name: "1-customers.csv", SHA256: strings.Repeat("ab", 32), Heads: []string{"email", "key"}, Rows: [][]string{{"ada@example.com", "000123"}}},
			{Name: "2-transactions.csv", SHA256: strings.Repeat("cd", 32), Heads: []string{"key", "amount"}, Rows: [][]string{{"LL-0001", "49.00"}, {"LL-0002", "2900"}}},
			{Name: "refused.csv", SHA256: strings.Repeat("ef", 32), Heads: []string{"Case", "Value"}, Rows: [][]string{{"LL-0003", "=1+1"}}, People: true},
		},
		Totals: []review.CheckTotal{
			{Currency: "JPY", PartnerKey: "acme", PartnerName: "=HYPERLINK(1)", Approved: review.CheckSum{Count: 1, Minor: 2900}, Filed: review.CheckSum{Count: 1, Minor: 2900}, Created: review.CheckSum{Count: 1, Minor: 2900}},
			{Currency: "USD", PartnerKey: "acme", Approved: review.CheckSum{Count: 2, Minor: 9800}, Filed: review.CheckSum{Count: 1, Minor: 4900}, Refused: review.CheckSum{Count: 1, Minor: 4900}, Created: review.CheckSum{Count: 1, Minor: 4900}},
		},
		Decisions: []review.CheckDecision{
			{GapID: "LL-0001", PurchaseID: "ch_1", PartnerKey: "acme", Amount: 4900, Currency: "USD", ReviewedBy: "Anna", ApprovedBy: "Ben", DecidedAt: day, Book: strings.Repeat("12", 32), Outcome: "in the files"},
			{GapID: "LL-0002", PurchaseID: "ch_2", PartnerKey: "acme", Amount: 2900, Currency: "JPY", ReviewedBy: "Anna", DecidedAt: day, Outcome: "in the files"},
			{GapID: "LL-0003", PurchaseID: "ch_3", PartnerKey: "acme", Amount: 4900, Currency: "USD", ReviewedBy: "Anna", DecidedAt: day, Outcome: "refused: is no plain e-mail address"},
		},
	}
}

// TestWriteCheck compares the cells of a check with what was looked at.
func TestWriteCheck(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a.xlsx"), filepath.Join(dir, "b.xlsx")}
	var data [2][]byte
	for i, p := range paths {
		if err := WriteCheck(p, made()); err != nil {
			t.Fatal(err)
		}
		var err error
		if data[i], err = os.ReadFile(p); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(data[0], data[1]) {
		t.Error("the same check gives other bytes")
	}
	if info, err := os.Stat(paths[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	got, err := Dump(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join(need.Root(t), "testdata", "report", "bulkcheck.golden.txt")
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
		t.Errorf("the check is\n%s\nwant\n%s", got, want)
	}
	if *keep != "" {
		if err := os.WriteFile(filepath.Join(*keep, "bulk-check.xlsx"), data[0], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckSchema holds a check against the schemas of Office Open XML.
func TestCheckSchema(t *testing.T) {
	validator := need.Variable(t, "LOSTLINK_OOXML_VALIDATOR")
	path := filepath.Join(t.TempDir(), "check.xlsx")
	if err := WriteCheck(path, made()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(validator, path).Output()
	var verdict struct {
		OK bool `json:"ok"`
	}
	if e := json.Unmarshal(out, &verdict); e != nil || !verdict.OK {
		t.Errorf("the check is not valid (%v, %v): %s", err, e, out)
	}
}

// TestCheckDoesNotTie says so, in the formula's result as well.
func TestCheckDoesNotTie(t *testing.T) {
	c := made()
	c.Totals[1].Refused.Minor--
	path := filepath.Join(t.TempDir(), "a.xlsx")
	if err := WriteCheck(path, c); err != nil {
		t.Fatal(err)
	}
	dump, err := Dump(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(dump, "\t\""+doesNotTie+"\"\t="); n != 2 {
		t.Errorf("%d lines do not tie, want that of the partner and the sum:\n%s", n, dump)
	}
}
