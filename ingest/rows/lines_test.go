package rows

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	text := "head\n" + strings.Repeat("x", 300<<10) + "\r\nthird\nlast"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(text))
	z.Close()
	want := map[int64]string{1: "head", 3: "third", 4: "last"}
	for name, data := range map[string][]byte{"plain.csv": []byte(text), "packed.csv.gz": packed.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Lines(path, []int64{4, 1, 3, 9})
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		long, err := Lines(path, []int64{2})
		if err != nil || !strings.HasPrefix(long[2], "xxx") || len(long[2]) > 2*lineShown+block {
			t.Errorf("%s: the long line has %d bytes, %v", name, len(long[2]), err)
		}
	}
}
