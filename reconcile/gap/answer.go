package gap

import (
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
)

// AnswerKind sorts the answers to partners' claims.
type AnswerKind string

// The answers. Where a claim means several purchases, the first of these that
// one of them calls for is the answer.
const (
	// AnswerGap: the purchase is credited to nobody; its case is in
	// Answer.GapIDs. The claim itself may be all that points to the partner.
	AnswerGap AnswerKind = "gap"
	// AnswerContested: credited to another partner, and the claiming partner's
	// link was followed inside the cookie's life as well.
	AnswerContested AnswerKind = "contested"
	// AnswerCreditedToAnother: credited to another partner; the records tie no
	// click on the claiming partner's link in that time to the customer.
	AnswerCreditedToAnother AnswerKind = "credited_to_another"
	// AnswerCredited: credited to the claiming partner already.
	AnswerCredited AnswerKind = "credited"
	// AnswerNoPartnerSignal: the customer bought, and nothing but perhaps the
	// claim points to any partner.
	AnswerNoPartnerSignal AnswerKind = "no_partner_signal"
	// AnswerExcluded: the purchase is none to reward (Place.Why).
	AnswerExcluded AnswerKind = "excluded"
	// AnswerNoPurchase: the customer is known, and no payment is tied to them.
	AnswerNoPurchase AnswerKind = "no_purchase"
	// AnswerAmbiguous: what the claim says fits no single customer for sure:
	// several of that name, or one whose days or e-mail address differ. It is
	// not guessed.
	AnswerAmbiguous AnswerKind = "ambiguous"
	// AnswerIncomplete: the claim has neither an e-mail address nor a name.
	AnswerIncomplete AnswerKind = "incomplete"
	// AnswerNoSuchCustomer: nobody of that e-mail address or name is on record.
	AnswerNoSuchCustomer AnswerKind = "no_such_customer"
)

// AnswerKinds lists the answers in the order of the constants.
func AnswerKinds() []AnswerKind {
	return []AnswerKind{AnswerGap, AnswerContested, AnswerCreditedToAnother, AnswerCredited, AnswerNoPartnerSignal, AnswerExcluded,
		AnswerNoPurchase, AnswerAmbiguous, AnswerIncomplete, AnswerNoSuchCustomer}
}

// Title is the answer as people read it.
func (k AnswerKind) Title() string {
	switch k {
	case AnswerGap:
		return "Gap found"
	case AnswerContested:
		return "Contested"
	case AnswerCreditedToAnother:
		return "Credited to another partner"
	case AnswerCredited:
		return "Credited already"
	case AnswerNoPartnerSignal:
		return "Customer without sign of a partner"
	case AnswerExcluded:
		return "Excluded purchase"
	case AnswerNoPurchase:
		return "Customer without purchase"
	case AnswerAmbiguous:
		return "Not clear who is meant"
	case AnswerIncomplete:
		return "Names nobody"
	case AnswerNoSuchCustomer:
		return "No such customer"
	}
	return string(k)
}

// How a claim's customer was found.
const (
	FoundByEmail      = "e-mail"
	FoundByVariant    = "e-mail variant" // a "+tag", or dots at Google
	FoundByNameAndDay = "name and day"
	FoundByName       = "name" // of one customer only; the claim gives no day
)

// Answer is what the records say to one partner's claim. Every claim read has
// exactly one.
type Answer struct {
	ClaimID       string     `json:"claim_id"` // as the partner gave it; may be ""
	PartnerKey    string     `json:"partner_key"`
	ClaimedAt     table.Time `json:"-"`
	Claimed       string     `json:"claimed_at"` // RFC 3339, UTC
	CustomerName  string     `json:"customer_name"`
	CustomerEmail string     `json:"customer_email"`
	PurchasedOn   string     `json:"purchased_on"` // the day claimed, "" for none
	Note          string     `json:"note,omitempty"`
	Answer        AnswerKind `json:"answer"`
	// What is the answer in a few sentences that can be sent to the partner.
	What    string `json:"what"`
	FoundBy string `json:"found_by"` // one of the FoundBy words, "" when no single customer was found
	Fits    int    `json:"fits"`     // customers that what is claimed fits
	// PurchaseIDs are the purchases that are answered for, in order of time:
	// those of the claimed day, else all of the customer. GapIDs are those of
	// them that are gaps.
	PurchaseIDs []string `json:"purchase_ids"`
	GapIDs      []string `json:"gap_ids"`
	// Credited is whom the platform credits, "" for nobody or unknown;
	// CreditedAt is when it recorded the purchase, else the customer.
	Credited   string     `json:"credited_partner_key"`
	CreditedAt table.Time `json:"-"`
	CreditedOn string     `json:"credited_at,omitempty"`
	// Questions are those of the three to the partner whose answers are
	// neither in the claim nor in the records, and would help.
	Questions []string `json:"questions"`
	Rows      []Row    `json:"rows"` // that show the answer
	Row       Row      `json:"row"`  // of the claim
}

