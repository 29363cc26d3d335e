package table

// Pos says where a row came from. Line counts from 1: a line of a text file,
// a record of a Parquet file or a row of a sheet. File indexes the list of
// inputs of the run ([Set.Files]).
type Pos struct {
	File int32 `col:"src_file"`
	Line int64 `col:"src_line"`
}

// Click is one follow of a partner's link, as the platform, a redirect or the
// landing request recorded it.
type Click struct {
	Pos
	ClickedAt  Time   `col:"clicked_at,required"`
	PartnerKey string `col:"partner_key,required,dict"`
	ClickID    string `col:"click_id"`
	LinkID     string `col:"link_id,dict"`
	LandingURL string `col:"landing_url"`
	Referrer   string `col:"referrer,dict"`
	VisitorID  string `col:"visitor_id"`
	Email      string `col:"email"`
	IP         string `col:"ip"`
	UserAgent  string `col:"user_agent,dict"`
	Country    string `col:"country,dict"`
}

// Visit is one page request or page event on the vendor's site.
type Visit struct {
	Pos
	VisitedAt     Time   `col:"visited_at,required"`
	URL           string `col:"url,required"`
	VisitorID     string `col:"visitor_id"`
	Referrer      string `col:"referrer,dict"`
	IP            string `col:"ip"`
	UserAgent     string `col:"user_agent,dict"`
	HTTPStatus    int64  `col:"http_status"`
	PartnerCookie string `col:"partner_cookie,dict"`
	ClickCookie   string `col:"click_cookie"`
	Email         string `col:"email"`
	// CookiesLogged tells a log that records the partner cookies and found
	// none from a log that never records them.
	CookiesLogged Answer `col:"cookies_logged"`
}

// Signup is the moment a customer gave an e-mail address.
type Signup struct {
	Pos
	SignedUpAt  Time   `col:"signed_up_at,required"`
	Email       string `col:"email,required"`
	CustomerKey string `col:"customer_key"`
	Name        string `col:"name"`
	VisitorID   string `col:"visitor_id"`
	ClickID     string `col:"click_id"`
	IP          string `col:"ip"`
	UserAgent   string `col:"user_agent,dict"`
}

// Purchase is one payment, or one reversal of a payment (a negative Amount
// with ReversalOf set, as PayPal writes refunds).
type Purchase struct {
	Pos
	PurchaseID     string `col:"purchase_id,required"`
	PurchasedAt    Time   `col:"purchased_at,required"`
	Amount         int64  `col:"amount,required"`
	Currency       string `col:"currency,required,dict"`
	Email          string `col:"email"`
	Name           string `col:"name"`
	CustomerID     string `col:"customer_id"`
	CustomerKey    string `col:"customer_key"`
	Status         string `col:"status,dict"`
	Refunded       int64  `col:"refunded"`
	Disputed       int64  `col:"disputed"`
	Live           Answer `col:"live"`
	InvoiceID      string `col:"invoice_id"`
	SubscriptionID string `col:"subscription_id"`
	Coupon         string `col:"coupon,dict"`
	ClickID        string `col:"click_id"`
	PartnerKey     string `col:"partner_key,dict"`
	Country        string `col:"country,dict"`
	IP             string `col:"ip"`
	Processor      string `col:"processor,dict"`
	ReversalOf     string `col:"reversal_of"`
}

// Customer is a customer the partner platform credits to a partner.
type Customer struct {
	Pos
	PartnerKey  string `col:"partner_key,required,dict"`
	CustomerKey string `col:"customer_key"`
	Email       string `col:"email"`
	Name        string `col:"name"`
	CreatedAt   Time   `col:"created_at"`
	ProviderKey string `col:"provider_key"`
	Test        Answer `col:"test"`
	// Key is the platform's own id of the customer.
	Key string `col:"key"`
}

// Transaction is a payment the partner platform has recorded.
type Transaction struct {
	Pos
	CreatedAt      Time   `col:"created_at,required"`
	Amount         int64  `col:"amount,required"`
	Currency       string `col:"currency,required,dict"`
	TransactionKey string `col:"transaction_key"`
	CustomerKey    string `col:"customer_key"`
	Email          string `col:"email"`
	PurchaseID     string `col:"purchase_id"`
	Archived       Answer `col:"archived"`
	Test           Answer `col:"test"`
}

// Reward is what a partner is paid for a transaction or a customer.
type Reward struct {
	Pos
	RewardKey      string `col:"reward_key"`
	TransactionKey string `col:"transaction_key"`
	CustomerKey    string `col:"customer_key"`
	PartnerKey     string `col:"partner_key"`
	Amount         int64  `col:"amount"`
	Currency       string `col:"currency"`
	Status         string `col:"status"`
	CreatedAt      Time   `col:"created_at"`
}

// Link is one partner link and the page it goes to.
type Link struct {
	Pos
	PartnerKey     string `col:"partner_key,required"`
	LinkID         string `col:"link_id"`
	URL            string `col:"url"`
	DestinationURL string `col:"destination_url"`
}

// Partner is one member of the programme. Domain is the partner's own site;
// Coupon a code given to this partner's audience.
type Partner struct {
	Pos
	PartnerKey string `col:"partner_key,required"`
	Name       string `col:"name"`
	Email      string `col:"email"`
	Domain     string `col:"domain"`
	Coupon     string `col:"coupon"`
}

// PageCheck is what a look at a page found on one day.
type PageCheck struct {
	Pos
	CheckedAt        Time   `col:"checked_at,required"`
	URL              string `col:"url,required"`
	HTTPStatus       int64  `col:"http_status"`
	SnippetPresent   Answer `col:"snippet_present"`
	PublicKeyPresent Answer `col:"public_key_present"`
	DataOverwritten  Answer `col:"data_overwritten"`
	CookiePlaced     Answer `col:"cookie_placed"`
}

// Consent is one answer to the cookie banner. Choice is "granted" or "denied".
type Consent struct {
	Pos
	DecidedAt Time   `col:"decided_at,required"`
	Choice    string `col:"choice,required"`
	VisitorID string `col:"visitor_id"`
	IP        string `col:"ip"`
	UserAgent string `col:"user_agent"`
}

// Claim is a partner's word that a referral is missing.
type Claim struct {
	Pos
	ClaimedAt     Time   `col:"claimed_at,required"`
	PartnerKey    string `col:"partner_key,required"`
	ClaimID       string `col:"claim_id"`
	CustomerName  string `col:"customer_name"`
	CustomerEmail string `col:"customer_email"`
	PurchasedOn   Date   `col:"purchased_on"`
	Note          string `col:"note"`
}
