package push_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lostlink/ingest/table"
	"lostlink/report/bulk"
	"lostlink/report/push"
	"lostlink/report/review"
	"lostlink/testdata/platform"
)

// day is when the purchases of the tests were made, and planned the batch.
var (
	day     = table.TimeOf(time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC))
	planned = table.TimeOf(time.Now().Add(-time.Minute))
)

// purchase makes up one.
func purchase(n int, customer, partner string) review.Approved {
	return review.Approved{
		Key: fmt.Sprintf("key-%d", n), GapID: fmt.Sprintf("LL-%04d", n), Processor: "stripe", PurchaseID: fmt.Sprintf("ch_%d", n),
		PurchasedAt: day + table.Time(n)*table.Day, CustomerEmail: customer + "@example.com", CustomerName: customer, CustomerID: "cus_" + customer,
		CustomerKey: "key-" + customer, PartnerKey: partner, Amount: int64(1000 + n), Currency: "USD", Commission: 200, Estimated: true,
	}
}

// some are purchases of all sorts: of a customer who bought twice, of one who
// has a click, of one without a key, of one the platform has.
func some() []review.Approved {
	click := purchase(4, "dan", "blog")
	click.ClickID, click.ClickedAt = "clickdan", planned-table.Day
	keyless := purchase(5, "eve", "blog")
	keyless.CustomerKey = ""
	credited := purchase(6, "fay", "acme")
	credited.Credited = true
	return []review.Approved{purchase(1, "ada", "acme"), purchase(2, "ada", "acme"), purchase(3, "bo", "acme"), click, keyless, credited}
}

func plan(t *testing.T, approved []review.Approved, credit bulk.Credit) *bulk.Plan {
	t.Helper()
	o := bulk.Options{Settings: bulk.DefaultSettings(), Batch: "b", At: planned, API: true}
	o.Credit = credit
	p, err := bulk.NewPlan(approved, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Refused) > 0 {
		t.Fatalf("refused: %+v", p.Refused)
	}
	return p
}

// server starts a platform that has the customer fay.
func server(t *testing.T) *platform.Server {
	t.Helper()
	s := platform.New()
	t.Cleanup(s.Close)
	prepare(s)
	return s
}

func prepare(s *platform.Server) {
	s.Clear()
	s.Trouble = nil
	s.Clicks["clickdan"] = "blog"
	s.Add("customers", platform.Object{"key": "cust_fay", "email": "fay@example.com", "customer_key": "key-fay", "partner_key": "acme", "created_at": 1})
}

func options(s *platform.Server) push.Options {
	return push.Options{
		Settings:    push.Settings{Address: s.URL, ConversionAddress: s.URL},
		Credentials: push.Credentials{PublicKey: platform.PublicKey, SecretKey: push.NewSecret(platform.SecretKey), Token: push.NewSecret(platform.Token)},
		Batch:       planned.Std(), Began: time.Now(), Now: time.Now,
		Timeout: 5 * time.Second, Wait: time.Millisecond, Patience: 300 * time.Millisecond,
	}
}

// journal keeps outcomes in memory. A kill is a panic at one of its notes,
// before or after it is kept.
type journal struct {
	known       map[string]push.Outcome
	notes       int
	killAt      int // the note at which the process dies; 0 never
	killedAfter bool
}

type killed struct{}

func newJournal() *journal { return &journal{known: map[string]push.Outcome{}} }

func (j *journal) Outcomes(context.Context) (map[string]push.Outcome, error) { return j.known, nil }

func (j *journal) Note(_ context.Context, it bulk.Item, o push.Outcome) error {
	j.notes++
	if j.notes == j.killAt && !j.killedAfter {
		panic(killed{})
	}
	j.known[it.ID] = o
	if j.notes == j.killAt {
		panic(killed{})
	}
	return nil
}

// send runs a push; dead tells that it was killed.
func send(items []bulk.Item, j push.Journal, o push.Options) (r push.Result, err error, dead bool) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(killed); !ok {
				panic(p)
			}
			dead = true
		}
	}()
	r, err = push.Run(context.Background(), items, j, o)
	return r, err, false
}

