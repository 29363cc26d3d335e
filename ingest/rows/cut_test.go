package rows

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// outcome is a row or what is wrong with it, as text.
func outcome(rec *Record, err error) string {
	var b *Bad
	var br *Broken
	switch {
	case errors.As(err, &b):
		return fmt.Sprintf("bad %d %+v", b.Line, *b.Fault)
	case errors.As(err, &br):
		return fmt.Sprintf("broken %d %+v", br.Line, *br.Fault)
	case err != nil:
		return err.Error()
	}
	return fmt.Sprintf("%d %q", rec.Line, rec.Values)
}

// wholeRows reads a file by its container's reader.
func wholeRows(t testing.TB, path string, opt Options, bind []string) (out []string) {
	t.Helper()
	r, err := Open(path, opt)
	if err != nil {
		return []string{outcome(nil, err)}
	}
	defer r.Close()
	r.Bind(bind)
	for {
		rec, err := r.Next()
		out = append(out, outcome(rec, err))
		if err != nil && !errors.As(err, new(*Bad)) {
			return out
		}
	}
}

// pieceRows reads a file in pieces and tells how many rows were cut.
func pieceRows(t testing.TB, path string, opt Options, bind []string, read func(*Reader) (*Record, error)) (out []string, cuts int64) {
	t.Helper()
	p, err := Split(path, opt)
	if err != nil {
		return []string{outcome(nil, err)}, 0
	}
	defer p.Close()
	for {
		piece, err := p.Next()
		if err != nil {
			// What a piece that is the file met is met again.
			if o := outcome(nil, err); len(out) == 0 || out[len(out)-1] != o {
				out = append(out, o)
			}
			return out, cuts
		}
		r := piece.Rows(bind)
		for {
			rec, err := read(r)
			if err == io.EOF {
				break
			}
			out = append(out, outcome(rec, err))
			if err != nil && !errors.As(err, new(*Bad)) {
				return out, cuts
			}
		}
		if c, ok := r.body.(*cutText); ok {
			cuts += c.cuts
			// A view that outlives its piece shows as rubbish.
			for i := range c.data {
				c.data[i] = 0xFF
			}
		}
		piece.Free()
	}
}

// samePieces fails unless a file in pieces has the rows of the whole.
func samePieces(t testing.TB, path string, opt Options, bind []string) (rows int, cuts int64) {
	t.Helper()
	want := wholeRows(t, path, opt, bind)
	for name, read := range map[string]func(*Reader) (*Record, error){"Next": (*Reader).Next, "View": (*Reader).View} {
		var got []string
		got, cuts = pieceRows(t, path, opt, bind, read)
		if !reflect.DeepEqual(got, want) {
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("%s: row %d of the pieces and of the whole (%d and %d rows):\n%s\n%s", name, i, len(got), len(want), strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
				}
			}
		}
	}
	skipping(t, path, opt, bind, want)
	return len(want), cuts
}

