package rows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lostlink/ingest/table"
)

// csvFile reads CSV by encoding/csv, one header row and rows of the same width.
// Quotes are taken strictly: a stray one could join two purchases into one. A
// row that cannot be read ends at its first line, and reading starts again on
// the next, so that a quote left open costs one row and not the rest of the
// file.
type csvFile struct {
	text    *replay
	ahead   *bufio.Reader
	csv     *csv.Reader
	start   int64 // offset at which csv started
	comma   rune
	trim    bool // blanks stand between separator and quote
	max     int
	header  names
	bound   []int // column per value, -1 for none
	bindErr error
	odd     bytes.Reader // see onto
}

func newCSV(text *bufio.Reader, head []byte, opt Options) (*csvFile, error) {
	c := &csvFile{text: newReplay(text, opt.MaxLine), max: opt.MaxLine}
	// Excel's own hint: a first line "sep=;".
	first := firstLine(head)
	if len(first) == 5 && bytes.EqualFold(first[:4], []byte("sep=")) {
		c.comma = rune(first[4])
		if _, err := c.text.skipLine(); err != nil {
			return nil, err
		}
	} else {
		c.comma = separator(first)
	}
	c.trim = c.comma != '\t' && bytes.Contains(first, []byte(string(c.comma)+` "`))
	c.restart()

	cells, _, err := c.row()
	var row *Bad
	switch {
	case errors.As(err, &row):
		return nil, &Broken{Line: row.Line, Fault: &table.Fault{Value: row.Fault.Value, Rule: "the header " + row.Fault.Rule, Remedy: row.Fault.Remedy}}
	case err == io.EOF:
		return nil, broken(nil, "has no header", "export it again with column names in the first row")
	case err != nil:
		return nil, err
	}
	for _, cell := range cells {
		if strings.ContainsRune(cell, '\r') {
			return nil, broken(nil, "has lines that end in a carriage return only", "save it with line feeds")
		}
		if rule, remedy := unreadable(cell); rule != "" {
			return nil, broken(nil, "the header "+rule, remedy)
		}
		c.header = append(c.header, strings.TrimSpace(strings.Clone(cell)))
	}
	for len(c.header) > 0 && c.header[len(c.header)-1] == "" {
		c.header = c.header[:len(c.header)-1]
	}
	if len(c.header) == 0 {
		return nil, broken(nil, "has a header without names", "export it again with column names in the first row")
	}
	return c, nil
}

// firstLine is the first line that is not blank.
func firstLine(text []byte) []byte {
	text = bytes.TrimLeft(text, "\r\n")
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return bytes.TrimRight(text, "\r")
}

