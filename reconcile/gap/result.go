package gap

import "lostlink/ingest/table"

// Result is everything reconcile hands to the report. Gaps are ordered by
// purchase time, then purchase id; the other lists by time, then id.
type Result struct {
	AsOf        table.Time // end of what was known: nothing later counts
	PeriodStart table.Time // purchases from here …
	PeriodEnd   table.Time // … and before here are judged
	Gaps        []Gap
	Contested   []Contested
	// Answers holds one answer to every claim read, by the time of the claim.
	Answers   []Answer
	Incidents []Incident
	TieOut    TieOut
	// Attributed sums the attributed purchases by UTC day, in date order. The
	// report makes the weekly share of lost revenue of it; nil leaves that out.
	Attributed []DaySum
	// Unplaced counts platform transactions that match no purchase read.
	Unplaced Sum
	// OverConnected lists ids that were cut because too many people share them.
	OverConnected []OverConnected
	// Followed tells where the purchases ended that were asked for, in their
	// order; those that are not among the purchases read are left out.
	Followed []Followed
	// Missing lists the sources there are not, in the order of the tables.
	Missing []MissingSource
	// Notes are remarks on the data as a whole (a day without log lines, …).
	Notes []string
	// PartnerNames maps partner keys to names, where the catalogue has them.
	PartnerNames map[string]string
	// PartnerEmails maps them to the partners' addresses.
	PartnerEmails map[string]string
}

// Payment names a purchase.
type Payment struct{ Processor, PurchaseID string }

// Followed is where a purchase ended that an earlier run counted as a gap.
type Followed struct {
	Payment Payment
	GapID   string
	Place   Place
	// CreditedTo is the partner of an attributed purchase, "" if the records do
	// not say.
	CreditedTo string
}

// DaySum is a sum over one UTC day.
type DaySum struct {
	Day table.Date
	Sum Sum
}

// OverConnected is an id shared by more people than one person can be.
type OverConnected struct {
	Kind  string `json:"kind"` // visitor_id, click_id, customer_key, …
	ID    string `json:"id"`
	Other int    `json:"people"`
	Limit int    `json:"limit"`
}

// MissingSource says what records that are not there would have told.
type MissingSource struct {
	Table table.Kind `json:"table"`
	Tells string     `json:"tells"`
	// Decides is the source as Gap.WouldDecide names it, "" where no near tie
	// waits for it.
	Decides string `json:"decides,omitempty"`
	// Settles counts the gaps whose near tie it would settle, and what is at
	// stake in them.
	Settles Sum `json:"settles"`
}
