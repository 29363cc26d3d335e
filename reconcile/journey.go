package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// journey gathers what is known of the way to purchase i.
func (b *builder) journey(i int) *gap.Journey {
	pu := &b.purchases[i]
	j := &gap.Journey{Purchase: *pu, PurchaseRow: b.rec.row(pu.Pos), CookieDays: b.opt.CookieDays, SafariDays: b.opt.SafariDays,
		Has: b.rec.has, DecidedAt: pu.PurchasedAt, FirstPurchase: pu.PurchasedAt}
	p := b.purchaser[i]
	if p == nil {
		p = &person{node: -1}
	}
	if len(p.purchases) > 0 {
		j.FirstPurchase = b.purchases[p.purchases[0]].PurchasedAt
		j.DecidedAt = min(j.DecidedAt, j.FirstPurchase)
	}
	var su *table.Signup
	for _, s := range p.signups {
		if x := &b.rec.signups[s]; x.SignedUpAt <= pu.PurchasedAt+table.Minute {
			su = x
			break
		}
	}
	if su != nil {
		j.Signup = &gap.Signup{At: su.SignedUpAt, VisitorID: su.VisitorID, IP: su.IP, Browser: b.rec.browsers.Of(su.UserAgent), UserAgent: su.UserAgent, Row: b.rec.row(su.Pos)}
		if !usable(su.VisitorID) {
			j.Signup.VisitorID = ""
		}
		j.DecidedAt = su.SignedUpAt
		j.Bridged = p.bridged
	}
	own := b.ownVisits(p, su, pu.PurchasedAt)
	devices := b.devices(p, own, j.DecidedAt)
	b.clicks(j, p, devices)
	b.cookies(j, own)
	b.consent(j, p, devices)
	b.pageStates(j)
	b.hints(j, p, own)
	if c := b.credited(p, pu.PurchasedAt); c != nil {
		j.Credited = c
	}
	j.OwnPartner = b.cat.selfPartner(p.emails)
	j.Fault = b.faultOf(j)
	if last := j.Last(); last != nil {
		j.SafariPage, j.SafariPageSeen = b.safariPages[last.Page], b.safariSeen[last.Page]
	}
	j.Events = b.events(j, own)
	return j
}

