package rows

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/testdata/need"
)

// TestSamples reads exports and logs of others from end to end.
func TestSamples(t *testing.T) {
	bad := map[string]int{
		"elastic_apache_logs.log": 1, // the one line that is cut off
	}
	files := 0
	for _, dir := range []string{"samples/clicks", "samples/payments"} {
		err := filepath.WalkDir(need.Shared(t, dir), func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			switch strings.ToLower(filepath.Ext(name)) {
			case ".csv", ".json", ".log":
			default:
				return err
			}
			files++
			got, rows := drain(t, path, Options{})
			if got != bad[name] {
				t.Errorf("%s: %d bad rows of %d, want %d", name, got, rows, bad[name])
			}
			if rows == 0 && !strings.Contains(name, "header_only") {
				t.Errorf("%s: no rows", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files == 0 {
		t.Error("no samples")
	}
}

// TestSampleLog checks the first line of a real log, column by column.
func TestSampleLog(t *testing.T) {
	r, err := Open(need.Shared(t, "samples/clicks/ncsa_combined/elastic_apache_logs.log"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Bind([]string{"remote_addr", "remote_user", "time_local", "request_method", "status", "body_bytes_sent"})
	rec, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	want := "83.149.9.216||17/May/2015:10:05:03 +0000|GET|200|203023"
	if got := strings.Join(rec.Values, "|"); got != want {
		t.Errorf("first line %q, want %q", got, want)
	}
}

// drain reads a file with all its columns to the end.
func drain(t testing.TB, path string, opt Options) (bad int, rows int64) {
	t.Helper()
	r, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Bind(r.Columns())
	for {
		_, err := r.Next()
		var row *Bad
		switch {
		case err == io.EOF:
			return bad, r.Lines()
		case errors.As(err, &row):
			bad++
		case err != nil:
			t.Fatal(err)
		}
	}
}
