package bulk

import (
	"cmp"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/report/review"
)

// The Data Importer's column names for customers, transactions and rewards are
// not published; only its objects and their order are (docs.partnerstack.com,
// universal-importer; support article 9733291616531). What the API takes is
// (post_v2-customers-1, post_v2-transactions, conversion-api).
var _ = register(&Platform{
	Name:      "partnerstack",
	Title:     "PartnerStack",
	Templates: "Settings › Import › Data Importer",
	Where:     "Settings › Import › Data Importer: customers, then transactions or rewards. The conversions are sent by a program, or by `lostlink create --push`.",
	Source:    "the template that the Data Importer offers for each kind; PartnerStack has not published its columns",
	Files: []File{
		{Name: "conversions", Kind: Click, Lines: true},
		{Name: "customers", Kind: Customer, Template: true, Carries: [][]string{{"email"}, {"partner_key"}, {"customer_key"}, {"provider_key"}}},
		{Name: "transactions", Kind: Transaction, Template: true, Carries: [][]string{
			{"amount", "amount_minor"}, {"currency"}, {"customer_key", "email"}, {"purchased_at", "purchased_on", "purchased_midnight", "purchased_ms"}}},
		// Rewards take no key of ours, so the case number in the description is
		// what they are found by.
		{Name: "rewards", Kind: Reward, Template: true, Carries: [][]string{
			{"reward", "reward_minor"}, {"description"}, {"partner_key", "customer_key", "email"}}},
	},
	plan: planPartnerStack,
	sends: map[Kind][]string{
		Click:       {"click_id", "customer_key", "email", "name", "provider_key", "partner_key"},
		Customer:    {"email", "partner_key", "customer_key", "name", "provider_key"},
		Transaction: {"case", "purchase_id", "amount_minor", "currency", "purchased_ms", "customer_key", "partner_key"},
		Reward:      {"case", "reward_minor", "currency", "description", "customer_key", "partner_key"},
	},
})

// buyer is a customer with the purchases approved for them.
type buyer struct {
	key       string
	purchases []*review.Approved
	// partner is whom an earlier batch made the customer for, "" if none did.
	partner string
}

func planPartnerStack(p *planner) {
	all := buyers(p)
	shared := sharedClicks(all)
	for _, b := range all {
		needs := p.customer(b, shared)
		for _, a := range b.purchases {
			if p.refused[a.Key] {
				continue
			}
			it := Item{Kind: Transaction, Key: a.Key, Needs: needs, Purchase: *a, CustomerKey: b.key, Amount: a.Amount}
			if r, over := beyondPartnerStack(a, &p.options); over {
				p.refuse(r)
				continue
			}
			if p.options.Credit == CreditReward {
				if !a.Estimated || a.Commission <= 0 {
					p.refuse(Refused{Purchase: *a, File: "rewards", Column: "reward", Rule: "has no amount: no commission rule fits " + a.Currency,
						Remedy: "add a rule for it to report.commission"})
					continue
				}
				it.Kind, it.Amount = Reward, a.Commission
			}
			p.add(it)
		}
	}
}

// partnerStackMost is the largest amount of a transaction, in minor units
// (post_v2-transactions), and metadataMost the longest value beside it.
const (
	partnerStackMost = 50_000_000_000
	metadataMost     = 100
)

// beyondPartnerStack tells what the platform takes from nobody.
func beyondPartnerStack(a *review.Approved, o *Options) (Refused, bool) {
	r := Refused{Purchase: *a, Remedy: "create this one by hand"}
	switch {
	case a.Amount > partnerStackMost:
		r.Column, r.Value, r.Rule = "amount", table.FormatAmount(a.Amount, a.Currency), "is more than PartnerStack takes"
	case o.API && len(a.PurchaseID) > metadataMost:
		r.Column, r.Value, r.Rule = "purchase_id", a.PurchaseID, "is longer than PartnerStack's metadata takes"
	// The API names no other currency for rewards.
	case o.API && o.Credit == CreditReward && a.Currency != "USD":
		r.Column, r.Value, r.Rule = "currency", a.Currency, "is not the currency in which the API gives rewards (USD)"
		r.Remedy = "write the files instead, or create this one by hand"
	default:
		return Refused{}, false
	}
	return r, true
}

// known says which customer is meant by a key and by an address.
type known struct {
	byMail  map[string]string // key, as the platform was told or will be
	several map[string]bool   // addresses of more than one customer
}

func (k *known) add(a *review.Approved) {
	mail := strings.ToLower(a.CustomerEmail)
	if mail == "" {
		return
	}
	if key := k.byMail[mail]; key != "" && a.CustomerKey != "" && key != a.CustomerKey {
		k.several[mail] = true
	}
	k.byMail[mail] = cmp.Or(k.byMail[mail], a.CustomerKey)
}

