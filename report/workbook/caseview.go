package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/review"
)

// caseWidths are those of the columns of Case view. The facts take A to J in
// two halves, the steps one column each.
var caseWidths = []float64{8, 19, 14, 30, 22, 34, 34, 10, 26, 9}

// Rows of Case view.
const (
	chosenRow = 4  // the case that is shown
	factsRow  = 6  // the first fact
	stepsMax  = 16 // steps shown; a case of more says so
)

// caseView is the sheet on its way. Every fact is looked up by the chosen case,
// so that the page can be printed for any of them. Only functions that every
// program has are used.
type caseView struct {
	b     *book
	g     *grid
	it    *report.Item // shown when the book is opened; nil: Review is empty
	row   int
	found string // the cell with the case's number among Review's rows, 0 if it is none
}

func (b *book) caseView() error {
	b.middle = true
	defer func() { b.middle = false }()
	v := &caseView{b: b, g: newGrid()}
	if len(b.r.Review) > 0 {
		v.it = &b.r.Review[0]
	}
	p := page{
		title:  "Case view: one case on one page",
		lead:   "Choose or paste a case number in the yellow cell. The page shows what Review and Timeline hold of it, and prints as its working paper.",
		widths: caseWidths, tab: turquoise, landscape: true, onePage: true, locked: true, bare: true,
	}
	v.g.put(1, 1, b.cell(p.title, titleLook))
	v.g.heights[1] = 24
	v.g.put(1, 2, b.cell(p.lead, leadLook))
	v.choose()
	v.facts()
	v.steps()
	v.questions()
	v.signed()
	p.printCols, p.lastRow = len(caseWidths), v.g.last()
	s, err := b.begin(caseSheet, p, nil, func() error {
		dv := excelize.NewDataValidation(true)
		dv.SetSqref(at(3, chosenRow))
		dv.SetSqrefDropList(b.reviewRange(headCase))
		dv.SetInput("Case", "Choose a case of Review, or paste its number.")
		dv.SetError(excelize.DataValidationErrorStyleStop, "Case", "Review has no such case.")
		return b.f.AddDataValidation(caseSheet, dv)
	})
	if err != nil {
		return err
	}
	if err := s.grid(v.g); err != nil {
		return err
	}
	return s.flush()
}

// choose is the line with the chosen case and where it was found.
func (v *caseView) choose() {
	b, r := v.b, chosenRow
	v.g.heights[r] = 22
	chosen, row := "", 0
	if v.it != nil {
		chosen, row = v.it.Gap.GapID, 1
	}
	v.found = fmt.Sprintf("$J$%d", r)
	v.g.put(1, r, b.cell("Case", look{bold: true}))
	v.g.merge(3, 4, r, b.text(chosen, look{input: true, fill: inputFill, bold: true, size: 14, num: textFmt}))
	said := ""
	if v.it == nil {
		said = noSuchCase
	}
	v.g.put(5, r, b.formula(fmt.Sprintf(`IF(%s=0,"%s","")`, v.found, noSuchCase), said, look{bold: true, color: pinkText}))
	v.g.put(9, r, b.cell("Row of Review's table", look{color: grey, align: "right"}))
	v.g.put(10, r, b.formula(fmt.Sprintf("IFERROR(MATCH($C$%d,%s,0),0)", r, b.reviewRange(headCase)), row, look{color: grey, num: "0"}))
	v.row = factsRow
}

const noSuchCase = "Review has no such case."

// looked gives the formula and the result of a column of Review for the chosen
// case. Empty cells stay empty rather than becoming 0.
func (v *caseView) looked(header string, l look) excelize.Cell {
	b := v.b
	cell := fmt.Sprintf("INDEX(%s,%s)", b.reviewRange(header), v.found)
	f := fmt.Sprintf(`IF(%s=0,"",IF(%s="","",%s))`, v.found, cell, cell)
	var value any = ""
	if v.it != nil {
		for _, c := range reviewColumns {
			if c.header == header && !c.input {
				value = c.cell(b, reviewHeader+1, v.it).Value
			}
		}
	}
	if value == nil {
		value = ""
	}
	return b.formula(f, value, l)
}

