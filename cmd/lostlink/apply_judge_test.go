package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostlink/config"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
)

const (
	marchEnd = table.Time(1_775_001_600_000_000) // 2026-04-01
	aprilEnd = marchEnd + 30*table.Day
)

// onTrial is a case before apply: the gap as the book's run has it, what the
// ledger knows, what a newer run has, and the answer.
type onTrial struct {
	g        gap.Gap
	s        *ledger.Standing
	newer    *stored // nil: the book is of the newest run
	answer   review.Answer
	book     *review.Book
	change   bool
	noRecord bool // the ledger does not know the gap
}

func (j *onTrial) decided(v review.Verdict, state ledger.State) {
	d := &ledger.Decision{GapID: j.g.GapID, Seq: 1, Verdict: v, DecidedAt: marchEnd + table.Day, Book: "b0", Cell: "Review!B9", RunID: "r1", Note: "before",
		Amount: j.g.Amount, Refunded: j.g.Refunded, Currency: j.g.Currency, Case: j.g.Case, Suggested: j.g.PartnerKey}
	j.s.Decision, j.s.Book = d, &ledger.Book{SHA256: "b0", Name: "ann.xlsx", RunID: "r1", ReviewedBy: "Ann"}
	if v == review.Approve {
		d.PartnerKey, d.Credit = j.g.PartnerKey, j.g.Amount-j.g.Refunded
		j.s.Item = &ledger.Item{GapID: j.g.GapID, State: state, PartnerKey: d.PartnerKey, Amount: d.Credit, Currency: d.Currency}
	}
}

// inNewer gives a newer run that has the gap, changed, or not at all.
func (j *onTrial) inNewer(change func(g *gap.Gap)) {
	j.newer = &stored{Stored: &report.Stored{ID: "r2"}, gaps: map[string]int{}}
	if change != nil {
		g := j.g
		change(&g)
		j.newer.Gaps, j.newer.gaps[g.GapID] = []gap.Gap{g}, 0
	}
}

