package reconcile

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// site makes up clean journeys: a tagged landing, a sign-up with the same
// visitor id half an hour later, a purchase. Times are days after its start.
type site struct {
	t    *testing.T
	sink *table.Sink
	line int64
}

const (
	desktop = "Mozilla/5.0 (Windows NT 10.0) Chrome/138"
	iphone  = "Mozilla/5.0 (iPhone) Version/18.5 Safari/604.1"
)

var siteStart = at("2026-01-05 00:00") // a Monday

func newSite(t *testing.T) *site {
	return &site{t: t, sink: table.NewSink(memory.DefaultAllocator)}
}

func day(n float64) table.Time { return siteStart + table.Time(n*float64(table.Day)) }

func appendRow[T table.Row](s *site, b *table.Builder[T], row T) {
	if err := b.Append(&row); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) pos() table.Pos { s.line++; return table.Pos{Line: s.line} }

// came is one clean journey, credited or not.
func (s *site) came(when float64, page, ua string, credited bool) {
	at := day(when)
	pos := s.pos()
	who := fmt.Sprintf("v%d", s.line)
	mail, key := who+"@mail.example", "c-"+who
	url := "https://www.vendor.example" + page + "?ps_partner_key=harbor&ps_xid=" + who
	appendRow(s, s.sink.Visits(), table.Visit{Pos: pos, VisitedAt: at, URL: url, VisitorID: who, IP: "203.0.113.9", UserAgent: ua})
	appendRow(s, s.sink.Clicks(), table.Click{Pos: pos, ClickedAt: at, PartnerKey: "harbor", ClickID: who, VisitorID: who, LandingURL: url, IP: "203.0.113.9", UserAgent: ua})
	at += 30 * table.Minute
	appendRow(s, s.sink.Visits(), table.Visit{Pos: s.pos(), VisitedAt: at, URL: "https://www.vendor.example/signup", VisitorID: who, IP: "203.0.113.9", UserAgent: ua})
	appendRow(s, s.sink.Signups(), table.Signup{Pos: s.pos(), SignedUpAt: at + table.Second, Email: mail, CustomerKey: key, VisitorID: who, IP: "203.0.113.9", UserAgent: ua})
	at += 5 * table.Minute
	appendRow(s, s.sink.Purchases(), table.Purchase{Pos: s.pos(), PurchaseID: "p-" + who, PurchasedAt: at, Amount: 4900, Currency: "USD", Email: mail, CustomerKey: key, Status: table.StatusPaid, Live: table.Yes})
	s.sink.Customers()
	s.sink.Transactions()
	if credited {
		appendRow(s, s.sink.Customers(), table.Customer{Pos: s.pos(), PartnerKey: "harbor", CustomerKey: key, Email: mail, CreatedAt: at})
		appendRow(s, s.sink.Transactions(), table.Transaction{Pos: s.pos(), CreatedAt: at + table.Hour, Amount: 4900, Currency: "USD", CustomerKey: key, PurchaseID: "p-" + who})
	}
}

// passed is a page request of somebody who stays unknown.
func (s *site) passed(when float64) {
	pos := s.pos()
	appendRow(s, s.sink.Visits(), table.Visit{Pos: pos, VisitedAt: day(when), URL: "https://www.vendor.example/", VisitorID: fmt.Sprintf("x%d", pos.Line), IP: "198.51.100.9", UserAgent: desktop})
}

// checked is what a check of a page at three in the morning of a day found.
func (s *site) checked(n int, page string, c table.PageCheck) {
	c.Pos, c.CheckedAt, c.URL = s.pos(), day(float64(n)+0.125), "https://www.vendor.example"+page
	appendRow(s, s.sink.PageChecks(), c)
}

var working = table.PageCheck{SnippetPresent: table.Yes, PublicKeyPresent: table.Yes, DataOverwritten: table.No}

func (s *site) run() *gap.Result {
	s.t.Helper()
	set := s.sink.Set([]string{"made-up.csv"})
	s.t.Cleanup(set.Release)
	opt := DefaultOptions()
	opt.PeriodStart, opt.PeriodEnd, opt.AsOf = siteStart, day(400), day(400)
	opt.SignupPages, opt.CheckoutPages, opt.SiteHosts = []string{"/signup"}, []string{"/checkout"}, []string{"www.vendor.example"}
	res, err := Run(set, opt)
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}
