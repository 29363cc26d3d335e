package reconcile_test

import (
	"context"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
	"lostlink/reconcile"
)

// vendor is a made-up vendor, written and read again.
type vendor struct {
	*simulate.Vendor
	set *table.Set
	opt reconcile.Options
}

func makeVendor(t testing.TB, opt simulate.Options) *vendor {
	t.Helper()
	v, err := simulate.Make(opt)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := v.Write(dir); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	for _, s := range v.Sources {
		src := ingest.Source{Name: s.Name, Format: s.Format, Table: s.Table, Files: s.Files, Zone: s.Zone, DateOrder: s.DateOrder, LogFormat: s.LogFormat}
		for _, c := range s.Columns {
			src.Columns = append(src.Columns, ingest.ColumnMap{From: c.From, To: c.To})
		}
		cfg.Ingest.Sources = append(cfg.Ingest.Sources, src)
	}
	cfg.Ingest.RejectLimit = 1 // some vendors' logs hold broken lines
	l, err := ingest.Load(context.Background(), dir, cfg.Ingest, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Set.Release)
	o := cfg.Reconcile
	o.PeriodStart, o.PeriodEnd, o.AsOf = v.PeriodStart, v.PeriodEnd, v.PeriodEnd
	o.CookieDays, o.SafariDays = opt.Site.CookieDays, opt.Site.SafariDays
	o.SignupPages, o.CheckoutPages, o.SiteHosts = []string{opt.Site.SignupPath}, []string{opt.Site.CheckoutPath}, []string{opt.Site.Host}
	return &vendor{v, l.Set, o}
}

// small draws a vendor unlike others that is judged in a moment.
func small(seed uint64) simulate.Options {
	opt := simulate.DrawOptions(seed)
	opt.Customers = 160
	opt.Days = min(opt.Days, 160)
	opt.Partners, opt.LandingPages = min(opt.Partners, 15), min(opt.LandingPages, 4)
	opt.Traffic = simulate.Traffic{Visitors: 2, Clickers: 1, Bots: 0.5, Crawlers: 0.5, Pasted: 0.2}
	opt.Formats.Gzip = false
	return opt
}

// edit changes the rows of some tables of a set; nil leaves a table as it is.
type edit struct {
	clicks       func([]table.Click) []table.Click
	visits       func([]table.Visit) []table.Visit
	signups      func([]table.Signup) []table.Signup
	purchases    func([]table.Purchase) []table.Purchase
	customers    func([]table.Customer) []table.Customer
	transactions func([]table.Transaction) []table.Transaction
	links        func([]table.Link) []table.Link
	partners     func([]table.Partner) []table.Partner
	pageChecks   func([]table.PageCheck) []table.PageCheck
	consents     func([]table.Consent) []table.Consent
	claims       func([]table.Claim) []table.Claim
}

// apply gives a changed copy.
func (e edit) apply(t testing.TB, set *table.Set) *table.Set {
	t.Helper()
	s := table.NewSink(memory.DefaultAllocator)
	rebuild(t, set.Clicks, e.clicks, s.Clicks)
	rebuild(t, set.Visits, e.visits, s.Visits)
	rebuild(t, set.Signups, e.signups, s.Signups)
	rebuild(t, set.Purchases, e.purchases, s.Purchases)
	rebuild(t, set.Customers, e.customers, s.Customers)
	rebuild(t, set.Transactions, e.transactions, s.Transactions)
	rebuild(t, set.Links, e.links, s.Links)
	rebuild(t, set.Partners, e.partners, s.Partners)
	rebuild(t, set.PageChecks, e.pageChecks, s.PageChecks)
	rebuild(t, set.Consents, e.consents, s.Consents)
	rebuild(t, set.Claims, e.claims, s.Claims)
	out := s.Set(slices.Clone(set.Files))
	t.Cleanup(out.Release)
	return out
}

// rebuild asks for the builder only where the old set has the table: a table
// that is not there is another thing than an empty one.
func rebuild[T table.Row](t testing.TB, old *table.Table[T], change func([]T) []T, builder func() *table.Builder[T]) {
	t.Helper()
	if old == nil {
		return
	}
	rows := old.Rows()
	if change != nil {
		rows = change(rows)
	}
	b := builder()
	for i := range rows {
		if err := b.Append(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
}
