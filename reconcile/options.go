package reconcile

import (
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Options are the rules a purchase is judged by.
type Options struct {
	// PeriodStart and PeriodEnd bound the purchases that are judged: from the
	// first instant to before the second. 0: the first and last day read.
	PeriodStart, PeriodEnd table.Time
	// AsOf is the end of what was known. 0: the end of the UTC day of the
	// newest purchase read.
	AsOf table.Time
	// LagHours is how old a purchase must be at AsOf to be judged; the platform
	// may still record a younger one.
	LagHours int
	// CookieDays is the life of the partner cookie; SafariDays a shorter life
	// that Safari (and every browser on iOS) gives it, 0 for none.
	CookieDays, SafariDays int
	// LookBackDays is how long before a sign-up clicks are still listed.
	LookBackDays int
	// MatchDays is how far apart a purchase and the platform's record of it may
	// lie when only customer or e-mail ties them.
	MatchDays int
	// SignupPages and CheckoutPages are paths; empty: found from the logs.
	SignupPages, CheckoutPages []string
	// SiteHosts are the vendor's own hosts; empty: found from the logs.
	SiteHosts []string
	// Thresholds: purchases below are excluded.
	Thresholds []Threshold
	// Degree limits: an id shared by more people than this ties nobody.
	VisitorPeople, ClickBrowsers int
	// InstallationKey makes gap ids that tell an outsider nothing.
	InstallationKey string
	// Follow are purchases that earlier runs counted as gaps: where they end now
	// is told, and nothing else depends on them.
	Follow []gap.Payment
	// Weights say how much each finding counts; nil: those lostlink ships with.
	Weights *gap.Weights
}

// Threshold is the smallest purchase judged in a currency, in minor units.
type Threshold struct {
	Currency string
	Minor    int64
}

// DefaultOptions are the options of an empty configuration.
func DefaultOptions() Options {
	return Options{
		LagHours: 48, CookieDays: 90, LookBackDays: 400, MatchDays: 3,
		VisitorPeople: 5, ClickBrowsers: 3,
	}
}
