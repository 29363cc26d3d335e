package reconcile_test

import (
	"reflect"
	"testing"

	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// Purchases that are followed end where the tie-out and the story of each put
// them, and following changes nothing else.
func TestFollow(t *testing.T) {
	v := makeVendor(t, small(41))
	plain := run(t, v.set, v.opt)
	opt := v.opt
	opt.Follow = []gap.Payment{{Processor: "stripe", PurchaseID: "of another vendor"}}
	seen := map[gap.Payment]bool{}
	for _, p := range v.set.Purchases.Rows() {
		k := gap.Payment{Processor: p.Processor, PurchaseID: p.PurchaseID}
		if !seen[k] {
			seen[k] = true
			opt.Follow = append(opt.Follow, k)
		}
	}
	res := run(t, v.set, opt)
	followed := res.Followed
	res.Followed = nil
	if !reflect.DeepEqual(res, plain) {
		t.Error("following changes the result")
	}
	if len(followed) != len(seen) || plain.Followed != nil {
		t.Errorf("%d purchases of %d are followed", len(followed), len(seen))
	}
	count := map[gap.Place]int{}
	gaps := map[string]bool{}
	for _, g := range plain.Gaps {
		gaps[g.GapID] = true
	}
	for i, f := range followed {
		count[f.Place]++
		if gaps[f.GapID] != (f.Place == gap.Unattributed) {
			t.Errorf("%v is %s", f.Payment, f.Place)
		}
		if i%40 > 0 {
			continue
		}
		for _, story := range reconcile.Find(v.set, v.opt, f.GapID) {
			if story.Place != gap.Duplicate && (story.Place != f.Place || story.CreditedTo != f.CreditedTo && f.Place == gap.Attributed) {
				t.Errorf("%v is %s of %q; its story says %s of %q", f.Payment, f.Place, f.CreditedTo, story.Place, story.CreditedTo)
			}
		}
	}
	for place, sum := range plain.TieOut.Placed {
		if place != gap.Duplicate && sum.Count != count[place] {
			t.Errorf("%s: %d, the tie-out has %d", place, count[place], sum.Count)
		}
	}
	if count[gap.Attributed] == 0 || count[gap.Unattributed] == 0 {
		t.Errorf("the vendor shows nothing: %v", count)
	}
}
