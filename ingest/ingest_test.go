package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest"
	"lostlink/ingest/lake"
	"lostlink/ingest/table"
)

const oneClick = "clicked_at,partner_key\n2026-02-01T09:30:00Z,acme\n"

func options(sources ...ingest.Source) ingest.Options {
	opt := ingest.DefaultOptions()
	opt.Sources = sources
	return opt
}

func clicks(files ...string) ingest.Source { return ingest.Source{Name: "clicks", Files: files} }

func TestSameFileTwice(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": oneClick, "b.csv": oneClick, "c.csv": oneClick + "2026-02-02T09:30:00Z,acme\n"})
	l := load(t, dir, options(clicks("*.csv"), ingest.Source{Name: "again", Files: []string{"c.csv"}}))
	if l.Set.Clicks.Len() != 3 {
		t.Errorf("%d clicks, want 1 of a.csv and 2 of c.csv", l.Set.Clicks.Len())
	}
	want := []string{"a.csv 1 0", "b.csv 1 1", "c.csv 2 0", "c.csv 2 2"}
	for i, in := range l.Inputs {
		if got := fmt.Sprint(in.File, " ", in.Rows, " ", in.Duplicates); got != want[i] {
			t.Errorf("file, rows and duplicates: %s, want %s", got, want[i])
		}
	}
	if !slices.Equal(l.Set.Files, []string{"a.csv", "b.csv", "c.csv", "c.csv"}) || len(l.Notes) != 2 || !strings.Contains(l.Notes[0], "same content as a.csv") {
		t.Errorf("files %v, notes %q", l.Set.Files, l.Notes)
	}
	// The row says which file it stands in.
	if r := l.Set.Clicks.Rows(); l.Set.Files[r[2].File] != "c.csv" || r[2].Line != 3 {
		t.Errorf("third click stands in %s:%d", l.Set.Files[r[2].File], r[2].Line)
	}
}

func TestSameFileReadInTwoWays(t *testing.T) {
	dir := write(t, map[string]string{"events.csv": "at,partner,mail\n2026-02-01T09:30:00Z,acme,lena@example.com\n"})
	l := load(t, dir, options(
		ingest.Source{Table: table.Clicks, Files: []string{"events.csv"}, Columns: []ingest.ColumnMap{{From: "at", To: "clicked_at"}, {From: "partner", To: "partner_key"}}},
		ingest.Source{Table: table.Signups, Files: []string{"events.csv"}, Columns: []ingest.ColumnMap{{From: "at", To: "signed_up_at"}, {From: "mail", To: "email"}}},
	))
	if l.Set.Clicks.Len() != 1 || l.Set.Signups.Len() != 1 || len(l.Rejects) > 0 {
		t.Errorf("%s", dump(l))
	}
}

func TestTruncatedGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, "clicked_at,partner_key,click_id")
	for i := range 5000 {
		fmt.Fprintf(z, "2026-02-01T09:30:00Z,acme,%d\n", i*i*7919)
		if i == 2500 {
			z.Flush()
		}
	}
	z.Close()
	dir := write(t, map[string]string{"cut.csv.gz": b.String()[:b.Len()-2000], "whole.csv": oneClick})
	l := load(t, dir, options(clicks("cut.csv.gz", "whole.csv")))
	in := l.Inputs[0]
	if in.Accepted < 2500 || in.Accepted >= 5000 || in.Fault == "" || l.Inputs[1].Accepted != 1 {
		t.Errorf("%d rows of the cut file accepted, fault %q", in.Accepted, in.Fault)
	}
	cut := l.Rejects[len(l.Rejects)-1]
	if cut.File != "cut.csv.gz" || cut.Line <= in.Accepted || cut.Column != "" {
		t.Errorf("the cut is rejected as %+v", cut)
	}
}

func TestMissingAndOptional(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": oneClick, "odd[1].csv": oneClick + "\n"})
	l := load(t, dir, options(clicks("a.csv", "b.csv", "sub/**/*.csv", "odd[1].csv"),
		ingest.Source{Name: "maybe", Files: []string{"maybe.csv"}, Optional: true}))
	if got := fmt.Sprint(l.Missing); got != "[{clicks b.csv} {clicks sub/**/*.csv}]" || l.Set.Clicks.Len() != 2 {
		t.Errorf("missing %s, %d clicks", got, l.Set.Clicks.Len())
	}
	if l.Set.Visits != nil || l.Set.Has(table.Visits) {
		t.Error("a table that nobody gave is there")
	}
}

