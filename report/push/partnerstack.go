package push

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lostlink/report/bulk"
)

// The objects of PartnerStack's API v2, as far as they are looked at. Times are
// in milliseconds.

type customer struct {
	Key         string `json:"key"`
	CustomerKey string `json:"customer_key"`
	Email       string `json:"email"`
	PartnerKey  string `json:"partner_key"`
	ProviderKey string `json:"provider_key"`
}

type transaction struct {
	Key       string `json:"key"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Archived  bool   `json:"archived"`
	CreatedAt int64  `json:"created_at"`
	Customer  struct {
		Email       string `json:"email"`
		ExternalKey string `json:"external_key"`
	} `json:"customer"`
	Metadata map[string]any `json:"metadata"`
}

type rewardRow struct {
	Key         string `json:"key"`
	Description string `json:"description"`
}

// chargeID is where the payment's id stands in a transaction's metadata; the
// next run ties the purchase by it.
const chargeID = "charge_id"

// ourKeys is what the keys of our transactions begin with: they are case
// numbers.
const ourKeys = "LL-"

// platform looks at PartnerStack and creates there.
type platform struct {
	*client
	customers *customers // nil: not read yet
	// taken are transactions by their keys, each with the item it stands for.
	taken map[string]string
}

// customers are those of the platform, by the keys that items name them by.
type customers struct {
	byKey, byMail map[string]*customer
}

func (cs *customers) add(raw json.RawMessage) error {
	var c customer
	if err := json.Unmarshal(raw, &c); err != nil {
		return &StopError{Err: fmt.Errorf("/customers lists something that is no customer")}
	}
	if c.CustomerKey != "" {
		cs.byKey[c.CustomerKey] = &c
	}
	if c.Email != "" {
		cs.byMail[strings.ToLower(c.Email)] = &c
	}
	return nil
}

func (cs *customers) find(it *bulk.Item) *customer {
	if c := cs.byKey[it.CustomerKey]; c != nil {
		return c
	}
	if c := cs.byMail[strings.ToLower(it.CustomerKey)]; c != nil { // where the address is the key
		return c
	}
	return cs.byMail[strings.ToLower(it.Purchase.CustomerEmail)]
}

// slack is how far the platform's clock and ours may be apart, and how far a
// sale and its record (the time that Dub's importer of PartnerStack takes).
const slack = time.Hour

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// customer finds the customer of an item; nil for none. All customers are read
// once, later ones each time: no filter by key or address is documented.
func (p *platform) customer(ctx context.Context, it *bulk.Item) (*customer, error) {
	if p.customers == nil {
		all := &customers{map[string]*customer{}, map[string]*customer{}}
		if err := p.list(ctx, "/customers", url.Values{}, all.add); err != nil {
			return nil, err
		}
		p.customers = all
	} else if p.customers.find(it) == nil {
		if err := p.list(ctx, "/customers", url.Values{"min_created": {millis(p.Began.Add(-slack))}}, p.customers.add); err != nil {
			return nil, err
		}
	}
	return p.customers.find(it), nil
}

// transaction finds what the platform has recorded of a purchase: ours by its
// key or the payment's id, and another one by customer, amount and time. ours
// are looked for since the batch as well, in case the platform lists them under
// the day they were made.
func (p *platform) transaction(ctx context.Context, it *bulk.Item) (found *transaction, err error) {
	bought := it.Purchase.PurchasedAt.Std()
	look := func(raw json.RawMessage) error {
		var t transaction
		if err := json.Unmarshal(raw, &t); err != nil {
			return &StopError{Err: fmt.Errorf("/transactions lists something that is no transaction")}
		}
		charge, _ := t.Metadata[chargeID].(string)
		same := t.Key == it.Purchase.GapID || charge != "" && charge == it.Purchase.PurchaseID
		// One without the payment's id may be of any purchase: of one that is
		// not ours, and that no other purchase has been given.
		if by, taken := p.taken[t.Key]; taken && by != it.ID {
			return nil
		}
		if !same && charge == "" && !strings.HasPrefix(t.Key, ourKeys) && !t.Archived && t.Amount == it.Purchase.Amount && strings.EqualFold(t.Currency, it.Purchase.Currency) {
			who := t.Customer.ExternalKey == it.CustomerKey || t.Customer.Email != "" && strings.EqualFold(t.Customer.Email, it.Purchase.CustomerEmail)
			apart := time.UnixMilli(t.CreatedAt).Sub(bought).Abs()
			same = who && apart <= slack
		}
		if same && found == nil {
			found = &t
		}
		return nil
	}
	for _, window := range []url.Values{
		{"min_created": {millis(bought.Add(-slack))}, "max_created": {millis(bought.Add(slack))}},
		{"min_created": {millis(p.Batch.Add(-slack))}},
	} {
		if err := p.list(ctx, "/transactions", window, look); err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}

// reward finds a reward for a purchase by the case number in its description.
// Scheduled ones are not in the plain list.
func (p *platform) reward(ctx context.Context, it *bulk.Item) (found *rewardRow, err error) {
	for _, status := range []string{"", "scheduled"} {
		query := url.Values{"min_created": {millis(p.Batch.Add(-slack))}}
		if status != "" {
			query.Set("status", status)
		}
		err := p.list(ctx, "/rewards", query, func(raw json.RawMessage) error {
			var r rewardRow
			if err := json.Unmarshal(raw, &r); err != nil {
				return &StopError{Err: fmt.Errorf("/rewards lists something that is no reward")}
			}
			if found == nil && strings.Contains(r.Description, it.Purchase.GapID) {
				found = &r
			}
			return nil
		})
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}

// there is what a look found.
type there struct {
	key  string
	note string
	// refuse says why the item must not be made, "" if nothing speaks against it.
	refuse string
}

// look tells whether an item is there; nil if it is not, and nothing stands
// against making it.
func (p *platform) look(ctx context.Context, it *bulk.Item) (*there, error) {
	c, err := p.customer(ctx, it)
	if err != nil {
		return nil, err
	}
	if c != nil && c.PartnerKey != "" && c.PartnerKey != it.Purchase.PartnerKey {
		return &there{refuse: fmt.Sprintf("the platform has this customer for the partner %s, not %s; settle it there by hand", c.PartnerKey, it.Purchase.PartnerKey)}, nil
	}
	switch it.Kind {
	case bulk.Customer, bulk.Click:
		if c == nil {
			return nil, nil
		}
		t := &there{key: c.Key}
		if provider := it.Value("provider_key"); provider != "" && c.ProviderKey != provider {
			t.note = "the platform has it without this provider key: set it there by hand, or later payments may not be tied"
		}
		return t, nil
	case bulk.Transaction:
		t, err := p.transaction(ctx, it)
		if t == nil || err != nil {
			return nil, err
		}
		found := &there{key: t.Key}
		if t.Key != it.Purchase.GapID {
			found.note = "the platform has recorded the purchase by itself"
		}
		if t.Archived {
			found.note = "somebody has archived it there"
		}
		return found, nil
	}
	r, err := p.reward(ctx, it)
	if r != nil || err != nil {
		return theReward(r), err
	}
	t, err := p.transaction(ctx, it)
	if t != nil && !t.Archived && err == nil {
		return &there{refuse: fmt.Sprintf("the platform has a transaction for it (%s), which brings a reward of its own", t.Key)}, nil
	}
	if c == nil && err == nil && it.Needs != "" {
		return nil, &StopError{Again: true, Err: fmt.Errorf("the platform does not show the customer of %s yet, whom the reward is given for", it.Purchase.GapID)}
	}
	if c == nil && err == nil {
		return &there{refuse: "the platform does not have this customer, whom a reward is given for; create it by hand"}, nil
	}
	return nil, err
}

func theReward(r *rewardRow) *there {
	if r == nil {
		return nil
	}
	return &there{key: r.Key}
}

// request is what creates an item.
type request struct {
	address string
	body    any
	token   bool
}

func (p *platform) request(it *bulk.Item) request {
	a := &it.Purchase
	base := p.Settings.Address
	switch it.Kind {
	case bulk.Click:
		return request{p.Settings.ConversionAddress + "/conversion/xid", bulk.ConversionOf(it), true}
	case bulk.Customer:
		return request{address: base + "/customers", body: struct {
			Email       string `json:"email"`
			PartnerKey  string `json:"partner_key"`
			CustomerKey string `json:"customer_key"`
			Name        string `json:"name,omitempty"`
			ProviderKey string `json:"provider_key,omitempty"`
		}{a.CustomerEmail, a.PartnerKey, it.CustomerKey, a.CustomerName, it.Value("provider_key")}}
	case bulk.Transaction:
		return request{address: base + "/transactions", body: struct {
			Key         string            `json:"key"`
			CustomerKey string            `json:"customer_external_key"`
			Amount      int64             `json:"amount"`
			Currency    string            `json:"currency"`
			CreatedAt   int64             `json:"created_at"`
			Metadata    map[string]string `json:"metadata"`
		}{a.GapID, p.externalKey(it), it.Amount, a.Currency, a.PurchasedAt.Std().UnixMilli(), map[string]string{chargeID: a.PurchaseID}}}
	}
	type target struct {
		Key  string `json:"key"`
		Type string `json:"type"`
	}
	return request{address: base + "/rewards", body: struct {
		Amount      int64  `json:"amount"`
		Description string `json:"description"`
		Target      target `json:"target"`
	}{it.Amount, it.Description, target{p.customers.find(it).Key, "customer"}}}
}

// externalKey is how the platform itself calls the customer: it may have it
// under another key than ours.
func (p *platform) externalKey(it *bulk.Item) string {
	if c := p.customers.find(it); c != nil {
		return cmp.Or(c.CustomerKey, it.CustomerKey)
	}
	return it.CustomerKey
}

// keyOf reads the key of what was created, "" if the answer has none.
func keyOf(a answer) string {
	var made struct {
		Data struct {
			Key string `json:"key"`
		} `json:"data"`
	}
	if json.Unmarshal(a.body, &made) != nil {
		return ""
	}
	return made.Data.Key
}

func created(a answer) bool {
	return a.status == http.StatusOK || a.status == http.StatusCreated || a.status == http.StatusAccepted || a.status == http.StatusNoContent
}
