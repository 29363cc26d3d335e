package reconcile

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"lostlink/ingest/table"
)

// catalogue is what the programme knows of its partners: whose coupon, whose
// domain, whose short address.
type catalogue struct {
	names map[string]string // partner key → name
	// addresses are the partners' own, by their keys.
	addresses map[string]string
	coupons   map[string]string // coupon in upper case → partner key
	domains   map[string]string // host without "www." → partner key
	emails    map[string]string // exact e-mail → partner key
	vanity    map[string]string // path → partner key
}

func newCatalogue(set *table.Set, r *records) *catalogue {
	c := &catalogue{names: map[string]string{}, addresses: map[string]string{}, coupons: map[string]string{}, domains: map[string]string{}, emails: map[string]string{}, vanity: map[string]string{}}
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
		c.addresses[p.PartnerKey] = p.Email
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

// title names a partner for people: the name when the catalogue has one.
func (c *catalogue) title(key string) string {
	if n := c.names[key]; n != "" {
		return n
	}
	return key
}
