// Package reconcile finds the purchases nobody was credited for and says why:
// it places every purchase, pairs them with the platform's records, stitches
// the records to persons, builds each gap's journey and has it judged. It reads
// the shared tables and knows neither files nor formats.
package reconcile

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Run judges every purchase of the set. It fails when a purchase would be lost
// or counted twice (the tie-out of gap.TieOut).
func Run(set *table.Set, opt Options) (*gap.Result, error) {
	if set.Purchases == nil {
		return nil, errNoPurchases
	}
	return newBuilder(set, nil, opt).judged(set)
}

// judged gives the result, if it ties.
func (b *builder) judged(set *table.Set) (*gap.Result, error) {
	res := b.result(set)
	if err := res.TieOut.Check(); err != nil {
		return nil, err
	}
	return res, nil
}

// Journeys gives the journey of each purchase that [Run] would judge a gap, with
// its gap id, in no order of note but always the same.
func Journeys(set *table.Set, opt Options, each func(gapID string, j *gap.Journey)) error {
	if set.Purchases == nil {
		return errNoPurchases
	}
	b := newBuilder(set, nil, opt)
	b.findIncidents()
	for i := range b.purchases {
		if b.placed.place[i] == "" && b.attributed.of[i] < 0 {
			p := &b.purchases[i]
			each(gapID(b.opt.InstallationKey, p.Processor, p.PurchaseID), b.journey(i))
		}
	}
	return nil
}

var errNoPurchases = errors.New("no purchases: configure at least one source of payments")

// gap judges purchase i.
func (b *builder) gap(i int) gap.Gap {
	j := b.journey(i)
	v := gap.JudgeWith(j, b.opt.Weights)
	p := &j.Purchase
	g := gap.Gap{GapID: gapID(b.opt.InstallationKey, p.Processor, p.PurchaseID), PurchaseID: p.PurchaseID, PurchasedAt: p.PurchasedAt, Purchased: p.PurchasedAt.String(),
		Email: p.Email, Name: p.Name, CustomerID: p.CustomerID, CustomerKey: p.CustomerKey, Processor: p.Processor, Coupon: p.Coupon,
		Amount: p.Amount, Refunded: b.placed.given[i], Currency: p.Currency, First: j.FirstPurchase == p.PurchasedAt,
		Case: v.Case, Probability: v.Probability, Ranking: v.Ranking, RunnerUp: v.RunnerUp, PartnerKey: v.PartnerKey, Candidates: v.Candidates,
		Suggest: v.Suggest, Reason: v.Reason, Findings: v.Findings, WouldDecide: v.WouldDecide, Timeline: j.Events, Row: j.PurchaseRow}
	if g.CustomerKey == "" {
		if who := b.purchaser[i]; who != nil {
			for _, s := range who.signups {
				if k := b.rec.signups[s].CustomerKey; k != "" {
					g.CustomerKey = k
					break
				}
			}
		}
	}
	if c := v.Click; c != nil {
		g.ClickedAt, g.ClickBrowser, g.LandingPage, g.ClickID = c.At, c.Browser.String(), c.Page, c.ClickID
	}
	if s := j.Signup; s != nil {
		g.SignedUpAt, g.SignupBrowser = s.At, s.Browser.String()
	}
	return g
}

// crockford is base32 without the letters that are taken for others.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// gapID names a gap: stable from night to night, telling an outsider nothing,
// and of a shape no spreadsheet takes for a number. Eleven signs of 5 bits are
// drawn from HMAC(key, processor, payment id), a twelfth checks them.
func gapID(key, processor, purchase string) string {
	m := hmac.New(sha256.New, []byte("lostlink gap\x00"+key))
	m.Write([]byte(processor + "\x00" + purchase))
	sum := m.Sum(nil)
	var id [12]byte
	bits, n, at, check := 0, 0, 0, 0
	for i := range 11 {
		for n < 5 {
			bits, n, at = bits<<8|int(sum[at]), n+8, at+1
		}
		v := bits >> (n - 5) & 31
		n -= 5
		id[i] = crockford[v]
		check = (check*33 + v + 1) % 31
	}
	id[11] = crockford[check]
	return fmt.Sprintf("LL-%s-%s-%s", id[:4], id[4:8], id[8:])
}

