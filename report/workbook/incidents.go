package workbook

import (
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/report"
)

func (b *book) incidents() error {
	all := b.r.Result.Incidents
	if len(all) == 0 {
		return nil
	}
	b.middle = true
	defer func() { b.middle = false }()
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
		title: "Incidents: when purchases stopped being credited",
		lead: "A page that credited next to nothing of what it should have credited, or payments of credited customers that were not recorded. " +
			"Lost amounts are those of the purchases in that time.",
		tab: orange, landscape: true, locked: true, titleRows: totalsHeader, titleCols: 1,
	}
	p.widths = slices.Concat([]float64{22, 26, 34, 20, 17, 17, 11, 11, 11}, slices.Repeat([]float64{14}, len(currencies)), []float64{18, 60})
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
		pages, browsers := incidentPages(in, len(in.Pages)), "all"
		if len(in.Browsers) > 0 {
			browsers = strings.Join(in.Browsers, ", ")
		}
		cells := []excelize.Cell{
			b.text(in.IncidentID, textLook), b.cell(report.CauseText(in.Cause), wrapLook), b.text(pages, textWrap), b.text(browsers, textWrap),
			b.when(in.Start, cellLook.as(timeFmt)), b.when(in.End, cellLook.as(timeFmt)),
			b.cell(in.Expected, intLook), b.cell(in.Credited, intLook), b.cell(in.Purchases, intLook),
		}
		for _, c := range currencies {
			cells = append(cells, b.cell(money(in.Lost[c], c), calmMoney(c)))
		}
		cells = append(cells, b.text(in.Seen, textWrap), b.text(in.What, textWrap))
		h := wrapped(1, []string{report.CauseText(in.Cause), pages, browsers, in.Seen, in.What}, []float64{26, 34, 20, 18, 60})
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
