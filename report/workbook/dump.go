package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Dump gives every cell of a workbook as text: a line for the sheet, then a
// line a cell in row order with its value, its value as shown where a number
// format changes it, and its formula. It reads sheets whole and is meant for
// tests and for comparing small workbooks.
func Dump(path string) (dump string, err error) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b strings.Builder
	for _, name := range f.GetSheetList() {
		visible, err := f.GetSheetVisible(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "== %s", name)
		if !visible {
			b.WriteString(" (hidden)")
		}
		b.WriteString("\n")
		raw, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			return "", err
		}
		shown, err := f.GetRows(name)
		if err != nil {
			return "", err
		}
		covered, err := coveredCells(f, name)
		if err != nil {
			return "", err
		}
		for r, cells := range raw {
			for c, value := range cells {
				cell := at(c+1, r+1)
				formula, err := f.GetCellFormula(name, cell)
				if err != nil {
					return "", err
				}
				if value == "" && formula == "" || covered[cell] {
					continue
				}
				fmt.Fprintf(&b, "%s\t%q", cell, value)
				if c < len(shown[r]) && shown[r][c] != value {
					fmt.Fprintf(&b, "\t%s", shown[r][c])
				}
				if formula != "" {
					fmt.Fprintf(&b, "\t=%s", formula)
				}
				b.WriteString("\n")
			}
		}
	}
	return b.String(), nil
}

// coveredCells are those that a merge hides: the library gives them the formula
// of the cell that is shown.
func coveredCells(f *excelize.File, sheet string) (map[string]bool, error) {
	merges, err := f.GetMergeCells(sheet)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, m := range merges {
		c0, r0, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		if err != nil {
			return nil, err
		}
		c1, r1, err := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil {
			return nil, err
		}
		for r := r0; r <= r1; r++ {
			for c := c0; c <= c1; c++ {
				out[at(c, r)] = c != c0 || r != r0
			}
		}
	}
	return out, nil
}
