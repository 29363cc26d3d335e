package table

import (
	"fmt"
	"math"
	"strings"
)

// Unit says how a file writes money. It is declared by the source, never
// guessed from a number.
type Unit string

// Major units are written with the currency's decimals ("29.00"); minor units
// are integers in the currency's smallest unit (2900, and 2900 for JPY 2900);
// hundredths are integers of 1/100 whatever the currency, yen included.
const (
	Major      Unit = "major"
	Minor      Unit = "minor"
	Hundredths Unit = "hundredths"
)

// exponents lists the ISO 4217 currencies whose smallest unit is not 1/100.
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// hundredsListed lists the active ISO 4217 currencies whose smallest unit is 1/100.
const hundredsListed = " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL "

var hundreds = map[string]bool{}

func init() {
	for _, c := range strings.Fields(hundredsListed) {
		hundreds[c] = true
	}
}

// Exponent gives the number of decimals of a currency; ok is false for a code
// that ISO 4217 does not have.
func Exponent(currency string) (digits int, ok bool) {
	if e, ok := exponents[currency]; ok {
		return e, true
	}
	return 2, hundreds[currency]
}

// ParseCurrency folds a code to upper case and checks it.
func ParseCurrency(s string) (string, error) {
	c := strings.ToUpper(strings.TrimSpace(s))
	if _, ok := Exponent(c); !ok {
		return "", &Fault{Value: s, Rule: "is not an ISO 4217 currency code", Remedy: "write the three-letter code, such as EUR"}
	}
	return c, nil
}

// MaxAmount bounds an amount in minor units: the partner platform's own limit,
// and far below what a float of a spreadsheet holds exactly.
const MaxAmount = 50_000_000_000_00

// ParseAmount reads money into minor units of an already checked currency. The
// decimal mark is a dot; thousands marks, signs other than a leading minus,
// exponents, more decimals than the currency has (unless they are zeros) and
// any decimals in a unit other than [Major] are refused. It never goes through
// a float.
func ParseAmount(s, currency string, unit Unit) (int64, error) {
	bad := func(rule, remedy string) (int64, error) {
		return 0, &Fault{Value: s, Rule: rule, Remedy: remedy}
	}
	exp, ok := Exponent(currency)
	if !ok {
		return bad("has no known currency", "give the currency of the amount")
	}
	t := strings.TrimSpace(s)
	neg := strings.HasPrefix(t, "-")
	t = strings.TrimPrefix(t, "-")
	whole, frac, dotted := strings.Cut(t, ".")
	if whole == "" || dotted && frac == "" || !digits(whole) || !digits(frac) {
		return bad("is not a plain number", "write digits with a dot before the decimals, such as 1250.00")
	}
	want := exp
	switch unit {
	case Major:
	case Minor, Hundredths:
		// Zeros too: 49.00 is 49 dollars in a file that writes decimals, not 49 cents.
		if dotted {
			return bad("has decimals, but the source's unit is "+string(unit), "set unit: major if the file writes decimals")
		}
		want = 0
	default:
		return bad(fmt.Sprintf("is in the unknown unit %q", unit), "set unit to major, minor or hundredths")
	}
	for len(frac) > want && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if len(frac) > want {
		return bad(fmt.Sprintf("has more decimals than %s has (%d)", currency, exp), "check the amount and its currency")
	}
	n := int64(0)
	for i := range len(whole) + want {
		digit := byte('0')
		switch {
		case i < len(whole):
			digit = whole[i]
		case i-len(whole) < len(frac):
			digit = frac[i-len(whole)]
		}
		if n > (math.MaxInt64-9)/10 {
			return bad("is too large", "check the amount and the source's unit")
		}
		n = n*10 + int64(digit-'0')
	}
	if unit == Hundredths {
		switch {
		case exp < 2:
			p := pow10(2 - exp)
			if n%p != 0 {
				return bad(fmt.Sprintf("is not a whole amount of %s", currency), "check the source's unit: hundredths or minor")
			}
			n /= p
		case exp > 2 && n <= MaxAmount:
			n *= pow10(exp - 2)
		}
	}
	if n > MaxAmount {
		return bad("is too large", "check the amount and the source's unit")
	}
	if neg {
		n = -n
	}
	return n, nil
}

// FormatAmount writes minor units with the currency's decimals: 2900 USD is
// "29.00", 2900 JPY is "2900".
func FormatAmount(minor int64, currency string) string {
	exp, _ := Exponent(currency)
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	if exp == 0 {
		return fmt.Sprintf("%s%d", sign, minor)
	}
	p := pow10(exp)
	return fmt.Sprintf("%s%d.%0*d", sign, minor/p, exp, minor%p)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
