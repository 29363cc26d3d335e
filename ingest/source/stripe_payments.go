package source

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "stripe_payments",
	Title: "Stripe payments export",
	Where: `Stripe Dashboard, Transactions > Payments > Export (unified_payments.csv); take all columns, metadata included.`,
	Example: Example{
		In:  `ch_1AbC,2026-02-01 07:40:28,29.00,0.00,eur,true,Paid,cus_9xYz,lena@example.com (id, Created date (UTC), Amount, Amount Refunded, Currency, Captured, Status, Customer ID, Customer Email)`,
		Out: `a purchase ch_1AbC of EUR 29.00 on 2026-02-01 07:40:28 UTC by lena@example.com, customer cus_9xYz`,
	},
	Containers: []rows.Container{rows.CSV},
	Tables:     []table.Kind{table.Purchases},
	Zone:       "UTC",
	Unit:       table.Major,
	Uses: []Use{
		{To: "purchase_id", From: []string{"id"}, Must: true},
		{To: "amount", From: []string{"Amount"}, Must: true},
		{To: "currency", From: []string{"Currency"}, Must: true},
		{To: "status", From: []string{"Status"}, Must: true},
		{To: "refunded", From: []string{"Amount Refunded"}, Must: true},
		{To: "captured", From: []string{"Captured"}},
		{To: "mode", From: []string{"Mode"}},
		{To: "disputed", From: []string{"Disputed Amount"}},
		{To: "dispute_status", From: []string{"Dispute Status"}},
		{To: "email", From: []string{"Customer Email"}},
		{To: "name", From: []string{"Card Name", "Shipping Name", "Customer Description"}},
		{To: "customer_id", From: []string{"Customer ID"}},
		{To: "customer_key", From: []string{"customer_key (metadata)", "Client Reference ID"}},
		{To: "partner_key", From: []string{"partner_key (metadata)", "ps_partner_key (metadata)", "growSumoPartnerKey (metadata)"}},
		{To: "click_id", From: []string{"ps_xid (metadata)", "gsxid (metadata)", "click_id (metadata)"}},
		{To: "coupon", From: []string{"coupon (metadata)"}},
		{To: "invoice_id", From: []string{"Invoice ID"}},
		{To: "subscription_id", From: []string{"subscription_id (metadata)"}},
		{To: "country", From: []string{"Card Issue Country", "Card Address Country"}},
		// purchased_at is found by its header, which names the zone.
		{To: "purchased_at"},
	},
	Signatures: [][]string{
		{"id", "Amount", "Amount Refunded", "Currency", "Status", "Created date (UTC)|Created (UTC)"},
		{"id", "Amount", "Amount Refunded", "Currency", "Status", "Captured", "Customer ID"}, // another zone in the header
	},
	begin: beginStripePayments,
})

// stripeCreated is the header of the creation time; it names the zone chosen
// in the export dialog.
var stripeCreated = regexp.MustCompile(`(?i)^created(?: date)?(?: \((.+)\))?$`)

