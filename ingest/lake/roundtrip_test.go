package lake

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lostlink/ingest/email"
	"lostlink/ingest/table"
)

func open(t testing.TB, dir string) *Lake {
	t.Helper()
	l, err := Open(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// fill makes a row whose every column has a value that any reader of it must
// give back.
func fill[T table.Row](t *rapid.T, line int64) T {
	var row T
	v := reflect.ValueOf(&row).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("col"), ",")
		field := v.FieldByIndex(f.Index)
		switch {
		case name == "" || name == "src_file":
		case name == lineColumn:
			field.SetInt(line)
		case f.Type == reflect.TypeFor[table.Answer]():
			field.SetInt(int64(rapid.SampledFrom([]table.Answer{table.Unknown, table.Yes, table.No}).Draw(t, name)))
		case f.Type == reflect.TypeFor[table.Date]():
			field.SetInt(int64(rapid.Int32().Draw(t, name)))
		case f.Type.Kind() == reflect.Int64:
			field.SetInt(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, 1769938200250000})).Draw(t, name))
		case name == "email" || name == "visitor_id":
			field.SetString(rapid.SampledFrom([]string{"", "ada@mail.example", "Ada+x@mail.example", "ben@mail.example", "nobody"}).Draw(t, name))
		default:
			field.SetString(rapid.OneOf(rapid.SampledFrom([]string{"", "a", "a\x00b", "é"}), rapid.String()).Draw(t, name))
		}
	}
	return row
}

// stored is the row as it comes back: an address of clicks and visits hidden.
func stored[T table.Row](h *email.Hider, row T, file int32) T {
	switch r := any(&row).(type) {
	case *table.Click:
		r.Email = h.Hide(r.Email)
	case *table.Visit:
		r.Email = h.Hide(r.Email)
	}
	pos := reflect.ValueOf(&row).Elem().Field(0).Addr().Interface().(*table.Pos)
	pos.File = file
	return row
}

func line[T table.Row](row *T) int64 {
	return reflect.ValueOf(row).Elem().Field(0).Interface().(table.Pos).Line
}

// testKind writes rows of one table and reads them back.
func testKind[T table.Row](t *testing.T) {
	ctx := context.Background()
	kind := kindOf[T]()
	l := open(t, t.TempDir())
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		rows := make([]T, rapid.IntRange(0, 40).Draw(t, "rows"))
		for i := range rows {
			rows[i] = fill[T](t, int64(i+1))
		}
		key := KeyOf(fmt.Sprint(kind, n))
		w := l.Begin(key)
		to := RowsOf[T](w)
		given := slices.Clone(rows)
		for i := range rows {
			if err := to.Append(&given[i]); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(given, rows) {
			t.Fatal("a row was changed")
		}
		if err := w.Commit(ctx, Account{Name: "f.csv", Record: []byte("account"), Rollup: []byte{0, 1}, Used: time.Unix(1770000000, 0)}); err != nil {
			t.Fatal(err)
		}
		in, err := l.Input(ctx, key)
		if err != nil || in == nil || string(in.Account) != "account" || string(in.Rollup) != "\x00\x01" || in.Name != "f.csv" || in.Used.Unix() != 1770000000 {
			t.Fatalf("the input comes back as %+v, %v", in, err)
		}
		if len(in.Tables) != 1 || in.Tables[0].Kind != kind || in.Tables[0].Rows != int64(len(rows)) {
			t.Fatalf("the tables come back as %+v", in.Tables)
		}
		v, err := l.View(ctx, []Use{{key, 7}})
		if err != nil {
			t.Fatal(err)
		}
		var got []T
		if err := Scan(ctx, v, nil, func(r *T) error { got = append(got, Clone(r)); return nil }); err != nil {
			t.Fatal(err)
		}
		if layoutFor[T]().keyed() {
			slices.SortFunc(got, func(a, b T) int { return int(line(&a) - line(&b)) })
		}
		if len(got) != len(rows) {
			t.Fatalf("%d rows of %d come back", len(got), len(rows))
		}
		h := l.Hider()
		for i := range rows {
			if want := stored(h, rows[i], 7); !reflect.DeepEqual(got[i], want) {
				t.Fatalf("row %d comes back as\n%+v, not\n%+v", i, got[i], want)
			}
		}
	})
}

