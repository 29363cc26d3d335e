package lake

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/table"
)

// people is a vendor's records of Ada, who is erased, and of others near her.
type people struct {
	clicks    []table.Click
	visits    []table.Visit
	signups   []table.Signup
	purchases []table.Purchase
	customers []table.Customer
	moved     []table.Transaction
	claims    []table.Claim
	consents  []table.Consent
	partners  []table.Partner
}

func adaAndOthers() people {
	at := table.Time(1769938200000000)
	p := people{
		clicks: []table.Click{
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-ada", Email: "Ada@Mail.example"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-ada"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-shared", Email: "ada@mail.example"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-shared", Email: "ben@mail.example"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-shared"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-tag", Email: "ada+news@mail.example"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-x", LandingURL: "https://shop.example/?email=ada%40mail.example&x=1"},
			{ClickedAt: at, PartnerKey: "acme", VisitorID: "v-y", LandingURL: "https://shop.example/?email=xada%40mail.example&x=1"},
		},
		visits: []table.Visit{
			{VisitedAt: at, URL: "/a", VisitorID: "v-ada"}, {VisitedAt: at, URL: "/b", VisitorID: "v-signup"}, {VisitedAt: at, URL: "/c", VisitorID: "v-ben"},
			{VisitedAt: at, URL: "/d", VisitorID: "v-shared"},
		},
		signups: []table.Signup{
			{SignedUpAt: at, Email: "ada@mail.example", VisitorID: "v-signup", CustomerKey: "c-ada"},
			{SignedUpAt: at, Email: "ben@mail.example", VisitorID: "v-ben", CustomerKey: "c-ben"},
		},
		purchases: []table.Purchase{
			{PurchaseID: "1", PurchasedAt: at, Amount: 100, Currency: "EUR", Email: "ADA@mail.example", Name: "Ada", CustomerID: "cus_1", CustomerKey: "c-ada", IP: "192.0.2.1", ClickID: "k"},
			{PurchaseID: "2", PurchasedAt: at, Amount: 200, Currency: "EUR", Name: "Ada", CustomerID: "cus_1"},
			{PurchaseID: "3", PurchasedAt: at, Amount: 300, Currency: "EUR", Email: "ben@mail.example", Name: "Ben", CustomerID: "guest"},
			{PurchaseID: "4", PurchasedAt: at, Amount: 400, Currency: "EUR", Email: "ada@mail.example", Name: "Ada", CustomerID: "guest"},
		},
		customers: []table.Customer{
			{PartnerKey: "acme", CustomerKey: "c-ada", Email: "ada@mail.example", Name: "Ada", Key: "cust_1"},
			{PartnerKey: "acme", CustomerKey: "ada@mail.example", Name: "Ada"},
			{PartnerKey: "acme", CustomerKey: "c-ben", Email: "ben@mail.example", Name: "Ben"},
		},
		moved: []table.Transaction{{CreatedAt: at, Amount: 100, Currency: "EUR", CustomerKey: "c-ada"}, {CreatedAt: at, Amount: 100, Currency: "EUR", CustomerKey: "c-ben"}},
		claims: []table.Claim{
			{ClaimedAt: at, PartnerKey: "acme", CustomerEmail: "ada@mail.example", CustomerName: "Ada", Note: "came by us"},
			{ClaimedAt: at, PartnerKey: "acme", CustomerName: "Ben", Note: "not ada@mail.example, the other"},
			{ClaimedAt: at, PartnerKey: "acme", CustomerName: "Ben", Note: "came by us"},
		},
		consents: []table.Consent{{DecidedAt: at, Choice: "granted", VisitorID: "v-signup"}, {DecidedAt: at, Choice: "denied", VisitorID: "v-ben"}},
		partners: []table.Partner{{PartnerKey: "acme", Name: "Ada", Email: "ada@mail.example"}},
	}
	return p
}

