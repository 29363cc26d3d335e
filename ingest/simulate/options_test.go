package simulate

import (
	"strings"
	"testing"
)

// small is a vendor cheap enough to make many times.
func small() Options {
	o := DemoOptions()
	o.Customers, o.Days = 250, 100
	o.Site.Faults = nil
	return o
}

// Each option changes what it says it changes.
func TestOptionsSay(t *testing.T) {
	lines := func(s string) int { return strings.Count(s, "\n") }
	tests := []struct {
		name  string
		set   func(*Options)
		holds func(v *Vendor, files map[string]string) bool
	}{
		{"no traffic, no customers: empty log", func(o *Options) { o.Traffic, o.Customers, o.Sources.BrokenPerDay = Traffic{}, 0, 0 },
			func(v *Vendor, f map[string]string) bool {
				// The clicks that pasted addresses come from are all there is.
				return lines(f["access.log"]) < 12 && len(v.Truth) == 0
			}},
		{"everybody pays", func(o *Options) { o.Money.Paying = 1 },
			func(v *Vendor, f map[string]string) bool { return len(v.Truth) > 240 }},
		{"days missing in the log", func(o *Options) { o.Sources.MissingDays = 40 },
			func(v *Vendor, f map[string]string) bool {
				seen := map[string]bool{}
				for _, line := range strings.Split(f["access.log"], "\n") {
					if _, rest, ok := strings.Cut(line, "["); ok {
						seen[rest[:11]] = true
					}
				}
				return len(seen) >= 60 && len(seen) < 80
			}},
		{"no cookies in the log", func(o *Options) { o.Sources.Cookies = "" },
			func(v *Vendor, f map[string]string) bool {
				return !strings.Contains(v.Sources[1].LogFormat, "cookie") && !strings.Contains(f["access.log"], `" "-" "-" "-"`)
			}},
		{"visitor id not on the first request", func(o *Options) { o.Site.VisitorLate = true },
			func(v *Vendor, f map[string]string) bool {
				blank := strings.Count(f["access.log"], `" "-" "-" "-"`)
				_, all := written(t, small())
				return blank > 2*strings.Count(all["access.log"], `" "-" "-" "-"`)
			}},
		{"every transaction names its charge", func(o *Options) { o.Money.ChargeID, o.Traps.ManualFixes = 1, 0 },
			func(v *Vendor, f map[string]string) bool {
				return lines(f["transactions.jsonl"]) > 10 && strings.Count(f["transactions.jsonl"], "charge_id") == lines(f["transactions.jsonl"])
			}},
		{"no payment carries the customer key", func(o *Options) { o.Money.CustomerKey = 0 },
			func(v *Vendor, f map[string]string) bool { return !strings.Contains(f["stripe_payments.csv"], ",u-") }},
		{"rows repeated", func(o *Options) { o.Money.Duplicates = 1 },
			func(v *Vendor, f map[string]string) bool { return lines(f["stripe_payments.csv"]) == 2*len(v.Truth)+1 }},
		{"yen only", func(o *Options) { o.Money.Currencies, o.Money.HomeCurrency = []Weight{{"JPY", 1}}, 0 },
			func(v *Vendor, f map[string]string) bool {
				return strings.Contains(f["stripe_payments.csv"], ",jpy,") && !strings.Contains(f["stripe_payments.csv"], ",usd,") && !strings.Contains(f["stripe_payments.csv"], ".00,")
			}},
		{"tax is not recorded", func(o *Options) { o.Money.TaxPercent, o.Money.Prices = 25, []int64{100} },
			func(v *Vendor, f map[string]string) bool {
				return strings.Contains(f["transactions.jsonl"], `"amount":8000,"currency":"USD"`) && strings.Contains(f["stripe_payments.csv"], ",100.00,")
			}},
		{"everybody typed", func(o *Options) { o.Referred, o.Typed = 0, 1 },
			func(v *Vendor, f map[string]string) bool {
				for _, r := range v.Truth {
					if r.Kind != "typed" {
						return false
					}
				}
				return len(v.Truth) > 0
			}},
		{"leaked coupons", func(o *Options) { o.Referred, o.Typed, o.Traps.LeakedCouponUse = 0, 0, 1 },
			func(v *Vendor, f map[string]string) bool {
				n := 0
				for _, r := range v.Truth {
					if r.Signal == "leaked coupon" {
						n++
					}
				}
				return n > len(v.Truth)/2 && strings.Contains(f["access.log"], "couponhunt.example")
			}},
		{"partners buy themselves", func(o *Options) { o.Referred, o.Typed, o.Traps.SelfReferral = 0, 0, 1 },
			func(v *Vendor, f map[string]string) bool {
				for _, r := range v.Truth {
					if r.Kind != "organic" || r.Attributed != "" {
						return false
					}
				}
				return strings.Count(f["clicks.csv"], "\n") > 250
			}},
		{"null visitors", func(o *Options) { o.Traps.NullVisitor = 1 },
			func(v *Vendor, f map[string]string) bool {
				return strings.Count(f["signups.csv"], ",null,") == lines(f["signups.csv"])-1
			}},
		{"fixed by hand", func(o *Options) { o.Traps.ManualFixes, o.Traps.ClaimLost, o.Typed = 1, 1, 0.3 },
			func(v *Vendor, f map[string]string) bool {
				n := strings.Count(f["customers.jsonl"], `"manual"`)
				attributed := 0
				for _, r := range v.Truth {
					if r.Kind == "typed" && r.Attributed == r.Partner {
						attributed++
					}
				}
				return n > 5 && attributed > 0
			}},
		{"rewards", func(o *Options) { o.Sources.Rewards = false },
			func(v *Vendor, f map[string]string) bool { _, ok := f["rewards.jsonl"]; return !ok }},
		{"browsers update", func(o *Options) { o.People.UpdateDays = 5 },
			func(v *Vendor, f map[string]string) bool { return strings.Contains(f["access.log"], "Chrome/150.") }},
		{"homes change daily", func(o *Options) { o.People.HomeDays = Range{0.5, 0.5} },
			func(v *Vendor, f map[string]string) bool {
				_, stays := written(t, small())
				return addresses(f["access.log"]) > addresses(stays["access.log"])
			}},
		{"pasted links", func(o *Options) { o.Traps.PastedLinks, o.Referred, o.Typed = 1, 1, 0 },
			func(v *Vendor, f map[string]string) bool {
				for _, r := range v.Truth {
					if r.Kind != "referred" {
						return false
					}
				}
				// One click id, many addresses.
				return strings.Count(f["access.log"], v.m.site.frozen[0].click) > 20
			}},
	}
	for _, tt := range tests {
		opt := small()
		tt.set(&opt)
		if v, files := written(t, opt); !tt.holds(v, files) {
			t.Errorf("%s: it does not show", tt.name)
		}
	}
}

func addresses(log string) int {
	seen := map[string]bool{}
	for _, line := range strings.Split(log, "\n") {
		ip, _, _ := strings.Cut(line, " ")
		seen[ip] = true
	}
	return len(seen)
}
