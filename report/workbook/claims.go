package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
)

// claimsWidths are those of the columns of Claims.
var claimsWidths = []float64{16, 17, 20, 22, 34, 12, 22, 60, 20, 20, 44, 32, 16, 24, 8}

// claims writes the answer to every partner's claim.
func (b *book) claims() error {
	all := b.r.Result.Answers
	if len(all) == 0 {
		return nil
	}
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title: "Claims: what partners say is missing, and what the records say",
		lead: "One row a claim, each answered once. The answer can be sent to the partner; where it names another partner, decide first whether to say so. " +
			"Customer and day are as claimed: a name that fits several customers is not guessed.",
		widths: claimsWidths,
		tab:    turquoise, landscape: true, locked: true, titleRows: totalsHeader, titleCols: 1,
	}
	if len(all) > listMax {
		p.lead += fmt.Sprintf(" The first %d of %d are shown; claims.jsonl holds all.", listMax, len(all))
		all = all[:listMax]
	}
	heads := []string{"Claim", "Claimed (UTC)", "Partner", "Customer claimed", "E-mail claimed", "Day claimed", "Answer", "What to tell the partner", "Credited to", "See",
		"Questions still open", "Payment IDs", "Customer found by", "Source file", "Line"}
	s, err := b.begin(claimsSheet, p, freeze(1, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	steps := map[string]int{} // gap id → row on Timeline
	for g, row := range b.timelineRow {
		steps[g.GapID] = row
	}
	for i := range all {
		a := &all[i]
		partner, credited := b.r.PartnerName(a.PartnerKey), b.r.PartnerName(a.Credited)
		questions, payments := bullets(a.Questions), strings.Join(a.PurchaseIDs, ", ")
		texts := []string{a.ClaimID, "", partner, a.CustomerName, a.CustomerEmail, "", a.Answer.Title(), a.What, credited, "", questions, payments, a.FoundBy, a.Row.File, ""}
		err := s.row(totalsHeader+1+i, wrapped(1, texts, claimsWidths),
			b.text(a.ClaimID, textWrap), b.when(a.ClaimedAt, cellLook.as(timeFmt)), b.text(partner, textWrap), b.text(a.CustomerName, textWrap), b.text(a.CustomerEmail, textWrap),
			b.text(a.PurchasedOn, textWrap), b.cell(a.Answer.Title(), wrapLook.strong()), b.text(a.What, textWrap), b.text(credited, textWrap), b.evidenceOf(a, steps),
			b.text(questions, textWrap), b.text(payments, textWrap), b.text(a.FoundBy, textWrap), b.text(a.Row.File, textWrap), b.cell(a.Row.Line, look{rule: true, num: "0"}))
		if err != nil {
			return err
		}
	}
	if err := s.table("tblClaims", totalsHeader, totalsHeader+len(all), len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// evidenceOf links an answer to its case's steps on Timeline, or to its clicks
// on Contested. A case that is not on Review is named without a link.
func (b *book) evidenceOf(a *gap.Answer, steps map[string]int) excelize.Cell {
	link := func(sheet string, row int, text string) excelize.Cell {
		return b.formula(fmt.Sprintf(`HYPERLINK("#%s!A%d","%s")`, sheet, row, text), text, look{rule: true, link: true})
	}
	for _, id := range a.GapIDs {
		if row, ok := steps[id]; ok {
			return link(timelineSheet, row, id)
		}
	}
	if len(a.GapIDs) > 0 {
		return b.text(a.GapIDs[0], textLook)
	}
	if a.Answer == gap.AnswerContested {
		for _, id := range a.PurchaseIDs {
			if row, ok := b.contestedRow[id]; ok {
				return link(contestedSheet, row, contestedSheet)
			}
		}
	}
	return b.cell(nil, cellLook)
}

func bullets(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "• " + strings.Join(lines, "\n• ")
}
