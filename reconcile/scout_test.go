package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// scouted shows a whole set to a scout, row by row, as a reader of files would,
// and gives the result over what the scout kept, with the share of rows kept.
func scouted(t *testing.T, set *table.Set, opt reconcile.Options) (res *gap.Result, share float64) {
	t.Helper()
	s := reconcile.NewScout(opt)
	small := *set
	small.Clicks, small.Visits = nil, nil
	s.Begin(&small)

	type row struct {
		pos   table.Pos
		visit *table.Visit
		click *table.Click
	}
	var rows []row
	landing := map[table.Pos]int{}
	for _, v := range set.Visits.Rows() {
		landing[v.Pos] = len(rows)
		rows = append(rows, row{pos: v.Pos, visit: &v})
	}
	for _, c := range set.Clicks.Rows() {
		if i, ok := landing[c.Pos]; ok {
			rows[i].click = &c
		} else {
			rows = append(rows, row{pos: c.Pos, click: &c})
		}
	}
	kept := map[table.Pos]bool{}
	const part = 777
	for from := 0; from < len(rows); from += part {
		taker := s.Stretch(0, from/part)
		for i, r := range rows[from:min(from+part, len(rows))] {
			var g table.Glance
			if v := r.visit; v != nil {
				g = table.Glance{At: v.VisitedAt, Visit: true, VisitorID: v.VisitorID, Email: v.Email, IP: v.IP, URL: v.URL, Referrer: v.Referrer, CookiesLogged: v.CookiesLogged == table.Yes}
			}
			if c := r.click; c != nil {
				g.Click, g.ClickID = true, c.ClickID
				if r.visit == nil {
					g.At, g.VisitorID, g.Email, g.IP = c.ClickedAt, c.VisitorID, c.Email, c.IP
				}
			}
			kept[r.pos] = taker.Take(uint32(i), &g)
		}
	}
	there := func() *table.Set {
		return edit{
			visits: func(vs []table.Visit) []table.Visit {
				return slices.DeleteFunc(vs, func(v table.Visit) bool { return !kept[v.Pos] })
			},
			clicks: func(cs []table.Click) []table.Click {
				return slices.DeleteFunc(cs, func(c table.Click) bool { return !kept[c.Pos] })
			},
		}.apply(t, set)
	}
	for s.Settle(there()) {
		for from := 0; from < len(rows); from += part {
			for _, i := range s.Wanted(0, from/part) {
				kept[rows[from+int(i)].pos] = true
			}
		}
	}
	n := 0
	for _, k := range kept {
		if k {
			n++
		}
	}
	res, err := s.Run(there())
	if err != nil {
		t.Fatal(err)
	}
	return res, float64(n) / float64(max(len(rows), 1))
}

// TestScoutKeepsWhatCounts holds the scout to its word: a result over the rows
// it keeps is that over all rows, to the last byte.
func TestScoutKeepsWhatCounts(t *testing.T) {
	var least, most float64 = 1, 0
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			v := makeVendor(t, small(seed+720))
			opt := v.opt
			if seed%2 == 1 { // found from the logs
				opt.SignupPages, opt.CheckoutPages, opt.SiteHosts = nil, nil, nil
			}
			want := run(t, v.set, opt)
			got, share := scouted(t, v.set, opt)
			least, most = min(least, share), max(most, share)
			identical(t, want, got)
		})
	}
	t.Logf("%.0f to %.0f %% of the rows were kept", 100*least, 100*most)
	if least > 0.8 {
		t.Error("the scout keeps everything: nothing was tried")
	}
}

// Landing pages are judged by the cookies of all visitors: the scout keeps those
// of strangers too.
func TestScoutKeepsStrangersCookies(t *testing.T) {
	for seed := range uint64(3) {
		o := cookieLog(seed)
		v := makeVendor(t, o)
		set := *v.set
		set.PageChecks = nil
		want := run(t, &set, v.opt)
		if !slices.ContainsFunc(want.Incidents, func(x gap.Incident) bool { return slices.Equal(x.Pages, []string{"/"}) }) {
			t.Errorf("seed %d: the fault of the front page is not found: %+v", seed, want.Incidents)
		}
		got, share := scouted(t, &set, v.opt)
		t.Logf("%.0f %% of the rows were kept", 100*share)
		identical(t, want, got)
	}
}

// cookieLog is a vendor with few customers and many visitors, whose log has the
// partner's cookies, and a page that was broken for a while.
func cookieLog(seed uint64) simulate.Options {
	o := simulate.DefaultOptions()
	o.Seed, o.Customers, o.Days, o.LandingPages, o.Partners = seed, 120, 120, 3, 20
	o.Sources.Cookies = "partner"
	o.Site.FaultsDrawn = 0
	o.Site.Faults = []simulate.Fault{{Cause: simulate.SnippetBroken, Page: "/", From: 60.2, To: 66.7}}
	o.Traffic = simulate.Traffic{Visitors: 5, Clickers: 20, Bots: 2, Crawlers: 1}
	o.Formats.Gzip = false
	return o
}

func identical(t *testing.T, want, got *gap.Result) {
	t.Helper()
	a, b := written(t, want), written(t, got)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("item %d differs:\nall rows:  %s\nrows kept: %s", i, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%d items over all rows, %d over those kept", len(a), len(b))
	}
}

// written gives a result as lines of JSON, positions and all.
func written(t *testing.T, res *gap.Result) []string {
	t.Helper()
	r := *res
	var out []string
	add := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	for _, g := range r.Gaps {
		add(g)
	}
	for _, c := range r.Contested {
		add(c)
	}
	for _, a := range r.Answers {
		add(a)
	}
	r.Gaps, r.Contested, r.Answers = nil, nil, nil
	add(r)
	return out
}
