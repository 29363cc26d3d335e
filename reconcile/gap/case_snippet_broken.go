package gap

func init() {
	register(3, Case{
		Slug:    SnippetBroken,
		Code:    "C04",
		Title:   "Snippet broken on the site",
		Meaning: "The page that should have set or read the cookie had no working snippet at that time, mostly since a release of the site.",
		Shows:   "Page checks found the page without snippet on that day, or crediting on that page fell to nothing for everybody at the same time.",
		Check:   "Losses that start and end on the same dates (By week, Incidents), on one page, for all partners.",
		Steps: []string{
			"Put the snippet back and follow a link yourself: a cookie whose name contains growsumo or ps_ must appear in the browser's developer tools under Application, Cookies.",
			"Write to your customer success manager or to PartnerStack support when a change of the site may be the cause.",
			"Tell the partners that links did not track in that time, ask for the customers' names, and add the customers and rewards in bulk.",
		},
		CannotTell: "Without page checks a broken snippet, overwritten data and a missing public key look the same.",
	})
}