func TestUnknownFileGoesOn(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": "colour,size\nred,1\n", "b.csv": oneClick, "c.csv": ""})
	l := load(t, dir, options(clicks("*.csv")))
	if l.Set.Clicks.Len() != 1 || len(l.Rejects) != 2 || l.Rejects[0].Line != 0 {
		t.Fatalf("%s", dump(l))
	}
	for _, part := range []string{"colour, size", "stripe_payments", "table"} {
		if !strings.Contains(l.Rejects[0].Error(), part) {
			t.Errorf("%q does not speak of %q", l.Rejects[0].Error(), part)
		}
	}
}

// TestManyColumns holds that a message names a few columns of many, and nobody
// whose row stands where the header is missing.
func TestManyColumns(t *testing.T) {
	columns := "lena.vogel@example.com," + strings.Repeat("x", 5000)
	for i := range 398 {
		columns += fmt.Sprint(",c", i)
	}
	dir := write(t, map[string]string{"a.csv": columns + "\n" + strings.Repeat(",", 399) + "1\n", "b.csv": "a,b,c,d,e,f,g,h,i,j\n1,2,3,4,5,6,7,8,9,0\n"})
	asClicks := clicks("a.csv")
	asClicks.Format = "stripe_payments"
	l := load(t, dir, options(clicks("a.csv", "b.csv"), asClicks, ingest.Source{Format: "native", Files: []string{"a.csv"}}))
	few := "the columns l…@example.com, " + strings.Repeat("x", 40) + "…, c0, c1, c2, c3, c4, c5, c6, c7 and 390 more"
	for i, want := range []string{few, "the columns a, b, c, d, e, f, g, h, i, j", few, few} {
		if i >= len(l.Rejects) || !strings.HasSuffix(l.Rejects[i].Rule, want) {
			t.Errorf("reject %d: %v, want %q at the end of the rule", i, l.Rejects, want)
		}
	}
}

// TestFileFaults holds what rejects of whole files name.
func TestFileFaults(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": "clicked_at\n2026-02-01T09:30:00Z\n", "payouts.csv": "id,Arrival Date (UTC),Destination,Method\n1,2,3,4\n"})
	for _, c := range []struct {
		src           ingest.Source
		column, value string
		text          string
	}{
		{ingest.Source{Table: table.Clicks, Files: []string{"a.csv"}}, "partner_key", "", "a.csv: lacks the column partner_key; it has"},
		{ingest.Source{Format: "access_log", Files: []string{"a.csv"}}, "format", "access_log", `a.csv: format: "access_log" does not come in a csv file; check`},
		{ingest.Source{Files: []string{"payouts.csv"}}, "", "stripe_payouts", "payouts.csv: is a Stripe payouts export, which cannot be used; it lists"},
	} {
		l := load(t, dir, options(c.src))
		if len(l.Rejects) != 1 {
			t.Errorf("%+v: rejects %v", c.src, l.Rejects)
		} else if r := l.Rejects[0]; r.Line != 0 || r.Column != c.column || r.Value != c.value || !strings.HasPrefix(r.Error(), c.text) {
			t.Errorf("%+v: reject %+v, %v", c.src, r, r)
		}
	}
}

