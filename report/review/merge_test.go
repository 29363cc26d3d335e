package review

import (
	"fmt"
	"slices"
	"testing"
)

func TestMerge(t *testing.T) {
	book := func(name string, answers ...Answer) *Book {
		for i := range answers {
			answers[i].Book, answers[i].Cell = name, fmt.Sprintf("Review!B%d", 6+i)
		}
		return &Book{Path: name, Answers: answers}
	}
	anna := book("anna.xlsx",
		Answer{GapID: "LL-1", Verdict: Approve, Note: "sure"},
		Answer{GapID: "LL-2", Verdict: Decline},
		Answer{GapID: "LL-3", Verdict: Approve, Amount: 100, AmountSet: true},
		Answer{GapID: "LL-4", Verdict: Approve})
	ben := book("ben.xlsx",
		Answer{GapID: "LL-1", Verdict: Approve, Note: "so am I"},
		Answer{GapID: "LL-2", Verdict: Approve},
		Answer{GapID: "LL-3", Verdict: Approve},
		Answer{GapID: "LL-5", Verdict: Later})
	answers, refusals := Merge([]*Book{anna, ben, anna})
	var got []string
	for _, a := range answers {
		got = append(got, fmt.Sprintf("%s %s %q %s", a.GapID, a.Verdict, a.Note, a.Book))
	}
	for _, r := range refusals {
		got = append(got, fmt.Sprintf("%s %s %s %s", r.Book, r.Cell, r.GapID, r.Rule))
	}
	want := []string{
		`LL-1 approve "sure; so am I" anna.xlsx`, `LL-4 approve "" anna.xlsx`, `LL-5 later "" ben.xlsx`,
		"anna.xlsx Review!B7 LL-2 is decided otherwise in ben.xlsx Review!B7",
		"ben.xlsx Review!B7 LL-2 is decided otherwise in anna.xlsx Review!B7, anna.xlsx Review!B7",
		"anna.xlsx Review!B7 LL-2 is decided otherwise in ben.xlsx Review!B7",
		"anna.xlsx Review!B8 LL-3 is decided otherwise in ben.xlsx Review!B8",
		"ben.xlsx Review!B8 LL-3 is decided otherwise in anna.xlsx Review!B8, anna.xlsx Review!B8",
		"anna.xlsx Review!B8 LL-3 is decided otherwise in ben.xlsx Review!B8",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}
