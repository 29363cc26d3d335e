package reconcile_test

import (
	"reflect"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// What is asked for one by one is what the run says of all.
func TestFindAgreesWithRun(t *testing.T) {
	v := makeVendor(t, small(206))
	res := run(t, v.set, v.opt)
	if len(res.Gaps) < 20 {
		t.Fatalf("%d gaps only", len(res.Gaps))
	}
	for i := 0; i < len(res.Gaps); i += len(res.Gaps) / 8 {
		want := &res.Gaps[i]
		for _, id := range []string{want.PurchaseID, want.GapID, strings.ToLower(want.GapID)} {
			found := reconcile.Find(v.set, v.opt, id)
			if len(found) != 1 || found[0].Place != gap.Unattributed || found[0].Transaction != nil || !reflect.DeepEqual(found[0].Gap, want) {
				t.Errorf("%s: %+v, want the gap %+v", id, found, want)
			}
		}
		among := false
		last := table.Time(0)
		for _, f := range reconcile.Find(v.set, v.opt, strings.ToUpper(want.Email)) {
			among = among || f.Gap != nil && f.Gap.GapID == want.GapID
			if f.Purchase.PurchasedAt < last {
				t.Errorf("%s: not in order of time", want.Email)
			}
			last = f.Purchase.PurchasedAt
		}
		if !among {
			t.Errorf("%s is not among the purchases of %s", want.PurchaseID, want.Email)
		}
	}
	// Every purchase is found, in the place where the run put its kind.
	places := map[gap.Place]int{}
	rows := v.set.Purchases.Rows()
	for i := 0; i < len(rows); i += max(1, len(rows)/20) {
		for _, f := range reconcile.Find(v.set, v.opt, rows[i].PurchaseID) {
			places[f.Place]++
			if (f.Place == gap.Attributed) != (f.Transaction != nil) || (f.Place == gap.Unattributed) != (f.Gap != nil) || len(f.Timeline) == 0 {
				t.Errorf("%s: %+v", rows[i].PurchaseID, f)
			}
		}
	}
	if places[gap.Attributed] == 0 || places[gap.Unattributed] == 0 {
		t.Errorf("found %v: too few kinds to show anything", places)
	}
	for _, id := range []string{"", "nobody@mail.example", "ch_of_somebody_else", "LL-0000-0000-0000"} {
		if found := reconcile.Find(v.set, v.opt, id); found != nil {
			t.Errorf("%q finds %d purchases", id, len(found))
		}
	}
}
