package rows

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func workbook(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSX(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	book := workbook(t, func(f *excelize.File) {
		must(f.SetSheetVisible("Sheet1", true))
		_, err := f.NewSheet("Export")
		must(err)
		f.SetActiveSheet(1)
		must(f.SetSheetVisible("Sheet1", false))
		for cell, v := range map[string]any{
			"A1": "Payments of February",
			"A3": " id ", "B3": "Amount", "C3": "Paid", "E3": "Live", "F3": "Name",
			"A4": "p1", "B4": 19.989999999999998, "C4": time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), "D4": "no name", "E4": true, "F4": "Zoë",
			"A6": "00012345678901234567", "B6": 1769949430000, "H6": "a note beside the table",
			"A8": "p3", "B8": -0.5,
			"H9": "and below",
		} {
			must(f.SetCellValue("Export", cell, v))
		}
	})
	want := `xlsx: id, Amount, Paid, Live, Name
4: ⟨p1⟩ ⟨19.99⟩ ⟨46054.5⟩ ⟨1⟩ ⟨Zoë⟩ ⟨⟩
6: ⟨00012345678901234567⟩ ⟨1769949430000⟩ ⟨⟩ ⟨⟩ ⟨⟩ ⟨⟩
8: ⟨p3⟩ ⟨-0.5⟩ ⟨⟩ ⟨⟩ ⟨⟩ ⟨⟩
`
	if got := result(write(t, "in", book), Options{}, []string{"ID", "Amount", "Paid", "Live", "Name", "none"}); got != want {
		t.Errorf("gives\n%s\nwant\n%s", got, want)
	}
}

func TestXLSXRefused(t *testing.T) {
	zipped := func(parts map[string]string) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for name, text := range parts {
			p, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	many := map[string]string{"[Content_Types].xml": ""}
	for i := range workbookParts {
		many[fmt.Sprint(i)] = ""
	}
	sound := workbook(t, func(f *excelize.File) {
		f.SetCellValue("Sheet1", "A1", "a")
		f.SetCellValue("Sheet1", "B1", "b")
	})
	for want, content := range map[string][]byte{
		"is a zip archive but not an Excel workbook":                zipped(map[string]string{"content.xml": "", "mimetype": "x"}),
		"unpacks to more than a workbook should":                    zipped(many),
		"is not an Excel workbook that can be read":                 zipped(map[string]string{"[Content_Types].xml": ""}),
		"has no header: no row has two filled cells":                workbook(t, func(f *excelize.File) { f.SetCellValue("Sheet1", "A1", "alone") }),
		"is a damaged zip archive; copy the file again":             sound[:len(sound)/2],
		"is a xlsx file, not json; name the right file or format":   nil,
		"is a packed xlsx file; unpack it; the format is packed by": gzipped(t, sound),
	} {
		opt := Options{}
		if content == nil {
			content, opt.Container = sound, JSON
		}
		if got := result(write(t, "in", content), opt, nil); !strings.Contains(got, want) {
			t.Errorf("gives\n%s\nwant %q", got, want)
		}
	}
}

// TestXLSXDamaged turns bytes of a workbook over: there may be rows and errors,
// but no panic and no endless reading.
func TestXLSXDamaged(t *testing.T) {
	sound := workbook(t, func(f *excelize.File) {
		for i := range 3 {
			f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &[]any{"id", "amount", i})
		}
	})
	for i := 0; i < len(sound); i += 31 {
		flipped := bytes.Clone(sound)
		flipped[i] ^= 0xff
		if got := result(write(t, "in", flipped), Options{}, []string{"id"}); strings.Count(got, "\n") > 10 {
			t.Errorf("byte %d gives\n%s", i, got)
		}
	}
}

func TestAsShown(t *testing.T) {
	for in, want := range map[string]string{
		"19.989999999999998": "19.99", "1.1000000000000001": "1.1", "-0.10000000000000001": "-0.1",
		"4.5999999999999999E-2": "0.046", "1.76994943E+12": "1769949430000", "1E3": "1000",
		"19.99": "19.99", "12345678901234567890": "12345678901234567890", "0.5e": "0.5e", "1.2.3": "1.2.3", "": "",
		"1E999": "1E999",
	} {
		if got := asShown(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}