func beginStripePayments(f *file) error {
	if len(f.froms["purchased_at"]) == 0 {
		for _, c := range f.columns {
			m := stripeCreated.FindStringSubmatch(strings.TrimSpace(c))
			if m == nil {
				continue
			}
			f.froms["purchased_at"] = []string{c}
			if m[1] != "" {
				z, ok := rowZone(m[1])
				if !ok && f.Zone == "" {
					return &table.Fault{Column: c, Value: m[1], Rule: "names a time zone that is not known", Remedy: "export in UTC, or set the source's zone"}
				}
				if ok {
					f.zone = z
				}
			}
			break
		}
	}
	if len(f.froms["purchased_at"]) == 0 {
		return f.lacks(Use{To: "purchased_at", From: []string{"Created date (UTC)", "Created (UTC)"}})
	}
	var (
		id, created, amount, currency = f.field("purchase_id"), f.field("purchased_at"), f.field("amount"), f.field("currency")
		status, refunded, captured    = f.field("status"), f.field("refunded"), f.field("captured")
		mode                          = f.field("mode")
		disputed, disputeStatus       = f.field("disputed"), f.field("dispute_status")
		email, name, customerID       = f.field("email"), f.field("name"), f.field("customer_id")
		customerKey, partnerKey       = f.field("customer_key"), f.field("partner_key")
		clickID, coupon               = f.field("click_id"), f.field("coupon")
		invoice, subscription         = f.field("invoice_id"), f.field("subscription_id")
		country                       = f.field("country")
		purchases                     = f.sink.Purchases()
	)
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		p := table.Purchase{
			Pos: pos, Processor: "stripe", Email: email.id(values), Name: name.of(values), CustomerID: customerID.id(values),
			CustomerKey: customerKey.id(values), PartnerKey: partnerKey.id(values), ClickID: clickID.id(values), Coupon: coupon.id(values),
			InvoiceID: invoice.id(values), SubscriptionID: subscription.id(values), Country: country.of(values),
		}
		var err error
		if p.Status, err = stripeStatus(status.of(values)); err != nil {
			return "", in(status.name, status.of(values), err)
		}
		if p.Status != table.StatusFailed && strings.EqualFold(captured.of(values), "false") {
			return "authorised but not captured", nil
		}
		if p.PurchaseID, err = purchaseID(id, values); err != nil {
			return "", err
		}
		if p.PurchasedAt, err = local(f.zone, created.of(values), "2006-01-02 15:04:05", "2006-01-02 15:04"); err != nil {
			return "", in(created.name, created.of(values), err)
		}
		if p.Currency, err = f.currency(currency.of(values)); err != nil {
			return "", in(currency.name, currency.of(values), err)
		}
		if p.Amount, err = f.moneyRequired(amount, values, p.Currency); err != nil {
			return "", err
		}
		if p.Refunded, err = f.money(refunded, values, p.Currency); err != nil {
			return "", err
		}
		if p.Disputed, err = f.money(disputed, values, p.Currency); err != nil {
			return "", err
		}
		switch strings.ToLower(mode.of(values)) {
		case "live":
			p.Live = table.Yes
		case "test":
			p.Live = table.No
		case "":
		default:
			return "", &table.Fault{Column: mode.name, Value: mode.of(values), Rule: "is neither Live nor Test", Remedy: "export the file again without editing it"}
		}
		settle(&p)
		stripeDispute(&p, disputeStatus.of(values))
		if p.PurchaseID == "" {
			p.PurchaseID = contentID(values)
			f.note("the payment has no id; one was made from the row's content", 1)
		}
		return "", put(f, table.Purchases, purchases, p.PurchasedAt, &p)
	}
	return nil
}

func stripeStatus(s string) (string, error) {
	switch strings.ToLower(s) {
	case "paid", "succeeded":
		return table.StatusPaid, nil
	case "refunded":
		return table.StatusRefunded, nil
	case "partially refunded":
		return table.StatusPartlyRefund, nil
	case "failed", "blocked", "declined", "early_fraud_warning_blocked":
		return table.StatusFailed, nil
	case "pending", "processing", "requires_action", "requires_confirmation", "requires_payment_method", "incomplete":
		return table.StatusPending, nil
	case "canceled", "cancelled":
		return table.StatusCanceled, nil
	case "disputed":
		return table.StatusDisputed, nil
	}
	return "", &table.Fault{Value: s, Rule: "is not a payment status of Stripe", Remedy: "check that the file is a payments export; its words are Paid, Refunded, Failed, Pending and Canceled"}
}

// stripeDispute lets the state of a dispute decide: only a lost one has taken
// the money for good. Without the state, what is disputed counts as taken.
func stripeDispute(p *table.Purchase, state string) {
	state = strings.ToLower(strings.ReplaceAll(state, " ", "_"))
	switch {
	case state == "":
		return
	case state == "lost":
		if p.Disputed == 0 {
			p.Disputed = p.Amount - p.Refunded
		}
		if p.Status != table.StatusFailed && p.Status != table.StatusRefunded {
			p.Status = table.StatusDisputedLost
		}
	case state == "won", state == "prevented", strings.HasPrefix(state, "warning"): // warnings only ask
		p.Disputed = 0
		if p.Status == table.StatusDisputed {
			p.Status = table.StatusPaid
			settle(p)
		}
	default: // open
		p.Disputed = 0
	}
}

// contentID stands in for an id that the export left empty. The same row in
// another export gets the same one.
func contentID(values []string) string {
	h := sha256.Sum256([]byte(strings.Join(values, "\x00")))
	return "row-" + hex.EncodeToString(h[:8])
}
