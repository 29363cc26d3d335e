package gap

func init() {
	register(6, Case{
		Slug:    DataOverwritten,
		Code:    "C07",
		Title:   "Site code overwrote growsumo.data",
		Meaning: "The cookie was there, but a script of the site replaced growsumo.data before the sign-up was sent, so the partner key was lost.",
		Shows:   "Page checks found the overwriting on the sign-up page on that day, or the cookie was still there at the sign-up and nobody was credited.",
		Check:   "Losses on the sign-up page for all landing pages and partners alike, between two dates.",
		Steps: []string{
			"Have the page's code set single fields of growsumo.data, never the whole object.",
			"Write to your customer success manager or to PartnerStack support for a plan to restore the integration.",
			"Add the customers and rewards of that time in bulk.",
		},
		CannotTell: "Without page checks or logged cookies it looks like a broken snippet.",
	})
}
