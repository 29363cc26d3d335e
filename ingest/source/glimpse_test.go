package source_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest/rows"
	"lostlink/ingest/simulate"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// input is a file of clicks or visits and how it is read.
type input struct {
	name    string
	text    []byte
	format  string
	set     source.Settings
	options rows.Options
}

var links = source.Settings{PartnerParameters: []string{"ps_partner_key", "gspk"}, ClickParameters: []string{"ps_xid", "gsxid"}}

// examples are the sources' test data.
func examples(t testing.TB) (in []input) {
	t.Helper()
	for _, e := range []struct {
		pattern, format string
		table           table.Kind
		logFormat       string
		columns         []source.ColumnMap
	}{
		{"native/*_clicks*.csv", source.Native, table.Clicks, "", nil},
		{"native/good_clicks_mapped.csv", source.Native, table.Clicks, "", []source.ColumnMap{{From: "when", To: "clicked_at"}, {From: "Partner", To: "partner_key"}, {From: "Click", To: "click_id"}}},
		{"native/*_visits*", source.Native, table.Visits, "", nil},
		{"access_log/*.log", "access_log", "", "combined", nil},
		{"access_log/good_json.log", "access_log", "", "", nil},
		{"access_log/good_cookies.log", "access_log", "",
			`$host $remote_addr [$time_iso8601] "$request" $status "$http_referer" "$http_user_agent" "$http_x_forwarded_for" "$cookie_vid" "$cookie_growSumoPartnerKey" "$cookie_ps_xid"`,
			[]source.ColumnMap{{From: "$cookie_vid", To: "visitor_id"}}},
		{"segment/*", "segment", "", "", nil},
	} {
		files, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "sources", e.pattern))
		if len(files) == 0 {
			t.Fatalf("no test data %s", e.pattern)
		}
		for _, f := range files {
			if strings.HasSuffix(f, ".golden") || strings.HasSuffix(f, ".options.json") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			set := links
			set.Table, set.Columns = e.table, e.columns
			in = append(in, input{filepath.Base(f), text, e.format, set, rows.Options{LogFormat: e.logFormat}})
		}
	}
	return in
}

// drawn are the files of clicks and visits of some made-up vendors.
func drawn(t testing.TB) (in []input) {
	t.Helper()
	for seed, f := range []simulate.Formats{
		{Visits: simulate.AccessLog, Clicks: simulate.NativeJSON},
		{Visits: simulate.Segment, Clicks: simulate.Native},
		{Visits: simulate.Native, Clicks: simulate.Native},
	} {
		o := simulate.DrawOptions(uint64(seed) + 20)
		o.Customers, o.Days, o.Sources.Clicks = 40, 60, true
		f.Payments, f.StripeColumns, f.Platform = simulate.Stripe, "default", simulate.PartnerStackL
		o.Formats = f
		v, err := simulate.Make(o)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := v.Write(dir); err != nil {
			t.Fatal(err)
		}
		for _, s := range v.Sources {
			if !slices.Contains([]string{"access_log", "segment"}, s.Format) && s.Table != table.Clicks && s.Table != table.Visits {
				continue
			}
			set := links
			set.Table, set.Zone = s.Table, s.Zone
			for _, c := range s.Columns {
				set.Columns = append(set.Columns, source.ColumnMap{From: c.From, To: c.To})
			}
			for _, p := range s.Files {
				files, _ := filepath.Glob(filepath.Join(dir, p))
				for _, f := range files {
					text, err := os.ReadFile(f)
					if err != nil {
						t.Fatal(err)
					}
					format := s.Format
					if format == "" {
						format = source.Native
					}
					in = append(in, input{filepath.Base(f), text, format, set, rows.Options{LogFormat: s.LogFormat}})
				}
			}
		}
	}
	return in
}

// counts tells how the rows of a file were judged.
type counts struct{ rows, sure int }

