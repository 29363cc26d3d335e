package bulk

// Columns and limits: support.tapfiliate.com, article 2446220.
var _ = register(&Platform{
	Name:   "tapfiliate",
	Title:  "Tapfiliate",
	Where:  "the CSV import of conversions",
	Source: "support.tapfiliate.com, article 2446220; `program` is yours to give",
	Files: []File{{
		Name: "conversions", Kind: Sale, RowsMax: 2500, BytesMax: 25_000_000,
		Heads: []Head{
			{Name: "external_id", From: "purchase_id", Must: true},
			{Name: "amount", From: "amount", Must: true},
			{Name: "created_at", From: "purchased_at", Must: true},
			{Name: "affiliate_email", From: "partner_email", Must: true},
			{Name: "program", Must: true},
			{Name: "currency", From: "currency"},
			{Name: "customer_id", From: "customer_key"},
			{Name: "click_date", From: "clicked_at"},
		},
	}},
})
