// Package review is the vocabulary of the review loop: what people decide in
// the workbook, and what is to be created of it. A leaf beside reconcile/gap.
package review

import "lostlink/ingest/table"

// Verdict is a decision on one gap, as it is stored.
type Verdict string

// The verdicts. The workbook shows them as "Approve", "Decline", "Ask partner"
// and "Later".
const (
	Approve Verdict = "approve"
	Decline Verdict = "decline"
	Ask     Verdict = "ask"
	Later   Verdict = "later"
)

// Answer is what people entered for one gap, and nothing else of its row: the
// facts come from the run store.
type Answer struct {
	GapID   string
	Verdict Verdict
	// PartnerKey is the partner chosen, "" for the one suggested.
	PartnerKey string
	// Amount is the amount to base the reward on, in minor units of the gap's
	// currency; AmountSet false: the amount at stake.
	Amount    int64
	AmountSet bool
	Note      string
	// Cell is where the verdict stands, as people find it: "Review!A12".
	Book, Cell string
}

// Refusal is a row or a book that was not taken, and what mends it.
type Refusal struct {
	Book   string // file name
	Cell   string // "Review!M12"; "" for the whole book
	GapID  string // "" where unknown
	Value  string // what stands there, masked where it may be personal
	Rule   string
	Remedy string
}

// Book is a reviewed workbook as read back.
type Book struct {
	Path   string
	SHA256 string
	RunID  string // "" if the book no longer says; the person must
	// ReviewedBy and ApprovedBy are the names entered on Summary.
	ReviewedBy, ApprovedBy string
	Answers                []Answer
	Refusals               []Refusal
	// Missing are gaps of the run that the book no longer has; they count as
	// undecided.
	Missing []string
	// Notes are remarks that stop nothing: a formula whose saved value was used.
	Notes []string
}

// Approved is one purchase to be credited: the facts of the run with the
// decision of the people. Money is in minor units of Currency.
type Approved struct {
	// Key forbids a second reward: processor, payment, line and programme, never
	// partner, amount or batch.
	Key           string
	GapID         string
	RunID         string
	Processor     string
	PurchaseID    string
	PurchasedAt   table.Time
	SignedUpAt    table.Time // 0 if unknown
	CustomerEmail string
	CustomerName  string
	CustomerID    string // the processor's
	CustomerKey   string // the vendor's
	PartnerKey    string
	PartnerName   string
	PartnerEmail  string // "" if unknown
	Amount        int64
	Currency      string
	ClickID       string // of this partner's last click, "" if unknown or another partner was chosen
	ClickedAt     table.Time
	Commission    int64 // by the configured rule; Estimated false: no rule fits
	Estimated     bool
	Cause         string
	Note          string
	// Credited tells that the platform has the customer already (case
	// payment_not_tied): only the payment is to be created.
	Credited bool

	// Who decided, and in which workbook: what a check of the files is signed by.
	ReviewedBy, ApprovedBy string
	DecidedAt              table.Time
	Book                   string // SHA-256 of the reviewed workbook
}
