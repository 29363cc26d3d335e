package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Range is an inclusive range a value is drawn from, evenly.
type Range struct{ Min, Max float64 }

func (r Range) draw(rng *rand.Rand) float64 { return r.Min + (r.Max-r.Min)*rng.Float64() }

// Options describe a vendor. Shares are 0–1.
type Options struct {
	Seed  uint64
	Start time.Time // midnight UTC; the first day of logs and purchases
	Days  int
	// Customers is the number of people who sign up. Partners and LandingPages
	// count the programme.
	Customers, Partners, LandingPages int
	// Referred and Typed are the shares of customers who came by a partner's
	// link, and who were sent by a partner without a link. The rest is organic.
	Referred, Typed float64

	Causes  Causes
	Traps   Traps
	Site    Site
	People  People
	Money   Money
	Sources Sources
	Formats Formats
	Traffic Traffic
}

// Causes are how often things go wrong on the way of a referred customer.
// Site faults are in [Site].
type Causes struct {
	OtherPartner       float64 // clicked another partner's link before the last one
	CookiesCleared     float64
	CookiesBlocked     float64 // per browser; doubled in the EU, halved elsewhere
	LateSignup         float64 // signs up after the cookie's life
	DeviceSwitch       float64
	NotTiedCustomer    float64 // no payment of a credited customer is recorded
	NotTiedPayment     float64 // this payment of a credited customer is not recorded
	ParametersStripped float64
	BlockerOfBlocked   float64 // share of blocked browsers that never answer the banner
	// ThirdPartyFirefox lets Firefox keep third-party cookies.
	ThirdPartyFirefox bool
	// ThirdPartyInApp lets apps' own browsers and Chrome on iOS keep them. They
	// are of Safari's engine, but whether a page inside an app keeps such cookies
	// is not documented.
	ThirdPartyInApp bool
	// TypedBy weighs how a typed customer shows: vanity path, the partner's
	// page as referrer, coupon, claim, not at all.
	TypedBy [5]float64
}

// Traps are what makes ordinary purchases look lost, and lost ones ordinary.
type Traps struct {
	ClickAfterBuying  float64 // share of organic buyers who click a link later
	SelfReferral      float64 // share of organic buyers who are partners using their own link
	LeakedCoupons     int     // partners whose coupon stands on coupon sites
	LeakedCouponUse   float64 // share of organic buyers who use one
	CouponBesideClick float64 // share of referred buyers who use their partner's coupon
	Offices           float64 // share of people who share an office address
	OfficeSize        int
	PastedLinks       float64 // share of referred customers who came by a pasted landing address
	ClaimLost         float64 // share of lost buyers whose partner claims them
	ClaimTyped        float64 // the same for typed customers, beyond those known by claim only
	ClaimFalse        float64 // false claims, as a share of paying organic customers
	ClaimCredited     float64 // needless claims for credited customers
	ClaimNobody       int     // claims for people who never were customers
	Existing          float64 // share of organic customers who signed up before Start
	LoginBack         float64 // share of device switchers who later log in on the first device
	NullVisitor       float64 // share of sign-ups whose form handed in "null" for a visitor id
	ManualFixes       float64 // share of rightly claimed purchases the vendor has added to the platform by hand
}

// Site is the vendor's site and what is wrong with it.
type Site struct {
	Host, LinkHost           string
	SignupPath, CheckoutPath string
	// Faults are given; FaultsDrawn more are drawn.
	Faults      []Fault
	FaultsDrawn int
	// BareLandings is the share of landing pages that never had the snippet.
	BareLandings float64
	// WebhookOutages is the number of faults of one to three days drawn for the
	// payments.
	WebhookOutages int
	CookieDays     int
	SafariDays     int // 0: as CookieDays
	// VisitorLate leaves the visitor id off the first request of a browser.
	VisitorLate bool
}

