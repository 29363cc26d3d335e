package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// oracle is a reconciler written a second time, for being understood rather
// than fast: lists, maps and nested loops over the rows, from the rules as the
// documentation has them. It places every purchase and finds the last sure
// click before the sign-up; it judges nothing.
type oracle struct {
	opt          reconcile.Options
	clicks       []table.Click
	visits       []table.Visit
	signups      []table.Signup
	purchases    []table.Purchase
	customers    []table.Customer
	transactions []table.Transaction

	place    []gap.Place
	paidBy   []int          // per purchase: its transaction, -1
	group    map[string]int // id → the number of its person
	landings map[table.Pos]bool
	visitors []string          // per click
	given    map[string][]gift // by visitor id
	named    map[string][]gift // by click id
}

// gift is somebody giving an e-mail address in a browser, or handing in a click.
type gift struct {
	who int
	at  table.Time
}

func newOracle(set *table.Set, opt reconcile.Options) *oracle {
	o := &oracle{opt: opt, clicks: set.Clicks.Rows(), visits: set.Visits.Rows(), signups: set.Signups.Rows(),
		purchases: set.Purchases.Rows(), customers: set.Customers.Rows(), transactions: set.Transactions.Rows()}
	o.landings = map[table.Pos]bool{}
	for _, v := range o.visits {
		o.landings[v.Pos] = true
	}
	o.fillVisitors()
	o.sortOut()
	o.whoIsWho()
	o.payUp()
	for _, c := range o.clicks {
		o.visitors = append(o.visitors, o.visitorOf(c))
	}
	o.given = map[string][]gift{}
	for i, s := range o.signups {
		o.given[s.VisitorID] = append(o.given[s.VisitorID], gift{o.signupOf(i), s.SignedUpAt})
	}
	o.named = map[string][]gift{}
	for i, s := range o.signups {
		if !none(s.ClickID) {
			o.named[s.ClickID] = append(o.named[s.ClickID], gift{o.signupOf(i), s.SignedUpAt})
		}
	}
	for i, p := range o.purchases {
		if !none(p.ClickID) && o.bought(i) {
			o.named[p.ClickID] = append(o.named[p.ClickID], gift{o.buyer(i), p.PurchasedAt})
		}
	}
	for _, v := range o.visits {
		if n, ok := o.group["mailbox "+mailbox(v.Email)]; ok {
			o.given[v.VisitorID] = append(o.given[v.VisitorID], gift{n, v.VisitedAt})
		}
	}
	return o
}

// fillVisitors gives the sign-ups of a vendor who keeps no visitor id there the
// one that a page opened by the same address and browser within five seconds
// has, unless there are two.
func (o *oracle) fillVisitors() {
	for _, s := range o.signups {
		if !none(s.VisitorID) {
			return
		}
	}
	for i := range o.signups {
		s := &o.signups[i]
		var seen []string
		for _, v := range o.visits {
			if s.IP != "" && v.IP == s.IP && v.UserAgent == s.UserAgent && near(v.VisitedAt, s.SignedUpAt) && !none(v.VisitorID) {
				seen = append(seen, v.VisitorID)
			}
		}
		s.VisitorID = ""
		if len(seen) > 0 && slices.Min(seen) == slices.Max(seen) {
			s.VisitorID = seen[0]
		}
	}
}

func near(a, b table.Time) bool { return a-b <= 5*table.Second && b-a <= 5*table.Second }

