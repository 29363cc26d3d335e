package workbook

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
)

// book is a workbook being written.
type book struct {
	f      *excelize.File
	r      *report.Report
	key    []byte
	styles map[look]int
	total  gap.Sum // of Review

	timelineRow  map[*gap.Gap]int // its first row on Timeline
	timelineLast int
	contestedRow map[string]int // by payment id: its first row on Contested

	middle   bool // cells made now are centred vertically: for sheets of one-line rows
	clipped  int  // texts longer than a cell holds
	unlinked int  // purchases whose steps did not fit the Timeline sheet

	causeTotal, partnerTotal int    // the total rows of By cause and By partner
	tied                     string // the verdict of Tie-out
}

// newBook starts a workbook. Large sheets wait in files in dir, mode 0600.
func newBook(r *report.Report, key, dir string) *book {
	b := &book{f: excelize.NewFile(excelize.Options{TmpDir: dir}), r: r, key: []byte(key), styles: map[look]int{}}
	for i := range r.Review {
		b.total.Add(r.Review[i].Gap.Currency, r.Review[i].AtStake)
	}
	for i, name := range b.sheetNames() {
		var err error
		if i == 0 {
			err = b.f.SetSheetName("Sheet1", name)
		} else {
			_, err = b.f.NewSheet(name)
		}
		if err != nil {
			panic("workbook: sheet " + name + ": " + err.Error()) // the names are constants of this package
		}
	}
	return b
}

// cell, formula and text make cells.
func (b *book) cell(v any, l look) excelize.Cell {
	return excelize.Cell{StyleID: b.style(l), Value: v}
}

// formula is a live cell with the result it has now. f holds our own words,
// row numbers and figures only.
func (b *book) formula(f string, result any, l look) excelize.Cell {
	return excelize.Cell{StyleID: b.style(l), Formula: f, Value: result}
}

// text is a cell of text from the data: masked if asked for, cut to what a
// cell holds, and never a formula, whatever it begins with.
func (b *book) text(s string, l look) excelize.Cell {
	if b.r.Options.MaskEmail {
		s = table.Mask(s)
	}
	if l.num == "" {
		l.num = textFmt
	}
	s, cut := clip(s)
	if cut {
		b.clipped++
	}
	if s == "" {
		return b.cell(nil, l)
	}
	return b.cell(s, l)
}

// clip cuts s to the 32,767 UTF-16 units that a cell holds.
func clip(s string) (string, bool) {
	if len(s) <= excelize.TotalCellChars { // bytes are at least as many as units
		return s, false
	}
	units := utf16.Encode([]rune(s))
	if len(units) <= excelize.TotalCellChars {
		return s, false
	}
	end := excelize.TotalCellChars - 1 // one unit for the mark
	if utf16.IsSurrogate(rune(units[end-1])) && utf16.IsSurrogate(rune(units[end])) && units[end-1] < 0xDC00 {
		end-- // not through the middle of a pair
	}
	return string(utf16.Decode(units[:end])) + "…", true
}

// when is a date and time cell in UTC, empty for none.
func (b *book) when(t table.Time, l look) excelize.Cell {
	if t == 0 {
		return b.cell(nil, l)
	}
	return b.cell(t.Std(), l)
}

func col(n int) string {
	name, err := excelize.ColumnNumberToName(n)
	if err != nil {
		panic("workbook: " + err.Error())
	}
	return name
}

func at(c, row int) string { return fmt.Sprintf("%s%d", col(c), row) }

// sheet writes one sheet. The order of calls is the library's: set up with
// the methods of excelize.File, then begin, then rows in ascending order, then
// flush. What is set after begin but the charts is lost without an error.
type sheet struct {
	b    *book
	name string
	sw   *excelize.StreamWriter

	values []any // of the row being written
}

// page says how a sheet is set up.
type page struct {
	title, lead string
	widths      []float64
	tab         string // colour
	landscape   bool
	onePage     bool
	locked      bool
	bare        bool // without grid lines
	titleRows   int  // the row that print repeats; 0 none
	titleCols   int  // how many columns it repeats on further pages; 0 none
	printCols   int  // the columns that are printed; 0 all
	lastRow     int  // of the print area, with printCols
}

// pageWidth is how many units of column width a printed page holds before its
// letters become too small to read.
const pageWidth = 290

