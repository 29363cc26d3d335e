package rows

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// plainRows reads the columns of a file value by value.
func plainRows(t *testing.T, b []byte) (names []string, rows [][]string) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	p := &parquetFile{file: f}
	p.walk(f.Root())
	for at, leaf := range p.leaves {
		names = append(names, p.header[at])
		text, n := textOf(leaf.Type()), 0
		for _, g := range f.RowGroups() {
			pages := g.ColumnChunks()[leaf.Index()].Pages()
			for {
				page, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				values := make([]parquet.Value, page.NumValues())
				if got, err := page.Values().ReadValues(values); got != len(values) {
					t.Fatalf("%d of %d values: %v", got, len(values), err)
				}
				for _, v := range values {
					if at == 0 {
						rows = append(rows, nil)
					}
					s := ""
					if !v.IsNull() {
						s = string(text(nil, v))
					}
					rows[n] = append(rows[n], s)
					n++
				}
			}
			pages.Close()
		}
	}
	return names, rows
}

type mixed struct {
	Plain   string     `parquet:"plain,plain"`
	Maybe   *string    `parquet:"maybe,plain,optional"`
	Dict    string     `parquet:"dict,dict"`
	Seldom  *string    `parquet:"seldom,dict,optional"`
	Delta   string     `parquet:"delta,delta"`
	At      time.Time  `parquet:"at,timestamp(microsecond)"`
	Then    *time.Time `parquet:"then,timestamp(millisecond),optional"`
	Nanos   int64      `parquet:"nanos,timestamp(nanosecond:local)"`
	DictAt  time.Time  `parquet:"dict_at,timestamp(microsecond),dict"`
	Number  int64      `parquet:"number"`
	Truth   *bool      `parquet:"truth,optional"`
	Nothing *string    `parquet:"nothing,optional"`
}

// TestParquetColumns compares what is taken from pages as it is with values
// read one by one, over pages and groups of odd sizes.
func TestParquetColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, pageBytes := range []int{64, 1000, 1 << 20} {
		for _, odd := range []string{"", "\xff", "a\x00"} {
			rows := make([]mixed, 2000)
			for i := range rows {
				at := time.UnixMicro(r.Int64N(4e15) - 2e15).UTC()
				word := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(30))
				if r.IntN(9) == 0 {
					word += "é"
				}
				if i == 1321 {
					word += odd
				}
				rows[i] = mixed{Plain: word, Dict: fmt.Sprint("d", r.IntN(50)), Delta: word + "x", At: at, Nanos: r.Int64(), DictAt: at.Truncate(1e18), Number: r.Int64()}
				if r.IntN(3) > 0 {
					rows[i].Maybe, rows[i].Then = &word, &at
				}
				if r.IntN(7) == 0 {
					yes := r.IntN(2) == 0
					rows[i].Seldom, rows[i].Truth = &rows[i].Dict, &yes
				}
			}
			var out bytes.Buffer
			w := parquet.NewGenericWriter[mixed](&out, parquet.PageBufferSize(pageBytes), parquet.MaxRowsPerRowGroup(777), parquet.Compression(&parquet.Snappy))
			if _, err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			names, want := plainRows(t, out.Bytes())
			path := write(t, "in.parquet", out.Bytes())
			n, _ := samePieces(t, path, Options{}, append(names, "none"))
			if n != len(rows)+1 {
				t.Errorf("%d rows, want %d", n-1, len(rows))
			}
			got := wholeRows(t, path, Options{}, names)
			for i := range want {
				bad := strings.ContainsAny(strings.Join(want[i], ""), "\x00") || strings.ToValidUTF8(strings.Join(want[i], "|"), "") != strings.Join(want[i], "|")
				if bad != (odd != "" && i == 1321) {
					t.Fatalf("row %d: %q", i, want[i])
				}
				if line := fmt.Sprintf("%d %q", i+1, want[i]); bad != strings.HasPrefix(got[i], "bad") || !bad && got[i] != line {
					t.Fatalf("pages of %d bytes: row %d is %s, want %s", pageBytes, i, got[i], line)
				}
			}
		}
	}
}

// Pages that are not given back are never used again, and a file's pages are
// many times the memory of those at hand.
func TestFreeGivesBackPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	type row struct {
		Name string `parquet:"name,plain"`
	}
	if err := parquet.WriteFile(path, []row{{"a"}, {"b"}}); err != nil {
		t.Fatal(err)
	}
	pieces, err := Split(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pieces.Close()
	piece, err := pieces.Next()
	if err != nil {
		t.Fatal(err)
	}
	rd := piece.Rows([]string{"name"})
	if rec, err := rd.View(); err != nil || rec.Values[0] != "a" {
		t.Fatalf("got %v, %v", rec, err)
	}
	columns := piece.body.(*parquetFile).reading
	if len(columns) != 1 || columns[0].page == nil {
		t.Fatalf("no page is held while rows are read")
	}
	piece.Free()
	if c := columns[0]; c.page != nil || c.pages != nil || len(c.spent) > 0 {
		t.Error("a page is held after Free")
	}
}
