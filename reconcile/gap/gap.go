package gap

import "lostlink/ingest/table"

// Slug names a failure case.
type Slug string

// The thirteen slugs.
const (
	OtherPartnerClick  Slug = "other_partner_click"
	CookiesCleared     Slug = "cookies_cleared"
	CookiesBlocked     Slug = "cookies_blocked"
	SnippetBroken      Slug = "snippet_broken"
	CookieExpired      Slug = "cookie_expired"
	DeviceSwitch       Slug = "device_switch"
	DataOverwritten    Slug = "data_overwritten"
	PublicKeyMissing   Slug = "public_key_missing"
	SafariNoSnippet    Slug = "safari_no_snippet"
	ManualURL          Slug = "manual_url"
	PaymentNotTied     Slug = "payment_not_tied"
	ParametersStripped Slug = "parameters_stripped"
	NoPartnerSignal    Slug = "no_partner_signal"
)

// Suggestion is what lostlink proposes to do about a gap. People decide.
type Suggestion string

// Reward: the evidence carries a reward. Ask: put the three questions to the
// partner first. None: nothing to pay, and Gap.Reason says why.
const (
	Reward Suggestion = "reward"
	Ask    Suggestion = "ask"
	None   Suggestion = "none"
)

// Row points at one input row. File is the path as configured, relative to
// the data folder; Line counts from 1.
type Row struct {
	File string `json:"file"`
	Line int64  `json:"line"`
}

// Finding is one thing that was seen, with the rows that show it. Weight is in
// log-odds: positive speaks for Case, negative against it.
type Finding struct {
	Name   string  `json:"name"`
	Case   Slug    `json:"case"`
	What   string  `json:"what"`
	Weight float64 `json:"weight"`
	Rows   []Row   `json:"rows"`
}

// Candidate is one partner whose link the customer may have followed.
type Candidate struct {
	PartnerKey string     `json:"partner_key"`
	ClickedAt  table.Time `json:"-"`
	Clicked    string     `json:"clicked_at,omitempty"` // RFC 3339, UTC
	Tie        string     `json:"tie"`                  // how the click is tied to the customer
	Sure       bool       `json:"-"`                    // whether the tie is deterministic
	Others     int        `json:"others"`               // further people the same tie would fit as well
}

// EventKind says what happened in a step of a timeline.
type EventKind string

// The steps of a timeline.
const (
	EventClick    EventKind = "Click"
	EventVisit    EventKind = "Page"
	EventConsent  EventKind = "Consent"
	EventSignup   EventKind = "Sign-up"
	EventPurchase EventKind = "Purchase"
	EventRefund   EventKind = "Refund"
	EventCredited EventKind = "Credited"
	EventClaim    EventKind = "Claim"
	EventCheck    EventKind = "Page check"
)

// Event is one step of the journey as people read it.
type Event struct {
	At      table.Time `json:"-"`
	When    string     `json:"at"`
	Kind    EventKind  `json:"kind"`
	Who     string     `json:"who,omitempty"`     // partner, customer or payment
	Browser string     `json:"browser,omitempty"` // "Safari on iPhone"
	Page    string     `json:"page,omitempty"`
	Note    string     `json:"note,omitempty"`
	Row     Row        `json:"row"`
}

