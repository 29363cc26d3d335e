package workbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

// The verdicts of a check.
const (
	ties       = "ties"
	doesNotTie = "DOES NOT TIE"
)

// tieOut is one part of the sheet at a time; row is the next free one.
type tieOut struct {
	b          *book
	g          *grid
	row        int
	currencies []string
	checks     int // status cells so far
	reviewRow  int // the line of what is on Review now
}

func (b *book) tieOut() error {
	b.tied = ties
	b.middle = true
	defer func() { b.middle = false }()
	t := &tieOut{b: b, g: newGrid(), row: 6, currencies: b.r.ReadCurrencies()}
	p := page{
		title: "Tie-out: can the figures be trusted?",
		lead:  "Every purchase row that was read ends in exactly one place. Differences are live: a row deleted on Review shows here at once.",
		tab:   "3D3D3D", landscape: true, locked: true,
	}
	p.widths = append([]float64{60, 15, 11}, slices.Repeat([]float64{17}, max(10, len(t.currencies)))...)
	gaps := t.places()
	t.onReview(gaps)
	t.otherSheets()
	t.inputs()
	t.notListed()
	t.information()

	s, err := b.begin(tieOutSheet, p, freeze(0, 4), func() error {
		return b.verdicts(tieOutSheet, fmt.Sprintf("B4:B%d", t.g.last()))
	})
	if err != nil {
		return err
	}
	t.g.heights[1] = 24
	t.g.put(1, 1, b.cell(p.title, titleLook))
	t.g.put(1, 2, b.cell(p.lead, leadLook))
	t.g.put(1, 4, b.cell("All checks together", look{bold: true}),
		b.formula(fmt.Sprintf(`IF(COUNTIF(B6:B%d,"%s")=%d,"%s","%s")`, t.g.last(), ties, t.checks, ties, doesNotTie), b.tied, look{bold: true}))
	if err := s.grid(t.g); err != nil {
		return err
	}
	return s.flush()
}

// verdicts colours ties and DOES NOT TIE; the words say the same.
func (b *book) verdicts(sheet, cells string) error {
	format := func(fill, font string) *int {
		id, err := b.f.NewConditionalStyle(&excelize.Style{
			Font: &excelize.Font{Bold: true, Color: font},
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}},
		})
		if err != nil {
			panic("workbook: style: " + err.Error()) // all styles are constants of this package
		}
		return &id
	}
	return b.f.SetConditionalFormat(sheet, cells, []excelize.ConditionalFormatOptions{
		{Type: "cell", Criteria: "==", Value: `"` + ties + `"`, Format: format(greenTint, dark)},
		{Type: "cell", Criteria: "==", Value: `"` + doesNotTie + `"`, Format: format(pink, pinkText)},
	})
}

// part begins a part with its title and header row.
func (t *tieOut) part(title string, heads ...[]excelize.Cell) {
	t.g.put(1, t.row, t.b.cell(title, partLook))
	t.g.heights[t.row] = 20
	t.g.put(1, t.row+1, slices.Concat(heads...)...)
	t.row += 2
}

// texts and figures make header cells, figures to the right.
func (t *tieOut) texts(heads ...string) []excelize.Cell {
	return t.heads(headLook.aligned("left"), heads)
}

func (t *tieOut) figures(heads ...string) []excelize.Cell {
	return t.heads(headLook.aligned("right"), heads)
}

func (t *tieOut) heads(l look, heads []string) []excelize.Cell {
	var out []excelize.Cell
	for _, h := range heads {
		out = append(out, t.b.cell(h, l))
	}
	return out
}

func (t *tieOut) moneyPart(title string) {
	t.part(title, t.texts("", "Check"), t.figures("Count"), t.figures(t.currencies...))
}

// fixed writes a line of figures from the run and gives its row.
func (t *tieOut) fixed(label string, s gap.Sum) int {
	t.g.put(1, t.row, t.b.cell(label, cellLook), t.b.cell(nil, cellLook), t.b.cell(s.Count, intLook))
	for i, c := range t.currencies {
		t.g.put(4+i, t.row, t.b.cell(money(s.Minor[c], c), calmMoney(c)))
	}
	t.row++
	return t.row - 1
}

