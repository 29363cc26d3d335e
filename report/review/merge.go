package review

import (
	"fmt"
	"slices"
	"strings"
)

// Merge joins the answers of several reviewers' books, in the books' order and
// by their rows within. Books that say the same of a gap count once, with all
// their notes. Where they differ nobody wins: every one of the answers is
// refused. The refusals are those of the conflicts only.
func Merge(books []*Book) (answers []Answer, refusals []Refusal) {
	said := map[string][]Answer{}
	var order []string
	for _, b := range books {
		for _, a := range b.Answers {
			if said[a.GapID] == nil {
				order = append(order, a.GapID)
			}
			said[a.GapID] = append(said[a.GapID], a)
		}
	}
	for _, id := range order {
		all := said[id]
		if !slices.ContainsFunc(all, func(a Answer) bool { return !a.same(&all[0]) }) {
			a := all[0]
			a.Note = joinNotes(all)
			answers = append(answers, a)
			continue
		}
		for _, a := range all {
			var others []string
			for _, o := range all {
				if !o.same(&a) {
					others = append(others, o.Book+" "+o.Cell)
				}
			}
			refusals = append(refusals, Refusal{Book: a.Book, Cell: a.Cell, GapID: id, Value: string(a.Verdict),
				Rule:   fmt.Sprintf("is decided otherwise in %s", strings.Join(others, ", ")),
				Remedy: "agree on one decision and clear the others; none of them was taken"})
		}
	}
	return answers, refusals
}

// same tells whether two answers come to the same.
func (a *Answer) same(b *Answer) bool {
	return a.Verdict == b.Verdict && a.PartnerKey == b.PartnerKey && a.AmountSet == b.AmountSet && a.Amount == b.Amount
}

func joinNotes(all []Answer) string {
	var notes []string
	for _, a := range all {
		if a.Note != "" && !slices.Contains(notes, a.Note) {
			notes = append(notes, a.Note)
		}
	}
	return strings.Join(notes, "; ")
}