func TestEveryTable(t *testing.T) {
	t.Run("clicks", testKind[table.Click])
	t.Run("visits", testKind[table.Visit])
	t.Run("signups", testKind[table.Signup])
	t.Run("purchases", testKind[table.Purchase])
	t.Run("customers", testKind[table.Customer])
	t.Run("transactions", testKind[table.Transaction])
	t.Run("rewards", testKind[table.Reward])
	t.Run("links", testKind[table.Link])
	t.Run("partners", testKind[table.Partner])
	t.Run("page_checks", testKind[table.PageCheck])
	t.Run("consents", testKind[table.Consent])
	t.Run("claims", testKind[table.Claim])
}

// madeClick is the i-th click of an input: some people, some strangers.
func madeClick(i int) table.Click {
	c := table.Click{Pos: table.Pos{Line: int64(i + 2)}, ClickedAt: table.Time(1769938200000000 + int64(i*7919%100_000)*1_000_000),
		PartnerKey: fmt.Sprintf("partner-%d", i%17), ClickID: fmt.Sprintf("c%d", i), IP: fmt.Sprintf("192.0.2.%d", i%251),
		LandingURL: fmt.Sprintf("https://shop.example/?ps_xid=c%d", i), UserAgent: fmt.Sprintf("agent %d", i%40), VisitorID: fmt.Sprintf("v%d", i*i%5003)}
	if i%5 == 0 {
		c.Email = fmt.Sprintf("P%d@mail.example", i%997)
	}
	if i%11 == 0 {
		c.VisitorID = ""
	}
	return c
}

