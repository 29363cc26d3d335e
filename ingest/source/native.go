package source

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// Native is the name of the source that holds one of the twelve tables as it
// is.
const Native = "native"

var _ = register(&Source{
	Name:  Native,
	Title: "lostlink table",
	Where: "Written by the vendor's own export or query, with the column names of lostlink's tables (docs: tables).",
	Example: Example{
		In:  `clicks.csv: clicked_at,partner_key,click_id / 2026-02-01T09:30:00Z,acme,8o9xPIlex0Ow4j`,
		Out: `a click on 2026-02-01 09:30:00 UTC, partner acme, click 8o9xPIlex0Ow4j`,
	},
	Containers: []rows.Container{rows.CSV, rows.JSON, rows.Parquet, rows.XLSX},
	Tables:     table.Kinds(),
	Unit:       table.Minor,
	begin:      beginNative,
})

// positionColumns are written into every table by lostlink itself.
var positionColumns = []string{"src_file", "src_line"}

// nativeUses derives the columns from the table, which is configured or
// recognised.
func (f *file) nativeUses() ([]Use, error) {
	if f.Table == "" {
		have := map[string]bool{}
		for _, c := range f.columns {
			have[strings.ToLower(strings.TrimSpace(c))] = true
		}
		for _, c := range f.Columns {
			have[c.To] = true
		}
		m := nativeCandidates(f.container, have)
		if len(m) == 0 {
			return nil, &table.Fault{Rule: "is not recognised as one of the tables; it has the columns " + Listed(f.columns), Remedy: "set the source's table, or its format"}
		}
		f.Table = m[0].Table
	}
	cols := table.ColumnsOf(f.Table)
	if cols == nil {
		return nil, &table.Fault{Column: "table", Value: string(f.Table), Rule: "is not a table", Remedy: fmt.Sprintf("take one of %v", table.Kinds())}
	}
	var uses []Use
	for _, c := range cols {
		if slices.Contains(positionColumns, c.Name) {
			continue
		}
		// A currency may stand in the configuration instead of the file.
		must := c.Required && !(c.Name == "currency" && f.Currency != "")
		uses = append(uses, Use{To: c.Name, From: []string{c.Name}, Must: must && len(f.columns) > 0 && !f.mapped(c.Name)})
	}
	return uses, nil
}

// mapped tells whether the configuration maps an existing column onto a value.
func (f *file) mapped(to string) bool {
	return slices.ContainsFunc(f.Columns, func(c ColumnMap) bool { return c.To == to && f.lists(c.From) })
}

// nativeSignature is what a file must have to be taken for a table: its
// required columns and, where these are common words, one that is not.
func nativeSignature(k table.Kind) []string {
	var sig []string
	for _, c := range table.ColumnsOf(k) {
		if c.Required {
			sig = append(sig, c.Name)
		}
	}
	switch k {
	case table.Customers:
		sig = append(sig, "customer_key|email|provider_key", "created_at|provider_key|customer_key")
	case table.Transactions:
		sig = append(sig, "transaction_key|customer_key|email|purchase_id")
	case table.Rewards:
		sig = append(sig, "reward_key", "amount|status")
	case table.Links:
		sig = append(sig, "link_id|url", "url|destination_url")
	case table.Partners:
		sig = append(sig, "name|domain|coupon")
	}
	return sig
}

// nativeCandidates lists the tables a file could hold: the one most of whose
// columns it has first.
func nativeCandidates(container rows.Container, have map[string]bool) []Match {
	src := Get(Native)
	if !slices.Contains(src.Containers, container) {
		return nil
	}
	var out []Match
	for _, k := range table.Kinds() {
		if signed(nativeSignature(k), have) == nil {
			continue
		}
		m := Match{Source: src, Table: k}
		for _, c := range table.ColumnsOf(k) {
			if have[c.Name] && !slices.Contains(positionColumns, c.Name) {
				m.Matched = append(m.Matched, c.Name)
			}
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Match) int { return len(b.Matched) - len(a.Matched) })
	return out
}

