package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lostlink/config"
	"lostlink/ingest/table"
	"lostlink/report"
	"lostlink/report/bulk"
	"lostlink/report/ledger"
	"lostlink/report/review"
	"lostlink/report/workbook"
)

// writeBulk makes the files of a batch. Tests put a careless one in its place.
var writeBulk = bulk.Write

// bulkFolder is where the files of batches are, below the output folder.
const bulkFolder = "bulk"

// bulkOptions are those of one batch of what the ledger holds: its files are
// made again from the ledger and the configuration alone.
func bulkOptions(c *config.Config, batch *ledger.Batch, batches []ledger.Batch, all []ledger.Item) bulk.Options {
	o := bulk.Options{Settings: c.Bulk, Programme: c.Report.Programme, Batch: batch.BatchID, At: batch.PlannedAt, Key: c.Reconcile.InstallationKey, Book: workbook.WriteCheck}
	o.Templates = slices.Clone(o.Templates)
	for i := range o.Templates {
		o.Templates[i].Path = c.Path(o.Templates[i].Path)
	}
	before := map[string]bool{}
	for i := range batches {
		b := &batches[i]
		before[b.BatchID] = cmp.Or(cmp.Compare(b.PlannedAt, batch.PlannedAt), cmp.Compare(b.BatchID, batch.BatchID)) < 0
	}
	for i := range all {
		if it := &all[i]; before[it.BatchID] && it.State != ledger.StateRefused {
			o.Made = append(o.Made, it.Approved())
		}
	}
	return o
}

// preview works out what would be created, so that people see it before it is
// recorded, and nothing is recorded that could not be made.
func (a *application) preview(ctx context.Context) error {
	var list []review.Approved
	cells := map[string]string{}
	for _, r := range a.rulings {
		if ap := a.approved(r); ap != nil {
			list = append(list, *ap)
			cells[r.GapID] = r.Cell
		}
	}
	if len(list) == 0 || a.noFiles {
		return nil
	}
	batches, err := a.ledger.Batches(ctx)
	if err != nil {
		return err
	}
	items, err := a.ledger.Items(ctx, "")
	if err != nil {
		return err
	}
	o := bulkOptions(a.config, &ledger.Batch{BatchID: "preview", PlannedAt: a.now}, batches, items)
	p, err := bulk.NewPlan(list, o)
	if err != nil {
		a.blocked = fmt.Errorf("the files cannot be made: %w\nmend the configuration, or record the decisions alone with --no-files", err)
		return nil
	}
	a.made = kindCounts(p)
	for _, n := range p.Notes {
		a.note("%s", n)
	}
	for _, r := range p.Refused {
		a.unmade = append(a.unmade, review.Refusal{Cell: cells[r.Purchase.GapID], GapID: r.Purchase.GapID,
			Value: r.Value, Rule: strings.TrimSpace(strings.ReplaceAll(r.Column, "_", " ") + " " + r.Rule), Remedy: r.Remedy})
	}
	return nil
}

// kindCounts lists what a plan creates: "2 customers, 3 transactions".
func kindCounts(p *bulk.Plan) string {
	var kinds []bulk.Kind
	count := map[bulk.Kind]int{}
	for _, it := range p.Items {
		if count[it.Kind] == 0 {
			kinds = append(kinds, it.Kind)
		}
		count[it.Kind]++
	}
	var out []string
	for _, k := range kinds {
		out = append(out, plural(count[k], string(k), string(k)+"s"))
	}
	return strings.Join(out, ", ")
}

// record writes the decisions and makes the files.
func (a *application) record(ctx context.Context) error {
	p := ledger.Plan{}
	var last *ledger.Run
	for _, b := range a.books {
		if !slices.ContainsFunc(a.rulings, func(r *ruling) bool { return r.book == b }) {
			continue
		}
		run := a.runs[b.RunID]
		if last == nil || cmp.Or(cmp.Compare(last.AsOf, run.AsOf), cmp.Compare(last.RecordedAt, run.RecordedAt)) < 0 {
			last, p.RunID = run, b.RunID
		}
		p.Books = append(p.Books, ledger.Book{SHA256: b.SHA256, Name: filepath.Base(b.Path), RunID: b.RunID, ReviewedBy: b.ReviewedBy, ApprovedBy: b.ApprovedBy})
	}
	for _, r := range a.rulings {
		p.Entries = append(p.Entries, ledger.Entry{Decision: r.decision(), Approved: a.approved(r)})
	}
	w := a.env.out
	if len(p.Entries) == 0 {
		fmt.Fprintln(w, "\nNothing new to record.")
		return nil
	}
	done, err := a.ledger.Apply(ctx, p, a.now)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nRecorded in the ledger %s: %s.\n", a.ledger, plural(done.Recorded, "decision", "decisions"))
	for _, d := range done.Doubled {
		a.refusals = append(a.refusals, review.Refusal{Cell: d.Cell, Rule: "is credited already: " + or(d.What, "the same"), Remedy: "a purchase is credited once"})
		fmt.Fprintln(w, wrapAfter(refusalText(&a.refusals[len(a.refusals)-1], false), "Not recorded: ", "  "))
	}
	if a.noFiles {
		if done.Claimed > 0 {
			fmt.Fprintf(w, "%s to be created. No files were made; \"lostlink create\" makes them, or sends them to the platform.\n", plural(done.Claimed, "purchase is", "purchases are"))
		}
		return nil
	}
	return a.finish(ctx)
}

