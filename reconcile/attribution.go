package reconcile

import (
	"cmp"
	"slices"
	"strconv"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// attribution pairs purchases with the platform's transactions: one transaction
// serves one purchase. It tries purchase ids first, then the customer key, the
// exact e-mail, the loose e-mail and last the stitched person; behind the ids
// amount and currency must fit and the record must lie close in time. What is
// then left on both sides is paired by the same keys without that.
type attribution struct {
	of   []int // per purchase: the transaction, or -1
	used []bool
	// unitFaults counts pairs whose amounts differ by exactly 100 or 1000.
	unitFaults int
}

// early is how long before the payment its record may lie, since clocks differ;
// backdated is the same for records made by hand, which know the day only.
const (
	early     = 6 * table.Hour
	backdated = 36 * table.Hour
)

func attribute(purchases []table.Purchase, place []gap.Place, txs []table.Transaction, person func(i int) int32, txPerson func(i int) int32, opt Options) *attribution {
	a := &attribution{of: make([]int, len(purchases)), used: make([]bool, len(txs))}
	for i := range a.of {
		a.of[i] = -1
	}
	live := func(i int) bool {
		return place[i] != gap.Duplicate && place[i] != gap.ExcludedReversal && place[i] != gap.ExcludedTest && place[i] != gap.ExcludedFailed
	}
	byID := make(map[string]int, len(purchases))
	byInvoice := map[string][]int{}
	for i := range purchases {
		if live(i) {
			byID[purchases[i].PurchaseID] = i
			if inv := purchases[i].InvoiceID; inv != "" {
				byInvoice[inv] = append(byInvoice[inv], i)
			}
		}
	}
	dead := func(t *table.Transaction) bool { return t.Archived == table.Yes || t.Test == table.Yes }
	pair := func(i, t int) {
		a.of[i], a.used[t] = t, true
	}
	for t := range txs {
		if dead(&txs[t]) || txs[t].PurchaseID == "" {
			continue
		}
		id := txs[t].PurchaseID
		if i, ok := byID[id]; ok && a.of[i] < 0 {
			if x, y := purchases[i].Amount, txs[t].Amount; x*100 == y || x*1000 == y || y*100 == x || y*1000 == x {
				a.unitFaults++
			}
			pair(i, t)
		} else if is := byInvoice[id]; len(is) == 1 && a.of[is[0]] < 0 {
			pair(is[0], t)
		}
	}
	rules := attributionKeys(purchases, txs, person, txPerson)
	match := table.Time(opt.MatchDays) * table.Day
	for _, r := range rules {
		a.pass(purchases, txs, live, dead, r, window{before: early, after: match})
	}
	// A unit that is set wrongly makes all amounts differ by one factor: a fault
	// of the data, not payments that were never recorded.
	for _, scale := range []scale{{1, 100}, {100, 1}, {1, 1000}, {1000, 1}} {
		for _, r := range rules {
			a.unitFaults += a.pass(purchases, txs, live, dead, r, window{before: early, after: match, scale: scale})
		}
	}
	// What is left over was recorded late, mostly by hand after a complaint.
	// Taking such a purchase for a gap would pay for it twice. Records from after
	// the end of what is known may belong to payments that have not been read.
	for _, r := range rules {
		a.pass(purchases, txs, live, dead, r, window{before: backdated, after: table.Time(opt.LookBackDays) * table.Day, until: opt.AsOf + match})
	}
	return a
}

// keys give the same text for the same thing on both sides, "" for none.
type keys struct{ purchase, tx func(i int) string }

// attributionKeys are the keys of each rule, in order.
func attributionKeys(purchases []table.Purchase, txs []table.Transaction, person, txPerson func(i int) int32) []keys {
	stitched := func(node int32) string {
		if node < 0 {
			return ""
		}
		return strconv.Itoa(int(node) + 1)
	}
	return []keys{
		{func(i int) string { return purchases[i].CustomerKey }, func(t int) string { return txs[t].CustomerKey }},
		{func(i int) string { return exactEmail(purchases[i].Email) }, func(t int) string { return exactEmail(txs[t].Email) }},
		{func(i int) string { return looseEmail(purchases[i].Email) }, func(t int) string { return looseEmail(txs[t].Email) }},
		{func(i int) string { return stitched(person(i)) }, func(t int) string { return stitched(txPerson(t)) }},
	}
}

type money struct {
	key      string
	currency string
	minor    int64
}

// window says how long before or after a payment its record may lie, until when
// at all (0: whenever), and by what its amount may differ.
type window struct {
	before, after, until table.Time
	scale                scale
}

// scale is a factor between a payment's amount and its record's; zero: none.
type scale struct{ up, down int64 }

// pass pairs what shares a key, currency and amount within the window, the
// closest in time first, and counts the pairs.
func (a *attribution) pass(purchases []table.Purchase, txs []table.Transaction, live func(int) bool, dead func(*table.Transaction) bool, k keys, w window) int {
	if w.scale == (scale{}) {
		w.scale = scale{1, 1}
	}
	// The records that are left are few, so they are indexed.
	open := map[money][]int{}
	for t := range txs {
		if a.used[t] || dead(&txs[t]) || w.until != 0 && txs[t].CreatedAt > w.until {
			continue
		}
		key := k.tx(t)
		if !usable(key) {
			continue
		}
		m := money{key, txs[t].Currency, txs[t].Amount * w.scale.down}
		open[m] = append(open[m], t)
	}
	if len(open) == 0 {
		return 0
	}
	type match struct {
		dt   table.Time
		i, t int
	}
	var ms []match
	for i := range purchases {
		if a.of[i] >= 0 || !live(i) || purchases[i].Amount > table.MaxAmount {
			continue
		}
		key := k.purchase(i)
		if key == "" {
			continue
		}
		for _, t := range open[money{key, purchases[i].Currency, purchases[i].Amount * w.scale.up}] {
			dt := txs[t].CreatedAt - purchases[i].PurchasedAt
			if dt >= -w.before && dt <= w.after {
				ms = append(ms, match{max(dt, -dt), i, t})
			}
		}
	}
	slices.SortFunc(ms, func(x, y match) int {
		// What follows is far away in memory, and most distances differ.
		if x.dt != y.dt {
			return cmp.Compare(x.dt, y.dt)
		}
		return cmp.Or(cmp.Compare(purchases[x.i].PurchasedAt, purchases[y.i].PurchasedAt),
			cmp.Compare(purchases[x.i].PurchaseID, purchases[y.i].PurchaseID),
			cmp.Compare(txs[x.t].TransactionKey, txs[y.t].TransactionKey),
			cmp.Compare(x.t, y.t))
	})
	paired := 0
	for _, m := range ms {
		if a.of[m.i] < 0 && !a.used[m.t] {
			a.of[m.i], a.used[m.t] = m.t, true
			paired++
		}
	}
	return paired
}
