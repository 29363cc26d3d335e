package gap

import "lostlink/ingest/table"

func init() {
	register(2, Case{
		Slug:    CookiesBlocked,
		Code:    "C03",
		Title:   "Cookies refused or blocked",
		Meaning: "The browser kept no cookie: the customer refused in the consent banner, or the browser or an extension blocks them.",
		Shows:   "The tagged landing is in the log but no visitor id or partner cookie is ever kept afterwards; the consent log says denied.",
		Check:   "No visitor id on any step of the Timeline, or a consent step that says denied.",
		Steps: []string{
			"Add the customer and record the sale by hand.",
			"Nothing can be set against the customer's will. Partners with many such customers can ask them to allow cookies before following the link.",
			"Server-side tracking of conversions does not depend on the browser's cookies.",
		},
		CannotTell: "A refusal and a blocker look alike without a consent log.",
		ByClick:    true,
		Findings: []Look{
			{"no_visitor_id_kept", func(j *Journey) (string, []Row, bool) {
				if j.Signup == nil || j.KeptVisitor != table.No {
					return "", nil, false
				}
				return "the browser kept no visitor id up to the sign-up, although the site gives one", []Row{j.Signup.Row}, true
			}},
			{"visitor_id_kept", func(j *Journey) (string, []Row, bool) {
				if j.Signup == nil || j.KeptVisitor != table.Yes {
					return "", nil, false
				}
				return "the browser kept the site's visitor id", []Row{j.Signup.Row}, true
			}},
			{"landing_without_visitor_id", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || !j.Has.VisitorIDs || c.Tagged == table.Unknown || c.VisitorID != "" {
					return "", nil, false
				}
				return "the landing after the click has no visitor id", []Row{c.Landing}, true
			}},
			{"consent_denied", func(j *Journey) (string, []Row, bool) {
				if len(j.Denied) == 0 || len(j.Granted) > 0 {
					return "", nil, false
				}
				return "cookies were refused in the banner", rowsOf(j.Denied), true
			}},
			{"consent_granted", func(j *Journey) (string, []Row, bool) {
				if len(j.Granted) == 0 || len(j.Denied) > 0 {
					return "", nil, false
				}
				return "cookies were accepted in the banner", rowsOf(j.Granted), true
			}},
			{"partner_cookie_seen", func(j *Journey) (string, []Row, bool) {
				if j.CookieEver != table.Yes {
					return "", nil, false
				}
				return "a later request carried the partner cookie", nil, true
			}},
		},
	})
}
