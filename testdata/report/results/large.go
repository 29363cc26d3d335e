// Package results holds made-up results of a run for the tests of the report
// and of what comes after it: a small one written by hand, and one of any size.
package results

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
)

// day0 is a Monday, 2026-01-05.
const day0 = table.Date(20458)

var sampleCurrencies = []struct {
	code   string
	amount []int64
}{
	{"EUR", []int64{2900, 9900, 14900, 29900, 118800, 240000}},
	{"USD", []int64{2900, 9900, 19900, 99000}},
	{"GBP", []int64{2400, 7900, 94800}},
	{"JPY", []int64{3900, 12800, 148000}},
	{"KWD", []int64{9500, 29750, 125250}},
}

var samplePartners = [][2]string{
	{"northwind-reviews", "Northwind Reviews"}, {"saas-atlas", "SaaS Atlas"}, {"pixel-and-ink", "Pixel & Ink Studio"},
	{"the-ledger-letter", "The Ledger Letter"}, {"growth-harbour", "Growth Harbour"}, {"café-numérique", "Café Numérique"},
	{"studio-1", "Studio"}, {"studio-2", "Studio"}, {"=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\",\"win\")"}, {"quiet-partner", ""},
}

// Large makes a believable result of n gaps: five currencies, most cases,
// incidents, contested purchases and ordinary ones. The same n and seed give
// the same result.
func Large(n int, seed uint64) (*gap.Result, report.Run, report.Options) {
	rng := rand.New(rand.NewPCG(seed, 1))
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	res := &gap.Result{
		PeriodStart: day0.Start(), PeriodEnd: (day0 + 84).Start(), AsOf: (day0 + 86).Start(),
		PartnerNames:  map[string]string{},
		OverConnected: []gap.OverConnected{{Kind: "visitor_id", ID: "kiosk-17", Other: 41, Limit: 5}},
		Missing: []gap.MissingSource{
			{Table: table.Links, Tells: "the partners' short addresses"},
			{Table: table.Consents, Tells: "whether a customer refused cookies or a blocker did it", Decides: gap.DecidedByConsents},
			{Table: table.PageChecks, Tells: "whether the snippet stood on a page on a day", Decides: gap.DecidedByPageChecks},
		},
		Notes: []string{"The access log has no line between 2026-02-11 02:00 and 05:00 UTC."},
	}
	for _, p := range samplePartners {
		if p[1] != "" {
			res.PartnerNames[p[0]] = p[1]
		}
	}
	read := func(p gap.Place, currency string, minor int64) {
		res.TieOut.Read.Add(currency, minor)
		res.TieOut.Place(p, currency, minor)
	}
	cases := []gap.Slug{gap.SnippetBroken, gap.SnippetBroken, gap.SnippetBroken, gap.CookieExpired, gap.CookieExpired, gap.DeviceSwitch, gap.DeviceSwitch,
		gap.CookiesCleared, gap.CookiesBlocked, gap.SafariNoSnippet, gap.ManualURL, gap.PaymentNotTied, gap.ParametersStripped, gap.DataOverwritten, gap.PublicKeyMissing}
	for i := range n {
		cur := sampleCurrencies[min(rng.IntN(9), 8)*len(sampleCurrencies)/9]
		if rng.IntN(2) == 0 {
			cur = sampleCurrencies[0]
		}
		partner := samplePartners[rng.IntN(len(samplePartners))]
		slug := cases[rng.IntN(len(cases))]
		at := day0.Start() + table.Time(rng.Int64N(int64(84*table.Day/table.Second)))*table.Second
		if slug == gap.SnippetBroken {
			at = (day0 + 35).Start() + table.Time(rng.Int64N(int64(12*table.Day/table.Second)))*table.Second
		}
		clicked, signed := at-table.Time(3+rng.IntN(100))*table.Day, at-table.Time(rng.IntN(2))*table.Day-table.Hour
		who := fmt.Sprintf("%s.%s%d@%s", pick("jo", "maria", "li", "amelie", "sven", "okafor"), pick("berg", "tanaka", "duval", "smith", "novak"), i, pick("example.com", "mail.example.org", "büro.example"))
		probability := []float64{0.97, 0.91, 0.88, 0.74, 0.66, 0.52, 0.41}[rng.IntN(7)]
		suggest := []gap.Suggestion{gap.Reward, gap.Reward, gap.Reward, gap.Ask, gap.None}[rng.IntN(5)]
		g := gap.Gap{
			GapID: gapID(i), PurchaseID: fmt.Sprintf("ch_3Q%08dXz", i), PurchasedAt: at, Email: who, Name: "Sample Person",
			CustomerID: fmt.Sprintf("cus_R%07d", i), CustomerKey: who, Processor: "stripe", Amount: cur.amount[rng.IntN(len(cur.amount))], Currency: cur.code, First: i%3 > 0,
			Case: slug, Probability: probability, Ranking: map[gap.Slug]float64{slug: probability}, PartnerKey: partner[0],
			Suggest: suggest, ClickedAt: clicked, SignedUpAt: signed,
			ClickBrowser: pick("Safari on iPhone", "Chrome on Windows", "Firefox on Linux", "Edge on Windows", "Safari on Mac"), SignupBrowser: pick("Chrome on Windows", "Safari on Mac", "Chrome on Android"),
			LandingPage: pick("https://shop.example.com/", "https://shop.example.com/pricing", "https://shop.example.com/lp/spring-campaign-for-small-agencies"),
			ClickID:     fmt.Sprintf("xid-%06d", i), Row: gap.Row{File: "stripe_payments.csv", Line: int64(i + 2)},
		}
		if rng.IntN(12) == 0 {
			g.Refunded = g.Amount / 2
		}
		g.Reason = fmt.Sprintf("%s on %s with %s, signed up %d days later with %s.", pick("Clicked the link of "+partner[0], "Tied by visitor id to a click"),
			clicked.Date(), g.ClickBrowser, int((signed-clicked)/table.Day), g.SignupBrowser)
		g.Candidates = []gap.Candidate{{PartnerKey: partner[0], ClickedAt: clicked, Tie: "visitor id"}}
		if rng.IntN(6) == 0 {
			g.Candidates = append(g.Candidates, gap.Candidate{PartnerKey: samplePartners[0][0], ClickedAt: clicked - table.Day, Tie: "address and browser", Others: 2})
		}
		if probability < 0.6 {
			g.RunnerUp = gap.CookiesCleared
			if slug == g.RunnerUp {
				g.RunnerUp = gap.DeviceSwitch
			}
			g.Ranking[g.RunnerUp] = probability - 0.05
			g.WouldDecide = []string{"page checks"}
		}
		if slug == gap.ManualURL || suggest == gap.None && rng.IntN(2) == 0 {
			g.ClickedAt, g.ClickBrowser = 0, ""
			if suggest == gap.None {
				g.PartnerKey, g.Candidates = "", nil
				g.Reason = "A coupon from a public coupon site: it names no partner of the programme."
			}
		}
		g.Findings = []gap.Finding{{Name: "sample", Case: slug, What: g.Reason, Weight: 2.5, Rows: []gap.Row{g.Row}}}
		g.Timeline = []gap.Event{
			{At: clicked, Kind: gap.EventClick, Who: partner[0], Browser: g.ClickBrowser, Page: g.LandingPage, Row: gap.Row{File: "clicks.csv", Line: int64(3*i + 2)}},
			{At: clicked + table.Minute, Kind: gap.EventVisit, Who: "visitor v-" + fmt.Sprint(i), Browser: g.ClickBrowser, Page: g.LandingPage, Note: "partner cookie set", Row: gap.Row{File: "logs/access-2026-01.log.gz", Line: int64(1000 + 7*i)}},
			{At: signed, Kind: gap.EventSignup, Who: who, Browser: g.SignupBrowser, Row: gap.Row{File: "signups.csv", Line: int64(i + 2)}},
			{At: at, Kind: gap.EventPurchase, Who: g.PurchaseID, Note: report.Money(g.Amount, g.Currency), Row: g.Row},
		}
		res.Gaps = append(res.Gaps, g)
		read(gap.Unattributed, g.Currency, g.Amount)
	}
	for i := range 4 * n {
		cur := sampleCurrencies[rng.IntN(len(sampleCurrencies))]
		at := day0.Start() + table.Time(rng.Int64N(int64(84*table.Day/table.Second)))*table.Second
		g := gap.Gap{GapID: gapID(n + i), PurchaseID: fmt.Sprintf("ch_ordinary%07d", i), PurchasedAt: at, Email: fmt.Sprintf("nobody%d@example.com", i),
			Amount: cur.amount[0], Currency: cur.code, Case: gap.NoPartnerSignal, Probability: 0.99, Ranking: map[gap.Slug]float64{gap.NoPartnerSignal: 0.99},
			Suggest: gap.None, Reason: "Nothing points to a partner.", Row: gap.Row{File: "stripe_payments.csv", Line: int64(n + i + 2)}}
		res.Gaps = append(res.Gaps, g)
		read(gap.Unattributed, g.Currency, g.Amount)
	}
	for d := range table.Date(84) {
		day := gap.DaySum{Day: day0 + d}
		for range 1 + n/100 + rng.IntN(3) {
			day.Sum.Add("EUR", 9900)
			read(gap.Attributed, "EUR", 9900)
		}
		res.Attributed = append(res.Attributed, day)
	}
	read(gap.Duplicate, "EUR", 9900)
	read(gap.ExcludedFailed, "USD", 2900)
	read(gap.ExcludedRefunded, "EUR", 14900)
	read(gap.ExcludedReversal, "EUR", -14900)
	read(gap.ExcludedTest, "CHF", 100)
	for i := range 9 {
		at := (day0 + table.Date(i*7)).Start() + 9*table.Hour
		a, b := samplePartners[i%4][0], samplePartners[(i+1)%4][0]
		last := a
		if i == 7 { // the platform did not follow its own rule
			last = b
		}
		c := gap.Contested{
			PurchaseID: fmt.Sprintf("ch_contested%d", i), PurchasedAt: at, Email: fmt.Sprintf("two.links%d@example.com", i), Amount: 9900, Currency: "EUR",
			Credited: a, LastClick: last, Others: []gap.Candidate{{PartnerKey: b, ClickedAt: at - 9*table.Day, Tie: "visitor id"}},
			Timeline:   []gap.Event{{At: at - 9*table.Day, Kind: gap.EventClick, Who: b}, {At: at - 2*table.Day, Kind: gap.EventClick, Who: a}, {At: at, Kind: gap.EventPurchase}},
			SignedUpAt: at - table.Hour,
			Clicks: []gap.ContestedClick{
				{PartnerKey: b, At: at - 9*table.Day, DaysBefore: 8, InWindow: true, Browser: "Safari on iPhone", Page: "/lp/spring-campaign-for-small-agencies", Tie: "visitor id", Row: gap.Row{File: "clicks.csv", Line: int64(6000 + 2*i)}},
				{PartnerKey: last, At: at - 2*table.Day, DaysBefore: 1, InWindow: true, Browser: "Chrome on Windows", Page: "/pricing", Tie: "e-mail", Row: gap.Row{File: "clicks.csv", Line: int64(6001 + 2*i)}},
			},
			Row: gap.Row{File: "stripe_payments.csv", Line: int64(5000 + i)},
		}
		c.Replies = []gap.Reply{{PartnerKey: b, Text: c.ReplyTo(b)}}
		res.Contested = append(res.Contested, c)
	}
	res.Answers = answers(res, n)
	res.Incidents = []gap.Incident{
		{IncidentID: "I-1", Cause: gap.SnippetBroken, Pages: []string{"/pricing", "/signup"}, Start: (day0 + 35).Start() + 14*table.Hour, End: (day0 + 47).Start() + 9*table.Hour,
			Expected: 61, Credited: 1, Purchases: 58, Lost: map[string]int64{"EUR": 1234500, "JPY": 512000}, Seen: "logs and page checks",
			What: "Crediting on /pricing and /signup fell from 94 % to 2 % at 14:00 UTC on 2026-02-09 in all browsers and came back on 2026-02-21; page checks found no snippet in that time."},
		{IncidentID: "I-2", Cause: gap.DataOverwritten, Pages: []string{"/checkout"}, Browsers: []string{"Safari"}, Start: (day0 + 70).Start(), End: (day0 + 72).Start(),
			Expected: 9, Credited: 0, Purchases: 7, Lost: map[string]int64{"EUR": 88000}, Seen: "logs", What: "No journey through /checkout was credited for two days."},
	}
	gap.Settle(res.Missing, res.Gaps)
	res.Unplaced.Add("EUR", 4900)
	run := report.Run{
		ID: "2026-03-30-9f31c2", Version: "0.1.0",
		Inputs: []report.Input{
			{Source: "stripe_payments", Format: "stripe_payments", File: "stripe_payments.csv", SHA256: strings.Repeat("9f31c2ab", 8), Bytes: 91231, Rows: 5000, Accepted: 4990, Rejected: 3, Duplicates: 5, Skipped: map[string]int64{"blank line": 2}, First: day0.Start() + 5*table.Hour, Last: (day0 + 85).Start()},
			{Source: "clicks", Format: "native", File: "clicks.csv", SHA256: strings.Repeat("01ab77e0", 8), Bytes: 5123, Rows: 900, Accepted: 900, First: day0.Start() - 90*table.Day, Last: (day0 + 85).Start()},
			{Source: "access_log", Format: "accesslog", File: "logs/access-2026-01.log.gz", SHA256: strings.Repeat("77e001ab", 8), Bytes: 812340, Rows: 70010, Accepted: 31000, Rejected: 10, Skipped: map[string]int64{"not a page": 38990, "robot": 10}, First: day0.Start() - 90*table.Day, Last: (day0 + 85).Start()},
		},
		Rejects: []table.Reject{{Source: "clicks", File: "clicks.csv", Line: 17, Column: "clicked_at", Value: "yesterday", Rule: "is not a time", Remedy: "write RFC 3339"}},
		Options: []report.KeyValue{{Key: "reconcile.cookie_days", Value: "90"}, {Key: "reconcile.safari_days", Value: "7"}, {Key: "reconcile.lag_hours", Value: "48"}, {Key: "reconcile.thresholds", Value: "EUR 5.00"}},
	}
	opt := report.DefaultOptions()
	opt.Programme = "Example Shop partner programme"
	opt.MainCurrency = "EUR"
	opt.Rates = []report.Rate{{Currency: "USD", ToMain: "0.86"}, {Currency: "GBP", ToMain: "1.14"}, {Currency: "JPY", ToMain: "0.0056"}, {Currency: "KWD", ToMain: "2.81"}}
	opt.Commission = []report.CommissionRule{{Percent: "20"}}
	return res, run, opt
}

