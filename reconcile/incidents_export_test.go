package reconcile

import (
	"lostlink/ingest/table"
	"lostlink/reconcile/browser"
)

// CleanJourney is a sample, for tests that know the truth.
type CleanJourney struct {
	Landing           string
	Clicked, SignedUp table.Time
	Browser           browser.Browser
	Credited, Known   bool
}

// CleanJourneys gives the journeys that incidents are found in.
func CleanJourneys(set *table.Set, opt Options) []CleanJourney {
	var out []CleanJourney
	for _, s := range newBuilder(set, nil, opt).samples() {
		out = append(out, CleanJourney{s.landing, s.clicked, s.signedUp, s.browser, s.credited, s.known})
	}
	return out
}
