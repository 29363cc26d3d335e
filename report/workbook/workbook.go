package workbook

import (
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/xuri/excelize/v2"

	"lostlink/ingest/table"
	"lostlink/report"
)

// layout is the number of the workbook's layout. It goes up whenever a reader
// of an older workbook would misread a newer one.
const layout = 1

// The sheets, in their order.
const (
	summarySheet   = "Summary"
	reviewSheet    = "Review"
	caseSheet      = "Case view"
	timelineSheet  = "Timeline"
	causeSheet     = "By cause"
	partnerSheet   = "By partner"
	weekSheet      = "By week"
	incidentsSheet = "Incidents"
	contestedSheet = "Contested"
	claimsSheet    = "Claims"
	tieOutSheet    = "Tie-out"
	aboutSheet     = "About"
	listsSheet     = "Lists"
	runSheet       = "_lostlink"
)

// Write writes the review workbook of r to path, mode 0600, whole or not at
// all. The same report and key give the same bytes. The key is the
// installation's secret: it makes the row checks by which a reviewed workbook
// is recognised.
func Write(path string, r *report.Report, key string) (err error) {
	b := newBook(r, key, filepath.Dir(path))
	defer func() {
		err = errors.Join(err, b.f.Close())
	}()
	// newBook has made the sheets in their order. They are filled in the order
	// in which one needs what another knows: Case view and Tie-out the total rows, Summary the
	// verdict, About how many texts were cut.
	for _, write := range []func() error{
		b.show, b.lists, b.review, b.timeline, b.byCause, b.caseView, b.byPartner, b.byWeek, b.incidents, b.contested, b.claims,
		b.tieOut, b.summary, b.about, b.run, b.finish,
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return b.save(path)
}

func (b *book) save(path string) error {
	f, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600), renameio.WithTempDir(filepath.Dir(path)))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	// The library would build the whole file in memory first; the buffer it
	// gives stays empty here.
	b.f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return newZip(f) })
	if _, err := b.f.WriteToBuffer(); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// sheetNames lists the sheets this report has, in order.
func (b *book) sheetNames() []string {
	names := []string{summarySheet, reviewSheet, caseSheet, timelineSheet, causeSheet, partnerSheet, weekSheet}
	if len(b.r.Result.Incidents) > 0 {
		names = append(names, incidentsSheet)
	}
	if len(b.r.Result.Contested) > 0 {
		names = append(names, contestedSheet)
	}
	if len(b.r.Result.Answers) > 0 {
		names = append(names, claimsSheet)
	}
	return append(names, tieOutSheet, aboutSheet, listsSheet, runSheet)
}

// show opens the book at its first sheet and hides the two that are no reading.
// It comes before the sheets are filled: the library reads every sheet back for
// it, and would write it out once more.
func (b *book) show() error {
	if err := b.f.SetSheetVisible(listsSheet, false); err != nil {
		return err
	}
	if err := b.f.SetSheetVisible(runSheet, false, true); err != nil {
		return err
	}
	b.f.SetActiveSheet(0)
	return nil
}

// finish sets what belongs to the workbook as a whole.
func (b *book) finish() error {
	f := b.f
	if err := f.SetAppProps(&excelize.AppProperties{Application: "lostlink"}); err != nil {
		return err
	}
	// The charts made the library announce every kind of image, in random
	// order; there is none.
	kept := f.ContentTypes.Defaults[:0]
	for _, d := range f.ContentTypes.Defaults {
		if !strings.HasPrefix(d.ContentType, "image/") {
			kept = append(kept, d)
		}
	}
	f.ContentTypes.Defaults = kept
	// The library writes this part without the usual prefix, which readers
	// that ignore namespaces cannot read.
	core := coreProps("lostlink", "Review of purchases without partner credit", b.r.Result.AsOf)
	f.Pkg.Store("docProps/core.xml", []byte(core))
	return nil
}

func coreProps(creator, title string, at table.Time) string {
	stamp := ""
	if at != 0 {
		s := at.Std().Format("2006-01-02T15:04:05Z")
		stamp = `<dcterms:created xsi:type="dcterms:W3CDTF">` + s + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + s + `</dcterms:modified>`
	}
	return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:dcmitype="http://purl.org/dc/dcmitype/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + title + `</dc:title><dc:creator>` + creator + `</dc:creator><cp:lastModifiedBy>` + creator + `</cp:lastModifiedBy>` + stamp + `</cp:coreProperties>`
}