func beginNative(f *file) error {
	s := f.sink
	switch f.Table {
	case table.Clicks:
		f.m.row = nativeRow(f, s.Clicks(), func(r *table.Click) (table.Time, error) {
			r.IP = publicIP(r.IP)
			return r.ClickedAt, nil
		})
		f.m.glimpse = f.glimpseNativeClick()
	case table.Visits:
		cookies := f.container != rows.JSON && (f.field("partner_cookie").present() || f.field("click_cookie").present())
		f.m.row = nativeRow(f, s.Visits(), func(r *table.Visit) (table.Time, error) {
			r.IP = publicIP(r.IP)
			if cookies && r.CookiesLogged == table.Unknown {
				r.CookiesLogged = table.Yes
			}
			return r.VisitedAt, nil
		})
		f.m.glimpse = f.glimpseNativeVisit(cookies)
	case table.Signups:
		f.m.row = nativeRow(f, s.Signups(), func(r *table.Signup) (table.Time, error) {
			r.IP = publicIP(r.IP)
			return r.SignedUpAt, nil
		})
	case table.Purchases:
		f.m.row = nativeRow(f, s.Purchases(), func(r *table.Purchase) (table.Time, error) {
			r.IP = publicIP(r.IP)
			return r.PurchasedAt, nativePurchase(r)
		})
	case table.Customers:
		f.m.row = nativeRow(f, s.Customers(), func(r *table.Customer) (table.Time, error) { return r.CreatedAt, nil })
	case table.Transactions:
		f.m.row = nativeRow(f, s.Transactions(), func(r *table.Transaction) (table.Time, error) { return r.CreatedAt, nil })
	case table.Rewards:
		f.m.row = nativeRow(f, s.Rewards(), func(r *table.Reward) (table.Time, error) { return r.CreatedAt, nil })
	case table.Links:
		f.m.row = nativeRow(f, s.Links(), func(*table.Link) (table.Time, error) { return 0, nil })
	case table.Partners:
		f.m.row = nativeRow(f, s.Partners(), func(*table.Partner) (table.Time, error) { return 0, nil })
	case table.PageChecks:
		f.m.row = nativeRow(f, s.PageChecks(), func(r *table.PageCheck) (table.Time, error) { return r.CheckedAt, nil })
	case table.Consents:
		f.m.row = nativeRow(f, s.Consents(), func(r *table.Consent) (table.Time, error) {
			r.IP = publicIP(r.IP)
			switch c := strings.ToLower(r.Choice); c {
			case "granted", "denied":
				r.Choice = c
				return r.DecidedAt, nil
			}
			return 0, &table.Fault{Column: "choice", Rule: "is neither granted nor denied", Remedy: "write granted or denied"}
		})
	case table.Claims:
		f.m.row = nativeRow(f, s.Claims(), func(r *table.Claim) (table.Time, error) { return r.ClaimedAt, nil })
	}
	return nil
}

func (f *file) glimpseNativeClick() func([]string, *table.Glance) (Sight, string) {
	var (
		when, partner, click = f.field("clicked_at"), f.field("partner_key"), f.field("click_id")
		visitor, email, ip   = f.field("visitor_id"), f.field("email"), f.field("ip")
	)
	return func(values []string, g *table.Glance) (Sight, string) {
		at, ok := rfc3339(when.id(values))
		address, sure := f.glimpseIP(ip, values)
		if !ok || !sure || partner.id(values) == "" {
			return Unsure, ""
		}
		*g = table.Glance{At: at, Click: true, VisitorID: visitor.id(values), Email: email.id(values), ClickID: click.id(values), IP: address}
		return Seen, ""
	}
}

func (f *file) glimpseNativeVisit(cookies bool) func([]string, *table.Glance) (Sight, string) {
	var (
		when, address, referrer = f.field("visited_at"), f.field("url"), f.field("referrer")
		visitor, email, ip      = f.field("visitor_id"), f.field("email"), f.field("ip")
		status, logged          = f.field("http_status"), f.field("cookies_logged")
	)
	return func(values []string, g *table.Glance) (Sight, string) {
		at, ok := rfc3339(when.id(values))
		from, sure := f.glimpseIP(ip, values)
		page := address.id(values)
		if s := status.id(values); !ok || !sure || page == "" || len(s) > 18 || !digitsOnly(s) {
			return Unsure, ""
		}
		said, err := answer(logged.id(values))
		if err != nil {
			return Unsure, ""
		}
		*g = table.Glance{At: at, VisitorID: visitor.id(values), Email: email.id(values), IP: from, URL: page, Referrer: referrer.id(values),
			CookiesLogged: said == table.Yes || said == table.Unknown && cookies}
		return f.glimpseVisit(g)
	}
}

// nativePurchase checks what only the columns together tell.
func nativePurchase(r *table.Purchase) error {
	word := r.Status
	var err error
	if r.Status, err = statusOf(word); err != nil {
		return in("status", word, err)
	}
	payment := *r
	payment.Amount = 0
	if payment.IsReversal() { // by status or reversal_of, not by its sign alone
		switch r.Status {
		case table.StatusRefund, table.StatusChargeback, table.StatusChargebackWon:
		case table.StatusDisputed, table.StatusDisputedLost:
			r.Status = table.StatusChargeback
		default:
			r.Status = table.StatusRefund
		}
		if (r.Amount > 0) != (r.Status == table.StatusChargebackWon) {
			return &table.Fault{Column: "amount", Rule: "has the wrong sign for a " + r.Status + " row", Remedy: "money given back is negative, money returned positive"}
		}
		return nil
	}
	if r.Amount < 0 {
		return &table.Fault{Column: "amount", Rule: "is negative and the row is no reversal", Remedy: "name the payment it corrects in reversal_of, or put what was given back into refunded"}
	}
	settle(r)
	return nil
}

