package bulk

import (
	"fmt"

	"lostlink/ingest/table"
)

// An order must be this many days old for an inquiry.
const (
	rakutenDaysMin = 7
	rakutenDaysMax = 180
)

// Columns and limits: pubhelp.rakutenadvertising.com, articles 4545856090125
// and 4403477224077.
var _ = register(&Platform{
	Name:   "rakuten",
	Title:  "Rakuten Advertising",
	Where:  "the publisher's Transaction Inquiries: select the file, let it be checked for errors, submit",
	Source: "pubhelp.rakutenadvertising.com, articles 4545856090125 and 4403477224077; `MID` is yours to give. Amounts must be in the network's currency",
	Files: []File{{
		Name: "inquiries", Kind: Sale, RowsMax: 10_000, BytesMax: 10_000_000 - 1,
		Heads: []Head{
			{Name: "MID", Must: true},
			{Name: "Order ID", From: "purchase_id", Must: true},
			{Name: "Order Date", From: "purchased_on", Must: true},
			{Name: "Order Amount", From: "amount", Must: true},
			{Name: "Member ID", From: "customer_key"},
			{Name: "Comments", From: "description"},
		},
	}},
	young: func(age table.Time) (rule, remedy string) {
		switch {
		case age < rakutenDaysMin*table.Day:
			return fmt.Sprintf("is less than %d days old, which Rakuten does not take yet", rakutenDaysMin), "approve it again in a later batch"
		case age > rakutenDaysMax*table.Day:
			return fmt.Sprintf("is more than %d days old, which Rakuten no longer takes", rakutenDaysMax), "settle this one with the publisher directly"
		}
		return "", ""
	},
})
