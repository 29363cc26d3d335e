package bulk

import "lostlink/ingest/table"

// awinYears is how old a sale may be.
const awinYears = 4

// Columns and limits: wiki.awin.com, Uploading_transaction_queries.
var _ = register(&Platform{
	Name:   "awin",
	Title:  "Awin",
	Where:  "the publisher's transaction queries: /uploads/transaction_queries/ by FTP, as data.csv, or the form of a single query",
	Source: "wiki.awin.com, Uploading_transaction_queries; `merchant_id` is yours to give",
	Files: []File{{
		Name: "queries", Kind: Sale,
		Heads: []Head{
			{Name: "enquiry_id", From: "case", Must: true},
			{Name: "merchant_id", Must: true},
			{Name: "type", Must: true},
			{Name: "click_ref", From: "click_id"},
			{Name: "amount", From: "amount", Must: true},
			{Name: "commission", From: "commission"},
			{Name: "date", From: "purchased_midnight", Must: true},
			{Name: "customer_reference", From: "customer_key"},
			{Name: "reference", From: "purchase_id", Must: true},
			{Name: "description", From: "description"},
		},
	}},
	young: func(age table.Time) (rule, remedy string) {
		if age > awinYears*365*table.Day {
			return "is more than four years old, which Awin does not take", "settle this one with the publisher directly"
		}
		return "", ""
	},
})
