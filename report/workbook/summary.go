package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

// The columns of Summary: the left blocks take A to F, the right ones H to L.
var summaryWidths = []float64{27, 12, 16, 16, 16, 15, 3, 20, 12, 10, 16, 16}

// Rows and sizes of Summary.
const (
	answersRow    = 5  // the four answers at a glance
	summaryTables = 9  // the first row of the two upper blocks
	chartRows     = 14 // of default height, 20 pixels each
	currenciesMax = 8  // shown; the others are on By cause
	causesMax     = 6  // bars of the chart
	remediesMax   = 3
	weekLabels    = 12 // that fit below the line chart side by side, twice as many upright
)

// The labels before the names that people enter, and before the days.
const (
	reviewedBy = "Reviewed by"
	approvedBy = "Approved by"
	signedOn   = "on"
)

func (b *book) summary() error {
	b.middle = true
	defer func() { b.middle = false }()
	g := newGrid()
	main := b.r.MainCurrency
	period := b.r.LastDay()
	if b.r.FirstDay() != "" {
		period = b.r.FirstDay() + " to " + period
	}
	p := page{
		title:  fmt.Sprintf("%s: purchases without partner credit, %s", b.r.Options.Programme, period),
		lead:   b.r.Headline,
		widths: summaryWidths, tab: blue, landscape: true, onePage: true, locked: true, bare: true,
	}
	g.put(1, 1, b.text(p.title, titleLook))
	g.heights[1] = 26
	lead := look{num: textFmt, wrap: true, size: 12, middle: true, color: dark}
	g.merge(1, 12, 2, b.text(p.lead, lead))
	g.heights[2] = float64(16 * lines(p.lead, 158))
	g.put(1, 3, b.text(fmt.Sprintf("Run %s. As of %s UTC. Amounts at stake: what was paid less what was given back so far. No total adds currencies.",
		b.r.Run.ID, b.r.Result.AsOf.Std().Format("2006-01-02 15:04")), look{num: textFmt, color: grey}))

	left, toDo := b.progress(g, summaryTables)
	next := max(b.stakes(g, summaryTables), left) + 1
	charts := next
	next += chartRows + 1
	next = b.remedies(g, next) + 1
	b.signatures(g, next)
	status := b.answers(g, answersRow, toDo)
	p.printCols, p.lastRow = 12, g.last()

	s, err := b.begin(summarySheet, p, nil, func() error { return b.verdicts(summarySheet, status) })
	if err != nil {
		return err
	}
	if b.mainOnReview() {
		if err := b.causeChart(charts, main); err != nil {
			return err
		}
		if err := b.weekChart(charts, main); err != nil {
			return err
		}
	}
	if err := s.grid(g); err != nil {
		return err
	}
	return s.flush()
}

func (b *book) blockHeads(g *grid, c, row int, title string, heads ...string) {
	g.put(c, row, b.cell(title, partLook))
	g.heights[row] = 20
	for i, h := range heads {
		l := headLook.aligned("left")
		if i > 0 {
			l.align = "right"
		}
		g.put(c+i, row+1, b.cell(h, l))
	}
	g.heights[row+1] = 33
}

// stakes answers: how much money is at stake? It gives the next free row.
func (b *book) stakes(g *grid, row int) int {
	b.blockHeads(g, 1, row, "How much money is at stake?",
		"Currency", "Purchases", "At stake", "Of this, high confidence", "Likely commission (estimate)", "Ordinary purchases")
	row += 2
	type figures struct {
		rows                   int
		high, commission, none int64
		estimated              bool
	}
	by := map[string]*figures{}
	for _, c := range b.r.Currencies {
		by[c] = &figures{}
	}
	for i := range b.r.Review {
		it := &b.r.Review[i]
		f := by[it.Gap.Currency]
		f.rows++
		if it.Confidence == gap.High {
			f.high += it.AtStake
		}
		f.commission += it.Commission
		f.estimated = f.estimated || it.Estimated
	}
	for _, u := range b.r.NotListed {
		for c, m := range u.Sum.Minor {
			if f := by[c]; f != nil && u.Reason == report.Ordinary {
				f.none += m
			}
		}
	}
	shown := b.r.Currencies[:min(len(b.r.Currencies), currenciesMax)]
	for _, c := range shown {
		f := by[c]
		own := fmt.Sprintf("%s,$A%d", b.reviewRange(headCurrency), row)
		commission := b.formula(fmt.Sprintf("SUMIFS(%s,%s)", b.reviewRange(headCommission), own), money(f.commission, c), calmMoney(c))
		if !f.estimated {
			none := "none"
			if len(b.r.Options.Commission) == 0 {
				none = "no rule"
			}
			commission = b.cell(none, cellLook.aligned("right"))
		}
		g.put(1, row, b.cell(c, cellLook.strong()),
			b.formula(fmt.Sprintf("COUNTIF(%s)", own), f.rows, intLook),
			b.formula(fmt.Sprintf("SUMIFS(%s,%s)", b.reviewRange(headAtStake), own), money(b.total.Minor[c], c), calmMoney(c).strong()),
			b.formula(fmt.Sprintf(`SUMIFS(%s,%s,%s,"%s")`, b.reviewRange(headAtStake), own, b.reviewRange("Confidence"), gap.High), money(f.high, c), calmMoney(c)),
			commission, b.cell(money(f.none, c), calmMoney(c)))
		row++
	}
	if n := len(b.r.Currencies) - len(shown); n > 0 {
		g.put(1, row, b.cell(fmt.Sprintf("%d further currencies are on By cause.", n), look{color: grey}))
		row++
	}
	if len(shown) == 0 {
		g.put(1, row, b.cell("Nothing.", cellLook))
		row++
	}
	return row
}