func TestRejectLimit(t *testing.T) {
	file := func(good, bad int) string {
		return "clicked_at,partner_key\n" + strings.Repeat("2026-02-01T09:30:00Z,acme\n", good) + strings.Repeat("yesterday,lena@example.com\n", bad)
	}
	for _, c := range []struct {
		good, bad int
		limit     float64
		stops     bool
	}{
		{0, 2, 0.01, false}, // so few are always allowed
		{2, 3, 0.01, true},
		{298, 3, 0.01, false}, // 3 of 301 are below one per cent
		{296, 3, 0.01, true},
		{0, 9, 1, false},
		{99, 3, 0, true},
	} {
		t.Run(fmt.Sprint(c.good, " good ", c.bad, " bad ", c.limit), func(t *testing.T) {
			dir := write(t, map[string]string{"a.csv": file(c.good, c.bad)})
			opt := options(clicks("a.csv"))
			opt.RejectLimit = c.limit
			l, err := ingest.Load(context.Background(), dir, opt, memory.DefaultAllocator)
			if l == nil {
				t.Fatal(err)
			}
			defer l.Set.Release()
			var limit *ingest.LimitError
			if errors.As(err, &limit) != c.stops {
				t.Fatalf("error: %v", err)
			}
			if len(l.Rejects) != c.bad || l.Set.Clicks.Len() != c.good {
				t.Errorf("%d rejects, %d clicks", len(l.Rejects), l.Set.Clicks.Len())
			}
			if c.stops && (limit.Source != "clicks" || limit.Rejected != int64(c.bad) || limit.Rows != int64(c.good+c.bad) || len(limit.First) != min(5, c.bad) ||
				!strings.Contains(err.Error(), "a.csv:") || !strings.Contains(err.Error(), "reject_limit")) {
				t.Errorf("the error says %v", err)
			}
		})
	}
}

func TestLimitInPercent(t *testing.T) {
	for limit, want := range map[float64]string{0.07: "limit of 7 %;", 0.29: "limit of 29 %;", 0.015: "limit of 1.5 %;", 0.0001: "limit of 0.01 %;", 0: "limit of 0 %;"} {
		err := &ingest.LimitError{Source: "clicks", Rows: 10, Rejected: 9, Limit: limit}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", limit, err, want)
		}
	}
}

func TestRejectsListed(t *testing.T) {
	const bad = ingest.RejectsListed + 50
	dir := write(t, map[string]string{"a.csv": "clicked_at,partner_key\n" + strings.Repeat("yesterday,acme\n", bad), "b.csv": "signed_up_at,email\nyesterday,a\n"})
	opt := options(clicks("a.csv"), ingest.Source{Files: []string{"b.csv"}})
	opt.RejectLimit = 1
	l := load(t, dir, opt)
	if len(l.Rejects) != ingest.RejectsListed+1 || l.Inputs[0].Rejected != bad || len(l.Notes) != 1 || !strings.Contains(l.Notes[0], fmt.Sprint(bad)) {
		t.Errorf("%d rejects listed, %d counted, notes %q", len(l.Rejects), l.Inputs[0].Rejected, l.Notes)
	}
}

func TestCheck(t *testing.T) {
	in := ingest.Input{File: "a.csv", Rows: 10, Accepted: 5, Rejected: 2, Duplicates: 1, Skipped: map[string]int64{"a": 1, "b": 1}}
	if err := in.Check(); err != nil {
		t.Error(err)
	}
	in.Skipped["b"] = 2
	if err := in.Check(); err == nil || !strings.Contains(err.Error(), "11 accounted") {
		t.Errorf("10 rows and 11 accounted for: %v", err)
	}
}

func TestRejectsAreMasked(t *testing.T) {
	dir := write(t, map[string]string{"a.csv": "signed_up_at,email\nlena.vogel@example.com,lena.vogel@example.com\n"})
	l := load(t, dir, options(ingest.Source{Files: []string{"a.csv"}}))
	if len(l.Rejects) != 1 || l.Rejects[0].Value != "l…@example.com" {
		t.Errorf("%+v", l.Rejects)
	}
}

