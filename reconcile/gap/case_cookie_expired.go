package gap

import (
	"fmt"

	"lostlink/ingest/table"
)

func init() {
	register(4, Case{
		Slug:    CookieExpired,
		Code:    "C05",
		Title:   "Cookie expired",
		Meaning: "The last click is older than the partner cookie's life (90 days unless set otherwise; Safari may keep it for a few days only).",
		Shows:   "The days from the last click to the sign-up are more than the cookie's life in that browser.",
		Check:   "Days from click to sign-up against the cookie window stated on About.",
		Steps: []string{
			"By the programme's terms nothing is owed once the window has passed; decline, or reward as goodwill.",
			"If Safari's shorter life is the cause, a cookie set by your own server lasts longer.",
		},
		CannotTell: "Nothing, once the click is tied to the customer: this case is arithmetic.",
		ByClick:    true,
		Findings: []Look{
			{"window_passed", windowPassed},
			{"short_life_passed", func(j *Journey) (string, []Row, bool) {
				return j.shortLife(func(same table.Answer, safari bool) bool { return safari && same != table.No })
			}},
			{"short_life_other_browser", func(j *Journey) (string, []Row, bool) {
				return j.shortLife(func(same table.Answer, safari bool) bool { return same == table.No })
			}},
			{"short_life_engine", func(j *Journey) (string, []Row, bool) {
				return j.shortLife(func(same table.Answer, safari bool) bool { return !safari && same != table.No })
			}},
			{"window_open", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || j.Age(c) > j.Life(c) || j.Age(c) > j.window() {
					return "", nil, false
				}
				return fmt.Sprintf("the last click was %s before the sign-up, inside the window", days(j.Age(c))), []Row{c.Row}, true
			}},
		},
	})
}
