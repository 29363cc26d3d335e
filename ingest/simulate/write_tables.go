package simulate

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"lostlink/ingest/table"
)

func (m *maker) signupHeader() []string {
	h := []string{"signed_up_at", "customer_key", "email", "name"}
	if m.opt.Sources.SignupVisitor {
		h = append(h, "visitor_id")
	}
	if m.opt.Sources.SignupBrowser {
		h = append(h, "ip", "user_agent")
	}
	return h
}

func (m *maker) signupRows(add func(...string)) {
	people := make([]*person, 0, len(m.people))
	for _, p := range m.people {
		if !p.existing {
			people = append(people, p)
		}
	}
	sort.SliceStable(people, func(i, j int) bool { return people[i].signedUp() < people[j].signedUp() })
	for _, p := range people {
		s := &p.events[p.signup]
		row := []string{s.at.String(), p.key, p.email, p.name()}
		visitor := s.given
		if p.null {
			visitor = "null"
		}
		if m.opt.Sources.SignupVisitor {
			row = append(row, visitor)
		}
		if m.opt.Sources.SignupBrowser {
			row = append(row, p.address(s.net, s.at), m.agent(p, s.b, s.at))
		}
		add(row...)
	}
}

func (p *person) signedUp() table.Time { return p.events[p.signup].at }

func (m *maker) linkRows(add func(...string)) {
	for _, p := range m.site.partners {
		for _, l := range p.links {
			add(l.id, p.key, l.url, m.site.host+l.page)
		}
	}
}

func (m *maker) partnerRows(add func(...string)) {
	for _, p := range m.site.partners {
		add(p.key, p.name, p.email, p.domain, p.coupon)
	}
}

// checkRows looks at every page with a desktop Chrome at three in the morning.
func (m *maker) checkRows(add func(...string)) {
	for at := m.start + 3*table.Hour; at < m.end; at += table.Day {
		for _, p := range m.site.pages {
			st := m.site.state(p.path, "chrome", at, allCauses)
			snippet := st.snippet && !st.bare
			key := snippet && st.key
			add(at.String(), m.site.host+p.path, "200", strconv.FormatBool(snippet), strconv.FormatBool(key),
				strconv.FormatBool(snippet && st.overwritten), strconv.FormatBool(key))
		}
	}
}