// Fault is a stretch of time in which something did not work for everybody.
type Fault struct {
	// Cause is SnippetBroken, DataOverwritten or PublicKeyMissing; or PaymentNotTied,
	// when the platform recorded no payment of anybody (Page and Family empty).
	Cause Cause
	// Page is a path, or "*" for all pages. SignupPath takes CheckoutPath with it.
	Page string
	// Family is the browser family hit ("safari", "chrome", "firefox"), "" all.
	Family string
	// From and To are days after Options.Start, in fractions.
	From, To float64
}

// People are who the customers are and how they appear.
type People struct {
	HomeDays      Range   // a home address lasts so many days
	MobileShare   float64 // share of browsers that are phones or tablets
	UpdateDays    float64 // user agents change their version so often; 0 never
	SecondEmail   float64 // pays with another address altogether
	AliasEmail    float64 // pays with a +tag or dot variant
	UpperEmail    float64 // pays with the same address in capitals
	CompanyEmails float64
}

// Weight is one of several choices.
type Weight struct {
	Name   string
	Weight float64
}

// Money is what is bought.
type Money struct {
	Currencies    []Weight // foreign ones; most people pay in their country's
	HomeCurrency  float64  // share of payments in the currency of the country
	Prices        []int64  // in whole units of USD-like currencies
	Paying        float64  // share of customers who pay at all
	Subscriptions float64  // share of paying customers who renew monthly
	Churn         float64  // per renewal
	Failed        float64
	TestMode      float64
	RefundFull    float64
	RefundPartial float64
	Disputed      float64
	Duplicates    float64 // rows repeated in the export
	LagHours      Range   // until the platform records a payment
	ChargeID      float64 // share of transactions that name the charge
	CustomerKey   float64 // share of payments that carry the vendor's customer key
	// TaxPercent is what payments hold on top of what the platform records.
	TaxPercent int64
}

// Sources says which records the vendor keeps.
type Sources struct {
	PageChecks    bool
	Consents      bool
	Claims        bool
	Clicks        bool // false: clicks are seen in the landing requests only
	Rewards       bool
	ClickVisitor  float64 // share of clicks whose visitor id is known after landing
	ClickEmail    float64 // share of clicks that come out of a mail to the customer
	SignupVisitor bool
	SignupBrowser bool // address and user agent at sign-up
	// Cookies is what the access log records: "", "visitor", or "partner"
	// (visitor id and the two partner cookies).
	Cookies      string
	LoggedIn     float64 // share of page events after sign-up that carry the e-mail (not in access logs)
	MissingDays  int     // days without a log
	BrokenPerDay float64 // garbage lines a day in access logs
}

// The formats of [Formats].
const (
	AccessLog     = "access log"
	Segment       = "segment"
	Native        = "native"
	NativeJSON    = "native json"
	Stripe        = "stripe"
	PayPal        = "paypal"
	PartnerStack  = "partnerstack"
	PartnerStackL = "partnerstack list"
)

// Formats are the formats of the files.
type Formats struct {
	Visits   string // AccessLog, Segment or Native
	Clicks   string // Native or NativeJSON
	Payments string // Stripe, PayPal or Native
	Platform string // PartnerStack (JSON lines), PartnerStackL (list response) or Native
	Gzip     bool   // logs and clicks
	// StripeColumns is "chosen" (with Mode and the dispute), "default" (without,
	// so that no test payment and no dispute occurs) or "all".
	StripeColumns string
	// PayPalZone is the fixed offset of the account's times, in hours.
	PayPalZone int
}

// Traffic is everybody who never signs up, per day.
type Traffic struct {
	Visitors float64 // organic visitors
	Clickers float64 // people who follow a link and leave
	Bots     float64 // bots that follow links
	Crawlers float64 // bots that read pages
	Pasted   float64 // visitors with a pasted landing address
}

