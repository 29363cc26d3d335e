package gap

import "fmt"

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
		Findings: []Look{
			{"vanity_address", func(j *Journey) (string, []Row, bool) { return latest(j.Vanity) }},
			{"partner_page", func(j *Journey) (string, []Row, bool) { return latest(j.PartnerPages) }},
			{"payment_names_partner", func(j *Journey) (string, []Row, bool) { return latest(j.Named) }},
			{"coupon", func(j *Journey) (string, []Row, bool) {
				if len(j.Coupons) == 0 || j.leaked() {
					return "", nil, false
				}
				return latest(j.Coupons)
			}},
			{"coupon_leaked", func(j *Journey) (string, []Row, bool) {
				if len(j.Coupons) == 0 || !j.leaked() {
					return "", nil, false
				}
				h := j.Coupons[0]
				return fmt.Sprintf("%s, but so did %d customers of whom %d have any tie to that partner", h.What, h.Users, h.Linked), []Row{h.Row}, true
			}},
			{"coupon_of_strangers", func(j *Journey) (string, []Row, bool) {
				if len(j.Coupons) == 0 || j.leaked() {
					return "", nil, false
				}
				h := j.Coupons[0]
				if h.Strangers < 2 || h.Strangers*5 < h.Users {
					return "", nil, false
				}
				return fmt.Sprintf("%d of the %d customers with this coupon came from searches and other sites", h.Strangers, h.Users), []Row{h.Row}, true
			}},
			{"coupon_by_search", func(j *Journey) (string, []Row, bool) {
				if len(j.Coupons) == 0 || j.Arrival != ArrivedBySearch || j.AtSignup {
					return "", nil, false
				}
				return "the customer searched for the site instead of typing its address", []Row{j.ArrivalRow}, true
			}},
			{"claim", func(j *Journey) (string, []Row, bool) { return latest(fitting(j.Claims, true)) }},
			{"claim_unsure", func(j *Journey) (string, []Row, bool) {
				if len(fitting(j.Claims, true)) > 0 {
					return "", nil, false
				}
				return latest(fitting(j.Claims, false))
			}},
			{"sure_click", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || !c.Tie.Sure() {
					return "", nil, false
				}
				return "a link was followed, by " + c.Tie.String(), []Row{c.Row}, true
			}},
			{"likely_click", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Tie.Sure() {
					return "", nil, false
				}
				return "a link was perhaps followed (" + c.Tie.String() + ")", []Row{c.Row}, true
			}},
			{"hint_of_clicked_partner", func(j *Journey) (string, []Row, bool) {
				c := j.Last()
				if c == nil || c.Tie == TieAddress && c.Others > few || c.PartnerKey != j.hinted() {
					return "", nil, false
				}
				return "a link of the same partner was followed, so the address was not typed", []Row{c.Row}, true
			}},
			{"no_hint", func(j *Journey) (string, []Row, bool) {
				if len(j.Vanity)+len(j.PartnerPages)+len(j.Named)+len(j.Coupons)+len(j.Claims) > 0 {
					return "", nil, false
				}
				return "no coupon, partner's page, short address, key on the payment or claim", nil, true
			}},
		},
	})
}
