package workbook

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

// reviewHeader is the header row of Review; data begin below it.
const reviewHeader = 5

// The headers of Review that a reader looks for.
const (
	headCase       = "Case"
	headDecision   = "Decision"
	headAtStake    = "Amount at stake"
	headCurrency   = "Currency"
	headEmail      = "Customer e-mail"
	headSuggested  = "Suggested partner"
	headCause      = "Likely cause"
	headPartner    = "Partner to credit"
	headAmount     = "Amount to credit"
	headComment    = "Comment"
	headCommission = "Likely commission"
	headWhy        = "Why we think so"
	headPartnerKey = "Partner key"
	headRowKey     = "Do not modify: row key"
	headRowCheck   = "Do not modify: row check"
)

// column is one column of Review.
type column struct {
	header string
	width  float64
	input  bool
	hidden bool
	cell   func(b *book, row int, it *report.Item) excelize.Cell
}

// reviewColumns are A to AC. The order is part of the layout that people know;
// a reader finds columns by their header.
var reviewColumns = []column{
	{header: headCase, width: 20, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.GapID, textLook) }},
	{header: headDecision, width: 14, input: true},
	{header: "Purchase date", width: 12, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(it.Gap.PurchasedAt.Date().Start().Std(), cellLook.as(dateFmt))
	}},
	{header: headAtStake, width: 14, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(money(it.AtStake, it.Gap.Currency), moneyLook(it.Gap.Currency))
	}},
	{header: headCurrency, width: 10, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(it.Gap.Currency, cellLook.aligned("center"))
	}},
	{header: headCommission, width: 13, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		if !it.Estimated {
			return b.cell(nil, cellLook)
		}
		return b.cell(money(it.Commission, it.Gap.Currency), moneyLook(it.Gap.Currency))
	}},
	{header: headEmail, width: 32, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.Email, textWrap) }},
	{header: headSuggested, width: 19, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Partner, textWrap) }},
	{header: headCause, width: 25, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.cell(it.Cause, wrapLook) }},
	{header: "Confidence", width: 12, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		l := cellLook
		l.indent = true
		l.bold, l.italic = it.Confidence == gap.High, it.Confidence == gap.Low
		return b.cell(string(it.Confidence), l)
	}},
	{header: headWhy, width: 56, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		l := textWrap
		l.bold = it.Earlier != nil && len(it.Earlier.Changed) > 0
		return b.text(it.Why, l)
	}},
	{header: headPartner, width: 19, input: true},
	{header: headAmount, width: 14, input: true},
	{header: headComment, width: 26, input: true},
	{header: "Next step", width: 60, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.cell(it.NextStep, wrapLook) }},
	{header: "Days from click to sign-up", width: 12, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		if days, ok := it.Days(); ok {
			return b.cell(days, intLook)
		}
		return b.cell(nil, intLook)
	}},
	{header: "Click (UTC)", width: 17, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.when(it.Gap.ClickedAt, cellLook.as(timeFmt))
	}},
	{header: "Sign-up (UTC)", width: 17, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.when(it.Gap.SignedUpAt, cellLook.as(timeFmt))
	}},
	{header: "Browser / device at click", width: 20, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.ClickBrowser, textWrap) }},
	{header: "Browser / device at sign-up", width: 20, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.text(it.Gap.SignupBrowser, textWrap)
	}},
	{header: "Landing page", width: 40, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.LandingPage, textWrap) }},
	{header: headPartnerKey, width: 20, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.PartnerKey, textLook) }},
	{header: "Payment ID", width: 30, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.PurchaseID, textLook) }},
	{header: "Customer ID", width: 24, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.CustomerID, textLook) }},
	{header: "Evidence", width: 12, cell: (*book).evidence},
	{header: headRowKey, width: 20, hidden: true, cell: func(b *book, _ int, it *report.Item) excelize.Cell { return b.text(it.Gap.GapID, textLook) }},
	{header: headRowCheck, width: 24, hidden: true, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(RowCheck(b.key, b.r.Run.ID, it.Gap), cellLook)
	}},
	{header: "Do not modify: currency no.", width: 10, hidden: true, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(b.currencyNo(it.Gap.Currency), cellLook)
	}},
	{header: "Do not modify: partner no.", width: 10, hidden: true, cell: func(b *book, _ int, it *report.Item) excelize.Cell {
		return b.cell(it.PartnerNo, cellLook)
	}},
}

// reviewCol gives the letters of a column of Review.
func reviewCol(header string) string {
	for i, c := range reviewColumns {
		if c.header == header {
			return col(i + 1)
		}
	}
	panic("workbook: Review has no column " + header)
}

