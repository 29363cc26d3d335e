package rows

import (
	"archive/zip"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of a workbook. excelize's own let a file of 1 MB grow to 5 GB.
const (
	workbookBytes    = 100 << 20
	workbookParts    = 2000
	workbookUnpacked = 512 << 20
	sheetInMemory    = 16 << 20 // larger sheets are unpacked to a temporary file
)

// xlsxFile reads the first visible sheet of a workbook. The header is the first
// row with two filled cells. Cells are given raw: a date is Excel's day number
// (45292.5), a truth 1 or 0.
type xlsxFile struct {
	book    *excelize.File
	rows    *excelize.Rows
	line    int64
	header  names
	bound   []int
	bindErr error
}

func newXLSX(f *file) (*xlsxFile, error) {
	if err := checkWorkbook(f.os, f.size); err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(f.os, 0, f.size), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: workbookUnpacked, UnzipXMLSizeLimit: sheetInMemory,
	})
	if err != nil {
		return nil, broken(err, "is not an Excel workbook that can be read", "open it in Excel and save it as .xlsx")
	}
	x := &xlsxFile{book: book}
	if err := x.open(); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// checkWorkbook looks at the zip archive before anything is unpacked.
func checkWorkbook(f *os.File, size int64) error {
	if size > workbookBytes {
		return broken(nil, "is a workbook of more than 100 MB", "save the sheet as CSV")
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return broken(err, "is a damaged zip archive", "copy the file again")
	}
	var unpacked uint64
	isExcel := false
	for _, part := range z.File {
		unpacked += part.UncompressedSize64
		isExcel = isExcel || part.Name == "[Content_Types].xml"
		if part.UncompressedSize64 > workbookUnpacked {
			break
		}
	}
	switch {
	case len(z.File) > workbookParts, unpacked > workbookUnpacked:
		return broken(nil, "unpacks to more than a workbook should", "save the sheet as CSV")
	case !isExcel:
		return broken(nil, "is a zip archive but not an Excel workbook", "unpack it, or save it as .xlsx if it is an OpenDocument sheet")
	}
	return nil
}

func (x *xlsxFile) open() error {
	sheets := x.book.GetSheetList()
	first := slices.IndexFunc(sheets, func(s string) bool {
		visible, err := x.book.GetSheetVisible(s)
		return err == nil && visible
	})
	if first < 0 {
		return broken(nil, "has no visible sheet", "show the sheet that holds the rows")
	}
	var err error
	if x.rows, err = x.book.Rows(sheets[first]); err != nil {
		return broken(err, "has a sheet that cannot be read", "open it in Excel and save it again")
	}
	for {
		cells, err := x.row()
		if err == io.EOF {
			return broken(nil, "has no header: no row has two filled cells", "put the column names in the first row of the first sheet")
		}
		if err != nil {
			return err
		}
		if len(names(cells).named()) >= 2 {
			for _, cell := range cells {
				x.header = append(x.header, strings.TrimSpace(cell))
			}
			return nil
		}
	}
}

func (x *xlsxFile) row() ([]string, error) {
	if !x.rows.Next() {
		if err := x.rows.Error(); err != nil {
			return nil, broken(err, "has a sheet that cannot be read on", "open it in Excel and save it again")
		}
		return nil, io.EOF
	}
	x.line++
	cells, err := x.rows.Columns()
	if err != nil {
		return nil, broken(err, "has a sheet that cannot be read on", "open it in Excel and save it again")
	}
	return cells, nil
}

func (x *xlsxFile) columns() []string { return x.header.named() }

func (x *xlsxFile) bind(want []string) { x.bound, x.bindErr = x.header.bind(want) }

func (x *xlsxFile) next(rec *Record) error {
	if x.bindErr != nil {
		return x.bindErr
	}
	for {
		cells, err := x.row()
		if err != nil {
			return err
		}
		// What stands beside the table is not the table's.
		cells = cells[:min(len(cells), len(x.header))]
		if blankCells(cells) {
			continue
		}
		rec.Line = x.line
		for i, col := range x.bound {
			rec.Values[i] = ""
			if col >= 0 && col < len(cells) {
				rec.Values[i] = asShown(cells[col])
			}
		}
		return checkText(rec, func(i int) string { return x.header[x.bound[i]] })
	}
}

func (x *xlsxFile) close() error {
	if x.rows != nil {
		x.rows.Close()
	}
	return x.book.Close()
}

var longNumber = regexp.MustCompile(`^-?\d+(?:\.\d{10,}(?:[eE][+-]?\d+)?|(?:\.\d+)?[eE][+-]?\d+)$`)

// asShown undoes the 17 digits in which Excel stores a fraction: it keeps 19.99
// as 19.989999999999998 and shows 15 digits. Digits without a point stay, they
// may be an id.
func asShown(cell string) string {
	if !longNumber.MatchString(cell) {
		return cell
	}
	f, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	shown, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if err != nil {
		return cell
	}
	return strconv.FormatFloat(shown, 'f', -1, 64)
}
