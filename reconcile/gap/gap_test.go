package gap

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
)

func TestConfidence(t *testing.T) {
	for _, tc := range []struct {
		p    float64
		want Confidence
	}{{1, High}, {0.85, High}, {0.8499, Medium}, {0.6, Medium}, {0.5999, Low}, {0, Low}} {
		if got := ConfidenceOf(tc.p); got != tc.want {
			t.Errorf("%g is %s, want %s", tc.p, got, tc.want)
		}
	}
}

func TestNearTie(t *testing.T) {
	g := Gap{Case: CookiesCleared, Probability: 0.6, RunnerUp: CookiesBlocked, Ranking: map[Slug]float64{CookiesCleared: 0.6, CookiesBlocked: 0.3}}
	if !g.NearTie() {
		t.Error("half as likely is near")
	}
	g.Ranking[CookiesBlocked] = 0.29
	if g.NearTie() {
		t.Error("less than half as likely is not near")
	}
}

func TestLastClick(t *testing.T) {
	click := func(key string, tie Tie, others int) Click { return Click{PartnerKey: key, Tie: tie, Others: others} }
	for _, tc := range []struct {
		name   string
		clicks []Click
		want   string
	}{
		{"none", nil, ""},
		{"one", []Click{click("a", TieAddress, 3)}, "a"},
		{"two sure ones: the later", []Click{click("a", TieVisitor, 0), click("b", TieEmail, 0)}, "b"},
		{"a sure one before a mere address", []Click{click("a", TieVisitor, 0), click("b", TieAddress, 0)}, "a"},
		{"a sure one after a mere address", []Click{click("a", TieAddress, 0), click("b", TieLooseEmail, 0)}, "b"},
		{"a sure one before a shared browser", []Click{click("a", TieVisitor, 0), click("b", TieAddressBrowser, 2)}, "a"},
		{"the same browser of nobody else, later", []Click{click("a", TieVisitor, 0), click("b", TieAddressBrowser, 0)}, "b"},
		{"of candidates the better tie", []Click{click("a", TieAddressBrowser, 1), click("b", TieAddress, 0)}, "a"},
		{"of equal candidates the later", []Click{click("a", TieAddress, 1), click("b", TieAddress, 1)}, "b"},
	} {
		got := ""
		if c := (&Journey{Clicks: tc.clicks}).Last(); c != nil {
			got = c.PartnerKey
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestCookieLife(t *testing.T) {
	j := &Journey{CookieDays: 90, SafariDays: 7}
	for _, tc := range []struct {
		webkit bool
		safari int
		want   table.Time
	}{{false, 7, 90 * table.Day}, {true, 7, 7 * table.Day}, {true, 0, 90 * table.Day}} {
		j.SafariDays = tc.safari
		if got := j.Life(&Click{Browser: browser.Browser{WebKit: tc.webkit}}); got != tc.want {
			t.Errorf("WebKit %v, Safari's days %d: %d days, want %d", tc.webkit, tc.safari, got/table.Day, tc.want/table.Day)
		}
	}
}

// drawJourney makes up a journey of any kind, sensible or not.
func drawJourney(t *rapid.T) *Journey {
	maybe := func(name string) bool { return rapid.Bool().Draw(t, name) }
	answer := func(name string) table.Answer {
		return rapid.SampledFrom([]table.Answer{table.Unknown, table.Yes, table.No}).Draw(t, name)
	}
	agents := []browser.Browser{{}, {Family: "Chrome", System: "Windows"}, {Family: "Safari", System: "iPhone", Mobile: true, WebKit: true}}
	partner := func() string { return rapid.SampledFrom([]string{"harbor", "maple"}).Draw(t, "partner") }
	j := &Journey{CookieDays: 90, SafariDays: rapid.SampledFrom([]int{0, 7}).Draw(t, "safari"), DecidedAt: 200 * table.Day}
	j.Has = Sources{Clicks: true, Visits: maybe("visits"), VisitorIDs: maybe("visitor ids"), Cookies: maybe("cookies"), PageChecks: maybe("checks"), Consents: maybe("consents"), LogHole: maybe("hole")}
	if maybe("signup") {
		j.Signup = &Signup{At: j.DecidedAt, VisitorID: rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(t, "visitor"), Browser: rapid.SampledFrom(agents).Draw(t, "browser")}
	}
	clicks := func(name string) []Click {
		var out []Click
		for range rapid.IntRange(0, 3).Draw(t, name) {
			out = append(out, Click{At: table.Time(rapid.IntRange(50, 200).Draw(t, "day")) * table.Day, PartnerKey: partner(), Tie: Tie(rapid.IntRange(1, 5).Draw(t, "tie")),
				Others: rapid.IntRange(0, 5).Draw(t, "others"), Browser: rapid.SampledFrom(agents).Draw(t, "browser"), VisitorID: rapid.SampledFrom([]string{"", "v1"}).Draw(t, "visitor"),
				Page: "/pricing", Tagged: answer("tagged"), Reused: maybe("reused")})
		}
		return out
	}
	j.Clicks, j.After = clicks("clicks"), clicks("after")
	state := func() PageState {
		if !maybe("checked") {
			return PageState{Path: "/pricing"}
		}
		return PageState{Path: "/pricing", Checked: true, Snippet: answer("snippet"), PublicKey: answer("key"), Overwritten: answer("overwritten"), Changing: maybe("changing"), Never: maybe("never"), Checks: []Seen{{At: table.Day}}}
	}
	j.Landing, j.SignupPage, j.Checkout = state(), state(), state()
	hints := func(name string) []Hint {
		var out []Hint
		for range rapid.IntRange(0, 2).Draw(t, name) {
			out = append(out, Hint{PartnerKey: partner(), What: name, Sure: maybe("sure"), Users: rapid.IntRange(0, 20).Draw(t, "users"), Linked: rapid.IntRange(0, 3).Draw(t, "linked")})
		}
		return out
	}
	j.Vanity, j.PartnerPages, j.Coupons, j.Claims = hints("vanity"), hints("page"), hints("coupon"), hints("claim")
	if maybe("denied") {
		j.Denied = []Seen{{At: table.Day}}
	}
	if maybe("granted") {
		j.Granted = []Seen{{At: table.Day}}
	}
	j.CookieAtSignup, j.CookieEver, j.KeptVisitor = answer("cookie at sign-up"), answer("cookie ever"), answer("kept visitor")
	j.Arrival = Arrival(rapid.IntRange(0, 4).Draw(t, "arrival"))
	if maybe("credited") {
		j.Credited = &Hint{PartnerKey: partner(), What: "credited"}
	}
	if maybe("own partner") {
		j.OwnPartner = partner()
	}
	if maybe("fault") {
		j.Fault = &Incident{Cause: SnippetBroken, Pages: []string{"/pricing"}}
	}
	return j
}

// Whatever the journey, a verdict is whole.
func TestVerdictIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := drawJourney(t)
		v := Judge(j)
		sum, top := 0.0, 0.0
		for _, p := range v.Ranking {
			sum, top = sum+p, max(top, p)
		}
		if len(v.Ranking) != len(Cases()) || math.Abs(sum-1) > 0.001 || v.Probability != top || v.Ranking[v.Case] != top {
			t.Fatalf("%d slugs, together %g; %s at %g of at most %g", len(v.Ranking), sum, v.Case, v.Probability, top)
		}
		if v.RunnerUp == v.Case || v.RunnerUp == "" {
			t.Fatalf("the runner-up of %s is %q", v.Case, v.RunnerUp)
		}
		if (v.PartnerKey == "") != (v.Case == NoPartnerSignal) {
			t.Fatalf("%s with partner %q", v.Case, v.PartnerKey)
		}
		if v.Suggest == Reward && v.Ranking[NoPartnerSignal]+v.Ranking[ManualURL]+v.Ranking[CookieExpired] > 0.4001 {
			t.Fatalf("a reward with %v", v.Ranking)
		}
		if v.PartnerKey != "" && j.OwnPartner == v.PartnerKey && v.Suggest != None {
			t.Fatalf("%s for a partner's own purchase", v.Suggest)
		}
		if v.Case == NoPartnerSignal && v.Suggest != None {
			t.Fatalf("%s, suggested: %s", v.Case, v.Suggest)
		}
		if v.Reason == "" || strings.Contains(v.Reason, "%!") {
			t.Fatalf("the reason is %q", v.Reason)
		}
		if v.Ranking[v.RunnerUp] >= v.Probability/2 && len(v.WouldDecide) == 0 {
			t.Fatalf("%s or %s, and nothing is said to decide it", v.Case, v.RunnerUp)
		}
		for i, f := range v.Findings {
			if f.What == "" || f.Name == "" || i > 0 && f.Case == v.Case && v.Findings[i-1].Case != v.Case {
				t.Fatalf("finding %d: %+v of %s", i, f, v.Case)
			}
		}
		seen := map[string]bool{}
		for _, c := range v.Candidates {
			if seen[c.PartnerKey] {
				t.Fatalf("%s is a candidate twice", c.PartnerKey)
			}
			seen[c.PartnerKey] = true
		}
	})
}

