package gap

import (
	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
)

// Tie says how a click is tied to the customer, weakest first.
type Tie uint8

// The ties. Address ties are candidates: Click.Others says how many further
// people they would fit as well.
const (
	TieNone           Tie = iota
	TieAddress            // same address, another browser
	TieAddressBrowser     // same address and same user agent
	TieLooseEmail         // the click carries a variant of the customer's e-mail address
	TieEmail              // the click carries the customer's e-mail address
	TieVisitor            // the click's landing has a visitor id of the customer
	TieClickID            // sign-up or payment carry the click's id
)

func (t Tie) String() string {
	switch t {
	case TieAddress:
		return "same address"
	case TieAddressBrowser:
		return "same address and browser"
	case TieLooseEmail:
		return "similar e-mail"
	case TieEmail:
		return "e-mail"
	case TieVisitor:
		return "visitor id"
	case TieClickID:
		return "click id"
	}
	return "none"
}

// Sure tells whether the tie is deterministic rather than a candidate.
func (t Tie) Sure() bool { return t >= TieLooseEmail }

// Click is one follow of a partner's link by (perhaps) the customer.
type Click struct {
	At         table.Time
	PartnerKey string
	Partner    string // as people call it
	ClickID    string
	Tie        Tie
	Others     int // further people the tie fits
	Browser    browser.Browser
	UserAgent  string
	VisitorID  string // what the landing was given or sent back
	Page       string // path of the landing page
	// Tagged tells whether the landing arrived with the link's parameters;
	// Unknown when no landing was found.
	Tagged table.Answer
	// Reused click ids come from a pasted landing address: they were issued to
	// somebody else, long before or in another browser.
	Reused  bool
	Row     Row
	Landing Row // zero when no landing was found
}

// Hint points at a partner without a click.
type Hint struct {
	PartnerKey string
	At         table.Time
	What       string // the coupon, the path, the page or the claim, in words
	Row        Row
	// Users counts the customers who used the coupon, Linked those of them with
	// any other tie to its partner, and Strangers those without who first came by
	// a search, an advertisement or another site: they found the coupon there.
	Users, Linked, Strangers int
	// Sure is false for a claim that names the customer only by a name and day.
	Sure bool
}

// SafariPage counts the clean journeys that landed on a page.
type SafariPage struct{ Safari, SafariCredited, Others, OthersCredited int }

// Seen is a row and when it was written.
type Seen struct {
	At  table.Time
	Row Row
}

func rowsOf(seen []Seen) []Row {
	var out []Row
	for _, s := range seen {
		out = append(out, s.Row)
	}
	return out
}

// PageState is what is known of one page at the moment the customer used it.
// Each answer is Unknown without a check, and the worse of the two where the
// checks before and after differ; Changing tells that they do.
type PageState struct {
	Path        string
	Checked     bool // a check stands within two days before or after
	Snippet     table.Answer
	PublicKey   table.Answer
	Overwritten table.Answer
	// Changing is true when the checks before and after the moment differ.
	Changing bool
	// Never means that no check ever found the snippet on the page.
	Never  bool
	Checks []Seen
}

// Faulty tells whether the checks say that the page could not track.
func (p PageState) Faulty() bool {
	return p.Snippet == table.No || p.PublicKey == table.No || p.Overwritten == table.Yes
}

// Fine tells whether the checks say that the page could track.
func (p PageState) Fine() bool {
	return p.Checked && !p.Changing && p.Snippet == table.Yes && p.PublicKey != table.No && p.Overwritten != table.Yes
}

// Sources says what the vendor's records hold at all, so that a finding can
// abstain when its source is missing.
type Sources struct {
	Clicks, Visits, Signups, VisitorIDs, Cookies, PageChecks, Consents bool
	// Gap is true when the site log has a hole between click and sign-up.
	LogHole bool
}

// Signup is the customer's sign-up.
type Signup struct {
	At        table.Time
	VisitorID string
	IP        string
	Browser   browser.Browser
	UserAgent string
	Row       Row
}

