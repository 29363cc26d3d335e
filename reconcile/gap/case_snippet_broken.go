package gap

import "lostlink/ingest/table"

func init() {
	register(3, Case{
		Slug:    SnippetBroken,
		Code:    "C04",
		Title:   "Snippet broken on the site",
		Meaning: "The page that should have set or read the cookie had no working snippet at that time, mostly since a release of the site.",
		Shows:   "Page checks found the page without snippet on that day, or crediting on that page fell to nothing for everybody at the same time.",
		Check:   "Losses that start and end on the same dates (By week, Incidents), on one page, for all partners.",
		Steps: []string{
			"Put the snippet back and follow a link yourself: a cookie whose name contains growsumo or ps_ must appear in the browser's developer tools under Application, Cookies.",
			"Write to your customer success manager or to PartnerStack support when a change of the site may be the cause.",
			"Tell the partners that links did not track in that time, ask for the customers' names, and add the customers and rewards in bulk.",
		},
		CannotTell: "Without page checks a broken snippet, overwritten data and a missing public key look the same.",
		ByClick:    true,
		Findings: []Look{
			{"landing_check_no_snippet", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.Landing, !j.Landing.Never && !j.Landing.Changing && j.Landing.Snippet == table.No, "the landing page had no snippet")
			}},
			{"signup_check_no_snippet", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.SignupPage, !j.SignupPage.Changing && j.SignupPage.Snippet == table.No, "the sign-up page had no snippet")
			}},
			{"check_changing_no_snippet", func(j *Journey) (string, []Row, bool) {
				for _, p := range []PageState{j.SignupPage, j.Landing} {
					if what, rows, ok := checkSays(p, !p.Never && p.Changing && p.Snippet == table.No, p.Path+" had no snippet"); ok {
						return what, rows, true
					}
				}
				return "", nil, false
			}},
			{"landing_never_had_snippet", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || !j.Landing.Never || c.Browser.Family == safari {
					return "", nil, false
				}
				return "the landing page never had the snippet, and " + browserWords(c) + " is not Safari", rowsOf(j.Landing.Checks), true
			}},
			{"checkout_check_no_snippet", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.Checkout, j.Checkout.Snippet == table.No, "the checkout page had no snippet")
			}},
			{"checks_fine", checksFine},
			{"other_fault_checked", func(j *Journey) (string, []Row, bool) {
				for _, p := range []PageState{j.SignupPage, j.Landing} {
					if what, rows, ok := checkSays(p, p.Snippet == table.Yes && p.Faulty(), "the snippet was there, but "); ok {
						return what + "something else was wrong with it", rows, true
					}
				}
				return "", nil, false
			}},
			{"clean_journey", cleanJourney},
			{"incident_in_logs", func(j *Journey) (string, []Row, bool) {
				if j.Fault == nil || j.Fault.Cause != SnippetBroken {
					return "", nil, false
				}
				return "next to nobody was credited on " + PagesWords(j.Fault.Pages) + " at that time", nil, true
			}},
			{"cookie_at_signup", func(j *Journey) (string, []Row, bool) {
				if j.CookieAtSignup != table.Yes {
					return "", nil, false
				}
				return "the partner cookie was still there at the sign-up", []Row{j.CookieRow}, true
			}},
		},
	})
}
