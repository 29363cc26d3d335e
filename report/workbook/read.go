package workbook

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/review"
)

// ReadOptions are what a reviewed workbook is held against.
type ReadOptions struct {
	// RunID is the run that the person names; "" takes what the book says. A
	// book that says another one is refused.
	RunID string
	// Run gives the facts of a run from the run store. An error that is
	// [fs.ErrNotExist] says that there is no such run, and the book is refused.
	Run func(id string) (*Facts, error)
}

// Facts are what the run store says of a run: the truth that a book's copies
// are only compared with.
type Facts struct {
	RunID string
	// Check is that of the workbook as a whole, "" where the reader should rely
	// on the rows alone.
	Check string
	// Gaps are all of the run by id, on Review or not.
	Gaps map[string]GapFacts
	// Partners are those a row can be credited to.
	Partners []report.PartnerChoice
}

// GapFacts are the facts of one gap that a decision is about.
type GapFacts struct {
	Listed   bool   // on Review
	RowCheck string // see [RowCheck]
	AtStake  int64  // minor units
	Currency string
	Cause    string // as shown: "C05 Cookie expired"
	Partner  string // suggested, as shown; "" if none
	Key      string // of that partner
	Email    string
}

// NewFacts gathers the facts of a run. The key is the installation's; listed
// tells whether a gap is on Review; partners are those of the run.
func NewFacts(key, run string, gaps []gap.Gap, listed func(g *gap.Gap) bool, partners []report.PartnerChoice) *Facts {
	f := &Facts{RunID: run, Gaps: make(map[string]GapFacts, len(gaps)), Partners: partners}
	names := make(map[string]string, len(partners))
	for _, p := range partners {
		names[p.Key] = p.Name
	}
	var total gap.Sum
	for i := range gaps {
		g := &gaps[i]
		facts := GapFacts{
			Listed: listed(g), RowCheck: RowCheck([]byte(key), run, g), AtStake: report.AtStake(g), Currency: g.Currency,
			Cause: report.CauseText(g.Case), Partner: cmp.Or(names[g.PartnerKey], g.PartnerKey), Key: g.PartnerKey, Email: g.Email,
		}
		if facts.Listed {
			total.Add(g.Currency, facts.AtStake)
		}
		f.Gaps[g.GapID] = facts
	}
	f.Check = bookCheck([]byte(key), run, total)
	return f
}

// headRows is how many rows of a sheet may stand above its header row, and
// nameRows how many are searched for the names on Summary.
const (
	headRows = 30
	nameRows = 80
)

