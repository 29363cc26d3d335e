package gap

import "fmt"

// Case is one failure case: what it means in words, and the findings that
// speak for or against it.
type Case struct {
	Slug    Slug
	Code    string // "C05"; sorts in the order of Cases
	Title   string
	Meaning string // what happened
	Shows   string // what in the records shows it
	Check   string // how a reader of the workbook can check it
	Steps   []string
	// CannotTell says what the records leave open.
	CannotTell string
	// ByClick cases need a click of the customer. How it is tied to them is
	// weighed once for all of them; see clickLooks.
	ByClick bool
	// Findings are looked for in order. Only those that are seen count.
	Findings []Look
}

// Look is one finding a case declares. See gives what was seen and the rows,
// or ok = false when it was not seen or the records hold no answer: a missing
// source must never speak against a case.
type Look struct {
	Name string
	See  func(j *Journey) (what string, rows []Row, ok bool)
}

// cases is filled by the case_*.go files; the index is the order of Cases.
var cases [13]*Case

func register(order int, c Case) {
	if cases[order] != nil {
		panic(fmt.Sprintf("gap: cases %s and %s have the same place %d", cases[order].Slug, c.Slug, order))
	}
	cases[order] = &c
}

// Cases lists all cases: the ten of the partner platform's article in its
// order, the two further ones, and no_partner_signal.
func Cases() []Case {
	out := make([]Case, len(cases))
	for i, c := range cases {
		if c == nil {
			panic(fmt.Sprintf("gap: no case has place %d", i))
		}
		out[i] = *c
	}
	return out
}

// CaseOf gives the case of a slug. An unknown slug is a programmer's mistake.
func CaseOf(s Slug) Case {
	for _, c := range cases {
		if c.Slug == s {
			return *c
		}
	}
	panic(fmt.Sprintf("gap: no case %q", s))
}

// Questions are what a partner is asked when facts are missing.
func Questions() []string {
	return []string{
		"What are the customer's name and e-mail address, and on which day did they sign up or buy?",
		"Which browser and device did they use when they followed your link, and did they sign up on the same ones?",
		"Which of your links did they follow, and to which page does it go?",
	}
}
