package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"lostlink/config"
	"lostlink/ingest/rows"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

func explainCommand() *command {
	return &command{
		name:    "explain",
		summary: "tell the story of a purchase, customer or claim, or what a case means",
		usage: `explain [-c FILE] [--data DIR] GAP | PURCHASE | EMAIL | CLAIM | CASE

With a gap id (LL-…), a purchase id or an e-mail address: reads the sources and
prints where each such purchase ended, the verdict with its evidence, the steps
of the journey and the input lines they come from. Whoever reads this sees
personal data as it stands in the sources.

With the id of a partner's claim: prints the answer to it.

With the name of a case (device_switch, or its code C06): prints what the case
means, what shows it, what to do, and what it cannot tell. Needs no data.
` + wrap("Cases: "+caseNames()+".", ""),
		run: explain,
	}
}

func caseNames() string {
	var out []string
	for _, c := range gap.Cases() {
		out = append(out, string(c.Slug))
	}
	return strings.Join(out, ", ")
}

func explain(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	args, err := e.parse(fs, 1, 1)
	if err != nil {
		return err
	}
	for _, c := range gap.Cases() {
		if strings.EqualFold(args[0], string(c.Slug)) || strings.EqualFold(args[0], c.Code) {
			explainCase(e.out, &c)
			return nil
		}
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	n := &night{config: c}
	p := e.progress()
	defer p.done()
	if err := n.read(ctx, p); err != nil {
		return err
	}
	defer n.loaded.Set.Release()
	p.say("looking for %s", args[0])
	if answers := reconcile.FindClaims(n.loaded.Set, c.Reconcile, args[0]); len(answers) > 0 {
		p.done()
		explainClaims(e.out, c, answers)
		return nil
	}
	found := reconcile.Find(n.loaded.Set, c.Reconcile, args[0])
	p.done()
	if len(found) == 0 {
		return notFound(args[0])
	}
	var lines []gap.Row
	for i := range found {
		for _, ev := range found[i].Timeline {
			lines = append(lines, ev.Row)
		}
	}
	raw := rawLines(c, lines)
	for i := range found {
		if i > 0 {
			fmt.Fprint(e.out, between)
		}
		explainPurchase(e.out, &found[i], raw)
	}
	return nil
}

// between parts one story from the next.
var between = "\n" + strings.Repeat("─", 72) + "\n\n"

func notFound(id string) error {
	hint := `"lostlink help explain" lists the cases`
	var known []string
	for _, c := range gap.Cases() {
		known = append(known, string(c.Slug))
	}
	if near := config.Nearest(id, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	return fmt.Errorf("%s is no gap, purchase, claim or customer with a purchase in these sources, and no case; %s", table.Mask(id), hint)
}

func explainCase(w io.Writer, c *gap.Case) {
	fmt.Fprintf(w, "%s %s (%s)\n\n", c.Code, c.Title, c.Slug)
	para := func(head, text string) { fmt.Fprintf(w, "%s\n%s\n\n", head, wrap(text, "  ")) }
	para("What happened", c.Meaning)
	para("What shows it", c.Shows)
	para("How to check it", c.Check)
	fmt.Fprintln(w, "What to do")
	for _, s := range c.Steps {
		fmt.Fprintln(w, wrapAfter(s, "  - ", "    "))
	}
	fmt.Fprintln(w)
	para("What it cannot tell", c.CannotTell)
	fmt.Fprintln(w, "Evidence looked for (weight in log-odds, + for and - against)")
	weights := &gap.DefaultWeights
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, f := range c.Findings {
		v := weights.Of(gap.Key{Case: c.Slug, Name: f.Name})
		fmt.Fprintf(tw, "  %+.1f\t%s\n", v, strings.ReplaceAll(f.Name, "_", " "))
	}
	tw.Flush()
}

func explainPurchase(w io.Writer, f *reconcile.Found, raw map[gap.Row]string) {
	p := &f.Purchase
	fmt.Fprintf(w, "Purchase %s of %s\n%s %s on %s UTC (%s:%d)\n", oneLine(p.PurchaseID), or(p.Email, "nobody named"),
		table.FormatAmount(p.Amount, p.Currency), p.Currency, clock(p.PurchasedAt), f.Row.File, f.Row.Line)
	switch {
	case f.Gap != nil:
		explainGap(w, f.Gap)
	case f.Place == gap.Attributed:
		fmt.Fprintf(w, "\nAttributed: the platform recorded it (%s:%d)", f.Transaction.File, f.Transaction.Line)
		if f.CreditedTo != "" {
			fmt.Fprintf(w, " for %s", f.CreditedTo)
		}
		fmt.Fprintln(w, ".")
		if c := f.Contested; c != nil {
			explainContested(w, c)
		}
	default:
		why := f.Place.Why()
		if key := settingOf[f.Place]; key != "" {
			why += " (" + key + " in the configuration)"
		}
		fmt.Fprintf(w, "\nNot judged: %s.\n", why)
	}
	if len(f.Timeline) == 0 {
		return
	}
	fmt.Fprintln(w, "\nThe journey (UTC)")
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, ev := range f.Timeline {
		words := make([]string, 0, 4)
		for _, s := range []string{ev.Who, ev.Page, ev.Browser, ev.Note} {
			if s != "" {
				words = append(words, s)
			}
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", clock(ev.At), ev.Kind, oneLine(strings.Join(words, "; ")))
	}
	tw.Flush()
	var lines []gap.Row
	for _, ev := range f.Timeline {
		lines = append(lines, ev.Row)
	}
	showLines(w, lines, raw)
}

// explainContested prints what an answer to the other partners rests on: all
// clicks that are surely the customer's, who has it by the last of them, and the
// answers themselves.
func explainContested(w io.Writer, c *gap.Contested) {
	fmt.Fprintf(w, "Contested: another partner was clicked inside the window. By the last click it is %s's.\n", or(c.LastClick, c.Credited))
	if c.SignedUpAt != 0 {
		fmt.Fprintf(w, "  signed up on %s UTC\n", clock(c.SignedUpAt))
	}
	for _, k := range c.Clicks {
		before := "less than a day before"
		if k.DaysBefore > 0 {
			before = plural(k.DaysBefore, "day", "days") + " before"
		}
		words := []string{fmt.Sprintf("clicked: %s on %s UTC", k.PartnerKey, clock(k.At)), before, "tied by " + k.Tie}
		if !k.InWindow {
			words = append(words, "outside the window")
		}
		for _, s := range []string{k.Page, k.Browser} {
			if s != "" {
				words = append(words, s)
			}
		}
		words = append(words, fmt.Sprintf("[%s:%d]", k.Row.File, k.Row.Line))
		fmt.Fprintln(w, wrapAfter(oneLine(strings.Join(words, "; ")), "  ", "    "))
	}
	for _, r := range c.Replies {
		fmt.Fprintln(w, wrapAfter(oneLine(r.Text), "  to answer "+r.PartnerKey+": ", "    "))
	}
}

// showLines prints input lines, each once.
func showLines(w io.Writer, lines []gap.Row, raw map[gap.Row]string) {
	fmt.Fprintln(w, "\nThe input lines")
	seen := map[gap.Row]bool{}
	for _, r := range lines {
		if seen[r] {
			continue
		}
		seen[r] = true
		fmt.Fprintf(w, "  %s:%d\n", r.File, r.Line)
		if text := raw[r]; text != "" {
			fmt.Fprintf(w, "    %s\n", oneLine(text))
		}
	}
}

// explainClaims prints the answers to claims of one id.
func explainClaims(w io.Writer, c *config.Config, answers []gap.Answer) {
	var lines []gap.Row
	for i := range answers {
		lines = append(lines, answers[i].Rows...)
	}
	raw := rawLines(c, lines)
	for i := range answers {
		if i > 0 {
			fmt.Fprint(w, between)
		}
		a := &answers[i]
		fmt.Fprintf(w, "Claim %s of %s\n%s UTC (%s:%d)\n", oneLine(a.ClaimID), oneLine(a.PartnerKey), clock(a.ClaimedAt), a.Row.File, a.Row.Line)
		for _, f := range [][2]string{{"customer", a.CustomerName}, {"e-mail", a.CustomerEmail}, {"day", a.PurchasedOn}, {"note", a.Note}} {
			if f[1] != "" {
				fmt.Fprintf(w, "  %s: %s\n", f[0], oneLine(f[1]))
			}
		}
		fmt.Fprintf(w, "\n%s (%s)\n%s\n", a.Answer.Title(), a.Answer, wrap(a.What, "  "))
		for _, f := range [][2]string{{"customer found by", a.FoundBy}, {"purchases", strings.Join(a.PurchaseIDs, ", ")}, {"cases", strings.Join(a.GapIDs, ", ")}, {"credited to", a.Credited}} {
			if f[1] != "" {
				fmt.Fprintln(w, wrapAfter(oneLine(f[1]), "  "+f[0]+": ", "    "))
			}
		}
		for _, q := range a.Questions {
			fmt.Fprintln(w, wrapAfter(q, "  to ask: ", "    "))
		}
		showLines(w, a.Rows, raw)
	}
}

// settingOf names the setting that keeps purchases in a place from being judged.
var settingOf = map[gap.Place]string{gap.ExcludedThreshold: "thresholds", gap.ExcludedPeriod: "period", gap.ExcludedFresh: "lag_hours"}

func explainGap(w io.Writer, g *gap.Gap) {
	c := gap.CaseOf(g.Case)
	fmt.Fprintf(w, "\n%s: %s %s\n", g.GapID, c.Code, c.Title)
	fmt.Fprintf(w, "  %s (%s)", gap.ConfidenceOf(g.Probability), percent(g.Probability))
	if g.NearTie() {
		fmt.Fprintf(w, "; near it: %s (%s)", gap.CaseOf(g.RunnerUp).Title, percent(g.Ranking[g.RunnerUp]))
	}
	fmt.Fprintln(w)
	if g.PartnerKey != "" {
		fmt.Fprintf(w, "  partner: %s\n", g.PartnerKey)
	}
	fmt.Fprintf(w, "  suggested: %s\n", map[gap.Suggestion]string{gap.Reward: "reward the partner", gap.Ask: "ask the partner", gap.None: "no reward"}[g.Suggest])
	fmt.Fprintln(w, wrapAfter(g.Reason, "  ", "  "))
	for _, s := range g.WouldDecide {
		fmt.Fprintf(w, "  would decide: %s\n", s)
	}
	fmt.Fprintln(w, "\nEvidence (weight in log-odds)")
	for _, f := range g.Findings {
		var at []string
		for _, r := range f.Rows {
			at = append(at, fmt.Sprintf("%s:%d", r.File, r.Line))
		}
		where := ""
		if len(at) > 0 {
			where = " [" + strings.Join(at, ", ") + "]"
		}
		first := fmt.Sprintf("  %+5.1f  %s  ", f.Weight, gap.CaseOf(f.Case).Code)
		fmt.Fprintln(w, wrapAfter(f.What+where, first, strings.Repeat(" ", len(first))))
	}
	fmt.Fprintln(w, "\nRanking")
	type ranked struct {
		c gap.Case
		p float64
	}
	var rs []ranked
	for _, c := range gap.Cases() {
		if p := g.Ranking[c.Slug]; p >= 0.01 {
			rs = append(rs, ranked{c, p})
		}
	}
	slices.SortStableFunc(rs, func(a, b ranked) int { return cmp.Compare(b.p, a.p) })
	for _, r := range rs {
		fmt.Fprintf(w, "  %5s  %s %s\n", percent(r.p), r.c.Code, r.c.Title)
	}
}

func percent(p float64) string {
	switch r := math.Round(p * 100); {
	case r >= 100:
		return ">99 %" // no evidence makes certain
	case r == 0 && p > 0:
		return "<1 %"
	default:
		return fmt.Sprintf("%.0f %%", r)
	}
}

// rawLines reads input lines. A line that cannot be read again is left out:
// its place is printed all the same.
func rawLines(c *config.Config, at []gap.Row) map[gap.Row]string {
	want := map[string][]int64{}
	for _, r := range at {
		want[r.File] = append(want[r.File], r.Line)
	}
	out := map[gap.Row]string{}
	for _, file := range sortedKeys(want) {
		path := filepath.FromSlash(file)
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.Data, path)
		}
		lines, err := rows.Lines(path, want[file])
		if err != nil {
			continue
		}
		for n, text := range lines {
			out[gap.Row{File: file, Line: n}] = text
		}
	}
	return out
}

// oneLine makes text of the input one line of output, and not a page of it.
func oneLine(s string) string {
	s = strings.NewReplacer("\n", "·", "\t", "·").Replace(s)
	if len(s) > 400 {
		s = strings.ToValidUTF8(s[:400], "") + "…"
	}
	return s
}

// clock writes a time that is said to be UTC beside it.
func clock(t table.Time) string { return t.Std().Format("2006-01-02 15:04:05") }

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// wrap breaks text at 76 columns behind an indent.
func wrap(text, indent string) string { return wrapAfter(text, indent, indent) }

func wrapAfter(text, first, indent string) string {
	var b strings.Builder
	line := first
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > 76 {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(line)
	return b.String()
}