// live writes a line of formulas; f gives the formula of a column, whose
// currency is "" for the count.
func (t *tieOut) live(label string, s gap.Sum, f func(column, currency string) string) int {
	t.g.put(1, t.row, t.b.cell(label, sumLook), t.b.cell(nil, sumLook), t.b.formula(f("C", ""), s.Count, sumLook.as(intFmt)))
	for i, c := range t.currencies {
		t.g.put(4+i, t.row, t.b.formula(f(col(4+i), c), money(s.Minor[c], c), sumMoney(c)))
	}
	t.row++
	return t.row - 1
}

// difference checks two lines against each other and leaves a blank line.
func (t *tieOut) difference(a, b int) {
	t.live("Difference", gap.Sum{}, func(column, currency string) string {
		return fmt.Sprintf("ROUND(%s%d-%s%d,4)", column, a, column, b)
	})
	row := t.row - 1
	last := col(3 + len(t.currencies))
	t.g.put(2, row, t.b.formula(fmt.Sprintf(`IF(SUMPRODUCT(--(C%d:%s%d<>0))=0,"%s","%s")`, row, last, row, ties, doesNotTie), ties, sumLook))
	t.checks++
	t.row++
}

// places is the contract: read = duplicates + excluded + attributed + without.
// It gives the row of the gap records.
func (t *tieOut) places() int {
	res := t.b.r.Result
	t.moneyPart("1. Where every purchase row ended")
	read := t.fixed("Purchase rows read", res.TieOut.Read)
	var without gap.Sum
	for _, p := range gap.Places() {
		s := res.TieOut.Placed[p]
		if s == nil {
			s = &gap.Sum{}
		}
		if p == gap.Unattributed {
			without = *s
			continue
		}
		t.fixed("less: "+placeText(p), *s)
	}
	left := t.live("Without attribution (calculated)", without, func(column, _ string) string {
		return fmt.Sprintf("%s%d-SUM(%s%d:%s%d)", column, read, column, read+1, column, t.row-1)
	})
	gaps := t.fixed("Without attribution (one record each)", without)
	t.difference(left, gaps)
	return gaps
}

func placeText(p gap.Place) string {
	switch p {
	case gap.Duplicate:
		return "duplicates"
	case gap.Attributed:
		return "attributed by the platform"
	}
	return strings.ReplaceAll(string(p), ": ", ", ")
}

// onReview leads from the gap records to the rows that are on Review now.
func (t *tieOut) onReview(gaps int) {
	b := t.b
	t.moneyPart("2. Purchases without attribution against Review")
	var records, back gap.Sum
	left := map[report.Reason]*gap.Sum{}
	for _, u := range b.r.NotListed {
		if left[u.Reason] == nil {
			left[u.Reason] = &gap.Sum{}
		}
		addSum(left[u.Reason], u.Sum)
	}
	for i := range b.r.Review {
		g := b.r.Review[i].Gap
		back.Add(g.Currency, g.Refunded)
	}
	back.Count = 0
	if s := b.r.Result.TieOut.Placed[gap.Unattributed]; s != nil {
		records = *s
	}
	first := t.live("Without attribution (one record each)", records, func(column, _ string) string { return fmt.Sprintf("%s%d", column, gaps) })
	for _, why := range report.Reasons() {
		t.fixed("less, not listed: "+string(why), *cmp.Or(left[why], &gap.Sum{}))
	}
	t.fixed("less: given back so far on the purchases listed", back)
	due := t.live("Should be on Review (calculated)", b.total, func(column, _ string) string {
		return fmt.Sprintf("%s%d-SUM(%s%d:%s%d)", column, first, column, first+1, column, t.row-1)
	})
	now := t.live("On Review now (live)", b.total, func(_, currency string) string {
		if currency == "" {
			return fmt.Sprintf("COUNTA(%s)", b.reviewRange(headCase))
		}
		return fmt.Sprintf(`SUMIFS(%s,%s,"%s")`, b.reviewRange(headAtStake), b.reviewRange(headCurrency), currency)
	})
	t.difference(due, now)
	t.reviewRow = now
}