// amount looks an amount up as text with its currency, since the decimals
// depend on it.
func (v *caseView) amount(header string, l look) excelize.Cell {
	b := v.b
	value := fmt.Sprintf("INDEX(%s,%s)", b.reviewRange(header), v.found)
	currency := fmt.Sprintf("INDEX(%s,%s)", b.reviewRange(headCurrency), v.found)
	f := fmt.Sprintf(`IF(%s=0,"",IF(%s="","",%s&" "&FIXED(%s,INDEX(%s,MATCH(%s,%s,0)))))`, v.found, value, currency, value, decimalsRange(b.r), currency, currencyRange(b.r))
	shown := ""
	if v.it != nil {
		switch {
		case header == headAtStake:
			shown = report.Money(v.it.AtStake, v.it.Gap.Currency)
		case header == headCommission && v.it.Estimated:
			shown = report.Money(v.it.Commission, v.it.Gap.Currency)
		}
	}
	return b.formula(f, shown, l)
}

// facts shows what Review holds, in two halves and then over the whole width.
func (v *caseView) facts() {
	b, g := v.b, v.g
	label, text := look{rule: true, color: grey}, look{rule: true, shrink: true, indent: true}
	day, stamp, count := text.as(dateFmt), text.as(timeFmt), text.as(intFmt)
	long := look{rule: true, wrap: true, indent: true}
	type fact struct {
		label string
		cell  excelize.Cell
	}
	left := []fact{
		{"Purchase date", v.looked("Purchase date", day)},
		{headAtStake, v.amount(headAtStake, text.strong())},
		{headCommission, v.amount(headCommission, text)},
		{"Customer", v.looked(headEmail, text)},
		{"Payment ID", v.looked("Payment ID", text)},
		{"Customer ID", v.looked("Customer ID", text)},
		{headSuggested, v.looked(headSuggested, text.strong())},
		{headPartnerKey, v.looked(headPartnerKey, text)},
		{"Decision so far", v.looked(headDecision, text.strong())},
		{headAmount, v.amount(headAmount, text.strong())},
	}
	right := []fact{
		{headCause, v.looked(headCause, text.strong())},
		{"Confidence", v.looked("Confidence", text.strong())},
		{"Click (UTC)", v.looked("Click (UTC)", stamp)},
		{"Sign-up (UTC)", v.looked("Sign-up (UTC)", stamp)},
		{"Days between", v.looked("Days from click to sign-up", count)},
		{"Browser at click", v.looked("Browser / device at click", text)},
		{"Browser at sign-up", v.looked("Browser / device at sign-up", text)},
		{"Landing page", v.looked("Landing page", text)},
		{headPartner, v.looked(headPartner, text.strong())},
		{headComment, v.looked(headComment, text)},
	}
	for i := range left {
		g.merge(1, 2, v.row, b.cell(left[i].label, label))
		g.merge(3, 5, v.row, left[i].cell)
		g.put(6, v.row, b.cell(right[i].label, label.aligned("right")))
		g.merge(7, 10, v.row, right[i].cell)
		g.heights[v.row] = height(1)
		v.row++
	}
	wide := func(name string, rows int, cell excelize.Cell) {
		g.merge(1, 2, v.row, b.cell(name, label))
		g.merge(3, 10, v.row, cell)
		g.heights[v.row] = height(rows)
		v.row++
	}
	wide("Why we think so", 3, v.looked(headWhy, long))
	wide("How to check it", 3, v.ofCause(5+len(b.r.Currencies), func(c gap.Case) string { return c.Shows + "\n" + c.Check }, long))
	wide("Next step", 3, v.looked("Next step", long))
}

// ofCause looks a text of By cause up, by the cause of the case.
func (v *caseView) ofCause(column int, text func(gap.Case) string, l look) excelize.Cell {
	first, last, c := totalsHeader+1, v.b.causeTotal-1, col(column)
	f := fmt.Sprintf(`IF(%s=0,"",INDEX('%s'!$%s$%d:$%s$%d,MATCH(INDEX(%s,%s),'%s'!$A$%d:$A$%d,0)))`,
		v.found, causeSheet, c, first, c, last, v.b.reviewRange(headCause), v.found, causeSheet, first, last)
	said := ""
	if v.it != nil {
		said = text(gap.CaseOf(v.it.Gap.Case))
	}
	return v.b.formula(f, said, l)
}

