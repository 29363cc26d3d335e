package simulate

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"lostlink/ingest/table"
)

// The columns of Stripe's payments export: the vendor's own choice, the
// default ones, and all.
const (
	stripeChosen  = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Description,Fee,Mode,PaymentIntent ID,Refunded date (UTC),Status,Customer ID,Customer Description,Customer Email,Disputed Amount,Dispute Date (UTC),Dispute Reason,Dispute Status,Invoice ID,Card Issue Country"
	stripeDefault = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Customer ID,Customer Description,Customer Email,Invoice ID,Transfer"
	stripeAll     = "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Converted Amount Refunded,Converted Currency,Description,Fee,Is Link,Mode,PaymentIntent ID,Payment Source Type,Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,Card Name,Card Address Line1,Card Address Line2,Card Address City,Card Address State,Card Address Country,Card Address Zip,Card AVS Line1 Status,Card AVS Zip Status,Card Brand,Card CVC Status,Card Exp Month,Card Exp Year,Card Fingerprint,Card Funding,Card Issue Country,Card Last4,Card Tokenization Method,Customer ID,Customer Description,Customer Email,Customer Phone,Shipping Name,Shipping Address Line1,Shipping Address Line2,Shipping Address City,Shipping Address State,Shipping Address Country,Shipping Address Postal Code,Disputed Amount,Dispute Date (UTC),Dispute Evidence Due (UTC),Dispute Reason,Dispute Status,Invoice ID,Invoice Number,Checkout Session ID,Checkout Custom Field 1 Key,Checkout Custom Field 1 Value,Checkout Custom Field 2 Key,Checkout Custom Field 2 Value,Checkout Custom Field 3 Key,Checkout Custom Field 3 Value,Checkout Line Item Summary,Checkout Promotional Consent,Checkout Terms of Service Consent,Client Reference ID,Payment Link ID,UTM Campaign,UTM Content,UTM Medium,UTM Source,UTM Term,Application Fee,Application ID,Destination,Transfer,Transfer Group"
)

// The vendor's own metadata columns.
const (
	stripeCoupon = "coupon (metadata)"
	stripeKey    = "customer_key (metadata)"
)

func (m *maker) stripeHeader() []string {
	columns := map[string]string{"chosen": stripeChosen, "default": stripeDefault, "all": stripeAll}[m.opt.Formats.StripeColumns]
	return append(strings.Split(columns, ","), stripeCoupon, stripeKey)
}

func (m *maker) stripeSource() *Source {
	return &Source{Name: "stripe", Format: "stripe_payments", Files: []string{"stripe_payments.csv"},
		Columns: []ColumnMap{{From: stripeCoupon, To: "coupon"}, {From: stripeKey, To: "customer_key"}}}
}

func (m *maker) stripeRows(add func(...string)) {
	header := m.stripeHeader()
	row := make([]string, len(header))
	m.eachPayment(func(p *payment) {
		for i, column := range header {
			row[i] = p.stripe(column)
		}
		add(row...)
	})
}

const stripeTime = "2006-01-02 15:04:05"

func (p *payment) stripe(column string) string {
	when := func(t table.Time) string {
		if t == 0 {
			return ""
		}
		return t.Std().Format(stripeTime)
	}
	money := func(minor int64) string { return table.FormatAmount(minor, p.currency) }
	tail := strings.TrimPrefix(p.id, "ch_")
	disputed := func(s string) string {
		if p.dispute == "" {
			return ""
		}
		return s
	}
	switch column {
	case "id":
		return p.id
	case "Created date (UTC)":
		return when(p.at)
	case "Amount", "Converted Amount":
		return money(p.minor)
	case "Amount Refunded", "Converted Amount Refunded":
		return money(p.refunded)
	case "Currency", "Converted Currency":
		return strings.ToLower(p.currency)
	case "Captured":
		return strconv.FormatBool(!p.failed)
	case "Fee", "Taxes On Fee":
		return money(0)
	case "Decline Reason":
		if p.failed {
			return "insufficient_funds"
		}
	case "Description":
		if p.subscription != "" {
			return "Subscription update"
		}
		return "Payment"
	case "Mode":
		if p.live {
			return "Live"
		}
		return "Test"
	case "PaymentIntent ID":
		return "pi_" + tail
	case "Payment Source Type":
		return "card"
	case "Refunded date (UTC)":
		return when(p.refundedAt)
	case "Statement Descriptor":
		return "VENDOR EXAMPLE"
	case "Status":
		switch {
		case p.failed:
			return "Failed"
		case p.refunded == p.minor:
			return "Refunded"
		}
		return "Paid"
	case "Card ID":
		return "pm_" + tail
	case "Card Name":
		return p.person.name()
	case "Card Issue Country":
		return p.person.country.code
	case "Customer ID":
		return p.person.customerID()
	case "Customer Description":
		return p.person.name()
	case "Customer Email":
		return p.email
	case "Disputed Amount":
		return disputed(money(p.minor))
	case "Dispute Date (UTC)":
		return when(p.disputedAt)
	case "Dispute Reason":
		return disputed("fraudulent")
	case "Dispute Status":
		return p.dispute
	case "Invoice ID":
		if p.subscription != "" {
			return "in_" + tail
		}
	case stripeCoupon:
		return p.coupon
	case stripeKey:
		return p.key()
	}
	return ""
}

