package simulate

import (
	"fmt"
	"io"
	"sort"
	"strconv"

	"lostlink/ingest/table"
)

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
