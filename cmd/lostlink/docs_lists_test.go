package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/xuri/excelize/v2"

	"lostlink/config"
	"lostlink/ingest/rows"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/bulk"
	"lostlink/report/push"
	"lostlink/report/workbook"
)

// Two kinds of list in the docs are held to the code. A block between the
// comments "made: NAME" and "end" is written by a function below, anew with
// -update. The tables written by hand have, line by line, the names the code
// has.

const (
	madeBegins = "<!-- made: "
	madeEnds   = "<!-- end -->"
)

// TestDocMade compares the blocks that the code writes.
func TestDocMade(t *testing.T) {
	made := map[string]string{
		"cases": casesText(), "questions": questionsText(), "refused sources": refusedText(), "exit codes": exitText(),
	}
	for _, s := range source.All() {
		if s.Refused == "" {
			made["source "+s.Name] = sourceText(s)
		}
	}
	made["bulk fields"] = bulkFieldsText()
	for _, p := range bulk.Platforms() {
		made["platform "+p.Name] = platformText(p)
	}
	seen := map[string]bool{}
	for _, d := range docs(t) {
		changed := false
		for i := 0; i < len(d.text); i++ {
			name, ok := strings.CutPrefix(d.text[i], madeBegins)
			if !ok {
				continue
			}
			name = strings.TrimSuffix(name, " -->")
			end := slices.Index(d.text[i:], madeEnds)
			if made[name] == "" || end < 0 {
				t.Errorf("%s:%d: nothing makes %q, or %s is missing", d.name, i+1, name, madeEnds)
				continue
			}
			seen[name] = true
			want := strings.Split(made[name], "\n")
			if got := d.text[i+1 : i+end]; !slices.Equal(got, want) {
				changed = true
				if !*update {
					t.Errorf("%s:%d: %s has changed; look at the difference after: go test ./cmd/lostlink -update", d.name, i+1, name)
				}
				d.text = slices.Replace(d.text, i+1, i+end, want...)
			}
		}
		if changed && *update {
			d.save(t)
		}
	}
	for name := range made {
		if !seen[name] {
			t.Errorf("no page holds %q: write %s%s --> and %s where it belongs, then run go test ./cmd/lostlink -update", name, madeBegins, name, madeEnds)
		}
	}
}

func casesText() string {
	var b strings.Builder
	for _, c := range gap.Cases() {
		fmt.Fprintf(&b, "## %s %s\n\n`%s`: %s\n\n", c.Code, c.Title, c.Slug, c.Meaning)
		fmt.Fprintf(&b, "- **What shows it:** %s\n", c.Shows)
		fmt.Fprintf(&b, "- **How to check it:** %s\n", c.Check)
		fmt.Fprintf(&b, "- **What to do:** %s\n", strings.Join(c.Steps, " "))
		fmt.Fprintf(&b, "- **What it cannot tell:** %s\n\n", c.CannotTell)
	}
	return strings.TrimSpace(b.String())
}

func sourceText(s *source.Source) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s%s\n\nFormat `%s`. %s\n\n", strings.ToUpper(s.Title[:1]), s.Title[1:], s.Name, s.Where)
	var files, tables []string
	for _, c := range s.Containers {
		files = append(files, map[rows.Container]string{rows.CSV: "CSV", rows.JSON: "JSON or JSON lines", rows.Parquet: "Parquet", rows.XLSX: "Excel", rows.AccessLog: "log lines"}[c])
	}
	for _, k := range s.Tables {
		tables = append(tables, fmt.Sprintf("[%s](tables.md#%s)", k, k))
	}
	if len(tables) == len(table.Kinds()) {
		tables = []string{"any one of the [tables](tables.md)"}
	}
	fmt.Fprintf(&b, "- **Comes as:** %s.\n", strings.Join(files, ", "))
	fmt.Fprintf(&b, "- **Gives:** %s.\n", strings.Join(tables, ", "))
	if s.Zone != "" {
		fmt.Fprintf(&b, "- **Zone of times without one:** %s.\n", s.Zone)
	}
	if s.Unit != "" {
		fmt.Fprintf(&b, "- **Amounts:** %s units.\n", s.Unit)
	}
	fmt.Fprintf(&b, "- **One line in:** `%s`\n", s.Example.In)
	fmt.Fprintf(&b, "- **What becomes of it:** %s.", s.Example.Out)
	if len(s.Uses) == 0 {
		return b.String()
	}
	b.WriteString("\n\n| value | read from, the first that is not empty |\n|---|---|")
	for _, u := range s.Uses {
		from := "no usual name; map one with `columns`"
		if len(u.From) > 0 {
			from = "`" + strings.Join(u.From, "`, `") + "`"
		}
		if u.Must {
			from += " (needed)"
		}
		fmt.Fprintf(&b, "\n| %s | %s |", u.To, from)
	}
	return b.String()
}