// progress answers: what is still to do? It is live and gives the next free
// row, and that of what is not reviewed yet.
func (b *book) progress(g *grid, row int) (next, toDo int) {
	currencies := b.r.Currencies[:min(2, len(b.r.Currencies))]
	heads := []string{"Decision", "Purchases", "Share"}
	for _, c := range currencies {
		heads = append(heads, c+" at stake")
	}
	b.blockHeads(g, 8, row, "What is still to do?", heads...)
	row += 2
	first, decision := row+1, b.reviewRange(headDecision)
	last := first + len(Decisions()) - 1
	total := last + 1
	share := func(r, n int) excelize.Cell {
		part := 0.0
		if len(b.r.Review) > 0 {
			part = float64(n) / float64(len(b.r.Review))
		}
		return b.formula(fmt.Sprintf("IF($I$%d>0,I%d/$I$%d,0)", total, r, total), part, cellLook.as(shareFmt))
	}
	line := func(r, n int, label, f string, of func(i int, c string) excelize.Cell) {
		g.put(8, r, b.cell(label, cellLook), b.formula(f, n, intLook), share(r, n))
		for i, c := range currencies {
			g.put(11+i, r, of(i, c))
		}
	}
	line(row, len(b.r.Review), "Not reviewed yet", fmt.Sprintf("I%d-SUM(I%d:I%d)", total, first, last), func(i int, c string) excelize.Cell {
		name := col(11 + i)
		return b.formula(fmt.Sprintf("%s%d-SUM(%s%d:%s%d)", name, total, name, first, name, last), money(b.total.Minor[c], c), calmMoney(c))
	})
	for k, d := range Decisions() {
		line(first+k, 0, d, fmt.Sprintf(`COUNTIF(%s,"%s")`, decision, d), func(i int, c string) excelize.Cell {
			return b.formula(fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s,"%s")`, b.reviewRange(headAtStake), decision, d, b.reviewRange(headCurrency), c), 0, calmMoney(c))
		})
	}
	g.put(8, total, b.cell("All", sumLook), b.formula(fmt.Sprintf("COUNTA(%s)", b.reviewRange(headCase)), len(b.r.Review), sumLook.as(intFmt)), b.cell(nil, sumLook))
	for i, c := range currencies {
		g.put(11+i, total, b.formula(fmt.Sprintf(`SUMIFS(%s,%s,"%s")`, b.reviewRange(headAtStake), b.reviewRange(headCurrency), c), money(b.total.Minor[c], c), sumMoney(c)))
	}
	return total + 1, first - 1
}

// remedies answers: what stops it happening again? It gives the next free row.
func (b *book) remedies(g *grid, row int) int {
	g.put(1, row, b.cell("What stops it happening again? The largest causes", partLook))
	g.heights[row] = 20
	row++
	n := 0
	for _, c := range b.r.Causes {
		if c.AtStake.Count == 0 || n == remediesMax {
			break
		}
		text := strings.Join(c.Case.Steps, " ")
		plain := look{rule: true, wrap: true}
		g.merge(1, 2, row, b.cell(c.Cause, plain.strong()))
		g.put(3, row, b.cell(b.amounts(c.AtStake), plain.aligned("right")))
		g.merge(4, 12, row, b.cell(text, wrapLook))
		g.heights[row] = height(max(2, lines(text, 124), lines(c.Cause, 38)))
		row++
		n++
	}
	if n == 0 {
		g.put(1, row, b.cell("Nothing to stop: "+b.nothing()+".", cellLook))
		row++
	}
	return row
}

// amounts names the first two currencies of a sum, one a line.
func (b *book) amounts(s gap.Sum) string {
	var out []string
	for _, c := range b.r.Currencies {
		if s.Minor[c] != 0 && len(out) < 2 {
			out = append(out, report.Money(s.Minor[c], c))
		}
	}
	return strings.Join(out, "\n")
}

// answers puts the four questions of a hurried reader side by side: how much,
// what is left to do, do the figures tie, what stops it. toDo is the row of the
// block below that counts what is not reviewed. It gives the cell of the verdict.
func (b *book) answers(g *grid, row, toDo int) string {
	label := look{above: true, color: grey, size: 10}
	value := look{bold: true, size: 20, color: blue, align: "left", middle: true}
	below := look{color: grey, size: 10, align: "left"}
	g.heights[row], g.heights[row+1], g.heights[row+2] = 16, 30, 16
	card := func(from, to int, question string, answer, more excelize.Cell) {
		g.put(from, row, b.cell(question, label))
		for c := from + 1; c <= to; c++ {
			g.put(c, row, b.cell(nil, label))
		}
		g.merge(from, to, row+1, answer)
		g.merge(from, to, row+2, more)
	}
	total := toDo + len(Decisions()) + 1

	stake, more := b.cell("nothing", value), b.nothing()
	if len(b.r.Currencies) > 0 {
		c := b.r.Currencies[0]
		stake = b.formula(fmt.Sprintf("$C$%d", summaryTables+2), money(b.total.Minor[c], c), value.as(`"`+c+` "`+moneyFmt(c)))
		more = "as purchases; the only currency"
		if n := len(b.r.Currencies) - 1; n == 1 {
			more = "as purchases; " + b.r.Currencies[1] + " beside it, below"
		} else if n > 1 {
			more = fmt.Sprintf("as purchases; %d further currencies, below", n)
		}
	}
	card(1, 2, "At stake", stake, b.cell(more, below))
	card(4, 6, "Still to decide", b.formula(fmt.Sprintf("$I$%d", toDo), len(b.r.Review), value.as(intFmt)),
		b.formula(fmt.Sprintf("$I$%d", total), len(b.r.Review), below.as(`"of "#,##0" purchases on Review"`)))
	card(8, 8, "Do the figures tie?", b.formula(fmt.Sprintf("'%s'!B4", tieOutSheet), b.tied, value),
		b.formula(fmt.Sprintf(`HYPERLINK("#'%s'!A1","see Tie-out")`, tieOutSheet), "see Tie-out", look{link: true, size: 10}))
	cause, share := "nothing to stop", ""
	if c := b.r.Causes[0]; c.AtStake.Count > 0 {
		cause, share = c.Case.Title, "what to do stands below"
		if all := b.total.Minor[b.r.MainCurrency]; all > 0 && c.AtStake.Minor[b.r.MainCurrency] > 0 {
			share = fmt.Sprintf("%.0f %% of %s at stake; %s", 100*float64(c.AtStake.Minor[b.r.MainCurrency])/float64(all), b.r.MainCurrency, share)
		}
	}
	largest := value
	largest.size, largest.wrap = 13, true
	card(10, 12, "What to stop first", b.cell(cause, largest), b.cell(share, below))
	return at(8, row+1)
}

// nothing says why Review is empty.
func (b *book) nothing() string {
	if decided, cut := b.r.NotShown(); decided+cut > 0 {
		return "nothing is left to decide"
	}
	return "no purchase points to a partner"
}

// signatures is where people put their names before they hand the book back.
func (b *book) signatures(g *grid, row int) {
	g.put(1, row, b.cell("Who decided?", partLook))
	g.heights[row] = 20
	row++
	g.heights[row] = 20
	label, input := look{middle: true, align: "right"}, look{input: true, fill: inputFill, num: textFmt, middle: true}
	for i, who := range []string{reviewedBy, approvedBy} {
		c := 1 + 7*i
		g.put(c, row, b.cell(who, label))
		g.merge(c+1, c+2, row, b.cell(nil, input))
		g.put(c+3, row, b.cell(signedOn, label), b.cell(nil, input.as(dateFmt)))
	}
}

// chartLook is what both charts share. The title is a message.
func chartLook(t excelize.ChartType, title, alt, name string) *excelize.Chart {
	font := excelize.Font{Family: "Calibri", Size: 9, Color: dark}
	return &excelize.Chart{
		Type:   t,
		Title:  excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title, Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: true, Color: dark}}}},
		Legend: excelize.ChartLegend{Position: "none"},
		Format: excelize.GraphicOptions{AltText: alt, Name: name, Positioning: "oneCell"},
		XAxis:  excelize.ChartAxis{Font: font},
		YAxis:  excelize.ChartAxis{Font: font},
		Border: excelize.LineOptions{Type: excelize.LineNone},
	}
}

