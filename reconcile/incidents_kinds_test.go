package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// walk is one clean journey with its times, in days.
type walk struct {
	click, signup float64
	page, ua      string
	lost          bool // nobody is credited
	unpaid        bool // credited, but the payment is not recorded
	// added is the day on which somebody added the customer to the platform, 0
	// where the sign-up did.
	added float64
	// late: the log has the visitor id from the second request on.
	late bool
}

func (s *site) walked(w walk) {
	pos := s.pos()
	who := fmt.Sprintf("w%d", s.line)
	mail, key := who+"@mail.example", "c-"+who
	url := "https://www.vendor.example" + w.page + "?ps_partner_key=harbor&ps_xid=" + who
	ip, landed := "203.0.113.9", who
	if w.late {
		ip, landed = fmt.Sprintf("203.0.%d.%d", s.line>>8&255, s.line&255), ""
	}
	appendRow(s, s.sink.Visits(), table.Visit{Pos: pos, VisitedAt: day(w.click), URL: url, VisitorID: landed, IP: ip, UserAgent: w.ua})
	appendRow(s, s.sink.Clicks(), table.Click{Pos: pos, ClickedAt: day(w.click), PartnerKey: "harbor", ClickID: who, VisitorID: landed, LandingURL: url, IP: ip, UserAgent: w.ua})
	appendRow(s, s.sink.Visits(), table.Visit{Pos: s.pos(), VisitedAt: day(w.signup), URL: "https://www.vendor.example/signup", VisitorID: who, IP: ip, UserAgent: w.ua})
	at := day(w.signup) + table.Second
	appendRow(s, s.sink.Signups(), table.Signup{Pos: s.pos(), SignedUpAt: at, Email: mail, CustomerKey: key, VisitorID: who, IP: ip, UserAgent: w.ua})
	appendRow(s, s.sink.Purchases(), table.Purchase{Pos: s.pos(), PurchaseID: "p-" + who, PurchasedAt: at + table.Minute, Amount: 4900, Currency: "USD", Email: mail, CustomerKey: key, Status: table.StatusPaid, Live: table.Yes})
	if w.lost {
		return
	}
	created := at
	if w.added > 0 {
		created = day(w.added)
	}
	appendRow(s, s.sink.Customers(), table.Customer{Pos: s.pos(), PartnerKey: "harbor", CustomerKey: key, Email: mail, CreatedAt: created})
	if !w.unpaid {
		appendRow(s, s.sink.Transactions(), table.Transaction{Pos: s.pos(), CreatedAt: at + table.Hour, Amount: 4900, Currency: "USD", CustomerKey: key, PurchaseID: "p-" + who})
	}
}

var (
	threePages = []string{"/pricing", "/tour", "/why"}
	firefox    = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
)

// walks sends six people a day for sixty days, two to each of three pages, in
// three browsers. Half of them sign up two days after the click.
func walks(s *site, change func(*walk)) {
	for d := range 60 {
		for i := range 6 {
			w := walk{click: float64(d) + 0.1 + 0.14*float64(i), page: threePages[i%3], ua: []string{desktop, iphone, firefox}[(i+d)%3]}
			w.signup = w.click + 0.02
			if (i+d/3)%2 == 0 {
				w.signup += 2
			}
			change(&w)
			s.walked(w)
		}
	}
}

func TestIncidentKinds(t *testing.T) {
	in := func(d float64) bool { return d >= 30 && d < 37 }
	for _, tc := range []struct {
		name     string
		change   func(*walk)
		pages    []string
		browsers string
		says     string
	}{
		{"the sign-up page", func(w *walk) { w.lost = in(w.signup) }, []string{"/signup"}, "", "on /signup from"},
		{"all pages", func(w *walk) { w.lost = in(w.signup) || in(w.click) }, append(slices.Clone(threePages[:1]), "/signup", "/tour", "/why"), "", "on all pages from"},
		{"all landing pages, but not the sign-up page", func(w *walk) { w.lost = in(w.click) }, threePages, "", "on all pages from"},
		{"two landing pages together", func(w *walk) { w.lost = in(w.click) && w.page != "/why" }, threePages[:2], "", "on /pricing and /tour from"},
		{"one landing page", func(w *walk) { w.lost = in(w.click) && w.page == "/why" }, threePages[2:], "", "on /why from"},
		{"the sign-up page in Firefox", func(w *walk) { w.lost = in(w.signup) && w.ua == firefox }, []string{"/signup"}, "Firefox", "on /signup in Firefox from"},
		{"the sign-up page in Chrome", func(w *walk) { w.lost = in(w.signup) && w.ua == desktop }, []string{"/signup"}, "Chrome and other Chromium browsers", "in Chrome"},
	} {
		s := newSite(t)
		lost := 0
		walks(s, func(w *walk) {
			tc.change(w)
			if w.lost {
				lost++
			}
		})
		got := s.run().Incidents
		if len(got) != 1 {
			t.Errorf("%s: %d incidents: %+v", tc.name, len(got), got)
			continue
		}
		x := got[0]
		if max(x.Start-day(30), day(30)-x.Start, x.End-day(37), day(37)-x.End) > table.Day {
			t.Errorf("%s: from %v to %v, want %v to %v", tc.name, x.Start, x.End, day(30), day(37))
		}
		if !slices.Equal(x.Pages, tc.pages) || strings.Join(x.Browsers, "") != tc.browsers || !strings.Contains(x.What, tc.says) || x.Cause != gap.SnippetBroken || x.Seen != "logs" {
			t.Errorf("%s: %+v, want pages %v, browsers %q, words %q", tc.name, x, tc.pages, tc.browsers, tc.says)
		}
		if x.Expected-x.Credited != lost || x.Purchases != lost || x.Lost["USD"] != int64(lost)*4900 {
			t.Errorf("%s: %d of %d credited, %d purchases and %v lost, want %d", tc.name, x.Credited, x.Expected, x.Purchases, x.Lost, lost)
		}
	}
}

