package bulk

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"lostlink/ingest/table"
)

// Field is a value that a column can hold.
type Field struct {
	Name string
	Doc  string
	// Kinds of item that have it.
	Kinds []Kind

	rule *rule
	// optional fields may be empty; those that are loose as well are left empty
	// where a value does not fit, instead of refusing the purchase.
	optional, loose bool
	of              func(it *Item) string
}

// rule says which values a column may hold. All of them keep a value from
// being taken for a formula when people open a file after all: none begins
// with a sign that a spreadsheet acts on.
type rule struct {
	fits         *regexp.Regexp
	most         int // letters
	what, remedy string
}

const (
	address = `[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`
	// The bar is what sign-in services put into their ids.
	id = `[A-Za-z0-9][A-Za-z0-9_.:|-]{0,127}`
)

var (
	emailRule = &rule{regexp.MustCompile(`^` + address + `$`), 255,
		"is no plain e-mail address", "create this one by hand, or mend the address in the export"}
	idRule = &rule{regexp.MustCompile(`^` + id + `$`), 128,
		"is no id of letters, digits and _ . : | - that begins with a letter or digit", "create this one by hand, or mend the id in the export"}
	keyRule = &rule{regexp.MustCompile(`^(` + id + `|` + address + `)$`), 255,
		"is neither an id of letters, digits and _ . : | - nor an e-mail address", "create this one by hand, or mend the id in the export"}
	nameRule = &rule{regexp.MustCompile(`^[\pL\pN][\pL\pM\pN .,'’&()/-]*$`), 100,
		"is no plain name", "create this one by hand"}
	plainRule = &rule{regexp.MustCompile(`^[\pL\pN][^\pC"]*$`), 500,
		"is no plain text that begins with a letter or digit", "write letters and digits"}
	amountRule = &rule{regexp.MustCompile(`^[0-9]{1,14}(\.[0-9]{1,4})?$`), 20,
		"is no amount above zero", "check the amount that was approved"}
	currencyRule = &rule{regexp.MustCompile(`^[A-Z]{3}$`), 3, "is no ISO 4217 currency code", "check the export"}
	timeRule     = &rule{regexp.MustCompile(`^[0-9][0-9TZ: -]*$`), 32, "is no time", "check the export"}
)

// check tells whether a value fits.
func (r *rule) check(v string) bool {
	return utf8.RuneCountInString(v) <= r.most && r.fits.MatchString(v)
}

var (
	people    = []Kind{Click, Customer, Transaction, Reward, Sale}
	purchases = []Kind{Transaction, Reward, Sale}
)

func at(t table.Time, layout string) string {
	if t == 0 {
		return ""
	}
	return t.Std().Format(layout)
}

const (
	isoTime  = "2006-01-02T15:04:05Z"
	isoDay   = "2006-01-02"
	midnight = "2006-01-02 00:00:00"
)

// major writes money with the currency's decimals; nothing for no money.
func major(minor int64, currency string) string {
	if minor <= 0 {
		return ""
	}
	return table.FormatAmount(minor, currency)
}

func minor(v int64) string {
	if v <= 0 {
		return ""
	}
	return fmt.Sprint(v)
}

// reward is what the partner would get; a sale may have it beside its amount.
func reward(it *Item) int64 {
	if !it.Purchase.Estimated {
		return 0
	}
	return it.Purchase.Commission
}

