package gap

func init() {
	register(9, Case{
		Slug:    ManualURL,
		Code:    "C10",
		Title:   "Sent by a partner, address typed",
		Meaning: "The customer came on the partner's word but did not follow the link: a coupon, the partner's short address, the partner's page as referrer without the link's parameters, or a claim that fits.",
		Shows:   "A partner's coupon on the payment, the partner's own path or page in the log, or a partner's claim that names this customer; no click of theirs.",
		Check:   "No click on the Timeline; the partner is named by coupon, page or claim.",
		Steps: []string{
			"Ask the partner for proof with the three questions.",
			"If you want to reward it, add the customer and record the sale by hand.",
			"Have the customer follow the link next time.",
		},
		CannotTell: "That the partner sent the customer: the records hold no click.",
	})
}
