package simulate

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// written makes a vendor and reads its files back, decompressed, by name.
func written(t interface {
	Helper()
	Fatal(...any)
}, opt Options) (*Vendor, map[string]string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "simulate")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	v, err := Make(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Write(dir); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
		if strings.HasSuffix(e.Name(), ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if !z.ModTime.IsZero() {
				t.Fatal("the gzip header of " + e.Name() + " holds a time")
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimSuffix(e.Name(), ".gz")] = string(plain)
		}
	}
	return v, files
}

// records reads a CSV file into a map per row.
func records(t interface {
	Helper()
	Fatal(...any)
}, text string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		r := map[string]string{}
		for i, name := range rows[0] {
			r[name] = row[i]
		}
		out = append(out, r)
	}
	return out
}

func TestSameOptionsSameBytes(t *testing.T) {
	for _, opt := range []Options{DemoOptions(), DrawOptions(3), DrawOptions(4)} {
		opt.Customers = min(opt.Customers, 300)
		_, a := written(t, opt)
		_, b := written(t, opt)
		if !reflect.DeepEqual(a, b) {
			for name := range a {
				if a[name] != b[name] {
					t.Errorf("%s differs between two runs", name)
				}
			}
		}
		opt.Seed++
		if _, c := written(t, opt); c["signups.csv"] == a["signups.csv"] {
			t.Error("another seed gives the same sign-ups")
		}
	}
}

func TestDemoHoldsEveryCase(t *testing.T) {
	v, files := written(t, DemoOptions())
	if n := len(v.Truth); n < 1500 || n > 2500 {
		t.Errorf("%d payments", n)
	}
	cases, signals, kinds := map[Cause]int{}, map[string]int{}, map[string]int{}
	for _, r := range v.Truth {
		kinds[r.Kind]++
		if !r.Eligible {
			kinds["not eligible"]++
			continue
		}
		if r.Attributed != "" {
			if len(r.Contested) > 0 {
				cases[OtherPartner]++
			}
			continue
		}
		signals[r.Signal]++
		for _, c := range r.Cases {
			cases[c]++
		}
	}
	for c := Ordinary; c <= ParametersStripped; c++ {
		if cases[c] < 5 {
			t.Errorf("%v occurs %d times", c, cases[c])
		}
	}
	for _, s := range []string{"visitor", "email", "customer", "address and browser", "address", "vanity", "referrer", "claim", "coupon", "leaked coupon", "none"} {
		if signals[s] < 3 {
			t.Errorf("signal %q occurs %d times", s, signals[s])
		}
	}
	for _, k := range []string{"referred", "typed", "organic", "not eligible"} {
		if kinds[k] < 50 {
			t.Errorf("%s occurs %d times", k, kinds[k])
		}
	}
	answers := map[string]int{}
	for _, r := range records(t, files[FileClaims]) {
		answers[r["answer"]]++
	}
	for _, a := range []string{AnswerCredited, AnswerGap, AnswerContested, AnswerExcluded, AnswerNoSignal, AnswerNobody} {
		if answers[a] == 0 {
			t.Errorf("no claim whose answer is %q", a)
		}
	}
	states := map[string]int{}
	for _, r := range records(t, files["stripe_payments.csv"]) {
		states[r["Status"]]++
		states[r["Mode"]]++
		states["dispute "+r["Dispute Status"]]++
		if r["Status"] == "Paid" && r["Refunded date (UTC)"] != "" {
			states["refunded in part"]++
		}
	}
	for _, s := range []string{"Paid", "Refunded", "Failed", "Test", "dispute won", "dispute lost", "refunded in part"} {
		if states[s] == 0 {
			t.Errorf("no payment %s", s)
		}
	}
	for _, want := range []string{"é", "Ł", "'"} {
		if !strings.Contains(files["signups.csv"], want) {
			t.Errorf("no name holds %s", want)
		}
	}
	for _, i := range v.Incidents {
		if i.Lost == 0 {
			t.Errorf("the incident %v on %s cost nothing", i.Cause, i.Page)
		}
	}
}

// paymentIDs lists the purchases a payments file holds, by format.
func paymentIDs(t interface {
	Helper()
	Fatal(...any)
}, files map[string]string) map[string]bool {
	ids := map[string]bool{}
	for name, column := range map[string]string{"stripe_payments.csv": "id", "paypal.csv": "Transaction ID", "purchases.csv": "purchase_id"} {
		text, ok := files[name]
		if !ok {
			continue
		}
		for _, r := range records(t, text) {
			if r["Type"] != "Payment Refund" {
				ids[r[column]] = true
			}
		}
	}
	return ids
}