// reviewWidths gives the widths of some columns of Review.
func reviewWidths(headers ...string) []float64 {
	var out []float64
	for _, h := range headers {
		for _, c := range reviewColumns {
			if c.header == h {
				out = append(out, c.width)
			}
		}
	}
	return out
}

// rowLines is how high a row of Review may become; the cell holds the rest.
const rowLines = 5

// reviewLast is the last row of Review's table, which has one row at least.
func (b *book) reviewLast() int { return reviewHeader + max(1, len(b.r.Review)) }

// reviewRange is a column of Review as formulas of other sheets name it.
func (b *book) reviewRange(header string) string {
	c := reviewCol(header)
	return fmt.Sprintf("%s!$%s$%d:$%s$%d", reviewSheet, c, reviewHeader+1, c, b.reviewLast())
}

// here is the same range for formulas on Review itself.
func (b *book) here(header string) string {
	c := reviewCol(header)
	return fmt.Sprintf("%s%d:%s%d", c, reviewHeader+1, c, b.reviewLast())
}

// currencyNo counts from 1 in the order of Lists.
func (b *book) currencyNo(currency string) int {
	for i, c := range b.r.Currencies {
		if c == currency {
			return i + 1
		}
	}
	return 0
}

// evidence links a row to its steps. A link as a formula moves with its row
// when people sort, and costs no limited hyperlink.
func (b *book) evidence(_ int, it *report.Item) excelize.Cell {
	n := len(it.Gap.Timeline)
	at, ok := b.timelineRow[it.Gap]
	if !ok {
		if n > 0 {
			return b.cell("see files", cellLook)
		}
		return b.cell("none", cellLook)
	}
	text := fmt.Sprintf("%d steps", n)
	if n == 1 {
		text = "1 step"
	}
	return b.formula(fmt.Sprintf(`HYPERLINK("#%s!A%d","%s")`, timelineSheet, at, text), text, look{rule: true, link: true})
}

