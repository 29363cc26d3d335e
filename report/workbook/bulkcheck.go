package workbook

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/review"
)

// The sheets of a check beside one for each of its files.
const (
	checkSheet     = "Check"
	decisionsSheet = "Decisions"
)

// WriteCheck writes what people sign before they upload the files of a batch to
// path, mode 0600, whole or not at all. The same check gives the same bytes.
// Whatever comes from the data is text: ids and amounts stand there as they do
// in the files.
func WriteCheck(path string, c review.Check) (err error) {
	b := &book{
		f:      excelize.NewFile(excelize.Options{TmpDir: filepath.Dir(path)}),
		r:      &report.Report{Result: &gap.Result{AsOf: c.At}},
		styles: map[look]int{},
	}
	defer func() {
		err = errors.Join(err, b.f.Close())
	}()
	names := []string{checkSheet, decisionsSheet}
	for _, f := range c.Files {
		names = append(names, sheetOfFile(f.Name))
	}
	for i, name := range names {
		if i == 0 {
			err = b.f.SetSheetName("Sheet1", name)
		} else {
			_, err = b.f.NewSheet(name)
		}
		if err != nil {
			return err
		}
	}
	b.f.SetActiveSheet(0)
	if err := b.check(&c); err != nil {
		return err
	}
	if err := b.decisions(&c); err != nil {
		return err
	}
	for i := range c.Files {
		if err := b.fileRows(&c.Files[i]); err != nil {
			return err
		}
	}
	if err := b.finish(); err != nil {
		return err
	}
	b.f.Pkg.Store("docProps/core.xml", []byte(coreProps("lostlink", "Check of a bulk creation", c.At)))
	return b.save(path)
}

func sheetOfFile(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// check is the sheet that is signed.
func (b *book) check(c *review.Check) error {
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title: "Check before you upload",
		lead:  fmt.Sprintf("Batch %s for %s, planned %s (UTC).", c.Batch, c.Platform, c.At.Std().Format("2006-01-02 15:04")),
		tab:   blue, landscape: true, onePage: true, bare: true,
		widths: []float64{6, 32, 24, 10, 12, 16, 12, 16, 12, 16, 18, 16},
	}
	g := newGrid()
	row := 4
	for i, step := range c.Steps {
		g.put(1, row, b.cell(fmt.Sprintf("%d.", i+1), look{}), b.cell(step, look{}))
		row++
	}
	g.put(1, row+1, b.cell("Does it tie to what was approved?", partLook))
	head := row + 2
	heads := []string{"No.", "Partner", "Partner key", "Currency", "Approved", "Approved amount", "In the files", "Their amount", "Refused", "Refused amount", "To be created", "Check"}
	for i, h := range heads {
		g.put(i+1, head, b.cell(h, headLook))
	}
	g.heights[head] = 33
	row = head + 1
	first := row // of the currency
	for i, t := range c.Totals {
		// The approved side is added up from the lines of the ledger.
		line := fmt.Sprintf("'%s'!$A:$A,$A%d", decisionsSheet, row)
		cells := checkLine(b, t, row)
		cells[0].Formula, cells[1].Formula = fmt.Sprintf("COUNTIFS(%s)", line), fmt.Sprintf("SUMIFS('%s'!$E:$E,%s)", decisionsSheet, line)
		g.put(1, row, b.cell(i+1, intLook), b.text(t.PartnerName, textLook), b.text(t.PartnerKey, textLook), b.text(t.Currency, textLook))
		g.put(5, row, cells...)
		row++
		if i+1 < len(c.Totals) && c.Totals[i+1].Currency == t.Currency {
			continue
		}
		cells = checkLine(b, totalOf(c.Totals, t.Currency), row)
		for k := range cells[:len(cells)-1] {
			cells[k].Formula = fmt.Sprintf("SUM(%[1]s%[2]d:%[1]s%[3]d)", col(5+k), first, row-1)
		}
		g.put(2, row, b.cell("All partners", cellLook.strong()), b.cell(nil, cellLook), b.text(t.Currency, textLook.strong()))
		g.put(5, row, cells...)
		row++
		first = row
	}
	last := row - 1
	g.put(1, row+1, b.cell("The files", partLook))
	row += 2
	for i, h := range []string{"", "File", "SHA-256", "Rows"} {
		g.put(i+1, row, b.cell(h, headLook))
	}
	for _, f := range c.Files {
		row++
		name := f.Name
		if f.People {
			name += " (not uploaded)"
		}
		g.put(2, row, b.text(name, textLook), b.text(f.SHA256[:min(len(f.SHA256), 16)]+"…", textLook), b.cell(len(f.Rows), intLook))
	}
	row += 2
	for _, who := range []string{"Checked by", "Date", "Uploaded by", "Date"} {
		g.put(2, row, b.cell(who, look{bold: true}), b.cell(nil, look{input: true}))
		row++
	}
	s, err := b.begin(checkSheet, p, nil, func() error { return b.verdicts(checkSheet, fmt.Sprintf("L%d:L%d", head+1, max(last, head+1))) })
	if err != nil {
		return err
	}
	g.heights[1] = 24
	g.put(1, 1, b.cell(p.title, titleLook))
	g.put(1, 2, b.text(c.Programme+": "+p.lead, leadLook))
	if err := s.grid(g); err != nil {
		return err
	}
	return s.flush()
}