func (m *maker) consentRows(add func(...string)) {
	type answer struct {
		consent
		p *person
	}
	var all []answer
	for _, p := range m.people {
		for _, c := range p.consents {
			if c.at < m.end {
				all = append(all, answer{c, p})
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	for _, a := range all {
		choice := "granted"
		if a.denied {
			choice = "denied"
		}
		add(a.at.String(), a.visitor, a.p.address(a.net, a.at), choice, m.agent(a.p, a.b, a.at))
	}
}

func (m *maker) claimRows(add func(...string)) {
	for _, c := range m.claims {
		add(c.ID, c.At.String(), c.Partner, c.Name, c.Email, c.PurchasedOn.String(), c.Note)
	}
}

var purchaseHeader = []string{"purchase_id", "purchased_at", "amount", "currency", "email", "name", "customer_id", "customer_key", "status",
	"refunded", "disputed", "live", "subscription_id", "coupon", "country", "processor"}

func (m *maker) purchaseRows(add func(...string)) {
	m.eachPayment(func(p *payment) {
		status, disputed := "paid", int64(0)
		switch {
		case p.failed:
			status = "failed"
		case p.refunded == p.minor:
			status = "refunded"
		case p.dispute == "lost":
			status, disputed = "disputed_lost", p.minor
		case p.dispute == "under_review":
			status, disputed = "disputed", p.minor
		case p.refunded > 0:
			status = "partially_refunded"
		}
		add(p.id, p.at.String(), itoa(p.minor), p.currency, p.email, p.person.name(), p.person.customerID(), p.key(), status,
			itoa(p.refunded), itoa(disputed), strconv.FormatBool(p.live), p.subscription, p.coupon, p.person.country.code, "card")
	})
}

// key is the vendor's customer key where the payment carries it.
func (p *payment) key() string {
	if p.hasKey {
		return p.person.key
	}
	return ""
}

// eachPayment hands out the export's rows in order of time, the repeated ones
// once more at the end, as two overlapping exports put together hold them.
func (m *maker) eachPayment(row func(*payment)) {
	for _, p := range m.payments {
		row(p)
	}
	for _, p := range m.payments {
		if p.repeated {
			row(p)
		}
	}
}

func (m *maker) truthFiles() []file {
	truth := writeCSV([]string{"purchase_id", "eligible", "attributed", "kind", "partner", "cases", "contested", "involved", "signal"}, func(add func(...string)) {
		for _, t := range m.truth {
			eligible, cases := "0", make([]string, len(t.Cases))
			if t.Eligible {
				eligible = "1"
			}
			for i, c := range t.Cases {
				cases[i] = strconv.Itoa(int(c))
			}
			add(t.PurchaseID, eligible, t.Attributed, t.Kind, t.Partner, strings.Join(cases, " "), strings.Join(t.Contested, " "), strings.Join(t.Involved, " "), t.Signal)
		}
	})
	incidents := writeCSV([]string{"page", "cause", "browsers", "start", "end", "purchases_lost"}, func(add func(...string)) {
		for _, i := range m.incidents {
			add(i.Page, i.Cause.String(), i.Family, i.Start.String(), i.End.String(), strconv.Itoa(i.Lost))
		}
	})
	claims := writeCSV([]string{"claim_id", "answer", "purchase_id"}, func(add func(...string)) {
		for _, c := range m.claims {
			add(c.ID, c.Answer, c.PurchaseID)
		}
	})
	return []file{{FileTruth, nil, truth}, {FileIncidents, nil, incidents}, {FileClaims, nil, claims}}
}

// --- The partner platform ---

type tableFile func(kind table.Kind, header []string, rows func(add func(...string)))

type apiCustomer struct {
	Key         string  `json:"key"`
	CustomerKey string  `json:"customer_key"`
	Email       string  `json:"email"`
	Name        string  `json:"name"`
	Partner     string  `json:"partner_key"`
	Partnership string  `json:"partnership_key"`
	Provider    *string `json:"provider_key"`
	SourceType  string  `json:"source_type"`
	Test        bool    `json:"test"`
	Created     int64   `json:"created_at"`
	Updated     int64   `json:"updated_at"`
}

type apiTransaction struct {
	Key      string            `json:"key"`
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Approved bool              `json:"approved"`
	Archived bool              `json:"archived"`
	Test     bool              `json:"test"`
	Customer apiParty          `json:"customer"`
	Metadata map[string]string `json:"metadata"`
	Created  int64             `json:"created_at"`
	Updated  int64             `json:"updated_at"`
}

type apiParty struct {
	Key         string `json:"key"`
	Email       string `json:"email"`
	ExternalKey string `json:"external_key"`
}

type apiReward struct {
	Key         string            `json:"key"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Description string            `json:"description"`
	Status      string            `json:"reward_status"`
	Customer    apiParty          `json:"customer"`
	Partnership map[string]string `json:"partnership"`
	Transaction map[string]any    `json:"transaction"`
	Created     int64             `json:"created_at"`
	Updated     int64             `json:"updated_at"`
}

func millis(t table.Time) int64 { return int64(t) / 1000 }

func (p *person) platformKey() string { return fmt.Sprintf("cust_%012x", mix(p.id^0x95)>>16) }

func (m *maker) apiCustomers() []apiCustomer {
	var out []apiCustomer
	for i, p := range m.people {
		credited, ok := p.onPlatform()
		if !ok {
			continue
		}
		pt := &m.site.partners[credited]
		c := apiCustomer{Key: p.platformKey(), CustomerKey: p.key, Email: p.email, Name: p.name(), Partner: pt.key, Partnership: pt.group,
			SourceType: "link", Created: millis(p.signedUp())}
		if p.fixed {
			c.SourceType, c.Created = "manual", millis(p.fixedAt)
		}
		c.Updated = c.Created
		if rng := newRand(m.opt.Seed, streamPlatform, uint64(i)); !p.fixed && (!p.notTied || chance(rng, 0.3)) {
			id := p.customerID()
			c.Provider = &id
		}
		out = append(out, c)
	}
	if len(out) > 0 { // the vendor tried its own link
		test := out[0]
		test.Key, test.CustomerKey, test.Email, test.Name, test.Provider, test.Test = "cust_test000001", "u-test000001", "qa@vendor.example", "QA Test", nil, true
		out = append(out, test)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Created < out[j].Created })
	return out
}

func (m *maker) recordedPayments() []*payment {
	var out []*payment
	for _, p := range m.payments {
		if p.recorded() {
			out = append(out, p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].transaction.at < out[j].transaction.at })
	return out
}

// recordedMinor is the amount the platform takes: without the tax.
func (m *maker) recordedMinor(p *payment) int64 {
	return p.minor * 100 / (100 + m.opt.Money.TaxPercent)
}

func (p *person) party() apiParty {
	return apiParty{Key: p.platformKey(), Email: p.email, ExternalKey: p.key}
}

func (m *maker) apiTransactions() []apiTransaction {
	var out []apiTransaction
	for _, p := range m.recordedPayments() {
		t := apiTransaction{Key: p.transaction.key, Amount: m.recordedMinor(p), Currency: p.currency, Approved: true, Archived: p.transaction.archived,
			Customer: p.person.party(), Metadata: map[string]string{}, Created: millis(p.transaction.at)}
		if t.Updated = t.Created; t.Archived {
			t.Updated = millis(p.refundedAt)
		}
		if p.chargeID && !p.transaction.byHand {
			t.Metadata["charge_id"] = p.id
		}
		out = append(out, t)
	}
	return out
}

// apiRewards pays a fifth of each recorded payment.
func (m *maker) apiRewards() []apiReward {
	var out []apiReward
	for _, p := range m.recordedPayments() {
		credited, _ := p.person.onPlatform()
		pt := &m.site.partners[credited]
		status := "pending"
		switch age := m.end - p.transaction.at; {
		case p.transaction.archived:
			status = "declined"
		case age > 45*table.Day:
			status = "paid"
		case age > 20*table.Day:
			status = "approved"
		}
		out = append(out, apiReward{Key: "rwd_" + p.transaction.key[4:], Amount: m.recordedMinor(p) / 5, Currency: p.currency, Description: "Sale", Status: status,
			Customer: p.person.party(), Partnership: map[string]string{"key": pt.group, "email": pt.email, "partner_key": pt.key},
			Transaction: map[string]any{"key": p.transaction.key, "amount": m.recordedMinor(p), "currency": p.currency},
			Created:     millis(p.transaction.at), Updated: millis(p.transaction.at)})
	}
	return out
}

func (m *maker) platformFiles(native tableFile) []file {
	if m.opt.Formats.Platform == Native {
		native(table.Customers, []string{"partner_key", "customer_key", "email", "name", "created_at", "provider_key", "test"}, func(add func(...string)) {
			for _, c := range m.apiCustomers() {
				provider := ""
				if c.Provider != nil {
					provider = *c.Provider
				}
				add(c.Partner, c.CustomerKey, c.Email, c.Name, table.Time(c.Created*1000).String(), provider, strconv.FormatBool(c.Test))
			}
		})
		native(table.Transactions, []string{"created_at", "amount", "currency", "transaction_key", "customer_key", "email", "purchase_id", "archived", "test"}, func(add func(...string)) {
			for _, t := range m.apiTransactions() {
				add(table.Time(t.Created*1000).String(), itoa(t.Amount), t.Currency, t.Key, t.Customer.ExternalKey, t.Customer.Email, t.Metadata["charge_id"],
					strconv.FormatBool(t.Archived), strconv.FormatBool(t.Test))
			}
		})
		if m.opt.Sources.Rewards {
			native(table.Rewards, []string{"reward_key", "transaction_key", "customer_key", "partner_key", "amount", "currency", "status", "created_at"}, func(add func(...string)) {
				for _, r := range m.apiRewards() {
					add(r.Key, r.Transaction["key"].(string), r.Customer.ExternalKey, r.Partnership["partner_key"], itoa(r.Amount), r.Currency, r.Status, table.Time(r.Created*1000).String())
				}
			})
		}
		return nil
	}
	out := []file{apiFile(m, table.Customers, m.apiCustomers), apiFile(m, table.Transactions, m.apiTransactions)}
	if m.opt.Sources.Rewards {
		out = append(out, apiFile(m, table.Rewards, m.apiRewards))
	}
	return out
}

// apiFile is one list of the platform's API, as objects a line or as the
// response.
func apiFile[T any](m *maker, kind table.Kind, items func() []T) file {
	list := m.opt.Formats.Platform == PartnerStackL
	name := string(kind) + ".jsonl"
	if list {
		name = string(kind) + ".json"
	}
	source := &Source{Name: string(kind), Format: "partnerstack_" + string(kind), Files: []string{name}}
	return file{name, source, func(w io.Writer) error {
		if !list {
			return writeJSON(w, items())
		}
		type data struct {
			Items   []T  `json:"items"`
			HasMore bool `json:"has_more"`
		}
		return writeJSON(w, []any{struct {
			Data    data   `json:"data"`
			Message string `json:"message"`
			Status  int    `json:"status"`
		}{data{Items: items()}, "ok", 200}})
	}}
}