// once holds the platform to having each item once.
func once(t *testing.T, what string, s *platform.Server, p *bulk.Plan) {
	t.Helper()
	count := map[string]int{}
	for _, o := range s.All("transactions") {
		count["transaction "+o.Text("key")]++
	}
	for _, o := range s.All("rewards") {
		id, _, _ := strings.Cut(o.Text("description"), ":")
		count["reward "+id]++
	}
	for _, o := range s.All("customers") {
		count["customer "+o.Text("customer_key")]++
	}
	want := map[string]int{"customer key-fay": 1}
	for _, it := range p.Items {
		switch it.Kind {
		case bulk.Transaction, bulk.Reward:
			want[string(it.Kind)+" "+it.Purchase.GapID] = 1
		default:
			want["customer "+it.CustomerKey] = 1
		}
	}
	for k, n := range want {
		if count[k] != n {
			t.Errorf("%s: the platform has %s %d times", what, k, count[k])
		}
	}
	if len(count) != len(want) {
		t.Errorf("%s: the platform has %v, want %v", what, count, want)
	}
}

func posts(s *platform.Server) int {
	n := 0
	for _, l := range s.Log() {
		if strings.HasPrefix(l, "POST ") {
			n++
		}
	}
	return n
}

func TestRun(t *testing.T) {
	for _, credit := range []bulk.Credit{bulk.CreditTransaction, bulk.CreditReward} {
		s := server(t)
		s.Page = 2
		p := plan(t, some(), credit)
		j := newJournal()
		told := 0
		o := options(s)
		o.Progress = func(done, of int) {
			if told++; done != told || of != len(p.Items) {
				t.Errorf("progress %d of %d at call %d", done, of, told)
			}
		}
		r, err, _ := send(p.Items, j, o)
		if err != nil || r.Count(push.Made) != len(p.Items) || len(r.Open) > 0 {
			t.Fatalf("%s: %+v %v", credit, r, err)
		}
		once(t, string(credit), s, p)
		if told != len(p.Items) {
			t.Errorf("%d items were told of", told)
		}
		for _, c := range s.All("customers") {
			switch c.Text("customer_key") {
			case "key-dan":
				if c.Text("xid") != "clickdan" || c.Text("partner_key") != "blog" {
					t.Errorf("dan's click was not handed in: %v", c)
				}
			case "key-ada":
				if c.Text("provider_key") != "cus_ada" || c.Text("partner_key") != "acme" {
					t.Errorf("ada is %v", c)
				}
			}
		}
		for _, x := range s.All("transactions") {
			if x.Text("key") == "LL-0002" && (x["amount"] != float64(1002) || x["created_at"] != float64((day+2*table.Day).Std().UnixMilli()) ||
				x["metadata"].(map[string]any)["charge_id"] != "ch_2" || x.Text("customer_external_key") != "key-ada") {
				t.Errorf("the second transaction is %v", x)
			}
		}
		// Again, and again with a journal that was lost.
		for _, j := range []*journal{j, newJournal()} {
			before := posts(s)
			if r, err, _ := send(p.Items, j, options(s)); err != nil || r.Count(push.Made) != len(p.Items) {
				t.Errorf("again: %+v %v", r, err)
			}
			if posts(s) != before {
				t.Errorf("%s: %d requests to create what is there", credit, posts(s)-before)
			}
		}
	}
}

// faults are what may happen to a request.
var faults = map[string]platform.Trouble{
	"busy":               {Status: http.StatusTooManyRequests, RetryAfter: "0"},
	"busy, no word":      {Status: http.StatusTooManyRequests},
	"overloaded":         {Status: http.StatusServiceUnavailable, RetryAfter: "0"},
	"error before":       {Status: http.StatusInternalServerError},
	"error after":        {Status: http.StatusInternalServerError, After: true},
	"gateway after":      {Status: http.StatusBadGateway, After: true},
	"gone before":        {Lost: true},
	"answer lost":        {Lost: true, After: true},
	"half an answer":     {After: true},
	"timeout after":      {Status: http.StatusGatewayTimeout, After: true},
	"unavailable, after": {Status: http.StatusServiceUnavailable, After: true},
}

// TestFaults strikes each request in turn with each fault, and asks again until
// all is done: nothing twice, nothing lost.
func TestFaults(t *testing.T) {
	for _, credit := range []bulk.Credit{bulk.CreditTransaction, bulk.CreditReward} {
		s := server(t)
		p := plan(t, some(), credit)
		clean := newJournal()
		if _, err, _ := send(p.Items, clean, options(s)); err != nil {
			t.Fatal(err)
		}
		requests := len(s.Log())
		for name, fault := range faults {
			for struck := 1; struck <= requests+1; struck++ {
				prepare(s)
				s.Trouble = func(n int, _ *http.Request) platform.Trouble {
					if n == struck {
						return fault
					}
					return platform.Trouble{}
				}
				j := newJournal()
				what := fmt.Sprintf("%s: %s at request %d", credit, name, struck)
				var err error
				for again := 0; again < 3; again++ {
					var r push.Result
					if r, err, _ = send(p.Items, j, options(s)); err == nil {
						if r.Count(push.Made) != len(p.Items) {
							t.Errorf("%s: %+v", what, r)
						}
						break
					}
				}
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				once(t, what, s, p)
			}
		}
	}
}

