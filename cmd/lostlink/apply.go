package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"lostlink/config"
	"lostlink/ingest/table"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
	"lostlink/report/workbook"
)

func applyCommand() *command {
	return &command{
		name:    "apply",
		summary: "take reviewed workbooks back: record the decisions, make the files of them",
		usage: `apply [--write [--no-files]] [--run ID] [--change] [-c FILE] [--out DIR] [--state DIR] BOOK...

Reads decisions out of reviewed workbooks and says what they come to. With
--write it records them in the ledger and makes, of what was approved, the
files that the partner platform imports, below "bulk" in the output folder.

Of a workbook only the case numbers and the four input columns are taken; the
facts come from the folder of its run, which must still be in the output
folder. A row with anything odd is refused with its cell and a remedy, and the
others are taken: mend it and apply the book again. What was applied before is
recognised and left alone, so nothing is recorded or created twice. Refused is
also what was credited, refunded or decided otherwise since the run.

Several books are taken together. Where two of them decide a case differently,
neither is taken.

  --write     record and make the files; without it nothing is changed
  --no-files  record alone; "lostlink create" makes the files later, or sends
              what they would hold through the platform's API
  --run ID    the run of a book that no longer says which it belongs to
  --change    let a case that was declined be decided otherwise, or decline one
              that was credited, to be taken back by hand

With review.require_approver in the configuration a book must name two people
on Summary, one who reviewed and one who approved it.

A killed apply is finished by the next one. Exit code 3: something was refused;
1: a book cannot be read, and none of them was applied.`,
		run: apply,
	}
}

func apply(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	a := &application{env: e, now: instant()}
	fs.BoolVar(&a.write, "write", false, "record the decisions and make the files")
	fs.BoolVar(&a.change, "change", false, "let what was declined be decided otherwise")
	fs.BoolVar(&a.noFiles, "no-files", false, "record the decisions alone")
	fs.StringVar(&a.run, "run", "", "the run (`ID`) of a book that does not say it")
	paths, err := e.parse(fs, 1, -1)
	if err != nil {
		return err
	}
	if a.config, err = dirs.load(e); err != nil {
		return err
	}
	unlock, err := lock(a.config.State)
	if err != nil {
		return err
	}
	defer unlock()
	if err := mustExist(a.config); err != nil {
		return err
	}
	if a.ledger, err = openLedger(ctx, a.config); err != nil {
		return err
	}
	defer a.ledger.Close()
	if err := a.know(ctx); err != nil {
		return err
	}
	if a.write {
		if err := a.strangers(ctx); err != nil {
			return err
		}
		if err := a.finish(ctx); err != nil {
			return err
		}
	}
	if err := a.read(paths); err != nil {
		return err
	}
	a.decide()
	if err := a.preview(ctx); err != nil {
		return err
	}
	a.summary()
	if a.blocked != nil {
		return &exitError{exitUsage, a.blocked}
	}
	if a.write {
		if err := a.record(ctx); err != nil {
			return err
		}
	}
	if len(a.refusals) > 0 || len(a.unmade) > 0 {
		return &exitError{code: exitPartial}
	}
	return nil
}

// application is one use of apply.
type application struct {
	env           *env
	config        *config.Config
	ledger        *ledger.Ledger
	now           table.Time
	write, change bool
	noFiles       bool
	run           string

	standings map[string]*ledger.Standing
	runs      map[string]*ledger.Run
	latest    *stored            // the newest run, nil if the output folder has none
	stores    map[string]*stored // the runs of the books

	books    []*review.Book
	rulings  []*ruling
	refusals []review.Refusal
	notes    []string
	again    map[table.Date]int // decided so before, by the day
	moot     int                // settled since the run, and not approved here

	made    string           // what would be created, in words
	unmade  []review.Refusal // approved, and refused by the rules of the platform
	blocked error            // why the files cannot be made
}

// stored is a run of the output folder.
type stored struct {
	*report.Stored
	gaps  map[string]int // index in Gaps by id
	facts *workbook.Facts
}

