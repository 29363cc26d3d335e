package bulk

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/report/review"
)

// Plan is what is to be created for a batch of purchases.
type Plan struct {
	Platform *Platform
	// Items in the order in which they are made: what others need first.
	Items []Item
	// Refused are purchases of which nothing is made, by time.
	Refused []Refused
	// Notes are remarks that refuse nothing, each a sentence.
	Notes []string

	approved []review.Approved // sorted
	layouts  []layout
	options  Options
}

// NewPlan makes the items of a batch. Each purchase is either in the items or
// refused with its reason. Its error is about the settings or a template and
// names what to change.
func NewPlan(approved []review.Approved, opt Options) (*Plan, error) {
	p := Get(opt.Platform)
	if p == nil {
		return nil, fmt.Errorf("bulk.platform: %q is not known; write one of %s", opt.Platform, strings.Join(Names(), ", "))
	}
	if p.plan != nil && opt.Credit != CreditTransaction && opt.Credit != CreditReward {
		return nil, fmt.Errorf(`bulk.credit is not decided; write "transaction" if %s works the reward out when a purchase is recorded, "reward" if it does not`, p.Title)
	}
	if p.plan == nil && opt.API {
		return nil, fmt.Errorf("bulk.platform: %s has no API that is known here; write its files instead", p.Title)
	}
	if opt.At == 0 {
		return nil, errors.New("the batch has no time, by which the age of clicks and purchases is told")
	}
	pl := &planner{Plan: Plan{Platform: p, options: opt}, items: map[Kind][]Item{}, refused: map[string]bool{}}
	pl.approved = slices.SortedFunc(slices.Values(approved), inTime)
	pl.take()
	if p.plan != nil {
		p.plan(pl)
	} else {
		for i := range pl.approved {
			if a := &pl.approved[i]; !pl.refused[a.Key] {
				// Publishers read these files too, so no address stands in for a key.
				pl.add(Item{Kind: Sale, Key: a.Key, Purchase: *a, CustomerKey: a.CustomerKey, Amount: a.Amount})
			}
		}
	}
	if !opt.API {
		var err error
		if pl.layouts, err = layoutsOf(p, opt.Settings, pl.items); err != nil {
			return nil, err
		}
	}
	pl.check()
	pl.finish()
	for _, t := range pl.Totals() {
		if t.Approved.Count != t.Filed.Count+t.Refused.Count || t.Approved.Minor != t.Filed.Minor+t.Refused.Minor {
			return nil, fmt.Errorf("a fault of lostlink itself, please report it: of %d purchases approved for partner %s in %s, %d are planned and %d refused",
				t.Approved.Count, t.PartnerKey, t.Currency, t.Filed.Count, t.Refused.Count)
		}
	}
	return &pl.Plan, nil
}

// inTime orders purchases: by time, those of one payment together.
func inTime(a, b review.Approved) int {
	return cmp.Or(cmp.Compare(a.PurchasedAt, b.PurchasedAt), cmp.Compare(a.PurchaseID, b.PurchaseID), cmp.Compare(a.Key, b.Key))
}

// planner makes a plan.
type planner struct {
	Plan
	items   map[Kind][]Item
	refused map[string]bool // keys of purchases
}

// refuse moves a purchase to the refused ones, with the first reason found.
func (p *planner) refuse(r Refused) {
	if p.refused[r.Purchase.Key] {
		return
	}
	p.refused[r.Purchase.Key] = true
	p.Refused = append(p.Refused, r)
}

// take looks at each purchase by itself.
func (p *planner) take() {
	times := map[string]int{}
	for i := range p.approved {
		times[p.approved[i].Key]++
	}
	for i := range p.approved {
		a := &p.approved[i]
		if times[a.Key] > 1 {
			// The ledger's key forbids it; if it happens all the same, none is made.
			p.refused[a.Key] = true
			p.Refused = append(p.Refused, Refused{Purchase: *a, Rule: "was approved twice in one batch", Remedy: "approve it once"})
			continue
		}
		if a.Amount <= 0 {
			p.refuse(Refused{Purchase: *a, Column: "amount", Value: table.FormatAmount(a.Amount, a.Currency), Rule: amountRule.what, Remedy: amountRule.remedy})
		} else if young := p.Platform.young; young != nil {
			if rule, remedy := young(p.options.At - a.PurchasedAt); rule != "" {
				p.refuse(Refused{Purchase: *a, Column: "purchased_at", Value: at(a.PurchasedAt, isoDay), Rule: rule, Remedy: remedy})
			}
		}
	}
}

