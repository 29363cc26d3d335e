package ingest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/table"
	"lostlink/testdata/need"
)

// What is in the simulated vendors' files beside what world.json counts: rows
// that are no page or that were broken on purpose, and what hangs on sign-ups.
var worlds = map[string]struct {
	payments, reversals int // PayPal lists no test payments; its refunds are rows
	visits, rejected    int // cedar's broken lines lack the log format's last fields
	kinds               []table.Kind
}{
	"alder": {payments: 6738, visits: 33748, rejected: 23, kinds: []table.Kind{table.PageChecks}},
	"birch": {payments: 6544, reversals: 242, visits: 33507, kinds: []table.Kind{table.Consents}},
	"cedar": {payments: 6504, visits: 32989, rejected: 60, kinds: []table.Kind{table.PageChecks}},
}

func TestWorlds(t *testing.T) {
	for name, want := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := need.Shared(t, filepath.Join("worlds", name))
			cfg, err := config.Load(filepath.Join("..", "testdata", "worlds", name+".yaml"), nil)
			if err != nil {
				t.Fatal(err)
			}
			var world struct{ Counts map[string]int }
			data, err := os.ReadFile(filepath.Join(dir, "world.json"))
			if err == nil {
				err = json.Unmarshal(data, &world)
			}
			if err != nil {
				t.Fatal(err)
			}
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			l, err := ingest.Load(context.Background(), dir, cfg.Ingest, mem)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Set.Release()
			var purchases, reversals int
			for _, p := range l.Set.Purchases.All() {
				if p.IsReversal() {
					reversals++
					if p.ReversalOf == "" {
						t.Errorf("%s: a reversal of nothing", p.PurchaseID)
					}
				} else {
					purchases++
				}
			}
			for _, c := range []struct {
				what      string
				got, want int
			}{
				{"payments", purchases, want.payments},
				{"reversals", reversals, want.reversals},
				{"sign-ups", l.Set.Signups.Len(), world.Counts["signups"]},
				{"claims", l.Set.Claims.Len(), world.Counts["claims"]},
				{"visits", l.Set.Visits.Len(), want.visits},
				{"rejects", len(l.Rejects), want.rejected},
			} {
				if c.got != c.want {
					t.Errorf("%d %s, want %d", c.got, c.what, c.want)
				}
			}
			pages, clicks := 0, map[string]int{}
			for _, v := range l.Set.Visits.All() {
				if v.HTTPStatus == 200 || v.HTTPStatus == 0 {
					pages++
				}
			}
			for _, c := range l.Set.Clicks.All() {
				clicks[l.Inputs[c.File].Source]++
			}
			if pages != world.Counts["hits"] {
				t.Errorf("%d pages, want %d", pages, world.Counts["hits"])
			}
			if clicks["clicks"] != world.Counts["clicks"] || len(clicks) != 2 {
				t.Errorf("clicks by source %v, want %d of clicks, and those of the log", clicks, world.Counts["clicks"])
			}
			for _, k := range append(want.kinds, table.Customers, table.Transactions, table.Links, table.Partners) {
				if !l.Set.Has(k) {
					t.Errorf("no table %s", k)
				}
			}
			if len(l.Missing) > 0 {
				t.Errorf("missing: %v", l.Missing)
			}
		})
	}
}