// steps shows the first steps of the case's Timeline.
func (v *caseView) steps() {
	b, g := v.b, v.g
	v.row++
	cases := fmt.Sprintf("%s!$A$%d:$A$%d", timelineSheet, timelineHeader+1, max(timelineHeader+1, b.timelineLast))
	first, count, at0, shown := fmt.Sprintf("$J$%d", v.row), fmt.Sprintf("$H$%d", v.row), 0, []gap.Event(nil)
	if v.it != nil {
		if row, ok := b.timelineRow[v.it.Gap]; ok {
			at0, shown = row-timelineHeader, v.it.Gap.Timeline
		}
	}
	more := ""
	if len(shown) > stepsMax {
		more = moreSteps(len(shown) - stepsMax)
	}
	grey := look{color: grey, num: "0"}
	g.put(1, v.row, b.cell("Steps", partLook))
	g.heights[v.row] = 20
	g.put(3, v.row, b.formula(fmt.Sprintf(`IF(%s>%d,"The first %d; "&(%s-%d)&" more on Timeline","")`, count, stepsMax, stepsMax, count, stepsMax), more, look{color: pinkText}))
	g.put(7, v.row, b.cell("Steps on Timeline", grey.aligned("right")), b.formula(fmt.Sprintf("COUNTIF(%s,$C$%d)", cases, chosenRow), len(shown), grey),
		b.cell("from row of its table", grey.aligned("right")), b.formula(fmt.Sprintf("IFERROR(MATCH($C$%d,%s,0),0)", chosenRow, cases), at0, grey))
	v.row++
	for i, h := range []string{"Step", "When (UTC)", "What", "Partner, customer or payment", "Browser / device", "Page", "Note", "Days later", "Source file", "Line"} {
		g.put(1+i, v.row, b.cell(h, headLook))
	}
	g.heights[v.row] = 20
	v.row++
	plain := look{rule: true, shrink: true, indent: true}
	looks := []look{plain.as("0"), plain.as("yyyy-mm-dd hh:mm:ss"), plain.strong(), plain, plain, plain, plain, look{rule: true, num: "0.0"}, plain, look{rule: true, num: "0"}}
	for k := range stepsMax {
		for c, l := range looks {
			from := col(2 + c) // of Timeline
			cell := fmt.Sprintf("INDEX(%s!$%s$%d:$%s$%d,%s+%d)", timelineSheet, from, timelineHeader+1, from, max(timelineHeader+1, b.timelineLast), first, k)
			var value any = ""
			if k < len(shown) {
				if s := b.stepCells(v.it.Gap, k)[1+c].Value; s != nil {
					value = s
				}
			}
			g.put(1+c, v.row, b.formula(fmt.Sprintf(`IF(%d>%s,"",IF(%s="","",%s))`, k+1, count, cell, cell), value, l))
		}
		g.heights[v.row] = height(1)
		v.row++
	}
}

func moreSteps(n int) string { return fmt.Sprintf("The first %d; %d more on Timeline", stepsMax, n) }

// questions is a text to the partner, ready to copy, where one is to be asked.
func (v *caseView) questions() {
	b, g := v.b, v.g
	v.row++
	g.put(1, v.row, b.cell("To the partner, ready to copy", partLook))
	g.heights[v.row] = 20
	v.row++
	step := fmt.Sprintf("INDEX(%s,%s)", b.reviewRange("Next step"), v.found)
	decision := fmt.Sprintf("INDEX(%s,%s)", b.reviewRange(headDecision), v.found)
	f := fmt.Sprintf(`IF(%s=0,"",IF(OR(%s="%s",ISNUMBER(SEARCH("three questions",%s))),CONCATENATE(%s,$C$%d,%s),"%s"))`,
		v.found, decision, report.VerdictText(review.Ask), step, letterCell(1), chosenRow, letterCell(2), noQuestions)
	said := ""
	if v.it != nil {
		said = noQuestions
		if strings.Contains(v.it.NextStep, "three questions") {
			parts := letter()
			said = parts[0] + v.it.Gap.GapID + parts[1]
		}
	}
	g.merge(1, len(caseWidths), v.row, b.formula(f, said, look{wrap: true, rule: true, indent: true}))
	g.heights[v.row] = height(5)
	v.row++
}

const noQuestions = "Nothing to ask. Choose Ask partner on Review, and the questions stand here."

// letter is the text to a partner in two parts, between which the case stands.
// It asks for what only who sent the customer knows, and so tells nothing of
// the purchase.
func letter() [2]string {
	text := "). To settle it, please tell us:"
	for i, q := range gap.Questions() {
		text += fmt.Sprintf("\n%d. %s", i+1, q)
	}
	return [2]string{"We are looking into a purchase that may have come from you (our case ", text}
}

// signed is where a printed page is signed.
func (v *caseView) signed() {
	b, g := v.b, v.g
	v.row++
	g.heights[v.row] = 24
	label, empty := look{color: grey, align: "right"}, look{rule: true}
	g.put(2, v.row, b.cell("Checked by", label))
	g.merge(3, 4, v.row, b.cell(nil, empty))
	g.put(5, v.row, b.cell("on", label), b.cell(nil, empty))
}
