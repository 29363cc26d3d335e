package gap

import "lostlink/ingest/table"

func init() {
	register(11, Case{
		Slug:    ParametersStripped,
		Code:    "C12",
		Title:   "Link parameters lost on the way",
		Meaning: "The click is recorded, but the customer landed without the link's parameters: a redirect, a sign-in step or a content network dropped them.",
		Shows:   "A landing from the same address and browser within seconds of the click, on the link's page, without any partner parameter.",
		Check:   "The Timeline shows the click and, seconds later, the landing page without parameters.",
		Steps: []string{
			"Follow the link yourself and watch where the parameters disappear.",
			"Have redirects keep the query string.",
			"Add the customer and record the sale by hand.",
		},
		CannotTell: "Which hop dropped the parameters.",
		ByClick:    true,
		Findings: []Look{
			{"landed_without_parameters", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Tagged != table.No {
					return "", nil, false
				}
				return "seconds after the click " + c.Page + " was opened without the link's parameters", []Row{c.Row, c.Landing}, true
			}},
			{"landed_with_parameters", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Tagged != table.Yes {
					return "", nil, false
				}
				return "the landing has the link's parameters", []Row{c.Landing}, true
			}},
			{"no_landing", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Tagged != table.Unknown {
					return "", nil, false
				}
				return "no landing was found for the click", []Row{c.Row}, true
			}},
		},
	})
}