// Read reads a reviewed workbook back. Only the case numbers and the four input
// columns are taken; everything else is compared with the run's facts. A row
// with anything odd is refused and not guessed; a book that is not this run's
// is refused as a whole, with a refusal without a cell or with the cell of a
// header. The error is for files that cannot be read, and for the run store.
//
// Whether a purchase was credited, refunded or decided since the run is not
// for this package to know.
func Read(path string, opt ReadOptions) (*review.Book, error) {
	name := filepath.Base(path)
	c, err := openContainer(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{c: c, name: name, book: &review.Book{Path: path, SHA256: c.sha256}}
	if err := r.read(opt); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r.book, nil
}

// reader reads one book.
type reader struct {
	c     *container
	name  string
	book  *review.Book
	facts *Facts

	marks  map[string]string // of the hidden sheet: "lostlink.run" and so on
	heads  []head            // rows that look like the header of Review
	sheet  string            // as people write it before the exclamation mark
	row    int
	column map[string]int // header → column
	names  partnerNames
}

// head is a row that may be the header of Review.
type head struct {
	sheet sheetPart
	row   int
	cells []found
}

func (r *reader) read(opt ReadOptions) error {
	if r.c.macros {
		r.note("The book holds macros. They were not run; lostlink writes none.")
	}
	if r.c.outside {
		r.note("The book links to other workbooks. The links were not followed; lostlink writes none.")
	}
	if err := r.survey(); err != nil {
		return err
	}
	if !r.header() || !r.identify(opt.RunID) {
		return nil
	}
	var err error
	r.facts, err = opt.Run(r.book.RunID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.refuse("", "", r.book.RunID, "is a run that the output folder does not have", "apply the book where the run's folder is, or bring the folder back")
		return nil
	case err != nil:
		return fmt.Errorf("facts of run %s: %w", r.book.RunID, err)
	}
	if !r.fits() {
		return nil
	}
	r.names = newPartnerNames(r.facts.Partners)
	return r.decisions()
}

func (r *reader) note(format string, args ...any) {
	r.book.Notes = append(r.book.Notes, fmt.Sprintf(format, args...))
}

func (r *reader) refuse(cell, id, value, rule, remedy string) {
	const shown = 120
	value = table.Mask(value)
	if runes := []rune(value); len(runes) > shown {
		value = string(runes[:shown]) + "…"
	}
	r.book.Refusals = append(r.book.Refusals, review.Refusal{Book: r.name, Cell: cell, GapID: id, Value: value, Rule: rule, Remedy: remedy})
}

// fold makes texts equal that people write alike.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// survey looks at the top of every sheet for the header of Review, the names
// on Summary and the marks of the run.
func (r *reader) survey() error {
	r.marks = map[string]string{}
	for _, s := range r.c.sheets {
		var names [2]*string
		err := r.c.rows(s, nil, func(row int, cells []found) bool {
			if row > nameRows {
				return false
			}
			if row <= headRows && looksLikeHeader(cells) {
				r.heads = append(r.heads, head{s, row, slices.Clone(cells)})
			}
			for i, c := range cells {
				if c.kind != textCell {
					continue
				}
				var next *found
				if i+1 < len(cells) {
					next = &cells[i+1]
				}
				switch {
				case strings.HasPrefix(c.text, "lostlink.") && c.col == 1 && next != nil:
					r.marks[c.text] = next.text
				case fold(c.text) == fold(reviewedBy) && names[0] == nil:
					names[0] = nameAfter(next)
				case fold(c.text) == fold(approvedBy) && names[1] == nil:
					names[1] = nameAfter(next)
				}
			}
			return true
		})
		if err != nil {
			return err
		}
		if names[0] != nil && names[1] != nil && r.book.ReviewedBy == "" && r.book.ApprovedBy == "" {
			r.book.ReviewedBy, r.book.ApprovedBy = *names[0], *names[1]
		}
	}
	return nil
}

// nameAfter gives the name entered behind a label, which is followed by the
// label of the date.
func nameAfter(c *found) *string {
	name := ""
	if c != nil && c.kind == textCell && fold(c.text) != signedOn {
		name = strings.Join(strings.Fields(c.text), " ")
	}
	return &name
}

// looksLikeHeader: a row with the case number's header and most of the inputs'.
// So a book whose reviewer deleted one of them is told what is missing.
func looksLikeHeader(cells []found) bool {
	has := map[string]bool{}
	for _, c := range cells {
		has[fold(c.text)] = true
	}
	n := 0
	for _, h := range requiredHeaders {
		if has[fold(h)] {
			n++
		}
	}
	return n >= len(requiredHeaders)-1
}

// The headers that a reader needs, and those it compares where they are still
// there.
var (
	requiredHeaders = []string{headCase, headDecision, headPartner, headAmount, headComment}
	comparedHeaders = []string{headAtStake, headCurrency, headEmail, headSuggested, headCause, headPartnerKey, headRowKey, headRowCheck}
)

// header finds the columns by their headers and tells whether all that is
// needed is there once.
func (r *reader) header() bool {
	whole := func(value, rule, remedy string) bool {
		r.refuse("", "", value, rule, remedy)
		return false
	}
	switch len(r.heads) {
	case 0:
		return whole("", fmt.Sprintf("no sheet has a header row with %s in its first %d rows", list(requiredHeaders), headRows), "apply the workbook that lostlink wrote, with its sheet Review")
	case 1:
	default:
		return whole(quoteSheet(r.heads[0].sheet.name)+", "+quoteSheet(r.heads[1].sheet.name), "have the header row of Review both", "delete the copy, so that each decision stands in one place")
	}
	h := r.heads[0]
	r.sheet, r.row, r.column = quoteSheet(h.sheet.name), h.row, map[string]int{}
	known := map[string]string{}
	for _, k := range slices.Concat(requiredHeaders, comparedHeaders) {
		known[fold(k)] = k
	}
	for _, c := range h.cells {
		k, ok := known[fold(c.text)]
		if !ok {
			continue
		}
		if first, twice := r.column[k]; twice {
			r.refuse(r.cell(c.col, h.row), "", c.text, "is the header of column "+col(first)+" as well", "rename or delete the column that was added")
			return false
		}
		r.column[k] = c.col
	}
	for _, k := range requiredHeaders {
		if r.column[k] == 0 {
			return whole(k, "is a column that "+h.sheet.name+" no longer has", "put the column back from the workbook as it was written")
		}
	}
	return true
}

func quoteSheet(name string) string {
	if plainSheet.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", "''") + "'"
}

var plainSheet = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *reader) cell(col, row int) string { return r.sheet + "!" + at(col, row) }