func mailbox(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// variant is what is left of a mailbox that mail systems tell apart.
func variant(s string) string {
	local, domain, ok := strings.Cut(mailbox(s), "@")
	if !ok {
		return ""
	}
	local, _, _ = strings.Cut(local, "+")
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

func none(id string) bool { return id == "" || id == "null" || id == "undefined" }

// sortOut gives each purchase that is out of the running its place.
func (o *oracle) sortOut() {
	o.place = make([]gap.Place, len(o.purchases))
	for i, p := range o.purchases {
		if p.IsReversal() {
			o.place[i] = gap.ExcludedReversal
		}
		for _, q := range o.purchases[:i] {
			if q.PurchaseID == p.PurchaseID && q.Processor == p.Processor && q.IsReversal() == p.IsReversal() {
				o.place[i] = gap.Duplicate
			}
		}
	}
	for i, p := range o.purchases {
		if o.place[i] != "" {
			continue
		}
		back := p.Refunded
		for k, q := range o.purchases {
			if o.place[k] == gap.ExcludedReversal && q.ReversalOf == p.PurchaseID && q.Processor == p.Processor && q.Currency == p.Currency {
				back -= q.Amount
			}
		}
		switch {
		case p.Status == table.StatusFailed || p.Status == table.StatusPending || p.Status == table.StatusCanceled:
			o.place[i] = gap.ExcludedFailed
		case p.Live == table.No:
			o.place[i] = gap.ExcludedTest
		case p.Amount == 0:
			o.place[i] = gap.ExcludedOther
		case p.Status == table.StatusDisputedLost:
			o.place[i] = gap.ExcludedChargeback
		case back >= p.Amount || p.Status == table.StatusRefunded && back == 0:
			o.place[i] = gap.ExcludedRefunded
		case p.PurchasedAt < o.opt.PeriodStart || p.PurchasedAt >= o.opt.PeriodEnd:
			o.place[i] = gap.ExcludedPeriod
		case o.small(p):
			o.place[i] = gap.ExcludedThreshold
		case o.opt.AsOf-p.PurchasedAt <= table.Time(o.opt.LagHours)*table.Hour:
			o.place[i] = gap.ExcludedFresh
		}
	}
}

func (o *oracle) small(p table.Purchase) bool {
	for _, t := range o.opt.Thresholds {
		if t.Currency == p.Currency && p.Amount < t.Minor {
			return true
		}
	}
	return false
}

// bought tells whether a row is money that a customer once paid.
func (o *oracle) bought(i int) bool {
	switch o.place[i] {
	case gap.Duplicate, gap.ExcludedReversal, gap.ExcludedFailed, gap.ExcludedTest, gap.ExcludedOther:
		return false
	}
	return true
}

// whoIsWho numbers the ids of the records so that ids of one person have the
// same number: all start apart, and every record lowers the numbers of its ids
// to the lowest until nothing changes.
func (o *oracle) whoIsWho() {
	o.group = map[string]int{}
	var records [][]string
	for _, s := range o.signups {
		records = append(records, ids(s.Email, s.CustomerKey, ""))
	}
	for _, c := range o.customers {
		records = append(records, ids(c.Email, c.CustomerKey, c.ProviderKey))
	}
	for _, p := range o.purchases {
		records = append(records, ids(p.Email, p.CustomerKey, p.CustomerID))
	}
	for _, t := range o.transactions {
		records = append(records, ids(t.Email, t.CustomerKey, ""))
	}
	for _, r := range records {
		for _, id := range r {
			if _, ok := o.group[id]; !ok {
				o.group[id] = len(o.group)
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, r := range records {
			low := len(o.group)
			for _, id := range r {
				low = min(low, o.group[id])
			}
			for _, id := range r {
				if o.group[id] != low {
					o.group[id], changed = low, true
				}
			}
		}
	}
	o.bridge()
}

func ids(email, key, customer string) []string {
	var out []string
	if strings.Contains(email, "@") {
		out = append(out, "mailbox "+mailbox(email))
	}
	if !none(key) {
		out = append(out, "key "+key)
	}
	if !none(customer) {
		out = append(out, "customer "+customer)
	}
	return out
}

// of gives the person's number, -1 for a record that names nobody.
func (o *oracle) of(ids []string) int {
	if len(ids) == 0 {
		return -1
	}
	return o.group[ids[0]]
}

func (o *oracle) signupOf(i int) int {
	s := o.signups[i]
	return o.of(ids(s.Email, s.CustomerKey, ""))
}

func (o *oracle) buyer(i int) int {
	p := o.purchases[i]
	return o.of(ids(p.Email, p.CustomerKey, p.CustomerID))
}

// bridge gives payments of people who never signed up to the one person whose
// sign-up fits: first by a variant of the e-mail, then by name and the checkout
// page at that moment, then by a name that only one person has, who signed up
// in the month before and has not paid yet. Different customer keys are
// different people.
func (o *oracle) bridge() {
	signedUp, pays, keys := map[int]bool{}, map[int]bool{}, map[int][]string{}
	for i, s := range o.signups {
		signedUp[o.signupOf(i)] = true
		if !none(s.CustomerKey) {
			keys[o.signupOf(i)] = append(keys[o.signupOf(i)], s.CustomerKey)
		}
	}
	for i, p := range o.purchases {
		if who := o.buyer(i); who >= 0 && o.bought(i) {
			pays[who] = true
			if !none(p.CustomerKey) {
				keys[who] = append(keys[who], p.CustomerKey)
			}
		}
	}
	to, how := map[int]int{}, map[int]int{}
	for i, p := range o.purchases {
		who := o.buyer(i)
		if who < 0 || signedUp[who] || !o.bought(i) {
			continue
		}
		var alike, there, before []int
		recent := false // the first sign-up of that name lies in the month before
		for k, s := range o.signups {
			if variant(s.Email) == variant(p.Email) {
				alike = append(alike, o.signupOf(k))
			}
			if !strings.EqualFold(s.Name, p.Name) || p.Name == "" {
				continue
			}
			if o.paying(s, p.PurchasedAt) {
				there = append(there, o.signupOf(k))
			}
			if s.SignedUpAt <= p.PurchasedAt+table.Minute {
				if len(before) == 0 {
					recent = p.PurchasedAt-s.SignedUpAt <= 31*table.Day
				}
				before = append(before, o.signupOf(k))
			}
		}
		fits, strength := before, 1
		if len(there) > 0 {
			fits, strength = there, 2
		}
		if only(alike) >= 0 {
			fits, strength = alike, 3
		}
		n := only(fits)
		if n < 0 || strength == 1 && (pays[n] || !recent) || len(keys[n]) > 0 && len(keys[who]) > 0 && len(without(keys[n], keys[who])) == len(keys[n]) {
			continue
		}
		if strength > how[who] {
			to[who], how[who] = n, strength
		}
	}
	for id, n := range o.group {
		if m, ok := to[n]; ok {
			o.group[id] = m
		}
	}
}

// only gives the one number in a list, -1 if there are none or several.
func only(ns []int) int {
	if len(ns) == 0 || slices.Min(ns) != slices.Max(ns) {
		return -1
	}
	return ns[0]
}

// paying tells whether the browser of a sign-up had the checkout page open
// within five seconds of a moment.
func (o *oracle) paying(s table.Signup, at table.Time) bool {
	for _, v := range o.visits {
		same := v.VisitorID == s.VisitorID
		if s.VisitorID == "" {
			same = none(v.VisitorID) && v.IP == s.IP && v.UserAgent == s.UserAgent && v.IP != ""
		}
		if same && slices.Contains(o.opt.CheckoutPages, path(v.URL)) && near(v.VisitedAt, at) {
			return true
		}
	}
	return false
}

func path(url string) string {
	url, _, _ = strings.Cut(url, "?")
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, url, _ = strings.Cut(rest, "/")
		url = "/" + url
	}
	return url
}

// payUp pairs purchases with recorded transactions, the surest way first, and
// each way the closest in time first.
func (o *oracle) payUp() {
	o.paidBy = make([]int, len(o.purchases))
	for i := range o.paidBy {
		o.paidBy[i] = -1
	}
	used := map[int]bool{}
	open := func(i int) bool {
		return o.paidBy[i] < 0 && (o.bought(i) || o.place[i] == gap.ExcludedOther)
	}
	for k, t := range o.transactions {
		if t.Archived == table.Yes || t.Test == table.Yes {
			used[k] = true
			continue
		}
		for i, p := range o.purchases {
			if open(i) && !used[k] && t.PurchaseID != "" && (p.PurchaseID == t.PurchaseID || p.InvoiceID == t.PurchaseID) {
				o.paidBy[i], used[k] = k, true
			}
		}
	}
	ways := []func(p table.Purchase, t table.Transaction) bool{
		func(p table.Purchase, t table.Transaction) bool {
			return !none(p.CustomerKey) && p.CustomerKey == t.CustomerKey
		},
		func(p table.Purchase, t table.Transaction) bool {
			return p.Email != "" && mailbox(p.Email) == mailbox(t.Email)
		},
		func(p table.Purchase, t table.Transaction) bool {
			return p.Email != "" && variant(p.Email) == variant(t.Email)
		},
		func(p table.Purchase, t table.Transaction) bool {
			who := o.of(ids(p.Email, p.CustomerKey, p.CustomerID))
			return who >= 0 && who == o.of(ids(t.Email, t.CustomerKey, ""))
		},
	}
	// Soon after the payment first; then whenever it was recorded, and by hand
	// with a date before it.
	soon := [2]table.Time{6 * table.Hour, table.Time(o.opt.MatchDays) * table.Day}
	ever := [2]table.Time{36 * table.Hour, table.Time(o.opt.LookBackDays) * table.Day}
	for n := range 2 * len(ways) {
		same, span := ways[n%len(ways)], soon
		if n >= len(ways) {
			span = ever
		}
		for {
			best, bi, bk := table.Time(-1), 0, 0
			for k, t := range o.transactions {
				if used[k] {
					continue
				}
				for i, p := range o.purchases {
					late := t.CreatedAt - p.PurchasedAt
					if !open(i) || p.Amount != t.Amount || p.Currency != t.Currency || late < -span[0] || late > span[1] || !same(p, t) {
						continue
					}
					if far := max(late, -late); best < 0 || far < best {
						best, bi, bk = far, i, k
					}
				}
			}
			if best < 0 {
				break
			}
			o.paidBy[bi], used[bk] = bk, true
		}
	}
	for i := range o.purchases {
		switch {
		case o.place[i] != "":
		case o.paidBy[i] >= 0:
			o.place[i] = gap.Attributed
		default:
			o.place[i] = gap.Unattributed
		}
	}
}

// click is what the last sure click before the sign-up comes down to.
type click struct{ partner, id string }

// lastClick finds the last click that a visitor id, an e-mail address or its own
// id ties to the buyer, before the sign-up or, without one, before the first purchase.
func (o *oracle) lastClick(i int) (click, bool) {
	who := o.buyer(i)
	if who < 0 {
		return click{}, false
	}
	decided := o.decided(i, who)
	var last click
	at := table.Time(-1)
	for k, c := range o.clicks {
		if c.ClickedAt > decided || c.ClickedAt < decided-table.Time(o.opt.LookBackDays)*table.Day || c.ClickedAt < at {
			continue
		}
		if o.handedIn(c, who, o.purchases[i].PurchasedAt) || o.mailed(c, who) || o.owner(o.visitors[k], c.ClickedAt) == who {
			last, at = click{c.PartnerKey, c.ClickID}, c.ClickedAt
		}
	}
	return last, at >= 0
}

func (o *oracle) decided(i, who int) table.Time {
	first, at := table.Time(-1), o.purchases[i].PurchasedAt
	for k, s := range o.signups {
		if o.signupOf(k) == who && s.SignedUpAt <= o.purchases[i].PurchasedAt+table.Minute && (first < 0 || s.SignedUpAt < first) {
			first = s.SignedUpAt
		}
	}
	if first >= 0 {
		return first
	}
	for k, p := range o.purchases {
		if o.bought(k) && o.buyer(k) == who {
			at = min(at, p.PurchasedAt)
		}
	}
	return at
}

// handedIn tells whether a sign-up or payment of the person names the click.
func (o *oracle) handedIn(c table.Click, who int, until table.Time) bool {
	for _, g := range o.named[c.ClickID] {
		if g.who == who && g.at <= until {
			return true
		}
	}
	return false
}

// mailed tells whether a click carries an address, or a variant of one, that
// stands in one of the person's records.
func (o *oracle) mailed(c table.Click, who int) bool {
	if c.Email == "" {
		return false
	}
	for id, n := range o.group {
		if address, ok := strings.CutPrefix(id, "mailbox "); ok && n == who && variant(address) == variant(c.Email) && o.onRecord(address) {
			return true
		}
	}
	return false
}

// onRecord leaves out addresses that only a transaction or a test record holds.
func (o *oracle) onRecord(address string) bool {
	for _, s := range o.signups {
		if mailbox(s.Email) == address {
			return true
		}
	}
	for _, p := range o.purchases {
		if mailbox(p.Email) == address {
			return true
		}
	}
	for _, c := range o.customers {
		if mailbox(c.Email) == address && c.Test != table.Yes {
			return true
		}
	}
	return false
}

// visitorOf gives the visitor id a click's landing has: its own, else that of
// the first page opened with its click id within ten minutes, else, where no
// page was, that of the link's page opened from the same address and browser
// within seconds.
func (o *oracle) visitorOf(c table.Click) string {
	landed := o.landings[c.Pos]
	own := c.VisitorID
	if landed || c.IP == "" && c.ClickID == "" {
		return own
	}
	found := false
	for _, l := range o.clicks {
		dt := l.ClickedAt - c.ClickedAt
		if c.ClickID != "" && l.ClickID == c.ClickID && o.landings[l.Pos] && dt >= -table.Minute && dt <= 10*table.Minute {
			found = true
			if !none(l.VisitorID) {
				own = l.VisitorID
			}
			break
		}
	}
	if found || c.IP == "" {
		return own
	}
	best := table.Time(-1)
	for _, v := range o.visits {
		dt := v.VisitedAt - c.ClickedAt
		if v.IP != c.IP || v.UserAgent != c.UserAgent || dt < -table.Second || dt > 15*table.Second || c.LandingURL != "" && path(v.URL) != path(c.LandingURL) {
			continue
		}
		if best < 0 || v.VisitedAt < best {
			best = v.VisitedAt
			if !none(v.VisitorID) {
				own = v.VisitorID
			}
		}
	}
	return own
}

// owner tells whose a browser was: of the next person to give an e-mail address
// in it, else of the last one who did, unless too many did.
func (o *oracle) owner(visitor string, at table.Time) int {
	if none(visitor) {
		return -1
	}
	next, last := -1, -1
	nextAt, lastAt := table.Time(-1), table.Time(-1)
	people := map[int]bool{}
	for _, g := range o.given[visitor] {
		if g.who < 0 {
			continue
		}
		people[g.who] = true
		if g.at >= at && (nextAt < 0 || g.at < nextAt) {
			next, nextAt = g.who, g.at
		}
		if g.at > lastAt {
			last, lastAt = g.who, g.at
		}
	}
	switch {
	case len(people) > o.opt.VisitorPeople:
		return -1
	case next >= 0:
		return next
	}
	return last
}

// mixes are vendors small enough for the oracle.
func mixes() map[string]simulate.Options {
	m := map[string]simulate.Options{}
	for seed := range uint64(24) {
		m[fmt.Sprintf("drawn %d", seed)] = small(seed)
	}
	plain := small(100)
	plain.People.SecondEmail, plain.People.AliasEmail = 0, 0
	m["same e-mail everywhere"] = plain
	mixed := small(101)
	mixed.People.SecondEmail, mixed.People.AliasEmail, mixed.Money.CustomerKey, mixed.Money.ChargeID = 0.4, 0.3, 0, 0
	m["e-mails that differ, no keys"] = mixed
	odd := small(102)
	odd.Money.Failed, odd.Money.TestMode, odd.Money.RefundFull, odd.Money.RefundPartial, odd.Money.Disputed, odd.Money.Duplicates = 0.1, 0.1, 0.1, 0.1, 0.1, 0.1
	odd.Formats.Payments, odd.Formats.StripeColumns = simulate.Stripe, "chosen"
	m["odd payments"] = odd
	odd.Formats.Payments = simulate.PayPal
	m["odd payments, PayPal"] = odd
	blind := small(103)
	blind.Sources.SignupVisitor, blind.Sources.SignupBrowser, blind.Sources.Cookies = false, true, "visitor"
	m["no visitor id at sign-up"] = blind
	known := small(104)
	known.Formats.Visits, known.Sources.LoggedIn, known.Sources.ClickVisitor, known.Sources.ClickEmail = simulate.Segment, 0.8, 0.7, 0.4
	m["logged-in pages, clicks with visitor id and e-mail"] = known
	crowded := small(105)
	crowded.Traps.NullVisitor, crowded.Traps.Offices, crowded.Traps.PastedLinks = 0.3, 0.8, 0.5
	m["offices, null visitors, pasted links"] = crowded
	return m
}

func TestOracle(t *testing.T) {
	gaps, sure := 0, 0
	all := mixes()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := makeVendor(t, all[name])
		for _, threshold := range []int64{0, 3000} {
			opt := v.opt
			if threshold > 0 {
				opt.Thresholds = []reconcile.Threshold{{Currency: "USD", Minor: threshold}}
			}
			res, err := reconcile.Run(v.set, opt)
			if err != nil {
				t.Fatal(err)
			}
			o := newOracle(v.set, opt)
			o.compare(t, name, res)
			if threshold > 0 {
				continue
			}
			n := o.compareClicks(t, name, v.set, res)
			gaps, sure = gaps+len(res.Gaps), sure+n
		}
	}
	t.Logf("%d gaps, %d with a sure click", gaps, sure)
	if gaps < 300 || sure < 100 {
		t.Errorf("%d gaps, %d with a sure click: too few to show anything", gaps, sure)
	}
}

// compare holds places and gaps against the run's.
func (o *oracle) compare(t *testing.T, name string, res *gap.Result) {
	t.Helper()
	for _, c := range res.OverConnected {
		if c.Kind != "visitor_id" && c.Kind != "click_id" { // these tie clicks, not people
			t.Errorf("%s: %s %s was cut; the oracle cuts none", name, c.Kind, c.ID)
		}
	}
	placed := map[gap.Place]*gap.Sum{}
	var want, got []string
	for i, p := range o.purchases {
		if placed[o.place[i]] == nil {
			placed[o.place[i]] = &gap.Sum{}
		}
		placed[o.place[i]].Add(p.Currency, p.Amount)
		if o.place[i] == gap.Unattributed {
			want = append(want, p.PurchaseID)
		}
	}
	for _, g := range res.Gaps {
		got = append(got, g.PurchaseID)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%s: gaps only of the oracle: %v; only of the run: %v", name, without(want, got), without(got, want))
	}
	for _, place := range gap.Places() {
		w, g := placed[place], res.TieOut.Placed[place]
		if (w == nil) != (g == nil) || w != nil && (w.Count != g.Count || !maps.Equal(w.Minor, g.Minor)) {
			t.Errorf("%s: %s: the oracle has %v, the run %v", name, place, w, g)
		}
	}
	left := 0
	for k, tx := range o.transactions {
		if tx.Archived != table.Yes && tx.Test != table.Yes && !slices.Contains(o.paidBy, k) {
			left++
		}
	}
	if left != res.Unplaced.Count {
		t.Errorf("%s: the oracle leaves %d transactions, the run %d", name, left, res.Unplaced.Count)
	}
}

func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// compareClicks holds the last sure click of every gap against the timeline,
// and gives how many gaps have one.
func (o *oracle) compareClicks(t *testing.T, name string, set *table.Set, res *gap.Result) int {
	t.Helper()
	at := map[gap.Row]click{}
	for _, c := range o.clicks {
		at[gap.Row{File: set.Files[c.File], Line: c.Line}] = click{c.PartnerKey, c.ClickID}
	}
	index := map[gap.Row]int{}
	for i, p := range o.purchases {
		index[gap.Row{File: set.Files[p.File], Line: p.Line}] = i
	}
	n := 0
	for _, g := range res.Gaps {
		i := index[g.Row]
		want, ok := o.lastClick(i)
		var got click
		decided := table.Time(0)
		if who := o.buyer(i); who >= 0 {
			decided = o.decided(i, who)
		}
		for _, e := range g.Timeline {
			if e.Kind == gap.EventClick && e.At <= decided && !strings.HasPrefix(e.Note, "tied by same address") {
				got = at[e.Row]
			}
		}
		if ok {
			n++
		}
		if got != want {
			t.Errorf("%s: %s: the last sure click is %v for the oracle, %v for the run", name, g.PurchaseID, want, got)
		}
	}
	return n
}
