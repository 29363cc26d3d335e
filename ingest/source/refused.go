package source

import "lostlink/ingest/rows"

// Exports that people take for a list of payments and that are not, or that
// lack what is needed. They are recognised so that the message can say which
// export to take instead.
var _ = refuse("stripe_payouts", "Stripe payouts export",
	"it lists money sent to the bank, not purchases; take Transactions > Payments > Export, all columns",
	[]string{"id", "Arrival Date (UTC)", "Destination", "Method"})

var _ = refuse("stripe_customers", "Stripe customers export",
	"it lists no purchases; take Transactions > Payments > Export, all columns",
	[]string{"id", "Email", "Created (UTC)", "Delinquent"})

var _ = refuse("stripe_balance", "Stripe balance activity export",
	"it has no e-mail addresses; take Transactions > Payments > Export, all columns",
	[]string{"id", "Type", "Source", "Net", "Available On (UTC)"})

var _ = refuse("stripe_itemized", "Stripe itemized report",
	"it has no e-mail addresses; take Transactions > Payments > Export, all columns",
	[]string{"balance_transaction_id", "reporting_category", "gross", "net"})

var _ = refuse("paypal_minimal", "PayPal activity download without details",
	"download the activity again with all fields: it needs at least Gross, Net, From Email Address, To Email Address, Transaction ID and Reference Txn ID",
	[]string{"Date", "Time", "TimeZone", "Name", "Type", "Status", "Amount", "Receipt ID"})

var _ = refuse("paypal_statement", "PayPal statement report",
	"it has no status of the payments; take Activity > Download with all fields",
	[]string{"Date", "Time Zone", "Description", "Gross", "Transaction ID", "Bank Account"})

var _ = refuse("square_items", "Square items export",
	"it has one row per item sold; export the transactions and map them onto the table purchases (format native)",
	[]string{"Item", "Qty", "Price Point Name", "Payment ID"})

func refuse(name, title, instead string, signatures ...[]string) bool {
	return register(&Source{Name: name, Title: title, Refused: instead, Signatures: signatures, Containers: []rows.Container{rows.CSV, rows.XLSX}})
}
