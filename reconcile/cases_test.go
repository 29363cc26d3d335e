package reconcile_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/rogpeppe/go-internal/txtar"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
	"lostlink/testdata/need"
)

var update = flag.Bool("update", false, "rewrite the want files of testdata/cases")

// Each case is a vendor of a few rows with the story as comment and, in the
// file want, what becomes of each purchase.
func TestCases(t *testing.T) {
	dir := filepath.Join(need.Root(t), "testdata", "cases")
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		there[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if story := strings.TrimSpace(string(ar.Comment)); story == "" {
				t.Error("no comment tells the story")
			}
			got := outcome(runFolder(t, extract(t, ar)))
			i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				t.Fatal("no file want")
			}
			if *update {
				ar.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(ar.Files[i].Data); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
	for _, c := range gap.Cases() {
		if !there[string(c.Slug)] {
			t.Errorf("testdata/cases/%s.txtar is missing: write a vendor with a customer it fits and one that only looks so", c.Slug)
		}
	}
}

// extract writes all files but want into a folder.
func extract(t *testing.T, ar *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range ar.Files {
		if f.Name == "want" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runFolder judges the vendor in a folder by its lostlink.yaml. Everything
// must be taken: a reject would be a slip in the test's own data.
func runFolder(t *testing.T, dir string) *gap.Result {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "lostlink.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ingest.Load(context.Background(), cfg.Path(cfg.Data), cfg.Ingest, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Set.Release()
	if len(l.Rejects) > 0 || len(l.Missing) > 0 {
		t.Fatalf("rejects %v, missing %v", l.Rejects, l.Missing)
	}
	res, err := reconcile.Run(l.Set, cfg.Reconcile)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// outcome writes what a run found, a line each: gaps with case, suggestion,
// partner and confidence (and a runner-up that is near); contested purchases;
// the answers to claims; incidents; ids that were cut; the places of all other purchases; and notes.
func outcome(res *gap.Result) string {
	var b strings.Builder
	for i := range res.Gaps {
		g := &res.Gaps[i]
		fmt.Fprintf(&b, "gap %s: %s, %s, %s, %s", g.PurchaseID, g.Case, g.Suggest, orDash(g.PartnerKey), gap.ConfidenceOf(g.Probability))
		if g.NearTie() {
			fmt.Fprintf(&b, " (or %s)", g.RunnerUp)
		}
		b.WriteByte('\n')
		if len(g.WouldDecide) > 0 {
			fmt.Fprintf(&b, "    would decide: %s\n", strings.Join(g.WouldDecide, ", "))
		}
	}
	for _, c := range res.Contested {
		var others []string
		for _, o := range c.Others {
			others = append(others, o.PartnerKey)
		}
		fmt.Fprintf(&b, "contested %s: credited %s, last click %s, others %s\n", c.PurchaseID, c.Credited, orDash(c.LastClick), strings.Join(others, " "))
	}
	for _, a := range res.Answers {
		fmt.Fprintf(&b, "claim %s: %s", a.ClaimID, a.Answer)
		if a.FoundBy != "" {
			fmt.Fprintf(&b, ", by %s", a.FoundBy)
		}
		if len(a.PurchaseIDs) > 0 {
			fmt.Fprintf(&b, ", %s", strings.Join(a.PurchaseIDs, " "))
		}
		if a.Credited != "" {
			fmt.Fprintf(&b, ", credited %s", a.Credited)
		}
		fmt.Fprintf(&b, ", %d questions\n    %s\n", len(a.Questions), caseIDs.ReplaceAllString(a.What, "LL-…"))
	}
	for _, x := range res.Incidents {
		fmt.Fprintf(&b, "incident %s on %s, %s to %s, by %s, %d lost\n", x.Cause, strings.Join(x.Pages, " "), x.Start.Date(), x.End.Date(), x.Seen, x.Purchases)
	}
	for _, o := range res.OverConnected {
		fmt.Fprintf(&b, "cut %s %s: %d people\n", o.Kind, o.ID, o.Other)
	}
	for _, p := range gap.Places() {
		if s := res.TieOut.Placed[p]; s != nil && p != gap.Unattributed {
			fmt.Fprintf(&b, "placed %s: %d\n", p, s.Count)
		}
	}
	if res.Unplaced.Count > 0 {
		fmt.Fprintf(&b, "transactions without a purchase: %d\n", res.Unplaced.Count)
	}
	for _, n := range res.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

// caseIDs change with the installation key.
var caseIDs = regexp.MustCompile(`LL-[0-9A-Z-]+`)

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
