package gap

import (
	"fmt"

	"lostlink/ingest/table"
)

// clickLooks see whether there was a click of the customer at all, and how it is
// tied to them. They are weighed once for all cases that need a click
// (Case.ByClick); the cases' own findings only say which of them it was.
var clickLooks = []Look{
	{"no_click", func(j *Journey) (string, []Row, bool) {
		if len(j.Clicks) > 0 {
			return "", nil, false
		}
		return "no click on a partner's link can be tied to the customer", nil, true
	}},
	tied("click_by_id", func(c *Click) bool { return c.Tie == TieClickID }),
	tied("click_by_visitor", func(c *Click) bool { return c.Tie == TieVisitor }),
	tied("click_by_email", func(c *Click) bool { return c.Tie == TieEmail }),
	tied("click_by_similar_email", func(c *Click) bool { return c.Tie == TieLooseEmail }),
	tied("click_by_device", func(c *Click) bool { return c.Tie == TieAddressBrowser && c.Others == 0 }),
	tied("click_by_device_shared", func(c *Click) bool { return c.Tie == TieAddressBrowser && c.Others > 0 }),
	tied("click_by_address", func(c *Click) bool { return c.Tie == TieAddress && c.Others == 0 }),
	tied("click_by_address_few", func(c *Click) bool { return c.Tie == TieAddress && c.Others > 0 && c.Others <= few }),
	tied("click_by_address_crowd", func(c *Click) bool { return c.Tie == TieAddress && c.Others > few }),
	{"click_id_reused", func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil || !c.Reused {
			return "", nil, false
		}
		return "the landing's click id was issued to somebody else: the customer followed a pasted address, not the link itself", []Row{c.Row}, true
	}},
	{"click_long_ago", func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil || c.Tie.Sure() || j.Age(c) <= 30*table.Day {
			return "", nil, false
		}
		return "the click that may be the customer's was " + days(j.Age(c)) + " before the sign-up", []Row{c.Row}, true
	}},
	{"click_same_session", func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil || c.Tie.Sure() || j.Age(c) > 2*table.Hour {
			return "", nil, false
		}
		return "the click that may be the customer's was " + minutes(j.Age(c)) + " before the sign-up", []Row{c.Row}, true
	}},
	{"claim_for_click", func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil {
			return "", nil, false
		}
		for _, h := range j.Claims {
			if h.PartnerKey == c.PartnerKey {
				return h.What + "; the click is that partner's", []Row{h.Row, c.Row}, true
			}
		}
		return "", nil, false
	}},
	{"coupon_for_click", func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil || j.leaked() {
			return "", nil, false
		}
		for _, h := range j.Coupons {
			if h.PartnerKey == c.PartnerKey {
				return h.What + "; the click is that partner's", []Row{h.Row, c.Row}, true
			}
		}
		return "", nil, false
	}},
}

// few is how many further people an address may have to be called a household.
const few = 3

// tied sees how the click that should have been credited is tied to the
// customer.
func tied(name string, is func(*Click) bool) Look {
	return Look{name, func(j *Journey) (string, []Row, bool) {
		c := j.Last()
		if c == nil || !is(c) {
			return "", nil, false
		}
		what := fmt.Sprintf("followed a link of %s on %s, tied by %s", c.Partner, c.At.Date(), c.Tie)
		if !c.Tie.Sure() {
			switch c.Others {
			case 0:
				what += ", which fits nobody else"
			case 1:
				what += ", which fits one further person"
			default:
				what += fmt.Sprintf(", which fits %d further people", c.Others)
			}
		}
		return what, []Row{c.Row}, true
	}}
}

// The families of browsers with rules of their own for cookies.
const (
	safari  = "Safari"
	firefox = "Firefox"
)

// windowPassed sees that the last click is older than the programme's window.
func windowPassed(j *Journey) (string, []Row, bool) {
	c := j.Last()
	if c == nil || j.Age(c) <= j.window() {
		return "", nil, false
	}
	return fmt.Sprintf("the last click was %s before the sign-up; the cookie lives %s", days(j.Age(c)), days(j.window())), []Row{c.Row}, true
}

// shortLife sees that the window was still open but the shorter life that
// Safari's engine gives the cookie had passed, for the browsers fits names: by
// whether the sign-up came from the same one, and whether it is Safari itself.
func (j *Journey) shortLife(fits func(same table.Answer, isSafari bool) bool) (string, []Row, bool) {
	c := j.Last()
	if c == nil || j.Age(c) > j.window() || j.Age(c) <= j.Life(c) || !fits(j.SameBrowser(c), c.Browser.Family == safari) {
		return "", nil, false
	}
	return fmt.Sprintf("the last click was %s before the sign-up; %s keeps the cookie for %s", days(j.Age(c)), browserWords(c), days(j.Life(c))), []Row{c.Row}, true
}

