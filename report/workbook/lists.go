package workbook

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/report"
)

// Decisions are what can be chosen on Review, in the order of its list.
func Decisions() []string { return []string{"Approve", "Decline", "Ask partner", "Later"} }

// The ranges of Lists. They are absolute references rather than names: some
// programs lose names when they save.
func decisionRange() string {
	return fmt.Sprintf("%s!$A$2:$A$%d", listsSheet, 1+len(Decisions()))
}

func currencyRange(r *report.Report) string {
	return fmt.Sprintf("%s!$B$2:$B$%d", listsSheet, max(2, 1+len(r.Currencies)))
}

// decimalsRange holds the decimals of the currencies beside them.
func decimalsRange(r *report.Report) string {
	return fmt.Sprintf("%s!$E$2:$E$%d", listsSheet, max(2, 1+len(r.Currencies)))
}

// letterCell is a part of the text to a partner, see [letter].
func letterCell(part int) string { return fmt.Sprintf("%s!$F$%d", listsSheet, 1+part) }

func partnerRange(choices int) string {
	return fmt.Sprintf("%s!$C$2:$C$%d", listsSheet, max(2, 1+choices))
}

// lists writes the hidden sheet with the choices of the drop-downs.
func (b *book) lists() error {
	choices := b.r.PartnerChoices()
	p := page{widths: []float64{16, 10, 40, 40, 10, 60}, locked: true}
	texts := letter()
	s, err := b.begin(listsSheet, p, nil, nil)
	if err != nil {
		return err
	}
	if err := s.row(1, 0, b.cell("Decision", headLook), b.cell("Currency", headLook), b.cell("Partner", headLook), b.cell("Partner key", headLook),
		b.cell("Decimals", headLook), b.cell("Text to a partner", headLook)); err != nil {
		return err
	}
	for i := range max(len(Decisions()), len(b.r.Currencies), len(choices), len(texts)) {
		row := make([]excelize.Cell, 6)
		if i < len(Decisions()) {
			row[0] = b.cell(Decisions()[i], look{})
		}
		if i < len(b.r.Currencies) {
			exp, _ := table.Exponent(b.r.Currencies[i])
			row[1], row[4] = b.cell(b.r.Currencies[i], look{}), b.cell(exp, look{})
		}
		if i < len(choices) {
			row[2], row[3] = b.text(choices[i].Name, look{}), b.text(choices[i].Key, look{})
		}
		if i < len(texts) {
			row[5] = b.cell(texts[i], look{})
		}
		if err := s.row(2+i, 0, row...); err != nil {
			return err
		}
	}
	return s.flush()
}

// The marks by which a workbook says what it is.
const (
	markRun    = "lostlink.run"
	markLayout = "lostlink.layout"
	markCheck  = "lostlink.check"
)

// run writes the very hidden sheet and the document properties that say which
// run the workbook belongs to. There are two places because some programs drop
// the one, some the other.
func (b *book) run() error {
	check := bookCheck(b.key, b.r.Run.ID, b.total)
	s, err := b.begin(runSheet, page{widths: []float64{24, 70}, locked: true}, nil, nil)
	if err != nil {
		return err
	}
	rows := [][2]string{
		{markRun, b.r.Run.ID},
		{markLayout, fmt.Sprint(layout)},
		{"lostlink.rows", fmt.Sprint(len(b.r.Review))},
	}
	for _, c := range b.r.Currencies {
		rows = append(rows, [2]string{"lostlink.total_minor." + c, fmt.Sprint(b.total.Minor[c])})
	}
	rows = append(rows, [2]string{markCheck, check})
	for i, kv := range rows {
		if err := s.row(1+i, 0, b.cell(kv[0], look{}), b.cell(kv[1], look{num: textFmt})); err != nil {
			return err
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	for _, kv := range [][2]string{{markRun, b.r.Run.ID}, {markLayout, fmt.Sprint(layout)}, {markCheck, check}} {
		if err := b.f.SetCustomProps(excelize.CustomProperty{Name: kv[0], Value: kv[1]}); err != nil {
			return err
		}
	}
	return nil
}