func TestTieOut(t *testing.T) {
	var to TieOut
	for _, p := range []struct {
		place    Place
		currency string
		minor    int64
	}{{Attributed, "USD", 4900}, {Unattributed, "USD", 2900}, {ExcludedReversal, "EUR", -1000}, {Duplicate, "JPY", 500}} {
		to.Read.Add(p.currency, p.minor)
		to.Place(p.place, p.currency, p.minor)
	}
	if err := to.Check(); err != nil {
		t.Errorf("a whole account: %v", err)
	}
	if got := strings.Join(to.Currencies(), " "); got != "EUR JPY USD" {
		t.Errorf("currencies %s", got)
	}
	to.Read.Add("USD", 100)
	if err := to.Check(); err == nil || !strings.Contains(err.Error(), "1 purchases missing") || !strings.Contains(err.Error(), "100 minor units of USD missing") {
		t.Errorf("a purchase too few: %v", err)
	}
	to.Place(Attributed, "EUR", 100)
	if err := to.Check(); err == nil || strings.Contains(err.Error(), "purchases") || !strings.Contains(err.Error(), "100 minor units of EUR over") {
		t.Errorf("another currency: %v", err)
	}
	seen := map[Place]bool{}
	for _, p := range Places() {
		seen[p] = true
	}
	for _, p := range []Place{Duplicate, ExcludedFailed, ExcludedTest, ExcludedRefunded, ExcludedChargeback, ExcludedThreshold, ExcludedPeriod, ExcludedFresh, ExcludedReversal, ExcludedOther, Attributed, Unattributed} {
		if !seen[p] {
			t.Errorf("%s is not among the places", p)
		}
	}
}