// Whom somebody adds to the platform later, the sign-up page has lost.
func TestAddedByHandIsNoCredit(t *testing.T) {
	s := newSite(t)
	n, lost, added := 0, 0, 0
	walks(s, func(w *walk) {
		if w.signup < 30 || w.signup >= 37 {
			return
		}
		lost++
		if n++; n%4 == 0 {
			w.added, added = w.signup+10, added+1
		} else {
			w.lost = true
		}
	})
	got := s.run().Incidents
	if len(got) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(got), got)
	}
	if x := got[0]; x.Credited != 0 || x.Expected != lost || x.Purchases != lost-added || max(x.Start-day(30), day(30)-x.Start, x.End-day(37), day(37)-x.End) > table.Day {
		t.Errorf("%d of %d credited, %d purchases lost, from %v to %v; want none of %d, %d, %v to %v", x.Credited, x.Expected, x.Purchases, x.Start, x.End, lost, lost-added, day(30), day(37))
	}
}

// After a move to the platform the times of the customers moved mean nothing.
func TestMovedCustomersAreNoFault(t *testing.T) {
	s := newSite(t)
	walks(s, func(w *walk) {
		if w.signup < 30 {
			w.added = 32
		}
	})
	if got := s.run().Incidents; len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// A log may have the visitor id of a browser only from its second request on.
func TestLandingBeforeItsVisitorID(t *testing.T) {
	s := newSite(t)
	lost := 0
	walks(s, func(w *walk) {
		w.late = true
		if w.lost = w.click >= 30 && w.click < 37 && w.page == "/why"; w.lost {
			lost++
		}
	})
	got := s.run().Incidents
	if len(got) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(got), got)
	}
	if x := got[0]; x.Expected != lost || x.Credited != 0 || !slices.Equal(x.Pages, []string{"/why"}) {
		t.Errorf("%d of %d credited on %v, want none of %d on /why", x.Credited, x.Expected, x.Pages, lost)
	}
}

func TestPaymentOutage(t *testing.T) {
	s := newSite(t)
	walks(s, func(w *walk) { w.unpaid = w.signup >= 40 && w.signup < 43 })
	got := s.run().Incidents
	if len(got) != 1 {
		t.Fatalf("%d incidents, want 1: %+v", len(got), got)
	}
	x := got[0]
	if x.Cause != gap.PaymentNotTied || len(x.Pages) != 0 || x.Seen != "logs" || max(x.Start-day(40), day(40)-x.Start, x.End-day(43), day(43)-x.End) > table.Day {
		t.Errorf("%+v, want payments not tied from %v to %v", x, day(40), day(43))
	}
	if x.Credited != 0 || x.Expected != 18 || x.Purchases != 18 || x.Lost["USD"] != 18*4900 || !strings.HasPrefix(x.What, "Payments of credited customers were not recorded from 2026-02-1") {
		t.Errorf("%+v", x)
	}
}

// A customer of whom no payment is recorded, and single payments that are
// missed, are no outage.
func TestScatteredPaymentsAreNoOutage(t *testing.T) {
	s := newSite(t)
	n := 0
	walks(s, func(w *walk) { n++; w.unpaid = n%7 == 0 })
	if got := s.run().Incidents; len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// The id of an incident does not count: an older one that comes to light leaves
// it as it is, and so does a longer stretch.
func TestIncidentKeepsItsName(t *testing.T) {
	names := func(lost func(float64) bool) []string {
		s := newSite(t)
		walks(s, func(w *walk) { w.lost = lost(w.signup) })
		var out []string
		for _, x := range s.run().Incidents {
			out = append(out, x.IncidentID)
		}
		return out
	}
	one := names(func(d float64) bool { return d >= 30 && d < 37 })
	two := names(func(d float64) bool { return d >= 10 && d < 14 || d >= 30 && d < 40 })
	if len(one) != 1 || len(two) != 2 || two[1] != one[0] || two[0] == two[1] || !strings.HasPrefix(one[0], "INC-2026-02-") {
		t.Errorf("%q, then %q", one, two)
	}
}

// Between the last good check and the first bad one the journeys say when a
// fault began, and the same where it ended.
func TestJourneysPlaceTheEndsBetweenChecks(t *testing.T) {
	for _, tc := range []struct{ from, to float64 }{{30.2, 37.3}, {30.9, 36.5}, {30.5, 37.95}} {
		s := newSite(t)
		walks(s, func(w *walk) { w.lost = w.signup >= tc.from && w.signup < tc.to })
		for d := range 60 {
			c := working
			if at := float64(d) + 0.125; at >= tc.from && at < tc.to {
				c.PublicKeyPresent = table.No
			}
			s.checked(d, "/signup", c)
		}
		got := s.run().Incidents
		if len(got) != 1 || got[0].Cause != gap.PublicKeyMissing || got[0].Seen != "logs and page checks" {
			t.Errorf("%+v, want the one fault", got)
			continue
		}
		const near = 6 * table.Hour
		if x := got[0]; max(x.Start-day(tc.from), day(tc.from)-x.Start, x.End-day(tc.to), day(tc.to)-x.End) > near {
			t.Errorf("from %v to %v, want %v to %v", x.Start, x.End, day(tc.from), day(tc.to))
		}
	}
}
