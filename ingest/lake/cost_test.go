package lake

import (
	"context"
	"io"
	"os"
	"testing"

	"lostlink/ingest/table"
)

// counted counts what is read of a file.
type counted struct {
	io.ReaderAt
	bytes int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.bytes += int64(n)
	return n, err
}

// What work costs, counted in ways that are the same on every machine.
func TestCost(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	rows := shopClicks(60_000)
	key := KeyOf("a")
	w := l.Begin(key)
	to := RowsOf[table.Click](w)
	i := 0
	// The first rows grow the buffers; an address that was not seen is hashed.
	for ; i < 30_000; i++ {
		if err := to.Append(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	allocs := testing.AllocsPerRun(20_000, func() {
		if err := to.Append(&rows[i]); err != nil {
			t.Fatal(err)
		}
		i++
	})
	t.Logf("%.2f allocations a row appended", allocs)
	if allocs > 1 {
		t.Errorf("%.1f allocations for each row appended", allocs)
	}
	if err := w.Commit(ctx, Account{}); err != nil {
		t.Fatal(err)
	}
	files, err := l.files(ctx, "WHERE what = 'rows'")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	f := files[0]
	in, err := os.Open(l.path(f.name))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	read := func(columns []string, ahead int, fn func(*rowReader)) int64 {
		c := &counted{ReaderAt: in}
		r, err := newRowReader(c, f.bytes, clicks, columns, ahead)
		if err != nil {
			t.Fatal(err)
		}
		r.os = io.NopCloser(nil)
		fn(r)
		if err := r.close(); err != nil {
			t.Fatal(err)
		}
		return c.bytes
	}
	all := func(r *rowReader) {
		if err := r.walk(ctx, span{0, f.rows}, func(int) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// Only what is asked for is read.
	if n := read([]string{"clicked_at", "country"}, through, all); n > f.bytes/4 {
		t.Errorf("two columns are %d of %d bytes", n, f.bytes)
	}
	// A person's rows lie together, and are read without the rest.
	v, err := l.View(ctx, []Use{{key, 0}})
	if err != nil {
		t.Fatal(err)
	}
	hits, err := Find[table.Click](ctx, v, ByVisitor, []uint64{Hash(rows[77].VisitorID)})
	if err != nil || len(hits) < 2 {
		t.Fatal(hits, err)
	}
	if far := hits[len(hits)-1].row - hits[0].row; far >= uint32(len(hits)) {
		t.Errorf("%d rows of a person lie %d apart", len(hits), far)
	}
	got := 0
	n := read(nil, here, func(r *rowReader) {
		if err := fetchPart(ctx, r, &v.parts[0], refsOf(hits), func(_ Ref, c *table.Click) error {
			if c.VisitorID == rows[77].VisitorID {
				got++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%d rows of a person: %d of %d bytes", got, n, f.bytes)
	if n > f.bytes/25 || got != len(hits) {
		t.Errorf("%d of %d rows of a person are %d of %d bytes", got, len(hits), n, f.bytes)
	}
	// Reading everything is no more than the file, and few allocations.
	if n := read(nil, through, all); n > f.bytes*11/10 {
		t.Errorf("all of %d bytes are %d", f.bytes, n)
	}
	perRow := testing.AllocsPerRun(3, func() {
		if err := Scan(ctx, v, nil, func(*table.Click) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}) / float64(f.rows)
	t.Logf("%.3f allocations a row scanned", perRow)
	if perRow > 0.3 {
		t.Errorf("%.2f allocations for each row scanned", perRow)
	}
}