// ownHost tells whether a host is the vendor's: configured, or that of most
// pages in the log.
func (b *builder) ownHost(host string) bool {
	for _, h := range b.opt.SiteHosts {
		if strings.TrimPrefix(strings.ToLower(h), "www.") == host {
			return true
		}
	}
	return b.rec.siteHost == host
}

// Missing lists what the set lacks and what cannot be told without it, in the
// order of the tables.
func Missing(set *table.Set) []gap.MissingSource {
	var cookies, visitors bool
	for _, v := range set.Visits.All() {
		cookies = cookies || v.CookiesLogged == table.Yes
		visitors = visitors || usable(v.VisitorID)
		if cookies && visitors {
			break
		}
	}
	return lacking(set, cookies, visitors)
}

func lacking(set *table.Set, cookies, visitors bool) []gap.MissingSource {
	var out []gap.MissingSource
	for _, k := range table.Kinds() {
		if !set.Has(k) && tells[k] != "" {
			out = append(out, gap.MissingSource{Table: k, Tells: tells[k], Decides: decides[k]})
		}
	}
	if set.Has(table.Visits) && !cookies {
		out = append(out, gap.MissingSource{Table: table.Visits, Tells: "whether the partner cookie was ever set, and still there at the sign-up (splits C02, C03, C04 and C07)", Decides: gap.DecidedByCookies})
	}
	if set.Has(table.Visits) && !visitors {
		out = append(out, gap.MissingSource{Table: table.Visits, Tells: "whether the same browser came back, by a visitor id (C02, C06)", Decides: gap.DecidedByVisitorIDs})
	}
	return out
}

var tells = map[table.Kind]string{
	table.Clicks:       "clicks on partners' links that never reached the site, and clicks by e-mail recipient",
	table.Visits:       "which pages were opened in which browser: nearly every case needs it",
	table.Signups:      "when and in which browser customers signed up: without it the purchase stands for the sign-up",
	table.Customers:    "which customers the platform credits already (C11)",
	table.Transactions: "which payments the platform has recorded: without it every purchase is a gap",
	table.Links:        "the partners' short addresses (C10)",
	table.Partners:     "the partners' coupons, sites and e-mail addresses (C10, self-referrals)",
	table.PageChecks:   "whether the snippet stood on a page on a day (tells C04, C07, C08 and C09 apart)",
	table.Consents:     "who refused cookies (tells a refusal from a blocker, C03)",
	table.Claims:       "which referrals partners miss (C10)",
}

// decides names the tables that settle near ties.
var decides = map[table.Kind]string{table.PageChecks: gap.DecidedByPageChecks, table.Consents: gap.DecidedByConsents, table.Signups: gap.DecidedBySignups}

// missing adds to [Missing] what is there but has holes that near ties wait
// for, and what each would settle.
func (b *builder) missing(set *table.Set, gaps []gap.Gap) []gap.MissingSource {
	out := lacking(set, b.rec.has.Cookies, b.rec.has.VisitorIDs)
	if set.Has(table.PageChecks) {
		out = append(out, gap.MissingSource{Table: table.PageChecks, Decides: gap.DecidedByPageChecks,
			Tells: "checks of the pages and days that have none (tells C04, C07, C08 and C09 apart)"})
	}
	if len(b.rec.holes) > 0 {
		out = append(out, gap.MissingSource{Table: table.Visits, Tells: "the days of the site log without a line", Decides: gap.DecidedByLogDays})
	}
	gap.Settle(out, gaps)
	return slices.DeleteFunc(out, func(m gap.MissingSource) bool {
		return m.Table == table.PageChecks && set.Has(table.PageChecks) && m.Settles.Count == 0
	})
}

// notes are remarks on the data as a whole.
func (b *builder) notes() []string {
	var out []string
	if len(b.rec.holes) > 0 {
		var days []string
		for d := range b.rec.holes {
			days = append(days, d.String())
		}
		slices.Sort(days)
		out = append(out, fmt.Sprintf("The site log has no line on %s: what happened then cannot be seen.", strings.Join(days, ", ")))
	}
	if n := b.attributed.unitFaults; n > 0 {
		out = append(out, fmt.Sprintf("%d recorded transactions differ from their payment by a factor of exactly 100 or 1000: one source's unit is set wrongly.", n))
	}
	return out
}
