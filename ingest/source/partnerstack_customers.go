package source

import (
	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// The three lists of the PartnerStack API (v2), as list responses or one
// object a line: times in epoch milliseconds, amounts in minor units.
const partnerstackWhere = "PartnerStack API v2, GET /api/v2/"

var _ = register(&Source{
	Name:  "partnerstack_customers",
	Title: "PartnerStack customers (API)",
	Where: partnerstackWhere + "customers: the responses as they are, or one object a line.",
	Example: Example{
		In:  `{"key":"cust_9d80","customer_key":"c-17","email":"lena@example.com","partner_key":"acme","provider_key":"cus_9xYz","test":false,"created_at":1769949430000}`,
		Out: `a customer c-17 (lena@example.com) credited to partner acme since 2026-02-01 12:37:10 UTC`,
	},
	Containers: []rows.Container{rows.JSON},
	Tables:     []table.Kind{table.Customers},
	Uses: []Use{
		{To: "partner_key", From: []string{"partner_key", "partnership.partner_key"}},
		{To: "customer_key", From: []string{"customer_key", "external_key"}},
		{To: "email", From: []string{"email"}},
		{To: "name", From: []string{"name"}},
		{To: "created_at", From: []string{"created_at"}},
		{To: "provider_key", From: []string{"provider_key"}},
		{To: "test", From: []string{"test"}},
		{To: "key", From: []string{"key"}},
	},
	Signatures: [][]string{
		{"key", "partner_key", "customer_key", "email", "created_at", "partnership_key|source_type|field_data|provider_key"},
	},
	begin: beginPartnerstackCustomers,
})

func beginPartnerstackCustomers(f *file) error {
	var (
		partner, customer, email, name = f.field("partner_key"), f.field("customer_key"), f.field("email"), f.field("name")
		created, provider, test, key   = f.field("created_at"), f.field("provider_key"), f.field("test"), f.field("key")
		customers                      = f.sink.Customers()
	)
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		c := table.Customer{Pos: pos, PartnerKey: partner.id(values), CustomerKey: customer.id(values), Email: email.id(values),
			Name: name.of(values), ProviderKey: provider.id(values), Key: key.id(values)}
		var err error
		if c.CreatedAt, err = epochMillis(created.of(values)); err != nil {
			return "", in(created.name, "", err)
		}
		if c.Test, err = answer(test.of(values)); err != nil {
			return "", in(test.name, "", err)
		}
		return "", put(f, table.Customers, customers, c.CreatedAt, &c)
	}
	return nil
}