// causeChart shows what the causes cost, largest first.
func (b *book) causeChart(row int, main string) error {
	n := 0
	for _, c := range b.r.Causes {
		if c.AtStake.Minor[main] > 0 && n < causesMax {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	first := totalsHeader + 1
	share := float64(b.r.Causes[0].AtStake.Minor[main]) / float64(b.total.Minor[main])
	c := chartLook(excelize.Bar, fmt.Sprintf("Largest cause: %s (%.0f %% of %s at stake)", b.r.Causes[0].Case.Title, 100*share, main),
		fmt.Sprintf("Bars: %s at stake by likely cause, largest first. The figures are on the sheet By cause.", main), "At stake by cause")
	c.Series = []excelize.ChartSeries{{
		Name:       fmt.Sprintf("'%s'!$D$%d", causeSheet, totalsHeader),
		Categories: fmt.Sprintf("'%s'!$A$%d:$A$%d", causeSheet, first, first+n-1),
		Values:     fmt.Sprintf("'%s'!$D$%d:$D$%d", causeSheet, first, first+n-1),
		Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{blue}},
		DataLabel:  excelize.ChartDataLabel{Font: excelize.Font{Family: "Calibri", Size: 9, Color: dark}},
	}}
	gapWidth := uint(45)
	c.GapWidth = &gapWidth
	c.PlotArea = excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: intFmt}}
	c.XAxis.ReverseOrder = true
	c.YAxis.None = true
	zero := 0.0
	c.YAxis.Minimum = &zero
	c.Dimension = excelize.ChartDimension{Width: 735, Height: chartRows * 20}
	return b.f.AddChart(summarySheet, at(1, row), c)
}