// TestCutRowsAreTheReaders reads all of the sources' test data both ways.
func TestCutRowsAreTheReaders(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/sources/*/*")
	tried := 0
	for _, f := range files {
		if strings.HasSuffix(f, ".golden") || strings.HasSuffix(f, ".options.json") {
			continue
		}
		r, err := Open(f, Options{})
		if err != nil {
			continue
		}
		columns := r.Columns()
		r.Close()
		tried++
		samePieces(t, f, Options{}, columns)
		samePieces(t, f, Options{}, append(slices.Clone(columns[:len(columns)/2]), "not there", columns[0]))
	}
	if tried < 30 {
		t.Fatalf("only %d files were read", tried)
	}
}

// skipping reads every few rows and passes the others by.
func skipping(t testing.TB, path string, opt Options, bind []string, want []string) (skipped int) {
	t.Helper()
	p, err := Split(path, opt)
	if err != nil {
		return 0
	}
	defer p.Close()
	at := 0
	for {
		piece, err := p.Next()
		if err != nil {
			return skipped
		}
		for r := piece.Rows(bind); ; at++ {
			n := r.Skip(at % 5)
			skipped += n
			at += n
			rec, err := r.View()
			if err == io.EOF {
				break
			}
			if at >= len(want) || outcome(rec, err) != want[at] {
				t.Fatalf("row %d behind %d that were passed by is %s, want %s", at, n, outcome(rec, err), want[min(at, len(want)-1)])
			}
			if err != nil && !errors.As(err, new(*Bad)) {
				return skipped
			}
		}
	}
}

// TestCutsAlmostAll: what files are mostly made of must not go the long way.
func TestCutsAlmostAll(t *testing.T) {
	const repeats = 3000
	csvRow := "2026-01-01T00:00:25.390Z,garcia,https://www.shop.example/?a=b,,\"Mozilla/5.0 (X11, Linux)\",Jos\u00e9\r\n"
	jsonRow := `{"at":"2026-01-01T00:00:25.390Z", "context" : {"ip":"192.0.2.1","page":{"url":"https://www.shop.example/lp?ps_xid=abc","x":[1,{"y":"\""}]},"n":-1.5},"email":null,"ok":true}` + "\n"
	logRow := `192.0.2.1 - - [01/Feb/2026:02:23:53 +0000] "GET /lp?ps_partner_key=YWRh&ps_xid=abc HTTP/1.1" 200 120 "-" "Mozilla/5.0 (Linux; Android 10; K)"` + "\n"
	for _, c := range []struct {
		name, text string
		bind       []string
		want       []string
	}{
		{"csv", "at,partner,url,email,agent,name\n" + strings.Repeat(csvRow, repeats), []string{"at", "agent", "name", "email"},
			[]string{"2026-01-01T00:00:25.390Z", "Mozilla/5.0 (X11, Linux)", "Jos\u00e9", ""}},
		{"json", strings.Repeat(jsonRow, repeats), []string{"at", "context.page.url", "context.n", "ok", "email", "context.none"},
			[]string{"2026-01-01T00:00:25.390Z", "https://www.shop.example/lp?ps_xid=abc", "-1.5", "true", "", ""}},
		{"log", strings.Repeat(logRow, repeats), []string{"remote_addr", "request_uri", "http_referer", "request_method"},
			[]string{"192.0.2.1", "/lp?ps_partner_key=YWRh&ps_xid=abc", "", "GET"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, "in", []byte(c.text))
			n, cuts := samePieces(t, path, Options{}, c.bind)
			if cuts != repeats || n != repeats+1 {
				t.Errorf("%d of %d rows were cut, want all %d", cuts, n-1, repeats)
			}
			if got := wholeRows(t, path, Options{}, c.bind); !strings.Contains(got[0], fmt.Sprintf("%q", c.want)) {
				t.Errorf("gives %s, want %q", got[0], c.want)
			}
			if got := skipping(t, path, Options{}, c.bind, wholeRows(t, path, Options{}, c.bind)); got < repeats/2 {
				t.Errorf("%d rows were passed by", got)
			}
			p, err := Split(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			piece, err := p.Next()
			if err != nil {
				t.Fatal(err)
			}
			r := piece.Rows(c.bind)
			if allocs := testing.AllocsPerRun(1000, func() {
				if _, err := r.View(); err != nil {
					t.Fatal(err)
				}
			}); allocs > 0 {
				t.Errorf("%v allocations a row", allocs)
			}
		})
	}
}

// FuzzCut compares the two ways over any text.
func FuzzCut(f *testing.F) {
	seeds(f, "csv")
	seeds(f, "json")
	seeds(f, "log")
	f.Add([]byte("a,b\n\"x\",y\n\r\n,\n\"\",\"\"\nz\"z,1\n1,2,\n1,2,3\n"))
	f.Add([]byte(`{"id":1,"a":{"b":-},"a.b":2}` + "\n" + `[{"id":1},{"id":2}]` + "\n" + `{"id":"a\u0062","id":{}}` + "\n" + `{"a":[{"b":1}],"id":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := fuzzFile(t, b)
		opt := Options{MaxLine: 1000}
		opt.Container = CSV
		if r, err := Open(path, opt); err == nil {
			columns := append(r.Columns(), "none", r.Columns()[0])
			r.Close()
			samePieces(t, path, opt, columns)
		}
		opt.Container = JSON
		if r, err := Open(path, opt); err == nil {
			columns := append(r.Columns(), "id", "a.b", "a", "context.page.url", "context")
			r.Close()
			samePieces(t, path, opt, columns)
			slices.Sort(columns)
			samePieces(t, path, opt, slices.Compact(columns))
		}
		opt.Container = AccessLog
		for _, format := range []string{"", `$remote_addr - $remote_user [$time_local] "$request" $status "$http_user_agent" "$cookie_vid"`} {
			opt.LogFormat = format
			if r, err := Open(path, opt); err == nil {
				r.Close()
				samePieces(t, path, opt, append(r.Columns(), "none", "request_uri"))
			}
		}
	})
}
