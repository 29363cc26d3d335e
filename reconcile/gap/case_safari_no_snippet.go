package gap

import "fmt"

func init() {
	register(8, Case{
		Slug:    SafariNoSnippet,
		Code:    "C09",
		Title:   "Safari and a landing page without snippet",
		Meaning: "The link goes to a page that never had the snippet. Browsers that block third-party cookies, Safari above all, then keep nothing; others are still credited.",
		Shows:   "The landing page is without snippet in every check, and the browser of the click is Safari or another on iOS.",
		Check:   "Safari in the browser column, and a landing page that By cause lists as never having had the snippet.",
		Steps: []string{
			"Put the snippet on that page, or change where the link goes to.",
			"Make the tracked landing page the default destination of your partners' links.",
			"Add the customer and create the reward by hand if you wish.",
		},
		CannotTell: "Whether another browser's private window behaved the same.",
		ByClick:    true,
		Findings: []Look{
			{"safari_without_snippet", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.Family != safari || !j.Landing.Never {
					return "", nil, false
				}
				return c.Browser.String() + " landed on " + j.Landing.Path + ", which never had the snippet", append([]Row{c.Row}, rowsOf(j.Landing.Checks)...), true
			}},
			{"webkit_without_snippet", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || !c.Browser.WebKit || c.Browser.Family == safari || !j.Landing.Never {
					return "", nil, false
				}
				return c.Browser.String() + ", which is built on Safari's engine, landed on " + j.Landing.Path + ", which never had the snippet", append([]Row{c.Row}, rowsOf(j.Landing.Checks)...), true
			}},
			{"safari_never_credited", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.Family != safari || j.SafariPage == nil {
					return "", nil, false
				}
				p := j.SafariPage
				return fmt.Sprintf("of the clean journeys that landed on %s, %d of %d in Safari were credited, but %d of %d in other browsers", c.Page, p.SafariCredited, p.Safari, p.OthersCredited, p.Others), []Row{c.Row}, true
			}},
			{"safari_credited_on_page", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.Family != safari || j.SafariPage != nil || j.Landing.Checked || !j.SafariPageSeen {
					return "", nil, false
				}
				return "other journeys in Safari that landed on " + c.Page + " were credited", []Row{c.Row}, true
			}},
			{"landing_has_snippet", func(j *Journey) (string, []Row, bool) {
				if !j.Landing.Checked || j.Landing.Never {
					return "", nil, false
				}
				return "the landing page " + j.Landing.Path + " has the snippet, at least at other times", rowsOf(j.Landing.Checks), true
			}},
			{"other_engine", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.WebKit || c.Browser.Family == firefox || !c.Browser.Known() {
					return "", nil, false
				}
				return c.Browser.String() + " is not Safari", []Row{c.Row}, true
			}},
			{"firefox", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.WebKit || c.Browser.Family != firefox || j.Landing.Never {
					return "", nil, false
				}
				return c.Browser.String() + " is not Safari, though it may block third-party cookies", []Row{c.Row}, true
			}},
			{"firefox_without_snippet", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Browser.WebKit || c.Browser.Family != firefox || !j.Landing.Never {
					return "", nil, false
				}
				return c.Browser.String() + ", which may block third-party cookies, landed on " + j.Landing.Path + ", which never had the snippet", append([]Row{c.Row}, rowsOf(j.Landing.Checks)...), true
			}},
			{"landing_unchecked", func(j *Journey) (string, []Row, bool) {
				if j.Last() == nil || j.Landing.Checked || j.SafariPage != nil {
					return "", nil, false
				}
				return "no check of the landing page tells whether it had the snippet", nil, true
			}},
		},
	})
}
