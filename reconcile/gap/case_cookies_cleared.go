package gap

import "lostlink/ingest/table"

func init() {
	register(1, Case{
		Slug:    CookiesCleared,
		Code:    "C02",
		Title:   "Cookies cleared",
		Meaning: "The link was followed and the cookie set, but the same browser came back without any of its cookies, as after clearing them or in a private window.",
		Shows:   "A click and a sign-up from the same address with the same browser, inside the cookie's life, but with a new visitor id and no new click.",
		Check:   "Same browser in the columns of click and sign-up, another visitor id on the Timeline, days from click to sign-up below the cookie's life.",
		Steps: []string{
			"Add the customer and record the sale by hand if the evidence convinces you.",
			"Customers who follow the link again are credited again from then on.",
		},
		CannotTell: "A private window or a second browser profile looks the same as clearing. So does another person with the same browser behind the same address.",
		ByClick:    true,
		Findings: []Look{
			{"new_visitor_same_browser", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.SameVisitor(c) != table.No || j.SameBrowser(c) != table.Yes {
					return "", nil, false
				}
				return "the same browser (" + c.Browser.String() + ") came back with a new visitor id", []Row{c.Row, j.Signup.Row}, true
			}},
			{"visitor_kept", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.SameVisitor(c) != table.Yes {
					return "", nil, false
				}
				return "the visitor id of the click was still there at the sign-up", []Row{c.Row, j.decision()}, true
			}},
			{"other_browser", otherBrowser},
			{"no_visitor_id", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.Signup == nil || !j.Has.VisitorIDs || j.Signup.VisitorID != "" && c.VisitorID != "" {
					return "", nil, false
				}
				return "click or sign-up came without any visitor id, so nothing could be cleared in between", []Row{c.Row, j.Signup.Row}, true
			}},
		},
	})
}
