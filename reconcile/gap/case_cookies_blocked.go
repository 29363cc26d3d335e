package gap

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
	})
}