// identify finds out which run the book belongs to. It stands in two places,
// because some programs lose the one, some the other.
func (r *reader) identify(named string) bool {
	bad := func(value, rule, remedy string) bool {
		r.refuse("", "", value, rule, remedy)
		return false
	}
	inSheet, inProps := r.marks[markRun], r.c.props[markRun]
	said := cmp.Or(inSheet, inProps)
	r.book.RunID = cmp.Or(said, named)
	switch {
	case inSheet != "" && inProps != "" && inSheet != inProps:
		return bad(inSheet+" and "+inProps, "are two runs in one book", "apply a workbook that was not put together from two")
	case r.book.RunID == "":
		return bad("", "the book no longer says which run it belongs to", "name the run: --run ID; it is part of the file's name")
	case named != "" && named != said && said != "":
		return bad(said, "is the run of the book, not "+named, "leave --run away, or apply the book of that run")
	}
	for _, l := range []string{r.marks[markLayout], r.c.props[markLayout]} {
		if l != "" && l != fmt.Sprint(layout) {
			return bad(l, fmt.Sprintf("is the layout of a book that another version of lostlink wrote; this one reads %d", layout), "apply it with that version")
		}
	}
	return true
}

// fits holds the book's own check against the run's.
func (r *reader) fits() bool {
	said := cmp.Or(r.marks[markCheck], r.c.props[markCheck])
	if said != "" && r.facts.Check != "" && said != r.facts.Check {
		r.refuse("", "", r.book.RunID, "is not the run that this book was written from: another installation wrote it, or the run was made anew since",
			"apply it where it was written, or review the workbook that now lies in the run's folder")
		return false
	}
	if r.column[headRowCheck] == 0 && (r.column[headAtStake] == 0 || r.column[headCurrency] == 0) {
		r.refuse("", "", "", "neither the row checks nor amount and currency are left to hold the rows against the run", "put the columns back from the workbook as it was written")
		return false
	}
	return true
}

// decided is one row with a case number or something entered.
type decided struct {
	row   int
	id    found            // the cell of the case number
	cells map[string]found // by header; nil where nothing is entered
}

func (d *decided) entered() bool { return d.cells != nil }

