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
		Findings: []Look{
			{"nothing_points", func(j *Journey) (string, []Row, bool) {
				if len(j.Clicks)+len(j.Vanity)+len(j.PartnerPages)+len(j.Named)+len(j.Coupons)+len(j.Claims) > 0 || j.Credited != nil {
					return "", nil, false
				}
				return "no click, coupon, partner's page or claim can be tied to this customer", nil, true
			}},
			{"click_after_signup", func(j *Journey) (string, []Row, bool) {
				if len(j.After) == 0 || len(j.Clicks) > 0 {
					return "", nil, false
				}
				return "the customer signed up before they first followed a partner's link", []Row{j.After[0].Row}, true
			}},
			{"self_referral", func(j *Journey) (string, []Row, bool) {
				if j.OwnPartner == "" {
					return "", nil, false
				}
				return "the customer is the partner " + j.OwnPartner + ", by e-mail address or domain", []Row{j.PurchaseRow}, true
			}},
			{"signed_up_before_records", func(j *Journey) (string, []Row, bool) {
				if !j.Has.Signups || j.Signup != nil {
					return "", nil, false
				}
				return "no sign-up of this customer is on record: they were a customer before the records begin, or pay under another name", []Row{j.PurchaseRow}, true
			}},
			{"arrived_elsewhere", func(j *Journey) (string, []Row, bool) {
				return j.arrived("first came from another site or by an advertisement", func(a Arrival) bool {
					return a == ArrivedFromElsewhere || a == ArrivedByCampaign
				})
			}},
			{"arrived_by_search", func(j *Journey) (string, []Row, bool) {
				return j.arrived("first came by a search", func(a Arrival) bool { return a == ArrivedBySearch && !j.AtSignup })
			}},
			{"started_at_signup", func(j *Journey) (string, []Row, bool) {
				return j.arrived("opened the sign-up page first, as people do who were on the site before in another browser", func(a Arrival) bool {
					return j.AtSignup && (a == ArrivedDirect || a == ArrivedBySearch)
				})
			}},
		},
	})
}

// arrived sees how the customer's browser first came, where nothing surer ties
// the customer to a partner.
func (j *Journey) arrived(what string, is func(Arrival) bool) (string, []Row, bool) {
	if c := j.Last(); c != nil && c.Tie.Sure() || len(j.Vanity)+len(j.PartnerPages)+len(j.Named) > 0 || !is(j.Arrival) {
		return "", nil, false
	}
	return "the customer's browser " + what, []Row{j.ArrivalRow}, true
}