// answers makes a claim of every kind, and more that are gaps.
func answers(res *gap.Result, n int) []gap.Answer {
	var out []gap.Answer
	add := func(kind gap.AnswerKind, a gap.Answer) {
		i := len(out)
		a.ClaimID, a.Answer, a.ClaimedAt = fmt.Sprintf("clm_%06d", i), kind, (day0+70).Start()+table.Time(i)*table.Hour
		a.PartnerKey = cmp.Or(a.PartnerKey, samplePartners[i%4][0])
		a.PurchasedOn = (day0 + table.Date(i)).String()
		a.Row = gap.Row{File: "claims.csv", Line: int64(i + 2)}
		a.Rows = append([]gap.Row{a.Row}, a.Rows...)
		out = append(out, a)
	}
	for i := range min(n, 12) {
		g := &res.Gaps[i]
		add(gap.AnswerGap, gap.Answer{PartnerKey: g.PartnerKey, CustomerName: g.Name, CustomerEmail: g.Email, FoundBy: gap.FoundByEmail, Fits: 1, PurchaseIDs: []string{g.PurchaseID}, GapIDs: []string{g.GapID},
			What:      fmt.Sprintf("The purchase of %s (%s) is credited to nobody so far; it is our case %s: %s.", g.PurchasedAt.Date(), report.Money(g.Amount, g.Currency), g.GapID, report.CauseText(g.Case)),
			Questions: gap.Questions()[1 : 1+2*(i%2)], Rows: []gap.Row{g.Row}})
	}
	for i := range res.Contested {
		c := &res.Contested[i]
		add(gap.AnswerContested, gap.Answer{PartnerKey: c.Others[0].PartnerKey, CustomerEmail: c.Email, FoundBy: gap.FoundByEmail, Fits: 1, PurchaseIDs: []string{c.PurchaseID}, Credited: c.Credited, CreditedAt: c.PurchasedAt + table.Hour,
			What: fmt.Sprintf("The purchase of %s (%s) is credited to %s: the platform recorded it on %[1]s. %[4]s", c.PurchasedAt.Date(), report.Money(c.Amount, c.Currency), c.Credited, c.Replies[0].Text), Rows: []gap.Row{c.Row}})
	}
	for _, k := range gap.AnswerKinds()[2:] {
		add(k, gap.Answer{CustomerName: "Sample Person", What: "A made-up answer: " + k.Title() + ".", Questions: gap.Questions()[:1]})
	}
	return out
}

// gapID has the form of a real one; the check sign is not.
func gapID(i int) string {
	const signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	out := []byte("LL-0000-0000-0000")
	for k, n := len(out)-1, i*2654435761; n > 0 && k > 2; k-- {
		if out[k] != '-' {
			out[k] = signs[n%32]
			n /= 32
		}
	}
	return string(out)
}
