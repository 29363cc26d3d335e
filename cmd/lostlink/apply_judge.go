package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
)

// ruling is an answer that holds: what is to be recorded of it.
type ruling struct {
	review.Answer
	book *review.Book
	gap  *gap.Gap // as the book's run has it
	// partner and credit are whom and what to credit, "" and 0 unless approved.
	partner string
	credit  int64
	// kept tells that the item there is stays: only the decision is recorded.
	kept bool
}

// counted is the money a decision is about: what is credited, else what is left
// of the purchase.
func (r *ruling) counted() (minor int64, currency string) {
	if r.Verdict == review.Approve {
		return r.credit, r.gap.Currency
	}
	return report.AtStake(r.gap), r.gap.Currency
}

func (r *ruling) decision() ledger.Decision {
	g := r.gap
	return ledger.Decision{GapID: g.GapID, Verdict: r.Verdict, PartnerKey: r.partner, Credit: r.credit, Note: r.Note, Book: r.book.SHA256, Cell: r.Cell,
		RunID: r.book.RunID, Amount: g.Amount, Refunded: g.Refunded, Currency: g.Currency, Case: g.Case, Suggested: g.PartnerKey}
}

// decide goes through the answers of all books, case by case.
func (a *application) decide() {
	byCase := map[string][]*ruling{}
	var order []string
	for _, b := range a.books {
		for _, ans := range b.Answers {
			r := a.ruling(b, ans)
			if byCase[ans.GapID] == nil {
				order = append(order, ans.GapID)
			}
			byCase[ans.GapID] = append(byCase[ans.GapID], r)
		}
	}
	for _, id := range order {
		a.oneCase(byCase[id])
	}
}

// ruling reads an answer beside the gap it is about.
func (a *application) ruling(b *review.Book, ans review.Answer) *ruling {
	s := a.stores[b.RunID]
	r := &ruling{Answer: ans, book: b, gap: &s.Gaps[s.gaps[ans.GapID]]}
	if ans.Verdict == review.Approve {
		r.partner = cmp.Or(ans.PartnerKey, r.gap.PartnerKey)
		r.credit = report.AtStake(r.gap)
		if ans.AmountSet {
			r.credit = ans.Amount
		}
	}
	return r
}

// text is the answer in words: "Approve USD 49.00 for harbor".
func (r *ruling) text() string {
	text := report.VerdictText(r.Verdict)
	if r.Verdict == review.Approve {
		text += " " + report.Money(r.credit, r.gap.Currency) + " for " + or(r.partner, "nobody")
	}
	return text
}

// oneCase takes the answers that the books have for a case.
func (a *application) oneCase(rs []*ruling) {
	first := rs[0]
	for _, r := range rs[1:] {
		if r.Verdict == first.Verdict && r.partner == first.partner && r.credit == first.credit {
			continue
		}
		for _, r := range rs {
			var others []string
			for _, o := range rs {
				if o != r {
					others = append(others, fmt.Sprintf("%s in %s %s", o.text(), o.Answer.Book, o.Cell))
				}
			}
			a.refuse(r, r.text(), "is decided otherwise as well: "+strings.Join(others, ", "), "let one book decide the case; none was taken")
		}
		return
	}
	for _, r := range rs[1:] {
		if r.Note != "" && r.Note != first.Note {
			first.Note = strings.TrimPrefix(first.Note+" / "+r.Note, " / ")
		}
	}
	switch out := a.judge(first); out.what {
	case holds:
		a.rulings = append(a.rulings, first)
	case heldBefore:
		a.again[out.on]++
	case mootNow:
		a.moot++
	case refusedNow:
		for _, r := range rs {
			a.refuse(r, out.value, out.rule, out.remedy)
		}
	}
}

func (a *application) refuse(r *ruling, value, rule, remedy string) {
	a.refusals = append(a.refusals, review.Refusal{Book: r.Answer.Book, Cell: r.Cell, GapID: r.GapID, Value: value, Rule: rule, Remedy: remedy})
}

// judgement is what becomes of a ruling.
type judgement struct {
	what                int
	on                  table.Date // when it was decided so before
	value, rule, remedy string
}

const (
	holds = iota
	heldBefore
	mootNow
	refusedNow
)

// judge holds an answer against what is known of the purchase by now. It may
// mark the ruling as one that leaves what was created as it is.
func (a *application) judge(r *ruling) judgement {
	refuse := func(value, rule, remedy string) judgement {
		return judgement{what: refusedNow, value: value, rule: rule, remedy: remedy}
	}
	s := a.standings[r.GapID]
	if s == nil {
		return refuse("", fmt.Sprintf("was never reported to the ledger %s", a.ledger), "make the run again with this state folder")
	}
	d := r.decision()
	if was := s.Decision; was != nil {
		if was.Same(&d) && (r.Verdict != review.Approve || s.Created()) && !a.renews(r, s) {
			return judgement{what: heldBefore, on: was.DecidedAt.Date()}
		}
		if j, ok := a.overrules(r, s); !ok {
			return j
		}
	}
	if j := a.settled(r, s); j.what != holds {
		return j
	}
	if r.Verdict != review.Approve || r.kept {
		return judgement{}
	}
	return a.payable(r, s)
}

