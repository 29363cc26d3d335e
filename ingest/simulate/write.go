package simulate

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"lostlink/ingest/table"
)

// file is one file a vendor has. The two logs are written together, day by
// day; write is nil for them.
type file struct {
	name   string
	source *Source // nil for the truth
	write  func(io.Writer) error
}

// Write writes the vendor's files and the truth into a folder, which is made
// if it is not there. Files of the same names are replaced.
func (v *Vendor) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	m := v.m
	for _, f := range m.files() {
		if f.write == nil {
			continue
		}
		if err := writeFile(filepath.Join(dir, f.name), f.write); err != nil {
			return fmt.Errorf("simulate: writing %s: %w", f.name, err)
		}
	}
	if err := m.writeLogs(dir); err != nil {
		return fmt.Errorf("simulate: writing the logs: %w", err)
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	s, err := create(path)
	if err != nil {
		return err
	}
	if err := write(s); err != nil {
		s.Close()
		return err
	}
	return s.Close()
}

// sink is a file that is compressed when its name ends in .gz. The gzip header
// holds no time, so that equal rows give equal bytes.
type sink struct {
	*bufio.Writer
	file *os.File
	gzip *gzip.Writer
}

func create(path string) (*sink, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &sink{file: f}
	if strings.HasSuffix(path, ".gz") {
		s.gzip = gzip.NewWriter(f)
		s.gzip.ModTime = time.Unix(0, 0) // no time; the zero Time would be written as one
		s.Writer = bufio.NewWriterSize(s.gzip, 1<<16)
	} else {
		s.Writer = bufio.NewWriterSize(f, 1<<16)
	}
	return s, nil
}

func (s *sink) Close() error {
	err := s.Flush()
	if s.gzip != nil {
		if e := s.gzip.Close(); err == nil {
			err = e
		}
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	return err
}

// files lists everything a vendor has, in a fixed order.
func (m *maker) files() []file {
	o := &m.opt
	gz := ""
	if o.Formats.Gzip {
		gz = ".gz"
	}
	native := func(kind table.Kind, name string) *Source {
		return &Source{Name: string(kind), Format: "native", Table: kind, Files: []string{name}}
	}
	var out []file
	if o.Sources.Clicks {
		name := "clicks.csv" + gz
		if o.Formats.Clicks == NativeJSON {
			name = "clicks.jsonl" + gz
		}
		out = append(out, file{name: name, source: native(table.Clicks, name)})
	}
	switch o.Formats.Visits {
	case AccessLog:
		out = append(out, file{name: "access.log" + gz, source: m.accessLogSource("access.log" + gz)})
	case Segment:
		name := "pages.jsonl" + gz
		out = append(out, file{name: name, source: &Source{Name: "pages", Format: "segment", Files: []string{name}}})
	default:
		name := "visits.csv" + gz
		out = append(out, file{name: name, source: native(table.Visits, name)})
	}
	plain := func(kind table.Kind, header []string, rows func(add func(...string))) {
		name := string(kind) + ".csv"
		out = append(out, file{name, native(kind, name), writeCSV(header, rows)})
	}
	plain(table.Signups, m.signupHeader(), m.signupRows)
	switch o.Formats.Payments {
	case Stripe:
		out = append(out, file{"stripe_payments.csv", m.stripeSource(), writeCSV(m.stripeHeader(), m.stripeRows)})
	case PayPal:
		out = append(out, file{"paypal.csv", m.payPalSource(), m.writePayPal})
	default:
		plain(table.Purchases, purchaseHeader, m.purchaseRows)
	}
	platform := m.platformFiles(plain) // adds to out itself where the tables are native
	out = append(out, platform...)
	plain(table.Links, []string{"link_id", "partner_key", "url", "destination_url"}, m.linkRows)
	plain(table.Partners, []string{"partner_key", "name", "email", "domain", "coupon"}, m.partnerRows)
	if o.Sources.PageChecks {
		plain(table.PageChecks, []string{"checked_at", "url", "http_status", "snippet_present", "public_key_present", "data_overwritten", "cookie_placed"}, m.checkRows)
	}
	if o.Sources.Consents {
		plain(table.Consents, []string{"decided_at", "visitor_id", "ip", "choice", "user_agent"}, m.consentRows)
	}
	if o.Sources.Claims {
		plain(table.Claims, []string{"claim_id", "claimed_at", "partner_key", "customer_name", "customer_email", "purchased_on", "note"}, m.claimRows)
	}
	return append(out, m.truthFiles()...)
}

func writeCSV(header []string, rows func(add func(...string))) func(io.Writer) error {
	return func(w io.Writer) error {
		c := csv.NewWriter(w)
		var err error
		add := func(row ...string) {
			if err == nil {
				err = c.Write(row)
			}
		}
		add(header...)
		rows(add)
		c.Flush()
		if err == nil {
			err = c.Error()
		}
		return err
	}
}

// writeJSON writes a value a line.
func writeJSON[T any](w io.Writer, items []T) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range items {
		if err := e.Encode(items[i]); err != nil {
			return err
		}
	}
	return nil
}

// writeLogs writes clicks and page requests.
func (m *maker) writeLogs(dir string) (err error) {
	var clicks, visits *sink
	for _, f := range m.files() {
		if f.write != nil {
			continue
		}
		s, e := create(filepath.Join(dir, f.name))
		if e != nil {
			return e
		}
		defer func() {
			if e := s.Close(); err == nil {
				err = e
			}
		}()
		if f.source.Table == table.Clicks {
			clicks = s
		} else {
			visits = s
		}
	}
	log := m.newLog(clicks, visits)
	if err := m.eachDay(log.day); err != nil {
		return err
	}
	return log.flush()
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
