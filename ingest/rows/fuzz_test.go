package rows

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// read gives all good rows of a text and the lines of the bad ones. It fails on
// what must hold for any text: positions do not go back, reading ends, and what
// is given is text without NUL.
func read(t *testing.T, path string, opt Options, bind []string) (good [][]string, bad []int64, end error) {
	t.Helper()
	r, err := Open(path, opt)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	if bind == nil {
		bind = r.Columns()
	}
	r.Bind(bind)
	at := int64(0)
	for n := 0; n < 1_000_000; n++ {
		rec, err := r.Next()
		var row *Bad
		line := at
		switch {
		case err == nil:
			line = rec.Line
			good = append(good, slices.Clone(rec.Values))
			for _, v := range rec.Values {
				if rule, _ := unreadable(v); rule != "" {
					t.Fatalf("line %d: %q %s", line, v, rule)
				}
			}
		case errors.As(err, &row):
			line = row.Line
			bad = append(bad, line)
		default:
			if r.SHA256() == "" {
				t.Fatalf("no hash after %v", err)
			}
			return good, bad, err
		}
		if line < at || line == 0 {
			t.Fatalf("line %d comes after line %d", line, at)
		}
		at = line
	}
	t.Fatal("does not end")
	return nil, nil, nil
}

func seeds(f *testing.F, prefix string) {
	for _, e := range examples(f) {
		if strings.HasPrefix(filepath.Base(e.path), prefix) {
			f.Add(e.in)
		}
	}
}

func fuzzFile(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// FuzzCSV compares with encoding/csv over the whole text, where that finds no
// fault: the rows must be the same.
func FuzzCSV(f *testing.F) {
	seeds(f, "csv")
	f.Fuzz(func(t *testing.T, b []byte) {
		good, bad, end := read(t, fuzzFile(t, b), Options{Container: CSV, MaxLine: 1000}, nil)
		if end != io.EOF || len(bad) > 0 {
			return
		}
		plain := csv.NewReader(bytes.NewReader(b))
		all, err := plain.ReadAll()
		if err != nil || len(all) == 0 || strings.Join(all[0], "") == "" || slices.Contains(all[0], "") || !bytes.Equal(b, bytes.ToValidUTF8(b, nil)) {
			return
		}
		header := len(all[0])
		if strings.ContainsAny(string(b), ";\t") || bytes.HasPrefix(bytes.ToLower(b), []byte("sep=")) || bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) || bytes.Contains(b, []byte(`, "`)) {
			return // read otherwise on purpose
		}
		var want [][]string
		for _, row := range all[1:] {
			if strings.Join(row, "") != "" {
				want = append(want, row)
			}
		}
		if !slices.EqualFunc(good, want, slices.Equal[[]string]) && len(good) > 0 && len(good[0]) == header {
			t.Errorf("gives %q\nencoding/csv %q", good, want)
		}
	})
}

// FuzzJSON compares lines that are plain objects with encoding/json.
func FuzzJSON(f *testing.F) {
	seeds(f, "json")
	f.Fuzz(func(t *testing.T, b []byte) {
		good, bad, _ := read(t, fuzzFile(t, b), Options{Container: JSON, MaxLine: 1000}, []string{"id"})
		if bytes.IndexByte(b, '\n') >= 0 || len(good) != 1 || len(bad) > 0 {
			return
		}
		var v struct {
			ID *string `json:"id"`
		}
		if json.Unmarshal(b, &v) != nil || v.ID == nil || strings.Count(strings.ToLower(string(b)), "id") != 1 ||
			bytes.IndexByte(b, '\\') >= 0 || !bytes.Equal(b, bytes.ToValidUTF8(b, nil)) || !strings.Contains(string(b), `"id"`) {
			return
		}
		if good[0][0] != *v.ID {
			t.Errorf("id %q, encoding/json has %q", good[0][0], *v.ID)
		}
	})
}

// FuzzAccessLog reads any lines in several formats.
func FuzzAccessLog(f *testing.F) {
	seeds(f, "log")
	f.Fuzz(func(t *testing.T, b []byte) {
		path := fuzzFile(t, b)
		for _, format := range []string{"", `$remote_addr - $remote_user [$time_local] "$request" $status "$http_user_agent" "$cookie_vid"`} {
			good, _, _ := read(t, path, Options{Container: AccessLog, LogFormat: format, MaxLine: 1000}, []string{"remote_addr", "request_uri", "request"})
			for _, row := range good {
				if row[0] == "" {
					t.Errorf("a row without address: %q", row)
				}
				if !strings.Contains(row[2], row[1]) {
					t.Errorf("address %q is not of the request %q", row[1], row[2])
				}
			}
		}
	})
}

// FuzzLogFormat: a format that is taken reads back the line it would write.
func FuzzLogFormat(f *testing.F) {
	for _, s := range namedFormats {
		f.Add(s)
	}
	for _, e := range examples(f) {
		f.Add(e.opt.LogFormat)
	}
	f.Add("log_format  main escape=default\n  '$remote_addr - $remote_user '\n  '\"$request\"';")
	f.Fuzz(func(t *testing.T, s string) {
		format, err := ParseLogFormat(s)
		if err != nil {
			return
		}
		// "200" is a status, a number of bytes, an address and a word.
		line := format.lead
		for _, field := range format.fields {
			value := "200"
			if field.name == "time_local" {
				value = "02/Jan/2006:15:04:05 -0700"
			}
			if field.end != "" && strings.Contains(value+field.end[:len(field.end)-1], field.end) {
				return // the text behind a variable stands in it
			}
			line += value + field.end
		}
		values := make([]string, len(format.fields))
		if m := format.split(line, values); m != nil {
			t.Errorf("%q writes %q and does not read it: %+v", s, line, *m)
		}
	})
}