// renews tells whether the same decision is worth recording again: what was
// decided has changed, and this answer knows of it; or a case that stays open
// has a new comment.
func (a *application) renews(r *ruling, s *ledger.Standing) bool {
	if r.book.SHA256 == s.Decision.Book {
		return false
	}
	if r.Verdict == review.Ask || r.Verdict == review.Later {
		return r.Note != s.Decision.Note && !a.older(r, s)
	}
	if a.older(r, s) || !changedFor(r, s) {
		return false
	}
	r.kept = s.Created()
	return true
}

// changedFor tells whether what was decided was other than what the book's run
// shows.
func changedFor(r *ruling, s *ledger.Standing) bool {
	it := s.Item
	if s.Gap.Place != "" {
		it = nil // the platform's record came after the run
	}
	now := seenNow(r.gap)
	return len(ledger.Changes(s.Decision, &now, it)) > 0
}

// older tells whether the case was decided in the book of a newer run.
func (a *application) older(r *ruling, s *ledger.Standing) bool {
	mine, theirs := a.runs[r.book.RunID], a.runs[s.Decision.RunID]
	return mine.AsOf < theirs.AsOf || mine.AsOf == theirs.AsOf && mine.RecordedAt < theirs.RecordedAt
}

// overrules tells whether an answer may take the place of an earlier decision
// that it differs from, or that it renews.
func (a *application) overrules(r *ruling, s *ledger.Standing) (judgement, bool) {
	was := s.Decision
	told := fmt.Sprintf("%s on %s", pastOf(was.Verdict), was.DecidedAt.Date())
	if s.Book.ReviewedBy != "" {
		told += " by " + s.Book.ReviewedBy
	}
	told += " (" + s.Book.Name + " " + was.Cell + ")"
	refuse := func(rule, remedy string) (judgement, bool) {
		return judgement{what: refusedNow, value: report.VerdictText(r.Verdict), rule: rule, remedy: remedy}, false
	}
	changed := changedFor(r, s)
	switch {
	case a.older(r, s):
		return refuse("differs from the decision in the book of a newer run: "+told, "decide in the newest workbook")
	case s.Created() && r.kept:
		return judgement{}, true
	case s.Created() && r.Verdict == review.Approve && was.Verdict == review.Approve:
		return refuse(fmt.Sprintf("differs from what was credited: %s to %s, %s", report.Money(s.Item.Amount, s.Item.Currency), s.Item.PartnerKey, told),
			"a purchase is credited once: change it at the partner platform, and leave the decision as it was")
	case s.Created() && r.Verdict == review.Approve:
		return refuse("was credited before and then "+told, "a purchase is credited once: credit it at the partner platform by hand")
	case s.Created() && r.Verdict == review.Decline && (changed || a.change):
		a.note("%s was credited already (%s to %s). The decline is recorded; take the credit back at the partner platform.",
			r.GapID, report.Money(s.Item.Amount, s.Item.Currency), s.Item.PartnerKey)
		return judgement{}, true
	case s.Created():
		return refuse("comes too late: "+told+", and credited", "leave the decision as it was; to take the credit back, decline the case with --change and undo it at the partner platform")
	case was.Verdict == review.Decline && !changed && !a.change:
		return refuse("differs from the decision there is: "+told, "leave the cell empty, or apply with --change if the decline is to be taken back")
	}
	return judgement{}, true
}

func pastOf(v review.Verdict) string {
	switch v {
	case review.Approve:
		return "approved"
	case review.Decline:
		return "declined"
	case review.Ask:
		return "asked about"
	}
	return "put off"
}

// settled tells of purchases that are no gap any more.
func (a *application) settled(r *ruling, s *ledger.Standing) judgement {
	rule := ""
	switch {
	case s.Gap.Place == gap.Attributed:
		rule = fmt.Sprintf("was credited to %s since (run %s)", or(s.Gap.CreditedTo, "a partner"), s.Gap.PlaceRun)
	case s.Gap.Place != "":
		rule = fmt.Sprintf("is no gap since run %s: %s", s.Gap.PlaceRun, s.Gap.Place)
	default:
		now := a.newest(r)
		if now == nil || now.covers(r.gap, a.runs[now.ID]) {
			return judgement{}
		}
		rule = fmt.Sprintf("is no gap any more in run %s", now.ID)
	}
	if r.Verdict != review.Approve || r.kept {
		return judgement{what: mootNow}
	}
	return judgement{what: refusedNow, value: report.VerdictText(r.Verdict), rule: rule, remedy: "clear the decision; nothing is to be credited"}
}

