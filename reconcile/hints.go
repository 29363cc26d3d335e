package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// catalogue is what the programme knows of its partners: whose coupon, whose
// domain, whose short address.
type catalogue struct {
	names   map[string]string // partner key → name
	coupons map[string]string // coupon in upper case → partner key
	domains map[string]string // host without "www." → partner key
	emails  map[string]string // exact e-mail → partner key
	vanity  map[string]string // path → partner key
}

func newCatalogue(set *table.Set, r *records) *catalogue {
	c := &catalogue{names: map[string]string{}, coupons: map[string]string{}, domains: map[string]string{}, emails: map[string]string{}, vanity: map[string]string{}}
	put := func(m map[string]string, key, partner string) {
		if key == "" {
			return
		}
		// A value two partners share points at neither.
		if old, ok := m[key]; ok && old != partner {
			m[key] = ""
			return
		}
		m[key] = partner
	}
	for _, p := range set.Partners.All() {
		c.names[p.PartnerKey] = p.Name
		put(c.coupons, strings.ToUpper(p.Coupon), p.PartnerKey)
		host := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(p.Domain)), "www.")
		if h := hostOf(p.Domain); h != "" {
			host = h
		}
		put(c.domains, host, p.PartnerKey)
		put(c.emails, exactEmail(p.Email), p.PartnerKey)
	}
	destinations := map[string]bool{}
	for _, l := range set.Links.All() {
		destinations[pagePath(l.DestinationURL)] = true
	}
	for _, l := range set.Links.All() {
		path := strings.ToLower(pagePath(l.URL))
		// A link's own path typed on the vendor's site; not one that is a page
		// of the site anyway.
		if len(path) > 2 && !destinations[path] {
			put(c.vanity, path, l.PartnerKey)
		}
	}
	return c
}

// referrerPartner gives the partner whose site an address belongs to, "".
func (c *catalogue) referrerPartner(referrer string) string {
	host := hostOf(referrer)
	if host == "" {
		return ""
	}
	if p := c.domains[host]; p != "" {
		return p
	}
	if root, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return c.domains[root]
	}
	return ""
}

// freeMail domains say nothing about who somebody works for.
var freeMail = map[string]bool{"gmail.com": true, "googlemail.com": true, "yahoo.com": true, "outlook.com": true, "hotmail.com": true, "live.com": true,
	"icloud.com": true, "me.com": true, "aol.com": true, "gmx.de": true, "gmx.net": true, "web.de": true, "proton.me": true, "protonmail.com": true,
	"mail.ru": true, "yandex.ru": true, "qq.com": true, "163.com": true, "msn.com": true}

// selfPartner gives the partner a buyer is: by e-mail address or by the domain
// of the partner's own site.
func (c *catalogue) selfPartner(emails []string) string {
	for _, e := range emails {
		if p := c.emails[e]; p != "" {
			return p
		}
		_, domain, _ := strings.Cut(e, "@")
		if p := c.domains[strings.TrimPrefix(domain, "www.")]; p != "" && !freeMail[domain] {
			return p
		}
	}
	return ""
}

// claimIndex finds the claims that mean a person.
type claimIndex struct {
	claims  []table.Claim
	byEmail map[string][]int
	byLoose map[string][]int
	byName  map[string][]int // claims without an e-mail address
}

func newClaimIndex(set *table.Set) *claimIndex {
	x := &claimIndex{claims: set.Claims.Rows(), byEmail: map[string][]int{}, byLoose: map[string][]int{}, byName: map[string][]int{}}
	for i := range x.claims {
		c := &x.claims[i]
		if e := exactEmail(c.CustomerEmail); e != "" {
			x.byEmail[e] = append(x.byEmail[e], i)
			if l := looseEmail(c.CustomerEmail); l != e {
				x.byLoose[l] = append(x.byLoose[l], i)
			}
		} else if n := nameKey(c.CustomerName); n != "" {
			x.byName[n] = append(x.byName[n], i)
		}
	}
	return x
}

// claimDays is how far the day a partner names may lie from the sign-up or
// purchase: time zones and memory.
const claimDays = 1

// of lists the claims that name the person: by e-mail, or by name and a day on
// which they signed up or bought, if nobody else of that name did.
func (x *claimIndex) of(p *person, b *builder) []gap.Hint {
	var out []gap.Hint
	seen := map[int]bool{}
	add := func(i int, sure bool, how string) {
		if seen[i] {
			return
		}
		seen[i] = true
		c := &x.claims[i]
		h := gap.Hint{PartnerKey: c.PartnerKey, At: c.ClaimedAt, Sure: sure, Row: b.rec.row(c.Pos),
			What: fmt.Sprintf("%s claims this customer by %s", b.cat.title(c.PartnerKey), how)}
		if c.PurchasedOn != 0 && !p.activeOn(c.PurchasedOn, claimDays) {
			h.Sure = false
			h.What += fmt.Sprintf(", but names %s, a day without sign-up or purchase", c.PurchasedOn)
		}
		out = append(out, h)
	}
	for _, e := range p.emails {
		for _, i := range x.byEmail[e] {
			add(i, true, "e-mail")
		}
		for _, i := range x.byLoose[looseEmail(e)] {
			add(i, true, "e-mail")
		}
		for _, i := range x.byEmail[looseEmail(e)] {
			add(i, true, "e-mail")
		}
	}
	for _, n := range p.names {
		for _, i := range x.byName[n] {
			if meant(b.byName[n], x.claims[i].PurchasedOn) == p {
				add(i, true, "name and day")
			}
		}
	}
	slices.SortFunc(out, func(a, c gap.Hint) int {
		return cmp.Or(cmp.Compare(a.At, c.At), cmp.Compare(a.Row.File, c.Row.File), cmp.Compare(a.Row.Line, c.Row.Line))
	})
	return out
}

// meant gives the one of several people of a name whom a claim means by its
// day: the only one who signed up or bought on it, else the only one who did
// within a day of it; nil when nobody or several did.
func meant(people []*person, day table.Date) *person {
	if day == 0 {
		return nil
	}
	for within := range table.Date(claimDays + 1) {
		var found *person
		n := 0
		for _, p := range people {
			if p.activeOn(day, within) {
				found, n = p, n+1
			}
		}
		if n > 0 {
			if n > 1 {
				return nil
			}
			return found
		}
	}
	return nil
}

// title names a partner for people: the name when the catalogue has one.
func (c *catalogue) title(key string) string {
	if n := c.names[key]; n != "" {
		return n
	}
	return key
}
