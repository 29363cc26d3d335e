package source

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var (
	partnerParams = []string{"ps_partner_key", "gspk"}
	clickParams   = []string{"ps_xid", "gsxid"}
)

func TestPartnerOf(t *testing.T) {
	for _, c := range []struct {
		address string
		want    partnerRef
		ok      bool
	}{
		{"/", partnerRef{}, false},
		{"/?ps_xid=8o9xPIlex0Ow4j", partnerRef{}, false},
		{"/gspk=YWNtZQ", partnerRef{}, false},
		{"/?xgspk=YWNtZQ&gspkx=YWNtZQ&gspk", partnerRef{}, false},
		{"/?gspk=&ps_partner_key=-", partnerRef{}, false},
		{"/#?gspk=YWNtZQ", partnerRef{partner: "acme"}, true}, // some sites route behind the mark
		{"/?a=1#gspk=YWNtZQ", partnerRef{}, false},
		{"/?gspk=NGY0MTI3ZmE3NzMy", partnerRef{partner: "4f4127fa7732"}, true},
		{"/?gspk=NDg2ODEzOQ&gsxid=k9r2WJs49iEB", partnerRef{partner: "4868139", click: "k9r2WJs49iEB"}, true},
		{"/?gspk=NDg2ODEzOQ==", partnerRef{partner: "4868139"}, true},
		{"/?gspk=NDg2ODEzOQ%3D%3D", partnerRef{partner: "4868139"}, true},
		{"/?gspk=Pz8-", partnerRef{partner: "??>"}, true},
		{"/?gspk=Pz8+", partnerRef{partner: "??>"}, true},
		{"/?gspk=fn5_", partnerRef{partner: "fn5_", undecode: true}, true}, // 0x7F does not print
		{"/?gspk=&ps_partner_key=&gspk=YWNtZQ", partnerRef{partner: "acme"}, true},
		{"/?gspk=YWNtZQ&ps_partner_key=YmV0YQ", partnerRef{partner: "beta", partners: true}, true},
		{"/?gspk=YWNtZQ&ps_partner_key=YWNtZQ%3D%3D", partnerRef{partner: "acme"}, true},
		{"/?gspk=YWNtZQ&ps_xid=a&gsxid=b", partnerRef{partner: "acme", click: "a", clicks: true}, true},
		{"/?gspk=acme.media", partnerRef{partner: "acme.media", undecode: true}, true},
		{"/?gspk=%FF", partnerRef{partner: "%FF", undecode: true}, true},
		{"https://h.example/?gspk=ZWFiZDIyYjkwZTFl&a=b#c?d", partnerRef{partner: "eabd22b90e1e"}, true},
	} {
		got, ok := partnerOf(c.address, partnerParams, clickParams)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v, want %+v, %v", c.address, got, ok, c.want, c.ok)
		}
	}
}

// TestPartnerKeyRoundTrip holds that every way to write base64 is read back.
func TestPartnerKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "key")
		enc := rapid.SampledFrom([]*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}).Draw(t, "encoding")
		for _, raw := range []string{enc.EncodeToString([]byte(key)), strings.ReplaceAll(enc.EncodeToString([]byte(key)), "=", "%3D")} {
			// Not every word for nothing can be a partner's key as well.
			if got, ok := partnerKey(raw); (got != key || !ok) && known(raw) != "" {
				t.Fatalf("%q is read as %q", raw, got)
			}
		}
	})
}

func FuzzPartnerOf(f *testing.F) {
	for _, s := range []string{"/?gspk=YWNtZQ&ps_xid=1", "/?ps_partner_key=%FF%00&gsxid=+", "?gspk=a?gspk=b", "/?gspk=YWNtZQ&gspk=YmV0YQ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, ok := partnerOf(s, partnerParams, clickParams)
		if ok != (ref.partner != "") || !ok && ref != (partnerRef{}) {
			t.Errorf("%q: %+v, %v", s, ref, ok)
		}
		if !utf8.ValidString(ref.partner) || !utf8.ValidString(ref.click) {
			t.Errorf("%q: gives what is no text: %+v", s, ref)
		}
	})
}

