package rows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"lostlink/ingest/table"
)

var packings = map[string]func(testing.TB, []byte) []byte{
	"gzip": gzipped,
	"gzip of two members": func(t testing.TB, b []byte) []byte {
		half := len(b) / 2
		return append(gzipped(t, b[:half]), gzipped(t, b[half:])...)
	},
	"zstd": func(t testing.TB, b []byte) []byte {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return w.EncodeAll(b, nil)
	},
	"UTF-8 with a byte order mark": func(t testing.TB, b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) },
	"UTF-16 little-endian": func(t testing.TB, b []byte) []byte {
		return encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes, b)
	},
	"UTF-16 big-endian": func(t testing.TB, b []byte) []byte {
		return encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes, b)
	},
}

func encoded(t testing.TB, encode func([]byte) ([]byte, error), b []byte) []byte {
	t.Helper()
	out, err := encode(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLineEnds(t *testing.T) {
	for _, e := range examples(t) {
		if strings.Contains(string(e.in), "\"two\nlines\"") {
			continue // encoding/csv makes the line break in a cell a line feed
		}
		plain := result(write(t, "in", e.in), e.opt, e.bind)
		if got := result(write(t, "in", bytes.ReplaceAll(e.in, []byte("\n"), []byte("\r\n"))), e.opt, e.bind); got != plain {
			t.Errorf("%s with CRLF gives\n%swant\n%s", e.path, got, plain)
		}
	}
}

func TestBytes(t *testing.T) {
	latin := encoded(t, charmap.Windows1252.NewEncoder().Bytes, []byte("id,name,x\n1,Zoë – €,é\n2,Ada,é\n"))
	long := strings.Repeat("x", 1<<20)
	tooLong := strings.Repeat("x", 5<<20)
	for _, tc := range []struct {
		name, in string
		opt      Options
		bind     string
		want     string
	}{
		{"mark before a quoted header", "\xef\xbb\xbf\"id\",\"b\"\n1,2\n", Options{}, "id", "csv: id, b\n2: ⟨1⟩\n"},
		{"NUL bytes in a CSV row", "id,b\n1,2\n3,\x00\x00\n5,6\n", Options{}, "id", "csv: id, b\n2: ⟨1⟩\n! line 3: b: \"\uFFFD\uFFFD\" holds a NUL byte; the file was damaged; copy or export it again\n4: ⟨5⟩\n"},
		{"NUL bytes in a JSON line", "{\"id\":1}\n{\"id\":\"\x00\"}\n{\"id\":\"\\u0000\"}\n{\"id\":4}\n", Options{}, "id", "json: id\n1: ⟨1⟩\n! line 2: id: \"\uFFFD\" holds a NUL byte; the file was damaged; copy or export it again\n! line 3: id: \"\uFFFD\" holds a NUL byte; the file was damaged; copy or export it again\n4: ⟨4⟩\n"},
		{"NUL bytes in a log", "192.0.2.1 - - [01/Feb/2026:02:23:53 +0000] \"GET / HTTP/1.1\" 200 1\n\x00\x00\x00\n", Options{}, "remote_addr", "accesslog: remote_addr, remote_logname, remote_user, time_local, request, status, body_bytes_sent, request_method, request_uri, server_protocol\n1: ⟨192.0.2.1⟩\n! line 2: holds a NUL byte; the file was damaged; copy or export it again\n"},
		{"Windows-1252 unannounced", string(latin), Options{}, "id, name", "csv: id, name, x\n! line 2: name: \"Zo\uFFFD \uFFFD \uFFFD\" is not UTF-8 text; save the file as UTF-8, or set its encoding\n3: ⟨2⟩ ⟨Ada⟩\n"},
		{"Windows-1252 announced", string(latin), Options{Encoding: "windows-1252"}, "id, name", "csv: id, name, x\n2: ⟨1⟩ ⟨Zoë – €⟩\n3: ⟨2⟩ ⟨Ada⟩\n"},
		{"Windows-1252 header", "id,Stra\xdfe\n1,2\n", Options{}, "id", "end: FILE: the header is not UTF-8 text; save the file as UTF-8, or set its encoding\n"},
		{"JSON that is not UTF-8", "{\"id\":\"\xff\",\"b\":\"\xff\"}\n", Options{}, "id", "json: id, b\n! line 1: id: \"\uFFFD\" is not UTF-8 text; save the file as UTF-8, or set its encoding\n"},
		{"long CSV row", "id,b\n1," + long + "\n2,x\n", Options{}, "id", "csv: id, b\n2: ⟨1⟩\n3: ⟨2⟩\n"},
		{"long JSON line", "{\"id\":1,\"b\":\"" + long + "\"}\n{\"id\":2}\n", Options{}, "id", "json: id, b\n1: ⟨1⟩\n2: ⟨2⟩\n"},
		{"CSV row over the limit", "id,b\n1," + tooLong + "\n2,x\n3," + tooLong, Options{}, "id", "csv: id, b\n! line 2: is longer than 4194304 bytes; look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export\n3: ⟨2⟩\n! line 4: is longer than 4194304 bytes; look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export\n"},
		{"CSV row over a small limit", "id,b\n1," + long[:200] + "\n2,x\n3,\"" + long[:200] + "\ny\"\n", Options{MaxLine: 100}, "id", "csv: id, b\n! line 2: is longer than 100 bytes; look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export\n3: ⟨2⟩\n! line 4: is longer than 100 bytes; look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export\n! line 5: has a quote inside a cell that is not quoted; put the cell in quotes and write the quote twice (\"\")\n"},
		{"open quote and many rows", "id,b\n1,\"x\n" + strings.Repeat("2,x\n", 2) + strings.Repeat("\n", 5<<20) + "3,x\n", Options{}, "id", "csv: id, b\n! line 2: has a quote that is not closed, or one inside a quoted cell; close the quote, or write the inner quote twice (\"\")\n3: ⟨2⟩\n4: ⟨2⟩\n5242885: ⟨3⟩\n"},
		{"JSON line over the limit", "{\"id\":1}\n{\"b\":\"" + tooLong + "\"}\n{\"id\":3}\n", Options{}, "id", "json: id\n1: ⟨1⟩\n! line 2: is longer than 4194304 bytes; look for a quote or bracket that is never closed; if the row is sound, leave its longest values out of the export\n3: ⟨3⟩\n"},
		{"JSON list over the limit on one line", "{\"data\":{\"items\":[" + strings.Repeat(`{"id":1,"b":"`+long+`"},`, 5) + "{\"id\":2}]}}", Options{}, "id", "json: id, b\n" + strings.Repeat("1: ⟨1⟩\n", 5) + "1: ⟨2⟩\n"},
		{"JSON list over the limit on many lines", "{\"x\":{\"y\":[1]},\"data\":\n{\"items\":[\n" + strings.Repeat(`{"id":1,"b":"`+long+"\"},\n", 5) + "{\"id\":2}]}}", Options{}, "id", "json: \n3: ⟨1⟩\n4: ⟨1⟩\n5: ⟨1⟩\n6: ⟨1⟩\n7: ⟨1⟩\n8: ⟨2⟩\n"},
		{"JSON too deep", strings.Repeat(`{"a":`, 400) + "1" + strings.Repeat("}", 400) + "\n{\"id\":2}\n", Options{}, "id", "json: id\n! line 1: is JSON nested deeper than 300 levels; export it again; each line must be one object\n2: ⟨2⟩\n"},
		{"empty", "", Options{}, "id", "end: FILE: is empty; export it again, or take it out of the sources\n"},
		{"blank", "\xef\xbb\xbf \r\n\n", Options{}, "id", "end: FILE: is empty; export it again, or take it out of the sources\n"},
		{"empty log", "", Options{Container: AccessLog}, "status", "accesslog: remote_addr, remote_logname, remote_user, time_local, request, status, body_bytes_sent, http_referer, http_user_agent, request_method, request_uri, server_protocol\n"},
		{"old Mac line ends", "id,b\r1,2\r3,4", Options{}, "id", "end: FILE: has lines that end in a carriage return only; save it with line feeds\n"},
		{"UTF-16 without mark", "i\x00d\x00,\x00b\x00\n\x00", Options{}, "id", "end: FILE: is not text; if it is UTF-16, save it with a byte order mark, better as UTF-8\n"},
		{"PDF", "%PDF-1.7\n", Options{}, "id", "end: FILE: is a PDF; export the data as CSV\n"},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1", Options{}, "id", "end: FILE: is an old or password-protected Excel file; save it as .xlsx without a password\n"},
		{"zip that is none", "PK\x03\x04 and no more", Options{}, "id", "end: FILE: is a damaged zip archive; copy the file again (zip: not a valid zip file)\n"},
		{"not Parquet", "id\n1\n", Options{Container: Parquet}, "id", "end: FILE: is not a parquet file; name the right file or format\n"},
		{"Parquet cut off", "PAR1 and no more", Options{}, "id", "end: FILE: is not a Parquet file that can be read; export it again; a file copied in part has no end (invalid magic footer of parquet file: \"more\")\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := result(write(t, "in", []byte(tc.in)), tc.opt, strings.Split(tc.bind, ", ")); got != tc.want {
				t.Errorf("gives\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.csv")
	if _, err := Open(path, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: %v, want an error that wraps fs.ErrNotExist", err)
	}
	if _, _, err := Hash(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Hash: %v, want an error that wraps fs.ErrNotExist", err)
	}
	want := "is not a regular file"
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Open of a folder: %v, want %q", err, want)
	}
}

func TestUnknownOptions(t *testing.T) {
	path := write(t, "in", []byte("id\n1\n"))
	for want, opt := range map[string]Options{
		`no container is called "xml"`:  {Container: "xml"},
		`encoding "klingon"`:            {Encoding: "klingon"},
		`holds no variable`:             {LogFormat: "nothing"},
		`they cannot be told apart`:     {LogFormat: "$a$b"},
		`is not a xlsx file`:            {Container: XLSX},
		`leave the log format out`:      {LogFormat: `{"a":"$a"}`},
		`"%{%s}t": this time format is`: {LogFormat: "%{%s}t"},
	} {
		if _, err := Open(path, opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", opt, err, want)
		}
	}
}

// TestTruncated cuts packed files everywhere: the rows before the cut come out
// whole, then comes an error, and the hash is that of what there is.
func TestTruncated(t *testing.T) {
	var text strings.Builder
	text.WriteString("id,email\n")
	for i := range 5000 {
		fmt.Fprintf(&text, "%d,person%d@shop.example\n", i, i*i)
	}
	for _, name := range []string{"gzip", "gzip of two members", "zstd"} {
		packed := packings[name](t, []byte(text.String()))
		for cut := 5; cut < len(packed); cut += len(packed)/50 + 1 {
			path := write(t, "in", packed[:cut])
			r, err := Open(path, Options{})
			var broken *Broken
			if err != nil {
				if !errors.As(err, &broken) {
					t.Fatalf("%s cut at %d: %T %v", name, cut, err, err)
				}
				continue
			}
			r.Bind([]string{"id", "email"})
			n := 0
			for ; err == nil; n++ {
				var rec *Record
				if rec, err = r.Next(); err == nil && rec.Values[1] != fmt.Sprintf("person%d@shop.example", n*n) {
					t.Fatalf("%s cut at %d: row %d is %q", name, cut, n, rec.Values)
				}
			}
			if err == io.EOF && name == "gzip of two members" {
				continue // cut exactly between the two
			}
			if !errors.As(err, &broken) || !errors.Is(err, io.ErrUnexpectedEOF) || broken.Line != int64(n)+1 {
				t.Errorf("%s cut at %d: %d rows, then %v", name, cut, n-1, err)
			}
			if sum, size, _ := Hash(path); r.SHA256() != sum || size != int64(cut) {
				t.Errorf("%s cut at %d: hash %s, want %s", name, cut, r.SHA256(), sum)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	packed := gzipped(t, []byte("id\n1\n"))
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // checksum
	for name, content := range map[string][]byte{
		"checksum": flipped,
		"tail":     append(bytes.Clone(packed), "more"...),
	} {
		got := result(write(t, "in", content), Options{}, []string{"id"})
		if !strings.Contains(got, "end: FILE: ") || !strings.Contains(got, "is packed and") {
			t.Errorf("%s: gives\n%s", name, got)
		}
	}
}

func TestBomb(t *testing.T) {
	rows := []byte("id\n" + strings.Repeat("1\n", 1<<20))
	path := write(t, "in", gzipped(t, rows))
	want := "unpacks to more than 1000000 bytes"
	if got := result(path, Options{MaxBytes: 1e6}, nil); !strings.Contains(got, want) {
		t.Errorf("size: no %q at the end", want)
	}
	g := &guard{r: bytes.NewReader(nil), raw: &hashed{n: 1 << 20}, n: ratioFrom + 1, ratio: 50, max: 1 << 40}
	if _, err := g.Read(nil); err == nil || !strings.Contains(err.Error(), "more than 50 times its size") {
		t.Errorf("ratio: %v", err)
	}
	g.ratio = 80
	if _, err := g.Read(nil); err != io.EOF {
		t.Errorf("sound ratio: %v", err)
	}
}

func TestCloseEarly(t *testing.T) {
	for name, pack := range packings {
		path := write(t, "in", pack(t, []byte("id\n1\n2\n")))
		r, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.SHA256() != "" {
			t.Errorf("%s: a hash before the end: %s", name, r.SHA256())
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestShown holds what a fault of a whole row or file shows of it.
func TestShown(t *testing.T) {
	long := "lena.vogel@mail.example," + strings.Repeat("é", 2000)
	const start = "l…@mail.example,éééééééééééééééééééééééé"
	logLine := `192.0.2.1 - - [01/Feb/2026:02:23:53 +0000] "GET / HTTP/1.1" 200 1`
	for _, tc := range []struct {
		name, in, column, value string
		opt                     Options
	}{
		{"cells missing", "id,b,c\n1,2\n", "", "2 cells", Options{}},
		{"cells too many", "id,b,c\n1,2,3,4\n", "", "4 cells", Options{}},
		{"NUL in a cell", "id,b\n1,x\x00y\n", "b", "x\uFFFDy", Options{}},
		{"NUL behind the header's cells", "id,b\n1,2,\x00\n", "", "", Options{}},
		{"NUL in JSON", "{\"id\":1}\n{\"id\":2,\"a\":{\"b\":\"x\x00\"}}\n", "a.b", "x\uFFFD", Options{}},
		{"NUL between JSON values", "{\"id\":1}\n{\"id\":2,\x00\"b\":3}\n", "", "", Options{}},
		{"NUL in a log", logLine + "\n" + strings.Replace(logLine, "GET / ", "GET /\x00 ", 1) + "\n", "request", "GET /\uFFFD HTTP/1.1", Options{}},
		{"NUL in no line of a log", logLine + "\n\x00\x00\n", "", "", Options{}},
		{"long CSV row", "id,b\n" + long + "\n", "", start, Options{MaxLine: 1000}},
		{"long header", long + "\n1,2\n", "", start, Options{MaxLine: 1000}},
		{"long JSON line", "{\"id\":1}\n{\"id\":\"" + long + "\"}\n", "", `{"id":"l…@mail.example,` + strings.Repeat("é", 17), Options{MaxLine: 1000}},
		{"JSON line longer than a block", "{\"id\":1}\n{\"id\":\"" + long + strings.Repeat("x", 2*block) + "\"}\n", "", `{"id":"l…@mail.example,` + strings.Repeat("é", 17), Options{MaxLine: 1000}},
		{"long item of a list", "[{\"id\":1},\n{\"id\":\"" + long + "\"}]\n", "", `{"id":"l…@mail.example,` + strings.Repeat("é", 17), Options{MaxLine: 1000}},
		{"endless item of a list", "[{\"id\":1},\n{\"id\":\"" + long + strings.Repeat("x", 8*block) + "\"}]\n", "", `{"id":"l…@mail.example,` + strings.Repeat("é", 17), Options{MaxLine: 1000}},
		{"no list in a later line", "{\"data\":[{\"id\":1}]}\n{\"data\":{\"id\":2}}\n", "data", `{"id":2}`, Options{}},
		{"column twice", "id,b,b\n1,2,3\n", "b", "columns 2 and 3", Options{}},
		{"cut gzip", string(packings["gzip"](t, []byte("id,b\n1,2\n"))[:15]), "", "15 bytes", Options{}},
		{"cut zstd", string(packings["zstd"](t, []byte("id,b\n1,2\n"))[:12]), "", "12 bytes", Options{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := Open(write(t, "in", []byte(tc.in)), tc.opt)
			if err == nil {
				defer r.Close()
				r.Bind([]string{"id", "b"})
			}
			for err == nil {
				_, err = r.Next()
			}
			var row *Bad
			var end *Broken
			var f *table.Fault
			switch {
			case errors.As(err, &row):
				f = row.Fault
			case errors.As(err, &end):
				f = end.Fault
			default:
				t.Fatalf("the file ends with %v", err)
			}
			if f.Column != tc.column || f.Value != tc.value {
				t.Errorf("%v: column %q, value %q, want %q, %q", err, f.Column, f.Value, tc.column, tc.value)
			}
		})
	}
}