var fields = []Field{
	{Name: "case", Doc: "the case number, which is the same every night", Kinds: purchases, rule: idRule, of: func(it *Item) string { return it.Purchase.GapID }},
	{Name: "purchase_id", Doc: "the payment's id", Kinds: purchases, rule: idRule, of: func(it *Item) string { return it.Purchase.PurchaseID }},
	{Name: "purchased_at", Doc: "time of the purchase, UTC: 2026-02-03T17:05:00Z", Kinds: purchases, rule: timeRule, of: func(it *Item) string { return at(it.Purchase.PurchasedAt, isoTime) }},
	{Name: "purchased_on", Doc: "day of the purchase, UTC: 2026-02-03", Kinds: purchases, rule: timeRule, of: func(it *Item) string { return at(it.Purchase.PurchasedAt, isoDay) }},
	{Name: "purchased_midnight", Doc: "that day with a time of zero: 2026-02-03 00:00:00", Kinds: purchases, rule: timeRule, of: func(it *Item) string { return at(it.Purchase.PurchasedAt, midnight) }},
	{Name: "purchased_ms", Doc: "time of the purchase in milliseconds since 1970", Kinds: purchases, rule: timeRule, of: func(it *Item) string { return minor(int64(it.Purchase.PurchasedAt) / 1000) }},
	{Name: "amount", Doc: "the purchase with its decimals: 49.00", Kinds: purchases, rule: amountRule, of: func(it *Item) string { return major(it.Purchase.Amount, it.Purchase.Currency) }},
	{Name: "amount_minor", Doc: "the purchase in minor units: 4900", Kinds: purchases, rule: amountRule, of: func(it *Item) string { return minor(it.Purchase.Amount) }},
	{Name: "currency", Doc: "of the purchase and the reward: EUR", Kinds: purchases, rule: currencyRule, of: func(it *Item) string { return it.Purchase.Currency }},
	{Name: "reward", Doc: "the partner's reward with its decimals", Kinds: []Kind{Reward}, rule: amountRule, of: func(it *Item) string { return major(it.Amount, it.Purchase.Currency) }},
	{Name: "reward_minor", Doc: "the partner's reward in minor units", Kinds: []Kind{Reward}, rule: amountRule, of: func(it *Item) string { return minor(it.Amount) }},
	{Name: "commission", Doc: "the likely reward with its decimals, empty where no rule fits", Kinds: []Kind{Sale}, rule: amountRule, optional: true, of: func(it *Item) string { return major(reward(it), it.Purchase.Currency) }},
	{Name: "description", Doc: "case, day and amount in words, for PartnerStack with the customer's name", Kinds: purchases, rule: plainRule, of: func(it *Item) string { return it.Description }},
	{Name: "email", Doc: "the customer's address", Kinds: people, rule: emailRule, of: func(it *Item) string { return it.Purchase.CustomerEmail }},
	{Name: "name", Doc: "the customer's name, empty where it is unknown or holds odd signs", Kinds: people, rule: nameRule, optional: true, loose: true, of: func(it *Item) string { return it.Purchase.CustomerName }},
	{Name: "customer_key", Doc: "your own id of the customer; where there is none, the address for PartnerStack and nothing for others", Kinds: people, rule: keyRule, optional: true, of: func(it *Item) string { return it.CustomerKey }},
	{Name: "provider_key", Doc: "the payment processor's id of the customer, empty for processors the platform does not know", Kinds: people, rule: idRule, optional: true, of: providerKey},
	{Name: "customer_id", Doc: "the payment processor's id of the customer, whichever it is", Kinds: people, rule: idRule, optional: true, of: func(it *Item) string { return it.Purchase.CustomerID }},
	{Name: "processor", Doc: "the payment processor: stripe", Kinds: people, rule: idRule, optional: true, of: func(it *Item) string { return it.Purchase.Processor }},
	{Name: "partner_key", Doc: "the partner's key", Kinds: people, rule: idRule, of: func(it *Item) string { return it.Purchase.PartnerKey }},
	{Name: "partner_email", Doc: "the partner's address", Kinds: people, rule: emailRule, of: func(it *Item) string { return it.Purchase.PartnerEmail }},
	{Name: "partner_name", Doc: "the partner's name, empty where it is unknown or holds odd signs", Kinds: people, rule: nameRule, optional: true, loose: true, of: func(it *Item) string { return it.Purchase.PartnerName }},
	{Name: "signed_up_at", Doc: "time of the sign-up, UTC", Kinds: people, rule: timeRule, optional: true, of: func(it *Item) string { return at(it.Purchase.SignedUpAt, isoTime) }},
	{Name: "click_id", Doc: "the partner's last click", Kinds: people, rule: idRule, optional: true, of: func(it *Item) string { return it.Purchase.ClickID }},
	{Name: "clicked_at", Doc: "time of that click, UTC", Kinds: people, rule: timeRule, optional: true, of: func(it *Item) string { return at(it.Purchase.ClickedAt, isoTime) }},
}

// providers are the processors whose customer ids the PartnerStack API names
// for provider_key (its page on creating customers). An id of another one
// there would tie nothing.
var providers = []string{"stripe", "recurly", "chargebee"}

func providerKey(it *Item) string {
	if !slices.Contains(providers, it.Purchase.Processor) {
		return ""
	}
	return it.Purchase.CustomerID
}

// Fields lists what columns can be filled from.
func Fields() []Field { return slices.Clone(fields) }

// FieldNames lists their names.
func FieldNames() []string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}

func fieldOf(name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// fits tells whether the field may hold a value.
func (f *Field) fits(v string) bool {
	if v == "" {
		return f.optional
	}
	return f.rule.check(v)
}

// Value gives what a field holds for an item.
func (it *Item) Value(field string) string {
	f := fieldOf(field)
	if f == nil {
		panic("bulk: no field is called " + field)
	}
	return f.of(it)
}

// CheckValue tells what is wrong with a value that is the same in each row,
// nil if nothing.
func CheckValue(v string) error {
	if !plainRule.check(v) {
		return &table.Fault{Value: v, Rule: plainRule.what, Remedy: plainRule.remedy}
	}
	return nil
}
