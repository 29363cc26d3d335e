package gap

// Weights say how much each finding speaks for its case, in log-odds. They are
// the one thing that sets the strength of verdicts.
//
// A verdict answers two questions. Was it a lost referral, and of which kind:
// by a click, without one, a payment not tied, or no referral at all? For the
// kinds of a click the ties decide that, not the cause. And if by a click, which
// cause: the cases' own findings decide that, and add nothing to the first
// question. So an expired cookie is no proof that the click was the customer's.
type Weights struct {
	// Made says where the weights come from: the command that fitted them.
	Made string `json:"made"`
	// Base is where a case starts before any finding is seen: against the other
	// kinds, and for cases of a click against each other.
	Base map[Slug]float64 `json:"base"`
	// Click is where the cases of a click start together, and Ties what their
	// common findings add.
	Click float64            `json:"click"`
	Ties  map[string]float64 `json:"ties"`
	// Own are the findings of one case.
	Own map[Slug]map[string]float64 `json:"own"`
}

// Prior are weights set by hand: what each finding ought to say by good sense.
// Weights are fitted from here, and stay here where the examples are silent; the
// sign of a finding says whether it may speak for its case or against it.
var Prior = Weights{
	Made: "by hand",
	Base: map[Slug]float64{
		OtherPartnerClick: -9, ManualURL: -4, PaymentNotTied: -6, NoPartnerSignal: 0,

		CookiesCleared: 0, CookiesBlocked: 0, SnippetBroken: 0, CookieExpired: 0, DeviceSwitch: 0,
		DataOverwritten: -0.5, PublicKeyMissing: -1, SafariNoSnippet: -1, ParametersStripped: -0.5,
	},
	Click: -3,
	Ties: map[string]float64{
		"no_click":               -12,
		"click_by_id":            9.5,
		"click_by_visitor":       9,
		"click_by_email":         8.5,
		"click_by_similar_email": 7,
		"click_by_device":        6.5,
		"click_by_device_shared": 4.5,
		"click_by_address":       5.5,
		"click_by_address_few":   4,
		"click_by_address_crowd": 1,
		"click_id_reused":        -0.3,
		"click_long_ago":         -1,
		"click_same_session":     1,
		"claim_for_click":        3,
		"coupon_for_click":       3,
	},
	Own: map[Slug]map[string]float64{
		OtherPartnerClick: {"credited_to_another": 0},
		CookiesCleared: {
			"new_visitor_same_browser": 5, "visitor_kept": -9, "other_browser": -7, "no_visitor_id": -6,
		},
		CookiesBlocked: {
			"no_visitor_id_kept": 6, "visitor_id_kept": -6, "landing_without_visitor_id": 2.5, "consent_denied": 4, "consent_granted": -2,
			"partner_cookie_seen": -5,
		},
		SnippetBroken: {
			"landing_check_no_snippet": 6, "signup_check_no_snippet": 6, "check_changing_no_snippet": 3, "landing_never_had_snippet": 3.5, "checkout_check_no_snippet": 4, "checks_fine": -5, "other_fault_checked": -4,
			"clean_journey": 3, "incident_in_logs": 2, "cookie_at_signup": -2,
		},
		CookieExpired:   {"window_passed": 8, "short_life_passed": 8, "short_life_other_browser": -1, "short_life_engine": 2, "window_open": -9},
		DeviceSwitch:    {"other_browser": 5, "same_browser": -6, "visitor_kept": -9},
		DataOverwritten: {"signup_check_overwritten": 7, "landing_check_overwritten": 3, "check_changing_overwritten": 3, "checks_fine": -5, "cookie_at_signup": 4, "no_cookie_at_signup": -3, "clean_journey": 1.5},
		PublicKeyMissing: {
			"landing_check_no_key": 6.5, "signup_check_no_key": 6.5, "check_changing_no_key": 3, "checks_fine": -5, "clean_journey": 1,
		},
		SafariNoSnippet: {"safari_without_snippet": 7, "webkit_without_snippet": 3, "safari_never_credited": 7, "safari_credited_on_page": -4, "landing_has_snippet": -7, "other_engine": -5, "firefox": -4, "firefox_without_snippet": 1,
			"landing_unchecked": -3},
		ManualURL: {
			"vanity_address": 9, "partner_page": 9, "payment_names_partner": 8, "coupon": 7, "coupon_leaked": 2, "coupon_of_strangers": -2, "coupon_by_search": -4, "claim": 7, "claim_unsure": 2,
			"sure_click": -4, "likely_click": -1, "hint_of_clicked_partner": -6, "no_hint": -12,
		},
		PaymentNotTied:     {"customer_credited": 18, "customer_unknown": -12},
		ParametersStripped: {"landed_without_parameters": 9, "landed_with_parameters": -9, "no_landing": -3},
		NoPartnerSignal:    {"nothing_points": 4, "click_after_signup": 4, "self_referral": 12, "signed_up_before_records": 3, "arrived_elsewhere": 5, "arrived_by_search": 1.5, "started_at_signup": -3},
	},
}