// Why tells in a clause why a purchase in this place is not judged; "" for the
// places of purchases that are.
func (p Place) Why() string {
	switch p {
	case Duplicate:
		return "the same payment stands in the input more than once and counts once"
	case ExcludedFailed:
		return "the payment failed"
	case ExcludedTest:
		return "it was made in test mode"
	case ExcludedRefunded:
		return "it was refunded in full"
	case ExcludedChargeback:
		return "it was charged back"
	case ExcludedThreshold:
		return "it is below the threshold of its currency"
	case ExcludedPeriod:
		return "it lies outside the period"
	case ExcludedFresh:
		return "it is so fresh that the platform may still record it"
	case ExcludedReversal:
		return "the row takes back another payment"
	case ExcludedOther:
		return "the row is no purchase"
	}
	return ""
}

// ClaimOnly tells whether nothing but a claim speaks for the gap's case.
func (g *Gap) ClaimOnly() bool {
	if g.Case != ManualURL {
		return false
	}
	claimed := false
	for _, f := range g.Findings {
		if f.Case != ManualURL || f.Weight <= 0 {
			continue
		}
		if !strings.HasPrefix(f.Name, "claim") {
			return false
		}
		claimed = true
	}
	return claimed
}

// ContestedClick is one click of a contested purchase that is surely the
// customer's.
type ContestedClick struct {
	PartnerKey string     `json:"partner_key"`
	At         table.Time `json:"-"`
	Clicked    string     `json:"clicked_at"` // RFC 3339, UTC
	// DaysBefore counts whole days from the click to the sign-up.
	DaysBefore int    `json:"days_before_signup"`
	InWindow   bool   `json:"in_window"` // inside the cookie's life at the sign-up
	Browser    string `json:"browser,omitempty"`
	Page       string `json:"page,omitempty"` // path of the landing page
	Tie        string `json:"tie"`            // how it is tied to the customer
	Row        Row    `json:"row"`
}

// Reply is a text that answers one partner.
type Reply struct {
	PartnerKey string `json:"partner_key"`
	Text       string `json:"text"`
}

// Agrees tells whether the platform credits the partner whose link was
// followed last.
func (c *Contested) Agrees() bool { return c.Credited == c.LastClick }

// lastOf gives the partner's last click in the window, nil for none.
func (c *Contested) lastOf(partner string) *ContestedClick {
	for i := len(c.Clicks) - 1; i >= 0; i-- {
		if k := &c.Clicks[i]; k.InWindow && k.PartnerKey == partner {
			return k
		}
	}
	return nil
}

// ReplyTo answers a partner who was followed in the window and is not credited.
// The other partner is not named in it.
func (c *Contested) ReplyTo(partner string) string {
	own, last := c.lastOf(partner), c.lastOf(c.LastClick)
	if own == nil || last == nil {
		return ""
	}
	until := "the sign-up"
	if c.SignedUpAt == 0 {
		until = "the first purchase"
	}
	if own == last {
		return fmt.Sprintf("Your link was the last one followed before %s, on %s (%s before). The platform credits another partner all the same; we are looking into it.",
			until, minute(own.At), dayCount(own.DaysBefore))
	}
	return fmt.Sprintf("Your link was followed on %s, %s before %s. Another partner's link was followed later, on %s (%s before), and the last click before %s is the one that counts.",
		minute(own.At), dayCount(own.DaysBefore), until, minute(last.At), dayCount(last.DaysBefore), until)
}

func minute(t table.Time) string { return t.Std().Format("2006-01-02 15:04") + " UTC" }

func dayCount(n int) string {
	switch n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// The sources that settle near ties, as Gap.WouldDecide names them.
const (
	DecidedByPageChecks = "page checks"
	DecidedByCookies    = "the partner cookie in the site log"
	DecidedByConsents   = "the consent log"
	DecidedByVisitorIDs = "a visitor id in the site log"
	DecidedBySignups    = "the sign-ups"
	DecidedByQuestions  = "the partner's answer to the three questions"
	DecidedByLogDays    = "the missing days of the site log"
)

// Settle counts to each missing source the gaps whose near tie it would
// settle, with what is at stake in them. Where any of several sources would
// do, each of them counts the gap.
func Settle(missing []MissingSource, gaps []Gap) {
	for i := range missing {
		m := &missing[i]
		m.Settles = Sum{Minor: map[string]int64{}}
		if m.Decides == "" {
			continue
		}
		for k := range gaps {
			if g := &gaps[k]; slices.Contains(g.WouldDecide, m.Decides) {
				m.Settles.Add(g.Currency, g.Amount-g.Refunded)
			}
		}
	}
}
