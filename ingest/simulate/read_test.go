package simulate_test

import (
	"context"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest"
	"lostlink/ingest/simulate"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// What a vendor's files hold is read whole, by the formats its sources name:
// nothing but the garbage of access logs is rejected.
func TestFilesAreRead(t *testing.T) {
	draw := func(seed uint64, visits, clicks, payments, columns, platform string) simulate.Options {
		o := simulate.DrawOptions(seed)
		o.Customers, o.Days, o.Sources.Clicks, o.Sources.Rewards, o.Sources.LoggedIn = 150, 90, true, true, 0.5
		o.Formats = simulate.Formats{Visits: visits, Clicks: clicks, Payments: payments, StripeColumns: columns, Platform: platform, Gzip: seed%2 == 0, PayPalZone: -8}
		return o
	}
	for name, opt := range map[string]simulate.Options{
		"demo":   simulate.DemoOptions(),
		"stripe": draw(1, simulate.AccessLog, simulate.NativeJSON, simulate.Stripe, "default", simulate.PartnerStackL),
		"all":    draw(2, simulate.Segment, simulate.Native, simulate.Stripe, "all", simulate.PartnerStack),
		"paypal": draw(3, simulate.Segment, simulate.Native, simulate.PayPal, "all", simulate.PartnerStack),
		"native": draw(4, simulate.Native, simulate.NativeJSON, simulate.Native, "all", simulate.Native),
	} {
		t.Run(name, func(t *testing.T) {
			v, err := simulate.Make(opt)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := v.Write(dir); err != nil {
				t.Fatal(err)
			}
			o := ingest.DefaultOptions()
			for _, s := range v.Sources {
				src := ingest.Source{Name: s.Name, Format: s.Format, Table: s.Table, Files: s.Files, Zone: s.Zone, DateOrder: s.DateOrder, LogFormat: s.LogFormat}
				for _, c := range s.Columns {
					src.Columns = append(src.Columns, source.ColumnMap{From: c.From, To: c.To})
				}
				o.Sources = append(o.Sources, src)
			}
			l, err := ingest.Load(context.Background(), dir, o, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Set.Release()
			got := map[table.Kind]int64{}
			for _, in := range l.Inputs {
				if in.Fault != "" || in.Rejected > 0 && in.Format != "access_log" || in.Rejected*200 > in.Rows {
					t.Errorf("%s: %d of %d rows rejected %s", in.File, in.Rejected, in.Rows, in.Fault)
				}
				for kind, n := range in.Tables {
					got[kind] += n
				}
			}
			if got[table.Purchases] < int64(len(v.Truth)) {
				t.Errorf("%d purchases read, %d made", got[table.Purchases], len(v.Truth))
			}
			if got[table.Claims] > int64(len(v.Claims)) || got[table.Clicks] == 0 || got[table.Visits] == 0 || got[table.Signups] == 0 {
				t.Errorf("read %v", got)
			}
		})
	}
}