func bulkFieldsText() string {
	lines := []string{"| field | holds | of a |", "|---|---|---|"}
	for _, f := range bulk.Fields() {
		var kinds []string
		for _, k := range f.Kinds {
			if k != bulk.Click { // is sent, and has no columns
				kinds = append(kinds, string(k))
			}
		}
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s |", f.Name, f.Doc, strings.Join(kinds, ", ")))
	}
	return strings.Join(lines, "\n")
}

func platformText(p *bulk.Platform) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n`platform: %s`\n\n- **Where to:** %s.\n- **Columns from:** %s.", p.Title, p.Name, strings.TrimSuffix(p.Where, "."), strings.TrimSuffix(p.Source, "."))
	for _, f := range p.Files {
		fmt.Fprintf(&b, "\n\n`%s`", f.Name)
		switch {
		case f.Lines:
			b.WriteString(": JSON lines, each the body of one request.")
		case len(f.Heads) == 0 && len(f.Carries) > 0:
			var must []string
			for _, any := range f.Carries {
				must = append(must, "`"+strings.Join(any, "` or `")+"`")
			}
			fmt.Fprintf(&b, ": CSV. Among its columns must be %s.", strings.Join(must, ", "))
		default:
			b.WriteString(": CSV.")
		}
		if f.RowsMax > 0 {
			fmt.Fprintf(&b, " At most %s rows and %d MB a file; more are split.", thousands(f.RowsMax), (f.BytesMax+1)/1_000_000)
		}
		if len(f.Heads) == 0 {
			continue
		}
		b.WriteString("\n\n| column | filled from |\n|---|---|")
		for _, h := range f.Heads {
			from := "`" + h.From + "`"
			switch {
			case h.From == "" && h.Must:
				from = "you: `{file: " + f.Name + ", value: …, to: " + h.Name + "}`"
			case h.From == "":
				from = "nothing"
			}
			if h.Must {
				from += " (needed)"
			}
			fmt.Fprintf(&b, "\n| %s | %s |", h.Name, from)
		}
	}
	return b.String()
}

func refusedText() string {
	lines := []string{"| recognised as | why not, and what to take |", "|---|---|"}
	for _, s := range source.All() {
		if s.Refused != "" {
			lines = append(lines, fmt.Sprintf("| %s | %s |", s.Title, s.Refused))
		}
	}
	return strings.Join(lines, "\n")
}

func exitText() string {
	lines := []string{"| code | meaning |", "|---:|---|"}
	for _, x := range exitCodes {
		lines = append(lines, fmt.Sprintf("| %d | %s |", x.code, x.meaning))
	}
	return strings.Join(lines, "\n")
}

func questionsText() string {
	var lines []string
	for i, q := range gap.Questions() {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, q))
	}
	return strings.Join(lines, "\n")
}

