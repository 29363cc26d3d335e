package source

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"lostlink/ingest/table"
)

// TestTimesByHand compares what is read by hand with what the layouts read, for
// well-written times and those with a few characters changed.
func TestTimesByHand(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	shapes := []struct {
		write, read string
		hand        func(string) (table.Time, bool)
	}{
		{"2006-01-02T15:04:05.999999999Z07:00", time.RFC3339Nano, rfc3339},
		{"2006-01-02T15:04:05Z", time.RFC3339Nano, rfc3339},
		{"02/Jan/2006:15:04:05 -0700", "02/Jan/2006:15:04:05 -0700", commonLogTime},
		{"2006-01-02 15:04:05.999", "2006-01-02 15:04:05", func(s string) (table.Time, bool) { return plainTime(s, ' ') }},
		{"2006-01-02T15:04:05.000000", "2006-01-02T15:04:05", func(s string) (table.Time, bool) { return plainTime(s, 'T') }},
	}
	read := 0
	for range 300_000 {
		s := shapes[r.IntN(len(shapes))]
		at := time.Unix(r.Int64N(5_000_000_000)-100_000_000, r.Int64N(1e9)).UTC()
		if r.IntN(4) == 0 { // about the ends of years and months
			at = time.Date(1999+r.IntN(104), time.Month(1+r.IntN(12)), 27+r.IntN(5), 23, 59, 59, 999999999, time.UTC)
		}
		if s.write == "02/Jan/2006:15:04:05 -0700" {
			at = at.In(time.FixedZone("", 60*(r.IntN(32*60)-16*60)))
		}
		b := []byte(at.Format(s.write))
		for range r.IntN(3) {
			b[r.IntN(len(b))] = "0123456789:/-.,TZ +x\xff"[r.IntN(21)]
		}
		if r.IntN(10) == 0 {
			b = b[:r.IntN(len(b))]
		}
		got, ok := s.hand(string(b))
		if !ok {
			continue
		}
		read++
		std, err := time.Parse(s.read, string(b))
		if err != nil {
			t.Fatalf("%q is read as %v, but is no time: %v", b, got, err)
		}
		if want, err := plausible(string(b), std); err != nil || got != want {
			t.Fatalf("%q is read as %v, want %v, %v", b, got, want, err)
		}
	}
	if read < 50_000 {
		t.Errorf("only %d times were read by hand", read)
	}
}

func TestPlainIPv4(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	plain := 0
	for range 200_000 {
		b := []byte(netip.AddrFrom4([4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.IntN(3)), byte(r.Uint32())}).String())
		for range r.IntN(3) {
			b[r.IntN(len(b))] = "0123456789.: -"[r.IntN(14)]
		}
		if s := string(b); plainIPv4(s) {
			plain++
			if a, err := netip.ParseAddr(s); err != nil || a.String() != s {
				t.Fatalf("%q is taken for an address as it is always written: %v, %v", s, a, err)
			}
		}
	}
	if plain < 50_000 {
		t.Errorf("only %d addresses", plain)
	}
}