func addSum(to *gap.Sum, s gap.Sum) {
	to.Count += s.Count
	for c, m := range s.Minor {
		if to.Minor == nil {
			to.Minor = map[string]int64{}
		}
		to.Minor[c] += m
	}
}

// otherSheets checks the totals of By cause and By partner.
func (t *tieOut) otherSheets() {
	b := t.b
	t.moneyPart("3. Totals of other sheets against Review")
	// first is the column of the first currency, count the one of the count.
	for _, o := range []struct {
		sheet      string
		row, count int
		first      int
	}{{causeSheet, b.causeTotal, 2, 4}, {partnerSheet, b.partnerTotal, 4, 6}} {
		row := t.live("Total of "+o.sheet, b.total, func(_, currency string) string {
			column := o.count
			if currency != "" {
				no := b.currencyNo(currency)
				if no == 0 {
					return "0"
				}
				column = o.first + no - 1
			}
			return fmt.Sprintf("'%s'!%s%d", o.sheet, col(column), o.row)
		})
		t.difference(row, t.reviewRow)
	}
}

// inputs checks file by file that no row was lost.
func (t *tieOut) inputs() {
	b := t.b
	t.part("4. Rows of every input file", t.texts("File", "Check"), t.figures("Rows", "Accepted", "Rejected", "Duplicates", "Skipped", "Difference", "First", "Last"),
		t.heads(headLook, []string{"SHA-256 begins", "Source", "Skipped, why"}))
	for i := range b.r.Run.Inputs {
		in := &b.r.Run.Inputs[i]
		row := t.row
		diff := in.Rows - in.Accepted - in.Rejected - in.Duplicates - in.SkippedRows()
		verdict := ties
		if diff != 0 {
			verdict, b.tied = doesNotTie, doesNotTie
		}
		t.g.put(1, row, b.text(in.File, textWrap),
			b.formula(fmt.Sprintf(`IF(H%d=0,"%s","%s")`, row, ties, doesNotTie), verdict, cellLook),
			b.cell(in.Rows, intLook), b.cell(in.Accepted, intLook), b.cell(in.Rejected, intLook), b.cell(in.Duplicates, intLook), b.cell(in.SkippedRows(), intLook),
			b.formula(fmt.Sprintf("C%d-SUM(D%d:G%d)", row, row, row), diff, intLook),
			b.when(in.First, cellLook.as(timeFmt).aligned("right")), b.when(in.Last, cellLook.as(timeFmt).aligned("right")),
			b.text(in.SHA256[:min(12, len(in.SHA256))], textLook), b.text(in.Source, textLook), b.text(skippedText(in.Skipped), look{num: textFmt, indent: true}))
		t.g.heights[row] = height(lines(in.File, 60))
		t.checks++
		t.row++
	}
	t.row++
}

func skippedText(skipped map[string]int64) string {
	var out []string
	for why, n := range skipped {
		out = append(out, fmt.Sprintf("%s: %d", why, n))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// notListed says what is not put before people, by cause.
func (t *tieOut) notListed() {
	if len(t.b.r.NotListed) == 0 {
		return
	}
	t.moneyPart("5. Not listed on Review, gross (gaps.jsonl and gaps.parquet hold every one)")
	for _, u := range t.b.r.NotListed {
		t.fixed(fmt.Sprintf("%s (%s)", report.CauseText(u.Case), u.Reason), u.Sum)
	}
	t.row++
}

// information is not part of any check.
func (t *tieOut) information() {
	t.moneyPart("6. For information")
	t.fixed("Platform transactions that match no purchase read", t.b.r.Result.Unplaced)
	var s gap.Sum
	for _, c := range t.b.r.Result.Contested {
		s.Add(c.Currency, c.Amount)
	}
	t.fixed("Contested: credited, another partner clicked as well", s)
	if n := len(t.b.r.Result.Answers); n > 0 {
		t.fixed("Partners' claims, each answered once on Claims", gap.Sum{Count: n})
	}
	t.row++
}
