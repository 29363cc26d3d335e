package source

import (
	"strings"

	"lostlink/ingest/table"
)

// statusWords folds the words that processors and vendors' own exports write
// onto the table's. Sources with a vocabulary of their own do not use it.
var statusWords = map[string]string{
	"paid": table.StatusPaid, "succeeded": table.StatusPaid, "success": table.StatusPaid, "successful": table.StatusPaid,
	"complete": table.StatusPaid, "completed": table.StatusPaid, "captured": table.StatusPaid, "settled": table.StatusPaid,
	"refunded": table.StatusRefunded, "fully refunded": table.StatusRefunded,
	"partially refunded": table.StatusPartlyRefund, "partial refund": table.StatusPartlyRefund,
	"disputed": table.StatusDisputed, "under review": table.StatusDisputed, "needs response": table.StatusDisputed,
	"disputed lost": table.StatusDisputedLost, "charged back": table.StatusDisputedLost, "lost": table.StatusDisputedLost,
	"pending": table.StatusPending, "processing": table.StatusPending, "authorized": table.StatusPending, "authorised": table.StatusPending,
	"failed": table.StatusFailed, "declined": table.StatusFailed, "denied": table.StatusFailed, "error": table.StatusFailed, "refused": table.StatusFailed,
	"canceled": table.StatusCanceled, "cancelled": table.StatusCanceled, "void": table.StatusCanceled, "voided": table.StatusCanceled,
	"refund": table.StatusRefund, "chargeback": table.StatusChargeback, "chargeback won": table.StatusChargebackWon,
}

// statusOf folds a status word. Nothing written means paid: a table without
// a status lists payments that went through.
func statusOf(s string) (string, error) {
	if s == "" {
		return table.StatusPaid, nil
	}
	if w, ok := statusWords[strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(s))]; ok {
		return w, nil
	}
	return "", &table.Fault{Value: s, Rule: "is not a known payment status", Remedy: "write paid, refunded, partially_refunded, disputed, disputed_lost, pending, failed or canceled"}
}

// settle makes the status of a payment that went through agree with what was
// taken back of it.
func settle(p *table.Purchase) {
	if p.Status != table.StatusPaid {
		return
	}
	switch {
	case p.Refunded > 0 && p.Refunded >= p.Amount:
		p.Status = table.StatusRefunded
	case p.Disputed > 0:
		p.Status = table.StatusDisputed
	case p.Refunded > 0:
		p.Status = table.StatusPartlyRefund
	}
}