func TestOptionsAtFault(t *testing.T) {
	for _, c := range []struct {
		src  ingest.Source
		want string
	}{
		{ingest.Source{Format: "strype", Files: []string{"a"}}, "stripe_payments"},
		{ingest.Source{Format: "stripe_payouts", Files: []string{"a"}}, "not known"},
		{ingest.Source{Format: "native"}, "names no file"},
		{ingest.Source{Files: []string{""}}, "empty"},
		{ingest.Source{Files: []string{"[a"}}, "not a path or pattern"},
	} {
		l, err := ingest.Load(context.Background(), t.TempDir(), options(c.src), memory.DefaultAllocator)
		if err == nil || !strings.Contains(err.Error(), c.want) || l != nil {
			t.Errorf("%+v: %v, want an error with %q", c.src, err, c.want)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	l, err := ingest.Load(ctx, write(t, map[string]string{"a.csv": oneClick}), options(clicks("a.csv")), mem)
	if !errors.Is(err, context.Canceled) || l != nil {
		t.Errorf("%v, %v", l, err)
	}
}

// TestOrder holds that the order of files is the sources', then the names'.
func TestOrder(t *testing.T) {
	dir := write(t, map[string]string{
		"x/2.csv": oneClick, "x/10.csv": oneClick + "\n", "a.csv": "signed_up_at,email\n2026-02-01T09:30:00Z,lena@example.com\n",
	})
	l := load(t, dir, options(clicks("x/*.csv"), ingest.Source{Files: []string{"a.csv"}}))
	if want := []string{"x/10.csv", "x/2.csv", "a.csv"}; !slices.Equal(l.Set.Files, want) {
		t.Errorf("files %v, want %v", l.Set.Files, want)
	}
}

func TestParquet(t *testing.T) {
	type row struct {
		At     int64  `parquet:"clicked_at,timestamp(microsecond)"`
		Key    string `parquet:"partner_key"`
		Amount int64  `parquet:"unrelated"`
	}
	dir := t.TempDir()
	if err := lake.WriteFile(filepath.Join(dir, "clicks.parquet"), []row{{1769938200000000, "acme", 1}, {1769938200250000, "", 2}}); err != nil {
		t.Fatal(err)
	}
	l := load(t, dir, options(clicks("clicks.parquet")))
	if got, want := dump(l), `file clicks.parquet: native, has the columns clicked_at, partner_key
rows 2: 1 accepted, 1 rejected, 0 duplicates
made 1 clicks
from 2026-02-01T09:30:00Z to 2026-02-01T09:30:00Z
unused unrelated
reject clicks.parquet:2: partner_key: "" is required and is empty; fill it in, or map the column that holds it

clicks
1: clicked_at=2026-02-01 09:30:00Z partner_key=acme
`; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestRecognise(t *testing.T) {
	for file, want := range map[string]string{
		"stripe_payments/good.csv":             "stripe_payments",
		"paypal_activity/good_de.csv":          "paypal_activity",
		"paypal_minimal/bad.csv":               "paypal_minimal",
		"stripe_payouts/bad.csv":               "stripe_payouts",
		"access_log/good.log":                  "access_log",
		"segment/good.jsonl":                   "segment",
		"partnerstack_customers/good.jsonl":    "partnerstack_customers",
		"partnerstack_transactions/good.jsonl": "partnerstack_transactions",
		"partnerstack_rewards/good.jsonl":      "partnerstack_rewards",
		"native/good_page_checks.csv":          "native page_checks",
		"native/good_partners.csv":             "native partners",
		"native/good_links.csv":                "native links",
		"native/good_customers.csv":            "native customers",
		"native/good_transactions.csv":         "native transactions",
		"native/good_rewards.csv":              "native rewards",
	} {
		rec, err := ingest.Recognise(filepath.Join(sourcesDir, file))
		if err != nil {
			t.Error(err)
			continue
		}
		got := ""
		if rec.Source != nil {
			got = strings.TrimSpace(rec.Source.Name + " " + string(rec.Table))
		}
		if got != want || rec.Why == "" {
			t.Errorf("%s is recognised as %q because it %s, want %q", file, got, rec.Why, want)
		}
	}
	rec, err := ingest.Recognise(filepath.Join(sourcesDir, "partnerstack_customers/good.jsonl"))
	if err != nil || !strings.HasPrefix(rec.RunnerUp, "native customers") {
		t.Errorf("runner-up %q, %v", rec.RunnerUp, err)
	}
	dir := write(t, map[string]string{"a.csv": "colour,id,amount,currency\nred,1,2,EUR\n"})
	rec, err = ingest.Recognise(filepath.Join(dir, "a.csv"))
	if err != nil || rec.Source != nil || !strings.Contains(rec.Looked, "stripe_payments lacks") {
		t.Errorf("a file of nothing known: %+v, %v", rec, err)
	}
	if _, err := ingest.Recognise(filepath.Join(dir, "b.csv")); err == nil {
		t.Error("a file that is not there is recognised")
	}
}
