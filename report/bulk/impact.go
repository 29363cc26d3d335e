package bulk

import (
	"fmt"

	"lostlink/ingest/table"
)

// impactDays is how old a conversion may be (help.impact.com, batch pages);
// older ones need a media id, which is not known here.
const impactDays = 88

// Columns: integrations.impact.com/ftp-implementation, the least of an item
// level file.
var _ = register(&Platform{
	Name:   "impact",
	Title:  "Impact",
	Where:  "by SFTP, e-mail or API as agreed with Impact (conversion batch files)",
	Source: "integrations.impact.com/ftp-implementation; `CampaignId`, `ActionTrackerId`, `Category`, `Sku` and `Quantity` are yours to give",
	Files: []File{{
		Name: "conversions", Kind: Sale,
		Heads: []Head{
			{Name: "CampaignId", Must: true},
			{Name: "ActionTrackerId", Must: true},
			{Name: "EventDate", From: "purchased_at", Must: true},
			{Name: "OrderId", From: "purchase_id", Must: true},
			{Name: "ClickId", From: "click_id", Must: true},
			{Name: "CustomerId", From: "customer_id"},
			{Name: "CurrencyCode", From: "currency", Must: true},
			{Name: "Amount", From: "amount", Must: true},
			{Name: "Category", Must: true},
			{Name: "Sku", Must: true},
			{Name: "Quantity", Must: true},
		},
	}},
	young: func(age table.Time) (rule, remedy string) {
		if age > impactDays*table.Day {
			return fmt.Sprintf("is more than %d days old, which Impact does not process", impactDays), "give it to your Impact contact: up to 398 days they take it by media id"
		}
		return "", ""
	},
})
