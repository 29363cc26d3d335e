package gap

import "lostlink/ingest/table"

func init() {
	register(6, Case{
		Slug:    DataOverwritten,
		Code:    "C07",
		Title:   "Site code overwrote growsumo.data",
		Meaning: "The cookie was there, but a script of the site replaced growsumo.data before the sign-up was sent, so the partner key was lost.",
		Shows:   "Page checks found the overwriting on the sign-up page on that day, or the cookie was still there at the sign-up and nobody was credited.",
		Check:   "Losses on the sign-up page for all landing pages and partners alike, between two dates.",
		Steps: []string{
			"Have the page's code set single fields of growsumo.data, never the whole object.",
			"Write to your customer success manager or to PartnerStack support for a plan to restore the integration.",
			"Add the customers and rewards of that time in bulk.",
		},
		CannotTell: "Without page checks or logged cookies it looks like a broken snippet.",
		ByClick:    true,
		Findings: []Look{
			{"signup_check_overwritten", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.SignupPage, !j.SignupPage.Changing && j.SignupPage.Overwritten == table.Yes, "growsumo.data was overwritten on the sign-up page")
			}},
			{"landing_check_overwritten", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.Landing, !j.Landing.Changing && j.Landing.Overwritten == table.Yes, "growsumo.data was overwritten on the landing page")
			}},
			{"check_changing_overwritten", func(j *Journey) (string, []Row, bool) {
				for _, p := range []PageState{j.SignupPage, j.Landing} {
					if what, rows, ok := checkSays(p, p.Changing && p.Overwritten == table.Yes, "growsumo.data was overwritten on "+p.Path); ok {
						return what, rows, true
					}
				}
				return "", nil, false
			}},
			{"checks_fine", checksNotOverwritten},
			{"cookie_at_signup", func(j *Journey) (string, []Row, bool) {
				if j.CookieAtSignup != table.Yes {
					return "", nil, false
				}
				return "the partner cookie was still there at the sign-up, yet nobody was credited", []Row{j.CookieRow}, true
			}},
			{"no_cookie_at_signup", func(j *Journey) (string, []Row, bool) {
				if j.CookieAtSignup != table.No {
					return "", nil, false
				}
				return "no partner cookie was left at the sign-up", []Row{j.CookieRow}, true
			}},
			{"clean_journey", cleanJourney},
		},
	})
}
