package simulate

import (
	"sort"
	"strconv"

	"lostlink/ingest/table"
)

func (m *maker) signupHeader() []string {
	h := []string{"signed_up_at", "customer_key", "email", "name"}
	if m.opt.Sources.SignupVisitor {
		h = append(h, "visitor_id")
	}
	if m.opt.Sources.SignupBrowser {
		h = append(h, "ip", "user_agent")
	}
	return h
}

func (m *maker) signupRows(add func(...string)) {
	people := make([]*person, 0, len(m.people))
	for _, p := range m.people {
		if !p.existing {
			people = append(people, p)
		}
	}
	sort.SliceStable(people, func(i, j int) bool { return people[i].signedUp() < people[j].signedUp() })
	for _, p := range people {
		s := &p.events[p.signup]
		row := []string{s.at.String(), p.key, p.email, p.name()}
		visitor := s.given
		if p.null {
			visitor = "null"
		}
		if m.opt.Sources.SignupVisitor {
			row = append(row, visitor)
		}
		if m.opt.Sources.SignupBrowser {
			row = append(row, p.address(s.net, s.at), m.agent(p, s.b, s.at))
		}
		add(row...)
	}
}

func (p *person) signedUp() table.Time { return p.events[p.signup].at }

func (m *maker) linkRows(add func(...string)) {
	for _, p := range m.site.partners {
		for _, l := range p.links {
			add(l.id, p.key, l.url, m.site.host+l.page)
		}
	}
}

func (m *maker) partnerRows(add func(...string)) {
	for _, p := range m.site.partners {
		add(p.key, p.name, p.email, p.domain, p.coupon)
	}
}

// checkRows looks at every page with a desktop Chrome at three in the morning.
func (m *maker) checkRows(add func(...string)) {
	for at := m.start + 3*table.Hour; at < m.end; at += table.Day {
		for _, p := range m.site.pages {
			st := m.site.state(p.path, "chrome", at, allCauses)
			snippet := st.snippet && !st.bare
			key := snippet && st.key
			add(at.String(), m.site.host+p.path, "200", strconv.FormatBool(snippet), strconv.FormatBool(key),
				strconv.FormatBool(snippet && st.overwritten), strconv.FormatBool(key))
		}
	}
}

func (m *maker) consentRows(add func(...string)) {
	type answer struct {
		consent
		p *person
	}
	var all []answer
	for _, p := range m.people {
		for _, c := range p.consents {
			if c.at < m.end {
				all = append(all, answer{c, p})
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	for _, a := range all {
		choice := "granted"
		if a.denied {
			choice = "denied"
		}
		add(a.at.String(), a.visitor, a.p.address(a.net, a.at), choice, m.agent(a.p, a.b, a.at))
	}
}

func (m *maker) claimRows(add func(...string)) {
	for _, c := range m.claims {
		add(c.ID, c.At.String(), c.Partner, c.Name, c.Email, c.PurchasedOn.String(), c.Note)
	}
}

var purchaseHeader = []string{"purchase_id", "purchased_at", "amount", "currency", "email", "name", "customer_id", "customer_key", "status",
	"refunded", "disputed", "live", "subscription_id", "coupon", "country", "processor"}

func (m *maker) purchaseRows(add func(...string)) {
	m.eachPayment(func(p *payment) {
		status, disputed := "paid", int64(0)
		switch {
		case p.failed:
			status = "failed"
		case p.refunded == p.minor:
			status = "refunded"
		case p.dispute == "lost":
			status, disputed = "disputed_lost", p.minor
		case p.dispute == "under_review":
			status, disputed = "disputed", p.minor
		case p.refunded > 0:
			status = "partially_refunded"
		}
		add(p.id, p.at.String(), itoa(p.minor), p.currency, p.email, p.person.name(), p.person.customerID(), p.key(), status,
			itoa(p.refunded), itoa(disputed), strconv.FormatBool(p.live), p.subscription, p.coupon, p.person.country.code, "card")
	})
}

// key is the vendor's customer key where the payment carries it.
func (p *payment) key() string {
	if p.hasKey {
		return p.person.key
	}
	return ""
}

// eachPayment hands out the export's rows in order of time, the repeated ones
// once more at the end, as two overlapping exports put together hold them.
func (m *maker) eachPayment(row func(*payment)) {
	for _, p := range m.payments {
		row(p)
	}
	for _, p := range m.payments {
		if p.repeated {
			row(p)
		}
	}
}