// DefaultOptions is a middling vendor: access log, Stripe, PartnerStack.
func DefaultOptions() Options {
	return Options{
		Seed: 1, Start: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Days: 240,
		Customers: 4000, Partners: 40, LandingPages: 8,
		Referred: 0.42, Typed: 0.09,
		Causes: Causes{
			OtherPartner: 0.16, CookiesCleared: 0.06, CookiesBlocked: 0.09, LateSignup: 0.06, DeviceSwitch: 0.12,
			NotTiedCustomer: 0.03, NotTiedPayment: 0.01, ParametersStripped: 0.03, BlockerOfBlocked: 0.3,
			TypedBy: [5]float64{0.4, 0.25, 0.15, 0.13, 0.07},
		},
		Traps: Traps{
			ClickAfterBuying: 0.06, SelfReferral: 0.005, LeakedCoupons: 2, LeakedCouponUse: 0.02, CouponBesideClick: 0.04,
			Offices: 0.1, OfficeSize: 8, PastedLinks: 0.03, ClaimLost: 0.2, ClaimTyped: 0.1, ClaimFalse: 0.02,
			ClaimCredited: 0.02, ClaimNobody: 8, Existing: 0.05, LoginBack: 0.2,
			NullVisitor: 0.005, ManualFixes: 0.1,
		},
		Site: Site{
			Host: "www.vendor.example", LinkHost: "go.vendor.example", SignupPath: "/signup", CheckoutPath: "/checkout",
			FaultsDrawn: 5, BareLandings: 0.15, CookieDays: 90,
		},
		People: People{
			HomeDays: Range{15, 120}, MobileShare: 0.45, SecondEmail: 0.06, AliasEmail: 0.04, UpperEmail: 0.03, CompanyEmails: 0.15,
		},
		Money: Money{
			Currencies:   []Weight{{"USD", 5}, {"EUR", 3}, {"GBP", 1}, {"JPY", 0.5}},
			HomeCurrency: 0.85, Prices: []int64{29, 49, 99, 199, 499, 999}, Paying: 0.7, Subscriptions: 0.55, Churn: 0.25,
			Failed: 0.03, TestMode: 0.01, RefundFull: 0.025, RefundPartial: 0.015, Disputed: 0.006, Duplicates: 0.002,
			LagHours: Range{0.05, 24}, ChargeID: 0.7, CustomerKey: 0.6,
		},
		Sources: Sources{
			PageChecks: true, Claims: true, Clicks: true, Rewards: true, ClickEmail: 0.07,
			SignupVisitor: true, SignupBrowser: true, Cookies: "visitor", BrokenPerDay: 0.3,
		},
		Formats: Formats{Visits: AccessLog, Clicks: Native, Payments: Stripe, Platform: PartnerStack, Gzip: true, StripeColumns: "chosen", PayPalZone: -8},
		Traffic: Traffic{Visitors: 15, Clickers: 4, Bots: 2.5, Crawlers: 3, Pasted: 0.5},
	}
}

// DemoOptions is a small vendor in which every case and trap occurs: about
// 2,000 payments in eight months.
func DemoOptions() Options {
	o := DefaultOptions()
	o.Seed, o.Customers, o.Partners, o.LandingPages = 7, 1350, 24, 7
	o.Typed = 0.06
	o.Causes.CookiesCleared, o.Causes.CookiesBlocked, o.Causes.LateSignup, o.Causes.DeviceSwitch = 0.04, 0.05, 0.04, 0.08
	o.Site.FaultsDrawn, o.Site.BareLandings = 0, 0.2
	o.Site.Faults = []Fault{
		{Cause: SnippetBroken, Page: "*", From: 41.4, To: 48.6},
		{Cause: SnippetBroken, Page: o.Site.SignupPath, From: 96.3, To: 102.7},
		{Cause: SnippetBroken, Page: "/pricing", Family: "safari", From: 150.2, To: 171.5},
		{Cause: DataOverwritten, Page: o.Site.SignupPath, From: 118.5, To: 131.2},
		{Cause: PublicKeyMissing, Page: o.Site.SignupPath, From: 186.6, To: 192.4},
		{Cause: PaymentNotTied, From: 201.2, To: 204.5},
	}
	o.Sources.Cookies = "partner"
	o.Sources.Consents = true
	o.Sources.ClickVisitor = 0.2
	o.Sources.MissingDays = 1
	o.Traffic = Traffic{Visitors: 12, Clickers: 3, Bots: 2, Crawlers: 2, Pasted: 0.4}
	return o
}

