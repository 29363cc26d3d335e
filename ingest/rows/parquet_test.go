package rows

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// parquetBytes writes rows of a struct in groups of two, so that every test
// crosses a group's end.
func parquetBytes[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w := parquet.NewGenericWriter[T](&out, options...)
	for i := 0; i < len(rows); i += 2 {
		if _, err := w.Write(rows[i:min(i+2, len(rows))]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type payment struct {
	ID       string           `parquet:"id"`
	Email    *string          `parquet:"email,optional,dict"`
	Paid     time.Time        `parquet:"paid_at,timestamp(microsecond)"`
	Nanos    time.Time        `parquet:"nanos,timestamp(nanosecond)"`
	Local    int64            `parquet:"local,timestamp(millisecond:local)"`
	Day      int32            `parquet:"day,date"`
	Amount   int64            `parquet:"amount,decimal(2:18)"`
	Small    int32            `parquet:"small,decimal(3:9)"`
	Count    uint32           `parquet:"count"`
	Minus    int16            `parquet:"minus"`
	Live     bool             `parquet:"live"`
	Rate     float64          `parquet:"rate"`
	Rate32   float32          `parquet:"rate32"`
	UUID     [16]byte         `parquet:"uuid,uuid"`
	Old      deprecated.Int96 `parquet:"old"`
	Tags     []string         `parquet:"tags,list"`
	Customer struct {
		Address *struct {
			Country string `parquet:"Country"`
		} `parquet:"address,optional"`
	} `parquet:"customer"`
}

func payments() []payment {
	const noon = 43_201_000_000_000 // nanoseconds
	mail := "ada@shop.example"
	at := time.Date(2026, 2, 1, 7, 40, 28, 123456789, time.UTC)
	one := payment{
		ID: "p1", Email: &mail, Paid: at, Nanos: at, Local: at.UnixMilli(), Day: 20485,
		Amount: -1234, Small: 5, Count: 4294967295, Minus: -7, Live: true, Rate: 1e6, Rate32: 0.1,
		UUID: [16]byte{0x12, 0x34, 15: 0xff}, Tags: []string{"a", "b"},
		// One second after noon of 2026-02-01: Julian day and nanoseconds.
		Old: deprecated.Int96{0: uint32(noon & 0xffffffff), 1: uint32(noon >> 32), 2: 2440588 + 20485},
	}
	one.Customer.Address = &struct {
		Country string `parquet:"Country"`
	}{"DE"}
	before := time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC)
	return []payment{one,
		{ID: "p2", Paid: before, Nanos: before, Local: -1, Day: -1, Rate: 1e-9, Old: one.Old},
		{ID: "p3", Paid: at, Nanos: at, Amount: 100, Old: one.Old}}
}

func TestParquet(t *testing.T) {
	names := strings.Split("id email PAID_AT nanos local day amount small count minus live rate rate32 uuid old customer.address.Country tags.list.element none", " ")
	want := `parquet: id, email, paid_at, nanos, local, day, amount, small, count, minus, live, rate, rate32, uuid, old, customer.address.Country
1: ⟨p1⟩ ⟨ada@shop.example⟩ ⟨2026-02-01T07:40:28.123456Z⟩ ⟨2026-02-01T07:40:28.123456Z⟩ ⟨2026-02-01T07:40:28.123000⟩ ⟨2026-02-01⟩ ⟨-12.34⟩ ⟨0.005⟩ ⟨4294967295⟩ ⟨-7⟩ ⟨true⟩ ⟨1000000⟩ ⟨0.1⟩ ⟨12340000-0000-0000-0000-0000000000ff⟩ ⟨2026-02-01T12:00:01.000000Z⟩ ⟨DE⟩ ⟨⟩ ⟨⟩
2: ⟨p2⟩ ⟨⟩ ⟨1969-12-31T23:59:59.999999Z⟩ ⟨1969-12-31T23:59:59.999999Z⟩ ⟨1969-12-31T23:59:59.999000⟩ ⟨1969-12-31⟩ ⟨0.00⟩ ⟨0.000⟩ ⟨0⟩ ⟨0⟩ ⟨false⟩ ⟨1e-09⟩ ⟨0⟩ ⟨00000000-0000-0000-0000-000000000000⟩ ⟨2026-02-01T12:00:01.000000Z⟩ ⟨⟩ ⟨⟩ ⟨⟩
3: ⟨p3⟩ ⟨⟩ ⟨2026-02-01T07:40:28.123456Z⟩ ⟨2026-02-01T07:40:28.123456Z⟩ ⟨1970-01-01T00:00:00.000000⟩ ⟨1970-01-01⟩ ⟨1.00⟩ ⟨0.000⟩ ⟨0⟩ ⟨0⟩ ⟨false⟩ ⟨0⟩ ⟨0⟩ ⟨00000000-0000-0000-0000-000000000000⟩ ⟨2026-02-01T12:00:01.000000Z⟩ ⟨⟩ ⟨⟩ ⟨⟩
`
	for name, codec := range map[string]parquet.WriterOption{
		"plain": parquet.Compression(&parquet.Uncompressed), "zstd": parquet.Compression(&parquet.Zstd), "snappy": parquet.Compression(&parquet.Snappy),
	} {
		path := write(t, "in", parquetBytes(t, payments(), codec))
		if got := result(path, Options{}, names); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestParquetBatches reads more rows than a batch holds, over pages that end
// at other rows than the batches do.
func TestParquetBatches(t *testing.T) {
	type row struct {
		N     int64  `parquet:"n"`
		Email string `parquet:"email,dict"`
	}
	var all []row
	for i := range 5000 {
		all = append(all, row{int64(i), strings.Repeat("x", i%7)})
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out, parquet.PageBufferSize(1000))
	if _, err := w.Write(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(write(t, "in", out.Bytes()), Options{Container: Parquet})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Bind([]string{"email", "n", "email"})
	for i, want := range all {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if rec.Line != int64(i)+1 || rec.Values[0] != want.Email || rec.Values[1] != big.NewInt(want.N).String() || rec.Values[2] != want.Email {
			t.Fatalf("row %d is %+v, want %+v", i, rec, want)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestParquetText(t *testing.T) {
	type row struct {
		ID   string `parquet:"id"`
		Note string `parquet:"note"`
	}
	path := write(t, "in", parquetBytes(t, []row{{"1", "fine"}, {"2", "\xff"}, {"3", "a\x00b"}}))
	want := "parquet: id, note\n1: ⟨fine⟩\n! line 2: note: \"\uFFFD\" is not UTF-8 text; save the file as UTF-8, or set its encoding\n! line 3: note: \"a\uFFFDb\" holds a NUL byte; the file was damaged; copy or export it again\n"
	if got := result(path, Options{}, []string{"note"}); got != want {
		t.Errorf("gives\n%s\nwant\n%s", got, want)
	}
	path = write(t, "in", parquetBytes[row](t, nil))
	if got := result(path, Options{}, []string{"note"}); got != "parquet: id, note\n" {
		t.Errorf("without rows gives\n%s", got)
	}
	if got := result(path, Options{Container: CSV}, nil); got != "end: FILE: is a parquet file, not csv; name the right file or format\n" {
		t.Errorf("as CSV gives\n%s", got)
	}
	path = write(t, "in", gzipped(t, parquetBytes[row](t, nil)))
	if got := result(path, Options{}, nil); got != "end: FILE: is a packed parquet file; unpack it; the format is packed by itself\n" {
		t.Errorf("packed gives\n%s", got)
	}
}

// TestParquetDamaged turns the bytes of a file over and cuts it everywhere:
// there may be rows and errors, but no panic, and no more rows than there are.
func TestParquetDamaged(t *testing.T) {
	sound := parquetBytes(t, payments(), parquet.Compression(&parquet.Snappy))
	path := filepath.Join(t.TempDir(), "in")
	for i := 0; i < len(sound); i += 19 {
		flipped := bytes.Clone(sound)
		flipped[i] ^= 0xff
		for _, content := range [][]byte{flipped, sound[:i]} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path, Options{Container: Parquet})
			if err != nil {
				continue
			}
			r.Bind(r.Columns())
			for n := 0; ; n++ {
				_, err := r.Next()
				var bad *Bad
				if err != nil && !errors.As(err, &bad) {
					break
				}
				if n > 1000 {
					t.Fatalf("byte %d: does not end", i)
				}
			}
			if err := r.Close(); err != nil {
				t.Logf("byte %d: close: %v", i, err)
			}
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, tc := range []struct {
		n     int64
		scale int
		want  string
	}{{0, 0, "0"}, {-5, 0, "-5"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {123, 3, "0.123"}, {123, 2, "1.23"}, {100, 2, "1.00"}} {
		if got := string(appendDecimal(nil, big.NewInt(tc.n), tc.scale)); got != tc.want {
			t.Errorf("%d with %d decimals is %s, want %s", tc.n, tc.scale, got, tc.want)
		}
	}
	for want, bytes := range map[string][]byte{"-1": {0xff}, "-256": {0xff, 0x00}, "255": {0x00, 0xff}, "0": {}} {
		if got := unscaled(parquet.ByteArrayValue(bytes)).String(); got != want {
			t.Errorf("% x is %s, want %s", bytes, got, want)
		}
	}
}
