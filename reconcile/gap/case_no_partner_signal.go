package gap

func init() {
	register(12, Case{
		Slug:    NoPartnerSignal,
		Code:    "C00",
		Title:   "No sign of a partner",
		Meaning: "An ordinary purchase: nothing in the records points to a partner.",
		Shows:   "No click, coupon, partner page or claim that can be tied to this customer.",
		Check:   "Nothing to check; such purchases are counted on Tie-out and complete in the files.",
		Steps: []string{
			"Nothing to do.",
		},
		CannotTell: "A referral that left no trace at all looks the same.",
	})
}