// DrawOptions draws a vendor unlike others from wide ranges: which sources it
// keeps, how often each thing goes wrong, what is broken. Vendors drawn from
// many seeds are what evidence is weighed on.
func DrawOptions(seed uint64) Options {
	rng := newRand(seed, streamOptions)
	u := func(lo, hi float64) float64 { return Range{lo, hi}.draw(rng) }
	yes := func(p float64) bool { return rng.Float64() < p }
	o := DefaultOptions()
	o.Seed = seed
	o.Days = 150 + rng.IntN(220)
	o.Partners, o.LandingPages = 8+rng.IntN(60), 2+rng.IntN(12)
	o.Referred, o.Typed = u(0.15, 0.6), u(0.02, 0.15)
	o.Causes = Causes{
		OtherPartner: u(0.05, 0.3), CookiesCleared: u(0.02, 0.1), CookiesBlocked: u(0.01, 0.12), LateSignup: u(0.02, 0.1),
		DeviceSwitch: u(0.04, 0.2), NotTiedCustomer: u(0, 0.06), NotTiedPayment: u(0, 0.02), ParametersStripped: u(0, 0.08),
		BlockerOfBlocked: u(0.1, 0.6), ThirdPartyFirefox: yes(0.3),
		TypedBy: [5]float64{u(0.1, 0.6), u(0.1, 0.4), u(0.05, 0.3), u(0.05, 0.2), u(0, 0.15)},
	}
	o.Traps = Traps{
		ClickAfterBuying: u(0.01, 0.12), SelfReferral: u(0, 0.01), LeakedCoupons: rng.IntN(4), LeakedCouponUse: u(0, 0.05),
		CouponBesideClick: u(0, 0.1), Offices: u(0, 0.3), OfficeSize: 3 + rng.IntN(20), PastedLinks: u(0, 0.08),
		ClaimLost: u(0.05, 0.4), ClaimTyped: u(0.03, 0.3), ClaimFalse: u(0, 0.05), ClaimCredited: u(0, 0.04),
		ClaimNobody: rng.IntN(20), Existing: u(0, 0.15), LoginBack: u(0, 0.4),
		NullVisitor: u(0, 0.02), ManualFixes: u(0, 0.3),
	}
	o.Site.FaultsDrawn, o.Site.BareLandings, o.Site.WebhookOutages = rng.IntN(8), u(0, 0.35), rng.IntN(3)
	if yes(0.4) {
		o.Site.SafariDays = []int{1, 7, 7, 7}[rng.IntN(4)]
	}
	o.Site.SignupPath = []string{"/signup", "/register", "/start", "/signup"}[rng.IntN(4)]
	o.Site.CheckoutPath = []string{"/checkout", "/billing", "/checkout"}[rng.IntN(3)]
	o.Site.VisitorLate = yes(0.25)
	o.People = People{
		HomeDays: Range{u(3, 20), u(30, 200)}, MobileShare: u(0.2, 0.65), SecondEmail: u(0.01, 0.15), AliasEmail: u(0.01, 0.08),
		UpperEmail: u(0, 0.06), CompanyEmails: u(0.05, 0.7),
	}
	if yes(0.5) {
		o.People.UpdateDays = u(25, 60)
	}
	o.Money.Paying, o.Money.Subscriptions, o.Money.Churn = u(0.3, 0.95), u(0.2, 0.9), u(0.05, 0.5)
	o.Money.LagHours = Range{0.05, u(1, 40)}
	o.Money.ChargeID, o.Money.CustomerKey = u(0, 1), u(0.1, 1)
	o.Sources = Sources{
		PageChecks: yes(0.6), Consents: yes(0.5), Claims: yes(0.85), Clicks: yes(0.9), Rewards: yes(0.5), ClickEmail: u(0, 0.15),
		SignupVisitor: yes(0.85), SignupBrowser: yes(0.9),
		Cookies: []string{"", "visitor", "visitor", "partner"}[rng.IntN(4)], BrokenPerDay: u(0, 1),
	}
	if !o.Sources.SignupVisitor {
		o.Sources.SignupBrowser = true
	}
	if yes(0.4) {
		o.Sources.ClickVisitor = u(0.1, 0.9)
	}
	if yes(0.3) {
		o.Sources.MissingDays = 1 + rng.IntN(6)
	}
	o.Formats.Visits = []string{AccessLog, AccessLog, Segment, Native}[rng.IntN(4)]
	if o.Formats.Visits != AccessLog && yes(0.5) {
		o.Sources.LoggedIn = u(0.2, 1)
	}
	o.Formats.Payments = []string{Stripe, Stripe, PayPal, Native}[rng.IntN(4)]
	o.Formats.StripeColumns = []string{"chosen", "default", "all"}[rng.IntN(3)]
	o.Formats.Clicks = []string{Native, NativeJSON}[rng.IntN(2)]
	o.Formats.Platform = []string{PartnerStack, PartnerStack, PartnerStackL, Native}[rng.IntN(4)]
	o.Formats.Gzip = yes(0.7)
	// What is drawn last leaves the vendors of older versions as they were.
	o.Causes.ThirdPartyInApp = yes(0.5)
	return o
}