// TestKilled ends the process at each note of the journal, before and after it
// is kept, and runs again.
func TestKilled(t *testing.T) {
	for _, credit := range []bulk.Credit{bulk.CreditTransaction, bulk.CreditReward} {
		s := server(t)
		p := plan(t, some(), credit)
		clean := newJournal()
		if _, err, _ := send(p.Items, clean, options(s)); err != nil {
			t.Fatal(err)
		}
		for _, after := range []bool{false, true} {
			for at := 1; at <= clean.notes; at++ {
				prepare(s)
				j := newJournal()
				j.killAt, j.killedAfter = at, after
				if _, _, dead := send(p.Items, j, options(s)); !dead {
					t.Fatalf("not killed at note %d", at)
				}
				j.killAt = 0
				what := fmt.Sprintf("%s: killed at note %d (kept: %v)", credit, at, after)
				if r, err, _ := send(p.Items, j, options(s)); err != nil || r.Count(push.Made) != len(p.Items) {
					t.Errorf("%s: %+v %v", what, r, err)
				}
				once(t, what, s, p)
			}
		}
	}
}

// TestSettle loses an answer to a platform that shows what is new only after a
// while, in the same push and in the one after a kill.
func TestSettle(t *testing.T) {
	s := server(t)
	credited := purchase(6, "fay", "acme")
	credited.Credited = true
	p := plan(t, []review.Approved{credited}, bulk.CreditTransaction)
	for _, own := range []bool{false, true} {
		prepare(s)
		s.OwnTime = own
		s.Lag = 700 * time.Millisecond
		s.Trouble = func(n int, r *http.Request) platform.Trouble {
			post := r.Method == http.MethodPost
			return platform.Trouble{Lost: post, After: post}
		}
		o := options(s)
		o.Wait = 20 * time.Millisecond
		o.Settings.SettleSeconds = 1
		if r, err, _ := send(p.Items, newJournal(), o); err != nil || r.Count(push.Made) != 1 {
			t.Errorf("%+v %v", r, err)
		}
		once(t, "answer lost, shown late", s, p)

		prepare(s)
		j := newJournal()
		j.known[p.Items[0].ID] = push.Outcome{State: push.Began, At: time.Now()}
		s.Add("transactions", platform.Object{"key": "LL-0006", "created_at": 1}) // hidden: other days
		go func() {
			time.Sleep(300 * time.Millisecond)
			s.Add("transactions", platform.Object{"key": "LL-0006", "created_at": time.Now().UnixMilli()})
		}()
		if r, err, _ := send(p.Items, j, o); err != nil || r.Count(push.Made) != 1 || posts(s) != 0 {
			t.Errorf("after a kill: %+v %v, %d sent", r, err, posts(s))
		}
	}
}

