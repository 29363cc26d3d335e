package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"lostlink/ingest/table"
)

// payment is one row of the processor's export.
type payment struct {
	id           string
	at           table.Time
	minor        int64
	currency     string
	email        string
	failed       bool
	live         bool
	refunded     int64 // minor units given back
	refundedAt   table.Time
	dispute      string // "", "won", "lost" or "under_review"
	disputedAt   table.Time
	subscription string // "" for one-off payments
	coupon       string
	hasKey       bool // carries the vendor's customer key
	repeated     bool // the export holds the row twice
	person       *person

	lag         table.Time
	untied      bool // drawn: the platform misses it
	missed      bool // it did, or missed it for another reason
	chargeID    bool // drawn: the transaction names it
	transaction transaction
}

type transaction struct {
	key      string // "" not recorded
	at       table.Time
	archived bool
	deleted  bool // it was there until the refund
	byHand   bool // added by the vendor, dated back, without the charge's id
}

// eligible is a payment that is completed, live, not wholly given back and old
// enough to be judged.
func (m *maker) eligible(p *payment) bool {
	return !p.failed && p.live && p.refunded < p.minor && p.dispute != "lost" && p.at <= m.end-48*table.Hour
}

var factors = map[string]int64{"JPY": 150, "INR": 80, "SEK": 10, "PLN": 4, "BRL": 5}

// buy draws the customer's payments and adds the checkout to the journey.
func (m *maker) buy(rng *rand.Rand, p *person) {
	o := &m.opt.Money
	signup := 0
	for i := range p.events {
		if p.events[i].kind == eventSignup {
			signup = i
		}
	}
	s := p.events[signup]
	p.notTied = chance(rng, m.opt.Causes.NotTiedCustomer)
	if !p.existing && !chance(rng, o.Paying) {
		return
	}
	at := s.at + table.Time(between(rng, 90, 1200))*table.Second
	if chance(rng, 0.2) { // after a trial
		at = s.at + table.Hour + seconds(rng, 9*table.Day)
		n := p.network(rng, s.b)
		p.events = append(p.events, event{kind: eventPage, b: s.b, net: n, at: at - 2*table.Minute, path: "/pricing", partner: -1})
	}
	p.events = append(p.events, event{kind: eventPage, b: s.b, net: s.net, at: at, path: m.opt.Site.CheckoutPath, referrer: m.site.host + "/pricing", partner: -1})
	currency := p.country.currency
	if !chance(rng, o.HomeCurrency) {
		weights := make([]float64, len(o.Currencies))
		for i, c := range o.Currencies {
			weights[i] = c.Weight
		}
		currency = o.Currencies[choose(rng, weights...)].Name
	}
	minor := minorOf(pick(rng, o.Prices), currency)
	subscription := ""
	if chance(rng, o.Subscriptions) || p.existing {
		subscription = "sub_" + alnumID(rng, 14)
	}
	for n := 0; ; n++ {
		if p.existing {
			// The run of renewals began before the period; it is not of this export.
			for at < m.start {
				at += 30 * table.Day
			}
		}
		if at >= m.end {
			return
		}
		pay := m.payment(rng, p, at, minor, currency)
		pay.subscription = subscription
		if n == 0 {
			pay.coupon = p.coupon
		}
		p.payments = append(p.payments, pay)
		if pay.failed { // most try again at once
			if chance(rng, 0.6) {
				again := m.payment(rng, p, at+table.Time(between(rng, 30, 300))*table.Second, minor, currency)
				again.subscription, again.failed, again.coupon = subscription, false, pay.coupon
				if again.at < m.end {
					p.payments = append(p.payments, again)
				}
			}
		}
		if subscription == "" && !chance(rng, 0.1) || subscription != "" && chance(rng, o.Churn) {
			return
		}
		at += 30 * table.Day
		if subscription == "" { // bought something else later
			at += table.Time(between(rng, 0, 5_000_000)) * table.Second
			minor = minorOf(pick(rng, o.Prices), currency)
		}
	}
}

