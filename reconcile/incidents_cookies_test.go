package reconcile

import (
	"fmt"
	"math"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// browsed is a landing whose next request tells what cookie the page set; the
// visitor may sign up with it.
type browsed struct {
	at              float64
	page            string
	broken          bool   // the page sets no cookie
	before          string // the partner whose cookie the browser has already
	signsUp, losing bool   // signs up two hours later; nobody is credited
}

func (s *site) browsed(w browsed) {
	pos := s.pos()
	who := fmt.Sprintf("b%d", s.line)
	url := "https://www.vendor.example" + w.page + "?ps_partner_key=harbor&ps_xid=" + who
	visit := table.Visit{Pos: pos, VisitedAt: day(w.at), URL: url, VisitorID: who, IP: "203.0.113.9", UserAgent: desktop, CookiesLogged: table.Yes, PartnerCookie: w.before}
	if w.before != "" {
		visit.ClickCookie = "earlier"
	}
	appendRow(s, s.sink.Visits(), visit)
	appendRow(s, s.sink.Clicks(), table.Click{Pos: pos, ClickedAt: day(w.at), PartnerKey: "harbor", ClickID: who, VisitorID: who, LandingURL: url, IP: visit.IP, UserAgent: desktop})
	visit.Pos, visit.VisitedAt, visit.URL = s.pos(), visit.VisitedAt+table.Minute, "https://www.vendor.example/features"
	if !w.broken {
		visit.PartnerCookie, visit.ClickCookie = "harbor", who
	}
	appendRow(s, s.sink.Visits(), visit)
	if !w.signsUp {
		return
	}
	mail, key := who+"@mail.example", "c-"+who
	visit.Pos, visit.VisitedAt, visit.URL = s.pos(), visit.VisitedAt+2*table.Hour, "https://www.vendor.example/signup"
	appendRow(s, s.sink.Visits(), visit)
	at := visit.VisitedAt + table.Second
	appendRow(s, s.sink.Signups(), table.Signup{Pos: s.pos(), SignedUpAt: at, Email: mail, CustomerKey: key, VisitorID: who, IP: visit.IP, UserAgent: desktop})
	appendRow(s, s.sink.Purchases(), table.Purchase{Pos: s.pos(), PurchaseID: "p-" + who, PurchasedAt: at, Amount: 4900, Currency: "USD", Email: mail, CustomerKey: key, Status: table.StatusPaid, Live: table.Yes})
	s.sink.Customers()
	if !w.losing && visit.PartnerCookie != "" {
		appendRow(s, s.sink.Customers(), table.Customer{Pos: s.pos(), PartnerKey: visit.PartnerCookie, CustomerKey: key, Email: mail, CreatedAt: at})
	}
}

// Where the log has the partner's cookies, the visits of people who never sign
// up show when a landing page failed, to the hour; and a sign-up that brought
// the cookie along and is credited to nobody, that the sign-up page did.
func TestCookiesTellTheSides(t *testing.T) {
	in := func(d float64) bool { return d >= 30 && d < 34 }
	for _, tc := range []struct {
		name   string
		change func(*browsed)
		pages  string // of the one incident; "" for none
		within table.Time
	}{
		{"all well", func(*browsed) {}, "", 0},
		{"a landing page, by visitors who never sign up", func(w *browsed) { w.broken = in(w.at) && w.page == "/tour" }, "[/tour]", 4 * table.Hour},
		{"the same over a cookie of another partner", func(w *browsed) {
			w.before = "other"
			w.broken = in(w.at) && w.page == "/tour"
		}, "[/tour]", 4 * table.Hour},
		{"the sign-up page, by cookies brought along in vain", func(w *browsed) { w.losing = in(w.at + 2./24) }, "[/signup]", table.Day},
		{"a page that never had the snippet", func(w *browsed) { w.broken = w.page == "/tour" }, "", 0},
		{"scattered losses", func(w *browsed) { w.broken = int(w.at*8)%9 == 0 }, "", 0},
	} {
		s := newSite(t)
		for i := range 60 * 8 {
			w := browsed{at: (float64(i) + 0.5) / 8, page: []string{"/pricing", "/tour"}[i%2], signsUp: i%5 == 0}
			tc.change(&w)
			s.browsed(w)
		}
		got := s.run().Incidents
		if tc.pages == "" {
			if len(got) > 0 {
				t.Errorf("%s: %+v", tc.name, got)
			}
			continue
		}
		if len(got) != 1 || fmt.Sprint(got[0].Pages) != tc.pages || got[0].Cause != gap.SnippetBroken || got[0].Seen != "logs" {
			t.Errorf("%s: %+v, want one on %s", tc.name, got, tc.pages)
			continue
		}
		if x := got[0]; max(x.Start-day(30), day(30)-x.Start, x.End-day(34), day(34)-x.End) > tc.within {
			t.Errorf("%s: from %v to %v, want %v to %v", tc.name, x.Start, x.End, day(30), day(34))
		}
	}
}

// A log with cookies on some of its days is not relied on for them.
func TestFewCookiesTellNothing(t *testing.T) {
	s := newSite(t)
	for i := range 200 {
		s.browsed(browsed{at: (float64(i) + 0.5) / 8, page: "/tour", signsUp: true})
		s.came((float64(i)+0.5)/4, "/tour", desktop, true)
	}
	set := s.sink.Set([]string{"made-up.csv"})
	t.Cleanup(set.Release)
	opt := DefaultOptions()
	opt.PeriodStart, opt.PeriodEnd, opt.AsOf = siteStart, day(400), day(400)
	b := newBuilder(set, nil, opt)
	clean := b.samples()
	if _, _, ok := b.cookieSteps(clean); ok || len(clean) != 400 {
		t.Errorf("relied on for %d clean journeys, half of them without cookies in the log", len(clean))
	}
}

func TestStrangersBelow(t *testing.T) {
	for _, tc := range []struct {
		landings int
		want     uint32
	}{{0, math.MaxUint32}, {strangersMost, math.MaxUint32}, {strangersMost + 2, math.MaxUint32 / 2}, {64 * strangersMost, math.MaxUint32 / 64}} {
		if got := strangersBelow(tc.landings); got != tc.want {
			t.Errorf("%d landings: %d, want %d", tc.landings, got, tc.want)
		}
	}
}
