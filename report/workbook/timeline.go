package workbook

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// timelineHeader is the header row of Timeline.
const timelineHeader = 4

// placeTimeline gives every purchase of Review its first row on Timeline, in
// the order of Review, as far as the sheet has rows.
func (b *book) placeTimeline() {
	b.timelineRow = map[*gap.Gap]int{}
	next := timelineHeader + 1
	for i := range b.r.Review {
		g := b.r.Review[i].Gap
		switch n := len(g.Timeline); {
		case n == 0:
		case next+n-1 > excelize.TotalRows:
			b.unlinked++
		default:
			b.timelineRow[g] = next
			next += n
		}
	}
	b.timelineLast = next - 1
}

func (b *book) timeline() error {
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title:  "Timeline: what the records show, step by step",
		lead:   "Every step names the file and line it was read from. Times are UTC. Steps of one case stand together, in the order of Review.",
		widths: []float64{20, 6, 20, 13, 30, 24, 44, 40, 11, 34, 10},
		tab:    turquoise, landscape: true, locked: true, titleRows: timelineHeader,
	}
	if b.unlinked > 0 {
		p.lead += fmt.Sprintf(" The steps of %d cases are left out, since a sheet has no more rows; gaps.jsonl holds them.", b.unlinked)
	}
	s, err := b.begin(timelineSheet, p, freeze(1, timelineHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	heads := []string{"Case", "Step", "When (UTC)", "What happened", "Partner, customer or payment", "Browser / device", "Page", "Note",
		"Days later", "Source file", "Line"}
	if err := s.heads(timelineHeader, 33, heads...); err != nil {
		return err
	}
	for i := range b.r.Review {
		g := b.r.Review[i].Gap
		if first, ok := b.timelineRow[g]; ok {
			if err := b.steps(s, first, g); err != nil {
				return err
			}
		}
	}
	if len(b.timelineRow) == 0 {
		if err := s.row(timelineHeader+1, 0, make([]excelize.Cell, len(heads))...); err != nil {
			return err
		}
	}
	if err := s.table("tblTimeline", timelineHeader, b.timelineLast, len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// steps writes the steps of one purchase from row first on, a line above them.
func (b *book) steps(s *sheet, first int, g *gap.Gap) error {
	for k := range g.Timeline {
		e := &g.Timeline[k]
		h := wrapped(1, []string{e.Who, e.Browser, e.Page, e.Note, e.Row.File}, []float64{30, 24, 44, 40, 34})
		if err := s.row(first+k, min(h, height(4)), b.stepCells(g, k)...); err != nil {
			return err
		}
	}
	return nil
}

// stepCells are the cells of step k of a purchase.
func (b *book) stepCells(g *gap.Gap, k int) []excelize.Cell {
	e := &g.Timeline[k]
	plain := look{above: k == 0}
	txt, wrap, num, day := plain.as(textFmt), plain.as(textFmt), plain.as("0"), plain.as("0.0")
	wrap.wrap, wrap.indent = true, true
	kind := plain
	kind.indent = true
	kind.bold = e.Kind == gap.EventPurchase || e.Kind == gap.EventClick || e.Kind == gap.EventSignup
	since := b.cell(nil, day)
	if k > 0 && e.At != 0 && g.Timeline[k-1].At != 0 {
		since = b.cell(tenths(e.At-g.Timeline[k-1].At), day)
	}
	lineNo := b.cell(nil, num)
	if e.Row.Line > 0 {
		lineNo = b.cell(e.Row.Line, num)
	}
	return []excelize.Cell{
		b.text(g.GapID, txt), b.cell(k+1, num), b.when(e.At, plain.as("yyyy-mm-dd hh:mm:ss")), b.cell(string(e.Kind), kind),
		b.text(e.Who, wrap), b.text(e.Browser, wrap), b.text(e.Page, wrap), b.text(e.Note, wrap), since,
		b.text(e.Row.File, wrap), lineNo}
}

// tenths gives days with one decimal, cut.
func tenths(span table.Time) float64 { return float64(span/(table.Day/10)) / 10 }

// heads writes a header row.
func (s *sheet) heads(row int, height float64, names ...string) error {
	cells := make([]excelize.Cell, len(names))
	for i, n := range names {
		cells[i] = s.b.cell(n, headLook)
	}
	return s.row(row, height, cells...)
}