// emptyWords are the text columns in which a word such as "null" means
// nothing; in names, notes and countries it may mean what it says.
var emptyWords = map[string]bool{
	"click_id": true, "link_id": true, "landing_url": true, "referrer": true, "visitor_id": true, "email": true, "ip": true, "user_agent": true,
	"url": true, "partner_cookie": true, "click_cookie": true, "customer_key": true, "customer_id": true, "invoice_id": true, "subscription_id": true,
	"partner_key": true, "purchase_id": true, "provider_key": true, "coupon": true, "customer_email": true,
}

// moneyColumns are int64 columns that hold an amount; the others hold numbers.
var moneyColumns = []string{"amount", "refunded", "disputed"}

// nativeRow compiles the row type into one assignment per column that the file
// has. Money comes last, as it needs the currency; finish cleans the row,
// judges it as a whole and names its time.
func nativeRow[T table.Row](f *file, b *table.Builder[T], finish func(*T) (table.Time, error)) func(table.Pos, []string) (string, error) {
	var row T
	v := reflect.ValueOf(&row).Elem()
	pos := v.FieldByName("Pos").Addr().Interface().(*table.Pos)
	var sets, moneySets []func(values []string) error
	var currency *string
	for _, sf := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(sf.Tag.Get("col"), ",")
		if name == "" || slices.Contains(positionColumns, name) {
			continue
		}
		c := f.field(name)
		switch p := v.FieldByIndex(sf.Index).Addr().Interface().(type) {
		case *string:
			switch {
			case name == "currency":
				currency = p
				sets = append(sets, func(values []string) (err error) {
					s := c.of(values)
					if s == "" && f.Table == table.Rewards && f.Currency == "" {
						return nil
					}
					*p, err = f.currency(s)
					return in(c.name, s, err)
				})
			case emptyWords[name]:
				sets = append(sets, func(values []string) error { *p = c.id(values); return nil })
			default:
				sets = append(sets, func(values []string) error { *p = c.of(values); return nil })
			}
			if name == "purchase_id" {
				sets = append(sets, func(values []string) (err error) { *p, err = purchaseID(c, values); return err })
			}
		case *table.Time:
			sets = append(sets, parsed(c, p, f.instant))
		case *table.Date:
			sets = append(sets, parsed(c, p, f.day))
		case *table.Answer:
			sets = append(sets, parsed(c, p, answer))
		case *int64:
			if !slices.Contains(moneyColumns, name) {
				sets = append(sets, parsed(c, p, func(s string) (int64, error) {
					n, err := strconv.ParseInt(s, 10, 64)
					if err != nil {
						return 0, &table.Fault{Value: s, Rule: "is not a whole number", Remedy: "write digits only"}
					}
					return n, nil
				}))
				continue
			}
			moneySets = append(moneySets, nativeMoney(f, c, name, p, &row, &currency))
		}
	}
	sets = append(sets, moneySets...)
	return func(at table.Pos, values []string) (string, error) {
		v.SetZero()
		*pos = at
		for _, set := range sets {
			if err := set(values); err != nil {
				return "", err
			}
		}
		t, err := finish(&row)
		var ft *table.Fault
		if errors.As(err, &ft) {
			return "", withValue(ft, f.field(ft.Column).of(values)) // the file's text, not what was made of it
		}
		if err != nil {
			return "", err
		}
		// A page opened with a partner's parameters was reached by a click,
		// whoever wrote the log.
		if visit, ok := any(&row).(*table.Visit); ok {
			return "", f.putVisit(visit, "")
		}
		return "", put(f, f.Table, b, t, &row)
	}
}

// nativeMoney reads an amount. What was refunded or disputed may also be a
// plain yes, which means all of it.
func nativeMoney[T table.Row](f *file, c field, name string, p *int64, row *T, currency **string) func([]string) error {
	return func(values []string) error {
		s := c.of(values)
		if s == "" {
			if name == "amount" && f.Table != table.Rewards {
				return &table.Fault{Column: c.name, Rule: "is required and is empty", Remedy: "fill it in, or map the column that holds it"}
			}
			return nil
		}
		if name != "amount" {
			if purchase, ok := any(row).(*table.Purchase); ok {
				switch strings.ToLower(s) {
				case "true", "yes":
					*p = purchase.Amount
					return nil
				case "false", "no":
					return nil
				}
			}
		}
		if **currency == "" {
			return &table.Fault{Column: c.name, Value: s, Rule: "is an amount without a currency", Remedy: "fill in the currency, or set the source's"}
		}
		n, err := table.ParseAmount(s, **currency, f.Unit)
		if err == nil && n < 0 && name != "amount" {
			err = &table.Fault{Value: s, Rule: "is negative", Remedy: "write what was given back as a positive amount"}
		}
		*p = n
		return in(c.name, s, err)
	}
}

// parsed assigns the parsed value of a column, nothing where it is empty.
func parsed[V any](c field, p *V, parse func(string) (V, error)) func([]string) error {
	return func(values []string) error {
		s := c.id(values)
		if s == "" {
			return nil
		}
		v, err := parse(s)
		if err != nil {
			return in(c.name, s, err)
		}
		*p = v
		return nil
	}
}
