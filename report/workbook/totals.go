package workbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
)

// totalsHeader is the header row of By cause, By partner and By week.
const totalsHeader = 4

// byCurrency makes one live cell a currency of Review: the sum of the amounts
// at stake of the rows whose column header meets the criterion.
func (b *book) byCurrency(sum gap.Sum, criteria, fill string) []excelize.Cell {
	var out []excelize.Cell
	for _, c := range b.r.Currencies {
		f := fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s)`, b.reviewRange(headAtStake), b.reviewRange(headCurrency), c, criteria)
		out = append(out, b.formula(f, money(sum.Minor[c], c), calmMoney(c).filled(fill)))
	}
	return out
}

// sums makes the cells of a total row over rows first to last, from column c
// on: counts, then one cell a currency.
func (b *book) sums(c, first, last int, counts []int, minor map[string]int64) []excelize.Cell {
	var out []excelize.Cell
	sum := func(result any, l look) {
		name := col(c + len(out))
		out = append(out, b.formula(fmt.Sprintf("SUM(%s%d:%s%d)", name, first, name, last), result, l))
	}
	for _, n := range counts {
		sum(n, sumLook.as(intFmt))
	}
	for _, cur := range b.r.Currencies {
		sum(money(minor[cur], cur), sumMoney(cur))
	}
	return out
}

// currencyHeads names the money columns, and currencyWidths sizes them.
func (b *book) currencyHeads() []string {
	var out []string
	for _, c := range b.r.Currencies {
		out = append(out, c+" at stake")
	}
	return out
}

func (b *book) currencyWidths() []float64 {
	return slices.Repeat([]float64{14}, len(b.r.Currencies))
}

func (b *book) byCause() error {
	b.middle = true
	defer func() { b.middle = false }()
	texts := []float64{44, 42, 60, 36}
	p := page{
		title: "By cause: what happened, how to check it, what to do",
		lead:  "Counts and amounts are live from Review; no total adds currencies. Not listed: purchases of the cause that are counted on Tie-out only.",
		tab:   blue, landscape: true, locked: true, titleRows: totalsHeader, titleCols: 1,
	}
	p.widths = slices.Concat([]float64{26, 11, 11}, b.currencyWidths(), texts)
	s, err := b.begin(causeSheet, p, freeze(1, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	heads := slices.Concat([]string{"Likely cause", "Purchases on Review", "Not listed"}, b.currencyHeads(),
		[]string{"What happened", "How to check it", "What to do", "What the records cannot tell"})
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	first, notListed := totalsHeader+1, 0
	for i, c := range b.r.Causes {
		row := first + i
		notListed += c.NotListed
		words := []string{c.Case.Meaning, c.Case.Shows + "\n" + c.Case.Check, "• " + strings.Join(c.Case.Steps, "\n• "), c.Case.CannotTell}
		cells := []excelize.Cell{
			b.cell(c.Cause, wrapLook.strong()),
			b.formula(fmt.Sprintf("COUNTIF(%s,A%d)", b.reviewRange(headCause), row), c.AtStake.Count, intLook),
			b.cell(c.NotListed, intLook),
		}
		cells = append(cells, b.byCurrency(c.AtStake, fmt.Sprintf("%s,$A%d", b.reviewRange(headCause), row), "")...)
		for _, w := range words {
			cells = append(cells, b.cell(w, wrapLook))
		}
		if err := s.row(row, wrapped(2, words, texts), cells...); err != nil {
			return err
		}
	}
	last := first + len(b.r.Causes) - 1
	b.causeTotal = last + 1
	total := append([]excelize.Cell{b.cell("Total", sumLook)},
		b.sums(2, first, last, []int{b.total.Count, notListed}, b.total.Minor)...)
	if err := s.row(b.causeTotal, 0, total...); err != nil {
		return err
	}
	if err := b.safariPages(s, b.causeTotal+2); err != nil {
		return err
	}
	if err := s.table("tblCause", totalsHeader, last, len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// pagesMax is how many landing pages are listed below By cause.
const pagesMax = 15

// safariPages lists the landing pages without snippet that case 9 names.
func (b *book) safariPages(s *sheet, row int) error {
	pages := map[string]int{}
	for i := range b.r.Review {
		if g := b.r.Review[i].Gap; g.Case == gap.SafariNoSnippet && g.LandingPage != "" {
			pages[g.LandingPage]++
		}
	}
	if len(pages) == 0 {
		return nil
	}
	var names []string
	for n := range pages {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := pages[b] - pages[a]; c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	head := fmt.Sprintf("Landing pages that never had the snippet (%s)", report.CauseText(gap.SafariNoSnippet))
	if len(names) > pagesMax {
		head += fmt.Sprintf(", the %d most frequent of %d", pagesMax, len(names))
		names = names[:pagesMax]
	}
	if err := s.row(row, 20, b.cell(head, partLook)); err != nil {
		return err
	}
	for i, n := range names {
		if err := s.row(row+1+i, 0, b.text(n, look{num: textFmt}), b.cell(pages[n], look{num: intFmt})); err != nil {
			return err
		}
	}
	return nil
}

// liveMax bounds the work of a recalculation: cells with formulas on By
// partner times rows of Review. Beyond it the figures are written as values.
const liveMax = 30_000_000

func (b *book) byPartner() error {
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title: "By partner: who was not credited",
		lead:  "Counts and amounts are live from Review, by suggested partner, largest first.",
		tab:   blue, landscape: true, locked: true, titleRows: totalsHeader,
	}
	live := len(b.r.Partners)*(2+len(b.r.Currencies))*len(b.r.Review) <= liveMax
	if !live {
		p.lead = "Counts and amounts as of the run, by suggested partner, largest first. They are not live: with so many partners that would be slow."
	}
	p.widths = slices.Concat([]float64{6, 34, 26, 11, 12}, b.currencyWidths(), []float64{36})
	s, err := b.begin(partnerSheet, p, freeze(2, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	heads := slices.Concat([]string{"No.", "Partner", "Partner key", "Purchases", "Of these high confidence"}, b.currencyHeads(), []string{"Most frequent cause"})
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	first, high := totalsHeader+1, 0
	for i, t := range b.r.Partners {
		row := first + i
		high += t.High
		no := fmt.Sprintf("%s,$A%d", b.reviewRange("Do not modify: partner no."), row)
		figures := []excelize.Cell{
			b.formula(fmt.Sprintf("COUNTIF(%s)", no), t.AtStake.Count, intLook),
			b.formula(fmt.Sprintf(`COUNTIFS(%s,%s,"%s")`, no, b.reviewRange("Confidence"), gap.High), t.High, intLook),
		}
		figures = append(figures, b.byCurrency(t.AtStake, no, "")...)
		if !live {
			for k := range figures {
				figures[k].Formula = ""
			}
		}
		cells := slices.Concat([]excelize.Cell{b.cell(i+1, intLook), b.text(t.Name, textWrap), b.text(t.Key, textLook)}, figures,
			[]excelize.Cell{b.cell(t.Cause, wrapLook)})
		if err := s.row(row, wrapped(1, []string{t.Name, t.Cause}, []float64{34, 36}), cells...); err != nil {
			return err
		}
	}
	last := max(first, first+len(b.r.Partners)-1)
	if len(b.r.Partners) == 0 {
		if err := s.row(first, 0, make([]excelize.Cell, len(heads))...); err != nil {
			return err
		}
	}
	b.partnerTotal = last + 1
	total := append([]excelize.Cell{b.cell(nil, sumLook), b.cell("Total", sumLook), b.cell(nil, sumLook)},
		b.sums(4, first, last, []int{b.total.Count, high}, b.total.Minor)...)
	if err := s.row(b.partnerTotal, 0, total...); err != nil {
		return err
	}
	if err := s.table("tblPartner", totalsHeader, last, len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// weekMoney is the first money column of By week.
const weekMoney = 4

func isoWeek(d table.Date) string {
	year, week := d.Start().Std().ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, week)
}

func (b *book) byWeek() error {
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title: "By week: when it happened",
		lead:  "Weeks from Monday, UTC, by purchase date; live from Review. A step upward points to a change of the site. Marked weeks have an incident.",
		tab:   blue, landscape: true, locked: true, titleRows: totalsHeader,
	}
	main, share := b.r.MainCurrency, b.r.HasShare()
	p.widths = slices.Concat([]float64{12, 13, 11}, b.currencyWidths())
	heads := slices.Concat([]string{"ISO week", "From Monday", "Purchases"}, b.currencyHeads())
	if share {
		p.widths = append(p.widths, 16, 12)
		heads = append(heads, main+" attributed", main+" share lost")
	}
	p.widths = append(p.widths, 60)
	heads = append(heads, "Incidents")
	s, err := b.begin(weekSheet, p, freeze(1, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	dates := b.reviewRange("Purchase date")
	for i, w := range b.r.Weeks {
		row := totalsHeader + 1 + i
		within := fmt.Sprintf(`%s,">="&$B%d,%s,"<"&$B%d+7`, dates, row, dates, row)
		fill := ""
		var marks []string
		for _, in := range w.Incidents {
			marks, fill = append(marks, incidentMark(in)), warnTint
		}
		cells := []excelize.Cell{
			b.cell(isoWeek(w.Start), wrapLook.filled(fill)),
			b.cell(w.Start.Start().Std(), cellLook.as(dateFmt).filled(fill)),
			b.formula(fmt.Sprintf("COUNTIFS(%s)", within), w.AtStake.Count, intLook.filled(fill)),
		}
		cells = append(cells, b.byCurrency(w.AtStake, within, fill)...)
		if share {
			lost, credited := money(w.AtStake.Minor[main], main), money(w.Attributed.Minor[main], main)
			lostCell, creditedCell := "0", at(weekMoney+len(b.r.Currencies), row)
			if b.mainOnReview() {
				lostCell = at(weekMoney, row)
			}
			part := 0.0
			if lost+credited > 0 {
				part = lost / (lost + credited)
			}
			cells = append(cells, b.cell(credited, calmMoney(main).filled(fill)),
				b.formula(fmt.Sprintf("IF(%s+%s>0,%s/(%s+%s),0)", lostCell, creditedCell, lostCell, lostCell, creditedCell), part, cellLook.as(shareFmt).filled(fill)))
		}
		cells = append(cells, b.text(strings.Join(marks, "\n"), textWrap.filled(fill)))
		if err := s.row(row, height(max(1, lines(strings.Join(marks, "\n"), 60))), cells...); err != nil {
			return err
		}
	}
	if len(b.r.Weeks) == 0 {
		if err := s.row(totalsHeader+1, 0, make([]excelize.Cell, len(heads))...); err != nil {
			return err
		}
	}
	if err := s.table("tblWeek", totalsHeader, totalsHeader+len(b.r.Weeks), len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// mainOnReview tells whether Review has rows in the main currency, which is
// then the first of its currencies.
func (b *book) mainOnReview() bool {
	return len(b.r.Currencies) > 0 && b.r.Currencies[0] == b.r.MainCurrency
}

// incidentMark names an incident in a week: its cause, and where.
func incidentMark(in *gap.Incident) string {
	return fmt.Sprintf("%s: %s, %s", in.IncidentID, report.CauseText(in.Cause), incidentPages(in, 3))
}

// incidentPages names an incident's pages, the first few of many. Payments that
// are not recorded have no page.
func incidentPages(in *gap.Incident, most int) string {
	switch n := len(in.Pages); {
	case n == 0 && in.Cause == gap.PaymentNotTied:
		return "no page: payments not recorded"
	case n == 0:
		return "all pages"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(in.Pages[:most], ", "), n-most)
	}
	return strings.Join(in.Pages, ", ")
}
