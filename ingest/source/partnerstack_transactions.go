package source

import (
	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "partnerstack_transactions",
	Title: "PartnerStack transactions (API)",
	Where: partnerstackWhere + "transactions: the responses as they are, or one object a line.",
	Example: Example{
		In:  `{"key":"trx_feb6","amount":4900,"currency":"USD","archived":false,"test":false,"customer":{"key":"cust_9d80","email":"lena@example.com","external_key":"c-17"},"metadata":{"charge_id":"ch_1AbC"},"created_at":1770002061000}`,
		Out: `a transaction trx_feb6 of USD 49.00 on 2026-02-02 03:14:21 UTC for customer c-17, payment ch_1AbC`,
	},
	Containers: []rows.Container{rows.JSON},
	Tables:     []table.Kind{table.Transactions},
	Unit:       table.Minor,
	Uses: []Use{
		{To: "created_at", From: []string{"created_at"}},
		{To: "amount", From: []string{"amount"}},
		{To: "currency", From: []string{"currency"}},
		{To: "transaction_key", From: []string{"key"}},
		{To: "customer_key", From: []string{"customer.external_key", "customer.customer_key", "customer_external_key", "customer.key", "customer_key"}},
		{To: "email", From: []string{"customer.email", "customer_email"}},
		{To: "purchase_id", From: []string{
			"metadata.charge_id", "metadata.payment_id", "metadata.purchase_id", "metadata.transaction_id", "metadata.order_id",
			"metadata.payment_intent_id", "metadata.payment_intent", "metadata.invoice_id", "metadata.id",
		}},
		{To: "archived", From: []string{"archived"}},
		{To: "test", From: []string{"test"}},
	},
	Signatures: [][]string{
		{"key", "amount", "currency", "created_at", "customer.key|customer.email|customer.external_key|customer_key", "approved|archived|amount_usd|category_key|product_key"},
	},
	begin: beginPartnerstackTransactions,
})

func beginPartnerstackTransactions(f *file) error {
	var (
		created, amount, currency     = f.field("created_at"), f.field("amount"), f.field("currency")
		key, customer, email          = f.field("transaction_key"), f.field("customer_key"), f.field("email")
		purchase, archived, testField = f.field("purchase_id"), f.field("archived"), f.field("test")
		transactions                  = f.sink.Transactions()
	)
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		t := table.Transaction{Pos: pos, TransactionKey: key.id(values), CustomerKey: customer.id(values), Email: email.id(values), PurchaseID: purchase.id(values)}
		var err error
		if t.CreatedAt, err = epochMillis(created.of(values)); err != nil {
			return "", in(created.name, "", err)
		}
		if t.Currency, err = f.currency(currency.of(values)); err != nil {
			return "", in(currency.name, "", err)
		}
		if amount.of(values) == "" {
			return "", &table.Fault{Column: amount.name, Rule: "is required and is empty", Remedy: "take the file from the API as it is"}
		}
		if t.Amount, err = f.money(amount, values, t.Currency); err != nil {
			return "", err
		}
		if t.Archived, err = answer(archived.of(values)); err != nil {
			return "", in(archived.name, "", err)
		}
		if t.Test, err = answer(testField.of(values)); err != nil {
			return "", in(testField.name, "", err)
		}
		return "", put(f, table.Transactions, transactions, t.CreatedAt, &t)
	}
	return nil
}