// finish makes the files of every batch that was recorded and whose files may
// not be there: of this apply, and of one that was killed.
func (a *application) finish(ctx context.Context) error {
	open, err := a.ledger.Unfinished(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	made, err := a.ledger.Creations(ctx)
	if err != nil {
		return err
	}
	for i := range open {
		if err := a.emit(ctx, &open[i], made); err != nil {
			return fmt.Errorf("the decisions are recorded, the files of batch %s are not made yet; apply again when this is mended: %w", open[i].BatchID, err)
		}
	}
	return nil
}

// emit makes the files of one batch out of the ledger and marks it. Written
// twice, they have the same bytes.
func (a *application) emit(ctx context.Context, batch *ledger.Batch, made []ledger.Creation) error {
	batches, err := a.ledger.Batches(ctx)
	if err != nil {
		return err
	}
	all, err := a.ledger.Items(ctx, "")
	if err != nil {
		return err
	}
	var list []review.Approved
	for i := range all {
		it := &all[i]
		if it.BatchID != batch.BatchID {
			continue
		}
		// Whatever has become of it: what is left of the batch goes the same way.
		if slices.ContainsFunc(made, func(c ledger.Creation) bool { return c.Key == it.Key && c.Via == ledger.ViaAPI }) {
			a.note("Batch %s is on its way through the platform's API; \"lostlink create --push\" ends it.", batch.BatchID)
			return nil
		}
		if it.State != ledger.StatePlanned {
			continue
		}
		if s := a.standings[it.GapID]; s != nil && s.Gap.Place != "" {
			// A run since has found it credited or refunded.
			if err := a.ledger.Settle(ctx, it.Key, ledger.StateRefused, "is no gap since run "+s.Gap.PlaceRun+": "+string(s.Gap.Place), a.now); err != nil {
				return err
			}
			continue
		}
		list = append(list, it.Approved())
	}
	dir := filepath.Join(a.config.Output, bulkFolder, batch.BatchID)
	w, err := writeBulk(dir, list, bulkOptions(a.config, batch, batches, all))
	if err != nil {
		return err
	}
	e, err := emission(&w)
	if err != nil {
		return err
	}
	if err := a.ledger.Emitted(ctx, batch.BatchID, e, a.now); err != nil {
		return err
	}
	a.tellFiles(&w, e.Files)
	return nil
}

// emission is what the ledger keeps of a batch that was written.
func emission(w *bulk.Written) (ledger.Emission, error) {
	e := ledger.Emission{Refused: map[string]string{}}
	for _, r := range w.Refused {
		// The value may be personal; refused.csv has it.
		e.Refused[r.Purchase.Key] = strings.TrimSpace(strings.ReplaceAll(r.Column, "_", " ") + " " + r.Rule)
	}
	if w.Dir == "" {
		return e, nil
	}
	files, err := filesOf(w.Dir)
	if err != nil {
		return e, err
	}
	e.Files = files
	in := map[string]*bulk.WrittenFile{}
	for i := range w.Files {
		f := &w.Files[i]
		if !slices.ContainsFunc(files, func(d ledger.File) bool { return d.Name == f.Name && d.SHA256 == f.SHA256 }) {
			return e, fmt.Errorf("%s is not on disk as it was written", filepath.Join(w.Dir, f.Name))
		}
		for _, id := range f.Items {
			in[id] = f
		}
	}
	for _, it := range w.Items {
		f := in[it.ID]
		if f == nil {
			return e, fmt.Errorf("a fault of lostlink itself, please report it: %s of batch %s is in no file", it.Kind, filepath.Base(w.Dir))
		}
		e.Creations = append(e.Creations, ledger.Creation{ID: it.ID, Key: it.Purchase.Key, Kind: string(it.Kind), Via: ledger.ViaFile,
			State: ledger.StateEmitted, Place: f.Name, Hash: f.SHA256})
	}
	return e, nil
}

// filesOf lists the files of a folder with their hashes.
func filesOf(dir string) ([]ledger.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []ledger.File
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, ledger.File{Name: e.Name(), SHA256: fmt.Sprintf("%x", sha256.Sum256(data)), Bytes: int64(len(data))})
	}
	return out, nil
}

// tellFiles says what was made and what to do with it.
func (a *application) tellFiles(b *bulk.Written, files []ledger.File) {
	w := a.env.out
	if b.Dir == "" {
		return
	}
	made := kindCounts(&b.Plan)
	fmt.Fprintf(w, "\n%s (%s):\n", b.Dir, or(made, "nothing to upload"))
	for _, f := range files {
		fmt.Fprintf(w, "  %s\n", f.Name)
	}
	for _, t := range b.Totals() {
		if t.Filed.Count > 0 {
			fmt.Fprintf(w, "%9s  %s: %s\n", thousands(t.Filed.Count), oneLine(or(t.PartnerName, t.PartnerKey)), report.Money(t.Filed.Minor, t.Currency))
		}
	}
	if made == "" {
		return
	}
	fmt.Fprintf(w, "Look at %s and sign it before you upload the others; it says in which order.\n", bulk.CheckFile)
}

// strangers fails if the folder of batches holds one that the ledger does not
// know: then decisions were recorded elsewhere, and anything could be credited
// again.
func (a *application) strangers(ctx context.Context) error {
	dir := filepath.Join(a.config.Output, bulkFolder)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	batches, err := a.ledger.Batches(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || slices.ContainsFunc(batches, func(b ledger.Batch) bool { return b.BatchID == e.Name() }) {
			continue
		}
		return fmt.Errorf("%s is of no batch that the ledger %s knows: what it credits could be credited again; bring back the ledger that it was made with, or move the folder away if nothing of it was uploaded",
			filepath.Join(dir, table.Mask(e.Name())), a.ledger)
	}
	return nil
}