func TestJudge(t *testing.T) {
	const holdsWords, beforeWords, mootWords = "holds", "decided so on 2026-04-02", "moot"
	for name, tc := range map[string]struct {
		set  func(j *onTrial)
		want string // or what a refusal says
		note string
		kept bool
	}{
		"plain":   {func(*onTrial) {}, holdsWords, "", false},
		"in part": {func(j *onTrial) { j.answer.Amount, j.answer.AmountSet = 100, true }, holdsWords, "", false},
		"beyond what is left": {func(j *onTrial) {
			j.g.Refunded, j.s.Gap.Refunded, j.answer.Amount, j.answer.AmountSet = 1000, 1000, 4900, true
		}, holdsWords, "", false},
		"beyond the payment": {func(j *onTrial) { j.answer.Amount, j.answer.AmountSet = 4901, true }, `"49.01" is more than the whole payment, USD 49.00; write at most 49.00`, "", false},
		"nothing left":       {func(j *onTrial) { j.g.Refunded, j.s.Gap.Refunded = 4900, 4900 }, "credits nothing: no part of the payment is left; decline the case", "", false},
		"no partner":         {func(j *onTrial) { j.g.PartnerKey, j.s.Gap.PartnerKey = "", "" }, "names no partner, and none is suggested", "", false},
		"partner chosen":     {func(j *onTrial) { j.g.PartnerKey, j.s.Gap.PartnerKey, j.answer.PartnerKey = "", "", "maple" }, holdsWords, "", false},
		"another's customer": {func(j *onTrial) { j.g.Case, j.answer.PartnerKey = gap.PaymentNotTied, "maple" }, `"maple" cannot be credited: at the platform the customer is harbor's`, "", false},
		"declined":           {func(j *onTrial) { j.answer.Verdict = review.Decline }, holdsWords, "", false},
		"unknown":            {func(j *onTrial) { j.noRecord = true }, "was never reported to the ledger", "", false},
		"credited since":     {func(j *onTrial) { j.s.Gap.Place, j.s.Gap.PlaceRun, j.s.Gap.CreditedTo = gap.Attributed, "r2", "maple" }, "was credited to maple since (run r2); clear the decision", "", false},
		"refunded in full":   {func(j *onTrial) { j.s.Gap.Place, j.s.Gap.PlaceRun = gap.ExcludedRefunded, "r2" }, "is no gap since run r2: excluded: fully refunded", "", false},
		"declined, and gone": {func(j *onTrial) { j.s.Gap.Place, j.answer.Verdict = gap.ExcludedRefunded, review.Decline }, mootWords, "", false},
		"refunded in part":   {func(j *onTrial) { j.s.Gap.Refunded, j.s.Gap.LastRun = 900, "r2" }, "comes after a refund: USD 0.00 were given back by then, USD 9.00 by now; decide the case in the workbook of run r2", "", false},
		"amount changed":     {func(j *onTrial) { j.inNewer(func(g *gap.Gap) { g.Amount = 4000 }) }, "is about USD 49.00; the payment is USD 40.00 by now; decide the case in the workbook of run r2", "", false},
		"currency changed":   {func(j *onTrial) { j.inNewer(func(g *gap.Gap) { g.Currency = "EUR" }) }, "is about USD 49.00; the payment is EUR 49.00 by now", "", false},
		"another suggested":  {func(j *onTrial) { j.inNewer(func(g *gap.Gap) { g.PartnerKey = "maple" }) }, "means the partner suggested, who was harbor and is maple by now", "", false},
		"another, but chosen": {func(j *onTrial) {
			j.answer.PartnerKey = "harbor"
			j.inNewer(func(g *gap.Gap) { g.PartnerKey = "maple" })
		}, holdsWords, "", false},
		"another case":         {func(j *onTrial) { j.inNewer(func(g *gap.Gap) { g.Case = gap.CookieExpired }) }, holdsWords, "", false},
		"not in the newer run": {func(j *onTrial) { j.inNewer(nil) }, "is no gap any more in run r2", "", false},
		"before its period":    {func(j *onTrial) { j.g.PurchasedAt = marchEnd - 99*table.Day; j.inNewer(nil) }, holdsWords, "", false},

		"again":                  {func(j *onTrial) { j.decided(review.Approve, ledger.StateEmitted) }, beforeWords, "", false},
		"declined again":         {func(j *onTrial) { j.decided(review.Decline, ""); j.answer.Verdict = review.Decline }, beforeWords, "", false},
		"again, credited by now": {func(j *onTrial) { j.decided(review.Approve, ledger.StateConfirmed); j.s.Gap.Place = gap.Attributed }, beforeWords, "", false},
		"after asking":           {func(j *onTrial) { j.decided(review.Ask, "") }, holdsWords, "", false},
		"later, new comment":     {func(j *onTrial) { j.decided(review.Later, ""); j.answer.Verdict = review.Later }, holdsWords, "", false},
		"later, same comment": {func(j *onTrial) {
			j.decided(review.Later, "")
			j.answer.Verdict, j.answer.Note = review.Later, "before"
		}, beforeWords, "", false},
		"later, same book":           {func(j *onTrial) { j.decided(review.Later, ""); j.answer.Verdict, j.book.SHA256 = review.Later, "b0" }, beforeWords, "", false},
		"after a decline":            {func(j *onTrial) { j.decided(review.Decline, "") }, "differs from the decision there is: declined on 2026-04-02 by Ann (ann.xlsx Review!B9); leave the cell empty, or apply with --change", "", false},
		"after a decline, change":    {func(j *onTrial) { j.decided(review.Decline, ""); j.change = true }, holdsWords, "", false},
		"after a decline, new facts": {func(j *onTrial) { j.decided(review.Decline, ""); j.s.Decision.Amount = 5000 }, holdsWords, "", false},
		"declined, new facts": {func(j *onTrial) {
			j.decided(review.Decline, "")
			j.s.Decision.Amount, j.answer.Verdict = 5000, review.Decline
		}, holdsWords, "", false},
		"credited otherwise": {func(j *onTrial) { j.decided(review.Approve, ledger.StateEmitted); j.answer.PartnerKey = "maple" }, "differs from what was credited: USD 49.00 to harbor, approved on 2026-04-02 by Ann", "", false},
		"credited in part": {func(j *onTrial) {
			j.decided(review.Approve, ledger.StateEmitted)
			j.answer.Amount, j.answer.AmountSet = 1, true
		}, "differs from what was credited: USD 49.00 to harbor", "", false},
		"declined too late": {func(j *onTrial) { j.decided(review.Approve, ledger.StateEmitted); j.answer.Verdict = review.Decline }, "comes too late: approved on 2026-04-02 by Ann (ann.xlsx Review!B9), and credited", "", false},
		"declined, change": {func(j *onTrial) {
			j.decided(review.Approve, ledger.StateEmitted)
			j.answer.Verdict, j.change = review.Decline, true
		}, holdsWords, "take the credit back at the partner platform", false},
		"declined, facts changed": {func(j *onTrial) {
			j.decided(review.Approve, ledger.StateEmitted)
			j.answer.Verdict, j.g.Refunded = review.Decline, 900
		}, holdsWords, "was credited already (USD 49.00 to harbor)", false},
		"asked too late": {func(j *onTrial) { j.decided(review.Approve, ledger.StatePlanned); j.answer.Verdict = review.Ask }, "comes too late", "", false},
		"kept as it is": {func(j *onTrial) {
			j.decided(review.Approve, ledger.StateEmitted)
			j.s.Decision.Case = gap.CookieExpired
		}, holdsWords, "", true},
		"refused on its way": {func(j *onTrial) { j.decided(review.Approve, ledger.StateRefused) }, holdsWords, "", false},
		"taken back, approved again": {func(j *onTrial) {
			j.decided(review.Approve, ledger.StateEmitted)
			j.s.Decision.Verdict, j.s.Decision.PartnerKey = review.Decline, ""
		}, "was credited before and then declined on 2026-04-02", "", false},
		"old book": {func(j *onTrial) {
			j.decided(review.Decline, "")
			j.s.Decision.RunID = "r2"
			j.inNewer(func(*gap.Gap) {})
		}, "differs from the decision in the book of a newer run: declined on 2026-04-02", "", false},
		"old book, same, facts changed": {func(j *onTrial) {
			j.decided(review.Decline, "")
			j.s.Decision.RunID, j.s.Decision.Amount, j.answer.Verdict = "r2", 5000, review.Decline
			j.inNewer(func(*gap.Gap) {})
		}, beforeWords, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			j := newTrial()
			tc.set(j)
			a, r := j.application(t)
			a.oneCase([]*ruling{r})
			got := ""
			switch {
			case len(a.refusals) == 1:
				got = refusalText(&a.refusals[0], false)
			case len(a.again) == 1:
				for day := range a.again {
					got = "decided so on " + day.String()
				}
			case a.moot == 1:
				got = mootWords
			case len(a.rulings) == 1:
				got = holdsWords
			}
			if refused := !slices.Contains([]string{holdsWords, beforeWords, mootWords}, tc.want); got != tc.want && !(refused && strings.Contains(got, tc.want)) {
				t.Errorf("%s\nwant %s", got, tc.want)
			}
			if len(a.refusals)+len(a.again)+a.moot+len(a.rulings) != 1 {
				t.Errorf("the case ends in several places: %+v", a)
			}
			if notes := strings.Join(a.notes, "\n"); !strings.Contains(notes, tc.note) || tc.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, tc.note)
			}
			if r.kept != tc.kept {
				t.Errorf("kept is %v", r.kept)
			}
		})
	}
}

