package simulate

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"lostlink/ingest/table"
)

// scaleClickColumns are the columns of lostlink's own table of clicks.
var scaleClickColumns = []string{"clicked_at", "partner_key", "click_id", "link_id", "landing_url", "referrer", "visitor_id", "email", "ip", "user_agent", "country"}

// scaleBuffer is how much text is gathered before it is written.
const scaleBuffer = 1 << 18

// lines writes a line a click.
func (s *Scale) lines(w io.Writer, from, to int, line func(b []byte, c *ScaleClick) []byte) error {
	buf := make([]byte, 0, scaleBuffer+1<<12)
	err := s.EachClick(from, to, func(c *ScaleClick) error {
		buf = line(buf, c)
		if len(buf) < scaleBuffer {
			return nil
		}
		_, err := w.Write(buf)
		buf = buf[:0]
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.Write(buf)
	return err
}

// WriteClicksCSV writes clicks number from to number to-1 as lostlink's own
// table in CSV.
func (s *Scale) WriteClicksCSV(w io.Writer, from, to int) error {
	c := csv.NewWriter(w)
	c.Write(scaleClickColumns)
	if c.Flush(); c.Error() != nil {
		return c.Error()
	}
	return s.lines(w, from, to, func(b []byte, c *ScaleClick) []byte {
		b = append(append(appendMillis(b, c.At), ','), c.PartnerKey...)
		b = append(append(b, ','), c.ClickID...)
		b = append(append(b, ','), c.LinkID...)
		b = append(append(b, ','), c.LandingURL...)
		b = append(append(b, ','), c.Referrer...)
		b = append(append(b, ','), c.VisitorID...)
		b = append(append(b, ','), c.Email...)
		b = append(append(b, ','), c.IP...)
		// Only user agents hold a comma, some of them; none holds a quote.
		b = append(append(append(b, ',', '"'), c.UserAgent...), '"')
		b = append(append(b, ','), c.Country...)
		return append(b, '\n')
	})
}

// WriteClicksJSON writes the same as [Scale.WriteClicksCSV], one object a line.
func (s *Scale) WriteClicksJSON(w io.Writer, from, to int) error {
	return s.lines(w, from, to, func(b []byte, c *ScaleClick) []byte {
		b = append(appendMillis(append(b, `{"clicked_at":"`...), c.At), `","partner_key":"`...)
		b = append(append(b, c.PartnerKey...), `","click_id":"`...)
		b = append(append(b, c.ClickID...), `","link_id":"`...)
		b = append(append(b, c.LinkID...), `","landing_url":"`...)
		b = append(append(b, c.LandingURL...), `","referrer":`...)
		b = append(appendOrNull(b, c.Referrer), `,"visitor_id":"`...)
		b = append(append(b, c.VisitorID...), `","email":`...)
		b = append(appendOrNull(b, c.Email), `,"ip":"`...)
		b = append(append(b, c.IP...), `","user_agent":"`...)
		b = append(append(b, c.UserAgent...), `","country":"`...)
		return append(append(b, c.Country...), "\"}\n"...)
	})
}

func appendOrNull[T string | []byte](b []byte, s T) []byte {
	if len(s) == 0 {
		return append(b, "null"...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// ScaleLogFormat is the nginx log_format of the log that [Scale.WriteLog]
// writes: "combined" with the visitor's cookie and the e-mail address of whom
// the site knows.
const ScaleLogFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$cookie_vid" "$cookie_user"`

// WriteLog writes clicks number from to number to-1 as the landings of a web
// server's log, to the second, without link and country. Before each stands a
// line of noise: a request for a file of a page.
func (s *Scale) WriteLog(w io.Writer, from, to int) error {
	return s.lines(w, from, to, func(b []byte, c *ScaleClick) []byte {
		h := mix(c.number)
		b = s.logLine(b, c, func(b []byte) []byte {
			b = append(append(b, "/assets/"...), scaleAssets[h%uint64(len(scaleAssets))]...)
			return append(b, "?v=8f3c21"...)
		}, 200+h>>8%90000, func(b []byte) []byte {
			return append(append(b, scaleHost...), scalePaths[h>>32%uint64(len(scalePaths))]...)
		}, nil)
		return s.logLine(b, c, func(b []byte) []byte { return append(b, c.LandingURL[c.path:]...) },
			4000+h>>16%60000, func(b []byte) []byte { return append(b, c.Referrer...) }, c.Email)
	})
}

var scaleAssets = []string{"app-5d1f0c.js", "vendor-77ab02.js", "style-90ce1d.css", "logo.svg", "hero.webp", "inter.woff2", "chart-3be1f9.js", "icons.svg",
	"favicon.ico", "team.jpg", "print.css", "og.png"}

func (s *Scale) logLine(b []byte, c *ScaleClick, target func([]byte) []byte, size uint64, referrer func([]byte) []byte, email []byte) []byte {
	b = append(append(b, c.IP...), " - - ["...)
	b = append(c.At.Std().AppendFormat(b, "02/Jan/2006:15:04:05 -0700"), `] "GET `...)
	b = append(target(b), ` HTTP/1.1" 200 `...)
	b = append(strconv.AppendUint(b, size, 10), ` "`...)
	before := len(b)
	if b = referrer(b); len(b) == before {
		b = append(b, '-')
	}
	b = append(append(b, `" "`...), c.UserAgent...)
	b = append(append(b, `" "`...), c.VisitorID...)
	b = append(b, `" "`...)
	if len(email) == 0 {
		b = append(b, '-')
	}
	return append(append(b, email...), "\"\n"...)
}

func appendMillis(b []byte, t table.Time) []byte {
	return t.Std().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// scaleWho is what payments, transactions and sign-ups say of a person.
type scaleWho struct {
	email, key, customer string
	name                 string
	currency             string
	minor                int64
	credited             string // partner
}

func (s *Scale) who(b buyer) scaleWho {
	d := s.draws(scaleBuyers, uint64(b)^1<<41)
	plans := []int64{900, 1900, 2900, 4900, 9900, 14900, 29900}
	key := strconv.FormatUint(uint64(b), 36)
	w := scaleWho{email: string(s.appendEmail(nil, b)), key: "c-" + key, customer: fmt.Sprintf("cus_%s%014x", key, d.next()>>8),
		currency: []string{"usd", "usd", "usd", "eur", "gbp"}[d.below(5)], minor: plans[d.below(uint64(len(plans)))]}
	w.credited = s.follows(b).key
	w.name = firstNames[d.below(uint64(len(firstNames)))] + " " + lastNames[d.below(uint64(len(lastNames)))]
	return w
}

// scaleStripe is a choice of 21 columns of Stripe's export.
var scaleStripe = []string{"id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Converted Amount", "Converted Amount Refunded", "Converted Currency",
	"Decline Reason", "Description", "Fee", "Mode", "PaymentIntent ID", "Status", "Statement Descriptor", "Card ID", "Card Brand", "Customer ID", "Customer Description", "Customer Email"}

// WritePayments writes the payments made from one instant to before another as
// Stripe's export. One in sixteen failed; one e-mail address in twenty is in
// upper case, one ends with a blank.
func (s *Scale) WritePayments(w io.Writer, from, to table.Time) error {
	return writeCSV(scaleStripe, func(add func(...string)) {
		s.eachPayment(from, to, func(p *scalePayment, d *draws) {
			who := s.who(p.buyer)
			amount := table.FormatAmount(who.minor, "USD") // two decimals in all three currencies
			id := appendAlnum(nil, d, 16)
			status, reason := "Paid", ""
			if p.failed {
				status, reason = "Failed", "insufficient_funds"
			}
			email := []byte(who.email)
			switch d.below(20) {
			case 0:
				upper(email)
			case 1:
				email = append(email, ' ')
			}
			add("ch_"+string(id), p.at.Std().Format(stripeTime), amount, "0.00", who.currency, strconv.FormatBool(!p.failed), amount, "0.00", who.currency,
				reason, "Subscription update", "0.59", "Live", "pi_"+string(id), status, "VENDOR EXAMPLE", "pm_"+string(id), "Visa", who.customer, who.name, string(email))
		})
	})(w)
}

func (s *Scale) eachPayment(from, to table.Time, do func(p *scalePayment, d *draws)) {
	for i := range s.payments {
		if p := &s.payments[i]; p.at >= from && p.at < to {
			d := s.draws(scaleNames, uint64(p.buyer)<<8|uint64(p.n)|1<<42)
			do(p, &d)
		}
	}
}

// recordedWithin is how soon after a payment the platform records it.
const recordedWithin = 30 * table.Minute

// WriteTransactions writes what the partner platform recorded of the payments
// made from one instant to before another, as the platform's API gives it.
func (s *Scale) WriteTransactions(w io.Writer, from, to table.Time) error {
	var out []apiTransaction
	s.eachPayment(from, to, func(p *scalePayment, d *draws) {
		if !p.recorded {
			return
		}
		d.next()
		who := s.who(p.buyer)
		at := p.at + table.Minute + table.Time(d.below(uint64(recordedWithin-table.Minute)))
		out = append(out, apiTransaction{Key: "trx_" + string(appendAlnum(nil, d, 14)), Amount: who.minor, Currency: cmp.Or(map[string]string{"eur": "EUR", "gbp": "GBP"}[who.currency], "USD"),
			Approved: true, Customer: apiParty{Key: "cust_" + who.key, Email: who.email, ExternalKey: who.key}, Metadata: map[string]string{}, Created: millis(at), Updated: millis(at)})
	})
	slices.SortFunc(out, func(a, b apiTransaction) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.Key, b.Key))
	})
	return writeJSON(w, out)
}

// WriteCustomers writes the customers whom the platform credits whose first
// payment was made from one instant to before another.
func (s *Scale) WriteCustomers(w io.Writer, from, to table.Time) error {
	var out []apiCustomer
	s.eachPayment(from, to, func(p *scalePayment, _ *draws) {
		if p.n > 0 || p.buyer&ordinaryBuyer != 0 || s.fate(uint64(p.buyer)) < fatePaid {
			return
		}
		who, at := s.who(p.buyer), s.signsUp(p.buyer)
		out = append(out, apiCustomer{Key: "cust_" + who.key, CustomerKey: who.key, Email: who.email, Name: who.name, Partner: who.credited,
			Partnership: "default", Provider: &who.customer, SourceType: "link", Created: millis(at), Updated: millis(at)})
	})
	slices.SortFunc(out, func(a, b apiCustomer) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.Key, b.Key))
	})
	return writeJSON(w, out)
}