// bothWays reads a file in pieces and as a whole, and holds each glimpse against
// the row that the mapping makes.
func bothWays(t *testing.T, in input) (n counts) {
	t.Helper()
	path := filepath.Join(t.TempDir(), in.name)
	if err := os.WriteFile(path, in.text, 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := rows.Open(path, in.options)
	pieces, splitErr := rows.Split(path, in.options)
	if err != nil || splitErr != nil {
		if err == nil || splitErr == nil {
			t.Fatalf("opened as a whole: %v; in pieces: %v", err, splitErr)
		}
		return n
	}
	defer whole.Close()
	defer pieces.Close()
	src := source.Get(in.format)
	sink := table.NewSink(memory.DefaultAllocator)
	m, err := src.NewMapping(in.set, whole.Container(), whole.Columns(), sink)
	if err != nil {
		return n
	}
	counted, err := src.NewMapping(in.set, whole.Container(), whole.Columns(), table.NewSink(memory.DefaultAllocator))
	if err != nil {
		t.Fatal(err)
	}
	var visit *table.Visit
	var click *table.Click
	sink.Divert = func(v *table.Visit, c *table.Click) {
		if v != nil {
			visit = new(table.Visit)
			*visit = *v
		} else {
			click = new(table.Click)
			*click = *c
		}
	}
	whole.Bind(m.Columns)
	for {
		piece, err := pieces.Next()
		if err != nil {
			if n.rows == 0 && err == io.EOF {
				break // without a row nothing is asked of the header
			}
			if rec, wholeErr := whole.Next(); wholeErr == nil || errors.As(wholeErr, new(*rows.Bad)) || (err == io.EOF) != (wholeErr == io.EOF) {
				t.Fatalf("%s: the pieces end with %v, the whole has %v, %v", in.name, err, rec, wholeErr)
			}
			break
		}
		rd := piece.Rows(m.Columns)
		for {
			got, gotErr := rd.View()
			if gotErr == io.EOF {
				break
			}
			want, wantErr := whole.Next()
			if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
				t.Fatalf("%s: in pieces %v, as a whole %v", in.name, gotErr, wantErr)
			}
			if gotErr != nil {
				if !errors.As(gotErr, new(*rows.Bad)) {
					return n
				}
				continue
			}
			if got.Line != want.Line || !slices.Equal(got.Values, want.Values) {
				t.Fatalf("%s: in pieces line %d %q, as a whole line %d %q", in.name, got.Line, got.Values, want.Line, want.Values)
			}
			n.rows++
			visit, click = nil, nil
			madeBefore := m.Made()[table.Signups]
			skipped, err := m.Row(table.Pos{Line: want.Line}, want.Values)
			var g table.Glance
			sight, why := counted.Glimpse(got.Values, &g)
			switch sight {
			case source.Unsure:
				// Counted by both ways alike.
				if _, err := counted.Row(table.Pos{Line: want.Line}, want.Values); (err == nil) != (skipped != "" || visit != nil || click != nil || m.Made()[table.Signups] > madeBefore) {
					t.Fatalf("%s: line %d: %v", in.name, want.Line, err)
				}
				continue
			case source.Passed:
				if skipped != why || why == "" {
					t.Fatalf("%s: line %d: passed for %q, the row was skipped for %q, %v", in.name, want.Line, why, skipped, err)
				}
			case source.Seen:
				row := look(visit, click)
				if err != nil || row == nil || g != *row {
					t.Fatalf("%s: line %d: the glance is\n%+v\nthe row\n%+v, %v", in.name, want.Line, g, row, err)
				}
				counted.Drop(&g)
			}
			n.sure++
		}
		piece.Free()
	}
	firstWant, lastWant := m.Span()
	first, last := counted.Span()
	if fmt.Sprint(m.Made(), m.Notes(), firstWant, lastWant) != fmt.Sprint(counted.Made(), counted.Notes(), first, last) {
		t.Fatalf("%s: accounts differ: rows %v %v %d-%d, glimpses %v %v %d-%d", in.name, m.Made(), m.Notes(), firstWant, lastWant, counted.Made(), counted.Notes(), first, last)
	}
	return n
}

func look(v *table.Visit, c *table.Click) *table.Glance {
	g := &table.Glance{}
	if c != nil {
		*g = table.Glance{At: c.ClickedAt, Click: true, VisitorID: c.VisitorID, Email: c.Email, ClickID: c.ClickID, IP: c.IP}
	}
	if v != nil {
		g.At, g.Visit, g.VisitorID, g.Email, g.IP, g.URL, g.Referrer = v.VisitedAt, true, v.VisitorID, v.Email, v.IP, v.URL, v.Referrer
		g.CookiesLogged = v.CookiesLogged == table.Yes
	}
	if c == nil && v == nil {
		return nil
	}
	return g
}