// Journey is all that is known of the way to one purchase: plain values, so
// that it can be judged anywhere.
type Journey struct {
	Purchase    table.Purchase
	PurchaseRow Row

	Signup *Signup // nil when none was found
	// Bridged says how the sign-up was found when neither e-mail nor a key ties
	// it to the payment; "" otherwise.
	Bridged string
	// DecidedAt is when the platform decides who is credited: the sign-up, or
	// the person's first purchase when there is no sign-up.
	DecidedAt table.Time

	CookieDays, SafariDays int
	Has                    Sources

	// Clicks holds what came before DecidedAt, After what came later, both in
	// time order.
	Clicks, After []Click

	Landing, SignupPage, Checkout PageState

	// Denied and Granted are the answers to the cookie banner by this browser.
	Denied, Granted []Seen
	// CookieAtSignup is the partner cookie the browser sent at the sign-up
	// (Unknown when the log does not record cookies). CookieEver is Yes when any
	// request after the last click carried it.
	CookieAtSignup, CookieEver table.Answer
	CookieRow                  Row
	// KeptVisitor tells whether the customer's browser kept any visitor id.
	KeptVisitor table.Answer

	PartnerPages []Hint // arrivals from a partner's own page without parameters
	Vanity       []Hint // a partner's short address typed on the vendor's site
	Coupons      []Hint
	Named        []Hint // the payment itself carries a partner's key
	Claims       []Hint

	// Arrival is how the customer's browser first came to the site, AtSignup
	// whether the first page it opened was the sign-up page: people who start
	// there have been on the site before, in another browser.
	Arrival    Arrival
	AtSignup   bool
	ArrivalRow Row

	// Credited is the platform's record of this customer, if any.
	Credited *Hint

	// Fault is a fault of the site found from the logs at the time of the
	// click or the sign-up; nil when none.
	Fault *Incident

	// SafariPage is set when clean journeys in Safari that landed on the last
	// click's page were next to never credited although other browsers' were: the
	// page never had the snippet. SafariPageSeen tells that there were such journeys.
	SafariPage     *SafariPage
	SafariPageSeen bool

	// FirstPurchase is the person's first purchase.
	FirstPurchase table.Time
	// OwnPartner is the partner key when the buyer is the partner.
	OwnPartner string

	Events []Event
}

// Last gives the click that should have been credited: the last one before the
// decision that is surely the customer's, else the last candidate. Nil when
// there is none. A candidate that is later than a sure click wins only if it is
// of the same browser and fits nobody else.
func (j *Journey) Last() *Click {
	var best *Click
	for i := range j.Clicks {
		c := &j.Clicks[i]
		switch {
		case best == nil,
			c.Tie.Sure(),
			!best.Tie.Sure() && c.Tie >= best.Tie,
			c.Tie == TieAddressBrowser && c.Others == 0:
			best = c
		}
	}
	return best
}

// Age is the time from the click to the decision.
func (j *Journey) Age(c *Click) table.Time { return j.DecidedAt - c.At }

// window is how long the programme's cookie lives in browsers that leave it
// alone.
func (j *Journey) window() table.Time { return table.Time(j.CookieDays) * table.Day }

// Life is how long the partner cookie lives in the click's browser.
func (j *Journey) Life(c *Click) table.Time {
	if j.SafariDays > 0 && c.Browser.WebKit {
		return table.Time(j.SafariDays) * table.Day
	}
	return j.window()
}

// SameBrowser compares the class of the click's browser with the sign-up's.
// Unknown when either is not recorded.
func (j *Journey) SameBrowser(c *Click) table.Answer {
	if j.Signup == nil || !j.Signup.Browser.Known() || !c.Browser.Known() {
		return table.Unknown
	}
	if c.UserAgent == j.Signup.UserAgent {
		return table.Yes
	}
	a, b := c.Browser, j.Signup.Browser
	return table.AnswerOf(a.Family == b.Family && a.System == b.System)
}

// decision is the row of the moment that decides who is credited.
func (j *Journey) decision() Row {
	if j.Signup != nil {
		return j.Signup.Row
	}
	return j.PurchaseRow
}

// SameVisitor tells whether the sign-up, or the purchase where there is none,
// has the visitor id of the click's landing.
func (j *Journey) SameVisitor(c *Click) table.Answer {
	if j.Signup == nil && c.Tie == TieVisitor {
		return table.Yes // the browser that landed is the one that bought
	}
	if !j.Has.VisitorIDs || j.Signup == nil || j.Signup.VisitorID == "" || c.VisitorID == "" {
		return table.Unknown
	}
	return table.AnswerOf(c.VisitorID == j.Signup.VisitorID)
}

// Arrival says how the customer first came to the site.
type Arrival uint8

// The arrivals. A typed address or a bookmark looks direct. Unknown stands also
// for a browser whose first page is not in the log.
const (
	ArrivedUnknown       Arrival = iota
	ArrivedDirect                // without a referrer
	ArrivedBySearch              // by a search engine: also how people come back
	ArrivedByCampaign            // by an advertisement or a newsletter of the vendor
	ArrivedFromPartner           // by a partner's link or from a partner's page
	ArrivedFromElsewhere         // from any other site
)