func TestDrawnVendors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opt := DrawOptions(rapid.Uint64().Draw(t, "seed"))
		opt.Customers = rapid.IntRange(0, 150).Draw(t, "customers")
		opt.Days = rapid.IntRange(10, 120).Draw(t, "days")
		opt.Traffic = Traffic{Visitors: 1, Clickers: 1, Bots: 1, Crawlers: 1, Pasted: 1}
		v, files := written(t, opt)

		// Every payment has one truth, and no truth is without payment.
		ids := paymentIDs(t, files)
		truth := records(t, files[FileTruth])
		if len(truth) != len(ids) || len(truth) != len(v.Truth) {
			t.Fatalf("%d payments, %d rows of truth", len(ids), len(truth))
		}
		for _, r := range truth {
			if !ids[r["purchase_id"]] {
				t.Fatalf("no payment %s", r["purchase_id"])
			}
			lost := r["attributed"] == "" && r["eligible"] == "1"
			if (r["kind"] == "organic") != (r["partner"] == "") {
				t.Fatalf("partner without referral, or the reverse: %v", r)
			}
			if lost && r["cases"] == "" {
				t.Fatalf("lost without a cause: %v", r)
			}
			if r["kind"] == "organic" && r["cases"] != "0" {
				t.Fatalf("ordinary purchase with cause %s", r["cases"])
			}
		}
		// A switched-off source is not written, and is not announced.
		for name, there := range map[string]bool{"page_checks.csv": opt.Sources.PageChecks, "consents.csv": opt.Sources.Consents,
			"claims.csv": opt.Sources.Claims, "clicks.csv": opt.Sources.Clicks && opt.Formats.Clicks == Native} {
			if _, ok := files[name]; ok != there {
				t.Fatalf("%s is there: %v; want %v", name, ok, there)
			}
		}
		for _, s := range v.Sources {
			for _, name := range s.Files {
				if _, ok := files[name]; !ok {
					t.Fatalf("source %s names %s, which was not written", s.Name, name)
				}
			}
		}
		for name := range files {
			announced := strings.HasPrefix(name, "simulated-")
			for _, s := range v.Sources {
				announced = announced || strings.TrimSuffix(s.Files[0], ".gz") == strings.TrimSuffix(name, ".gz")
			}
			if !announced {
				t.Fatalf("%s is no source", name)
			}
		}
		// What a fault cost, the truth has lost.
		for _, i := range v.Incidents {
			n := 0
			for _, r := range v.Truth {
				for _, c := range r.Cases {
					if c == i.Cause && r.Eligible && r.Attributed == "" {
						n++
					}
				}
			}
			if i.Lost > n {
				t.Fatalf("%v on %s lost %d of %d", i.Cause, i.Page, i.Lost, n)
			}
		}
	})
}

// clean is a vendor in which nothing goes wrong.
func clean() Options {
	o := DefaultOptions()
	o.Customers, o.Referred, o.Typed = 300, 1, 0
	o.Causes = Causes{}
	o.Traps = Traps{OfficeSize: 1}
	o.Site.FaultsDrawn, o.Site.BareLandings, o.Site.SafariDays = 0, 0, 0
	o.Money.Failed, o.Money.TestMode, o.Money.RefundFull, o.Money.RefundPartial, o.Money.Disputed = 0, 0, 0, 0, 0
	return o
}

func TestNothingWrongNothingLost(t *testing.T) {
	v, err := Make(clean())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Truth {
		if r.Eligible && r.Attributed != r.Partner {
			t.Fatalf("%+v", r)
		}
	}
}

