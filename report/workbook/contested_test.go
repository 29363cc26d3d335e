package workbook

import (
	"testing"

	"lostlink/reconcile/gap"
)

func TestNewestFit(t *testing.T) {
	purchase := func(id string, clicks int) gap.Contested {
		return gap.Contested{PurchaseID: id, Clicks: make([]gap.ContestedClick, clicks)}
	}
	all := []gap.Contested{purchase("a", 2), purchase("b", 0), purchase("c", 3), purchase("d", 1)}
	for _, test := range []struct {
		rows int
		want string
	}{{7, "abcd"}, {6, "bcd"}, {5, "bcd"}, {4, "cd"}, {3, "d"}, {1, "d"}, {0, "d"}} {
		got := ""
		for _, c := range newest(all, test.rows) {
			got += c.PurchaseID
		}
		if got != test.want {
			t.Errorf("in %d rows: %s, want %s", test.rows, got, test.want)
		}
	}
	if got := newest(nil, 5); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}
