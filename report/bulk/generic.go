package bulk

var _ = register(&Platform{
	Name:   "generic",
	Title:  "Another platform",
	Where:  "wherever your platform takes a list of purchases with their partners",
	Source: "your own list in `bulk.columns`, or a template of the platform",
	Files: []File{
		{Name: "purchases", Kind: Sale, Carries: [][]string{{"case", "purchase_id"}, {"partner_key", "partner_email", "click_id"}, {"amount", "amount_minor", "commission"}}},
	},
})