// newest gives the newest run if it is newer than the ruling's, else nil.
func (a *application) newest(r *ruling) *stored {
	if a.latest == nil || a.runs[a.latest.ID] == nil || a.latest.ID == r.book.RunID {
		return nil
	}
	mine, theirs := a.runs[r.book.RunID], a.runs[a.latest.ID]
	if theirs.AsOf < mine.AsOf || theirs.AsOf == mine.AsOf && theirs.RecordedAt < mine.RecordedAt {
		return nil
	}
	return a.latest
}

// covers tells whether a run still counts a gap as one. A purchase of days that
// the run does not judge has not changed.
func (s *stored) covers(g *gap.Gap, run *ledger.Run) bool {
	_, there := s.gaps[g.GapID]
	return there || g.PurchasedAt < run.PeriodStart || g.PurchasedAt >= run.PeriodEnd
}

// payable tells whether a purchase can still be credited as approved.
func (a *application) payable(r *ruling, s *ledger.Standing) judgement {
	refuse := func(value, rule, remedy string) judgement {
		return judgement{what: refusedNow, value: value, rule: rule, remedy: remedy}
	}
	approve := report.VerdictText(review.Approve)
	known := []*gap.Gap{{GapID: s.Gap.GapID, Amount: s.Gap.Amount, Refunded: s.Gap.Refunded, Currency: s.Gap.Currency, PartnerKey: s.Gap.PartnerKey}}
	source := []string{s.Gap.LastRun}
	if now := a.newest(r); now != nil {
		if i, ok := now.gaps[r.GapID]; ok {
			known, source = append(known, &now.Gaps[i]), append(source, now.ID)
		}
	}
	for i, k := range known {
		if run := a.runs[source[i]]; run == nil || run.AsOf < a.runs[r.book.RunID].AsOf {
			continue
		}
		again := "decide the case in the workbook of run " + source[i]
		switch {
		case k.Currency != r.gap.Currency || k.Amount != r.gap.Amount:
			return refuse(approve, fmt.Sprintf("is about %s; the payment is %s by now", report.Money(r.gap.Amount, r.gap.Currency), report.Money(k.Amount, k.Currency)), again)
		case k.Refunded != r.gap.Refunded:
			return refuse(approve, fmt.Sprintf("comes after a refund: %s were given back by then, %s by now", report.Money(r.gap.Refunded, r.gap.Currency), report.Money(k.Refunded, k.Currency)), again)
		case r.PartnerKey == "" && k.PartnerKey != r.gap.PartnerKey:
			return refuse(approve, fmt.Sprintf("means the partner suggested, who was %s and is %s by now", or(r.gap.PartnerKey, "nobody"), or(k.PartnerKey, "nobody")),
				"enter the partner to credit, or "+again)
		}
	}
	switch {
	case r.partner == "":
		return refuse(approve, "names no partner, and none is suggested", "choose the partner to credit")
	case r.credit <= 0:
		return refuse(approve, "credits nothing: no part of the payment is left", "decline the case")
	case r.credit > r.gap.Amount:
		return refuse(table.FormatAmount(r.credit, r.gap.Currency), "is more than the whole payment, "+report.Money(r.gap.Amount, r.gap.Currency),
			"write at most "+table.FormatAmount(r.gap.Amount, r.gap.Currency))
	case r.gap.Case == gap.PaymentNotTied && r.partner != r.gap.PartnerKey:
		return refuse(r.partner, "cannot be credited: at the platform the customer is "+or(r.gap.PartnerKey, "another partner")+"'s",
			"credit that partner, or move the customer at the partner platform first")
	}
	return judgement{}
}

// approved gives what is to be created of a ruling, nil for nothing.
func (a *application) approved(r *ruling) *review.Approved {
	if r.Verdict != review.Approve || r.kept {
		return nil
	}
	g := r.gap
	out := &review.Approved{
		Key: ledger.Key(programmeName(a.config), g.Processor, g.PurchaseID), GapID: g.GapID, RunID: r.book.RunID, Processor: g.Processor,
		PurchaseID: g.PurchaseID, PurchasedAt: g.PurchasedAt, SignedUpAt: g.SignedUpAt, CustomerEmail: g.Email, CustomerName: g.Name,
		CustomerID: g.CustomerID, CustomerKey: g.CustomerKey, PartnerKey: r.partner, Amount: r.credit, Currency: g.Currency,
		Cause: report.CauseText(g.Case), Note: r.Note, Credited: g.Case == gap.PaymentNotTied,
		ReviewedBy: r.book.ReviewedBy, ApprovedBy: r.book.ApprovedBy, DecidedAt: a.now, Book: r.book.SHA256,
	}
	if r.partner == g.PartnerKey {
		out.ClickID, out.ClickedAt = g.ClickID, g.ClickedAt
	}
	partners := a.stores[r.book.RunID].Partners
	if i := slices.IndexFunc(partners, func(p report.PartnerChoice) bool { return p.Key == r.partner }); i >= 0 {
		out.PartnerName, out.PartnerEmail = partners[i].Name, partners[i].Email
	}
	out.Commission, out.Estimated = a.config.Report.Estimate(r.credit, g.Currency, r.partner, g.First)
	return out
}
