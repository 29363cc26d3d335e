package workbook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

func (b *book) incidents() error {
	all := b.r.Result.Incidents
	if len(all) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for i := range all {
		for c := range all[i].Lost {
			seen[c] = true
		}
	}
	var currencies []string
	for _, c := range b.r.ReadCurrencies() {
		if seen[c] {
			currencies = append(currencies, c)
		}
	}
	p := page{
		title: "Incidents: when a page stopped being credited",
		lead:  "A page that credited next to nothing of what it should have credited. Lost amounts are those of the purchases in that time.",
		tab:   orange, landscape: true, locked: true, titleRows: totalsHeader,
	}
	p.widths = slices.Concat([]float64{18, 26, 34, 20, 17, 17, 11, 11, 11}, slices.Repeat([]float64{14}, len(currencies)), []float64{18, 60})
	heads := slices.Concat([]string{"Incident", "Cause", "Pages", "Browsers", "From (UTC)", "To (UTC)", "Should have been credited", "Credited", "Purchases lost"},
		lostHeads(currencies), []string{"Seen in", "What was seen"})
	s, err := b.begin(incidentsSheet, p, freeze(1, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.heads(totalsHeader, 48, heads...); err != nil {
		return err
	}
	for i := range all {
		in := &all[i]
		browsers := "all"
		if len(in.Browsers) > 0 {
			browsers = strings.Join(in.Browsers, ", ")
		}
		cells := []excelize.Cell{
			b.text(in.IncidentID, textLook), b.cell(report.CauseText(in.Cause), wrapLook), b.text(strings.Join(in.Pages, ", "), textWrap), b.text(browsers, textWrap),
			b.when(in.Start, cellLook.as(timeFmt)), b.when(in.End, cellLook.as(timeFmt)),
			b.cell(in.Expected, intLook), b.cell(in.Credited, intLook), b.cell(in.Purchases, intLook),
		}
		for _, c := range currencies {
			cells = append(cells, b.cell(money(in.Lost[c], c), calmMoney(c)))
		}
		cells = append(cells, b.text(in.Seen, textWrap), b.text(in.What, textWrap))
		h := wrapped(1, []string{report.CauseText(in.Cause), strings.Join(in.Pages, ", "), browsers, in.Seen, in.What}, []float64{26, 34, 20, 18, 60})
		if err := s.row(totalsHeader+1+i, h, cells...); err != nil {
			return err
		}
	}
	if err := s.table("tblIncidents", totalsHeader, totalsHeader+len(all), len(heads)); err != nil {
		return err
	}
	return s.flush()
}

func lostHeads(currencies []string) []string {
	var out []string
	for _, c := range currencies {
		out = append(out, c+" lost")
	}
	return out
}

// contestedMax keeps Contested inside a sheet.
const contestedMax = excelize.TotalRows - totalsHeader

func (b *book) contested() error {
	all := b.r.Result.Contested
	if len(all) == 0 {
		return nil
	}
	p := page{
		title:  "Contested: two partners, one credit",
		lead:   "These purchases are credited, and another partner's link was followed as well. By the last-click rule nothing is missing; the list answers the other partner's question.",
		widths: []float64{12, 14, 10, 32, 22, 22, 48, 34, 28, 9},
		tab:    turquoise, landscape: true, locked: true, titleRows: totalsHeader,
	}
	if len(all) > contestedMax {
		p.lead += fmt.Sprintf(" The first %d of %d are shown; contested.jsonl holds all.", contestedMax, len(all))
		all = all[:contestedMax]
	}
	heads := []string{"Purchase date", "Amount", "Currency", "Customer e-mail", "Credited partner", "Last click", "Clicks (UTC)", "Payment ID", "Source file", "Line"}
	s, err := b.begin(contestedSheet, p, freeze(0, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	for i := range all {
		c := &all[i]
		credited, last, clicks := b.r.PartnerName(c.Credited), b.r.PartnerName(c.LastClick), b.clicks(c)
		h := wrapped(1, []string{c.Email, credited, last, clicks, c.Row.File}, []float64{32, 22, 22, 48, 28})
		if err := s.row(totalsHeader+1+i, h,
			b.cell(c.PurchasedAt.Date().Start().Std(), cellLook.as(dateFmt)), b.cell(money(c.Amount, c.Currency), moneyLook(c.Currency)), b.cell(c.Currency, cellLook.aligned("center")),
			b.text(c.Email, textWrap), b.text(credited, textWrap), b.text(last, textWrap), b.text(clicks, textWrap),
			b.text(c.PurchaseID, textLook), b.text(c.Row.File, textWrap), b.cell(c.Row.Line, look{rule: true, num: "0"})); err != nil {
			return err
		}
	}
	if err := s.table("tblContested", totalsHeader, totalsHeader+len(all), len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// clicks lists the clicks of a contested purchase, one a line: those of its
// timeline, or of its candidates where it has none.
func (b *book) clicks(c *gap.Contested) string {
	var out []string
	add := func(at, who string) { out = append(out, strings.TrimSpace(at+"  "+who)) }
	for _, e := range c.Timeline {
		if e.Kind == gap.EventClick {
			add(e.At.Std().Format("2006-01-02 15:04"), b.r.PartnerName(e.Who))
		}
	}
	if out == nil {
		for _, o := range c.Others {
			at := ""
			if o.ClickedAt != 0 {
				at = o.ClickedAt.Std().Format("2006-01-02 15:04")
			}
			add(at, b.r.PartnerName(o.PartnerKey))
		}
	}
	return strings.Join(out, "\n")
}