func TestPublicIP(t *testing.T) {
	for s, want := range map[string]string{
		"":                                    "",
		"-":                                   "",
		"unknown":                             "",
		"203.0.113.7":                         "203.0.113.7",
		"203.0.113.7:4711":                    "203.0.113.7",
		"::ffff:203.0.113.7":                  "203.0.113.7",
		"[2001:db8::7]:443":                   "2001:db8::7",
		"[2001:db8::7]":                       "2001:db8::7",
		"2001:DB8:0::7":                       "2001:db8::7",
		"fe80::1%eth0":                        "fe80::1",
		"10.0.0.1, 203.0.113.7":               "203.0.113.7",
		"203.0.113.7, 198.51.100.9, 10.0.0.1": "203.0.113.7",
		"unknown, 100.64.0.1,192.168.1.1":     "100.64.0.1",
		`"203.0.113.7"`:                       "203.0.113.7",
	} {
		if got := publicIP(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func FuzzPublicIP(f *testing.F) {
	for _, s := range []string{"203.0.113.7:80", "[::1]:9, a", "::ffff:10.0.0.1%x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ip := publicIP(s); publicIP(ip) != ip {
			t.Errorf("%q gives %q, which is another address: %q", s, ip, publicIP(ip))
		}
	})
}

func TestZones(t *testing.T) {
	for s, want := range map[string]string{ // offset of that zone in summer
		"UTC": "+00:00", "gmt": "+00:00", "-08:00": "-08:00", "GMT-3": "-03:00", "+0530": "+05:30", "UTC+05:30": "+05:30",
		"Europe/Berlin": "+02:00", "America/Los_Angeles": "-07:00", "": "", "Local": "", "Moon/Tycho": "", "+15:00": "", "+05:60": "", "PST": "",
	} {
		got := ""
		if z, err := zoneOf(s); err == nil {
			got = time.Date(2026, 7, 1, 12, 0, 0, 0, z.loc).Format("-07:00")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
	// Letters that a row carries are an offset, whatever the season.
	for s, want := range map[string]string{"PST": "-08:00", "pdt": "-07:00", "CET": "+01:00", "CEST": "+02:00", "IST": "", "": ""} {
		got := ""
		if z, ok := rowZone(s); ok {
			got = time.Date(2026, 7, 1, 12, 0, 0, 0, z.loc).Format("-07:00")
		}
		if got != want {
			t.Errorf("row zone %q: %q, want %q", s, got, want)
		}
	}
}

func TestPlainNumber(t *testing.T) {
	for _, c := range []struct {
		in      string
		decimal byte
		want    string // "": refused
	}{
		{"29.00", '.', "29.00"}, {"-1,250.00", '.', "-1250.00"}, {"1,250", '.', "1250"}, {"4.626,81", ',', "4626.81"}, {"-30,00", ',', "-30.00"},
		{"1\u202f299,00", ',', "1299.00"}, {"1'250.50", '.', "1250.50"}, {"\u221230.00", '.', "-30.00"}, {"1,250,000.00", '.', "1250000.00"},
		{"12,50.00", '.', ""}, {"1,2999.00", '.', ""}, {"1,250,00", '.', ""}, {"29.", '.', ""}, {".5", '.', ""}, {"", '.', ""}, {"-", '.', ""}, {"--1", '.', ""},
		{"1.250.00", '.', ""}, {"$29.00", '.', ""}, {"1e5", '.', ""}, {"29,00", '.', ""}, {",250", '.', ""}, {"1, 250", '.', ""},
	} {
		got, err := plainNumber(c.in, c.decimal)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q with %q: %q, %v, want %q", c.in, c.decimal, got, err, c.want)
		}
	}
}

// TestNumbersRoundTrip writes an amount as a locale does and reads it back.
func TestNumbersRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-table.MaxAmount, table.MaxAmount).Draw(t, "minor")
		style := rapid.SampledFrom([][2]string{{",", "."}, {".", ","}, {" ", ","}, {"'", "."}, {"\u00a0", ","}}).Draw(t, "style")
		whole, frac, _ := strings.Cut(table.FormatAmount(minor, "EUR"), ".")
		digits := strings.TrimPrefix(whole, "-")
		var groups []string
		for ; len(digits) > 3; digits = digits[:len(digits)-3] {
			groups = append([]string{digits[len(digits)-3:]}, groups...)
		}
		written := strings.Join(append([]string{digits}, groups...), style[0]) + style[1] + frac
		if minor < 0 {
			written = "-" + written
		}
		var e numberEvidence
		e.see(written, "EUR")
		mark, err := e.decide()
		if err != nil || mark != style[1][0] {
			t.Fatalf("%q: mark %q, %v", written, mark, err)
		}
		plain, err := plainNumber(written, mark)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := table.ParseAmount(plain, "EUR", table.Major); err != nil || back != minor {
			t.Fatalf("%q is read as %d, %v", written, back, err)
		}
	})
}

