package report

import (
	"math/big"
	"slices"
	"strings"

	"lostlink/ingest/table"
)

// Money writes an amount as people read it: "EUR 21,435.54", "JPY 526,491".
func Money(minor int64, currency string) string {
	whole, frac, dotted := strings.Cut(table.FormatAmount(minor, currency), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	out := currency + " " + sign + thousands(whole)
	if dotted {
		out += "." + frac
	}
	return out
}

// thousands sets a comma before every third digit from the right.
func thousands(digits string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Estimate is what a payment would have earned a partner, in minor units: the
// first rule that fits, rounded half up. first tells a customer's first payment
// from later ones. ok is false when no rule fits. The options are checked.
func (o *Options) Estimate(minor int64, currency, partnerKey string, first bool) (amount int64, ok bool) {
	for _, r := range o.Commission {
		switch {
		case r.Currency != "" && r.Currency != currency,
			len(r.Partners) > 0 && !slices.Contains(r.Partners, partnerKey),
			r.Payments == FirstPayments && !first,
			r.Payments == LaterPayments && first:
			continue
		}
		if r.Percent == "" {
			return r.FlatMinor, true
		}
		share, _ := decimal(r.Percent)
		v := new(big.Rat).Mul(share, big.NewRat(minor, 100))
		return roundHalfUp(v).Int64(), true
	}
	return 0, false
}

func roundHalfUp(v *big.Rat) *big.Int {
	num := new(big.Int).Add(new(big.Int).Lsh(v.Num(), 1), v.Denom())
	return num.Div(num, new(big.Int).Lsh(v.Denom(), 1))
}

// worth compares money across currencies for the order of rows only.
type worth struct {
	main  string
	rates map[string]*big.Rat // main-currency micro units for one minor unit
}

func newWorth(main string, rates []Rate) *worth {
	w := &worth{main: main, rates: map[string]*big.Rat{}}
	set := func(currency string, rate *big.Rat) {
		exp, _ := table.Exponent(currency)
		micro := big.NewRat(1_000_000, 1)
		for range exp {
			micro.Quo(micro, big.NewRat(10, 1))
		}
		w.rates[currency] = micro.Mul(micro, rate)
	}
	for _, r := range rates {
		rate, _ := decimal(r.ToMain)
		set(r.Currency, rate)
	}
	if main != "" {
		set(main, big.NewRat(1, 1))
	}
	return w
}

// of gives the worth in micro units of the main currency; nil where the
// currency has no rate.
func (w *worth) of(minor int64, currency string) *big.Int {
	rate := w.rates[currency]
	if rate == nil {
		return nil
	}
	return roundHalfUp(new(big.Rat).Mul(rate, big.NewRat(minor, 1)))
}

// sum adds what the currencies with a rate are worth.
func (w *worth) sum(minor map[string]int64) *big.Int {
	total := new(big.Int)
	for c, m := range minor {
		if v := w.of(m, c); v != nil {
			total.Add(total, v)
		}
	}
	return total
}