func (b *book) review() error {
	b.middle = true
	defer func() { b.middle = false }()
	b.placeTimeline()
	last := b.reviewLast()
	p := page{
		title: "Review: decide in the yellow columns",
		lead: "One row a purchase without partner credit, those that may carry a reward first, then the largest. Partner and amount left empty mean: as suggested. " +
			"Sort and filter as you like; do not paste over the white columns. Steps and words are explained on About.",
		tab: orange, landscape: true, titleRows: reviewHeader, printCols: 14, lastRow: last,
	}
	for _, c := range reviewColumns {
		p.widths = append(p.widths, c.width)
	}
	s, err := b.begin(reviewSheet, p, freeze(2, reviewHeader), func() error {
		if err := b.validateReview(); err != nil {
			return err
		}
		return b.highlightReview()
	})
	if err != nil {
		return err
	}
	for i, c := range reviewColumns {
		if c.hidden {
			if err := s.sw.SetColVisible(i+1, i+1, false); err != nil {
				return err
			}
		}
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.row(3, 0, b.shown()...); err != nil {
		return err
	}
	heads := make([]excelize.Cell, len(reviewColumns))
	for i, c := range reviewColumns {
		heads[i] = b.cell(c.header, headLook)
		if c.input {
			heads[i] = b.cell(c.header, inHead)
		}
	}
	if err := s.row(reviewHeader, 33, heads...); err != nil {
		return err
	}
	widths := reviewWidths(headWhy, "Next step", headCause, headSuggested)
	cells := make([]excelize.Cell, len(reviewColumns)) // of one row after the other
	for i := range b.r.Review {
		it := &b.r.Review[i]
		row := reviewHeader + 1 + i
		for k, c := range reviewColumns {
			switch {
			case c.header == headAmount:
				cells[k] = b.cell(nil, look{input: true, fill: inputFill, num: moneyFmt(it.Gap.Currency)})
			case c.input:
				cells[k] = b.cell(nil, look{input: true, fill: inputFill, num: textFmt, wrap: true})
			default:
				cells[k] = c.cell(b, row, it)
			}
		}
		h := min(height(rowLines), wrapped(2, []string{it.Why, it.NextStep, it.Cause, it.Partner}, widths))
		if err := s.row(row, h, cells...); err != nil {
			return err
		}
	}
	if len(b.r.Review) == 0 {
		if err := s.row(reviewHeader+1, 0, make([]excelize.Cell, len(reviewColumns))...); err != nil {
			return err
		}
	}
	if err := s.table("tblReview", reviewHeader, last, len(reviewColumns)); err != nil {
		return err
	}
	return s.flush()
}

// shown are the live figures above the table: rows and money that the filter
// leaves. Money is only added up while one currency is left.
func (b *book) shown() []excelize.Cell {
	no := b.here("Do not modify: currency no.")
	one := fmt.Sprintf("SUBTOTAL(104,%s)=SUBTOTAL(105,%s)", no, no)
	var sum any = ""
	currency := "filter one currency to see its sum"
	label := look{color: grey, align: "right"}
	l := look{bold: true, num: moneyFmt(b.r.MainCurrency)}
	if len(b.r.Currencies) == 1 {
		sum, currency = money(b.total.Minor[b.r.Currencies[0]], b.r.Currencies[0]), b.r.Currencies[0]
		l.num = moneyFmt(b.r.Currencies[0])
	}
	if len(b.r.Review) == 0 {
		sum, currency = 0, ""
	}
	return []excelize.Cell{
		b.cell("Rows shown:", label),
		b.formula(fmt.Sprintf("SUBTOTAL(103,%s)", b.here(headCase)), len(b.r.Review), look{bold: true, num: intFmt, align: "left"}),
		b.cell("At stake:", label),
		b.formula(fmt.Sprintf(`IF(%s,SUBTOTAL(109,%s),"")`, one, b.here(headAtStake)), sum, l),
		b.formula(fmt.Sprintf(`IF(B3=0,"",IF(%s,INDEX(%s,SUBTOTAL(104,%s)),"filter one currency to see its sum"))`, one, currencyRange(b.r), no), currency, look{color: grey}),
	}
}

// validateReview puts lists and limits on the four inputs. Pasting goes round
// them, so wrong decisions are marked as well, and a reader checks again.
func (b *book) validateReview() error {
	add := func(header string, set func(dv *excelize.DataValidation) error) error {
		dv := excelize.NewDataValidation(true)
		dv.SetSqref(b.here(header))
		if err := set(dv); err != nil {
			return err
		}
		return b.f.AddDataValidation(reviewSheet, dv)
	}
	if err := add(headDecision, func(dv *excelize.DataValidation) error {
		dv.SetSqrefDropList(decisionRange())
		dv.SetError(excelize.DataValidationErrorStyleStop, "Decision", "Choose Approve, Decline, Ask partner or Later, or leave the cell empty.")
		return nil
	}); err != nil {
		return err
	}
	if err := add(headPartner, func(dv *excelize.DataValidation) error {
		dv.SetSqrefDropList(partnerRange(len(b.r.PartnerChoices())))
		dv.SetInput(headPartner, "Leave empty to credit the suggested partner.")
		dv.SetError(excelize.DataValidationErrorStyleStop, "Partner to credit", "Choose a partner of the list, or leave the cell empty for the suggested one.")
		return nil
	}); err != nil {
		return err
	}
	if err := add(headAmount, func(dv *excelize.DataValidation) error {
		dv.SetInput(headAmount, "The purchase amount to record, in the row's currency. Leave empty for the amount at stake.")
		dv.SetError(excelize.DataValidationErrorStyleWarning, "Amount to credit", "This is not a number from 0 to the amount at stake. Keep it all the same?")
		return dv.SetRange("0", fmt.Sprintf("$%s%d", reviewCol(headAtStake), reviewHeader+1), excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween)
	}); err != nil {
		return err
	}
	return add(headComment, func(dv *excelize.DataValidation) error {
		dv.SetError(excelize.DataValidationErrorStyleStop, "Comment", "A comment has 500 characters at most.")
		return dv.SetRange(0, 500, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween)
	})
}

// highlightReview marks wrong decisions and decided rows.
func (b *book) highlightReview() error {
	decision := fmt.Sprintf("$%s%d", reviewCol(headDecision), reviewHeader+1)
	format := func(s *excelize.Style) *int {
		id, err := b.f.NewConditionalStyle(s)
		if err != nil {
			panic("workbook: style: " + err.Error()) // all styles are constants of this package
		}
		return &id
	}
	fill := func(c string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{c}}
	}
	err := b.f.SetConditionalFormat(reviewSheet, b.here(headDecision), []excelize.ConditionalFormatOptions{{
		Type:       "formula",
		Criteria:   fmt.Sprintf("AND(LEN(%s)>0,ISNA(MATCH(%s,%s,0)))", decision, decision, decisionRange()),
		Format:     format(&excelize.Style{Font: &excelize.Font{Bold: true, Color: pinkText}, Fill: fill(pink)}),
		StopIfTrue: true,
	}})
	if err != nil {
		return err
	}
	rows := fmt.Sprintf("A%d:%s%d", reviewHeader+1, reviewCol("Evidence"), b.reviewLast())
	return b.f.SetConditionalFormat(reviewSheet, rows, []excelize.ConditionalFormatOptions{
		{Type: "formula", Criteria: decision + `="Approve"`, Format: format(&excelize.Style{Fill: fill(blueTint)})},
		{Type: "formula", Criteria: decision + `="Decline"`, Format: format(&excelize.Style{Font: &excelize.Font{Strike: true, Color: grey}})},
	})
}