func FuzzPlainNumber(f *testing.F) {
	for _, s := range []string{"1,250.00", "4.626,81", "-30,00", "1 299,00", "1'0"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, comma bool) {
		var e numberEvidence
		e.see(s, "EUR")
		_, _ = e.decide()
		mark := byte('.')
		if comma {
			mark = ','
		}
		plain, err := plainNumber(s, mark)
		if err != nil {
			return
		}
		if strings.Trim(plain, "-.0123456789") != "" {
			t.Errorf("%q becomes %q", s, plain)
		}
		if again, err := plainNumber(plain, '.'); err != nil || again != plain {
			t.Errorf("%q becomes %q and that %q, %v", s, plain, again, err)
		}
	})
}

func TestDateOrder(t *testing.T) {
	for _, c := range []struct {
		dates      string
		configured string
		want       dateOrder // "": refused
	}{
		{"02/03/2026 02/14/2026", "", "mdy"},
		{"02/03/2026 14/02/2026", "", "dmy"},
		{"1/1/2026", "", "mdy"}, // the same either way
		{"", "", "mdy"},
		{"02/03/2026", "", ""},
		{"02/03/2026", "dmy", "dmy"},
		{"02/03/2026", "mdy", "mdy"},
		{"02.03.2026", "", "dmy"},
		{"03-02-2026 13-02-2026", "", "dmy"},
		{"2026-02-03", "", "ymd"},
		{"02/14/2026 14/02/2026", "", ""},
		{"02/14/2026 14/02/2026", "mdy", ""},
		{"14/02/2026", "mdy", ""},
		{"14/14/2026 x 1/2 99999/1/1", "", "mdy"}, // tell nothing, and are refused row by row
		{"02/14/2026", "american", ""},
	} {
		var e dateEvidence
		for d := range strings.FieldsSeq(c.dates) {
			e.see(d)
		}
		got, err := e.decide(c.configured)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s (%s): %q, %v, want %q", c.dates, c.configured, got, err, c.want)
		}
	}
	for s, want := range map[string]string{"2/3/2026": "2026-02-03", "02-03-2026": "2026-02-03", "2026/02/03": "", "2/3/26": "", "2/3": "", "+2/3/2026": "", "": ""} {
		if got, err := dateOrder("mdy").iso(s); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", s, got, err, want)
		}
	}
}

// TestDatesRoundTrip writes the days of a file in one order and finds it.
func TestDatesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := rapid.SampledFrom([]string{"01/02/2006", "02/01/2006", "2/1/2006", "02-01-2006", "2006-01-02", "02.01.2006"}).Draw(t, "layout")
		days := rapid.SliceOfN(rapid.IntRange(10958, 47000), 1, 20).Draw(t, "days")
		var e dateEvidence
		for _, d := range days {
			e.see(time.Unix(int64(d)*86400, 0).UTC().Format(layout))
		}
		order, err := e.decide("")
		if err != nil {
			return // none of the days told, which is said
		}
		for _, d := range days {
			at := time.Unix(int64(d)*86400, 0).UTC()
			if iso, err := order.iso(at.Format(layout)); err != nil || iso != at.Format(time.DateOnly) {
				t.Fatalf("%s is read as %s, %v", at.Format(layout), iso, err)
			}
		}
	})
}

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2026-02-01T09:30:00Z", "01/Feb/2026:09:30:00 +0000", "1769938200.123", "1769938200000000", "1769938200000", "2026-02-01 09:30:00 UTC", "46054.396", "02/14/2026", "99999999999.999999999"} {
		f.Add(s)
	}
	utc, _ := zoneOf("UTC")
	f.Fuzz(func(t *testing.T, s string) {
		w := &file{zone: utc, container: rows.XLSX, Settings: Settings{Zone: "UTC"}}
		for _, parse := range []func(string) (table.Time, error){w.instant, w.logTime, w.eventTime, epochMillis} {
			at, err := parse(s)
			if err == nil && at != 0 && (at < timeMin || at >= timeMax) {
				t.Errorf("%q gives %d", s, at)
			}
			var ft *table.Fault
			if err != nil && (!errors.As(err, &ft) || ft.Rule == "" || ft.Remedy == "") {
				t.Errorf("%q: the error %v says no rule and remedy", s, err)
			}
		}
		if d, err := w.day(s); err == nil && d.Start() < timeMin {
			t.Errorf("%q gives the day %s", s, d)
		}
		var e dateEvidence
		e.see(s)
		if o, err := e.decide(""); err == nil {
			_, _ = o.iso(s)
		}
	})
}

