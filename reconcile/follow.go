package reconcile

import (
	"lostlink/reconcile/gap"
)

// follow tells where the purchases ended that [Options.Follow] names. Of a
// payment that stands in the input twice, the one that counts.
func (b *builder) follow() []gap.Followed {
	if len(b.opt.Follow) == 0 {
		return nil
	}
	at := make(map[gap.Payment]int, len(b.opt.Follow))
	for _, p := range b.opt.Follow {
		at[p] = -1
	}
	for i := range b.purchases {
		p := gap.Payment{Processor: b.purchases[i].Processor, PurchaseID: b.purchases[i].PurchaseID}
		if _, ok := at[p]; ok && b.placed.place[i] != gap.Duplicate {
			at[p] = i
		}
	}
	var out []gap.Followed
	for _, p := range b.opt.Follow {
		i := at[p]
		if i < 0 {
			continue
		}
		f := gap.Followed{Payment: p, GapID: gapID(b.opt.InstallationKey, p.Processor, p.PurchaseID), Place: b.placed.place[i]}
		switch {
		case f.Place != "":
		case b.attributed.of[i] < 0:
			f.Place = gap.Unattributed
		default:
			f.Place = gap.Attributed
			if c := b.creditedCustomer(i); c != nil {
				f.CreditedTo = c.PartnerKey
			}
		}
		out = append(out, f)
	}
	return out
}
