package lake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"lostlink/ingest/table"
)

// shopClicks makes clicks like those of a shop: many strangers, some people
// who come again, few partners and browsers.
func shopClicks(n int) []table.Click {
	r := rand.New(rand.NewPCG(1, 2))
	id := func() string {
		return fmt.Sprintf("%08x-%04x-%04x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>16, r.Uint64()>>16)
	}
	agents := make([]string, 2000)
	for i := range agents {
		agents[i] = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.0 Safari/537.36", 90+i%40, i)
	}
	people := make([]table.Click, n/4)
	for i := range people {
		people[i] = table.Click{VisitorID: id(), IP: fmt.Sprintf("198.51.%d.%d", r.IntN(256), r.IntN(256)), UserAgent: agents[r.IntN(len(agents))], Country: "DE"}
		if i%3 == 0 {
			people[i].Email = fmt.Sprintf("person.%d@mail%d.example", i, i%50)
		}
	}
	out := make([]table.Click, n)
	at := table.Time(1750000000000000)
	for i := range out {
		c := people[r.IntN(len(people))]
		at += table.Time(r.IntN(2_000_000))
		c.Pos, c.ClickedAt = table.Pos{Line: int64(i + 2)}, at
		c.ClickID = fmt.Sprintf("%016x%04x", r.Uint64(), r.Uint32()>>16)
		c.PartnerKey = fmt.Sprintf("partner-%d", r.IntN(1+r.IntN(5000)))
		c.LinkID = fmt.Sprintf("%s-link-%d", c.PartnerKey, r.IntN(5))
		c.LandingURL = fmt.Sprintf("https://shop.example/%s/page-%d?ps_partner_key=%s&ps_xid=%s&utm_source=partners&utm_campaign=%d", "landing", r.IntN(300), c.PartnerKey, c.ClickID, r.IntN(40))
		if r.IntN(3) > 0 {
			c.Referrer = fmt.Sprintf("https://blog-%d.example/", r.IntN(3000))
		}
		out[i] = c
	}
	return out
}

func writeAll(b *testing.B, l *Lake, key Key, rows []table.Click) {
	b.Helper()
	w := l.Begin(key)
	to := RowsOf[table.Click](w)
	for i := range rows {
		if err := to.Append(&rows[i]); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Commit(context.Background(), Account{Name: "clicks.csv", Used: time.Unix(1770000000, 0)}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	rows := shopClicks(400_000)
	l := open(b, b.TempDir())
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		writeAll(b, l, KeyOf(fmt.Sprint(n)), rows)
	}
	files, err := l.files(context.Background(), "")
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files[:2] {
		b.ReportMetric(float64(f.bytes)/float64(len(rows)), f.what+"-B/row")
	}
	b.ReportMetric(float64(len(rows)*n)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkScan(b *testing.B) {
	ctx := context.Background()
	rows := shopClicks(400_000)
	l := open(b, b.TempDir())
	writeAll(b, l, KeyOf("a"), rows)
	v, err := l.View(ctx, []Use{{KeyOf("a"), 0}})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cols []string
	}{{"few", []string{"clicked_at", "visitor_id", "email"}}, {"all", nil}} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				if err := Scan(ctx, v, c.cols, func(*table.Click) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	b.Run("find", func(b *testing.B) {
		var keys []uint64
		for i := 0; i < 2000; i++ {
			keys = append(keys, Hash(rows[i*100].VisitorID))
		}
		n := 0
		for b.Loop() {
			hits, err := Find[table.Click](ctx, v, ByVisitor, keys)
			if err != nil {
				b.Fatal(err)
			}
			n += len(hits)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "hits/s")
	})
	b.Run("fetch", func(b *testing.B) {
		var keys []uint64
		for i := 0; i < 100; i++ {
			keys = append(keys, Hash(rows[i*4000].VisitorID))
		}
		hits, err := Find[table.Click](ctx, v, ByVisitor, keys)
		if err != nil {
			b.Fatal(err)
		}
		var refs []Ref
		for _, h := range hits {
			refs = append(refs, h.Ref)
		}
		n := 0
		for b.Loop() {
			if err := Fetch(ctx, v, refs, nil, func(Ref, *table.Click) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		b.ReportMetric(float64(len(refs)), "rows")
	})
}
