package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest"
	"lostlink/ingest/simulate"
	"lostlink/reconcile"
	"lostlink/reconcile/calibrate"
	"lostlink/reconcile/gap"
)

func calibrateCommand() *command {
	return &command{
		name:    "calibrate",
		summary: "fit the weights of the evidence to made-up vendors, and to your own decisions",
		usage: `calibrate [--vendors N] [--held-out N] [--seed N] [--strength X] [-o FILE]
                          [--decisions FILE [-c FILE] [--data DIR]]

Makes up vendors that differ in every rate, format and missing source, reads
them back as a run would, and fits the weights of the evidence so that the
cases that really happened are the likeliest. Then it shows, on vendors that
were held out of the fit, how reliable the probabilities are: of the verdicts
at 80 %, four in five should be right. The same flags give the same weights.

  --vendors N     vendors to fit to (default 60)
  --held-out N    further vendors to measure on (default 20)
  --seed N        the number the vendors are drawn from (default 1)
  --strength X    how strongly weights are drawn to those set by hand (default 1)
  -o FILE         write the weights there, for the option weights of a configuration
  --decisions FILE
                  a table of your own decisions on the data of -c: a column
                  gap_id or purchase_id, and a column case (its slug or code) or
                  decision (Approve or Decline). Each counts as much as 25
                  made-up purchases.

A vendor takes two seconds or so. The folders of made-up vendors are temporary.`,
		run: calibrateWeights,
	}
}

// calibration is what was asked for.
type calibration struct {
	vendors, heldOut int
	seed             uint64
	strength         float64
	out, decisions   string
	dirs             folders
}

func calibrateWeights(ctx context.Context, e *env) error {
	var c calibration
	flags := e.flags()
	flags.IntVar(&c.vendors, "vendors", 60, "`N` vendors to fit to")
	flags.IntVar(&c.heldOut, "held-out", 20, "`N` further vendors to measure on")
	flags.Uint64Var(&c.seed, "seed", 1, "the number `N` the vendors are drawn from")
	flags.Float64Var(&c.strength, "strength", calibrate.DefaultOptions().Strength, "the draw `X` to the weights set by hand")
	flags.StringVar(&c.out, "o", "", "the `FILE` to write the weights to")
	flags.StringVar(&c.decisions, "decisions", "", "a `FILE` of your own decisions")
	c.dirs.register(flags)
	if _, err := e.parse(flags, 0, 0); err != nil {
		return err
	}
	switch {
	case c.vendors < 1 || c.heldOut < 1:
		return usageErrorf("--vendors %d --held-out %d: both must be at least 1", c.vendors, c.heldOut)
	case !(c.strength > 0):
		return usageErrorf("--strength %v: want a number above 0", c.strength)
	}
	p := e.progress()
	defer p.done()
	fit, err := simulated(ctx, p, c.seed, c.vendors)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Fitted to %s, seeds %d to %d: %s purchases without attribution, %s of them different.\n",
		plural(c.vendors, "made-up vendor", "made-up vendors"), c.seed, c.seed+uint64(c.vendors)-1, thousands(fit.Len()), thousands(fit.Patterns()))
	var partial error
	if c.decisions != "" {
		if partial, err = c.ownDecisions(ctx, e, p, fit); err != nil {
			return err
		}
	}
	p.say("fitting")
	opt := calibrate.DefaultOptions()
	opt.Strength = c.strength
	w, err := calibrate.Fit(fit, opt)
	if err != nil {
		return err
	}
	w.Made = c.command()
	first := c.seed + uint64(c.vendors)
	held, err := simulated(ctx, p, first, c.heldOut)
	if err != nil {
		return err
	}
	p.done()
	showChanges(e.out, opt.Prior, w)
	fmt.Fprintf(e.out, "\nOn %s that were held out, seeds %d to %d: %s purchases\n\n", plural(c.heldOut, "vendor", "vendors"), first, first+uint64(c.heldOut)-1, thousands(held.Len()))
	showReliability(e.out, calibrate.Measure(held, opt.Prior), calibrate.Measure(held, w))
	if c.out != "" {
		text, err := w.Marshal()
		if err != nil {
			return err
		}
		if err := writeFile(c.out, text); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "\nWeights: %s\n", c.out)
	}
	return partial
}

// command is what makes the same weights again.
func (c *calibration) command() string {
	s := fmt.Sprintf("lostlink calibrate --vendors %d --held-out %d --seed %d --strength %v", c.vendors, c.heldOut, c.seed, c.strength)
	if c.decisions != "" {
		s += " --decisions"
	}
	return s
}

// calibrateWorkers make vendors side by side; each holds one in memory.
const calibrateWorkers = 2

