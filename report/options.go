package report

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"

	"lostlink/ingest/table"
)

// Options say what of a result is put before people, and how.
type Options struct {
	// Programme is how the partner programme is called in titles and file names.
	Programme string
	// ReviewRowsMax is how many purchases are put on the Review sheet at most,
	// the largest first; the others stay in the files and are counted.
	ReviewRowsMax int
	// Thresholds: purchases with less at stake are counted, not put on Review.
	Thresholds []Threshold
	// MaskEmail hides e-mail addresses in the workbook. The files keep them.
	MaskEmail bool
	// MainCurrency is the currency of the charts and of the order of rows;
	// empty: the one with the most rows on Review.
	MainCurrency string
	// Rates bring other currencies into the order of rows, and nothing else: no
	// total ever adds currencies. Rows in a currency without a rate come last.
	Rates []Rate
	// Commission estimates what a purchase would have earned the partner. The
	// first rule that fits a purchase is taken; none fits: no estimate.
	Commission []CommissionRule
}

// Threshold is the smallest amount at stake that is reviewed, in minor units.
type Threshold struct {
	Currency string
	Minor    int64
}

// Rate is what one unit of Currency is worth in the main currency, as decimal
// text such as "0.0061".
type Rate struct {
	Currency string
	ToMain   string
}

// CommissionRule is a share of the amount at stake or a flat amount, one of
// the two. Currency empty fits every currency, and only a share can do that.
type CommissionRule struct {
	Currency  string
	Percent   string // decimal text: "20" or "12.5"
	FlatMinor int64
	// Group is what a rule of some partners is called, and Partners are their
	// keys; both empty: the rule is for all.
	Group    string
	Partners []string
	// Payments says which payments of a customer the rule is for.
	Payments Payments
}

// Payments are some of a customer's payments.
type Payments string

// The choices. A rule for first payments alone leaves the later ones without
// estimate, unless another rule is for them.
const (
	AllPayments   Payments = ""
	FirstPayments Payments = "first"
	LaterPayments Payments = "later"
)

// DefaultOptions are the options of an empty configuration.
func DefaultOptions() Options {
	return Options{Programme: "partner programme", ReviewRowsMax: 10_000}
}

// reviewRowsLimit is what fits a sheet of 1,048,576 rows below its head.
const reviewRowsLimit = 1_048_000

// Check says what is wrong with the options, in the words of the
// configuration file; nil if nothing is.
func (o *Options) Check() error {
	if o.ReviewRowsMax < 1 || o.ReviewRowsMax > reviewRowsLimit {
		return fmt.Errorf("report: review_rows_max is %d; write 1 to %d", o.ReviewRowsMax, reviewRowsLimit)
	}
	code := func(key, c string) error {
		if _, ok := table.Exponent(c); !ok {
			return fmt.Errorf("report: %s: %q is not an ISO 4217 currency code; write one such as EUR", key, c)
		}
		return nil
	}
	if o.MainCurrency != "" {
		if err := code("main_currency", o.MainCurrency); err != nil {
			return err
		}
	} else if len(o.Rates) > 0 {
		return fmt.Errorf("report: rates are given without main_currency; name the currency they lead to")
	}
	for _, t := range o.Thresholds {
		if err := code("thresholds", t.Currency); err != nil {
			return err
		}
		if t.Minor < 0 {
			return fmt.Errorf("report: thresholds: %s is below zero; write what is worth a review", t.Currency)
		}
	}
	for _, r := range o.Rates {
		if err := code("rates", r.Currency); err != nil {
			return err
		}
		if rate, ok := decimal(r.ToMain); !ok || rate.Sign() <= 0 {
			return fmt.Errorf("report: rates: %s: %q is not a rate; write a plain number above zero, such as 0.0061", r.Currency, r.ToMain)
		}
	}
	for _, c := range o.Commission {
		if c.Currency != "" {
			if err := code("commission", c.Currency); err != nil {
				return err
			}
		}
		switch share, ok := decimal(c.Percent); {
		case c.Payments != AllPayments && c.Payments != FirstPayments && c.Payments != LaterPayments:
			return fmt.Errorf("report: commission: payments is %q; write first or later, or leave it empty for all", c.Payments)
		case c.Group != "" && len(c.Partners) == 0:
			return fmt.Errorf("report: commission: group %q has no partners; list their keys", c.Group)
		case slices.Contains(c.Partners, ""):
			return fmt.Errorf("report: commission: one of partners is empty; write its key")
		case c.Percent != "" && c.FlatMinor != 0:
			return fmt.Errorf("report: commission: a rule has both a percentage and a flat amount; write one of them")
		case c.Percent != "" && (!ok || share.Cmp(big.NewRat(100, 1)) > 0):
			return fmt.Errorf("report: commission: %q is not a percentage; write a plain number from 0 to 100, such as 12.5", c.Percent)
		case c.Percent == "" && c.FlatMinor <= 0:
			return fmt.Errorf("report: commission: a rule has neither a percentage nor a flat amount; write one of them")
		case c.Percent == "" && c.Currency == "":
			return fmt.Errorf("report: commission: a flat amount needs its currency")
		}
	}
	return nil
}

var plainDecimal = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,12})?$`)

func decimal(s string) (*big.Rat, bool) {
	if !plainDecimal.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