// add adds an item and gives its ID.
func (p *planner) add(it Item) string {
	it.ID = string(it.Kind) + "/" + it.Key
	it.Description = describe(&it)
	p.items[it.Kind] = append(p.items[it.Kind], it)
	return it.ID
}

// describe is what a partner reads: which purchase this is, in our own words.
// PartnerStack recommends the customer's name with it (support article
// 360022630334); nobody else gets it.
func describe(it *Item) string {
	a := &it.Purchase
	text := fmt.Sprintf("%s: purchase of %s, %s %s", a.GapID, at(a.PurchasedAt, isoDay), a.Currency, table.FormatAmount(a.Amount, a.Currency))
	if it.Kind != Sale && nameRule.check(a.CustomerName) {
		text += ", " + a.CustomerName
	}
	return text
}

// check refuses the purchases of which a value does not fit the field it goes
// to. A purchase is made whole or not at all, and so is a customer with all
// their purchases: half of it would stand in the way of mending the rest.
func (p *planner) check() {
	for _, kind := range kinds {
		for i := range p.items[kind] {
			it := &p.items[kind][i]
			for _, use := range p.uses(kind) {
				f := fieldOf(use.from)
				v := f.of(it)
				switch {
				case f.fits(v):
				case f.loose:
					p.leaveOut(f.Name, it)
				case v == "":
					p.refuseItem(it, Refused{File: use.file, Column: use.column, Rule: "is needed and is not known", Remedy: "create this one by hand, or add it to the exports"})
				default:
					p.refuseItem(it, Refused{File: use.file, Column: use.column, Value: v, Rule: f.rule.what, Remedy: f.rule.remedy})
				}
			}
		}
	}
}

// leaveOut empties a name that does not fit.
func (p *planner) leaveOut(field string, it *Item) {
	if field == "name" {
		it.Purchase.CustomerName = ""
	} else {
		it.Purchase.PartnerName = ""
	}
	p.note(fmt.Sprintf("%s of %s is left out: it holds signs that are no part of a name", strings.ReplaceAll(field, "_", " "), it.Purchase.GapID))
}

func (p *planner) note(s string) {
	if !slices.Contains(p.Notes, s) {
		p.Notes = append(p.Notes, s)
	}
}

// refuseItem refuses the purchase of an item; that of a customer, all of theirs.
func (p *planner) refuseItem(it *Item, r Refused) {
	r.Purchase = it.Purchase
	if it.Kind != Customer && it.Kind != Click {
		p.refuse(r)
		return
	}
	for _, kind := range []Kind{Transaction, Reward} {
		for _, other := range p.items[kind] {
			if other.Needs == it.ID {
				r.Purchase = other.Purchase
				p.refuse(r)
			}
		}
	}
}

// use is one place a field is written to.
type use struct{ from, file, column string }

// uses lists where the fields of a kind go: to the columns of the files, or to
// the API.
func (p *planner) uses(kind Kind) []use {
	var out []use
	for _, l := range p.layouts {
		if l.file.Kind == kind {
			for _, c := range l.columns {
				if c.from != "" {
					out = append(out, use{c.from, l.file.Name, c.head})
				}
			}
		}
	}
	// What is sent as JSON has no layout, whichever way it goes.
	if len(out) == 0 {
		for _, f := range p.Platform.sends[kind] {
			out = append(out, use{f, string(kind), f})
		}
	}
	return out
}

var kinds = []Kind{Click, Customer, Transaction, Reward, Sale}

// finish keeps the items of purchases that were not refused, and of customers
// the ones that some of them need.
func (p *planner) finish() {
	needed := map[string]bool{}
	for _, kind := range []Kind{Transaction, Reward} {
		for _, it := range p.items[kind] {
			if !p.refused[it.Key] {
				needed[it.Needs] = true
			}
		}
	}
	for _, kind := range kinds {
		for _, it := range p.items[kind] {
			keep := !p.refused[it.Key]
			if kind == Click || kind == Customer {
				keep = needed[it.ID]
			}
			if keep {
				p.Items = append(p.Items, it)
			}
		}
	}
	slices.SortStableFunc(p.Refused, func(a, b Refused) int { return inTime(a.Purchase, b.Purchase) })
}

// customerID is the key of a customer. It is the same in every batch, and a
// keyed hash: it stays in the ledger when the customer is erased.
func (p *planner) customerID(key string) string {
	mac := hmac.New(sha256.New, []byte(p.options.Key))
	mac.Write([]byte(p.Platform.Name + "\n" + key))
	return fmt.Sprintf("%x", mac.Sum(nil)[:12])
}