// weekChart shows the share lost by week, or the money where the share is not
// known. A step upward points to a change of the site.
func (b *book) weekChart(row int, main string) error {
	if len(b.r.Weeks) < 2 {
		return nil
	}
	first, last := totalsHeader+1, totalsHeader+len(b.r.Weeks)
	column, format, what := col(weekMoney), intFmt, main+" at stake by week"
	if b.r.HasShare() {
		column, format, what = col(weekMoney+1+len(b.r.Currencies)), shareFmt, "Share of "+main+" partner revenue lost by week"
	}
	c := chartLook(excelize.Line, what+b.peak(main), fmt.Sprintf("Line: %s. The figures are on the sheet By week.", what), "Lost by week")
	c.Series = []excelize.ChartSeries{{
		Name:       fmt.Sprintf("'%s'!$%s$%d", weekSheet, column, totalsHeader),
		Categories: fmt.Sprintf("'%s'!$A$%d:$A$%d", weekSheet, first, last),
		Values:     fmt.Sprintf("'%s'!$%s$%d:$%s$%d", weekSheet, column, first, column, last),
		Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{orange}}, // the line's colour too
		Line:       excelize.LineOptions{Width: 2.25},
		Marker:     excelize.ChartMarker{Symbol: "circle", Size: 5, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{orange}}},
	}}
	zero := 0.0
	c.YAxis.Minimum = &zero
	if b.r.HasShare() {
		one := 1.0
		c.YAxis.Maximum = &one
	}
	c.YAxis.NumFmt = excelize.ChartNumFmt{CustomNumFmt: format}
	c.YAxis.MajorGridLines = true
	if len(b.r.Weeks) > weekLabels {
		c.XAxis.Alignment = excelize.Alignment{TextRotation: -90}
		c.XAxis.TickLabelSkip = (len(b.r.Weeks) + 2*weekLabels - 1) / (2 * weekLabels)
	}
	c.Dimension = excelize.ChartDimension{Width: 545, Height: chartRows * 20}
	return b.f.AddChart(summarySheet, at(8, row), c)
}

// peak names the highest week.
func (b *book) peak(main string) string {
	best, value := 0, -1.0
	for i, w := range b.r.Weeks {
		v := float64(w.AtStake.Minor[main])
		if b.r.HasShare() {
			if all := v + float64(w.Attributed.Minor[main]); all > 0 {
				v /= all
			}
		}
		if v > value {
			best, value = i, v
		}
	}
	return ", highest in " + isoWeek(b.r.Weeks[best].Start)
}
