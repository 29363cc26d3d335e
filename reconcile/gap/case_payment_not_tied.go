package gap

func init() {
	register(10, Case{
		Slug:    PaymentNotTied,
		Code:    "C11",
		Title:   "Customer credited, payment not recorded",
		Meaning: "The platform credits this customer to a partner, but this payment never reached it: the payment provider's customer id or the metadata is missing, or the provider is not connected.",
		Shows:   "The customer is in the platform's export with a partner; no transaction fits this payment.",
		Check:   "A Credited step on the Timeline before the purchase, and no transaction.",
		Steps: []string{
			"Record the payment as a transaction of that customer.",
			"Put the provider's customer id (provider_key) and the customer_key on the customer, so that later payments follow by themselves.",
			"PayPal and other unconnected providers need the API or an import for every payment.",
		},
		CannotTell: "Whether the platform received the payment and somebody removed it.",
		Findings: []Look{
			{"customer_credited", func(j *Journey) (string, []Row, bool) {
				if j.Credited == nil {
					return "", nil, false
				}
				return j.Credited.What + "; no transaction fits this payment", []Row{j.Credited.Row, j.PurchaseRow}, true
			}},
			{"customer_unknown", func(j *Journey) (string, []Row, bool) {
				if j.Credited != nil {
					return "", nil, false
				}
				return "the platform does not know this customer", nil, true
			}},
		},
	})
}
