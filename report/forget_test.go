package report_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/testdata/report/results"
)

// written writes a run of the small vendor, changed before, with a book that
// names its customers.
func written(t *testing.T, out string, change func(*gap.Result, *report.Run)) report.Written {
	t.Helper()
	res, run, opt := results.Small()
	if change != nil {
		change(res, &run)
	}
	r, err := report.New(res, run, opt)
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Write(out, page)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func forget(t *testing.T, out, address string, variants bool) (*report.Person, *report.Forgotten) {
	t.Helper()
	p, err := report.FindPerson(out, address, variants)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Forget()
	if err != nil {
		t.Fatal(err)
	}
	return p, f
}

func TestForget(t *testing.T) {
	out := t.TempDir()
	w := written(t, out, func(res *gap.Result, _ *report.Run) {
		for i := range res.Gaps {
			switch g := &res.Gaps[i]; g.PurchaseID {
			case "ch_2": // the same customer, without address
				g.CustomerID, g.Email, g.Name = "cus_1", "", "Ana Example"
			case "ch_4": // another one, whose address holds the first's
				g.Email = "jo.ana@example.com"
			case "ch_5":
				g.Email = "ana+tag@example.com"
			}
		}
	})
	before := files(t, w.Dir)
	lists := func(name string) string {
		path := filepath.Join(out, name)
		if err := os.WriteFile(path, []byte("email\nANA@example.com\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sent := lists("sent.csv")
	found, err := report.FindPerson(out, "Ana@Example.com", false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"LL-AAAA-AAAA-AAA1", "LL-AAAA-AAAA-AAA2"}; !slices.Equal(found.GapIDs, want) || !slices.Equal(found.Emails, []string{"ana@example.com"}) {
		t.Errorf("found %v %v", found.GapIDs, found.Emails)
	}
	if !reflect.DeepEqual(files(t, w.Dir), before) {
		t.Error("looking changed the run")
	}
	f, err := found.Forget()
	if err != nil {
		t.Fatal(err)
	}
	if f.Runs != 1 || f.Rows != 3 || !slices.Equal(f.Others, []string{sent}) {
		t.Errorf("%+v", f)
	}
	after := files(t, w.Dir)
	for name, text := range after {
		for _, gone := range []string{`"ana@example.com"`, "Ana Example", "cus_1", "x1"} {
			if name != "gaps.parquet" && strings.Contains(text, gone) {
				t.Errorf("%s has %s still", name, gone)
			}
		}
		if len(text) == 0 && len(before[name]) > 0 {
			t.Errorf("%s is empty", name)
		}
	}
	for _, name := range []string{"contested.jsonl", "incidents.jsonl", "rejects.jsonl"} {
		if after[name] != before[name] {
			t.Errorf("%s was changed", name)
		}
	}
	if !strings.Contains(after["gaps.jsonl"], `"jo.ana@example.com"`) || !strings.Contains(after["gaps.jsonl"], `"ana+tag@example.com"`) {
		t.Error("somebody else was forgotten")
	}
	// The run is whole: what stays is what was, and the hashes are right.
	s, err := report.Load(w.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Gaps {
		g := &s.Gaps[i]
		mine := g.PurchaseID == "ch_1" || g.PurchaseID == "ch_2"
		if mine && g.Email+g.Name+g.CustomerID+g.CustomerKey+g.ClickID+g.LandingPage+g.ClickBrowser+g.SignupBrowser != "" {
			t.Errorf("%s: %+v", g.PurchaseID, *g)
		}
		if g.Amount == 0 || g.Case == "" || g.GapID == "" || !mine && g.Email == "" {
			t.Errorf("%s: %+v", g.PurchaseID, *g)
		}
	}
	for name, text := range after {
		if sum := sha(text); name != "run.json" && name != filepath.Base(w.Workbook) && !strings.Contains(after["run.json"], sum) {
			t.Errorf("run.json has another hash of %s", name)
		}
	}
	// Again, nothing is left to do.
	if _, f := forget(t, out, "ana@example.com", false); f.Runs != 0 || f.Rows != 0 {
		t.Errorf("again: %+v", f)
	}
	if !reflect.DeepEqual(files(t, w.Dir), after) {
		t.Error("forgetting twice is not the same as once")
	}
	// With all spellings.
	if p, f := forget(t, out, "ana@example.com", true); f.Rows != 1 || !slices.Equal(p.Emails, []string{"ana+tag@example.com"}) {
		t.Errorf("with variants: %v, %+v", p.Emails, f)
	}
	if _, err := report.FindPerson(out, "nobody", false); err == nil {
		t.Error("what is no address was looked for")
	}
	if p, err := report.FindPerson(filepath.Join(out, "none"), "ana@example.com", false); err != nil || len(p.GapIDs) > 0 {
		t.Errorf("no runs: %v", err)
	}
}

// Interrupted at any file, it is carried out by being called again.
func TestForgetInterrupted(t *testing.T) {
	want := t.TempDir()
	w := written(t, want, nil)
	forget(t, want, "ana@example.com", false)
	whole := files(t, w.Dir)
	for _, done := range [][]string{{"run.json"}, {"run.json", "gaps.parquet"}, {"run.json", "gaps.parquet", "claims.jsonl"}} {
		out := t.TempDir()
		w := written(t, out, nil)
		for _, name := range done {
			if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(whole[name]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(w.Dir, ".erasing-gaps.jsonl"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		forget(t, out, "ana@example.com", false)
		if !reflect.DeepEqual(files(t, w.Dir), whole) {
			t.Errorf("interrupted after %v, it ends otherwise", done)
		}
	}
}

func sha(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
