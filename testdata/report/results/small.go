package results

import (
	"strings"
	"time"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
)

// at reads a time written by hand.
func at(s string) table.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return table.TimeOf(t)
}

// Small is a week of a small programme: four purchases with a partner signal,
// one ordinary, one contested, one incident, three currencies.
func Small() (*gap.Result, report.Run, report.Options) {
	res := &gap.Result{
		AsOf: at("2026-03-10 00:00"), PeriodStart: at("2026-03-02 00:00"), PeriodEnd: at("2026-03-09 00:00"),
		PartnerNames: map[string]string{"acme": "Acme Reviews", "bolt": "Bolt & Sons"},
		Missing: []gap.MissingSource{
			{Table: table.Links, Tells: "the partners' short addresses"},
			{Table: table.PageChecks, Tells: "whether the snippet stood on a page on a day", Decides: gap.DecidedByPageChecks},
			{Table: table.Consents, Tells: "whether a customer refused cookies or a blocker did it", Decides: gap.DecidedByConsents},
		},
		Notes: []string{"The access log has no line on 2026-03-04 between 02:00 and 05:00 UTC."},
		Gaps: []gap.Gap{
			{
				GapID: "LL-AAAA-AAAA-AAA1", PurchaseID: "ch_1", PurchasedAt: at("2026-03-02 10:00"), Email: "ana@example.com", Name: "Ana Example",
				CustomerID: "cus_1", CustomerKey: "ana@example.com", Processor: "stripe", Amount: 11880, Currency: "EUR", Case: gap.CookieExpired, Probability: 0.97,
				Ranking:    map[gap.Slug]float64{gap.CookieExpired: 0.97, gap.DeviceSwitch: 0.03},
				PartnerKey: "acme", Suggest: gap.Reward, Reason: "The click of Acme Reviews was 97 days before the sign-up; the cookie lives 90.",
				Candidates: []gap.Candidate{{PartnerKey: "acme", ClickedAt: at("2025-11-25 09:00"), Tie: "visitor id"}},
				Findings:   []gap.Finding{{Name: "click_older_than_cookie", Case: gap.CookieExpired, What: "97 days from click to sign-up", Weight: 4, Rows: []gap.Row{{File: "clicks.csv", Line: 2}}}},
				Timeline: []gap.Event{
					{At: at("2025-11-25 09:00"), Kind: gap.EventClick, Who: "acme", Browser: "Chrome on Windows", Page: "https://shop.example.com/", Row: gap.Row{File: "clicks.csv", Line: 2}},
					{At: at("2026-03-02 09:40"), Kind: gap.EventSignup, Who: "ana@example.com", Browser: "Chrome on Windows", Row: gap.Row{File: "signups.csv", Line: 2}},
					{At: at("2026-03-02 10:00"), Kind: gap.EventPurchase, Who: "ch_1", Note: "EUR 118.80", Row: gap.Row{File: "payments.csv", Line: 2}},
				},
				ClickedAt: at("2025-11-25 09:00"), SignedUpAt: at("2026-03-02 09:40"), ClickBrowser: "Chrome on Windows", SignupBrowser: "Chrome on Windows",
				LandingPage: "https://shop.example.com/", ClickID: "x1", Row: gap.Row{File: "payments.csv", Line: 2},
			},
			{
				GapID: "LL-AAAA-AAAA-AAA2", PurchaseID: "ch_2", PurchasedAt: at("2026-03-03 12:00"), Email: "ben@example.org", Amount: 29900, Refunded: 9900, Currency: "EUR",
				Case: gap.SnippetBroken, Probability: 0.55, RunnerUp: gap.CookiesBlocked, Ranking: map[gap.Slug]float64{gap.SnippetBroken: 0.55, gap.CookiesBlocked: 0.4},
				WouldDecide: []string{gap.DecidedByPageChecks, gap.DecidedByConsents}, PartnerKey: "bolt", Suggest: gap.Ask,
				Reason:     "Clicked the link of Bolt & Sons on 2026-03-03; from 08:00 on nobody who landed on /pricing was credited.",
				Candidates: []gap.Candidate{{PartnerKey: "bolt", ClickedAt: at("2026-03-03 11:00"), Tie: "click id"}, {PartnerKey: "acme", ClickedAt: at("2026-02-20 11:00"), Tie: "visitor id", Others: 1}},
				Timeline: []gap.Event{
					{At: at("2026-03-03 11:00"), Kind: gap.EventClick, Who: "bolt", Browser: "Safari on iPhone", Page: "https://shop.example.com/pricing", Row: gap.Row{File: "clicks.csv", Line: 9}},
					{At: at("2026-03-03 12:00"), Kind: gap.EventPurchase, Who: "ch_2", Note: "EUR 299.00", Row: gap.Row{File: "payments.csv", Line: 3}},
					{At: at("2026-03-05 08:00"), Kind: gap.EventRefund, Who: "ch_2", Note: "EUR 99.00", Row: gap.Row{File: "payments.csv", Line: 9}},
				},
				ClickedAt: at("2026-03-03 11:00"), ClickBrowser: "Safari on iPhone", LandingPage: "https://shop.example.com/pricing", Row: gap.Row{File: "payments.csv", Line: 3},
			},
			{
				GapID: "LL-AAAA-AAAA-AAA3", PurchaseID: "ch_3", PurchasedAt: at("2026-03-04 08:30"), Email: "=1+1@example.com", Amount: 14800, Currency: "JPY",
				Case: gap.ManualURL, Probability: 0.7, Ranking: map[gap.Slug]float64{gap.ManualURL: 0.7}, Suggest: gap.None, Coupon: "SAVE10",
				Reason: "The coupon SAVE10 is on public coupon sites; it names no partner.", Row: gap.Row{File: "payments.csv", Line: 4},
			},
			{
				GapID: "LL-AAAA-AAAA-AAA4", PurchaseID: "ch_4", PurchasedAt: at("2026-03-05 20:00"), Email: "dev@example.com", Amount: 29750, Currency: "KWD",
				Case: gap.SafariNoSnippet, Probability: 0.9, Ranking: map[gap.Slug]float64{gap.SafariNoSnippet: 0.9}, PartnerKey: "acme", Suggest: gap.Reward,
				Reason: "Landed with Safari on a page that never had the snippet.", LandingPage: "https://shop.example.com/lp", ClickedAt: at("2026-03-05 19:00"),
				SignedUpAt: at("2026-03-05 19:30"), Row: gap.Row{File: "payments.csv", Line: 5},
			},
			{
				GapID: "LL-AAAA-AAAA-AAA5", PurchaseID: "ch_5", PurchasedAt: at("2026-03-06 20:00"), Email: "eve@example.com", Amount: 2900, Currency: "EUR",
				Case: gap.NoPartnerSignal, Probability: 0.99, Ranking: map[gap.Slug]float64{gap.NoPartnerSignal: 0.99}, Suggest: gap.None,
				Reason: "Nothing points to a partner.", Row: gap.Row{File: "payments.csv", Line: 6},
			},
		},
		Contested: []gap.Contested{{
			PurchaseID: "ch_6", PurchasedAt: at("2026-03-06 21:00"), Email: "fay@example.com", Amount: 2900, Currency: "EUR", Credited: "bolt", LastClick: "bolt",
			Others:     []gap.Candidate{{PartnerKey: "acme", ClickedAt: at("2026-03-01 10:00"), Tie: "visitor id"}},
			Timeline:   []gap.Event{{At: at("2026-03-01 10:00"), Kind: gap.EventClick, Who: "acme"}, {At: at("2026-03-05 10:00"), Kind: gap.EventClick, Who: "bolt"}},
			SignedUpAt: at("2026-03-06 20:55"),
			Clicks: []gap.ContestedClick{
				{PartnerKey: "acme", At: at("2026-03-01 10:00"), DaysBefore: 5, InWindow: true, Browser: "Chrome on Windows", Page: "/", Tie: "visitor id", Row: gap.Row{File: "clicks.csv", Line: 7}},
				{PartnerKey: "bolt", At: at("2026-03-05 10:00"), DaysBefore: 1, InWindow: true, Browser: "Chrome on Windows", Page: "/pricing", Tie: "e-mail", Row: gap.Row{File: "clicks.csv", Line: 8}},
			},
			Row: gap.Row{File: "payments.csv", Line: 7},
		}},
		Incidents: []gap.Incident{{
			IncidentID: "I-1", Cause: gap.SnippetBroken, Pages: []string{"/pricing"}, Start: at("2026-03-03 08:00"), End: at("2026-03-04 08:00"),
			Expected: 12, Credited: 0, Purchases: 1, Lost: map[string]int64{"EUR": 20000}, Seen: "logs", What: "None of 12 clean journeys through /pricing was credited.",
		}},
		Answers: []gap.Answer{
			{
				ClaimID: "claim-1", PartnerKey: "acme", ClaimedAt: at("2026-03-07 09:00"), CustomerName: "Ana Example", CustomerEmail: "ana@example.com", PurchasedOn: "2026-03-02",
				Answer: gap.AnswerGap, What: "The purchase of 2026-03-02 (EUR 118.80) is credited to nobody so far; it is our case LL-AAAA-AAAA-AAA1: C05 Cookie expired.",
				FoundBy: gap.FoundByEmail, Fits: 1, PurchaseIDs: []string{"ch_1"}, GapIDs: []string{"LL-AAAA-AAAA-AAA1"},
				Rows: []gap.Row{{File: "claims.csv", Line: 2}, {File: "payments.csv", Line: 2}, {File: "clicks.csv", Line: 2}}, Row: gap.Row{File: "claims.csv", Line: 2},
			},
			{
				ClaimID: "claim-2", PartnerKey: "acme", ClaimedAt: at("2026-03-08 09:00"), CustomerName: "Fay Example", PurchasedOn: "2026-03-06", Note: "=not tracked",
				Answer: gap.AnswerContested, What: "The purchase of 2026-03-06 (EUR 29.00) is credited to Bolt & Sons: the platform recorded it on 2026-03-06.",
				FoundBy: gap.FoundByNameAndDay, Fits: 1, PurchaseIDs: []string{"ch_6"}, Credited: "bolt", CreditedAt: at("2026-03-06 21:30"),
				Rows: []gap.Row{{File: "claims.csv", Line: 3}, {File: "payments.csv", Line: 7}}, Row: gap.Row{File: "claims.csv", Line: 3},
			},
			{
				PartnerKey: "bolt", ClaimedAt: at("2026-03-08 10:00"), CustomerEmail: "=zoe@example.net", Answer: gap.AnswerNoSuchCustomer,
				What: "No customer with this e-mail address is on record up to 2026-03-09.", Questions: gap.Questions()[:1],
				Rows: []gap.Row{{File: "claims.csv", Line: 4}}, Row: gap.Row{File: "claims.csv", Line: 4},
			},
		},
		Attributed: []gap.DaySum{{Day: at("2026-03-06 00:00").Date(), Sum: gap.Sum{Count: 1, Minor: map[string]int64{"EUR": 2900}}}},
	}
	for i := range res.Contested {
		c := &res.Contested[i]
		for _, o := range c.Others {
			c.Replies = append(c.Replies, gap.Reply{PartnerKey: o.PartnerKey, Text: c.ReplyTo(o.PartnerKey)})
		}
	}
	for i := range res.Gaps {
		g := &res.Gaps[i]
		res.TieOut.Read.Add(g.Currency, g.Amount)
		res.TieOut.Place(gap.Unattributed, g.Currency, g.Amount)
	}
	gap.Settle(res.Missing, res.Gaps)
	for p, minor := range map[gap.Place]int64{gap.Attributed: 2900, gap.Duplicate: 2900, gap.ExcludedFailed: 9900} {
		res.TieOut.Read.Add("EUR", minor)
		res.TieOut.Place(p, "EUR", minor)
	}
	run := report.Run{
		ID: "20260310-5a1b", Version: "0.1.0",
		Inputs: []report.Input{
			{Source: "payments", Format: "stripe_payments", File: "payments.csv", SHA256: strings.Repeat("5a1b", 16), Bytes: 1200, Rows: 9, Accepted: 8, Duplicates: 1, First: at("2026-03-02 10:00"), Last: at("2026-03-06 21:00")},
			{Source: "clicks", Format: "native", File: "clicks.csv", SHA256: strings.Repeat("77c0", 16), Bytes: 900, Rows: 12, Accepted: 9, Rejected: 1, Skipped: map[string]int64{"robot": 2}, First: at("2025-11-25 09:00"), Last: at("2026-03-05 19:00")},
		},
		Rejects: []table.Reject{{Source: "clicks", File: "clicks.csv", Line: 5, Column: "clicked_at", Value: "yesterday", Rule: "is not a time", Remedy: "write RFC 3339"}},
		Options: []report.KeyValue{{Key: "reconcile.cookie_days", Value: "90"}, {Key: "reconcile.lag_hours", Value: "48"}},
	}
	opt := report.DefaultOptions()
	opt.Programme = "Example Shop"
	opt.MainCurrency = "EUR"
	opt.Rates = []report.Rate{{Currency: "JPY", ToMain: "0.0056"}}
	opt.Commission = []report.CommissionRule{{Currency: "JPY", FlatMinor: 1500}, {Currency: "EUR", Percent: "20"}}
	return res, run, opt
}