func TestSheetTime(t *testing.T) {
	berlin, _ := zoneOf("Europe/Berlin")
	f := &file{zone: berlin, container: rows.XLSX}
	for s, want := range map[string]string{"46054": "2026-01-31T23:00:00Z", "46054.5": "2026-02-01T11:00:00Z", "46054.395833333336": "2026-02-01T08:30:00Z", "2026-02-01T09:30:00Z": "2026-02-01T09:30:00Z"} {
		if got, err := f.instant(s); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v, want %s", s, got, err, want)
		}
	}
	if d, err := f.day("46054"); err != nil || d.String() != "2026-02-01" {
		t.Errorf("day 46054 is %s, %v", d, err)
	}
}

// TestNoSourceTakesAnothersFile holds that the signatures tell the sources
// apart: what each names as its own is recognised as nothing else.
func TestNoSourceTakesAnothersFile(t *testing.T) {
	for _, s := range All() {
		for _, sig := range s.Signatures {
			var columns []string
			for _, names := range sig {
				first, _, _ := strings.Cut(names, "|")
				columns = append(columns, first)
			}
			m, ok := Recognise(s.Containers[len(s.Containers)-1], columns)
			if !ok || m.Source != s {
				t.Errorf("%s: its columns %v are recognised as %s", s.Name, columns, &m)
			}
		}
	}
	for _, k := range table.Kinds() {
		var columns []string
		for _, c := range table.ColumnsOf(k) {
			columns = append(columns, strings.ToUpper(c.Name))
		}
		if m, ok := Recognise(rows.CSV, columns); !ok || m.Table != k {
			t.Errorf("the columns of %s are recognised as %s", k, &m)
		}
	}
}

// FuzzRow feeds every source rows of any text: it takes, skips or refuses each
// with a fault that a person can act on, and counts what it made.
func FuzzRow(f *testing.F) {
	files, err := filepath.Glob("../../testdata/sources/*/*.csv")
	if err != nil || len(files) == 0 {
		f.Fatalf("no test data: %v", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		header, rest, _ := strings.Cut(string(data), "\n")
		row, _, _ := strings.Cut(rest, "\n")
		f.Add(header, row)
	}
	f.Add("type,timestamp,anonymousId,context.page.url,traits.email,userId", "page,2026-02-01T09:30:00Z,a,/?gspk=YWNtZQ,a@example.com,1")
	f.Add("key,amount,currency,created_at,customer.key,approved", "k,4900,USD,1770002061000,c,true")
	f.Add("time_local,request,status,remote_addr,http_referer,cookie_gsxid", "01/Feb/2026:09:30:00 +0000,GET /?gspk=YWNtZQ HTTP/1.1,200,203.0.113.7,-,a%20b")
	f.Fuzz(func(t *testing.T, header, row string) {
		columns := strings.Split(strings.TrimSpace(strings.ReplaceAll(header, `"`, "")), ",")
		cells := strings.Split(strings.TrimSpace(strings.ReplaceAll(row, `"`, "")), ",")
		for _, s := range All() {
			for _, c := range s.Containers {
				if s.Refused != "" {
					continue
				}
				sink := table.NewSink(memory.DefaultAllocator)
				set := Settings{PartnerParameters: partnerParams, ClickParameters: clickParams, Currency: "EUR", DateOrder: "mdy"}
				m, err := s.NewMapping(set, c, columns, sink)
				if err == nil {
					fuzzRow(t, m, columns, cells)
				} else {
					checkFault(t, err)
				}
				sink.Set(nil).Release()
			}
		}
	})
}

func fuzzRow(t *testing.T, m *Mapping, columns, cells []string) {
	values := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		at := slices.IndexFunc(columns, func(o string) bool { return strings.EqualFold(strings.TrimSpace(o), c) })
		if at >= 0 && at < len(cells) {
			values[i] = cells[at]
		}
	}
	if m.TwoPass() {
		m.Look(values)
		if err := m.Decide(); err != nil {
			checkFault(t, err)
			return
		}
	}
	skipped, err := m.Row(table.Pos{Line: 2}, values)
	made := int64(0)
	for _, n := range m.Made() {
		made += n
	}
	switch {
	case err != nil:
		checkFault(t, err)
		fallthrough
	case skipped != "":
		if made != 0 {
			t.Errorf("%v, %q, and yet %d rows made of %q", err, skipped, made, values)
		}
	case made == 0:
		t.Errorf("nothing made of %q, and nothing said", values)
	}
	for _, n := range m.Notes() {
		if table.Mask(n) != n {
			t.Errorf("the note %q shows an address", n)
		}
	}
}

func checkFault(t *testing.T, err error) {
	var ft *table.Fault
	if !errors.As(err, &ft) || ft.Rule == "" || ft.Remedy == "" {
		t.Errorf("the error %v says no rule and remedy", err)
	}
}