// buyers puts the purchases of a customer together: by the vendor's key, and
// those without one by the address, with those of its key if there is one.
// Where no key is known the platform is told the address, as PartnerStack
// recommends (its page on the snippet).
func buyers(p *planner) []*buyer {
	k := &known{byMail: map[string]string{}, several: map[string]bool{}}
	byKey := map[string]*buyer{}
	made := p.options.Made
	for i := range made {
		k.add(&made[i])
	}
	for i := range made {
		a := &made[i]
		mail := strings.ToLower(a.CustomerEmail)
		key := cmp.Or(a.CustomerKey, k.byMail[mail], mail)
		if key != "" {
			byKey[key] = &buyer{key: key, partner: a.PartnerKey}
		}
		if mail != "" && k.byMail[mail] == "" {
			k.byMail[mail] = mail // what the platform was told for want of a key
		}
	}
	toldMail := func(mail string) bool { return mail != "" && k.byMail[mail] == mail }
	for i := range p.approved {
		if a := &p.approved[i]; !toldMail(strings.ToLower(a.CustomerEmail)) {
			k.add(a)
		}
	}
	var out []*buyer
	for i := range p.approved {
		a := &p.approved[i]
		if p.refused[a.Key] {
			continue
		}
		mail := strings.ToLower(a.CustomerEmail)
		key := cmp.Or(a.CustomerKey, k.byMail[mail], mail)
		if toldMail(mail) && byKey[a.CustomerKey] == nil {
			key = mail
		}
		switch {
		case k.several[mail]:
			// The platform may find a customer by either, and pay the wrong one.
			p.refuse(Refused{Purchase: *a, Column: "customer_key", Value: a.CustomerKey, Rule: "is not the only customer with this address",
				Remedy: "create this one by hand for the right customer"})
			continue
		case key == "":
			p.refuse(Refused{Purchase: *a, Column: "customer_key", Rule: "is unknown, and so is the address", Remedy: "create this one by hand, or add the customer to the exports"})
			continue
		case byKey[key] == nil:
			byKey[key] = &buyer{key: key}
		}
		b := byKey[key]
		if b.purchases == nil {
			out = append(out, b)
		}
		b.purchases = append(b.purchases, a)
	}
	return out
}

// customer adds what makes the customer, unless the platform has them, and
// gives the ID of the item that the purchases need.
func (p *planner) customer(b *buyer, shared map[string]bool) (needs string) {
	if !p.onePartner(b) || b.partner != "" || slices.ContainsFunc(b.purchases, func(a *review.Approved) bool { return a.Credited }) {
		return ""
	}
	first := b.purchases[0]
	made := *first
	// A later purchase may know the name or the processor's id.
	for _, a := range b.purchases {
		if made.CustomerName == "" {
			made.CustomerName = a.CustomerName
		}
		if made.CustomerEmail == "" {
			made.CustomerEmail = a.CustomerEmail
		}
		if providerKey(&Item{Purchase: made}) == "" && providerKey(&Item{Purchase: *a}) != "" {
			made.Processor, made.CustomerID = a.Processor, a.CustomerID
		}
	}
	it := Item{Kind: Customer, Key: p.customerID(b.key), Purchase: made, CustomerKey: b.key}
	if a := p.click(b, shared); a != nil {
		it.Kind, it.Purchase.ClickID, it.Purchase.ClickedAt = Click, a.ClickID, a.ClickedAt
	}
	return p.add(it)
}

// onePartner refuses purchases that would make a customer two partners': a
// customer has one, and whoever it is gets the payments that follow.
func (p *planner) onePartner(b *buyer) bool {
	one := true
	for _, a := range b.purchases {
		r := Refused{Column: "partner_key", Remedy: "decide on one partner for the customer, and create this one by hand"}
		switch {
		case b.partner != "" && a.PartnerKey != b.partner:
			r.Rule = "is not the partner whom this customer was created for earlier (" + b.partner + ")"
		case b.partner == "" && slices.ContainsFunc(b.purchases, func(o *review.Approved) bool { return o.PartnerKey != a.PartnerKey }):
			one = false
			r.Rule = "differs between purchases of one customer, who can have one partner only"
		default:
			continue
		}
		r.Purchase, r.Value = *a, a.PartnerKey
		p.refuse(r)
	}
	return one
}

// click finds the purchase whose click can be handed in for the customer.
func (p *planner) click(b *buyer, shared map[string]bool) *review.Approved {
	for _, a := range b.purchases {
		age := p.options.At - a.ClickedAt
		if idRule.check(a.ClickID) && !shared[a.ClickID] && a.ClickedAt != 0 && age >= 0 && age <= table.Time(p.options.ClickDays)*table.Day {
			return a
		}
	}
	return nil
}

// sharedClicks are the click ids of several customers: links that were pasted
// somewhere with the id in them, which say nothing about one customer.
func sharedClicks(all []*buyer) map[string]bool {
	first := map[string]*buyer{}
	shared := map[string]bool{}
	for _, b := range all {
		for _, a := range b.purchases {
			if other, ok := first[a.ClickID]; ok && other != b {
				shared[a.ClickID] = true
			}
			first[a.ClickID] = b
		}
	}
	return shared
}