// TestStops gives up at once where no try would help, and says so without a
// secret.
func TestStops(t *testing.T) {
	for _, tc := range []struct {
		name    string
		trouble platform.Trouble
		again   bool
		want    string
		most    int // requests; 0 any
	}{
		{"wrong key", platform.Trouble{Status: 401, Body: "key " + platform.SecretKey + " is wrong"}, false, "the platform refuses the key (401 key [secret] is wrong); check push.public_key", 1},
		{"forbidden", platform.Trouble{Status: 403}, false, "the platform refuses the key (403 Forbidden)", 1},
		{"moved", platform.Trouble{Status: 301}, false, "301 Moved Permanently", 1},
		{"no such list", platform.Trouble{Status: 404, Body: "jo.doe@example.com"}, false, "404 j…@example.com", 1},
		{"always busy", platform.Trouble{Status: 429}, true, "the platform is busy: 429 Too Many Requests", 0},
		{"busy for an hour", platform.Trouble{Status: 429, RetryAfter: "3600"}, true, "the platform is busy", 1},
		{"away", platform.Trouble{Lost: true}, true, "the platform cannot be reached", 0},
	} {
		s := server(t)
		s.Trouble = func(int, *http.Request) platform.Trouble { return tc.trouble }
		p := plan(t, some(), bulk.CreditTransaction)
		r, err, _ := send(p.Items, newJournal(), options(s))
		var stop *push.StopError
		if !errors.As(err, &stop) || stop.Again != tc.again || !strings.Contains(fmt.Sprint(err), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if len(r.Open) != len(p.Items) || len(r.Outcomes) != 0 {
			t.Errorf("%s: %+v", tc.name, r)
		}
		if n := len(s.Log()); tc.most > 0 && n > tc.most || posts(s) > 0 {
			t.Errorf("%s: %d requests: %v", tc.name, n, s.Log())
		}
		if text := fmt.Sprintf("%v %+v %#v %s", err, r, options(s), options(s).Credentials.Token); strings.Contains(text, platform.SecretKey) || strings.Contains(text, platform.Token) {
			t.Errorf("%s: a secret is printed: %s", tc.name, text)
		}
	}
	// A wrong token stops before anything else of the batch is sent.
	s := server(t)
	o := options(s)
	o.Credentials.Token = push.NewSecret("wrong")
	p := plan(t, some(), bulk.CreditTransaction)
	if r, err, _ := send(p.Items, newJournal(), o); err == nil || len(r.Open) != len(p.Items) || posts(s) != 1 {
		t.Errorf("wrong token: %+v %v", r, err)
	}
	if _, err := push.Run(context.Background(), p.Items, newJournal(), push.Options{}); !errors.Is(err, push.ErrNoKey) {
		t.Errorf("no key: %v", err)
	}
}

// TestJournalFails sends nothing that cannot be remembered.
func TestJournalFails(t *testing.T) {
	s := server(t)
	p := plan(t, some(), bulk.CreditTransaction)
	_, err := push.Run(context.Background(), p.Items, full{}, options(s))
	if err == nil || !strings.Contains(err.Error(), "disk full") || posts(s) != 0 {
		t.Errorf("%v, %d sent", err, posts(s))
	}
}

type full struct{}

func (full) Outcomes(context.Context) (map[string]push.Outcome, error) { return nil, nil }
func (full) Note(context.Context, bulk.Item, push.Outcome) error       { return errors.New("disk full") }

// TestInterrupted ends a push at a request and keeps the answer to it.
func TestInterrupted(t *testing.T) {
	s := server(t)
	p := plan(t, some(), bulk.CreditTransaction)
	ctx, stop := context.WithCancel(context.Background())
	s.Trouble = func(_ int, r *http.Request) platform.Trouble {
		if r.Method == http.MethodPost {
			stop()
		}
		return platform.Trouble{}
	}
	j := newJournal()
	r, err := push.Run(ctx, p.Items, j, options(s))
	if !errors.Is(err, context.Canceled) || r.Count(push.Made) != 1 || len(r.Open) != len(p.Items)-1 || posts(s) != 1 {
		t.Fatalf("%+v %v, %d sent", r, err, posts(s))
	}
	if r, err, _ := send(p.Items, j, options(s)); err != nil || r.Count(push.Made) != len(p.Items) {
		t.Errorf("%+v %v", r, err)
	}
	once(t, "interrupted", s, p)
}

// TestThere meets what was on the platform before.
func TestThere(t *testing.T) {
	s := server(t)
	ms := func(n int) int64 { return (day + table.Time(n)*table.Day).Std().UnixMilli() }
	fay := platform.Object{"email": "fay@example.com", "external_key": "key-fay"}
	same := func(n int, minute table.Time) review.Approved {
		a := purchase(n, "fay", "acme")
		a.Credited, a.Amount, a.PurchasedAt = true, 5000, day+minute*table.Minute
		return a
	}
	for _, tc := range []struct {
		name   string
		credit bulk.Credit
		have   []platform.Object // transactions
		buy    []review.Approved
		sent   int
		want   push.State
		note   string
	}{
		{"recorded with the payment's id", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": ms(6), "metadata": map[string]any{"charge_id": "ch_6"}}},
			[]review.Approved{purchase(6, "fay", "acme")}, 0, push.Made, "the platform has recorded the purchase by itself"},
		{"recorded, told by customer, amount and time", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": ms(6) + 3_600_000, "amount": 1006, "currency": "usd", "customer": fay}},
			[]review.Approved{purchase(6, "fay", "acme")}, 0, push.Made, "the platform has recorded the purchase by itself"},
		{"another amount", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": ms(6), "amount": 1007, "currency": "USD", "customer": fay}},
			[]review.Approved{purchase(6, "fay", "acme")}, 1, push.Made, ""},
		{"too far away", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": ms(6) + 3_600_001, "amount": 1006, "currency": "USD", "customer": fay}},
			[]review.Approved{purchase(6, "fay", "acme")}, 1, push.Made, ""},
		{"another payment's", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": ms(6), "amount": 1006, "currency": "USD", "customer": fay, "metadata": map[string]any{"charge_id": "ch_9"}}},
			[]review.Approved{purchase(6, "fay", "acme")}, 1, push.Made, ""},
		{"archived by somebody", bulk.CreditTransaction, []platform.Object{{"key": "LL-0006", "archived": true, "created_at": ms(6)}},
			[]review.Approved{purchase(6, "fay", "acme")}, 0, push.Made, "somebody has archived it there"},
		{"the same amount twice in a minute", bulk.CreditTransaction, nil, []review.Approved{same(6, 0), same(7, 1)}, 2, push.Made, ""},
		{"the same amount twice, one recorded", bulk.CreditTransaction, []platform.Object{{"key": "trx_1", "created_at": day.Std().UnixMilli(), "amount": 5000, "currency": "USD", "customer": fay}},
			[]review.Approved{same(6, 0), same(7, 1)}, 1, push.Made, "*"},
		{"a reward for what is recorded", bulk.CreditReward, []platform.Object{{"key": "trx_1", "created_at": ms(6), "metadata": map[string]any{"charge_id": "ch_6"}}},
			[]review.Approved{purchase(6, "fay", "acme")}, 0, push.Refused, "the platform has a transaction for it (trx_1), which brings a reward of its own"},
		{"another partner's customer", bulk.CreditTransaction, nil, []review.Approved{purchase(6, "fay", "blog")}, 0, push.Refused,
			"the platform has this customer for the partner acme, not blog; settle it there by hand"},
	} {
		prepare(s)
		for _, o := range tc.have {
			s.Add("transactions", o)
		}
		for i := range tc.buy {
			tc.buy[i].Credited = true
		}
		p := plan(t, tc.buy, tc.credit)
		r, err, _ := send(p.Items, newJournal(), options(s))
		if err != nil || r.Count(tc.want) != len(p.Items) || posts(s) != tc.sent {
			t.Errorf("%s: %+v %v, %d sent", tc.name, r, err, posts(s))
		}
		for _, o := range r.Outcomes {
			if o.Note != tc.note && tc.note != "*" {
				t.Errorf("%s: %q, want %q", tc.name, o.Note, tc.note)
			}
		}
		if tc.want == push.Made && len(s.All("transactions")) != len(tc.have)+tc.sent {
			t.Errorf("%s: %v", tc.name, s.All("transactions"))
		}
	}
}

// TestCustomerThere takes a customer as they are, and says what is missing.
func TestCustomerThere(t *testing.T) {
	s := server(t)
	p := plan(t, []review.Approved{purchase(6, "fay", "acme")}, bulk.CreditTransaction)
	r, err, _ := send(p.Items, newJournal(), options(s))
	if err != nil || posts(s) != 1 || r.Count(push.Made) != 2 {
		t.Errorf("%+v %v", r, err)
	}
	if o := r.Outcomes[p.Items[0].ID]; o.Key != "cust_fay" || !o.There || !strings.Contains(o.Note, "without this provider key") {
		t.Errorf("%+v", o)
	}
	// A partner that does not exist: the customer is refused, and what needs it.
	prepare(s)
	p = plan(t, []review.Approved{purchase(7, "gil", "nobody"), purchase(3, "bo", "acme")}, bulk.CreditTransaction)
	r, err, _ = send(p.Items, newJournal(), options(s))
	if err != nil || r.Count(push.Refused) != 2 || r.Count(push.Made) != 2 {
		t.Errorf("%+v %v", r, err)
	}
	for id, o := range r.Outcomes {
		if o.State == push.Refused && !strings.Contains(o.Note, "the platform answers 400 partner nobody does not exist") {
			t.Errorf("%s: %q", id, o.Note)
		}
	}
}

// TestClickRefused makes the customer by hand where the platform does not take
// the click.
func TestClickRefused(t *testing.T) {
	s := server(t)
	delete(s.Clicks, "clickdan")
	p := plan(t, some(), bulk.CreditReward)
	j := newJournal()
	if r, err, _ := send(p.Items, j, options(s)); err != nil || r.Count(push.Made) != len(p.Items) {
		t.Fatalf("%+v %v", r, err)
	}
	once(t, "click refused", s, p)
	for _, c := range s.All("customers") {
		if c.Text("customer_key") == "key-dan" && c.Text("partner_key") != "blog" {
			t.Errorf("dan is %v", c)
		}
	}
}

// TestNoKeys finds what was made where the answer does not name it.
func TestNoKeys(t *testing.T) {
	s := server(t)
	s.NoKeys = true
	p := plan(t, some(), bulk.CreditReward)
	r, err, _ := send(p.Items, newJournal(), options(s))
	if err != nil || r.Count(push.Made) != len(p.Items) {
		t.Fatalf("%+v %v", r, err)
	}
	once(t, "no keys", s, p)
}
