package bulk

import (
	"lostlink/ingest/table"
	"lostlink/report/review"
)

// Settings say what the files are for and how they are laid out.
type Settings struct {
	// Platform is one of [Names].
	Platform string
	// Credit is how the partner gets the money on a platform that knows
	// transactions and rewards.
	Credit Credit
	// ClickDays is the oldest age of a click at [Options.At] that is handed in
	// for its customer, in days; 0 hands in none.
	ClickDays int
	// RowsMax splits files; 0 leaves the platform's own limit.
	RowsMax int
	// Templates are files of the platform whose first line names the columns.
	Templates []Template
	// Columns say what the columns hold. They are added to those a platform
	// has published, and win over them.
	Columns []Column
}

// Credit is how a partner is credited for a purchase: never in both ways.
type Credit string

// CreditTransaction records the purchase, and the platform works out the
// reward. CreditReward gives the reward itself. CreditAsk has not been decided
// yet, and nothing is made.
const (
	CreditAsk         Credit = "ask"
	CreditTransaction Credit = "transaction"
	CreditReward      Credit = "reward"
)

// Credits lists the ways to credit.
func Credits() []Credit { return []Credit{CreditAsk, CreditTransaction, CreditReward} }

// Template is the file that a platform offers for one of its imports.
type Template struct {
	File string // which of the platform's files: "customers"
	Path string
}

// Column fills one column of a file: from a field, with the same value in each
// row, or, with neither, on purpose with nothing.
type Column struct {
	File  string
	From  string // one of [Fields]
	Value string
	To    string // the header
}

// DefaultSettings are those of an empty configuration. Of the click days: the
// platform's cookie lives as long, and whether it takes older clicks is not
// known.
func DefaultSettings() Settings {
	return Settings{Platform: "partnerstack", Credit: CreditAsk, ClickDays: 90}
}

// Options are the settings and what is known of one batch.
type Options struct {
	Settings
	Programme string
	// Batch names the batch, and At is when it was put together: both must be
	// the same when its files are made again.
	Batch string
	At    table.Time
	// Key is the installation's secret, which keeps the IDs of customers from
	// telling who they are.
	Key string
	// API makes items for the platform's API, which knows no templates.
	API bool
	// Made are the purchases whose customers earlier batches made: these are
	// not made again, whether they are known by their key or by their address.
	Made []review.Approved
	// Book writes what people sign to a new file; package workbook has it. nil:
	// none is written.
	Book func(path string, c review.Check) error
}

// Kind is what an item is on the platform.
type Kind string

// The kinds, in the order in which items are made.
const (
	// Click hands in the partner's click for a customer, which makes the
	// customer and keeps the click's reports.
	Click Kind = "conversion"
	// Customer is a customer credited to a partner by hand.
	Customer Kind = "customer"
	// Transaction is a purchase of a customer.
	Transaction Kind = "transaction"
	// Reward is money for a partner.
	Reward Kind = "reward"
	// Sale is a purchase and its partner in one, on platforms that know no more.
	Sale Kind = "sale"
)

// Item is one thing to be created on the platform.
type Item struct {
	// ID tells the item from all others, of whatever batch: its kind and its key.
	ID   string
	Kind Kind
	// Key is [review.Approved.Key]; a customer has one of its own.
	Key string
	// Needs is the item that must be there first, "" for none.
	Needs string
	// Purchase holds the facts; those of a customer's first purchase for a
	// customer.
	Purchase review.Approved
	// CustomerKey is how the platform is told who the customer is: the vendor's
	// key, or, on PartnerStack, the e-mail address.
	CustomerKey string
	// Amount is what is created, in minor units of the purchase's currency: the
	// purchase or the reward; 0 for a customer.
	Amount int64
	// Description is what a partner reads beside a reward.
	Description string
}

// Refused is an approved purchase of which nothing is made, and what mends it.
type Refused struct {
	Purchase review.Approved
	// File and Column tell where the value would have stood, "" if it is about
	// the purchase as a whole. Value is as found: it may be personal.
	File, Column, Value string
	Rule, Remedy        string
}