// scaleSignup is a sign-up, or a later log-in in another browser.
type scaleSignup struct {
	at table.Time
	b  buyer
	k  uint8 // which browser
}

// WriteSignups writes, as lostlink's own table, who signed up from one instant
// to before another, and who then logged in with a second browser.
func (s *Scale) WriteSignups(w io.Writer, from, to table.Time) error {
	var all []scaleSignup
	add := func(at table.Time, b buyer, k uint8) {
		if at >= from && at < to {
			all = append(all, scaleSignup{at, b, k})
		}
	}
	for p := range s.persons {
		f := s.fate(p)
		if f < fateFree {
			continue
		}
		at := s.decides(p)
		add(at, buyer(p), 0)
		if s.secondBrowser(p) {
			d := s.draws(scaleBuyers, p|1<<43)
			add(at+table.Time(d.share()*float64(min(20*table.Day, s.End()-at-1)))/table.Second*table.Second, buyer(p), 1)
		}
	}
	for i := range s.ordinary {
		if b := ordinaryBuyer | buyer(i); mix(i^s.opt.Seed)%100 < 85 {
			add(s.signsUp(b), b, 0)
		}
	}
	slices.SortFunc(all, func(a, b scaleSignup) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.b, b.b), cmp.Compare(a.k, b.k))
	})
	buf := bufio.NewWriterSize(w, scaleBuffer)
	err := writeCSV([]string{"signed_up_at", "email", "customer_key", "visitor_id", "ip", "user_agent"}, func(add func(...string)) {
		for _, x := range all {
			v := s.visitor(scaleVisitors, uint64(x.b)*4+uint64(x.k))
			add(x.at.String(), string(s.appendEmail(nil, x.b)), s.who(x.b).key, string(v.appendID(nil)),
				string(s.appendAddress(nil, &v, x.at, nil)), s.agents[s.agentOf.of(v.agent)])
		}
	})(buf)
	if err != nil {
		return err
	}
	return buf.Flush()
}