// checkLine makes the figures of one line of Check, and whether they tie.
func checkLine(b *book, t review.CheckTotal, row int) []excelize.Cell {
	var cells []excelize.Cell
	for _, s := range []review.CheckSum{t.Approved, t.Filed, t.Refused} {
		cells = append(cells, b.cell(s.Count, intLook), b.cell(money(s.Minor, t.Currency), calmMoney(t.Currency)))
	}
	tied := ties
	if t.Approved.Count != t.Filed.Count+t.Refused.Count || t.Approved.Minor != t.Filed.Minor+t.Refused.Minor {
		tied = doesNotTie
	}
	return append(cells, b.cell(money(t.Created.Minor, t.Currency), calmMoney(t.Currency)),
		b.formula(fmt.Sprintf(`IF(AND(E%[1]d=G%[1]d+I%[1]d,ROUND(F%[1]d-H%[1]d-J%[1]d,4)=0),"%[2]s","%[3]s")`, row, ties, doesNotTie), tied, wrapLook))
}

// totalOf adds up the partners of a currency.
func totalOf(all []review.CheckTotal, currency string) review.CheckTotal {
	sum := review.CheckTotal{Currency: currency}
	for _, t := range all {
		if t.Currency != currency {
			continue
		}
		for _, p := range []struct{ to, from *review.CheckSum }{
			{&sum.Approved, &t.Approved}, {&sum.Filed, &t.Filed}, {&sum.Refused, &t.Refused}, {&sum.Created, &t.Created},
		} {
			p.to.Count += p.from.Count
			p.to.Minor += p.from.Minor
		}
	}
	return sum
}

// tableHeader is the header row of the sheets below.
const tableHeader = 4

// decisions lists the lines of the ledger behind the files.
func (b *book) decisions(c *review.Check) error {
	p := page{
		title: "Decisions: the lines of the ledger behind the files",
		lead:  "Each approved purchase once. The number is that of its line on Check.",
		tab:   blue, landscape: true, titleRows: tableHeader,
		widths: []float64{6, 22, 28, 24, 16, 10, 22, 22, 18, 22, 60},
	}
	s, err := b.begin(decisionsSheet, p, freeze(2, tableHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	heads := []string{"No.", "Case", "Payment", "Partner key", "Amount", "Currency", "Reviewed by", "Approved by", "Decided (UTC)", "Workbook SHA-256", "Outcome"}
	if err := s.heads(tableHeader, 33, heads...); err != nil {
		return err
	}
	for i := range c.Decisions {
		d := &c.Decisions[i]
		no := any(nil)
		for k, t := range c.Totals {
			if t.PartnerKey == d.PartnerKey && t.Currency == d.Currency {
				no = k + 1
			}
		}
		book := d.Book
		if len(book) > 16 {
			book = book[:16] + "…"
		}
		err := s.row(tableHeader+1+i, 0, b.cell(no, intLook), b.text(d.GapID, textLook), b.text(d.PurchaseID, textLook), b.text(d.PartnerKey, textLook),
			b.cell(money(d.Amount, d.Currency), moneyLook(d.Currency)), b.text(d.Currency, textLook), b.text(d.ReviewedBy, textLook), b.text(d.ApprovedBy, textLook),
			b.when(d.DecidedAt, cellLook.as(timeFmt)), b.text(book, textLook), b.text(d.Outcome, textLook))
		if err != nil {
			return err
		}
	}
	if err := s.table("tblDecisions", tableHeader, tableHeader+len(c.Decisions), len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// fileRows shows a file as it is written: every cell is text.
func (b *book) fileRows(f *review.CheckFile) error {
	p := page{title: f.Name, lead: "As in the file, SHA-256 " + f.SHA256, tab: turquoise, landscape: true, titleRows: tableHeader}
	if f.People {
		p.lead = "Not uploaded: approved purchases of which nothing is created, with what mends them."
		p.tab = orange
	}
	for range f.Heads {
		p.widths = append(p.widths, 24)
	}
	s, err := b.begin(sheetOfFile(f.Name), p, freeze(0, tableHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	line := func(row int, height float64, values []string, l look) error {
		cells := make([]excelize.Cell, len(values))
		for i, v := range values {
			cells[i] = b.text(v, l)
		}
		return s.row(row, height, cells...)
	}
	if err := line(tableHeader, 33, f.Heads, headLook); err != nil {
		return err
	}
	for i, row := range f.Rows {
		if err := line(tableHeader+1+i, 0, row, textLook); err != nil {
			return err
		}
	}
	return s.flush()
}