func newTrial() *onTrial {
	g := gap.Gap{GapID: "LL-A", Processor: "stripe", PurchaseID: "p-1", PurchasedAt: marchEnd - 9*table.Day, Amount: 4900, Currency: "USD", Case: gap.DeviceSwitch,
		PartnerKey: "harbor", Suggest: gap.Reward, ClickID: "k1", ClickedAt: marchEnd - 20*table.Day}
	s := &ledger.Standing{Gap: seenNow(&g)}
	s.Gap.LastRun = "r1"
	return &onTrial{g: g, s: s, answer: review.Answer{GapID: g.GapID, Verdict: review.Approve, Book: "ben.xlsx", Cell: "Review!B6"},
		book: &review.Book{Path: "ben.xlsx", SHA256: "b1", RunID: "r1", ReviewedBy: "Ben"}}
}

// application gives apply with this one case before it.
func (j *onTrial) application(t *testing.T) (*application, *ruling) {
	t.Helper()
	var l *ledger.Ledger // named in a message only
	if j.noRecord {
		var err error
		if l, err = ledger.Open(t.Context(), filepath.Join(t.TempDir(), ledger.Name)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	run := &stored{Stored: &report.Stored{ID: "r1", Gaps: []gap.Gap{j.g}, Partners: []report.PartnerChoice{{Name: "Harbor Reviews", Key: "harbor"}}}, gaps: map[string]int{j.g.GapID: 0}}
	a := &application{config: config.Default(), ledger: l, change: j.change, standings: map[string]*ledger.Standing{}, latest: run,
		stores: map[string]*stored{"r1": run}, again: map[table.Date]int{}, books: []*review.Book{j.book},
		runs: map[string]*ledger.Run{"r1": {RunID: "r1", AsOf: marchEnd, PeriodStart: marchEnd - 31*table.Day, PeriodEnd: marchEnd},
			"r2": {RunID: "r2", AsOf: aprilEnd, PeriodStart: marchEnd - 31*table.Day, PeriodEnd: aprilEnd}}}
	if j.newer != nil {
		a.latest = j.newer
	}
	if !j.noRecord {
		a.standings[j.g.GapID] = j.s
	}
	j.book.Answers = []review.Answer{j.answer}
	return a, a.ruling(j.book, j.answer)
}

func TestApproved(t *testing.T) {
	j := newTrial()
	a, r := j.application(t)
	got := a.approved(r)
	if got == nil || got.PartnerName != "Harbor Reviews" || got.ClickID != "k1" || got.Amount != 4900 || got.Key != ledger.Key("partner programme", "stripe", "p-1") ||
		got.ReviewedBy != "Ben" || got.Book != "b1" || got.RunID != "r1" || got.Credited {
		t.Errorf("%+v", got)
	}
	// Another partner's click is not handed in for the one who was chosen.
	r.partner = "maple"
	if got := a.approved(r); got.ClickID != "" || got.ClickedAt != 0 || got.PartnerName != "" {
		t.Errorf("%+v", got)
	}
	r.gap.Case = gap.PaymentNotTied
	if !a.approved(r).Credited {
		t.Error("the platform's customer would be created again")
	}
	r.kept = true
	if a.approved(r) != nil {
		t.Error("what is kept would be created again")
	}
}

// Two books that decide a case alike are one decision; otherwise none.
func TestSeveralBooks(t *testing.T) {
	j := newTrial()
	a, first := j.application(t)
	other := j.answer
	other.Book, other.Cell, other.Note = "cy.xlsx", "Review!B8", "and so do I"
	second := a.ruling(&review.Book{Path: "cy.xlsx", SHA256: "b2", RunID: "r1"}, other)
	a.oneCase([]*ruling{first, second})
	if len(a.rulings) != 1 || a.rulings[0].Note != "and so do I" || len(a.refusals) != 0 {
		t.Errorf("alike: %+v, refused %+v", a.rulings, a.refusals)
	}
	a, first = j.application(t)
	other.Amount, other.AmountSet = 100, true
	a.oneCase([]*ruling{first, a.ruling(second.book, other)})
	if len(a.rulings) != 0 || len(a.refusals) != 2 {
		t.Fatalf("otherwise: %+v, refused %+v", a.rulings, a.refusals)
	}
	if got, want := refusalText(&a.refusals[0], true), `ben.xlsx Review!B6: LL-A: "Approve USD 49.00 for harbor" is decided otherwise as well: Approve USD 1.00 for harbor in cy.xlsx Review!B8; let one book decide the case; none was taken`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
