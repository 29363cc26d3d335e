package lake

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type row struct {
	ID     string  `parquet:"id"`
	Kind   string  `parquet:"kind,dict"`
	Amount int64   `parquet:"amount"`
	Share  float64 `parquet:"share"`
	At     *int64  `parquet:"at,optional,timestamp(microsecond)"`
}

func rowsOf(n int) []row {
	rows := make([]row, n)
	for i := range rows {
		at := int64(i) * 1_000_000
		rows[i] = row{ID: fmt.Sprintf("p-%d", i), Kind: []string{"a", "b"}[i%2], Amount: int64(-i) * 1_000_000_007, Share: float64(i) / 7}
		if i%3 > 0 {
			rows[i].At = &at
		}
	}
	return rows
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, rowGroupRows + 5} {
		path := filepath.Join(t.TempDir(), "rows.parquet")
		rows := rowsOf(n)
		if err := WriteFile(path, rows); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile[row](path)
		if err != nil {
			t.Fatal(err)
		}
		same := slices.EqualFunc(got, rows, func(a, b row) bool {
			x, y := a.At, b.At
			a.At, b.At = nil, nil
			return a == b && (x == nil) == (y == nil) && (x == nil || *x == *y)
		})
		if !same {
			t.Errorf("%d rows do not come back as written", n)
		}
	}
}

func TestSameBytes(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := WriteFile(path, rowsOf(10_000)); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, want 0600", st.Mode())
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Fatal("the same rows gave other bytes")
		}
	}
	if err := WriteFile(filepath.Join(dir, "0"), rowsOf(1)); err == nil {
		t.Error("an existing file was written over")
	}
}
