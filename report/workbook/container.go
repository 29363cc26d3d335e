package workbook

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Limits of a workbook that comes back. Unguarded, a file of 1 MB grows to
// gigabytes. A book of 100,000 rows stays well below them.
const (
	bookMax     = 100 << 20 // bytes of the file
	partsMax    = 2_000
	unpackedMax = 512 << 20 // bytes of all parts together
	stringsMax  = 8_000_000
	sheetsMax   = 200
)

// container is a workbook as other programs save it, opened to be read once
// from top to bottom. The Excel library is not used for it: its row iterator
// does not tell a formula from a value, and asking cell by cell takes more
// than a gigabyte for a large book.
type container struct {
	parts   map[string]*zip.File
	left    int64 // bytes that may still be unpacked
	sheets  []sheetPart
	shared  sharedStrings
	props   map[string]string // custom document properties
	macros  bool
	outside bool // links to other workbooks
	sha256  string
}

type sheetPart struct{ name, part string }

// sharedStrings holds the texts of a workbook in one piece of memory.
type sharedStrings struct {
	text []byte
	ends []uint32
}

func (s *sharedStrings) at(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return string(s.text[start:s.ends[i]]), true
}

var errTooLarge = errors.New("it unpacks to more than a reviewed workbook can hold; it is not read")

// openContainer reads a file and finds its sheets. Errors are sentences about
// the file without its name.
func openContainer(file string) (*container, error) {
	data, err := readLimited(file)
	if err != nil {
		return nil, err
	}
	if err := wrongKind(filepath.Ext(file), data); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c := &container{parts: map[string]*zip.File{}, left: unpackedMax, props: map[string]string{}, sha256: hex.EncodeToString(sum[:])}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("it is damaged or no Excel workbook (%w); save it as .xlsx again", err)
	}
	if len(z.File) > partsMax {
		return nil, fmt.Errorf("it has %d parts, more than any reviewed workbook (%d); it is not read", len(z.File), partsMax)
	}
	total := uint64(0)
	for _, f := range z.File {
		if f.UncompressedSize64 > unpackedMax {
			return nil, errTooLarge
		}
		if total += f.UncompressedSize64; total > unpackedMax {
			return nil, errTooLarge
		}
		c.parts[strings.TrimPrefix(f.Name, "/")] = f
		switch name := strings.ToLower(f.Name); {
		case strings.HasSuffix(name, "vbaproject.bin"):
			c.macros = true
		case strings.Contains(name, "externallinks/"):
			c.outside = true
		}
	}
	if c.parts["[Content_Types].xml"] == nil {
		return nil, noWorkbook(c)
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	return c, nil
}

func readLimited(file string) ([]byte, error) {
	st, err := os.Stat(file)
	switch failed := (*fs.PathError)(nil); {
	case errors.As(err, &failed):
		return nil, failed.Err // whoever asks names the file
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, errors.New("it is not a regular file; give the path of the reviewed workbook")
	case st.Size() > bookMax:
		return nil, fmt.Errorf("it has %d MB, more than a reviewed workbook (%d MB); it is not read", st.Size()>>20, bookMax>>20)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, bookMax+1))
	if err == nil && len(data) > bookMax {
		err = errTooLarge
	}
	return data, err
}

// wrongKind tells other files from workbooks by how they begin.
func wrongKind(ext string, data []byte) error {
	ext = strings.ToLower(ext)
	switch {
	case len(data) == 0:
		return errors.New("it is empty; copy it again")
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		if bytes.Contains(data, utf16le("EncryptedPackage")) {
			return errors.New("it is protected by a password; save it as .xlsx without one")
		}
		return errors.New("it is an old .xls workbook; open it and save it as .xlsx")
	case bytes.HasPrefix(data, []byte("PK")):
		return nil
	case ext == ".csv" || ext == ".tsv" || ext == ".txt":
		return errors.New("it is a text file, which cannot carry the checks of a review; apply the .xlsx")
	}
	return errors.New("it is not an Excel workbook; save it as .xlsx")
}

