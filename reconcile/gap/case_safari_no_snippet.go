package gap

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
	})
}