// simulated gathers the examples of n vendors, in the order of their seeds.
func simulated(ctx context.Context, p *progress, seed uint64, n int) (*calibrate.Examples, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := make([]*calibrate.Examples, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range calibrateWorkers {
		wg.Go(func() {
			for i := range next {
				var err error
				if made[i], err = vendorExamples(ctx, simulate.DrawOptions(seed+uint64(i))); err != nil {
					cancel(fmt.Errorf("vendor of seed %d: %w", seed+uint64(i), err))
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		p.say("vendor %d of %d", i+1, n)
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	all := &calibrate.Examples{}
	for _, x := range made {
		all.AddAll(x)
	}
	return all, nil
}

// vendorExamples makes a vendor, reads it as a run would and labels its gaps
// with what really happened.
func vendorExamples(ctx context.Context, opt simulate.Options) (*calibrate.Examples, error) {
	v, err := simulate.Make(opt)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lostlink-calibrate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := v.Write(dir); err != nil {
		return nil, err
	}
	c := demoConfig(v)
	c.Ingest.RejectLimit = 1 // some vendors' logs are full of broken lines
	loaded, err := ingest.Load(ctx, dir, c.Ingest, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	defer loaded.Set.Release()
	right := map[string][]gap.Slug{}
	for i := range v.Truth {
		right[v.Truth[i].PurchaseID] = rightCases(&v.Truth[i], opt.Sources.PageChecks)
	}
	x := &calibrate.Examples{}
	err = reconcile.Journeys(loaded.Set, c.Reconcile, func(_ string, j *gap.Journey) {
		if cases := right[j.Purchase.PurchaseID]; cases != nil && err == nil {
			err = x.Add(calibrate.Example{Seen: seenIn(j), Right: cases, Weight: 1})
		}
	})
	return x, err
}

func seenIn(j *gap.Journey) []gap.Key {
	var out []gap.Key
	for _, o := range gap.Observe(j) {
		out = append(out, o.Key)
	}
	return out
}

// rightCases lists the cases that would be a right verdict on a purchase; nil
// when nothing in the records can tell.
func rightCases(t *simulate.Truth, pageChecks bool) []gap.Slug {
	if t.Kind == "organic" {
		return []gap.Slug{gap.NoPartnerSignal}
	}
	if t.Signal == "none" {
		return nil
	}
	var out []gap.Slug
	for _, c := range t.Cases {
		out = append(out, gap.Slug(c.String()))
	}
	siteFaults := []gap.Slug{gap.SnippetBroken, gap.DataOverwritten, gap.PublicKeyMissing}
	switch {
	case t.Kind == "typed" && t.Signal == "referrer":
		// The partner's own page sent them without the code: a person could
		// call it either.
		out = append(out, gap.ParametersStripped)
	case t.Kind == "referred" && (t.Signal == "claim" || t.Signal == "coupon"):
		// The click can be tied to nobody; the word of the partner is all.
		out = append(out, gap.ManualURL)
	}
	if !pageChecks && slices.ContainsFunc(out, func(s gap.Slug) bool { return slices.Contains(siteFaults, s) }) {
		// Nothing but page checks tells these apart.
		out = append(out, siteFaults...)
	}
	return out
}

// changesShown is how many changed weights are printed.
const changesShown = 20

func showChanges(w io.Writer, before, after *gap.Weights) {
	type change struct {
		name          string
		before, after float64
	}
	list := []change{{"any click", before.Click, after.Click}}
	for _, c := range gap.Cases() {
		list = append(list, change{string(c.Slug), before.Base[c.Slug], after.Base[c.Slug]})
	}
	for _, k := range gap.Declared() {
		name := cmp.Or(string(k.Case), "any click") + ": " + strings.ReplaceAll(k.Name, "_", " ")
		list = append(list, change{name, before.Of(k), after.Of(k)})
	}
	slices.SortStableFunc(list, func(x, y change) int {
		return cmp.Compare(math.Abs(y.after-y.before), math.Abs(x.after-x.before))
	})
	list = list[:min(len(list), changesShown)]
	fmt.Fprintf(w, "\nThe %d weights that changed most (log-odds)\n", len(list))
	fmt.Fprintf(w, "%9s %9s\n", "by hand", "fitted")
	for _, c := range list {
		fmt.Fprintf(w, "%+9.1f %+9.1f  %s\n", c.before, c.after, c.name)
	}
}

func showReliability(w io.Writer, before, after calibrate.Reliability) {
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "probability\tby hand: count\tmean\tright\tfitted: count\tmean\tright\t\n")
	band := func(b calibrate.Band) string {
		if b.Count == 0 {
			return "0\t\t\t"
		}
		return fmt.Sprintf("%s\t%.3f\t%.3f\t", thousands(b.Count), b.Probability, b.Right)
	}
	for i := range before.Bands {
		fmt.Fprintf(tw, "%.1f to %.1f\t%s%s\n", float64(i)/10, float64(i+1)/10, band(before.Bands[i]), band(after.Bands[i]))
	}
	tw.Flush()
	fmt.Fprintln(w)
	tw = tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "\tby hand\tfitted\t\n")
	for _, l := range []struct {
		what          string
		before, after float64
	}{
		{"expected calibration error", before.Error, after.Error},
		{"verdicts of a partner that are right (precision)", before.Precision, after.Precision},
		{"partners at work that are seen (recall)", before.Recall, after.Recall},
		{"right case, where a partner was at work", before.CaseRight, after.CaseRight},
		{"loss (mean -log of the right cases)", before.Loss, after.Loss},
	} {
		fmt.Fprintf(tw, "%s\t%.4f\t%.4f\t\n", l.what, l.before, l.after)
	}
	tw.Flush()
}
