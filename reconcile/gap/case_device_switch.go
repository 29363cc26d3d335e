package gap

import "lostlink/ingest/table"

func init() {
	register(5, Case{
		Slug:    DeviceSwitch,
		Code:    "C06",
		Title:   "Other browser or device",
		Meaning: "The link was followed in one browser or on one device, and the customer signed up in another, where no cookie was.",
		Shows:   "A click tied to the customer by e-mail, sign-in or home address with another browser than the sign-up's.",
		Check:   "The browser of the click differs from the browser of the sign-up.",
		Steps: []string{
			"Ask the partner the three questions; if the customer confirms, add the customer and record the sale by hand.",
			"A cross-device integration such as Branch can keep the connection in future.",
		},
		CannotTell: "A shared address alone does not prove one person: it may be an office, a family or a mobile network.",
		ByClick:    true,
		Findings: []Look{
			{"other_browser", otherBrowser},
			{"same_browser", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.SameBrowser(c) != table.Yes {
					return "", nil, false
				}
				return "click and sign-up came from the same kind of browser (" + c.Browser.String() + ")", []Row{c.Row, j.Signup.Row}, true
			}},
			{"visitor_kept", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.SameVisitor(c) != table.Yes {
					return "", nil, false
				}
				return "click and sign-up share a visitor id", []Row{c.Row, j.decision()}, true
			}},
		},
	})
}
