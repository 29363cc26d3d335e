package table

// What Purchase.Status says; sources fold their own words onto these.
//
// Refunded and Disputed hold what was taken back as far as the payment's own
// row says it; a dispute known to be open has taken nothing yet. Where the processor writes refunds as rows of their own
// (PayPal), the payment's Refunded stays 0 and the reversal rows carry the
// money, so adding both counts nothing twice.
const (
	StatusPaid          = "paid"
	StatusPartlyRefund  = "partially_refunded"
	StatusRefunded      = "refunded" // wholly
	StatusDisputed      = "disputed" // a dispute is open
	StatusDisputedLost  = "disputed_lost"
	StatusPending       = "pending"
	StatusFailed        = "failed"
	StatusCanceled      = "canceled"
	StatusRefund        = "refund"         // a reversal row: money given back
	StatusChargeback    = "chargeback"     // a reversal row: money taken back by the bank
	StatusChargebackWon = "chargeback_won" // a reversal row with a positive amount: money returned
)

// IsReversal tells a reversal row, whose Amount corrects the payment named in
// ReversalOf ("" if the processor does not name it), from a payment.
func (p *Purchase) IsReversal() bool {
	switch p.Status {
	case StatusRefund, StatusChargeback, StatusChargebackWon:
		return true
	}
	return p.ReversalOf != "" || p.Amount < 0
}
