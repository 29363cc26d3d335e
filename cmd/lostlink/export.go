package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/google/renameio/v2"

	"lostlink/ingest/lake"
	"lostlink/ingest/table"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
)

func exportCommand() *command {
	return &command{
		name:    "export",
		summary: "write the ledger as CSV and Parquet, and the decisions for calibrate",
		usage: `export [-c FILE] [--out DIR] [--state DIR] [DIR]

Writes every table of the ledger into DIR (default "ledger" in the output
folder), as CSV and as Parquet: run, gap, book, decision, revision, batch, file,
item, creation and suppressed. Beside them decisions.csv holds the decisions
that stand, in the form that "lostlink calibrate --decisions" reads.

Each file appears whole or not at all and takes the place of an earlier one. In
the CSV files, which people open in spreadsheets, a text that a spreadsheet
would take for a formula begins with an apostrophe; the Parquet files have all
values as they are. The files hold personal data.`,
		run: export,
	}
}

func export(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	args, err := e.parse(fs, 0, 1)
	if err != nil {
		return err
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	l, err := lookAtLedger(ctx, c)
	if err != nil {
		return err
	}
	defer l.Close()
	d, err := l.Dump(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.Output, "ledger")
	if len(args) > 0 {
		dir = args[0]
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, write := range []func() error{
		exported(dir, "run", d.Runs), exported(dir, "gap", d.Gaps), exported(dir, "book", d.Books), exported(dir, "decision", d.Decisions),
		exported(dir, "revision", d.Revisions), exported(dir, "batch", d.Batches), exported(dir, "file", d.Files), exported(dir, "item", d.Items),
		exported(dir, "creation", d.Creations), exported(dir, "suppressed", d.Suppressed),
		func() error { return replaceCSV(filepath.Join(dir, "decisions.csv"), standingDecisions(d)) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.out, "The ledger %s is in %s: %s, %s, %s.\n", l, dir, plural(len(d.Gaps), "purchase", "purchases"),
		plural(len(d.Decisions), "decision", "decisions"), plural(len(d.Items), "item", "items"))
	return syncFolder(dir)
}

// exported writes a table as CSV and as Parquet.
func exported[T any](dir, name string, rows []T) func() error {
	return func() error {
		if err := replaceCSV(filepath.Join(dir, name+".csv"), tableText(rows)); err != nil {
			return err
		}
		path := filepath.Join(dir, name+".parquet")
		tmp := filepath.Join(dir, "."+name+".parquet.part")
		if err := os.RemoveAll(tmp); err != nil { // left by one that was killed
			return err
		}
		if err := lake.WriteFile(tmp, rows); err != nil {
			return err
		}
		return os.Rename(tmp, path)
	}
}

// tableText gives a table as text, its header first. The columns are those of
// the Parquet file.
func tableText[T any](rows []T) [][]string {
	t := reflect.TypeFor[T]()
	head := make([]string, t.NumField())
	for i := range head {
		head[i], _, _ = strings.Cut(t.Field(i).Tag.Get("parquet"), ",")
	}
	out := [][]string{head}
	for i := range rows {
		v := reflect.ValueOf(&rows[i]).Elem()
		line := make([]string, len(head))
		for k := range line {
			line[k] = fmt.Sprint(v.Field(k).Interface())
			if v.Field(k).Kind() == reflect.String {
				line[k] = harmless(line[k])
			}
		}
		out = append(out, line)
	}
	return out
}

// harmless puts an apostrophe before what a spreadsheet would take for a
// formula.
func harmless(s string) string {
	if first := strings.TrimLeft(s, " "); first != "" && strings.ContainsAny(first[:1], "=+-@\t\r\n") {
		return "'" + s
	}
	return s
}

// standingDecisions lists the decision that stands on each gap, as calibrate
// reads them.
func standingDecisions(d *ledger.Dump) [][]string {
	purchase := map[string]string{}
	for i := range d.Gaps {
		purchase[d.Gaps[i].GapID] = d.Gaps[i].PurchaseID
	}
	last := map[string]*ledger.Decision{}
	for i := range d.Decisions {
		last[d.Decisions[i].GapID] = &d.Decisions[i]
	}
	created := map[string]bool{}
	for i := range d.Items {
		created[d.Items[i].GapID] = d.Items[i].State != ledger.StateRefused
	}
	out := [][]string{{"gap_id", "purchase_id", "decision", "partner_key", "amount", "currency", "decided_at"}}
	for i := range d.Decisions {
		x := &d.Decisions[i]
		// What was credited and declined afterwards was refunded or the like, which
		// tells nothing about the evidence.
		if last[x.GapID] != x || x.Verdict == review.Decline && created[x.GapID] {
			continue
		}
		amount := ""
		if x.Credit > 0 {
			amount = table.FormatAmount(x.Credit, x.Currency)
		}
		out = append(out, []string{x.GapID, harmless(purchase[x.GapID]), report.VerdictText(x.Verdict), harmless(x.PartnerKey), amount, x.Currency, x.DecidedAt.String()})
	}
	return out
}

// replaceCSV writes a file whole or not at all.
func replaceCSV(path string, rows [][]string) error {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return renameio.WriteFile(path, text.Bytes(), 0o600, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o600))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