func writeClicks(t testing.TB, l *Lake, key Key, from, to int) {
	t.Helper()
	w := l.Begin(key)
	rows := RowsOf[table.Click](w)
	for i := from; i < to; i++ {
		c := madeClick(i)
		if err := rows.Append(&c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(context.Background(), Account{Name: key.String()[:4], Used: time.Unix(1770000000, 0)}); err != nil {
		t.Fatal(err)
	}
}

// What Find and Fetch give is what a scan of everything finds.
func TestFindAndFetch(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	a, b, other := KeyOf("a"), KeyOf("b"), KeyOf("other")
	writeClicks(t, l, a, 0, chunkRows+3000)
	writeClicks(t, l, b, 200_000, 205_000)
	writeClicks(t, l, other, 300_000, 301_000)
	v, err := l.View(ctx, []Use{{a, 0}, {b, 1}})
	if err != nil {
		t.Fatal(err)
	}
	h := l.Hider()
	for _, c := range []struct {
		by     By
		values []string
		of     func(*table.Click) string
	}{
		{ByVisitor, []string{"v4", "v1849", "v9999", "", "v4"}, func(c *table.Click) string { return c.VisitorID }},
		{ByEmail, []string{"p15@mail.example", "p995@mail.example", "nobody@mail.example"}, func(c *table.Click) string { return c.Email }},
		{ByAddress, []string{"192.0.2.7"}, func(c *table.Click) string { return c.IP }},
		{ByClick, []string{"c0", "c1", "c131072", "c131071", "c204999", "c300000"}, func(c *table.Click) string { return c.ClickID }},
	} {
		var keys []uint64
		for i, s := range c.values {
			if c.by == ByEmail {
				c.values[i] = h.Hide(s)
				keys = append(keys, HashEmail(c.values[i]))
			} else {
				keys = append(keys, Hash(s))
			}
		}
		want := map[table.Pos]table.Click{}
		if err := Scan(ctx, v, nil, func(r *table.Click) error {
			if s := c.of(r); s != "" && slices.Contains(c.values, s) {
				want[r.Pos] = Clone(r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		hits, err := Find[table.Click](ctx, v, c.by, keys)
		if err != nil {
			t.Fatal(err)
		}
		var refs []Ref
		at := map[Ref]Hit{}
		for i, hit := range hits {
			if i > 0 && hit.Before(hits[i-1].Ref) {
				t.Fatal("hits are out of order")
			}
			refs = append(refs, hit.Ref)
			at[hit.Ref] = hit
		}
		slices.Reverse(refs)
		n := 0
		if err := Fetch(ctx, v, refs, nil, func(ref Ref, r *table.Click) error {
			n++
			if *r != want[r.Pos] {
				t.Fatalf("fetched %+v, not %+v", *r, want[r.Pos])
			}
			if hit := at[ref]; hit.Trace != traceOf(r) || hit.File != r.File || c.values[hit.Key] != c.of(r) {
				t.Fatalf("hit %+v is of %+v", hit, *r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != len(want) || n == 0 {
			t.Errorf("by %d: %d rows found, want %d", c.by, n, len(want))
		}
		// Few columns.
		if err := Fetch(ctx, v, refs[:1], []string{"partner_key"}, func(_ Ref, r *table.Click) error {
			if r.PartnerKey == "" || r.ClickID != "" || r.Line == 0 {
				t.Errorf("a row of few columns is %+v", *r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func traceOf(c *table.Click) Trace {
	return Trace{Seconds: uint32(c.ClickedAt / table.Second), Visitor: Short(Hash(c.VisitorID)), Email: Short(HashEmail(c.Email)),
		Address: Short(Hash(c.IP)), Click: Short(Hash(c.ClickID))}
}

// The traces of all rows are those of the rows a scan gives, in its order.
func TestTraces(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	a, b := KeyOf("a"), KeyOf("b")
	writeClicks(t, l, a, 0, chunkRows+3000)
	writeClicks(t, l, b, 200_000, 205_000)
	v, err := l.View(ctx, []Use{{a, 4}, {b, 5}})
	if err != nil {
		t.Fatal(err)
	}
	var want []Trace
	var files []int32
	if err := Scan(ctx, v, nil, func(c *table.Click) error {
		want, files = append(want, traceOf(c)), append(files, c.File)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	n := 0
	var last Ref
	if err := EachTrace[table.Click](ctx, v, func(tr *Traces) error {
		for i := range tr.Rows {
			file, ok := tr.File(i)
			if !ok || file != files[n] || tr.At(i) != want[n] || n > 0 && !last.Before(tr.Ref(i)) {
				t.Fatalf("trace %d is %+v of file %d, not %+v of %d", n, tr.At(i), file, want[n], files[n])
			}
			last = tr.Ref(i)
			n++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n != len(want) || n == 0 {
		t.Errorf("%d traces, want %d", n, len(want))
	}
}

// A line that is a click and a visit makes twins, in whichever order.
func TestTwins(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	key := KeyOf("log")
	w := l.Begin(key)
	clicks, visits := RowsOf[table.Click](w), RowsOf[table.Visit](w)
	put := func(line int64, click, visit bool) {
		c := table.Click{Pos: table.Pos{Line: line}, ClickedAt: 1, PartnerKey: "p", VisitorID: fmt.Sprint(line)}
		v := table.Visit{Pos: table.Pos{Line: line}, VisitedAt: 1, URL: "/", VisitorID: fmt.Sprint(line)}
		first, second := func() error { return clicks.Append(&c) }, func() error { return visits.Append(&v) }
		if !click {
			first = func() error { return nil }
		}
		if !visit {
			second = func() error { return nil }
		}
		if line%2 == 0 {
			first, second = second, first
		}
		if err := first(); err != nil {
			t.Fatal(err)
		}
		if err := second(); err != nil {
			t.Fatal(err)
		}
	}
	// Enough for several chunks, so that twins are told across their borders.
	n := int64(chunkRows + 500)
	for line := int64(1); line <= n; line++ {
		put(line, line%3 != 0, line%3 != 1)
	}
	if err := w.Commit(ctx, Account{}); err != nil {
		t.Fatal(err)
	}
	v, err := l.View(ctx, []Use{{key, 0}})
	if err != nil {
		t.Fatal(err)
	}
	check := func(hits []Hit, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			if line := int64(h.Key) + 1; h.Twin != (line%3 == 2) {
				t.Fatalf("line %d: twin %v", line, h.Twin)
			}
		}
	}
	var keys []uint64
	for line := int64(1); line <= n; line++ {
		keys = append(keys, Hash(fmt.Sprint(line)))
	}
	hits, err := Find[table.Click](ctx, v, ByVisitor, keys)
	check(hits, err)
	if len(hits) < int(n)/2 {
		t.Fatalf("only %d clicks are found", len(hits))
	}
	check(Find[table.Visit](ctx, v, ByVisitor, keys))
	// They stay so when parts are joined.
	writeClicks(t, l, KeyOf("other"), 900_000, 900_100)
	if done, err := l.Compact(ctx, true); err != nil || done.After != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if v, err = l.View(ctx, []Use{{key, 0}}); err != nil {
		t.Fatal(err)
	}
	again, err := Find[table.Click](ctx, v, ByVisitor, keys)
	check(again, err)
	if len(again) != len(hits) {
		t.Errorf("%d clicks are found after compaction, %d before", len(again), len(hits))
	}
	check(Find[table.Visit](ctx, v, ByVisitor, keys))
}
