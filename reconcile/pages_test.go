package reconcile

import (
	"maps"
	"slices"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

func TestPageState(t *testing.T) {
	check := func(when string, snippet, key, overwritten table.Answer) table.PageCheck {
		return table.PageCheck{CheckedAt: at(when), URL: "https://www.vendor.example/pricing/", SnippetPresent: snippet, PublicKeyPresent: key, DataOverwritten: overwritten}
	}
	const yes, no, unknown = table.Yes, table.No, table.Unknown
	fine := func(when string) table.PageCheck { return check(when, yes, yes, no) }
	for _, tc := range []struct {
		name   string
		checks []table.PageCheck
		at     string
		want   gap.PageState // without the checks themselves
		rows   int           // checks it rests on
	}{
		{"no checks", nil, "2026-03-10 12:00", gap.PageState{}, 0},
		{"fine before and after", []table.PageCheck{fine("2026-03-10 03:00"), fine("2026-03-11 03:00")}, "2026-03-10 12:00",
			gap.PageState{Checked: true, Snippet: yes, PublicKey: yes, Overwritten: no}, 1},
		{"the order in the file means nothing", []table.PageCheck{fine("2026-03-11 03:00"), check("2026-03-10 03:00", no, unknown, unknown), fine("2026-03-09 03:00")}, "2026-03-09 12:00",
			gap.PageState{Checked: true, Snippet: no, Changing: true}, 2},
		{"no snippet before and after", []table.PageCheck{check("2026-03-10 03:00", no, unknown, unknown), check("2026-03-11 03:00", no, unknown, unknown)}, "2026-03-10 12:00",
			gap.PageState{Checked: true, Snippet: no}, 1},
		{"broken between the checks", []table.PageCheck{fine("2026-03-10 03:00"), check("2026-03-11 03:00", yes, no, no)}, "2026-03-10 12:00",
			gap.PageState{Checked: true, Snippet: yes, PublicKey: no, Overwritten: no, Changing: true}, 2},
		{"mended between the checks", []table.PageCheck{check("2026-03-10 03:00", yes, yes, yes), fine("2026-03-11 03:00")}, "2026-03-10 12:00",
			gap.PageState{Checked: true, Snippet: yes, PublicKey: yes, Overwritten: yes, Changing: true}, 2},
		{"at the moment of a check", []table.PageCheck{fine("2026-03-10 03:00"), fine("2026-03-11 03:00")}, "2026-03-11 03:00",
			gap.PageState{Checked: true, Snippet: yes, PublicKey: yes, Overwritten: no}, 1},
		{"two days before", []table.PageCheck{fine("2026-03-10 03:00")}, "2026-03-12 03:00", gap.PageState{Checked: true, Snippet: yes, PublicKey: yes, Overwritten: no}, 1},
		{"longer before", []table.PageCheck{fine("2026-03-10 03:00")}, "2026-03-12 03:01", gap.PageState{}, 0},
		{"two days after", []table.PageCheck{fine("2026-03-10 03:00")}, "2026-03-08 03:00", gap.PageState{Checked: true, Snippet: yes, PublicKey: yes, Overwritten: no}, 1},
		{"longer after", []table.PageCheck{fine("2026-03-10 03:00")}, "2026-03-08 02:59", gap.PageState{}, 0},
		{"without snippet nothing else is wrong", []table.PageCheck{check("2026-03-10 03:00", no, no, yes)}, "2026-03-10 12:00", gap.PageState{Checked: true, Snippet: no}, 1},
		{"never, by three checks", []table.PageCheck{check("2026-03-10 03:00", no, unknown, unknown), check("2026-03-11 03:00", no, unknown, unknown), check("2026-03-12 03:00", no, unknown, unknown)}, "2026-03-11 12:00",
			gap.PageState{Checked: true, Snippet: no, Never: true}, 1},
		{"two checks are not enough for never", []table.PageCheck{check("2026-03-10 03:00", no, unknown, unknown), check("2026-03-11 03:00", no, unknown, unknown)}, "2026-03-10 12:00",
			gap.PageState{Checked: true, Snippet: no}, 1},
		{"once is not never", []table.PageCheck{check("2026-03-10 03:00", no, unknown, unknown), check("2026-03-11 03:00", no, unknown, unknown), check("2026-03-12 03:00", no, unknown, unknown), fine("2026-05-12 03:00")}, "2026-03-11 12:00",
			gap.PageState{Checked: true, Snippet: no}, 1},
	} {
		s := newSite(t)
		for _, c := range tc.checks {
			c.Pos = s.pos()
			appendRow(s, s.sink.PageChecks(), c)
		}
		set := s.sink.Set([]string{"page_checks.csv"})
		p := newPages(set, newRecords(set, nil, judged()), nil, judged())
		got := p.state("/pricing", at(tc.at))
		if got.Path != "/pricing" || len(got.Checks) != tc.rows {
			t.Errorf("%s: path %q, %d checks, want %d", tc.name, got.Path, len(got.Checks), tc.rows)
		}
		if got.Fine() != (tc.want.Checked && !tc.want.Changing && !tc.want.Faulty()) {
			t.Errorf("%s: fine is %v", tc.name, got.Fine())
		}
		got.Path, got.Checks = "", nil
		if got.Checked != tc.want.Checked || got.Snippet != tc.want.Snippet || got.PublicKey != tc.want.PublicKey || got.Overwritten != tc.want.Overwritten || got.Changing != tc.want.Changing || got.Never != tc.want.Never {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
		set.Release()
	}
}

func TestPagePath(t *testing.T) {
	for _, tc := range []struct{ in, path, host string }{
		{"https://www.vendor.example/pricing?x=1#top", "/pricing", "vendor.example"},
		{"https://vendor.example/pricing/", "/pricing", "vendor.example"},
		{"https://WWW.Vendor.Example:8443", "/", "vendor.example"},
		{"https://vendor.example?x=/a", "/", "vendor.example"},
		{"/pricing?to=https://other.example/x", "/pricing", ""},
		{"/", "/", ""},
		{"", "/", ""},
		{"android-app://com.example.app/", "/", "com.example.app"},
		{"https://[bad", "/", ""},
	} {
		if got := pagePath(tc.in); got != tc.path {
			t.Errorf("pagePath(%q) = %q, want %q", tc.in, got, tc.path)
		}
		if got := hostOf(tc.in); got != tc.host {
			t.Errorf("hostOf(%q) = %q, want %q", tc.in, got, tc.host)
		}
	}
}

// Where the configuration names no sign-up page, the log does: the page that
// was open just before most sign-ups.
func TestSignupPageFromTheLog(t *testing.T) {
	s := newSite(t)
	for i := range 20 {
		s.came(float64(i), "/pricing", desktop, true)
	}
	set := s.sink.Set([]string{"made-up.csv"})
	defer set.Release()
	opt := judged()
	pages := newPages(set, newRecords(set, nil, opt), set.Purchases.Rows(), opt)
	if got := slices.Sorted(maps.Keys(pages.signup)); !slices.Equal(got, []string{"/signup"}) {
		t.Errorf("sign-up pages %v, want /signup", got)
	}
	opt.SignupPages = []string{"/join/"}
	pages = newPages(set, newRecords(set, nil, opt), set.Purchases.Rows(), opt)
	if got := slices.Sorted(maps.Keys(pages.signup)); !slices.Equal(got, []string{"/join"}) {
		t.Errorf("sign-up pages %v, want those of the configuration", got)
	}
}
