package gap

func init() {
	register(0, Case{
		Slug:    OtherPartnerClick,
		Code:    "C01",
		Title:   "Another partner's link was clicked later",
		Meaning: "The customer followed links of two partners. The platform credits the one clicked last before the sign-up; the other partner sees nothing.",
		Shows:   "Two clicks with different partners by the same person before the sign-up, and the platform credits one of them.",
		Check:   "The Contested sheet lists both clicks with their times; the later one inside the cookie's life is the credited partner.",
		Steps: []string{
			"Nothing is missing: by the last-click rule the later partner is credited.",
			"If you would rather reward the earlier partner, decline the reward on the invoice and create one by hand for the partner you choose.",
			"Answer the earlier partner with the times of both clicks.",
		},
		CannotTell: "Which of the two partners convinced the customer.",
		Findings: []Look{
			{"credited_to_another", func(j *Journey) (string, []Row, bool) {
				last := j.Last()
				if j.Credited == nil || last == nil || !last.Tie.Sure() || last.PartnerKey == j.Credited.PartnerKey {
					return "", nil, false
				}
				return "the platform credits " + j.Credited.PartnerKey + "; the last click is " + last.PartnerKey + "'s", []Row{j.Credited.Row, last.Row}, true
			}},
		},
	})
}
