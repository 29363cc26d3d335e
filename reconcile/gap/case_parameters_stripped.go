package gap

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
	})
}
