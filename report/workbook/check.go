package workbook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

// crockford is base32 without I, L, O and U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// sign gives 20 signs (100 bits) that only the holder of the key can make for
// these fields.
func sign(key []byte, fields ...string) string {
	mac := hmac.New(sha256.New, key)
	for _, f := range fields {
		fmt.Fprintf(mac, "%d:%s", len(f), f)
	}
	return crockford.EncodeToString(mac.Sum(nil))[:20]
}

// RowCheck is the hidden check of a row on Review. It covers the run and the
// facts that a decision is about, so a row whose facts were edited, or that was
// sorted apart from its neighbours, does not fit its check.
func RowCheck(key []byte, run string, g *gap.Gap) string {
	return sign(key, "row", run, g.GapID, fmt.Sprint(report.AtStake(g)), g.Currency, g.PurchaseID, g.CustomerID, g.PartnerKey, string(g.Case))
}

// bookCheck covers the control totals of a workbook: what is on Review.
func bookCheck(key []byte, run string, total gap.Sum) string {
	fields := []string{"run", fmt.Sprint(layout), run, fmt.Sprint(total.Count)}
	for _, c := range slices.Sorted(maps.Keys(total.Minor)) {
		fields = append(fields, c, fmt.Sprint(total.Minor[c]))
	}
	return sign(key, fields...)
}