// ownVisits lists the visits of the person's browsers up to a time, in time
// order: those with a visitor id of theirs, and, when the sign-up came without
// one, those without one from the sign-up's device.
func (b *builder) ownVisits(p *person, su *table.Signup, until table.Time) []int32 {
	var out []int32
	for _, v := range p.visitors {
		for _, k := range b.rec.visitsOf.of(v) {
			if t := b.rec.visits[k].VisitedAt; t <= until && b.people.ownerAt(v, t) == p.node {
				out = append(out, k)
			}
		}
	}
	if su != nil && su.VisitorID == "" && su.IP != "" {
		d := device{su.IP, su.UserAgent}
		from := su.SignedUpAt - table.Time(b.opt.CookieDays)*table.Day
		if others(b.peopleOn.of(d), p.node) > 0 {
			// A device several people share: only what led straight to the sign-up.
			from = su.SignedUpAt - table.Hour
		}
		for _, k := range b.rec.visitsFrom.of(d) {
			if t := b.rec.visits[k].VisitedAt; t >= from && t <= until {
				out = append(out, k)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// devices lists the addresses with user agents the person was seen with up to
// the decision, the sign-up's first.
func (b *builder) devices(p *person, own []int32, until table.Time) []device {
	var out []device
	add := func(d device) {
		if d.ip != "" && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, i := range p.signups {
		if s := &b.rec.signups[i]; s.SignedUpAt <= until {
			add(device{s.IP, s.UserAgent})
		}
	}
	for _, k := range own {
		if v := &b.rec.visits[k]; v.VisitedAt <= until+table.Hour {
			add(device{v.IP, v.UserAgent})
		}
	}
	return out
}

// clickTies is the room in which the clicks of one journey are gathered, kept
// from journey to journey.
type clickTies struct {
	tie    map[int32]gap.Tie // by touch
	others map[int32]int     // by touch: how many people it fits besides
	known  map[string]bool   // user agents of the person's browsers
}

// clear empties the room; one that a busy address has made large is left behind,
// since emptying it again and again would cost more than a new one.
func (c *clickTies) clear() {
	const large = 256
	if c.tie == nil || len(c.tie) > large {
		*c = clickTies{map[int32]gap.Tie{}, map[int32]int{}, map[string]bool{}}
		return
	}
	clear(c.tie)
	clear(c.others)
	clear(c.known)
}

// clicks gathers the touches that are the person's, or may be.
func (b *builder) clicks(j *gap.Journey, p *person, devices []device) {
	b.ties.clear()
	ties, other, known := b.ties.tie, b.ties.others, b.ties.known
	tie := func(i int32, t gap.Tie) { ties[i] = max(ties[i], t) }
	for _, i := range b.touchesOf.of(p.node) {
		tie(i, gap.TieVisitor)
	}
	for _, id := range b.clickIDs(p, j.Purchase.PurchasedAt) {
		for _, i := range b.touchesID.of(id) {
			tie(i, gap.TieClickID)
		}
	}
	for _, e := range p.emails {
		for _, i := range b.mailed.of(e) {
			tie(i, gap.TieEmail)
		}
		for _, i := range b.mailedVar.of(looseEmail(e)) {
			tie(i, gap.TieLooseEmail)
		}
	}
	// A browser that surely made one of the person's clicks is known: another
	// click from it at one of their addresses is as good as from the sign-up's.
	for i, t := range ties {
		if ua := b.rec.touches[i].click.UserAgent; t >= gap.TieEmail && ua != "" && !b.rec.touches[i].browser.Robot {
			known[ua] = true
			if d := (device{b.rec.touches[i].click.IP, ua}); d.ip != "" && len(b.peopleAt.of(d.ip)) <= 1 {
				devices = append(devices, d)
			}
		}
	}
	for _, d := range devices {
		for _, i := range b.rec.touchesIP.of(d.ip) {
			t := &b.rec.touches[i]
			if ties[i].Sure() || !b.free(t, p) {
				continue
			}
			if t.click.UserAgent == d.ua || known[t.click.UserAgent] {
				tie(i, gap.TieAddressBrowser)
				other[i] = others(b.peopleOn.of(device{d.ip, t.click.UserAgent}), p.node)
			} else if ties[i] < gap.TieAddress {
				tie(i, gap.TieAddress)
				other[i] = b.crowd(d.ip, p.node, t)
			}
		}
	}
	idx := make([]int32, 0, len(ties))
	for i := range ties {
		idx = append(idx, i)
	}
	slices.Sort(idx)
	look := j.DecidedAt - table.Time(b.opt.LookBackDays)*table.Day
	for _, i := range idx {
		t := &b.rec.touches[i]
		c := gap.Click{At: t.at(), PartnerKey: t.click.PartnerKey, Partner: b.cat.title(t.click.PartnerKey), ClickID: t.click.ClickID, Tie: ties[i], Others: other[i],
			Browser: t.browser, UserAgent: t.click.UserAgent, VisitorID: t.visitor, Page: b.rec.page(t), Tagged: t.tagged, Reused: t.reused,
			Row: b.rec.row(t.click.Pos)}
		if t.landing >= 0 {
			c.Landing = b.rec.row(b.rec.visits[t.landing].Pos)
		}
		switch {
		case c.At < look:
		case c.At <= j.DecidedAt:
			j.Clicks = append(j.Clicks, c)
		case c.Tie.Sure() && c.At <= j.Purchase.PurchasedAt+table.Time(b.opt.CookieDays)*table.Day:
			j.After = append(j.After, c)
		}
	}
}

// clickIDs lists the click ids that the person's sign-ups and payments carry up
// to a time.
func (b *builder) clickIDs(p *person, until table.Time) []string {
	var out []string
	for _, i := range p.signups {
		if s := &b.rec.signups[i]; usable(s.ClickID) && s.SignedUpAt <= until {
			out = append(out, s.ClickID)
		}
	}
	for _, i := range p.purchases {
		if pu := &b.purchases[i]; usable(pu.ClickID) && pu.PurchasedAt <= until {
			out = append(out, pu.ClickID)
		}
	}
	return out
}

// free tells whether nobody else is known to have made the touch.
func (b *builder) free(t *touch, p *person) bool {
	if n := b.ownerOf(t); n >= 0 && n != p.node {
		return false
	}
	if e := exactEmail(t.click.Email); e != "" {
		if n, ok := b.people.ids[emailNode][e]; ok && b.people.find(n) != p.node {
			return false
		}
	}
	return true
}

// crowd counts who else might have made a touch at an address: the other
// customers there, and the visitors who never said who they are.
func (b *builder) crowd(ip string, node int32, t *touch) int {
	n := others(b.peopleAt.of(ip), node)
	for _, v := range b.strangers[ip] {
		if v != t.visitor {
			n++
		}
	}
	return n
}

// cookies reads from the logged cookies what the browser still had.
func (b *builder) cookies(j *gap.Journey, own []int32) {
	if j.Signup != nil && j.Has.VisitorIDs {
		j.KeptVisitor = table.AnswerOf(j.Signup.VisitorID != "")
	}
	last := j.Last()
	for _, k := range own {
		v := &b.rec.visits[k]
		if v.CookiesLogged != table.Yes {
			continue
		}
		has := v.PartnerCookie != "" || v.ClickCookie != ""
		if last != nil && v.VisitedAt > last.At && v.VisitedAt <= j.DecidedAt {
			if has {
				j.CookieEver = table.Yes
			} else if j.CookieEver == table.Unknown {
				j.CookieEver = table.No
			}
		}
		if dt := j.DecidedAt - v.VisitedAt; dt >= -table.Second && dt <= 5*table.Second {
			j.CookieAtSignup, j.CookieRow = table.AnswerOf(has), b.rec.row(v.Pos)
		}
	}
}

// consent looks for the banner's answers of the person's browsers since the
// first click.
func (b *builder) consent(j *gap.Journey, p *person, devices []device) {
	from := j.DecidedAt - table.Time(b.opt.CookieDays)*table.Day
	if last := j.Last(); last != nil {
		from = last.At - table.Minute
	}
	visitors := slices.Clone(p.visitors)
	if last := j.Last(); last != nil && last.VisitorID != "" {
		visitors = append(visitors, last.VisitorID)
	}
	for _, i := range b.consents.between(visitors, devices, from, j.DecidedAt+table.Minute) {
		c := &b.consents.rows[i]
		if c.Choice == "denied" {
			j.Denied = append(j.Denied, gap.Seen{At: c.DecidedAt, Row: b.rec.row(c.Pos)})
		} else {
			j.Granted = append(j.Granted, gap.Seen{At: c.DecidedAt, Row: b.rec.row(c.Pos)})
		}
	}
}

func (b *builder) pageStates(j *gap.Journey) {
	if last := j.Last(); last != nil {
		j.Landing = b.pages.state(last.Page, last.At)
		if b.rec.holeBetween(last.At, j.DecidedAt) {
			j.Has.LogHole = true
		}
	}
	if j.Signup != nil {
		j.SignupPage = b.pages.state(b.pages.signupPage(), j.DecidedAt)
	} else {
		j.Checkout = b.pages.state(b.pages.payPage(), j.DecidedAt)
	}
}

// hints gathers what points at a partner without a click.
func (b *builder) hints(j *gap.Journey, p *person, own []int32) {
	for _, k := range own {
		v := &b.rec.visits[k]
		if v.VisitedAt > j.DecidedAt {
			break
		}
		if partner := b.cat.vanity[strings.ToLower(b.rec.paths[k])]; partner != "" {
			j.Vanity = append(j.Vanity, gap.Hint{PartnerKey: partner, At: v.VisitedAt, Sure: true, Row: b.rec.row(v.Pos),
				What: "opened " + b.rec.paths[k] + ", the short address of " + b.cat.title(partner) + ", on the site itself"})
			continue
		}
		if partner := b.cat.referrerPartner(v.Referrer); partner != "" && !b.isLanding(k) {
			j.PartnerPages = append(j.PartnerPages, gap.Hint{PartnerKey: partner, At: v.VisitedAt, Sure: true, Row: b.rec.row(v.Pos),
				What: "came from " + hostOf(v.Referrer) + ", the site of " + b.cat.title(partner) + ", without the link's parameters"})
		}
	}
	if k := j.Purchase.PartnerKey; usable(k) {
		j.Named = append(j.Named, gap.Hint{PartnerKey: k, At: j.Purchase.PurchasedAt, Sure: true, Row: j.PurchaseRow,
			What: "the payment carries the key of " + b.cat.title(k)})
	}
	for _, i := range p.purchases {
		pu := &b.purchases[i]
		partner := b.cat.coupons[strings.ToUpper(pu.Coupon)]
		if pu.Coupon == "" || partner == "" || pu.PurchasedAt > j.Purchase.PurchasedAt {
			continue
		}
		h := gap.Hint{PartnerKey: partner, At: pu.PurchasedAt, Sure: true, Row: b.rec.row(pu.Pos),
			What: "paid with coupon " + pu.Coupon + " of " + b.cat.title(partner)}
		if u := b.couponUse[strings.ToUpper(pu.Coupon)]; u != nil {
			h.Users, h.Linked, h.Strangers = u.users, u.linked, u.strangers
		}
		j.Coupons = append(j.Coupons, h)
		break
	}
	j.Claims = b.claims.hints(p, b)
	if len(own) > 0 {
		b.arrival(j, own[0])
	}
}

// searchEngines are the sites people find a vendor by, and find it again.
var searchEngines = []string{"google.", "bing.", "duckduckgo.", "yahoo.", "ecosia.", "baidu.", "yandex.", "qwant.", "startpage.", "search.brave.", "kagi.",
	"chatgpt.", "openai.", "perplexity.", "copilot.microsoft.", "gemini.google.", "claude."}

// campaignKeys mark an address that an advertisement or a newsletter led to.
var campaignKeys = []string{"utm_", "gclid=", "dclid=", "msclkid=", "fbclid=", "ttclid=", "twclid=", "li_fat_id="}

// arrival classes the first page a person's browser was ever seen on.
func (b *builder) arrival(j *gap.Journey, first int32) {
	v := &b.rec.visits[first]
	host := hostOf(v.Referrer)
	_, query, _ := strings.Cut(v.URL, "?")
	switch {
	case b.isLanding(first) || b.cat.referrerPartner(v.Referrer) != "":
		j.Arrival = gap.ArrivedFromPartner
	case containsAny(query, campaignKeys):
		j.Arrival = gap.ArrivedByCampaign
	case host == "":
		j.Arrival = gap.ArrivedDirect
	case b.ownHost(host):
		return // its first page is not in the log
	case containsAny(host, searchEngines):
		j.Arrival = gap.ArrivedBySearch
	default:
		j.Arrival = gap.ArrivedFromElsewhere
	}
	j.AtSignup = b.pages.signup[b.rec.paths[first]]
	j.ArrivalRow = b.rec.row(v.Pos)
}

// isLanding tells whether visit k is the landing of a touch.
func (b *builder) isLanding(k int32) bool {
	v := &b.rec.visits[k]
	for _, i := range b.rec.touchesIP.of(v.IP) {
		if b.rec.touches[i].landing == int(k) {
			return true
		}
	}
	return false
}

// credited gives the platform's record of the person as a customer, if it is
// not younger than the purchase.
func (b *builder) credited(p *person, at table.Time) *gap.Hint {
	for _, i := range p.customers {
		c := &b.customers[i]
		if c.CreatedAt <= at+table.Day {
			return &gap.Hint{PartnerKey: c.PartnerKey, At: c.CreatedAt, Sure: true, Row: b.rec.row(c.Pos),
				What: "the platform credits this customer to " + b.cat.title(c.PartnerKey)}
		}
	}
	return nil
}

// stranger tells whether a person first came by a search, an advertisement or
// another site rather than directly or from a partner.
func (b *builder) stranger(p *person) bool {
	var su *table.Signup
	if len(p.signups) > 0 {
		su = &b.rec.signups[p.signups[0]]
	}
	own := b.ownVisits(p, su, b.opt.AsOf)
	if len(own) == 0 {
		return false
	}
	var j gap.Journey
	b.arrival(&j, own[0])
	return !j.AtSignup && (j.Arrival == gap.ArrivedBySearch || j.Arrival == gap.ArrivedByCampaign || j.Arrival == gap.ArrivedFromElsewhere)
}

// countCoupons counts who uses the partners' coupons.
func (b *builder) countCoupons() {
	b.couponUse = map[string]*couponUse{}
	for _, p := range b.ordered() {
		seen := map[string]bool{}
		for _, i := range p.purchases {
			code := strings.ToUpper(b.purchases[i].Coupon)
			partner := b.cat.coupons[code]
			if partner == "" || seen[code] {
				continue
			}
			seen[code] = true
			u := b.couponUse[code]
			if u == nil {
				u = &couponUse{}
				b.couponUse[code] = u
			}
			u.users++
			linked := false
			for _, c := range p.customers {
				linked = linked || b.customers[c].PartnerKey == partner
			}
			for _, t := range b.touchesOf.of(p.node) {
				linked = linked || b.rec.touches[t].click.PartnerKey == partner
			}
			if linked {
				u.linked++
			} else if b.stranger(p) {
				u.strangers++
			}
		}
	}
}

// maxEvents bounds a timeline: what decides is always in, page views fill up.
const maxEvents = 40

// events puts the journey into the steps people read.
func (b *builder) events(j *gap.Journey, own []int32) []gap.Event {
	var out []gap.Event
	add := func(at table.Time, kind gap.EventKind, e gap.Event) {
		e.At, e.When, e.Kind = at, at.String(), kind
		out = append(out, e)
	}
	landed := map[gap.Row]bool{}
	for _, list := range [][]gap.Click{j.Clicks, j.After} {
		for _, c := range list {
			note := "tied by " + c.Tie.String()
			if c.Reused {
				note += "; click id reused from a pasted address"
			}
			if c.Tagged == table.No {
				note += "; landed without parameters"
			}
			add(c.At, gap.EventClick, gap.Event{Who: b.cat.title(c.PartnerKey), Browser: c.Browser.String(), Page: c.Page, Note: note, Row: c.Row})
			landed[c.Row] = true
		}
	}
	if s := j.Signup; s != nil {
		add(s.At, gap.EventSignup, gap.Event{Who: j.Purchase.Email, Browser: s.Browser.String(), Note: bridgeNote(j.Bridged), Row: s.Row})
	}
	for _, list := range [][]gap.Hint{j.Vanity, j.PartnerPages} {
		for _, h := range list {
			add(h.At, gap.EventVisit, gap.Event{Who: b.cat.title(h.PartnerKey), Note: h.What, Row: h.Row})
			landed[h.Row] = true
		}
	}
	for _, h := range j.Claims {
		add(h.At, gap.EventClaim, gap.Event{Who: b.cat.title(h.PartnerKey), Note: h.What, Row: h.Row})
	}
	if h := j.Credited; h != nil {
		add(h.At, gap.EventCredited, gap.Event{Who: b.cat.title(h.PartnerKey), Note: h.What, Row: h.Row})
	}
	for _, r := range j.Denied {
		add(r.At, gap.EventConsent, gap.Event{Note: "cookies refused", Row: r.Row})
	}
	for _, r := range j.Granted {
		add(r.At, gap.EventConsent, gap.Event{Note: "cookies accepted", Row: r.Row})
	}
	for _, st := range []gap.PageState{j.Landing, j.SignupPage, j.Checkout} {
		if st.Faulty() {
			for _, c := range st.Checks {
				add(c.At, gap.EventCheck, gap.Event{Page: st.Path, Note: faultWords(st), Row: c.Row})
			}
		}
	}
	who := j.Purchase.PurchaseID
	add(j.Purchase.PurchasedAt, gap.EventPurchase, gap.Event{Who: who, Note: table.FormatAmount(j.Purchase.Amount, j.Purchase.Currency) + " " + j.Purchase.Currency, Row: j.PurchaseRow})
	room := maxEvents - len(out)
	for _, k := range own {
		if room <= 0 {
			break
		}
		v := &b.rec.visits[k]
		row := b.rec.row(v.Pos)
		if landed[row] {
			continue
		}
		room--
		note := ""
		if h := hostOf(v.Referrer); h != "" && !b.ownHost(h) {
			note = "from " + h
		}
		add(v.VisitedAt, gap.EventVisit, gap.Event{Browser: b.rec.browsers.Of(v.UserAgent).String(), Page: b.rec.paths[k], Note: note, Row: row})
	}
	slices.SortStableFunc(out, func(a, c gap.Event) int { return cmp.Compare(a.At, c.At) })
	return out
}

func bridgeNote(bridged string) string {
	if bridged == "" {
		return ""
	}
	return "tied to the payment by " + bridged
}

func faultWords(st gap.PageState) string {
	switch {
	case st.Snippet == table.No:
		return "no snippet on the page"
	case st.PublicKey == table.No:
		return "snippet without public key"
	}
	return "growsumo.data overwritten"
}