// decisions reads the rows below the header.
func (r *reader) decisions() error {
	want, header := map[int]bool{}, map[int]string{}
	for h, c := range r.column {
		want[c], header[c] = true, h
	}
	inputs := map[string]bool{headDecision: true, headPartner: true, headAmount: true, headComment: true}
	byCase := map[string][]decided{}
	var order []string // cases with their first row, in the order of the sheet
	err := r.c.rows(r.heads[0].sheet, want, func(row int, cells []found) bool {
		if row <= r.row {
			return true
		}
		d, entered := decided{row: row}, false
		for _, c := range cells {
			h := header[c.col]
			if h == headCase {
				d.id = c
			} else if inputs[h] {
				entered = entered || c.formula || strings.TrimSpace(c.text) != ""
			}
		}
		id := strings.ToUpper(strings.TrimSpace(d.id.text))
		if id == "" && !entered {
			return true
		}
		if entered {
			d.cells = make(map[string]found, len(cells))
			for _, c := range cells {
				d.cells[header[c.col]] = c
			}
		}
		if byCase[id] == nil {
			order = append(order, id)
		}
		byCase[id] = append(byCase[id], d)
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range order {
		r.oneCase(id, byCase[id])
	}
	for id, f := range r.facts.Gaps {
		if f.Listed && byCase[id] == nil {
			r.book.Missing = append(r.book.Missing, id)
		}
	}
	slices.Sort(r.book.Missing)
	return nil
}

// oneCase takes the answer of a case from its row, or refuses it.
func (r *reader) oneCase(id string, rows []decided) {
	entered := slices.ContainsFunc(rows, func(d decided) bool { return d.entered() })
	facts, ok := r.facts.Gaps[id]
	if id == "" || !ok {
		for _, d := range rows {
			cell := r.cell(r.column[headCase], d.row)
			c := d.id
			switch {
			case !d.entered():
				r.note("%s: %q is no case of run %s. Nothing is decided in the row, so nothing is lost.", cell, table.Mask(c.text), r.book.RunID)
			case c.formula && !c.saved:
				r.refuse(cell, "", "", "is a formula without a saved value", "write the case number in its place")
			case id == "":
				r.refuse(cell, "", "", "has no case number, but something is entered in the row", "delete the row, or put its case number back")
			default:
				r.refuse(cell, "", c.text, "is no case of run "+r.book.RunID, "delete the row; decide each case in the workbook of its own run")
			}
		}
		return
	}
	if len(rows) > 1 {
		var cells []string
		for _, d := range rows {
			cells = append(cells, at(r.column[headCase], d.row))
		}
		if !entered {
			r.note("%s: case %s stands in %s. Nothing is decided in them.", r.cell(r.column[headCase], rows[0].row), id, list(cells))
			return
		}
		for _, d := range rows {
			r.refuse(r.cell(r.column[headCase], d.row), id, id, "stands in several rows: "+list(cells), "keep one row of the case and delete the others; none of them was taken")
		}
		return
	}
	if !entered {
		return
	}
	if rows[0].id.formula {
		r.note("%s: a formula; its saved value %q was used.", r.cell(r.column[headCase], rows[0].row), id)
	}
	refused := len(r.book.Refusals)
	a := r.answer(id, &rows[0], &facts)
	r.compare(id, &rows[0], &facts)
	if len(r.book.Refusals) == refused {
		r.book.Answers = append(r.book.Answers, a)
	}
}

// entry gives an input cell as text. ok is false when it was refused; a
// formula's saved value is used and noted.
func (r *reader) entry(id string, d *decided, header string) (c found, ok bool) {
	c, there := d.cells[header]
	if !there {
		return c, true
	}
	cell := r.cell(r.column[header], d.row)
	switch {
	case c.formula && !c.saved:
		r.refuse(cell, id, "", "is a formula without a saved value", "write the value in its place, or save the book in a program that calculates")
		return c, false
	case c.kind == faultCell:
		r.refuse(cell, id, c.text, "is an error value", "write what you mean, or clear the cell")
		return c, false
	case c.formula:
		r.note("%s: a formula; its saved value %q was used.", cell, table.Mask(c.text))
	}
	c.text = strings.TrimSpace(c.text)
	return c, true
}

// noteMax is the length of a comment, as the sheet's own limit has it.
const noteMax = 500

// answer reads the four inputs of a row.
func (r *reader) answer(id string, d *decided, facts *GapFacts) review.Answer {
	a := review.Answer{GapID: id, Book: r.name, Cell: r.cell(r.column[headDecision], d.row)}
	decision, ok := r.entry(id, d, headDecision)
	partner, ok2 := r.entry(id, d, headPartner)
	amount, ok3 := r.entry(id, d, headAmount)
	note, ok4 := r.entry(id, d, headComment)
	if !ok || !ok2 || !ok3 || !ok4 {
		return a
	}
	if decision.text == "" {
		switch {
		case amount.text != "":
			r.refuse(r.cell(r.column[headAmount], d.row), id, amount.text, "is an amount without a decision", r.decideOr("the amount"))
		case partner.text != "":
			r.refuse(r.cell(r.column[headPartner], d.row), id, partner.text, "is a partner without a decision", r.decideOr("the partner"))
		default:
			r.refuse(r.cell(r.column[headComment], d.row), id, note.text, "is a comment without a decision, which is kept nowhere", r.decideOr("the comment"))
		}
		return a
	}
	if a.Verdict, ok = verdicts[fold(decision.text)]; !ok || decision.kind != textCell {
		r.refuse(a.Cell, id, decision.text, "is not one of the decisions", "choose "+choice(Decisions())+", or clear the cell")
	}
	if partner.text != "" {
		key, rule := r.names.find(d.cells[headPartner].text)
		if rule != "" {
			r.refuse(r.cell(r.column[headPartner], d.row), id, partner.text, rule, "choose a partner of the list, or clear the cell for the suggested one")
		}
		a.PartnerKey = key
	} else if a.Verdict == review.Approve && facts.Key == "" {
		r.refuse(r.cell(r.column[headPartner], d.row), id, "", "is empty, and the row suggests no partner to credit", "choose the partner, or another decision")
	}
	if amount.text != "" {
		r.amount(id, d, facts, amount, &a)
	}
	a.Note = strings.ReplaceAll(note.text, "\r\n", "\n")
	if n := len(utf16.Encode([]rune(a.Note))); n > noteMax {
		r.refuse(r.cell(r.column[headComment], d.row), id, a.Note, fmt.Sprintf("has %d characters, more than a comment holds (%d)", n, noteMax), "shorten it")
	}
	return a
}

func (r *reader) decideOr(what string) string {
	return "decide in column " + col(r.column[headDecision]) + ", or clear " + what
}

func choice(words []string) string {
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// amount reads the amount to credit.
func (r *reader) amount(id string, d *decided, facts *GapFacts, c found, a *review.Answer) {
	cell := r.cell(r.column[headAmount], d.row)
	if c.kind != numberCell {
		r.refuse(cell, id, c.text, "is not a plain number", "enter it as a number without currency sign, such as 12.5, in a cell that is not formatted as text")
		return
	}
	minor, rule := minorUnits(c.text, facts.Currency)
	switch {
	case rule != "":
		r.refuse(cell, id, c.text, rule, "enter the amount in "+facts.Currency+", such as "+table.FormatAmount(max(facts.AtStake, 0), facts.Currency))
		return
	case minor < 0:
		r.refuse(cell, id, c.text, "is below zero", "enter the amount to credit, or clear the cell for the amount at stake")
		return
	case minor == 0 && a.Verdict == review.Approve:
		r.refuse(cell, id, c.text, "approves nothing", "choose Decline, or clear the cell for the amount at stake")
		return
	case minor > facts.AtStake && a.Verdict == review.Approve:
		r.note("%s: %s is more than the amount at stake, %s. It was taken.", cell, report.Money(minor, facts.Currency), report.Money(facts.AtStake, facts.Currency))
	}
	a.Amount, a.AmountSet = minor, true
}

// savedNumber is how programs save numbers: up to 17 digits, perhaps with an
// exponent.
var savedNumber = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?$`)

// minorUnits reads a saved number exactly. Programs calculate with binary
// fractions, so that 0.1+0.2 is saved as 0.30000000000000004: what is within a
// millionth of a minor unit of a whole one is that.
func minorUnits(text, currency string) (minor int64, rule string) {
	if !savedNumber.MatchString(text) {
		return 0, "is not a plain number"
	}
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, "is not a plain number"
	}
	exp, _ := table.Exponent(currency)
	for range exp {
		v.Mul(v, big.NewRat(10, 1))
	}
	twice := new(big.Int).Lsh(v.Num(), 1)
	twice.Add(twice, v.Denom())
	whole := new(big.Int).Div(twice, new(big.Int).Lsh(v.Denom(), 1)) // floor(v + 1/2)
	off := new(big.Rat).Sub(v, new(big.Rat).SetInt(whole))
	if off.Abs(off).Cmp(big.NewRat(1, 1_000_000)) > 0 {
		return 0, fmt.Sprintf("has more decimals than %s has (%d)", currency, exp)
	}
	if !whole.IsInt64() || whole.Int64() > table.MaxAmount || whole.Int64() < -table.MaxAmount {
		return 0, "is too large"
	}
	return whole.Int64(), ""
}

// verdicts are the decisions as people write them.
var verdicts = map[string]review.Verdict{
	"approve": review.Approve, "approved": review.Approve,
	"decline": review.Decline, "declined": review.Decline,
	"ask partner": review.Ask, "ask": review.Ask, "asked": review.Ask, "asked partner": review.Ask,
	"later": review.Later,
}

// partnerNames finds partners by what stands in the list, or by key.
type partnerNames struct {
	exact, folded map[string][]string // → keys
}

func newPartnerNames(all []report.PartnerChoice) partnerNames {
	n := partnerNames{map[string][]string{}, map[string][]string{}}
	add := func(to map[string][]string, s, key string) {
		if !slices.Contains(to[s], key) {
			to[s] = append(to[s], key)
		}
	}
	for _, p := range all {
		// The list shows a name masked where addresses are, and cut where a cell
		// holds no more.
		shown, _ := clip(table.Mask(p.Name))
		for _, s := range []string{p.Name, shown, p.Key} {
			add(n.exact, s, p.Key)
			add(n.folded, fold(printable(s)), p.Key)
		}
	}
	return n
}

// printable leaves out what programs change or drop in a text.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c >= 0x80 && unicode.IsSpace(c):
			return ' '
		case c == unicode.ReplacementChar || !unicode.IsPrint(c):
			return -1
		}
		return c
	}, s)
}

func (n partnerNames) find(text string) (key, rule string) {
	keys := n.exact[text]
	if len(keys) != 1 {
		keys = n.folded[fold(printable(text))]
	}
	switch len(keys) {
	case 0:
		return "", "is no partner of the run"
	case 1:
		return keys[0], ""
	}
	return "", "is what several partners are called; write the key instead"
}

// compare holds the row's copies of the facts against the run. A row whose
// columns were sorted apart carries its neighbour's.
func (r *reader) compare(id string, d *decided, facts *GapFacts) {
	for _, h := range []string{headRowCheck, headRowKey} {
		if r.column[h] == 0 {
			continue
		}
		want := facts.RowCheck
		if h == headRowKey {
			want = id
		}
		if got := strings.TrimSpace(d.cells[h].text); got != want {
			rule := "does not fit the row: its columns were sorted apart, or its facts are those of another run"
			if got == "" {
				rule = "is gone from the row"
			}
			r.refuse(r.cell(r.column[h], d.row), id, got, rule, "decide the case in the workbook as it was written; sort whole rows only")
			return
		}
	}
	differs := func(h, said, known string) {
		r.refuse(r.cell(r.column[h], d.row), id, said, fmt.Sprintf("is not what the run says of %s: %s", id, table.Mask(known)), "put the row back as it was, and sort whole rows only")
	}
	if c, ok := d.cells[headAtStake]; r.column[headAtStake] != 0 {
		minor, rule := minorUnits(c.text, facts.Currency)
		if !ok || c.kind != numberCell || rule != "" || minor != facts.AtStake {
			differs(headAtStake, c.text, report.Money(facts.AtStake, facts.Currency))
		}
	}
	for _, f := range []struct{ header, known string }{
		{headCurrency, facts.Currency}, {headCause, facts.Cause}, {headSuggested, facts.Partner}, {headPartnerKey, facts.Key}, {headEmail, facts.Email},
	} {
		if r.column[f.header] == 0 {
			continue
		}
		said := d.cells[f.header].text
		whole, _ := clip(f.known)
		masked, _ := clip(table.Mask(f.known))
		if got := fold(printable(said)); got != fold(printable(whole)) && got != fold(printable(masked)) {
			differs(f.header, said, f.known)
		}
	}
}
