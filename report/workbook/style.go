package workbook

import (
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
)

// The colours: the Analysis Function's palette and the tints for inputs.
const (
	blue      = "12436D"
	turquoise = "28A197"
	orange    = "F46A25"
	dark      = "3D3D3D"
	grey      = "595959"
	line      = "D9D9D9"
	inputFill = "FFF9E5"
	inputHead = "FFD966"
	blueTint  = "DCE6F1"
	warnTint  = "FDE4D7"
	pink      = "F9D5E0"
	pinkText  = "801650"
	greenTint = "DFF3F0"
)

// Number formats.
const (
	textFmt  = "@"
	intFmt   = "#,##0"
	dateFmt  = "yyyy-mm-dd"
	timeFmt  = "yyyy-mm-dd hh:mm"
	shareFmt = "0%"
)

// calmFmt shows zero as a dash, for sheets with many of them.
func calmFmt(currency string) string {
	f := moneyFmt(currency)
	return f + ";-" + f + `;"–"`
}

// moneyFmt shows as many decimals as the currency has.
func moneyFmt(currency string) string {
	exp, _ := table.Exponent(currency)
	if exp == 0 {
		return intFmt
	}
	return intFmt + "." + strings.Repeat("0", exp)
}

// money is an amount as Excel holds it. Amounts are below 10^15 minor units,
// which a float of 15 digits holds exactly.
func money(minor int64, currency string) float64 {
	exp, _ := table.Exponent(currency)
	div := 1.0
	for range exp {
		div *= 10
	}
	return float64(minor) / div
}

// look is how a cell looks. Equal looks share one style.
type look struct {
	num    string // number format; "" General
	size   float64
	bold   bool
	italic bool
	link   bool
	color  string
	fill   string
	align  string // horizontal; "" by type
	middle bool   // vertical; else top
	indent bool   // keeps text off the figures to its left
	wrap   bool
	shrink bool // letters become smaller where a row's height is fixed
	rule   bool // a thin line below
	above  bool // a strong line above
	input  bool // not locked, with a border
}

func (b *book) style(l look) int {
	l.middle = l.middle || b.middle
	id, ok := b.styles[l]
	if !ok {
		id = b.newStyle(l)
		b.styles[l] = id
	}
	return id
}

// newStyle is apart from style, which is called for every cell, since it keeps
// hold of the look.
func (b *book) newStyle(l look) int {
	s := &excelize.Style{
		Font:       &excelize.Font{Family: "Calibri", Size: 11, Bold: l.bold, Italic: l.italic, Color: l.color},
		Alignment:  &excelize.Alignment{Horizontal: l.align, Vertical: "top", WrapText: l.wrap, ShrinkToFit: l.shrink},
		Protection: &excelize.Protection{Locked: !l.input},
	}
	if l.size > 0 {
		s.Font.Size = l.size
	}
	if l.link {
		s.Font.Color, s.Font.Underline = blue, "single"
	}
	if l.middle {
		s.Alignment.Vertical = "center"
	}
	if l.indent && l.align == "" {
		s.Alignment.Horizontal, s.Alignment.Indent = "left", 1
	}
	if l.fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{l.fill}}
	}
	switch {
	case l.num == textFmt:
		s.NumFmt = 49
	case l.num != "":
		s.CustomNumFmt = &l.num
	}
	if l.input {
		for _, side := range []string{"left", "right", "top", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: inputHead, Style: 1})
		}
	} else {
		if l.rule {
			s.Border = append(s.Border, excelize.Border{Type: "bottom", Color: line, Style: 1})
		}
		if l.above {
			s.Border = append(s.Border, excelize.Border{Type: "top", Color: blue, Style: 1})
		}
	}
	id, err := b.f.NewStyle(s)
	if err != nil {
		panic("workbook: style: " + err.Error()) // all styles are constants of this package
	}
	return id
}

// The looks that all sheets share.
var (
	titleLook = look{size: 16, bold: true, color: blue}
	leadLook  = look{color: dark}
	headLook  = look{bold: true, color: "FFFFFF", fill: blue, indent: true, wrap: true, middle: true}
	inHead    = look{bold: true, color: dark, fill: inputHead, indent: true, wrap: true, middle: true}
	partLook  = look{size: 13, bold: true, color: blue}
	cellLook  = look{rule: true}
	wrapLook  = look{rule: true, indent: true, wrap: true}
	textLook  = look{rule: true, indent: true, num: textFmt}
	textWrap  = look{rule: true, indent: true, num: textFmt, wrap: true}
	intLook   = look{rule: true, num: intFmt}
	sumLook   = look{bold: true, above: true}
)

func (l look) as(num string) look     { l.num = num; return l }
func (l look) filled(c string) look   { l.fill = c; return l }
func (l look) strong() look           { l.bold = true; return l }
func (l look) aligned(to string) look { l.align = to; return l }
func moneyLook(currency string) look  { return look{rule: true, num: moneyFmt(currency)} }
func calmMoney(currency string) look  { return look{rule: true, num: calmFmt(currency)} }
func sumMoney(currency string) look   { return sumLook.as(calmFmt(currency)) }