// Each cause, as the only one a vendor suffers from, is the only one that
// costs anything.
func TestOneCauseAtATime(t *testing.T) {
	tests := []struct {
		cause Cause
		set   func(*Options)
	}{
		{CookiesCleared, func(o *Options) { o.Causes.CookiesCleared = 0.3 }},
		{CookiesBlocked, func(o *Options) { o.Causes.CookiesBlocked = 0.3 }},
		{SnippetBroken, func(o *Options) { o.Site.Faults = []Fault{{Cause: SnippetBroken, Page: "*", From: 20, To: 60}} }},
		{CookieExpired, func(o *Options) { o.Causes.LateSignup = 0.3 }},
		{CookieExpired, func(o *Options) { o.Site.SafariDays = 2 }},
		{DeviceSwitch, func(o *Options) { o.Causes.DeviceSwitch = 0.3 }},
		{DataOverwritten, func(o *Options) { o.Site.Faults = []Fault{{Cause: DataOverwritten, Page: "/signup", From: 20, To: 60}} }},
		{PublicKeyMissing, func(o *Options) {
			o.Site.Faults = []Fault{{Cause: PublicKeyMissing, Page: "/pricing", From: 20, To: 90}}
		}},
		{SafariNoSnippet, func(o *Options) { o.Site.BareLandings = 0.8 }},
		{PaymentNotTied, func(o *Options) { o.Causes.NotTiedCustomer = 0.2 }},
		{PaymentNotTied, func(o *Options) { o.Causes.NotTiedPayment = 0.2 }},
		{PaymentNotTied, func(o *Options) { o.Site.Faults = []Fault{{Cause: PaymentNotTied, From: 50, To: 60}} }},
		{ParametersStripped, func(o *Options) { o.Causes.ParametersStripped = 0.3 }},
	}
	for _, tt := range tests {
		opt := clean()
		tt.set(&opt)
		v, err := Make(opt)
		if err != nil {
			t.Fatal(err)
		}
		lost := 0
		for _, r := range v.Truth {
			if !r.Eligible || r.Attributed == r.Partner {
				continue
			}
			lost++
			if !reflect.DeepEqual(r.Cases, []Cause{tt.cause}) {
				t.Errorf("%v: %+v", tt.cause, r)
			}
		}
		if lost < 5 {
			t.Errorf("%v lost %d of %d", tt.cause, lost, len(v.Truth))
		}
	}
}

// A credited customer's sign-up request carried the cookie of the partner who
// got the credit, and the click of that cookie was written before.
func TestCreditHasACookiePath(t *testing.T) {
	opt := DemoOptions()
	opt.Sources.MissingDays, opt.Traps.NullVisitor, opt.Traps.ManualFixes = 0, 0, 0
	_, files := written(t, opt)
	type cookie struct{ partner, click string }
	atSignup, clickedBy := map[string]cookie{}, map[string]string{}
	for _, line := range strings.Split(files["access.log"], "\n") {
		f := strings.Split(line, `"`)
		if len(f) < 12 {
			continue
		}
		_, when, _ := strings.Cut(f[0], "[")
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700] ", when)
		if err != nil {
			t.Fatal(err)
		}
		_, target, ok := strings.Cut(strings.TrimSuffix(f[1], " HTTP/1.1"), " ")
		if !ok {
			continue // garbage
		}
		if target == opt.Site.SignupPath {
			atSignup[at.UTC().Format(time.RFC3339)+" "+f[7]] = cookie{f[9], f[11]}
		}
		if _, rest, ok := strings.Cut(target, "gsxid="); ok {
			click, _, _ := strings.Cut(rest, "&")
			clickedBy[click] = f[7]
		}
	}
	signups := map[string]map[string]string{}
	for _, r := range records(t, files["signups.csv"]) {
		signups[r["customer_key"]] = r
	}
	credited := 0
	decoder := json.NewDecoder(strings.NewReader(files["customers.jsonl"]))
	for decoder.More() {
		var c apiCustomer
		if err := decoder.Decode(&c); err != nil {
			t.Fatal(err)
		}
		if c.Test {
			continue
		}
		s := signups[c.CustomerKey]
		got := atSignup[s["signed_up_at"]+" "+s["visitor_id"]]
		if got.partner != c.Partner || got.click == "" {
			// A page without snippet leaves the cookie to the sign-up page itself.
			if got.partner == "-" {
				continue
			}
			t.Errorf("%s is credited to %s; the sign-up carried %+v", c.CustomerKey, c.Partner, got)
		}
		if clickedBy[got.click] == "" {
			t.Errorf("%s: no landing with click %s", c.CustomerKey, got.click)
		}
		credited++
	}
	if credited < 150 {
		t.Errorf("%d customers credited by a cookie", credited)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	tests := []struct {
		want string
		set  func(*Options)
	}{
		{"midnight", func(o *Options) { o.Start = o.Start.Add(time.Hour) }},
		{"Days is 3", func(o *Options) { o.Days = 3 }},
		{"Partners 1", func(o *Options) { o.Partners = 1 }},
		{"shares of all customers", func(o *Options) { o.Referred, o.Typed = 0.8, 0.4 }},
		{"Visits is \"tape\"", func(o *Options) { o.Formats.Visits = "tape" }},
		{"cannot be device_switch", func(o *Options) { o.Site.Faults = []Fault{{Cause: DeviceSwitch, Page: "*", To: 1}} }},
		{"a beginning before the end", func(o *Options) { o.Site.Faults = []Fault{{Cause: SnippetBroken, Page: "*", From: 2, To: 1}} }},
		{"older than 48 hours", func(o *Options) { o.Money.LagHours.Max = 60 }},
	}
	for _, tt := range tests {
		opt := DemoOptions()
		tt.set(&opt)
		if _, err := Make(opt); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v; want %q", err, tt.want)
		}
	}
}
