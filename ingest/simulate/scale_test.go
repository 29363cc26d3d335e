package simulate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"lostlink/ingest/table"
)

func smallScale(t *testing.T) *Scale {
	t.Helper()
	s, err := NewScale(ScaleOptions{Seed: 7, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Days: 270, Clicks: 30_000, Payments: 15_000})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scaleText(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func rowsOf(t *testing.T, text string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, c := range all[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func timeOf(t *testing.T, layout, s string) table.Time {
	t.Helper()
	at, err := time.Parse(layout, s)
	if err != nil {
		t.Fatal(err)
	}
	return table.TimeOf(at)
}

// What Scale promises of its data, read back from the files.
func TestScale(t *testing.T) {
	s := smallScale(t)
	n := s.Options().Clicks
	clicks := rowsOf(t, scaleText(t, func(w io.Writer) error { return s.WriteClicksCSV(w, 0, n) }))
	payments := rowsOf(t, scaleText(t, func(w io.Writer) error { return s.WritePayments(w, s.Start(), s.End()) }))
	signups := rowsOf(t, scaleText(t, func(w io.Writer) error { return s.WriteSignups(w, s.Start(), s.End()) }))
	var records []apiTransaction
	for line := range strings.Lines(scaleText(t, func(w io.Writer) error { return s.WriteTransactions(w, s.Start(), s.End()) })) {
		var r apiTransaction
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	near := func(what string, got, want, by float64) {
		if math.Abs(got-want) > by*want {
			t.Errorf("%s: %.4g, want about %.4g", what, got, want)
		}
	}
	near("payments", float64(len(payments)), 15_000, 0.06)

	owners, mailed := map[string]string{}, 0
	own := func(visitor, email string) {
		e := strings.ToLower(email)
		if old, ok := owners[visitor]; ok && old != e {
			t.Errorf("visitor %s is of two people", visitor)
		}
		owners[visitor] = e
	}
	signedUp := map[string]table.Time{}
	for _, r := range signups {
		own(r["visitor_id"], r["email"])
		at := timeOf(t, time.RFC3339, r["signed_up_at"])
		if old, ok := signedUp[r["email"]]; !ok || at < old {
			signedUp[r["email"]] = at
		}
	}
	bare := map[string]bool{}
	for _, r := range clicks {
		if r["email"] != "" {
			mailed++
			own(r["visitor_id"], r["email"])
		} else {
			bare[r["visitor_id"]] = true
		}
	}
	near("clicks with an e-mail address", float64(mailed)/float64(n), 0.199, 0.03)
	named := map[string]bool{}
	for _, r := range signups {
		named[r["visitor_id"]] = true
	}
	clicked := map[string][]table.Time{}
	for _, r := range clicks {
		v := r["visitor_id"]
		if e := owners[v]; e != "" {
			clicked[e] = append(clicked[e], timeOf(t, time.RFC3339, r["clicked_at"]))
			if _, known := signedUp[e]; known && !named[v] && bare[v] {
				t.Errorf("visitor %s of a customer is known by some clicks only", v)
			}
		}
	}

	recorded := map[string][]apiTransaction{}
	for _, r := range records {
		recorded[r.Customer.Email] = append(recorded[r.Customer.Email], r)
	}
	within, paid, lost, after, taken := 180*table.Day, 0, 0, 0, 0
	for _, p := range payments {
		if p["Status"] != "Paid" {
			continue
		}
		paid++
		e := strings.ToLower(strings.TrimSpace(p["Customer Email"]))
		at := timeOf(t, stripeTime, p["Created date (UTC)"])
		close, far := 0, 0
		for _, r := range recorded[e] {
			switch d := table.Time(r.Created)*1000 - at; {
			case d > 0 && d <= recordedWithin && table.FormatAmount(r.Amount, r.Currency) == p["Amount"] && strings.EqualFold(r.Currency, p["Currency"]):
				close++
			case d < -31*table.Day || d > 31*table.Day:
				far++
			}
		}
		if close > 0 {
			taken++
			if close > 1 {
				t.Errorf("%s has %d transactions", p["id"], close)
			}
			continue
		}
		lost++
		if far != len(recorded[e]) {
			t.Errorf("%s is not recorded, yet near a transaction of the same customer", p["id"])
		}
		decided, known := signedUp[e]
		if !known {
			continue
		}
		var byPayment, bySignup int
		for _, c := range clicked[e] {
			if c <= at && at-c <= within {
				byPayment++
			}
			if c <= decided && decided-c <= within {
				bySignup++
			}
		}
		if byPayment != bySignup {
			t.Errorf("%s: %d clicks in the window before the payment, %d before the sign-up", p["id"], byPayment, bySignup)
		}
		if byPayment > 0 {
			after++
		}
	}
	if taken != len(records) {
		t.Errorf("%d transactions for %d payments", len(records), taken)
	}
	near("payments without attribution", float64(lost)/float64(paid), 0.16, 0.08)
	if share := float64(after) / float64(lost); share < 0.2 || share > 0.5 {
		t.Errorf("%.2f of the payments without attribution follow a click", share)
	}
}

// The formats hold the same clicks, and parts put together are the whole.
func TestScaleFormats(t *testing.T) {
	s := smallScale(t)
	const n = 2000
	csvText := scaleText(t, func(w io.Writer) error { return s.WriteClicksCSV(w, 0, n) })
	if again := scaleText(t, func(w io.Writer) error { return smallScale(t).WriteClicksCSV(w, 0, n) }); again != csvText {
		t.Error("the same scale gives other clicks")
	}
	second := scaleText(t, func(w io.Writer) error { return s.WriteClicksCSV(w, 900, n) })
	_, rows, _ := strings.Cut(second, "\n")
	if first := scaleText(t, func(w io.Writer) error { return s.WriteClicksCSV(w, 0, 900) }); first+rows != csvText {
		t.Error("two parts are not the whole")
	}
	clicks := rowsOf(t, csvText)
	if len(clicks) != n {
		t.Fatalf("%d clicks", len(clicks))
	}
	i := 0
	for line := range strings.Lines(scaleText(t, func(w io.Writer) error { return s.WriteClicksJSON(w, 0, n) })) {
		var r map[string]*string
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		for name, want := range clicks[i] {
			got := ""
			if r[name] != nil {
				got = *r[name]
			}
			if got != want {
				t.Fatalf("click %d: %s is %q in JSON, %q in CSV", i, name, got, want)
			}
		}
		i++
	}
	if i != n {
		t.Errorf("%d lines of JSON", i)
	}
	i = 0
	for line := range strings.Lines(scaleText(t, func(w io.Writer) error { return s.WriteLog(w, 0, n) })) {
		want := clicks[i/2]
		cut := strings.Split(line, `"`)
		if len(cut) != 11 {
			t.Fatalf("%q", line)
		}
		at := timeOf(t, "02/Jan/2006:15:04:05 -0700", line[strings.Index(line, "[")+1:strings.Index(line, "]")])
		landing := i%2 == 1
		if got := strings.Contains(cut[1], "ps_xid="+want["click_id"]+"&"); got != landing {
			t.Fatalf("%q: is the landing of click %s: %v", line, want["click_id"], got)
		}
		if landing && (cut[1] != "GET "+strings.TrimPrefix(want["landing_url"], scaleHost)+" HTTP/1.1" || cut[9] != orDash(want["email"]) || cut[3] != orDash(want["referrer"])) {
			t.Fatalf("%q is not %v", line, want)
		}
		if cut[5] != want["user_agent"] || cut[7] != want["visitor_id"] || at != timeOf(t, time.RFC3339, want["clicked_at"])/table.Second*table.Second {
			t.Fatalf("%q is not by the visitor of %v", line, want)
		}
		i++
	}
	if i != 2*n {
		t.Errorf("%d log lines", i)
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
