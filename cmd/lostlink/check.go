package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/report"
)

func checkCommand() *command {
	return &command{
		name:    "check",
		summary: "read the sources and tell what each is, without a report",
		usage: `check [-c FILE] [--data DIR]

Reads every configured source and tells what each file was recognised as, its
period, how many rows were taken, skipped and rejected, the first rejects, and
which records are missing to tell the failure cases apart. Judges the purchases
as a run would, so that those come first whose absence leaves the most money
undecided. Writes nothing.`,
		run: check,
	}
}

// rejectsShown is how many rejects of a source are printed; all of them are in
// a run's rejects.jsonl.
const rejectsShown = 3

func check(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	if _, err := e.parse(fs, 0, 0); err != nil {
		return err
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	p := e.progress()
	p.say("reading the sources")
	l, err := ingest.Load(ctx, c.Data, c.Ingest, memory.DefaultAllocator)
	p.done()
	var limit *ingest.LimitError
	if err != nil && !errors.As(err, &limit) {
		return err
	}
	defer l.Set.Release()
	for i := range l.Inputs {
		showInput(e.out, &l.Inputs[i], l.Rejects)
	}
	fmt.Fprintln(e.out, "Rows of the tables")
	for _, k := range table.Kinds() {
		var n int64
		for i := range l.Inputs {
			n += l.Inputs[i].Tables[k]
		}
		if l.Set.Has(k) {
			fmt.Fprintf(e.out, "  %-13s %11s\n", k, thousands(int(n)))
		} else {
			fmt.Fprintf(e.out, "  %-13s %11s\n", k, "–")
		}
	}
	var stops error
	r := &report.Report{Missing: reconcile.Missing(l.Set)}
	if err == nil && l.Set.Purchases != nil {
		p.say("judging the purchases")
		r, stops = judged(l.Set, c)
		p.done()
	}
	showMissing(e.out, r)
	for _, n := range l.Notes {
		fmt.Fprintf(e.out, "\n%s\n", wrapAfter("Note: "+n, "", "  "))
	}
	if err != nil {
		return fmt.Errorf("a run would stop: %w", err)
	}
	if l.Set.Purchases == nil {
		return fmt.Errorf("a run would stop: %w", noPurchases(l))
	}
	if stops != nil {
		return fmt.Errorf("a run would stop: %w", stops)
	}
	for i, s := range filesAmiss(l) {
		if i == 0 {
			fmt.Fprintln(e.out)
		}
		fmt.Fprintln(e.out, s)
	}
	if len(l.Rejects) > 0 || len(l.Missing) > 0 {
		fmt.Fprintf(e.out, "\nA run would go through without what was missing or rejected, and end with exit code %d.\n", exitPartial)
		return &exitError{code: exitPartial}
	}
	fmt.Fprintln(e.out, "\nA run would go through.")
	return nil
}

// judged makes the report that a run would write. Where that fails it holds
// what is missing alone.
func judged(set *table.Set, c *config.Config) (*report.Report, error) {
	res, err := reconcile.Run(set, c.Reconcile)
	if err == nil {
		var r *report.Report
		if r, err = report.New(res, report.Run{}, c.Report); err == nil {
			return r, nil
		}
	}
	return &report.Report{Missing: reconcile.Missing(set)}, err
}

// showMissing lists the records there are not, and what they would settle.
func showMissing(w io.Writer, r *report.Report) {
	if len(r.Missing) == 0 {
		return
	}
	fmt.Fprintln(w, "\nNot there, so it cannot be told")
	indent := strings.Repeat(" ", 16)
	for i := range r.Missing {
		m := &r.Missing[i]
		fmt.Fprintln(w, wrapAfter(m.Tells, fmt.Sprintf("  %-13s ", m.Table), indent))
		if s := r.Settles(m); s != "" {
			fmt.Fprintln(w, wrap("would settle the near ties of "+s, indent))
		}
	}
}

func showInput(w io.Writer, in *ingest.Input, rejects []table.Reject) {
	fmt.Fprint(w, in.File)
	if in.Source != in.File {
		fmt.Fprintf(w, " (%s)", in.Source)
	}
	fmt.Fprintln(w)
	if in.Title != "" {
		fmt.Fprintf(w, "  %s; %s\n", in.Title, in.Recognised)
	}
	fmt.Fprintf(w, "  %s read: %s taken, %s rejected, %s duplicate", plural(int(in.Rows), "row", "rows"), thousands(int(in.Accepted)), thousands(int(in.Rejected)), thousands(int(in.Duplicates)))
	for _, why := range sortedKeys(in.Skipped) {
		fmt.Fprintf(w, ", %s skipped (%s)", thousands(int(in.Skipped[why])), why)
	}
	fmt.Fprintln(w)
	if in.First != 0 {
		fmt.Fprintf(w, "  from %s to %s\n", in.First, in.Last)
	}
	var made []string
	for _, k := range sortedKeys(in.Tables) {
		made = append(made, fmt.Sprintf("%s %s", thousands(int(in.Tables[k])), k))
	}
	if len(made) > 0 {
		fmt.Fprintf(w, "  gives %s\n", strings.Join(made, ", "))
	}
	if len(in.Unused) > 0 {
		fmt.Fprintf(w, "  columns not used: %s\n", strings.Join(in.Unused, ", "))
	}
	if in.Fault != "" {
		fmt.Fprintf(w, "  not read: %s\n", in.Fault)
	}
	shown := 0
	for _, r := range rejects {
		if r.File != in.File || r.Source != in.Source || r.Error() == in.Fault {
			continue
		}
		if shown == rejectsShown {
			fmt.Fprintln(w, "  …")
			break
		}
		shown++
		fmt.Fprintf(w, "  rejected: %s\n", r.Error())
	}
	fmt.Fprintln(w)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
