package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lostlink/report/ledger"
	"lostlink/report/review"
)

func statusCommand() *command {
	return &command{
		name:    "status",
		summary: "tell what was reported, decided and created so far, and what to do next",
		usage: `status [--all] [-c FILE] [--out DIR] [--state DIR]

Reads the ledger and tells, by currency, how many purchases are open, decided,
created and confirmed by the platform, which failed on their way, and which
have changed after they were decided; then the last runs, and what to do next.

Of the changed and failed ones the first ten are named; --all names all.`,
		run: status,
	}
}

func status(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	every := fs.Bool("all", false, "name all that changed or failed")
	if _, err := e.parse(fs, 0, 0); err != nil {
		return err
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	l, err := lookAtLedger(ctx, c)
	if err != nil {
		return err
	}
	defer l.Close()
	st, err := l.Status(ctx)
	if err != nil {
		return err
	}
	s := &standing{e.out, st, 10}
	if *every {
		s.most = len(st.Changed) + len(st.Failing)
	}
	s.tell(l)
	return nil
}

// standing writes a status for people.
type standing struct {
	out *output
	*ledger.Status
	most int // named of each list
}

func (s *standing) tell(l *ledger.Ledger) {
	w := s.out
	fmt.Fprintf(w, "Ledger %s\n\n", l)
	for _, g := range ledger.Groups() {
		sum := s.Totals[g]
		if sum == nil {
			continue
		}
		money := moneySum{sum.Count, sum.Minor}
		fmt.Fprintln(w, wrapAfter(groupWords[g]+money.text(": "), fmt.Sprintf("%9s  ", thousands(sum.Count)), "           "))
	}
	s.named("Changed after they were decided:", s.Changed, func(st *ledger.Standing) string {
		var changes []string
		for _, c := range st.Changes() {
			changes = append(changes, c.String())
		}
		return fmt.Sprintf("%s, %s on %s: %s", st.Gap.GapID, pastOf(st.Decision.Verdict), st.Decision.DecidedAt.Date(), strings.Join(changes, "; "))
	})
	s.named("Approved, but not created:", s.Failing, func(st *ledger.Standing) string {
		return fmt.Sprintf("%s, approved on %s: %s", st.Gap.GapID, st.Decision.DecidedAt.Date(), st.Item.Reason)
	})
	if len(s.Runs) > 0 {
		fmt.Fprintln(w, "\nThe last runs:")
	}
	for _, r := range s.Runs[:min(len(s.Runs), 5)] {
		fmt.Fprintf(w, "  %s  to %s, recorded %s (UTC): %s\n", r.RunID, (r.AsOf - 1).Date(), r.RecordedAt.Std().Format("2006-01-02 15:04"),
			plural(int(r.Listed), "purchase to review", "purchases to review"))
	}
	fmt.Fprintln(w, "\nNext:")
	for _, n := range s.next() {
		fmt.Fprintln(w, wrapAfter(n, "  - ", "    "))
	}
}

// named lists gaps, the first of many.
func (s *standing) named(head string, list []*ledger.Standing, text func(*ledger.Standing) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(s.out, "\n%s\n", head)
	for _, st := range list[:min(len(list), s.most)] {
		fmt.Fprintln(s.out, wrapAfter(oneLine(text(st)), "  ", "    "))
	}
	if more := len(list) - s.most; more > 0 {
		fmt.Fprintf(s.out, "  … and %s more; --all names them\n", thousands(more))
	}
}

// groupWords are the groups as people read them.
var groupWords = map[ledger.Group]string{
	ledger.InOpen:      "open: to be decided in the workbook",
	ledger.InAsked:     "the partner was asked",
	ledger.InLater:     "put off",
	ledger.InUnlisted:  "with a sign of a partner, below the threshold or beyond the limit of Review",
	ledger.InApproved:  "approved, not created yet",
	ledger.InCreated:   "created: in files or sent to the platform",
	ledger.InConfirmed: "created and seen in the platform's records",
	ledger.InFailed:    "approved, but refused on the way",
	ledger.InDeclined:  "declined",
	ledger.InWithdrawn: "created and declined since: to be taken back at the platform by hand",
	ledger.InSettled:   "settled by themselves: credited, refunded or excluded since",
	ledger.InRevised:   "of these have changed after they were decided",
}

// next says what to do, the most pressing first.
func (s *standing) next() []string {
	var out []string
	count := func(g ledger.Group) int {
		if sum := s.Totals[g]; sum != nil {
			return sum.Count
		}
		return 0
	}
	add := func(n int, one, many string) {
		if n > 0 {
			out = append(out, plural(n, one, many))
		}
	}
	if len(s.Unfinished) > 0 {
		out = append(out, fmt.Sprintf("%s approved and not created: run \"lostlink create\", which tells more.", plural(count(ledger.InApproved), "purchase is", "purchases are")))
	}
	add(count(ledger.InWithdrawn), "purchase was credited and declined since: take it back at the platform.", "purchases were credited and declined since: take them back at the platform.")
	changed := slices.DeleteFunc(slices.Clone(s.Changed), func(st *ledger.Standing) bool { return st.Decision.Verdict != review.Approve })
	add(len(changed), "approved purchase has changed: look at it above.", "approved purchases have changed: look at them above.")
	add(len(s.Changed)-len(changed), "declined purchase has changed and is on Review again, if it is still a gap.", "declined purchases have changed and are on Review again, if they are still gaps.")
	add(count(ledger.InFailed), "approved purchase could not be created: mend what is said above; it is on Review again.", "approved purchases could not be created: mend what is said above; they are on Review again.")
	add(count(ledger.InCreated), "purchase is not seen at the platform yet: upload the files, if that is not done.", "purchases are not seen at the platform yet: upload the files, if that is not done.")
	add(count(ledger.InOpen)+count(ledger.InAsked)+count(ledger.InLater), "purchase waits for a decision: review the newest workbook and apply it.", "purchases wait for a decision: review the newest workbook and apply it.")
	switch {
	case len(out) > 0:
	case len(s.Runs) == 0:
		out = append(out, `Nothing was reported yet: begin with "lostlink run".`)
	default:
		out = append(out, "Nothing. The next run will tell what is new.")
	}
	return out
}