// pagesWide is over how many pages side by side a sheet is printed.
func (p *page) pagesWide() int {
	if p.titleCols == 0 {
		return 1
	}
	wide := 0.0
	for _, w := range p.widths {
		wide += w
	}
	return int(math.Ceil(wide / pageWidth))
}

// begin sets the sheet up. Further set-up of the sheet goes into prepare,
// which runs at the right moment; it may be nil.
func (b *book) begin(name string, p page, panes *excelize.Panes, prepare func() error) (*sheet, error) {
	f := b.f
	yes, no := true, false
	argb := "FF" + p.tab
	fit := &excelize.SheetPropsOptions{FitToPage: &yes}
	if p.tab != "" {
		fit.TabColorRGB = &argb
	}
	if err := f.SetSheetProps(name, fit); err != nil {
		return nil, err
	}
	a4, orientation, wide, high := 9, "portrait", p.pagesWide(), 0
	if p.landscape {
		orientation = "landscape"
	}
	if p.onePage {
		high = 1
	}
	order := "downThenOver"
	if wide > 1 {
		order = "overThenDown" // the whole of a row before the next rows
	}
	if err := f.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high, PageOrder: &order}); err != nil {
		return nil, err
	}
	side, top, edge := 0.4, 0.55, 0.25
	if err := f.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Horizontally: &p.onePage, Left: &side, Right: &side, Top: &top, Bottom: &top, Header: &edge, Footer: &edge}); err != nil {
		return nil, err
	}
	if err := f.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&9&A&C&9Confidential: contains personal data&R&9Page &P of &N"}); err != nil {
		return nil, err
	}
	if p.bare {
		if err := f.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &no}); err != nil {
			return nil, err
		}
	}
	if p.locked {
		// A guard rail against slips, without a password.
		err := f.ProtectSheet(name, &excelize.SheetProtectionOptions{SelectLockedCells: true, SelectUnlockedCells: true, AutoFilter: true, FormatColumns: true, FormatRows: true})
		if err != nil {
			return nil, err
		}
	}
	if p.titleRows > 0 {
		refers := fmt.Sprintf("'%s'!$%d:$%d", name, p.titleRows, p.titleRows)
		if p.titleCols > 0 {
			refers = fmt.Sprintf("'%s'!$A:$%s,", name, col(p.titleCols)) + refers
		}
		err := f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: name, RefersTo: refers})
		if err != nil {
			return nil, err
		}
	}
	if p.printCols > 0 {
		err := f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", Scope: name, RefersTo: fmt.Sprintf("'%s'!$A$1:$%s$%d", name, col(p.printCols), p.lastRow)})
		if err != nil {
			return nil, err
		}
	}
	if prepare != nil {
		if err := prepare(); err != nil {
			return nil, err
		}
	}
	sw, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	if panes != nil {
		if err := sw.SetPanes(panes); err != nil {
			return nil, err
		}
	}
	for i, w := range p.widths {
		if err := sw.SetColWidth(i+1, i+1, w); err != nil {
			return nil, err
		}
	}
	return &sheet{b: b, name: name, sw: sw}, nil
}

// heading writes the title and the sentence below it.
func (s *sheet) heading(p page) error {
	if err := s.row(1, 24, s.b.cell(p.title, titleLook)); err != nil {
		return err
	}
	return s.row(2, 0, s.b.cell(p.lead, leadLook))
}

// row writes cells from column A on. Height is in points, 0 for the default.
func (s *sheet) row(n int, height float64, cells ...excelize.Cell) error {
	s.values = s.values[:0]
	for i := range cells {
		if c := &cells[i]; c.StyleID == 0 && c.Formula == "" && c.Value == nil {
			s.values = append(s.values, nil)
		} else {
			s.values = append(s.values, c) // a pointer: the value itself would be copied to the heap
		}
	}
	return s.sw.SetRow(at(1, n), s.values, excelize.RowOpts{Height: height})
}

// table turns the range into an Excel table with filter buttons. The header
// row has been written; last is at least the row below it.
func (s *sheet) table(name string, header, last, cols int) error {
	no := false
	return s.sw.AddTable(&excelize.Table{
		Name: name, Range: fmt.Sprintf("A%d:%s%d", header, col(cols), max(last, header+1)),
		StyleName: "TableStyleLight1", ShowRowStripes: &no,
	})
}