// screened are the records as they are read past a list.
func (p people) screened(s *Screen) people {
	screen := func(rows any) {
		v := reflect.ValueOf(rows).Elem()
		out := reflect.MakeSlice(v.Type(), 0, v.Len())
		for i := range v.Len() {
			keep := false
			switch r := v.Index(i).Addr().Interface().(type) {
			case *table.Click:
				keep = Apply(s, r)
			case *table.Visit:
				keep = Apply(s, r)
			case *table.Signup:
				keep = Apply(s, r)
			case *table.Purchase:
				keep = Apply(s, r)
			case *table.Customer:
				keep = Apply(s, r)
			case *table.Transaction:
				keep = Apply(s, r)
			case *table.Claim:
				keep = Apply(s, r)
			case *table.Consent:
				keep = Apply(s, r)
			case *table.Partner:
				keep = Apply(s, r)
			}
			if keep {
				out = reflect.Append(out, v.Index(i))
			}
		}
		v.Set(out)
	}
	for _, rows := range []any{&p.clicks, &p.visits, &p.signups, &p.purchases, &p.customers, &p.moved, &p.claims, &p.consents, &p.partners} {
		screen(rows)
	}
	return p
}

func writeRows[T table.Row](t *testing.T, w *Writer, rows []T) {
	t.Helper()
	to := RowsOf[T](w)
	for i := range rows {
		if err := to.Append(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func (p people) write(t *testing.T, l *Lake, key Key, name string) {
	t.Helper()
	list, err := l.Suppression(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	p = p.screened(list.Screen())
	w := l.Begin(key)
	writeRows(t, w, p.clicks)
	writeRows(t, w, p.visits)
	writeRows(t, w, p.signups)
	writeRows(t, w, p.purchases)
	writeRows(t, w, p.customers)
	writeRows(t, w, p.moved)
	writeRows(t, w, p.claims)
	writeRows(t, w, p.consents)
	writeRows(t, w, p.partners)
	if err := w.Commit(context.Background(), Account{Name: name, Used: day0}); err != nil {
		t.Fatal(err)
	}
}

func TestErase(t *testing.T) {
	ctx := context.Background()
	for _, compacted := range []bool{false, true} {
		dir := t.TempDir()
		l := open(t, dir)
		all, ben := KeyOf("all"), KeyOf("ben")
		adaAndOthers().write(t, l, all, "all")
		people{clicks: adaAndOthers().clicks[3:4], signups: adaAndOthers().signups[1:]}.write(t, l, ben, "ben")
		if compacted {
			if done, err := l.Compact(ctx, true); err != nil || done.After != 1 {
				t.Fatal(done, err)
			}
		}
		if _, err := l.Erase(ctx, "nobody", false, day0); err == nil || strings.Contains(err.Error(), "nobody@") {
			t.Errorf("no address: %v", err)
		}
		gone, err := l.Erase(ctx, " ADA@mail.example ", false, day0)
		if err != nil {
			t.Fatal(err)
		}
		if len(gone.Inputs) != 1 || gone.Inputs[0].Key != all || gone.Visitors != 2 || gone.Shared != 1 || gone.Variants != 1 {
			t.Errorf("%+v", gone)
		}
		want := map[table.Kind]int64{table.Clicks: 4, table.Visits: 2, table.Signups: 1, table.Purchases: 3, table.Customers: 2, table.Transactions: 1,
			table.Claims: 2, table.Consents: 1, table.Partners: 1}
		if !reflect.DeepEqual(gone.Rows, want) {
			t.Errorf("rows: %v", gone.Rows)
		}
		if in, err := l.Input(ctx, all); in != nil || err != nil {
			t.Errorf("the input is there still: %v", err)
		}
		if in, err := l.Input(ctx, ben); in == nil || err != nil {
			t.Errorf("another input went too: %v", err)
		}
		if s, err := l.Status(ctx); err != nil || s.ToErase != 0 || s.Dead != 0 || s.Suppressed != 1 {
			t.Errorf("%+v, %v", s, err)
		}
		// Nothing on disk names her: no part, and no page of the catalog.
		if err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			for _, s := range []string{"ada@", "ADA@", "v-ada", "c-ada"} {
				if bytes.Contains(b, []byte(s)) {
					t.Errorf("%s has %s", path, s)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}

		// Read again, she does not come back.
		adaAndOthers().write(t, l, all, "all")
		v, err := l.View(ctx, []Use{{all, 0}})
		if err != nil {
			t.Fatal(err)
		}
		clicks, err := scanned[table.Click](ctx, v)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, c := range clicks {
			left = append(left, c.VisitorID)
		}
		if slices.Sort(left); !slices.Equal(left, []string{"v-shared", "v-shared", "v-tag", "v-y"}) {
			t.Errorf("clicks left: %v", left)
		}
		bought, err := scanned[table.Purchase](ctx, v)
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, p := range bought {
			sum += p.Amount
			if mine := p.PurchaseID != "3"; mine && p.Name+p.IP+p.ClickID != "" || !mine && p.Name != "Ben" {
				t.Errorf("%+v", p)
			}
		}
		if sum != 1000 {
			t.Errorf("the purchases come to %d", sum)
		}
		// What stays of her ties as before.
		if a, b := bought[0], bought[3]; a.Email != b.Email || !strings.HasSuffix(a.Email, "@erased.invalid") || a.CustomerID != bought[1].CustomerID || b.CustomerID != "guest" {
			t.Errorf("%+v %+v", a, b)
		}
		customers, err := scanned[table.Customer](ctx, v)
		if err != nil {
			t.Fatal(err)
		}
		if c := customers[0]; c.Email != bought[0].Email || c.CustomerKey != bought[0].CustomerKey || c.Name != "" || c.Key != "cust_1" || customers[1].CustomerKey != bought[0].Email {
			t.Errorf("%+v", customers)
		}
		moved, err := scanned[table.Transaction](ctx, v)
		if err != nil || moved[0].CustomerKey != bought[0].CustomerKey || moved[1].CustomerKey != "c-ben" {
			t.Errorf("%+v, %v", moved, err)
		}
		claims, err := scanned[table.Claim](ctx, v)
		if err != nil || claims[0].CustomerName+claims[0].Note != "" || claims[1].Note != "" || claims[2].Note == "" || claims[0].CustomerEmail != bought[0].Email {
			t.Errorf("%+v, %v", claims, err)
		}
		partners, err := scanned[table.Partner](ctx, v)
		if err != nil || partners[0].Name != "" || partners[0].PartnerKey != "acme" || partners[0].Email != bought[0].Email {
			t.Errorf("%+v, %v", partners, err)
		}
		// Erased twice, nothing more is found.
		if gone, err := l.Erase(ctx, "ada@mail.example", false, day0); err != nil || len(gone.Inputs) != 0 {
			t.Errorf("again: %+v, %v", gone, err)
		}
		// With all spellings.
		if gone, err := l.Erase(ctx, "ada@mail.example", true, day0); err != nil || len(gone.Inputs) != 1 || gone.Rows[table.Clicks] != 1 {
			t.Errorf("with variants: %+v, %v", gone, err)
		}
	}
}

// The list serves a run without the lake, and is the same there.
func TestSuppressionIn(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if s, err := SuppressionIn(ctx, filepath.Join(dir, "none")); s != nil || err != nil || s.Screen() != nil {
		t.Errorf("no lake: %v, %v", s, err)
	}
	l := open(t, dir)
	adaAndOthers().write(t, l, KeyOf("all"), "all")
	if _, err := l.Erase(ctx, "ada@mail.example", false, day0); err != nil {
		t.Fatal(err)
	}
	inside, err := l.Suppression(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	outside, err := SuppressionIn(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	a, b := adaAndOthers().screened(inside.Screen()), adaAndOthers().screened(outside.Screen())
	if outside.Empty() || !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, adaAndOthers()) {
		t.Errorf("%+v\n%+v", a, b)
	}
}
