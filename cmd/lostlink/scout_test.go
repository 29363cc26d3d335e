package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/lake"
	"lostlink/ingest/simulate"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
	"lostlink/testdata/need"
)

// TestScoutedRunIsTheWhole compares what comes of the rows that a scout has
// kept, read in parallel and some of them again, with what comes of all rows:
// accounts, rejects and verdicts are the same to the last byte.
func TestScoutedRunIsTheWhole(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("drawn ", seed), func(t *testing.T) {
			opt := simulate.DrawOptions(seed + 4000)
			opt.Customers, opt.Days = 150, min(opt.Days, 120)
			v, err := simulate.Make(opt)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := v.Write(dir); err != nil {
				t.Fatal(err)
			}
			wholeAndScouted(t, demoConfig(v), dir)
		})
	}
	for _, name := range []string{"alder", "birch", "cedar"} {
		t.Run(name, func(t *testing.T) {
			dir := need.Shared(t, filepath.Join("worlds", name))
			c, err := config.Load(filepath.Join("..", "..", "testdata", "worlds", name+".yaml"), nil)
			if err != nil {
				t.Fatal(err)
			}
			wholeAndScouted(t, c, dir)
		})
	}
}

func wholeAndScouted(t *testing.T, c *config.Config, dir string) {
	t.Helper()
	whole, err := ingest.Load(context.Background(), dir, c.Ingest, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Set.Release()
	want, err := reconcile.Run(whole.Set, c.Reconcile)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(t *testing.T, some *ingest.Loaded, scout *reconcile.Scout) {
		t.Helper()
		defer some.Set.Release()
		got, err := scout.Run(some.Set)
		if err != nil {
			t.Fatal(err)
		}
		if some.Set.Visits.Len()+some.Set.Clicks.Len() >= whole.Set.Visits.Len()+whole.Set.Clicks.Len() {
			t.Error("the scout kept every row: nothing was tried")
		}
		equal(t, whole, some, want, got)
	}
	scout := reconcile.NewScout(c.Reconcile)
	some, err := ingest.LoadWanted(context.Background(), dir, c.Ingest, scout, nil, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, some, scout)

	l, err := lake.Open(context.Background(), filepath.Join(t.TempDir(), "lake"), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, step := range []string{"filling the lake", "out of the lake", "out of the compacted lake"} {
		t.Run(step, func(t *testing.T) {
			if step == "out of the compacted lake" {
				if _, err := l.Compact(context.Background(), true); err != nil {
					t.Fatal(err)
				}
			}
			scout := reconcile.NewScout(c.Reconcile)
			some, err := ingest.LoadKept(context.Background(), dir, c.Ingest, scout, l, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, some, scout)
		})
	}
}

func equal(t *testing.T, whole, some *ingest.Loaded, want, got *gap.Result) {
	t.Helper()
	for _, part := range []struct {
		what      string
		want, got any
	}{
		{"inputs", whole.Inputs, some.Inputs}, {"rejects", whole.Rejects, some.Rejects}, {"missing", whole.Missing, some.Missing}, {"notes", whole.Notes, some.Notes},
		{"gaps", want.Gaps, got.Gaps}, {"contested", want.Contested, got.Contested}, {"claims", want.Answers, got.Answers}, {"incidents", want.Incidents, got.Incidents},
		{"all", rest(want), rest(got)},
	} {
		a, err := json.MarshalIndent(part.want, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.MarshalIndent(part.got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			i := 0
			for i < min(len(a), len(b)) && a[i] == b[i] {
				i++
			}
			from := max(0, i-300)
			t.Fatalf("%s differ from byte %d on\nof all rows:\n%s\n\nof the kept rows:\n%s", part.what, i, a[from:min(len(a), i+200)], b[from:min(len(b), i+200)])
		}
	}
}

func rest(r *gap.Result) gap.Result {
	c := *r
	c.Gaps, c.Contested, c.Answers, c.Incidents = nil, nil, nil, nil
	return c
}