func (s *sheet) flush() error { return s.sw.Flush() }

// freeze keeps the first cols columns and rows rows in view.
func freeze(cols, rows int) *excelize.Panes {
	p := &excelize.Panes{Freeze: true, XSplit: cols, YSplit: rows, TopLeftCell: at(cols+1, rows+1), ActivePane: "bottomLeft"}
	if cols > 0 {
		p.ActivePane = "bottomRight"
	}
	p.Selection = []excelize.Selection{{SQRef: p.TopLeftCell, ActiveCell: p.TopLeftCell, Pane: p.ActivePane}}
	return p
}

// grid collects cells in any order and writes them row by row.
type grid struct {
	cells   map[int][]excelize.Cell // by row
	heights map[int]float64
	merges  [][2]string
}

func newGrid() *grid {
	return &grid{cells: map[int][]excelize.Cell{}, heights: map[int]float64{}}
}

// put sets cells from column c on.
func (g *grid) put(c, row int, cells ...excelize.Cell) {
	have := g.cells[row]
	for len(have) < c-1+len(cells) {
		have = append(have, excelize.Cell{})
	}
	copy(have[c-1:], cells)
	g.cells[row] = have
}

// merge joins cells c…to of a row and gives all of them the first one's style.
func (g *grid) merge(c, to, row int, cell excelize.Cell) {
	g.put(c, row, cell)
	for k := c + 1; k <= to; k++ {
		g.put(k, row, excelize.Cell{StyleID: cell.StyleID})
	}
	g.merges = append(g.merges, [2]string{at(c, row), at(to, row)})
}

func (g *grid) last() int {
	last := 0
	for row := range g.cells {
		last = max(last, row)
	}
	return last
}

func (s *sheet) grid(g *grid) error {
	for row := 1; row <= g.last(); row++ {
		if cells, ok := g.cells[row]; ok {
			if err := s.row(row, g.heights[row], cells...); err != nil {
				return err
			}
		}
	}
	for _, m := range g.merges {
		if err := s.sw.MergeCell(m[0], m[1]); err != nil {
			return err
		}
	}
	return nil
}

// letterWidths are how wide letters of Calibri are, in units of column width:
// one is a digit.
var letterWidths = func() (w [0x250]float64) {
	for c := range w {
		w[c] = 1.05 // accented Latin
		switch {
		case c >= 'a' && c <= 'z':
			w[c] = 0.98
		case c >= 'A' && c <= 'Z':
			w[c] = 1.15
		case c < 0x80:
			w[c] = 1
		}
	}
	for letters, width := range map[string]float64{"ijl.,:;'|!`": 0.5, " frtI()[]{}/\\-\"°": 0.68, "mwMWO@%&Q": 1.45} {
		for _, c := range letters {
			w[c] = width
		}
	}
	return w
}()

func letterWidth(c rune) float64 {
	if int(c) < len(letterWidths) {
		return letterWidths[c]
	}
	return 2
}

func textWidth(s string) float64 {
	w := 0.0
	for _, c := range s {
		w += letterWidth(c)
	}
	return w
}

// lines estimates how many lines a text takes in a column of the given width:
// Excel sets no row height for a written file by itself.
func lines(text string, width float64) int {
	width -= 1.5 // what a cell keeps free at its sides
	n := 0
	for para := range strings.SplitSeq(text, "\n") {
		used, rows := 0.0, 1
		for word := range strings.FieldsSeq(para) {
			w := textWidth(word)
			switch space := letterWidth(' '); {
			case used == 0:
				used = w
			case used+space+w <= width:
				used += space + w
			default:
				rows++
				used = w
			}
			for used > width {
				rows++
				used -= width
			}
		}
		n += rows
	}
	return n
}

// lineHeight is that of Calibri 11 in points; Excel allows 409 for a row.
const lineHeight = 15

func height(lines int) float64 { return math.Min(409, float64(lines)*lineHeight+3) }

// wrapped is the height of a row whose texts wrap in columns of these widths.
func wrapped(least int, texts []string, widths []float64) float64 {
	n := least
	for i, t := range texts {
		n = max(n, lines(t, widths[i]))
	}
	return height(n)
}
