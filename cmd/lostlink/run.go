package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"lostlink/ingest"
	"lostlink/ingest/lake"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

func runCommand() *command {
	return &command{
		name:    "run",
		summary: "read the sources, find and judge the gaps, write the report",
		usage: `run [-c FILE] [--data DIR] [--out DIR] [--state DIR] [--no-lake]
run --shard I/N [--key FILE] [-c FILE] [--data DIR] [--state DIR]

Reads every configured source, finds the purchases nobody was credited for,
sorts each into its likely failure case and writes, into a folder of its own
below the output folder:

  lostlink-review_….xlsx  the workbook in which finance decides
  gaps.jsonl, .parquet    every purchase without attribution, with evidence
  claims.jsonl            the answer to every partner's claim
  contested.jsonl         credited purchases another partner had a part in
  incidents.jsonl         faults of the site and what they cost
  rejects.jsonl           input rows that could not be used, and why
  run.json                inputs with hashes and counts, options, tie-out

"latest" points to the newest folder. The same inputs and decisions give the
same folder with the same bytes. What was reported goes into the ledger; what
was decided before is not asked again, unless something has changed about it. The run fails, and writes nothing, when a purchase would be
lost or counted twice, or when too many rows of a source are unusable.

With --shard 2/4, this machine is the second of four that share the reading: it
reads its share of the files into the lake of its state folder and writes no
report. "lostlink merge" puts the shards together. All of them need one key to
hide addresses under: --key names a file of 32 random bytes in hexadecimal, or
the file key in the lake that the shards are merged into.`,
		run: runNight,
	}
}

func runNight(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	noLake := fs.Bool("no-lake", false, "read the files as they are")
	part := fs.String("shard", "", "read share `I/N` of the files, for \"lostlink merge\"")
	key := fs.String("key", "", "the `FILE` with the key that all shards have")
	if _, err := e.parse(fs, 0, 0); err != nil {
		return err
	}
	switch {
	case *part != "" && *noLake:
		return usageErrorf("--shard reads into the lake; leave out --no-lake")
	case *key != "" && *part == "":
		return usageErrorf("--key goes with --shard only")
	case *part != "":
		shard, err := ingest.ParseShard(*part)
		if err != nil {
			return usageErrorf("--shard: %v", err)
		}
		return runShard(ctx, e, dirs, shard, *key)
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	n := &night{config: c, noLake: *noLake}
	return n.run(ctx, e)
}

// run goes through all stages and tells how it went.
func (n *night) run(ctx context.Context, e *env) error {
	unlock, err := lock(n.config.State)
	if err != nil {
		return err
	}
	defer unlock()
	p := e.progress()
	defer p.done()
	if n.ledger, err = openLedger(ctx, n.config); err != nil {
		return err
	}
	defer n.ledger.Close()
	if err := n.recall(ctx); err != nil {
		return err
	}
	n.scout = reconcile.NewScout(n.config.Reconcile)
	if !n.noLake {
		if n.lake, err = openLake(ctx, n.config, lake.Options{KeyFile: n.sharedKey()}); err != nil {
			return keyRemedy(err)
		}
		defer n.lake.Close()
		if err := n.adopt(ctx, p); err != nil {
			return err
		}
	}
	if err := n.read(ctx, p); err != nil {
		return fmt.Errorf("no report was written: %w", err)
	}
	defer n.loaded.Set.Release()
	for _, stage := range []func(*progress) error{n.judge, n.write} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := stage(p); err != nil {
			return err
		}
	}
	if err := n.remember(ctx, p); err != nil {
		return err
	}
	if n.lake != nil {
		if err := tend(ctx, n.config, n.lake, n.loaded.Kept, time.Now()); err != nil {
			return fmt.Errorf("the report is written, but the lake could not be tidied: %w", err)
		}
	}
	p.done()
	n.summary(e.out)
	return n.incomplete()
}

// summary says on one screen what was found.
func (n *night) summary(w io.Writer) {
	res := n.result
	placed := func(ps ...gap.Place) int {
		sum := 0
		for _, p := range ps {
			if s := res.TieOut.Placed[p]; s != nil {
				sum += s.Count
			}
		}
		return sum
	}
	excluded := 0
	for _, p := range gap.Places() {
		if strings.HasPrefix(string(p), "excluded") {
			excluded += placed(p)
		}
	}
	fmt.Fprintf(w, "%s to %s (UTC)\n\n", res.PeriodStart.Date(), (res.PeriodEnd - 1).Date())
	line := func(n int, what string) { fmt.Fprintf(w, "%9s  %s\n", thousands(n), what) }
	line(res.TieOut.Read.Count, "purchases read")
	line(placed(gap.Duplicate), "duplicates")
	line(excluded, "excluded (failed, test, refunded, too fresh, …)")
	line(placed(gap.Attributed), "attributed by the platform")
	line(placed(gap.Unattributed), "without attribution (the figures tie), of which")
	signal := 0
	for i := range res.Gaps {
		if res.Gaps[i].HasPartnerSignal() {
			signal++
		}
	}
	line(len(res.Gaps)-signal, "  ordinary: nothing points to a partner")
	line(signal, "  with a sign of a partner:")
	for _, c := range byCase(res.Gaps) {
		fmt.Fprintf(w, "%9s    %s %s: %s\n", "", gap.CaseOf(c.slug).Code, gap.CaseOf(c.slug).Title, thousands(c.count))
	}
	fmt.Fprintf(w, "\n%s\n", wrap(n.report.Headline, ""))
	for _, in := range res.Incidents {
		if in.Purchases > 0 {
			fmt.Fprintln(w, wrapAfter(fmt.Sprintf("Fault of the site (%s): %s", in.Seen, in.What), "", "  "))
		}
	}
	for _, note := range slices.Concat(n.loaded.Notes, res.Notes) {
		fmt.Fprintln(w, wrapAfter("Note: "+note, "", "  "))
	}
	n.trouble(w)
	n.merged(w)
	fmt.Fprintf(w, "\nWorkbook: %s\n", n.written.Workbook)
	if n.written.Earlier != "" {
		fmt.Fprintf(w, "An earlier run of the same name was moved to %s\n", n.written.Earlier)
	}
}

// faults tells of files that are missing or were not read.
func (n *night) faults(w io.Writer) {
	for _, s := range filesAmiss(n.loaded) {
		fmt.Fprintln(w, s)
	}
}

// trouble tells of input that is missing or was not taken.
func (n *night) trouble(w io.Writer) {
	n.faults(w)
	var rejected int64
	var faults []string
	for i := range n.loaded.Inputs {
		rejected += n.loaded.Inputs[i].Rejected
		faults = append(faults, n.loaded.Inputs[i].Fault)
	}
	for _, r := range n.loaded.Rejects {
		if text := r.Error(); !slices.Contains(faults, text) {
			fmt.Fprintf(w, "Rejected: %s, see rejects.jsonl; the first:\n  %s\n", plural(int(rejected), "row", "rows"), text)
			break
		}
	}
}

type caseCount struct {
	slug  gap.Slug
	count int
}

// byCase counts the gaps with a partner signal by case, most first.
func byCase(gaps []gap.Gap) []caseCount {
	var out []caseCount
	for _, c := range gap.Cases() {
		n := 0
		for i := range gaps {
			if gaps[i].Case == c.Slug && gaps[i].HasPartnerSignal() {
				n++
			}
		}
		if n > 0 {
			out = append(out, caseCount{c.Slug, n})
		}
	}
	slices.SortStableFunc(out, func(a, b caseCount) int { return b.count - a.count })
	return out
}

// thousands groups digits: 12,345.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a count with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}