// payPalHeader is every field of an activity download.
const payPalHeader = "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,Shipping Address,Address Status,Item Title,Item ID,Shipping and Handling Amount,Insurance Amount,Sales Tax,Option 1 Name,Option 1 Value,Option 2 Name,Option 2 Value,Reference Txn ID,Invoice Number,Custom Number,Quantity,Receipt ID,Balance,Address Line 1,Address Line 2/District/Neighborhood,Town/City,State/Province/Region/County/Territory/Prefecture/Republic,Zip/Postal Code,Country,Contact Phone Number,Subject,Note,Country Code,Balance Impact"

func (m *maker) payPalSource() *Source {
	return &Source{Name: "paypal", Format: "paypal_activity", Files: []string{"paypal.csv"}, Zone: m.payPalZone(), DateOrder: "mdy",
		Columns: []ColumnMap{{From: "Custom Number", To: "customer_key"}, {From: "Option 1 Value", To: "coupon"}}}
}

func (m *maker) payPalZone() string {
	h := m.opt.Formats.PayPalZone
	sign := '+'
	if h < 0 {
		sign, h = '-', -h
	}
	return fmt.Sprintf("%c%02d:00", sign, h)
}

// writePayPal writes the activity as the download does: a byte order mark,
// every cell quoted, times of the account's zone, refunds as rows of their own.
func (m *maker) writePayPal(w io.Writer) error {
	type row struct {
		at    table.Time
		cells map[string]string
	}
	var rows []row
	offset := table.Time(m.opt.Formats.PayPalZone) * table.Hour
	zone := map[int]string{-8: "PST", -5: "EST", 1: "CET", 0: "GMT"}[m.opt.Formats.PayPalZone]
	if zone == "" {
		zone = "GMT" + m.payPalZone()
	}
	add := func(at table.Time, p *payment, minor int64, cells map[string]string) {
		local := (at + offset).Std()
		gross := thousands(table.FormatAmount(minor, p.currency))
		for name, value := range map[string]string{"Date": local.Format("01/02/2006"), "Time": local.Format("15:04:05"), "TimeZone": zone,
			"Name": p.person.name(), "Currency": p.currency, "Gross": gross, "Fee": table.FormatAmount(0, p.currency), "Net": gross,
			"Item Title": "Licence", "Custom Number": p.key(), "Country Code": p.person.country.code} {
			cells[name] = value
		}
		if p.coupon != "" {
			cells["Option 1 Name"], cells["Option 1 Value"] = "coupon", p.coupon
		}
		rows = append(rows, row{at, cells})
	}
	const merchant = "pay@vendor.example"
	m.eachPayment(func(p *payment) {
		cells := map[string]string{"Type": "Website Payment", "Status": "Completed", "From Email Address": p.email, "To Email Address": merchant,
			"Transaction ID": p.id, "Balance Impact": "Credit"}
		if p.subscription != "" {
			cells["Type"], cells["Reference Txn ID"] = "Subscription Payment", "I-"+strings.ToUpper(p.subscription[len(p.subscription)-12:])
		}
		switch {
		case p.failed:
			cells["Status"], cells["Balance Impact"] = "Denied", "Memo"
		case p.refunded == p.minor && mix(uint64(p.at))%2 == 0:
			cells["Status"] = "Refunded"
		case p.refunded > 0 && p.refunded < p.minor && mix(uint64(p.at))%2 == 0:
			cells["Status"] = "Partially Refunded"
		}
		add(p.at, p, p.minor, cells)
		if p.refunded > 0 {
			add(p.refundedAt, p, -p.refunded, map[string]string{"Type": "Payment Refund", "Status": "Completed", "From Email Address": merchant,
				"To Email Address": p.email, "Transaction ID": "R" + p.id[:16], "Reference Txn ID": p.id, "Balance Impact": "Debit"})
		}
	})
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].at < rows[j].at })
	header := strings.Split(payPalHeader, ",")
	var b strings.Builder
	b.WriteString("\ufeff")
	line := func(cell func(column string) string) {
		for i, column := range header {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('"')
			b.WriteString(strings.ReplaceAll(cell(column), `"`, `""`))
			b.WriteByte('"')
		}
		b.WriteByte('\n')
	}
	line(func(column string) string { return column })
	for _, r := range rows {
		line(func(column string) string { return r.cells[column] })
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// thousands puts commas into a plain number.
func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, dotted := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dotted {
		whole += "." + frac
	}
	return sign + whole
}