// know reads what the ledger and the newest run know.
func (a *application) know(ctx context.Context) (err error) {
	if a.standings, err = a.ledger.Standings(ctx); err != nil {
		return err
	}
	runs, err := a.ledger.Runs(ctx)
	if err != nil {
		return err
	}
	a.runs, a.stores, a.again = map[string]*ledger.Run{}, map[string]*stored{}, map[table.Date]int{}
	for i := range runs {
		a.runs[runs[i].RunID] = &runs[i]
	}
	a.latest, err = a.load(latestRun)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// latestRun is the link to the newest run in the output folder.
const latestRun = "latest"

// load reads a run of the output folder, or gives [fs.ErrNotExist].
func (a *application) load(id string) (*stored, error) {
	if s := a.stores[id]; s != nil {
		return s, nil
	}
	// The id may come out of a workbook.
	if id == "" || id == "." || id == ".." || filepath.Base(id) != id {
		return nil, fs.ErrNotExist
	}
	dir := filepath.Join(a.config.Output, id)
	run, err := report.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	s := &stored{Stored: run, gaps: map[string]int{}}
	for i := range run.Gaps {
		s.gaps[run.Gaps[i].GapID] = i
	}
	s.facts = workbook.NewFacts(a.config.Reconcile.InstallationKey, run.ID, run.Gaps, run.Listed, run.Partners)
	a.stores[id] = s
	return s, nil
}

// read reads the books. One that cannot be read ends the program: the others
// may be half of what people meant.
func (a *application) read(paths []string) error {
	var errs []error
	seen := map[string]string{}
	for _, path := range paths {
		b, err := workbook.Read(path, workbook.ReadOptions{RunID: a.run, Run: func(id string) (*workbook.Facts, error) {
			s, err := a.load(id)
			if err != nil {
				return nil, err
			}
			return s.facts, nil
		}})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if first, twice := seen[b.SHA256]; twice {
			a.note("%s is the same file as %s and counts once.", filepath.Base(path), first)
			continue
		}
		seen[b.SHA256] = filepath.Base(path)
		a.take(b)
	}
	if len(errs) > 0 {
		return fmt.Errorf("nothing was applied: %w", errors.Join(errs...))
	}
	return nil
}

func (a *application) note(format string, args ...any) {
	a.notes = append(a.notes, fmt.Sprintf(format, args...))
}

// take adds a book, or refuses it as a whole.
func (a *application) take(b *review.Book) {
	a.books = append(a.books, b)
	a.refusals = append(a.refusals, b.Refusals...)
	for _, n := range b.Notes {
		a.note("%s: %s", filepath.Base(b.Path), n)
	}
	if n := len(b.Missing); n > 0 {
		const named = 5
		list := strings.Join(b.Missing[:min(n, named)], ", ")
		if n > named {
			list += ", …"
		}
		a.note("%s lacks %s of its run, counted as not decided: %s", filepath.Base(b.Path), plural(n, "row", "rows"), list)
	}
	whole := func(value, rule, remedy string) {
		a.refusals = append(a.refusals, review.Refusal{Book: filepath.Base(b.Path), Value: value, Rule: rule, Remedy: remedy})
		b.Answers = nil
	}
	switch {
	case len(b.Answers) == 0:
	case a.runs[b.RunID] == nil:
		whole(b.RunID, fmt.Sprintf("is a run that the ledger %s does not know", a.ledger),
			"name the state folder of that run with --state, or make the run again")
	case a.config.RequireApprover && (b.ReviewedBy == "" || b.ApprovedBy == ""):
		whole("", `the book does not say on Summary who reviewed and who approved it`, "enter both names; review.require_approver asks for them")
	case a.config.RequireApprover && strings.EqualFold(b.ReviewedBy, b.ApprovedBy):
		whole(b.ApprovedBy, "reviewed the book and approved it", "let a second person approve it; review.require_approver asks for two")
	}
}

// summary says what the books come to.
func (a *application) summary() {
	w := a.env.out
	for _, b := range a.books {
		line := filepath.Base(b.Path)
		if b.RunID != "" {
			line += ", run " + b.RunID
		}
		if b.ReviewedBy != "" {
			line += ", reviewed by " + b.ReviewedBy
		}
		if b.ApprovedBy != "" {
			line += ", approved by " + b.ApprovedBy
		}
		fmt.Fprintln(w, wrapAfter(oneLine(line), "", "  "))
	}
	fmt.Fprintln(w)
	for _, v := range verdicts {
		var sum moneySum
		for _, r := range a.rulings {
			if r.Verdict == v {
				sum.add(r.counted())
			}
		}
		fmt.Fprintf(w, "%9s  %s%s\n", thousands(sum.count), report.VerdictText(v), sum.text(": "))
	}
	for _, day := range slices.Sorted(maps.Keys(a.again)) {
		fmt.Fprintf(w, "%9s  already applied on %s\n", thousands(a.again[day]), day)
	}
	if a.moot > 0 {
		fmt.Fprintf(w, "%9s  settled since the run: nothing to decide any more\n", thousands(a.moot))
	}
	open := a.undecided()
	refused, further := map[string]bool{}, 0 // further: of a whole book, or of a case that waits for no decision
	for _, r := range a.refusals {
		if open[r.GapID] {
			refused[r.GapID] = true
		} else {
			further++
		}
	}
	switch {
	case len(refused) == 0:
		fmt.Fprintf(w, "%9s  not decided\n", thousands(len(open)))
	default:
		fmt.Fprintf(w, "%9s  not decided, of which\n%9s    refused\n", thousands(len(open)), thousands(len(refused)))
	}
	if further > 0 {
		fmt.Fprintf(w, "%9s  refused%s\n", thousands(further), map[bool]string{true: " besides"}[len(refused) > 0])
	}
	if a.made != "" {
		fmt.Fprintf(w, "\n%s\n", wrapAfter("To be created: "+a.made, "", "  "))
	}
	a.list("Refused:", a.refusals)
	a.list("Approved, but refused by the rules of the platform:", a.unmade)
	for _, n := range a.notes {
		fmt.Fprintln(w, wrapAfter("Note: "+oneLine(n), "", "  "))
	}
	if !a.write && a.blocked == nil {
		fmt.Fprintln(w, "\nNothing was written. Add --write to record this and make the files.")
	}
}

// verdicts in the order in which they are shown.
var verdicts = []review.Verdict{review.Approve, review.Decline, review.Ask, review.Later}

func (a *application) list(head string, refusals []review.Refusal) {
	if len(refusals) == 0 {
		return
	}
	fmt.Fprintf(a.env.out, "\n%s\n", head)
	for i := range refusals {
		fmt.Fprintf(a.env.out, "  %s\n", oneLine(refusalText(&refusals[i], len(a.books) > 1)))
	}
}

// refusalText puts a refusal into one sentence: Review!M12: "12,50" is not a
// plain number; write 12.5.
func refusalText(r *review.Refusal, book bool) string {
	var b strings.Builder
	if r.Book != "" && (book || r.Cell == "") {
		b.WriteString(r.Book)
		if r.Cell != "" {
			b.WriteString(" ")
		}
	}
	b.WriteString(r.Cell)
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if r.GapID != "" && r.GapID != r.Value {
		b.WriteString(r.GapID + ": ")
	}
	if r.Value != "" {
		fmt.Fprintf(&b, "%q ", table.Mask(r.Value))
	}
	b.WriteString(r.Rule)
	if r.Remedy != "" {
		b.WriteString("; " + r.Remedy)
	}
	return b.String()
}

// undecided counts the cases that the books' runs put before people and that
// nobody has decided, here or before. A case of several runs counts once.
func (a *application) undecided() map[string]bool {
	decided := map[string]bool{}
	for _, r := range a.rulings {
		decided[r.GapID] = true
	}
	for id, s := range a.standings {
		if s.Decision != nil || s.Gap.Place != "" {
			decided[id] = true
		}
	}
	open := map[string]bool{}
	for _, b := range a.books {
		s := a.stores[b.RunID]
		if s == nil {
			continue
		}
		for i := range s.Gaps {
			if g := &s.Gaps[i]; s.Listed(g) && !decided[g.GapID] {
				open[g.GapID] = true
			}
		}
	}
	return open
}

// moneySum counts cases with their money by currency: no sum adds currencies.
type moneySum struct {
	count int
	minor map[string]int64
}

func (s *moneySum) add(minor int64, currency string) {
	if s.minor == nil {
		s.minor = map[string]int64{}
	}
	s.count++
	s.minor[currency] += minor
}

// text lists the sums behind a mark, "" for none.
func (s *moneySum) text(mark string) string {
	var parts []string
	for _, c := range slices.Sorted(maps.Keys(s.minor)) {
		parts = append(parts, report.Money(s.minor[c], c))
	}
	if len(parts) == 0 {
		return ""
	}
	return mark + strings.Join(parts, ", ")
}
