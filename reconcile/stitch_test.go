package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Records tie ids together; an id that meets too many others ties nobody.
func TestStitch(t *testing.T) {
	p := newPeople(0)
	node := p.node
	ada, key, customer := node(emailNode, "ada@mail.example"), node(keyNode, "c1"), node(customerNode, "cus_1")
	second, lone := node(emailNode, "ada@work.example"), node(emailNode, "ben@mail.example")
	shared := node(keyNode, "demo")
	links := []link{{ada, key, -1}, {key, -1, customer}, {customer, second, -1}, {-1, lone, -1}, {shared, ada, -1}, {shared, lone, -1}}
	for i := range maxMeetings - 1 {
		links = append(links, link{shared, node(emailNode, fmt.Sprintf("u%d@mail.example", i)), -1})
	}
	p.stitch(links)
	for _, n := range []int32{key, customer, second} {
		if p.find(n) != p.find(ada) {
			t.Errorf("%s is not %s's", p.names[n].id, p.names[ada].id)
		}
	}
	if p.find(lone) == p.find(ada) {
		t.Error("two people are one by a customer key that many have")
	}
	want := []gap.OverConnected{{Kind: "customer_key", ID: "demo", Other: maxMeetings + 1, Limit: maxMeetings}}
	if !slices.Equal(p.cut, want) {
		t.Errorf("cut %+v, want %+v", p.cut, want)
	}
}

// A browser belongs to the next person who gives an address in it, and after
// the last one to them; one that too many use belongs to nobody.
func TestOwners(t *testing.T) {
	p := newPeople(0)
	ada, ben := p.node(emailNode, "ada@mail.example"), p.node(emailNode, "ben@mail.example")
	p.own("home", at("2026-03-20 12:00"), ben)
	p.own("home", at("2026-03-10 12:00"), ada)
	p.own("null", at("2026-03-10 12:00"), ada)
	for i := range 6 {
		p.own("kiosk", at("2026-03-10 12:00"), p.node(emailNode, fmt.Sprintf("u%d@mail.example", i)))
	}
	for range 9 {
		p.own("busy", at("2026-03-10 12:00"), ada)
	}
	p.settleOwners(5)
	for _, tc := range []struct {
		visitor, at string
		want        int32
	}{
		{"home", "2026-03-01 00:00", ada}, {"home", "2026-03-10 12:00", ada}, {"home", "2026-03-10 12:01", ben}, {"home", "2026-04-01 00:00", ben},
		{"busy", "2026-03-01 00:00", ada}, {"kiosk", "2026-03-01 00:00", -1}, {"null", "2026-03-01 00:00", -1}, {"", "2026-03-01 00:00", -1}, {"other", "2026-03-01 00:00", -1},
	} {
		if got := p.ownerAt(tc.visitor, at(tc.at)); got != tc.want {
			t.Errorf("%q at %s: person %d, want %d", tc.visitor, tc.at, got, tc.want)
		}
	}
	if want := []gap.OverConnected{{Kind: "visitor_id", ID: "kiosk", Other: 6, Limit: 5}}; !slices.Equal(p.cut, want) {
		t.Errorf("cut %+v, want %+v", p.cut, want)
	}
}

// A claim by name means the one who was there on the day, before the one who
// was there a day off; several on the nearest day are too many.
func TestClaimByName(t *testing.T) {
	day := at("2026-03-10 00:00").Date()
	there := func(offsets ...int) *person {
		p := &person{}
		for _, d := range offsets {
			p.days = append(p.days, day+table.Date(d))
		}
		return p
	}
	a, b, c, far := there(0), there(1), there(-1, 30), there(2)
	for _, tc := range []struct {
		name   string
		people []*person
		day    table.Date
		want   *person
	}{
		{"on the day", []*person{a}, day, a},
		{"a day off", []*person{b}, day, b},
		{"the day before one who is off", []*person{b, a, far}, day, a},
		{"two on the day", []*person{a, there(0)}, day, nil},
		{"two a day off", []*person{b, c}, day, nil},
		{"two days off", []*person{far}, day, nil},
		{"nobody", nil, day, nil},
		{"no day named", []*person{a}, 0, nil},
	} {
		if got, _ := (&builder{}).activeOf(tc.people, tc.day); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	s := newSite(t)
	for _, p := range []table.Partner{
		{PartnerKey: "harbor", Name: "Harbor Reviews", Email: "Team@Harbor.example", Domain: "https://www.harbor.example/about", Coupon: "harbor10"},
		{PartnerKey: "maple", Domain: "Maple.example", Coupon: "SPRING"},
		{PartnerKey: "birch", Domain: "gmail.com", Email: "birch@gmail.com", Coupon: "spring"},
	} {
		p.Pos = s.pos()
		appendRow(s, s.sink.Partners(), p)
	}
	for _, l := range []table.Link{
		{PartnerKey: "harbor", URL: "https://go.vendor.example/Harbor", DestinationURL: "https://www.vendor.example/pricing"},
		{PartnerKey: "harbor", URL: "https://go.vendor.example/", DestinationURL: "https://www.vendor.example/"},
		{PartnerKey: "maple", URL: "https://go.vendor.example/pricing", DestinationURL: "https://www.vendor.example/tour"},
	} {
		l.Pos = s.pos()
		appendRow(s, s.sink.Links(), l)
	}
	set := s.sink.Set([]string{"made-up.csv"})
	defer set.Release()
	c := newCatalogue(set, newRecords(set, nil, judged()))
	for _, tc := range []struct{ what, got, want string }{
		{"a coupon in other letters", c.coupons["HARBOR10"], "harbor"},
		{"a coupon of two partners", c.coupons["SPRING"], ""},
		{"a short address", c.vanity["/harbor"], "harbor"},
		{"a short address that is a page of the site", c.vanity["/pricing"], ""},
		{"a page of the partner's site", c.referrerPartner("https://blog.harbor.example/best?x=1"), "harbor"},
		{"a site that only ends alike", c.referrerPartner("https://newharbor.example/"), ""},
		{"another site", c.referrerPartner("https://search.example/"), ""},
		{"no referrer", c.referrerPartner(""), ""},
		{"the partner's own address", c.selfPartner([]string{"team@harbor.example"}), "harbor"},
		{"an address of the partner's domain", c.selfPartner([]string{"x@other.example", "boss@maple.example"}), "maple"},
		{"a free mail domain is nobody's", c.selfPartner([]string{"somebody@gmail.com"}), ""},
		{"an address at a free mail domain", c.selfPartner([]string{"birch@gmail.com"}), "birch"},
		{"the name for people", c.title("harbor"), "Harbor Reviews"},
		{"a partner without a name", c.title("maple"), "maple"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", tc.what, tc.got, tc.want)
		}
	}
}