// page finds a page by its name.
func page(t *testing.T, name string) *doc {
	t.Helper()
	for _, d := range docs(t) {
		if d.name == name {
			return d
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// cells gives the rows of the first table below a heading.
func (d *doc) cells(heading string) [][]string {
	var out [][]string
	under := false
	for _, l := range d.text {
		if strings.HasPrefix(l, "#") {
			if under {
				break
			}
			under = strings.TrimLeft(l, "# ") == heading
			continue
		}
		if !under {
			continue
		}
		if !strings.HasPrefix(l, "|") {
			if out != nil {
				break
			}
			continue
		}
		row := strings.Split(strings.Trim(l, "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		out = append(out, row)
	}
	if len(out) < 2 {
		return nil
	}
	return out[2:] // behind the header and the rule
}

// lists holds the first cells of a table to the names the code has.
func (d *doc) lists(t *testing.T, heading string, want []string) {
	t.Helper()
	var got []string
	for _, row := range d.cells(heading) {
		got = append(got, strings.Trim(row[0], "`*"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s, %q: the table lists\n\t%s\nand the code has\n\t%s", d.name, heading, strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// TestDocTables holds docs/tables.md to the columns and types of the tables.
func TestDocTables(t *testing.T) {
	d := page(t, "docs/tables.md")
	for _, k := range table.Kinds() {
		var want [][2]string
		for _, c := range table.ColumnsOf(k) {
			if strings.HasPrefix(c.Name, "src_") { // of every table, told once
				continue
			}
			name := "`" + c.Name + "`"
			if c.Required {
				name = "**" + name + "**"
			}
			want = append(want, [2]string{name, typeWord(c)})
		}
		var got [][2]string
		for _, row := range d.cells(string(k)) {
			got = append(got, [2]string{row[0], row[1]})
		}
		if !slices.Equal(got, want) {
			t.Errorf("docs/tables.md, %s: the page has\n\t%v\nand package table\n\t%v", k, got, want)
		}
	}
}

// typeWord is a column's type as people read it.
func typeWord(c table.Column) string {
	switch c.Type.ID() {
	case arrow.TIMESTAMP:
		return "time"
	case arrow.DATE32:
		return "day"
	case arrow.BOOL:
		return "yes or no"
	case arrow.INT64:
		if slices.Contains([]string{"amount", "refunded", "disputed"}, c.Name) {
			return "money"
		}
		return "number"
	}
	return "text"
}

// TestDocOutputs holds docs/outputs.md and docs/review.md to what a run
// writes.
func TestDocOutputs(t *testing.T) {
	d, r := page(t, "docs/outputs.md"), page(t, "docs/review.md")
	t.Chdir(t.TempDir())
	if out, code := lostlink("demo vendor"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, out)
	}
	latest := filepath.Join("vendor", "out", "latest")
	entries, err := os.ReadDir(latest)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, ".xlsx") {
			name = "lostlink-review_….xlsx"
		}
		files = append(files, name)
	}
	d.lists(t, "The folder of a run", files)
	d.lists(t, "gaps.jsonl", fields(reflect.TypeFor[gap.Gap]()))
	d.lists(t, "contested.jsonl", fields(reflect.TypeFor[gap.Contested]()))
	d.lists(t, "A click of a contested purchase", fields(reflect.TypeFor[gap.ContestedClick]()))
	d.lists(t, "claims.jsonl", fields(reflect.TypeFor[gap.Answer]()))
	var answers []string
	for _, k := range gap.AnswerKinds() {
		answers = append(answers, string(k))
	}
	d.lists(t, "An answer", answers)
	d.lists(t, "incidents.jsonl", fields(reflect.TypeFor[gap.Incident]()))
	d.lists(t, "rejects.jsonl", fields(reflect.TypeFor[table.Reject]()))
	d.lists(t, "A candidate", fields(reflect.TypeFor[gap.Candidate]()))
	d.lists(t, "A finding", fields(reflect.TypeFor[gap.Finding]()))
	d.lists(t, "A step of the timeline", fields(reflect.TypeFor[gap.Event]()))

	parquet, err := rows.Open(filepath.Join(latest, "gaps.parquet"), rows.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer parquet.Close()
	d.lists(t, "gaps.parquet", parquet.Columns())

	data, err := os.ReadFile(filepath.Join(latest, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	d.lists(t, "run.json", keysOf(t, data))
	var runJSON struct{ Inputs []json.RawMessage }
	if err := json.Unmarshal(data, &runJSON); err != nil {
		t.Fatal(err)
	}
	d.lists(t, "An input", keysOf(t, runJSON.Inputs[0]))

	var places []string
	for _, p := range gap.Places() {
		places = append(places, string(p))
	}
	d.lists(t, "Where a purchase ends", places)

	books, _ := filepath.Glob(filepath.Join(latest, "*.xlsx"))
	book, err := excelize.OpenFile(books[0])
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var sheets []string
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			sheets = append(sheets, name)
		}
	}
	r.lists(t, "The sheets", sheets)
	r.lists(t, "Deciding", workbook.Decisions())
}

// fields lists the keys of a record as JSON has them.
func fields(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// keysOf lists the keys of a JSON object in their order.
func keysOf(t *testing.T, data []byte) []string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key.(string))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var variable = regexp.MustCompile("`(LOSTLINK_[A-Z_]+)`")

// TestDocVariables holds the variables the docs name to those there are.
func TestDocVariables(t *testing.T) {
	known := []string{"LOSTLINK_NO_SKIP", "LOSTLINK_SHARED", "LOSTLINK_OOXML_VALIDATOR", "LOSTLINK_SWEEP"} // of the tests
	known = append(known, push.SecretKeyVariable, push.TokenVariable)
	for _, v := range config.Variables() {
		known = append(known, v.Name)
	}
	for _, d := range docs(t) {
		for i, l := range d.text {
			for _, m := range variable.FindAllStringSubmatch(l, -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s:%d: %s sets no option", d.name, i+1, m[1])
				}
			}
		}
	}
}