func (o *Options) check() error {
	bad := func(format string, args ...any) error { return fmt.Errorf("simulate: "+format, args...) }
	switch {
	case o.Start.IsZero() || o.Start.UTC().Truncate(24*time.Hour) != o.Start.UTC():
		return bad("Start is %v; want a midnight in UTC", o.Start)
	case o.Days < 10:
		return bad("Days is %d; want at least 10", o.Days)
	case o.Customers < 0 || o.Partners < 2 || o.Partners > 5000 || o.LandingPages < 1:
		return bad("Customers %d, Partners %d, LandingPages %d; want at least 0, 2 to 5000, and 1", o.Customers, o.Partners, o.LandingPages)
	case o.Referred < 0 || o.Typed < 0 || o.Referred+o.Typed > 1:
		return bad("Referred %v and Typed %v are shares of all customers", o.Referred, o.Typed)
	case o.Site.CookieDays < 1 || o.Site.Host == "" || o.Site.LinkHost == "" || o.Site.SignupPath == "" || o.Site.CheckoutPath == "":
		return bad("Site needs CookieDays, Host, LinkHost, SignupPath and CheckoutPath")
	case len(o.Money.Prices) == 0 || len(o.Money.Currencies) == 0:
		return bad("Money needs Prices and Currencies")
	case o.Traps.Offices > 0 && o.Traps.OfficeSize < 1:
		return bad("OfficeSize is %d; want at least 1", o.Traps.OfficeSize)
	case o.Money.LagHours.Max > 48:
		return bad("LagHours reach %v; a payment older than 48 hours is judged", o.Money.LagHours.Max)
	}
	for _, f := range o.Site.Faults {
		if f.Cause != SnippetBroken && f.Cause != DataOverwritten && f.Cause != PublicKeyMissing && f.Cause != PaymentNotTied {
			return bad("a fault of the site cannot be %v", f.Cause)
		}
		if f.From >= f.To || (f.Cause == PaymentNotTied) != (f.Page == "") || f.Page != "" && f.Page != "*" && !strings.HasPrefix(f.Page, "/") {
			return bad("fault on %q from day %v to %v; want a path or * (nothing for payments), and a beginning before the end", f.Page, f.From, f.To)
		}
	}
	for _, c := range []struct {
		name, got string
		want      []string
	}{
		{"Visits", o.Formats.Visits, []string{AccessLog, Segment, Native}},
		{"Clicks", o.Formats.Clicks, []string{Native, NativeJSON}},
		{"Payments", o.Formats.Payments, []string{Stripe, PayPal, Native}},
		{"Platform", o.Formats.Platform, []string{PartnerStack, PartnerStackL, Native}},
		{"StripeColumns", o.Formats.StripeColumns, []string{"chosen", "default", "all"}},
		{"Cookies", o.Sources.Cookies, []string{"", "visitor", "partner"}},
	} {
		known := false
		for _, w := range c.want {
			known = known || c.got == w
		}
		if !known {
			return bad("%s is %q; want one of %q", c.name, c.got, c.want)
		}
	}
	return nil
}