func utf16le(s string) []byte {
	var out []byte
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}

// noWorkbook says what a zip file without workbook is.
func noWorkbook(c *container) error {
	if c.parts["mimetype"] != nil && c.parts["content.xml"] != nil {
		return errors.New("it is an OpenDocument file (.ods); open it and save it as .xlsx")
	}
	return errors.New("it is not an Excel workbook; save it as .xlsx")
}

// limited reads a part within what may still be unpacked: a zip file may lie
// about sizes.
type limited struct {
	r io.Reader
	c *container
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.c.left -= int64(n); l.c.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// part opens a part by its path in the package; nil if there is none.
func (c *container) part(name string) (io.ReadCloser, error) {
	f := c.parts[strings.TrimPrefix(name, "/")]
	if f == nil {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("part %s: %w", name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{&limited{r, c}, r}, nil
}

// decode reads a small part into v; no part, no change.
func (c *container) decode(name string, v any) error {
	r, err := c.part(name)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
	if err := xml.NewDecoder(r).Decode(v); err != nil {
		return fmt.Errorf("part %s: %w", name, err)
	}
	return nil
}

type relationships struct {
	All []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// related gives the parts that a part relates to, by id and by the last word
// of the type: the words before it differ between the two forms of the format.
func (c *container) related(of string) (byID, byType map[string]string, err error) {
	dir, base := path.Split(of)
	var rels relationships
	if err := c.decode(dir+"_rels/"+base+".rels", &rels); err != nil {
		return nil, nil, err
	}
	byID, byType = map[string]string{}, map[string]string{}
	for _, r := range rels.All {
		target := strings.TrimPrefix(r.Target, "/")
		if target == r.Target {
			target = path.Join(dir, r.Target)
		}
		byID[r.ID], byType[path.Base(r.Type)] = target, target
	}
	return byID, byType, nil
}

// open follows the relationships from the package to the sheets.
func (c *container) open() error {
	_, top, err := c.related("")
	if err != nil {
		return err
	}
	main := top["officeDocument"]
	if strings.HasSuffix(main, ".bin") {
		return errors.New("it is a binary workbook (.xlsb); save it as .xlsx")
	}
	if c.parts[main] == nil {
		return noWorkbook(c)
	}
	if err := c.properties(top["custom-properties"]); err != nil {
		return err
	}
	byID, byType, err := c.related(main)
	if err != nil {
		return err
	}
	var book struct {
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := c.decode(main, &book); err != nil {
		return err
	}
	for _, s := range book.Sheets {
		for _, a := range s.Attrs {
			// The relationship id, whatever its namespace is called.
			if part := byID[a.Value]; a.Name.Local == "id" && a.Name.Space != "" && c.parts[part] != nil {
				c.sheets = append(c.sheets, sheetPart{s.Name, part})
			}
		}
	}
	if len(c.sheets) == 0 {
		return noWorkbook(c)
	}
	if len(c.sheets) > sheetsMax {
		return fmt.Errorf("it has %d sheets, more than any reviewed workbook; it is not read", len(c.sheets))
	}
	return c.strings(byType["sharedStrings"])
}

func (c *container) properties(part string) error {
	var all struct {
		Props []struct {
			Name  string `xml:"name,attr"`
			Value struct {
				Text string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"property"`
	}
	if err := c.decode(part, &all); err != nil {
		return err
	}
	for _, p := range all.Props {
		c.props[p.Name] = p.Value.Text
	}
	return nil
}

// strings reads the shared texts. Phonetic hints are not part of a text.
func (c *container) strings(part string) error {
	r, err := c.part(part)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	s, inText, hints := &c.shared, false, 0
	start := 0
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("part %s: %w", part, err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				start = len(s.text)
			case "rPh":
				hints++
			case "t":
				inText = hints == 0
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "rPh":
				hints--
			case "t":
				inText = false
			case "si":
				plain := unescape(string(s.text[start:]))
				s.text = append(s.text[:start], plain...)
				if s.ends = append(s.ends, uint32(len(s.text))); len(s.ends) > stringsMax {
					return errTooLarge
				}
			}
		case xml.CharData:
			if inText {
				s.text = append(s.text, t...)
			}
		}
	}
}

// unescape undoes the _xHHHH_ that stands for a character XML cannot hold.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if i+7 <= len(s) && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 7
				continue
			}
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String()
}

// kind is what a cell holds.
type kind byte

const (
	textCell kind = iota
	numberCell
	boolCell
	faultCell // #N/A and its like
	dateCell
)

// found is one cell that holds something.
type found struct {
	col     int
	kind    kind
	text    string // as saved: a number with a dot, 1 or 0 for a bool
	formula bool
	saved   bool // holds a value; a formula may not
}

// rows reads a sheet from top to bottom. yield gets the cells of a row that
// hold something, in the file's order; the slice is used again. Columns are
// those of want, or all for nil. It ends early when yield says false.
func (c *container) rows(s sheetPart, want map[int]bool, yield func(row int, cells []found) bool) error {
	r, err := c.part(s.part)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
	bad := func(err error) error { return fmt.Errorf("sheet %q: %w", s.name, err) }
	d := xml.NewDecoder(r)
	var (
		row, col int
		cells    []found
		cell     found
		code     string // the type of the cell
		skip     bool   // the cell's column is not wanted
		value    []byte
		text     []byte
		in       byte // v, t or 0
		hints    int
		inData   bool
	)
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bad(err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "sheetData":
				inData = true
			case "row":
				row++
				if n := attr(t, "r"); n != "" {
					if row, err = strconv.Atoi(n); err != nil || row < 1 || row > excelize.TotalRows {
						return bad(fmt.Errorf("row number %q is not one", n))
					}
				}
				col, cells = 0, cells[:0]
			case "c":
				col++
				if ref := attr(t, "r"); ref != "" {
					if col, _, err = excelize.CellNameToCoordinates(ref); err != nil {
						return bad(err)
					}
				}
				cell, code = found{col: col}, attr(t, "t")
				if col > excelize.MaxColumns {
					return bad(fmt.Errorf("row %d has more cells than a sheet has columns", row))
				}
				skip = want != nil && !want[col]
				value, text = value[:0], text[:0]
			case "f":
				cell.formula = true
			case "v":
				in, cell.saved = 'v', true
			case "is":
				cell.saved = true
			case "rPh":
				hints++
			case "t":
				if hints == 0 {
					in = 't'
				}
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				in = 0
			case "rPh":
				hints--
			case "c":
				if skip || !inData {
					continue
				}
				if err := c.value(&cell, code, value, text); err != nil {
					return bad(fmt.Errorf("%s: %w", at(col, row), err))
				}
				if cell.formula || cell.text != "" {
					cells = append(cells, cell)
				}
			case "row":
				if !yield(row, cells) {
					return nil
				}
			case "sheetData":
				return nil
			}
		case xml.CharData:
			switch {
			case skip:
			case in == 'v':
				value = append(value, t...)
			case in == 't':
				text = append(text, t...)
			}
		}
	}
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// value fills in what a cell of type code holds.
func (c *container) value(cell *found, code string, value, text []byte) error {
	v := string(value)
	switch code {
	case "s":
		if v == "" {
			return nil
		}
		i, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil {
			return fmt.Errorf("%q is no number of a text", v)
		}
		s, ok := c.shared.at(i)
		if !ok {
			return fmt.Errorf("text number %d is not in the file", i)
		}
		cell.kind, cell.text = textCell, s
	case "inlineStr":
		cell.kind, cell.text = textCell, unescape(string(text))
	case "str":
		cell.kind, cell.text = textCell, unescape(v)
	case "b":
		cell.kind, cell.text = boolCell, v
	case "e":
		cell.kind, cell.text = faultCell, v
	case "d":
		cell.kind, cell.text = dateCell, v
	default:
		cell.kind, cell.text = numberCell, strings.TrimSpace(v)
		cell.saved = cell.text != ""
	}
	return nil
}
