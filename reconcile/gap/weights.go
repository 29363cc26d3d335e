package gap

// Weights say how much each finding speaks for its case, in log-odds. They are
// the one place where the verdicts' strength is set.
type Weights struct {
	// Base is where a case starts before any finding is seen.
	Base map[Slug]float64
	// Shared are the findings every case of a click declares (findings.go).
	Shared map[string]float64
	// Own are the findings of one case; an entry here wins over Shared.
	Own map[Slug]map[string]float64
}

// DefaultWeights are the weights lostlink ships with.
var DefaultWeights = Weights{
	Base: map[Slug]float64{
		OtherPartnerClick: -9, CookiesCleared: -5, CookiesBlocked: -5, SnippetBroken: -5, CookieExpired: -5, DeviceSwitch: -5,
		DataOverwritten: -5.5, PublicKeyMissing: -6, SafariNoSnippet: -6, ManualURL: -4, PaymentNotTied: -6, ParametersStripped: -5.5,
		NoPartnerSignal: 0,
	},
	Shared: map[string]float64{
		"no_click":               -12,
		"click_by_visitor":       8,
		"click_by_email":         8,
		"click_by_similar_email": 6,
		"click_by_device":        5.5,
		"click_by_device_shared": 4,
		"click_by_address":       4,
		"click_by_address_few":   2.5,
		"click_by_address_crowd": -1,
		"claim_for_click":        3,
		"window_passed":          -3,
	},
	Own: map[Slug]map[string]float64{
		OtherPartnerClick: {"credited_to_another": 0},
		CookiesCleared: {
			"new_visitor_same_browser": 5, "visitor_kept": -9, "other_browser": -7, "no_visitor_id": -6, "window_passed": -2,
		},
		CookiesBlocked: {
			"no_visitor_id_kept": 4, "visitor_id_kept": -6, "landing_without_visitor_id": 1.5, "consent_denied": 4, "consent_granted": -2,
			"partner_cookie_seen": -5,
		},
		SnippetBroken: {
			"landing_check_no_snippet": 6, "signup_check_no_snippet": 6, "checkout_check_no_snippet": 4, "checks_fine": -5, "other_fault_checked": -4,
			"clean_journey": 3, "incident_in_logs": 2, "cookie_at_signup": -2,
		},
		CookieExpired:   {"window_passed": 6, "window_open": -9},
		DeviceSwitch:    {"other_browser": 5, "same_browser": -6, "visitor_kept": -9},
		DataOverwritten: {"signup_check_overwritten": 7, "landing_check_overwritten": 3, "checks_fine": -5, "cookie_at_signup": 4, "no_cookie_at_signup": -3, "clean_journey": 1.5},
		PublicKeyMissing: {
			"landing_check_no_key": 6.5, "signup_check_no_key": 6.5, "checks_fine": -5, "clean_journey": 1,
		},
		SafariNoSnippet: {"webkit_without_snippet": 7, "landing_has_snippet": -7, "other_engine": -5, "landing_unchecked": -3},
		ManualURL: {
			"vanity_address": 9, "partner_page": 9, "coupon": 7, "coupon_leaked": 2, "coupon_arrived_elsewhere": -5, "claim": 7, "claim_unsure": 2,
			"claim_arrived_elsewhere": -1.5, "sure_click": -4, "likely_click": -1, "no_hint": -12,
		},
		PaymentNotTied:     {"customer_credited": 18, "customer_unknown": -12},
		ParametersStripped: {"landed_without_parameters": 6, "landed_with_parameters": -9, "no_landing": -3},
		NoPartnerSignal:    {"nothing_points": 4, "click_after_signup": 4, "arrived_elsewhere": 1},
	},
}

// Of gives the weight of a finding of a case. ok is false when the table has
// none, which the tests forbid.
func (w *Weights) Of(s Slug, name string) (weight float64, ok bool) {
	if v, ok := w.Own[s][name]; ok {
		return v, true
	}
	v, ok := w.Shared[name]
	return v, ok
}