// separator is whichever of comma, semicolon and tab is most frequent outside
// quotes.
func separator(header []byte) rune {
	count := map[byte]int{}
	quoted := false
	for _, b := range header {
		if b == '"' {
			quoted = !quoted
		} else if !quoted {
			count[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte(";\t") {
		if count[b] > count[best] {
			best = b
		}
	}
	return rune(best)
}

// restart makes csv read on from the mark.
func (c *csvFile) restart() {
	c.text.rewind()
	if c.ahead == nil {
		c.ahead = bufio.NewReaderSize(c.text, block/4)
	} else {
		c.ahead.Reset(c.text)
	}
	c.csv = csv.NewReader(c.ahead)
	c.csv.Comma = c.comma
	c.csv.FieldsPerRecord = -1
	c.csv.ReuseRecord = true
	c.csv.TrimLeadingSpace = c.trim
	c.start = c.text.mark
}

// row gives the cells of the next row and the line it starts on. A row that
// cannot be read is a *Bad.
func (c *csvFile) row() (cells []string, line int64, err error) {
	cells, err = c.csv.Read()
	if err == io.EOF {
		return nil, 0, io.EOF
	}
	if err != nil {
		return c.giveUp(err)
	}
	end := c.start + c.csv.InputOffset()
	raw := c.text.since(end)
	blank := len(raw) - len(bytes.TrimLeft(raw, "\r\n"))
	line = c.text.lineAt(c.text.mark + int64(blank))
	raw = raw[blank:]
	var fault *Bad
	switch {
	case len(raw) > c.max:
		fault = tooLong(line, c.max, raw)
	case bytes.IndexByte(raw, 0) >= 0:
		fault = nul(line, "", "")
		if i := slices.IndexFunc(cells, func(cell string) bool { return strings.IndexByte(cell, 0) >= 0 }); i >= 0 && i < len(c.header) {
			fault = nul(line, c.header[i], cells[i])
		}
	case c.header != nil && !c.fits(cells):
		fault = badValue(line, "", fmt.Sprintf("%d cells", len(cells)), fmt.Sprintf("has %d cells, the header has %d", len(cells), len(c.header)),
			"put cells that hold separators or line breaks in quotes, or restore the missing cells")
	}
	if first := bytes.IndexByte(raw, '\n'); fault != nil && first >= 0 && first < len(raw)-1 {
		// A quote may have swallowed the rows below.
		if _, _, err := c.skipFirstLine(); err != nil {
			return nil, 0, err
		}
		return nil, 0, fault
	}
	c.text.forget(end)
	if fault != nil {
		return nil, 0, fault
	}
	return cells, line, nil
}

// fits allows for separators at the end of each row.
func (c *csvFile) fits(cells []string) bool {
	if len(cells) < len(c.header) {
		return false
	}
	for _, extra := range cells[len(c.header):] {
		if extra != "" {
			return false
		}
	}
	return true
}

// giveUp leaves the row that csv stumbled over and makes reading start on the
// line below.
func (c *csvFile) giveUp(err error) ([]string, int64, error) {
	text, length, skipErr := c.skipFirstLine()
	if skipErr != nil {
		return nil, 0, skipErr
	}
	line := c.text.line - 1
	switch {
	case length > int64(c.max):
		return nil, 0, tooLong(line, c.max, []byte(text))
	case errors.Is(err, csv.ErrBareQuote):
		if cells := c.plain(text); cells != nil {
			return cells, line, nil
		}
		return nil, 0, bad(line, "has a quote inside a cell that is not quoted", `put the cell in quotes and write the quote twice ("")`)
	case errors.Is(err, csv.ErrQuote), err == errTooLong:
		return nil, 0, bad(line, "has a quote that is not closed, or one inside a quoted cell", `close the quote, or write the inner quote twice ("")`)
	}
	return nil, 0, err
}

// plain splits a line in which no cell is quoted, so that quotes inside cells
// ({"a": 1}, 5") cannot mislead. It gives nil if the line is not so, or has not
// the header's width.
func (c *csvFile) plain(line string) []string {
	cells := strings.Split(line, string(c.comma))
	for _, cell := range cells {
		if strings.HasPrefix(strings.TrimSpace(cell), `"`) || strings.IndexByte(cell, 0) >= 0 {
			return nil
		}
	}
	if c.header == nil || !c.fits(cells) {
		return nil
	}
	return cells
}

// skipFirstLine moves behind the first line of the row at the mark. It gives
// that line's length, and its text as far as it was read before.
func (c *csvFile) skipFirstLine() (text string, length int64, err error) {
	c.text.rewind()
	for bytes.HasPrefix(c.text.kept, newline) || bytes.HasPrefix(c.text.kept, []byte("\r\n")) {
		if _, err := c.text.skipLine(); err != nil {
			return "", 0, err
		}
	}
	first, _, _ := bytes.Cut(c.text.kept, newline)
	text = strings.TrimSuffix(string(first), "\r")
	length, err = c.text.skipLine()
	c.restart()
	return text, length, err
}

func (c *csvFile) columns() []string { return c.header.named() }

func (c *csvFile) bind(want []string) { c.bound, c.bindErr = c.header.bind(want) }

func (c *csvFile) next(rec *Record) error {
	if c.bindErr != nil {
		return c.bindErr
	}
	for {
		cells, line, err := c.row()
		if err != nil {
			return err
		}
		if blankCells(cells) {
			continue
		}
		rec.Line = line
		valid := true
		for i, col := range c.bound {
			rec.Values[i] = ""
			if col >= 0 {
				rec.Values[i] = cells[col]
				valid = valid && utf8.ValidString(cells[col])
			}
		}
		if valid {
			return nil
		}
		return checkText(rec, func(i int) string { return c.header[c.bound[i]] })
	}
}

func (c *csvFile) close() error { return nil }
