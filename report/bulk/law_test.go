package bulk_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lostlink/ingest/table"
	"lostlink/report/bulk"
	"lostlink/report/review"
)

// odd are values of which some must not reach a file.
var odd = []string{"", "ada", "auth0|bo", "=1+1", "+49170", "-x", "@SUM(1)", "\tx", " =1+1", "a\nb", "a,b", `"q"`, "'t Hooft", "Zoë & Co", "x\x00", "jo@example.com", "JO@example.com", "=c@example.com", "\u202e x"}

// TestLaws makes batches of odd purchases: each purchase is made once or refused
// once, a customer at most once, money ties, and no cell of a file that is
// uploaded begins like a formula.
func TestLaws(t *testing.T) {
	dir := t.TempDir()
	template := func(name, heads string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(heads+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	columns := []bulk.Column{
		{File: "customers", From: "email", To: "email"}, {File: "customers", From: "customer_key", To: "key"}, {File: "customers", From: "provider_key", To: "provider"},
		{File: "customers", From: "partner_key", To: "partner"}, {File: "customers", From: "name", To: "name"},
		{File: "transactions", From: "customer_key", To: "customer"}, {File: "transactions", From: "amount", To: "amount"}, {File: "transactions", From: "currency", To: "currency"},
		{File: "transactions", From: "purchased_on", To: "day"}, {File: "transactions", From: "description", To: "text"},
		{File: "rewards", From: "customer_key", To: "customer"}, {File: "rewards", From: "reward", To: "amount"}, {File: "rewards", From: "description", To: "text"},
	}
	templates := []bulk.Template{
		{File: "customers", Path: template("c.csv", "email,key,provider,partner,name")},
		{File: "transactions", Path: template("t.csv", "customer;amount;currency;day;text")},
		{File: "rewards", Path: template("r.csv", "customer,amount,text")},
	}
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		purchases := func(label string, most int) []review.Approved {
			return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) review.Approved {
				id := rapid.IntRange(1, 30).Draw(r, "id")
				// Mostly what fits, so that one odd value is often the only one.
				word := func(label, fits string) string {
					if rapid.IntRange(0, 3).Draw(r, label+" is odd") > 0 {
						return fmt.Sprintf(fits, id/2)
					}
					return rapid.SampledFrom(odd).Draw(r, label)
				}
				return review.Approved{
					Key: fmt.Sprint(id), GapID: fmt.Sprintf("LL-%04d", id), Processor: rapid.SampledFrom([]string{"stripe", "paypal", ""}).Draw(r, "processor"),
					PurchaseID: fmt.Sprintf("ch_%d", id), PurchasedAt: table.Time(20500+id) * table.Day, CustomerEmail: word("email", "c%d@example.com"), CustomerName: word("name", "Customer %d"),
					CustomerID: word("customer", "cus_%d"), CustomerKey: word("key", "k-%d"), PartnerKey: rapid.SampledFrom([]string{"acme", "acme", "blog", "@x"}).Draw(r, "partner"),
					Amount: rapid.Int64Range(-1, 5000).Draw(r, "amount"), Currency: rapid.SampledFrom([]string{"USD", "JPY"}).Draw(r, "currency"),
					ClickID: rapid.SampledFrom([]string{"", "click1", "click2", "=x"}).Draw(r, "click"), ClickedAt: 20490 * table.Day,
					Commission: 100, Estimated: rapid.Bool().Draw(r, "estimated"), Credited: rapid.Bool().Draw(r, "credited"),
				}
			}), 0, most).Draw(r, label)
		}
		list := purchases("approved", 12)
		o := bulk.Options{Settings: bulk.Settings{Platform: "partnerstack", Credit: rapid.SampledFrom([]bulk.Credit{bulk.CreditTransaction, bulk.CreditReward}).Draw(r, "credit"),
			ClickDays: 90, RowsMax: rapid.IntRange(0, 3).Draw(r, "rows"), Templates: templates, Columns: columns}, At: 20560 * table.Day, Made: purchases("made", 4)}
		n++
		w, err := bulk.Write(filepath.Join(dir, fmt.Sprint(n)), list, o)
		if err != nil {
			r.Fatal(err)
		}
		lawful(r, list, &w)
		for _, f := range w.Files {
			data, err := os.ReadFile(filepath.Join(w.Dir, f.Name))
			if err != nil {
				r.Fatal(err)
			}
			if filepath.Ext(f.Name) != ".csv" || f.Kind == "" {
				continue
			}
			in := csv.NewReader(strings.NewReader(string(data)))
			if f.Kind == bulk.Transaction {
				in.Comma = ';'
			}
			rows, err := in.ReadAll()
			if err != nil || len(rows) != len(f.Items)+1 {
				r.Fatalf("%s has %d rows for %d items: %v", f.Name, len(rows), len(f.Items), err)
			}
			for _, row := range rows {
				for _, cell := range row {
					if first := strings.TrimLeft(cell, " "); first != "" && strings.ContainsAny(first[:1], "=+-@\t\r\n\x00'\"") || strings.ContainsAny(cell, "\n\r\x00\"") {
						r.Errorf("%s holds %q", f.Name, cell)
					}
				}
			}
		}
	})
}

// lawful holds for the batches of a platform that knows customers.
func lawful(r *rapid.T, list []review.Approved, w *bulk.Written) {
	paid, refused, approved := map[string]int{}, map[string]int{}, map[string]int{}
	var sum int64
	for _, a := range list {
		approved[a.Key]++
		sum += a.Amount
	}
	customers := map[string]bool{}
	for _, it := range w.Items {
		switch it.Kind {
		case bulk.Customer, bulk.Click:
			for _, k := range []string{"key " + it.CustomerKey, "mail " + strings.ToLower(it.Purchase.CustomerEmail)} {
				if customers[k] {
					r.Errorf("a customer is made twice: %s", k)
				}
				customers[k] = true
			}
		default:
			paid[it.Key]++
			sum -= it.Purchase.Amount
		}
	}
	for _, x := range w.Refused {
		refused[x.Purchase.Key]++
		sum -= x.Purchase.Amount
	}
	for key, n := range approved {
		if n == 1 && paid[key]+refused[key] != 1 || n > 1 && (paid[key] != 0 || refused[key] != n) {
			r.Errorf("%s, approved %d times, is paid %d and refused %d times", key, n, paid[key], refused[key])
		}
	}
	if sum != 0 {
		r.Errorf("the money does not tie: %d over", sum)
	}
}
