package review

import "lostlink/ingest/table"

// Check is what people look at and sign before they upload the files of a
// batch: what the files hold, and that it ties to what was approved.
type Check struct {
	Programme, Platform, Batch string
	At                         table.Time // of the batch
	Files                      []CheckFile
	Totals                     []CheckTotal // by currency, then partner
	Decisions                  []CheckDecision
	// Steps say in which order what is done, one sentence each.
	Steps []string
}

// CheckFile is one file of the batch with all its rows as they stand in it.
type CheckFile struct {
	Name   string // "2-transactions.csv"
	SHA256 string
	Heads  []string
	Rows   [][]string
	// People tells a file that is for people and not uploaded.
	People bool
}

// CheckTotal ties one partner's purchases of one currency: Approved = Filed +
// Refused, in count and in minor units of the purchases. Created is what the
// platform is told: the purchase or the reward.
type CheckTotal struct {
	Currency                string
	PartnerKey, PartnerName string
	Approved, Filed         CheckSum
	Refused                 CheckSum
	Created                 CheckSum
}

// CheckSum is a count and its money in minor units.
type CheckSum struct {
	Count int
	Minor int64
}

// CheckDecision is one line of the ledger behind the files.
type CheckDecision struct {
	GapID, PurchaseID      string
	PartnerKey             string
	Amount                 int64
	Currency               string
	ReviewedBy, ApprovedBy string
	DecidedAt              table.Time
	Book                   string
	// Outcome is "created" or why nothing is.
	Outcome string
}