func browserWords(c *Click) string {
	if s := c.Browser.String(); s != "" {
		return s
	}
	return "that browser"
}

// days writes a span in whole days, or hours below two days.
func days(t table.Time) string {
	if t < 2*table.Day {
		return fmt.Sprintf("%d hours", t/table.Hour)
	}
	return fmt.Sprintf("%d days", t/table.Day)
}

func minutes(t table.Time) string { return fmt.Sprintf("%d minutes", t/table.Minute) }

// otherBrowser sees that click and sign-up came from different browsers.
func otherBrowser(j *Journey) (string, []Row, bool) {
	c := j.Last()
	if c == nil || j.SameBrowser(c) != table.No {
		return "", nil, false
	}
	return fmt.Sprintf("clicked in %s, signed up in %s", c.Browser, j.Signup.Browser), []Row{c.Row, j.Signup.Row}, true
}

// cleanJourney sees that everything on the customer's side was in order: tagged
// landing, visitor id kept, inside the window, cookies not refused. What is left
// is a fault of the site.
func cleanJourney(j *Journey) (string, []Row, bool) {
	c := j.Last()
	if c == nil || c.Tie < TieVisitor || c.Tagged != table.Yes || j.SameVisitor(c) != table.Yes || j.Age(c) > j.Life(c) || len(j.Denied) > 0 {
		return "", nil, false
	}
	return "the same browser landed with the parameters and signed up inside the window; it should have been credited", []Row{c.Landing, j.decision()}, true
}

// checkSays puts a page's state into a finding.
func checkSays(p PageState, ok bool, what string) (string, []Row, bool) {
	if !ok || !p.Checked {
		return "", nil, false
	}
	if p.Changing {
		what += " in one of the two checks around that time"
	}
	return what, rowsOf(p.Checks), true
}

// checksFine sees that landing and sign-up page were in order when used.
func checksFine(j *Journey) (string, []Row, bool) {
	if !j.Landing.Fine() || !j.SignupPage.Fine() {
		return "", nil, false
	}
	return "the checks found landing and sign-up page in order", append(rowsOf(j.Landing.Checks), rowsOf(j.SignupPage.Checks)...), true
}

func checksNotOverwritten(j *Journey) (string, []Row, bool) {
	return checksWithout(j, func(p PageState) bool { return p.Overwritten == table.Yes }, "the checks found no overwriting of growsumo.data")
}

func checksHaveKey(j *Journey) (string, []Row, bool) {
	return checksWithout(j, func(p PageState) bool { return p.PublicKey == table.No }, "the checks found the public key in place")
}

func checksWithout(j *Journey, bad func(PageState) bool, what string) (string, []Row, bool) {
	if !j.SignupPage.Checked || bad(j.SignupPage) || bad(j.Landing) {
		return "", nil, false
	}
	return what, append(rowsOf(j.Landing.Checks), rowsOf(j.SignupPage.Checks)...), true
}

// latest gives the last of the hints.
func latest(hs []Hint) (string, []Row, bool) {
	if len(hs) == 0 {
		return "", nil, false
	}
	h := hs[len(hs)-1]
	return h.What, []Row{h.Row}, true
}

// fitting lists the claims whose day and customer fit, or those that do not.
func fitting(hs []Hint, sure bool) []Hint {
	var out []Hint
	for _, h := range hs {
		if h.Sure == sure {
			out = append(out, h)
		}
	}
	return out
}

// leaked tells whether most users of the coupon have no other tie to its
// partner and came from elsewhere, as after it was put on a coupon site.
func (j *Journey) leaked() bool {
	for _, h := range j.Coupons {
		if h.Strangers >= leakStrangers && h.Strangers*2 > h.Users {
			return true
		}
	}
	return false
}

// leakStrangers is from how many such users on a coupon is called leaked.
const leakStrangers = 4

// PagesWords names some pages in a sentence.
func PagesWords(pages []string) string {
	switch len(pages) {
	case 0:
		return "the site"
	case 1:
		return pages[0]
	case 2:
		return pages[0] + " and " + pages[1]
	}
	return fmt.Sprintf("%s and %d more pages", pages[0], len(pages)-1)
}
