package gap

import "lostlink/ingest/table"

func init() {
	register(7, Case{
		Slug:    PublicKeyMissing,
		Code:    "C08",
		Title:   "Public key missing in the snippet",
		Meaning: "The snippet was on the page without the company's public key, so nothing it sent could be matched to the company.",
		Shows:   "Page checks found the snippet without its public key on that day.",
		Check:   "All losses on pages of one template or release.",
		Steps: []string{
			"Put the public key into the snippet's initialise call; the snippet fails silently without it.",
			"Write to your customer success manager or to PartnerStack support if the key is unknown.",
			"Add the customers and rewards of that time in bulk.",
		},
		CannotTell: "Without page checks it looks like a broken snippet.",
		ByClick:    true,
		Findings: []Look{
			{"landing_check_no_key", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.Landing, !j.Landing.Changing && j.Landing.PublicKey == table.No, "the landing page's snippet had no public key")
			}},
			{"signup_check_no_key", func(j *Journey) (string, []Row, bool) {
				return checkSays(j.SignupPage, !j.SignupPage.Changing && j.SignupPage.PublicKey == table.No, "the sign-up page's snippet had no public key")
			}},
			{"check_changing_no_key", func(j *Journey) (string, []Row, bool) {
				for _, p := range []PageState{j.SignupPage, j.Landing} {
					if what, rows, ok := checkSays(p, p.Changing && p.PublicKey == table.No, "the snippet on "+p.Path+" had no public key"); ok {
						return what, rows, true
					}
				}
				return "", nil, false
			}},
			{"checks_fine", checksHaveKey},
			{"clean_journey", cleanJourney},
		},
	})
}