// TestGlimpseIsTheRow holds glimpses of all kinds of file against the rows, and
// those of well-written files to be sure.
func TestGlimpseIsTheRow(t *testing.T) {
	sure := 0
	for _, in := range examples(t) {
		sure += bothWays(t, in).sure
	}
	if sure < 20 {
		t.Errorf("only %d rows of the examples were told at a glimpse", sure)
	}
	for _, in := range drawn(t) {
		n := bothWays(t, in)
		// Sign-ups of an event archive are made. The log of the made-up vendors has
		// garbage, forwarded addresses and partner keys that were mangled.
		share := 0.97
		if in.format == "segment" {
			share = 0.9
		}
		if float64(n.sure) < share*float64(n.rows) {
			t.Errorf("%s: %d of %d rows were told at a glimpse", in.name, n.sure, n.rows)
		}
	}
}

// mutations are what a line is changed by.
var mutations = []string{
	"", "", ",", ",,", "\"", "\"\"", "\\", "\\\"", "\\u0041", "-", "--", " ", "  ", "\t", "%", "%2F", "%FF", "+", "=", "&", "?", "#", "é", "\u00a0", "\xff", "\x00", "\r", "\n",
	"0", "9", "00", ".", ":", "Z", "T", "+02:00", " +0200", "-0030", "null", "NULL", "undefined", "true", "{", "}", "[", "]", "[1]", "{\"a.b\":1}", "\"ip\":", "\"email\":\"x@shop.example\",",
	"gspk=YWNtZQ", "?gspk=YWNtZQ&gsxid=8o9xPIlex0Ow4j", "&ps_partner_key=YmV0YQ==", "&ps_xid=", "ps_xid=short", "192.0.2.1", "10.0.0.1, 192.0.2.1", "010.0.0.1", "256.1.1.1", "2001:db8::1", "::ffff:192.0.2.1", "[2001:db8::1]:443",
	".css", ".JS", "GET ", "POST ", " HTTP/1.1", "http://", "2026-02-30T00:00:00Z", "2026-02-28T24:00:00Z", "1999-12-31T23:59:59Z", "2100-12-31T23:59:59.999999999Z", "29/Feb/2025", "identify", "page", "track", "Signed Up",
}

// mutate changes a few places of a text.
func mutate(r *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	for range 1 + r.IntN(8) {
		if len(text) == 0 {
			return text
		}
		at := r.IntN(len(text))
		end := min(len(text), at+r.IntN(1+r.IntN(20)))
		piece := []byte(mutations[r.IntN(len(mutations))])
		if r.IntN(6) == 0 { // a part of the file itself
			from := r.IntN(len(text))
			piece = bytes.Clone(text[from:min(len(text), from+r.IntN(60))])
		}
		text = slices.Replace(text, at, end, piece...)
	}
	return text
}

// shortened takes some lines of a file, the first among them.
func shortened(r *rand.Rand, text []byte) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines) < 12 {
		return text
	}
	at := 1 + r.IntN(len(lines)-10)
	return slices.Concat(append([][]byte{lines[0]}, lines[at:at+9]...)...)
}

// mutants is how many files are tampered with; a thousand take three seconds.
const mutants = 1000

// TestGlimpseOfMutants does the same with files that were tampered with.
func TestGlimpseOfMutants(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ins := append(examples(t), drawn(t)...)
	sure := 0
	for range mutants {
		in := ins[r.IntN(len(ins))]
		in.text = mutate(r, shortened(r, in.text))
		sure += bothWays(t, in).sure
	}
	if sure < mutants {
		t.Errorf("only %d rows were told at a glimpse", sure)
	}
}

// FuzzGlimpse does so with any text.
func FuzzGlimpse(f *testing.F) {
	ins := examples(f)
	for i, in := range ins {
		f.Add(uint8(i), in.text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		in := ins[int(which)%len(ins)]
		in.text = text
		bothWays(t, in)
	})
}
