package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// recorded is the platform's record of a purchase as [paid] makes them, an
// hour later and without any key.
func recorded(set func(*table.Transaction)) table.Transaction {
	t := table.Transaction{CreatedAt: at("2026-03-10 13:00"), Amount: 4900, Currency: "USD"}
	set(&t)
	return t
}

func TestAttribution(t *testing.T) {
	buy := func(id string, set func(*table.Purchase)) table.Purchase {
		p := paid(id)
		set(&p)
		return p
	}
	key := func(k string) func(*table.Purchase) { return func(p *table.Purchase) { p.CustomerKey = k } }
	mail := func(e string) func(*table.Purchase) { return func(p *table.Purchase) { p.Email = e } }
	later := func(k string, dt table.Time) table.Transaction {
		return recorded(func(t *table.Transaction) { t.CustomerKey, t.CreatedAt = k, paid("").PurchasedAt+dt })
	}
	for _, tc := range []struct {
		name      string
		purchases []table.Purchase
		txs       []table.Transaction
		want      []int // per purchase: the transaction, -1
		faults    int
	}{
		{"nothing recorded", []table.Purchase{paid("a")}, nil, []int{-1}, 0},
		{"by purchase id, whatever else it says", []table.Purchase{paid("a")},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID, t.Amount, t.Currency, t.CreatedAt = "a", 1, "EUR", 1 })}, []int{0}, 0},
		{"by invoice", []table.Purchase{buy("a", func(p *table.Purchase) { p.InvoiceID = "in1" })},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID = "in1" })}, []int{0}, 0},
		{"an invoice of two payments names neither", []table.Purchase{buy("a", func(p *table.Purchase) { p.InvoiceID = "in1" }), buy("b", func(p *table.Purchase) { p.InvoiceID = "in1" })},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID = "in1" })}, []int{-1, -1}, 0},
		{"a factor of 100 is counted", []table.Purchase{paid("a")},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID, t.Amount = "a", 490000 })}, []int{0}, 1},
		{"a factor of 1000 is counted", []table.Purchase{buy("a", func(p *table.Purchase) { p.Amount = 4900000 })},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID = "a" })}, []int{0}, 1},
		{"a factor of 10 is no fault of unit", []table.Purchase{paid("a")},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID, t.Amount = "a", 49000 })}, []int{0}, 0},
		{"by customer key", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c1", table.Hour)}, []int{0}, 0},
		{"by another key", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c2", table.Hour)}, []int{-1}, 0},
		{"keys that mean none", []table.Purchase{buy("a", key("null"))}, []table.Transaction{later("null", table.Hour)}, []int{-1}, 0},
		{"by e-mail in other letters", []table.Purchase{buy("a", mail("Ada@Mail.example "))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.Email = "ada@mail.example" })}, []int{0}, 0},
		{"by a variant of the e-mail", []table.Purchase{buy("a", mail("ada+x@mail.example"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.Email = "ada@mail.example" })}, []int{0}, 0},
		{"the exact e-mail before the variant", []table.Purchase{buy("a", mail("ada+x@mail.example")), buy("b", mail("ada@mail.example"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.Email = "ada@mail.example" })}, []int{-1, 0}, 0},
		{"the key before the e-mail", []table.Purchase{buy("a", mail("ada@mail.example")), buy("b", key("c1"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.Email, t.CustomerKey = "ada@mail.example", "c1" })}, []int{-1, 0}, 0},
		{"another amount", []table.Purchase{buy("a", key("c1"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.CustomerKey, t.Amount = "c1", 4901 })}, []int{-1}, 0},
		{"another currency", []table.Purchase{buy("a", key("c1"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.CustomerKey, t.Currency = "c1", "EUR" })}, []int{-1}, 0},
		{"three days late", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c1", 3*table.Day)}, []int{0}, 0},
		{"by hand, weeks late", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c1", 30*table.Day)}, []int{0}, 0},
		{"by hand, dated to the day before", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c1", -36*table.Hour)}, []int{0}, 0},
		{"earlier than any hand would date it", []table.Purchase{buy("a", key("c1"))}, []table.Transaction{later("c1", -36*table.Hour-1)}, []int{-1}, 0},
		{"one transaction serves one purchase, the nearer", []table.Purchase{buy("a", func(p *table.Purchase) { p.CustomerKey, p.PurchasedAt = "c1", p.PurchasedAt-table.Day }), buy("b", key("c1"))},
			[]table.Transaction{later("c1", table.Hour)}, []int{-1, 0}, 0},
		{"two and two, each to its own", []table.Purchase{buy("a", func(p *table.Purchase) { p.CustomerKey, p.PurchasedAt = "c1", p.PurchasedAt-table.Day }), buy("b", key("c1"))},
			[]table.Transaction{later("c1", table.Hour), later("c1", -23*table.Hour)}, []int{1, 0}, 0},
		{"archived", []table.Purchase{buy("a", key("c1"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.CustomerKey, t.Archived = "c1", table.Yes })}, []int{-1}, 0},
		{"archived, by id", []table.Purchase{paid("a")},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.PurchaseID, t.Archived = "a", table.Yes })}, []int{-1}, 0},
		{"test", []table.Purchase{buy("a", key("c1"))},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.CustomerKey, t.Test = "c1", table.Yes })}, []int{-1}, 0},
		{"a failed payment takes none", []table.Purchase{buy("a", func(p *table.Purchase) { p.CustomerKey, p.Status = "c1", table.StatusFailed }), buy("b", key("c1"))},
			[]table.Transaction{later("c1", 0)}, []int{-1, 0}, 0},
		{"a refunded payment has its own", []table.Purchase{buy("a", func(p *table.Purchase) { p.CustomerKey, p.Refunded = "c1", 4900 }), buy("b", func(p *table.Purchase) { p.CustomerKey, p.PurchasedAt = "c1", p.PurchasedAt+table.Day })},
			[]table.Transaction{later("c1", table.Hour)}, []int{0, -1}, 0},
		{"by the person the ids lead to", []table.Purchase{buy("a", func(p *table.Purchase) { p.Name = "person 7" })},
			[]table.Transaction{recorded(func(t *table.Transaction) { t.TransactionKey = "person 7" })}, []int{0}, 0},
	} {
		opt := judged()
		a := attribute(tc.purchases, places(tc.purchases, opt).place, tc.txs,
			func(i int) int32 { return numbered(tc.purchases[i].Name) },
			func(k int) int32 { return numbered(tc.txs[k].TransactionKey) }, opt)
		if !slices.Equal(a.of, tc.want) || a.unitFaults != tc.faults {
			t.Errorf("%s: paired %v with %d faults of unit, want %v with %d", tc.name, a.of, a.unitFaults, tc.want, tc.faults)
		}
		for k := range tc.txs {
			if a.used[k] != slices.Contains(tc.want, k) {
				t.Errorf("%s: transaction %d used: %v", tc.name, k, a.used[k])
			}
		}
	}
}

// numbered reads "person 7"; -1 for anything else.
func numbered(s string) int32 {
	var n int32
	if _, err := fmt.Sscanf(s, "person %d", &n); err != nil {
		return -1
	}
	return n
}

// What is recorded soon is paired before what may have been recorded late, so
// that a renewal's record is never taken for an older payment that has none.
func TestRenewalsKeepTheirRecords(t *testing.T) {
	var purchases []table.Purchase
	var txs []table.Transaction
	for month := range 4 {
		p := paid(fmt.Sprint(month))
		p.CustomerKey, p.PurchasedAt = "c1", p.PurchasedAt+table.Time(month)*30*table.Day
		purchases = append(purchases, p)
		if month != 1 {
			txs = append(txs, table.Transaction{CreatedAt: p.PurchasedAt + 20*table.Hour, Amount: p.Amount, Currency: p.Currency, CustomerKey: "c1"})
		}
	}
	nobody := func(int) int32 { return -1 }
	a := attribute(purchases, make([]gap.Place, len(purchases)), txs, nobody, nobody, judged())
	if want := []int{0, -1, 1, 2}; !slices.Equal(a.of, want) {
		t.Errorf("paired %v, want %v: the second month's payment was not recorded", a.of, want)
	}
}