func minorOf(price int64, currency string) int64 {
	minor := price
	if f, ok := factors[currency]; ok {
		minor *= f
	}
	digits, _ := table.Exponent(currency)
	for range digits {
		minor *= 10
	}
	return minor
}

func (m *maker) payment(rng *rand.Rand, p *person, at table.Time, minor int64, currency string) *payment {
	o := &m.opt.Money
	pay := &payment{id: m.paymentID(rng), at: at, minor: minor, currency: currency, email: p.payEmail, live: true, person: p}
	pay.failed = chance(rng, o.Failed)
	pay.live = !chance(rng, o.TestMode) || !m.tellsAll()
	later := func(lo, hi int) table.Time { return at + table.Time(between(rng, lo, hi))*table.Hour }
	switch choose(rng, 1-o.RefundFull-o.RefundPartial-o.Disputed, o.RefundFull, o.RefundPartial, o.Disputed) {
	case 1:
		pay.refunded, pay.refundedAt = minor, later(2, 500)
	case 2:
		pay.refunded, pay.refundedAt = minor*int64(between(rng, 1, 8))/10, later(2, 500)
	case 3:
		pay.dispute, pay.disputedAt = pick(rng, []string{"won", "lost", "lost", "under_review"}), later(48, 900)
	}
	if !m.tellsAll() {
		pay.dispute, pay.disputedAt = "", 0
	}
	if pay.failed || pay.refundedAt >= m.end || pay.disputedAt >= m.end {
		pay.refunded, pay.refundedAt, pay.dispute, pay.disputedAt = 0, 0, "", 0
	}
	pay.hasKey = chance(rng, o.CustomerKey)
	pay.repeated = chance(rng, o.Duplicates)
	pay.lag = table.Time(o.LagHours.draw(rng)*3600) * table.Second
	pay.untied = chance(rng, m.opt.Causes.NotTiedPayment)
	pay.chargeID = chance(rng, o.ChargeID)
	return pay
}

// tellsAll is whether the payments' format has room for test mode and disputes;
// where it has none, there are none.
func (m *maker) tellsAll() bool {
	f := &m.opt.Formats
	return f.Payments == Native || f.Payments == Stripe && f.StripeColumns != "default"
}

func (m *maker) paymentID(rng *rand.Rand) string {
	if m.opt.Formats.Payments == PayPal {
		return strings.ToUpper(hexID(rng, 17))
	}
	return "ch_" + hexID(rng, 24)
}

// record decides what the platform knows of a credited customer's payment.
func (m *maker) record(p *payment) {
	if p.person.outcome.partner < 0 || p.failed || !p.live {
		return
	}
	p.missed = p.person.notTied || p.untied
	for _, o := range m.site.outages {
		p.missed = p.missed || o.holds(p.at)
	}
	if p.missed {
		return
	}
	t := transaction{key: "trx_" + p.id[len(p.id)-12:], at: p.at + p.lag}
	if t.at >= m.end {
		return
	}
	if p.refunded == p.minor {
		// The platform deletes or archives what was given back.
		if mix(uint64(p.at))%5 < 3 {
			t.deleted = true
		} else {
			t.archived = true
		}
	}
	p.transaction = t
}

// recorded tells whether the platform's export holds the payment.
func (p *payment) recorded() bool { return p.transaction.key != "" && !p.transaction.deleted }

// customerID is the processor's id of the buyer.
func (p *person) customerID() string { return fmt.Sprintf("cus_%014x", mix(p.id^0xc05)>>8) }

// onPlatform tells whether the platform has the customer, and for whom.
func (p *person) onPlatform() (partner int, ok bool) {
	if p.fixed {
		return p.partner, true
	}
	return p.outcome.partner, p.outcome.partner >= 0
}
