package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/parquet-go/parquet-go"
)

// The plain Go program: the reference job with the libraries one would take
// first, and maps. It reads the clicks twice, once for the browsers and once
// for their clicks.

const (
	attributedWithin = 30 * 24 * time.Hour
	lookBack         = 180 * 24 * time.Hour
)

// plainClick is what the job looks at.
type plainClick struct {
	at                                                        time.Time
	visitor, email                                            string
	click, partner, link, landing, referrer, userAgent, place string
}

func plainChild(spec string) error {
	var j job
	if err := json.Unmarshal([]byte(spec), &j); err != nil {
		return err
	}
	attributed := map[string][]time.Time{}
	for _, name := range j.Transactions {
		if err := plainLines(name, func(line []byte) error {
			var t struct {
				Customer struct{ Email string }
				Created  int64 `json:"created_at"`
			}
			if err := json.Unmarshal(line, &t); err != nil {
				return err
			}
			e := strings.ToLower(strings.TrimSpace(t.Customer.Email))
			attributed[e] = append(attributed[e], time.UnixMilli(t.Created))
			return nil
		}); err != nil {
			return err
		}
	}
	type payment struct {
		id, email string
		at        time.Time
	}
	var lost []payment
	wanted := map[string]bool{}
	for _, name := range j.Payments {
		if err := plainCSV(name, func(get func(string) string) error {
			if get("Status") != "Paid" {
				return nil
			}
			at, err := time.Parse("2006-01-02 15:04:05", get("Created date (UTC)"))
			if err != nil {
				return err
			}
			p := payment{get("id"), strings.ToLower(strings.TrimSpace(get("Customer Email"))), at}
			for _, t := range attributed[p.email] {
				if d := t.Sub(p.at); d >= -attributedWithin && d <= attributedWithin {
					return nil
				}
			}
			lost = append(lost, p)
			wanted[p.email] = true
			return nil
		}); err != nil {
			return err
		}
	}
	people := map[string]map[string]bool{} // by visitor: e-mail addresses
	stitch := func(visitor, email string) {
		if e := strings.ToLower(strings.TrimSpace(email)); wanted[e] {
			if people[visitor] == nil {
				people[visitor] = map[string]bool{}
			}
			people[visitor][e] = true
		}
	}
	for _, name := range j.Signups {
		if err := plainCSV(name, func(get func(string) string) error {
			stitch(get("visitor_id"), get("email"))
			return nil
		}); err != nil {
			return err
		}
	}
	if err := j.eachClick(func(c *plainClick) { stitch(c.visitor, c.email) }); err != nil {
		return err
	}
	clicks := map[string][]plainClick{}
	if err := j.eachClick(func(c *plainClick) {
		for e := range people[c.visitor] {
			clicks[e] = append(clicks[e], *c)
		}
	}); err != nil {
		return err
	}
	f, err := os.OpenFile(j.Out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	w.Write(resultColumns)
	millis := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	for _, p := range lost {
		var first, last *plainClick
		n, partners, visitors := 0, map[string]bool{}, map[string]bool{}
		for i := range clicks[p.email] {
			c := &clicks[p.email][i]
			if c.at.After(p.at) || p.at.Sub(c.at) > lookBack {
				continue
			}
			n++
			partners[c.partner], visitors[c.visitor] = true, true
			if first == nil || c.at.Before(first.at) {
				first = c
			}
			if last == nil || c.at.After(last.at) || c.at.Equal(last.at) && c.click > last.click {
				last = c
			}
		}
		row := []string{p.id, p.email, millis(p.at), strconv.Itoa(n), strconv.Itoa(len(partners)), strconv.Itoa(len(visitors)), "", "", "", "", "", "", "", "", ""}
		if last != nil {
			copy(row[6:], []string{millis(first.at), millis(last.at), last.click, last.partner, last.link, last.landing, last.referrer, last.userAgent, last.place})
		}
		w.Write(row)
	}
	if w.Flush(); w.Error() != nil {
		return w.Error()
	}
	return f.Close()
}

func (j *job) eachClick(do func(*plainClick)) error {
	for _, name := range j.Clicks {
		var err error
		switch j.Kind {
		case "parquet":
			err = plainParquet(name, do)
		case "csv":
			err = plainCSV(name, func(get func(string) string) error {
				c := plainClick{visitor: get("visitor_id"), email: get("email"), click: get("click_id"), partner: get("partner_key"), link: get("link_id"),
					landing: get("landing_url"), referrer: get("referrer"), userAgent: get("user_agent"), place: get("country")}
				var err error
				c.at, err = time.Parse(time.RFC3339, get("clicked_at"))
				do(&c)
				return err
			})
		case "jsonl":
			err = plainLines(name, func(line []byte) error {
				var r struct {
					At       time.Time `json:"clicked_at"`
					Partner  string    `json:"partner_key"`
					Click    string    `json:"click_id"`
					Link     string    `json:"link_id"`
					Landing  string    `json:"landing_url"`
					Referrer string    `json:"referrer"`
					Visitor  string    `json:"visitor_id"`
					Email    string    `json:"email"`
					Agent    string    `json:"user_agent"`
					Country  string    `json:"country"`
				}
				err := json.Unmarshal(line, &r)
				do(&plainClick{r.At, r.Visitor, r.Email, r.Click, r.Partner, r.Link, r.Landing, r.Referrer, r.Agent, r.Country})
				return err
			})
		case "accesslog":
			err = plainLines(name, func(line []byte) error { return plainLog(string(line), do) })
		default:
			err = fmt.Errorf("no form of the job for %s", j.Kind)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

var logLine = regexp.MustCompile(`^(\S+) \S+ \S+ \[([^\]]+)\] "GET (\S+) [^"]*" \d+ \d+ "([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)"$`)

func plainLog(line string, do func(*plainClick)) error {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%q is no line of the log", line)
	}
	u, err := url.Parse(m[3])
	if err != nil {
		return err
	}
	q := u.Query()
	if !q.Has("ps_partner_key") {
		return nil
	}
	known := func(s string) string {
		if s == "-" {
			return ""
		}
		return s
	}
	c := plainClick{visitor: known(m[6]), email: known(m[7]), click: q.Get("ps_xid"), partner: q.Get("ps_partner_key"), landing: m[3], referrer: known(m[4]), userAgent: known(m[5])}
	if c.at, err = time.Parse("02/Jan/2006:15:04:05 -0700", m[2]); err != nil {
		return err
	}
	do(&c)
	return nil
}

func plainParquet(name string, do func(*plainClick)) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := parquet.NewGenericReader[clickRow](f)
	defer r.Close()
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	rows := make([]clickRow, 1000)
	for {
		clear(rows) // strings of the rows before are not overwritten but kept
		n, err := r.Read(rows)
		for i := range rows[:n] {
			c := &rows[i]
			do(&plainClick{time.UnixMicro(c.ClickedAt), c.VisitorID, text(c.Email), c.ClickID, c.PartnerKey, c.LinkID, c.LandingURL, text(c.Referrer), c.UserAgent, c.Country})
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// plainOpen opens a file, unpacked if it is packed.
func plainOpen(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil || !strings.HasSuffix(name, ".gz") {
		return f, err
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

func plainCSV(name string, do func(get func(string) string) error) error {
	f, err := plainOpen(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<16))
	header, err := r.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, c := range header {
		at[c] = i
	}
	r.ReuseRecord = true
	var row []string
	get := func(column string) string { return row[at[column]] }
	for {
		if row, err = r.Read(); errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(get); err != nil {
			return err
		}
	}
}

func plainLines(name string, do func([]byte) error) error {
	f, err := plainOpen(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 1<<16), 1<<20)
	for s.Scan() {
		if err := do(s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}
