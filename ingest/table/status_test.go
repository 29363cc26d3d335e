package table

import "testing"

func TestIsReversal(t *testing.T) {
	for _, c := range []struct {
		p    Purchase
		want bool
	}{
		{Purchase{Amount: 100, Status: StatusPaid}, false},
		{Purchase{Amount: 100, Status: StatusRefunded, Refunded: 100}, false},
		{Purchase{Amount: 0}, false},
		{Purchase{Amount: -100}, true}, // of a payment that the processor does not name
		{Purchase{Amount: -100, Status: StatusRefund, ReversalOf: "p"}, true},
		{Purchase{Amount: 100, Status: StatusChargebackWon}, true},
		{Purchase{Amount: 100, ReversalOf: "p"}, true},
	} {
		if got := c.p.IsReversal(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.p, got, c.want)
		}
	}
}
