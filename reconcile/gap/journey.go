package gap

// Journey is all that is known of the way to one purchase.
type Journey struct{}