// Gap is one purchase without attribution and the verdict on it.
type Gap struct {
	GapID       string           `json:"gap_id"`
	PurchaseID  string           `json:"purchase_id"`
	PurchasedAt table.Time       `json:"-"`
	Purchased   string           `json:"purchased_at"` // RFC 3339, UTC
	Email       string           `json:"email"`
	Name        string           `json:"name"`
	CustomerID  string           `json:"customer_id"`
	CustomerKey string           `json:"customer_key"`
	Processor   string           `json:"processor"`
	Coupon      string           `json:"coupon,omitempty"`
	Amount      int64            `json:"amount"`   // minor units, gross
	Refunded    int64            `json:"refunded"` // minor units given back so far
	Currency    string           `json:"currency"`
	First       bool             `json:"first_payment"` // of this person, as far as the records go
	Case        Slug             `json:"case"`
	Probability float64          `json:"probability"` // of Case
	Ranking     map[Slug]float64 `json:"ranking"`
	RunnerUp    Slug             `json:"runner_up"`
	PartnerKey  string           `json:"partner_key"` // "" if none
	Candidates  []Candidate      `json:"candidates"`
	Suggest     Suggestion       `json:"suggest"`
	Reason      string           `json:"reason"` // one sentence: why this verdict, or why no reward
	Findings    []Finding        `json:"findings"`
	WouldDecide []string         `json:"would_decide"` // sources that would settle a near tie
	Timeline    []Event          `json:"timeline"`

	// What the workbook shows of click and sign-up. Zero or "" where unknown.
	ClickedAt     table.Time `json:"-"`
	SignedUpAt    table.Time `json:"-"`
	ClickBrowser  string     `json:"click_browser,omitempty"`
	SignupBrowser string     `json:"signup_browser,omitempty"`
	LandingPage   string     `json:"landing_page,omitempty"`
	ClickID       string     `json:"click_id,omitempty"`
	Row           Row        `json:"row"`
}

// Confidence is a probability in the words people decide by.
type Confidence string

// High from 0.85, Medium from 0.6, Low below.
const (
	High   Confidence = "High"
	Medium Confidence = "Medium"
	Low    Confidence = "Low"
)

// ConfidenceOf puts a probability into words.
func ConfidenceOf(p float64) Confidence {
	switch {
	case p >= 0.85:
		return High
	case p >= 0.6:
		return Medium
	}
	return Low
}

// NearTie tells whether the runner-up is close enough to be shown beside the
// case: at least half as likely.
func (g *Gap) NearTie() bool {
	return g.RunnerUp != "" && g.Ranking[g.RunnerUp] >= g.Probability/2
}

// HasPartnerSignal tells whether anything points to a partner. Only such gaps
// are put before people; the others are counted and written to the files.
func (g *Gap) HasPartnerSignal() bool { return g.Case != NoPartnerSignal }

// Contested is a credited purchase whose buyer followed another partner's link
// inside the window too (case other_partner_click): explained, not paid.
type Contested struct {
	PurchaseID  string      `json:"purchase_id"`
	PurchasedAt table.Time  `json:"-"`
	Purchased   string      `json:"purchased_at"`
	Email       string      `json:"email"`
	Amount      int64       `json:"amount"`
	Currency    string      `json:"currency"`
	Credited    string      `json:"credited_partner_key"`
	LastClick   string      `json:"last_click_partner_key"` // who gets it by the last-click rule
	Others      []Candidate `json:"others"`                 // the other partners clicked, latest first
	// Clicks are all that are surely the customer's, in time order; Replies
	// answer each of the other partners, in their order.
	Clicks     []ContestedClick `json:"clicks"`
	Replies    []Reply          `json:"replies"`
	SignedUpAt table.Time       `json:"-"` // 0: no sign-up is on record
	SignedUp   string           `json:"signed_up_at,omitempty"`
	Timeline   []Event          `json:"timeline"`
	Row        Row              `json:"row"`
}

// Incident is a stretch of time in which a page credited next to nothing that
// it should have credited.
type Incident struct {
	IncidentID string           `json:"incident_id"`
	Cause      Slug             `json:"cause"` // snippet_broken unless page checks tell more
	Pages      []string         `json:"pages"`
	Browsers   []string         `json:"browsers"` // empty: all
	Start      table.Time       `json:"-"`
	End        table.Time       `json:"-"`
	From       string           `json:"from"` // RFC 3339
	To         string           `json:"to"`
	Expected   int              `json:"expected_credited"` // clean journeys that should have been credited
	Credited   int              `json:"credited"`
	Purchases  int              `json:"purchases_lost"`
	Lost       map[string]int64 `json:"lost"` // currency → minor units
	Seen       string           `json:"seen"` // "logs", "page checks" or "logs and page checks"
	What       string           `json:"what"` // one sentence
}
