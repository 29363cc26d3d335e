package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/review"
)

// Serve makes the ledger one of a programme, or tells that it is another's. A
// new name would make every purchase payable again.
func (l *Ledger) Serve(ctx context.Context, programme string) error {
	return l.write(ctx, "opening", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO programme (name) SELECT CAST($1 AS TEXT) WHERE NOT EXISTS (SELECT 1 FROM programme)`, programme)
		if err != nil {
			return err
		}
		var name string
		if err := tx.QueryRowContext(ctx, `SELECT name FROM programme`).Scan(&name); err != nil {
			return err
		}
		if name != programme {
			return &ProgrammeError{Ledger: name, Asked: programme}
		}
		return nil
	})
}

// ProgrammeError says that a ledger is another programme's.
type ProgrammeError struct{ Ledger, Asked string }

func (e *ProgrammeError) Error() string {
	return fmt.Sprintf("it is of the programme %q, not %q, and a purchase would be paid again under a new name: take a state folder or a database schema of its own for another programme, or set ledger.programme to %q if only the name is new",
		e.Ledger, e.Asked, e.Ledger)
}

// Known is a purchase that was reported as a gap.
type Known struct{ GapID, Processor, PurchaseID string }

// Known lists the purchases that were ever reported, by gap id, so that a run
// can say where they end now.
func (l *Ledger) Known(ctx context.Context) ([]Known, error) {
	gaps, err := read[Gap](ctx, l.db, "gap", "ORDER BY gap_id")
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	out := make([]Known, len(gaps))
	for i := range gaps {
		out[i] = Known{gaps[i].GapID, gaps[i].Processor, gaps[i].PurchaseID}
	}
	return out, nil
}

// Fate is where a purchase that was a gap ended in a later run.
type Fate struct {
	GapID      string
	Place      gap.Place
	CreditedTo string // partner, "" if unknown or none
}

// tells whether a place says something about the purchase, and not only about
// the days and amounts a run is told to look at.
func (f *Fate) tells() bool {
	switch f.Place {
	case "", gap.Unattributed, gap.Duplicate, gap.ExcludedPeriod, gap.ExcludedFresh, gap.ExcludedThreshold:
		return false
	}
	return true
}

// Record notes a run with the gaps it reported and what became of earlier ones,
// in one transaction. The run and the first day of the gaps are filled in by
// it. A run recorded again changes nothing; what a run of later days knows is
// not overwritten by one of earlier days. Decided gaps that have changed are
// noted as revised.
func (l *Ledger) Record(ctx context.Context, run Run, seen []Gap, fates []Fate, now table.Time) error {
	run.RecordedAt = now
	for i := range seen {
		g := &seen[i]
		g.FirstRun, g.LastRun, g.FirstSeen, g.LastSeen = run.RunID, run.RunID, run.AsOf, run.AsOf
		g.Place, g.PlaceRun, g.CreditedTo = "", "", ""
	}
	return l.write(ctx, "recording the run in", func(tx *sql.Tx) error {
		if _, err := insert(ctx, tx, "run", []Run{run}, "DO NOTHING"); err != nil {
			return err
		}
		if _, err := insert(ctx, tx, "gap", seen, seenAgain); err != nil {
			return err
		}
		for _, f := range fates {
			if !f.tells() {
				continue
			}
			_, err := tx.ExecContext(ctx, `UPDATE gap SET place = $1, place_run = $2, credited_to = $3 WHERE gap_id = $4 AND last_seen <= $5`,
				string(f.Place), run.RunID, plainText(f.CreditedTo), f.GapID, int64(run.AsOf))
			if err != nil {
				return err
			}
		}
		return revise(ctx, tx, run.RunID, now)
	})
}

// seenAgain takes over what a run says of a gap that is known, unless a run of
// later days has spoken.
const seenAgain = `(gap_id) DO UPDATE SET last_run = excluded.last_run, last_seen = excluded.last_seen,
	amount = excluded.amount, refunded = excluded.refunded, currency = excluded.currency, case_slug = excluded.case_slug,
	partner_key = excluded.partner_key, suggest = excluded.suggest, listed = excluded.listed,
	place = excluded.place, place_run = excluded.place_run, credited_to = excluded.credited_to
	WHERE excluded.last_seen >= gap.last_seen`

// revise confirms the items that the platform has recorded, and notes what has
// changed about decided gaps.
func revise(ctx context.Context, tx *sql.Tx, run string, now table.Time) error {
	decisions, err := newest(ctx, tx)
	if err != nil {
		return err
	}
	gaps, err := read[Gap](ctx, tx, "gap", "ORDER BY gap_id")
	if err != nil {
		return err
	}
	items, err := itemsByGap(ctx, tx)
	if err != nil {
		return err
	}
	var revisions []Revision
	for i := range gaps {
		g := &gaps[i]
		d := decisions[g.GapID]
		if d == nil {
			continue
		}
		it := items[g.GapID]
		for _, c := range Changes(d, g, it) {
			revisions = append(revisions, Revision{GapID: g.GapID, Seq: d.Seq, What: c.What, Was: c.Was, Became: c.Became, RunID: run, SeenAt: now})
		}
		if it != nil && g.Place == gap.Attributed && it.State != StateConfirmed && it.State != StatePlanned {
			if _, err := tx.ExecContext(ctx, `UPDATE item SET state = $1, reason = '', changed_at = $2 WHERE key = $3`, string(StateConfirmed), int64(now), it.Key); err != nil {
				return err
			}
		}
	}
	_, err = insert(ctx, tx, "revision", revisions, "DO NOTHING")
	return err
}

// newest gives the decision that holds of each gap.
func newest(ctx context.Context, q queryer) (map[string]*Decision, error) {
	list, err := read[Decision](ctx, q, "decision", "ORDER BY gap_id, seq")
	out := make(map[string]*Decision, len(list))
	for i := range list {
		out[list[i].GapID] = &list[i]
	}
	return out, err
}

func itemsByGap(ctx context.Context, q queryer) (map[string]*Item, error) {
	list, err := read[Item](ctx, q, "item", "ORDER BY gap_id")
	out := make(map[string]*Item, len(list))
	for i := range list {
		out[list[i].GapID] = &list[i]
	}
	return out, err
}

// Change is one thing about a gap that is no longer as it was decided on.
type Change struct{ What, Was, Became string }

func (c Change) String() string { return fmt.Sprintf("%s was %s, is %s", c.What, c.Was, c.Became) }

// Changes compares a decision with what is known of its gap now. it is what was
// created, nil for nothing. Gaps that were asked about or put off are still
// open and never changed.
func Changes(d *Decision, g *Gap, it *Item) []Change {
	if d.Verdict != review.Approve && d.Verdict != review.Decline {
		return nil
	}
	var out []Change
	add := func(what, was, became string) {
		out = append(out, Change{what, or(was, "nobody"), or(became, "nobody")})
	}
	money := func(minor int64, currency string) string {
		return currency + " " + table.FormatAmount(minor, currency)
	}
	if g.Place != "" {
		switch {
		case g.Place == gap.Attributed && d.Verdict == review.Approve && (g.CreditedTo == "" || g.CreditedTo == d.PartnerKey):
			// What was meant to happen.
		case g.Place == gap.Attributed:
			add("the partner the platform credits", d.PartnerKey, or(g.CreditedTo, "a partner"))
		default:
			add("the purchase", "a gap", string(g.Place))
		}
		return out
	}
	if it != nil && it.State == StateConfirmed && d.Verdict == review.Approve {
		add("the platform's record of it", "there", "gone")
	}
	if d.Currency != g.Currency || d.Amount != g.Amount {
		add("the amount", money(d.Amount, d.Currency), money(g.Amount, g.Currency))
	}
	if d.Refunded != g.Refunded {
		add("the amount given back", money(d.Refunded, d.Currency), money(g.Refunded, g.Currency))
	}
	if d.Suggested != g.PartnerKey {
		add("the partner suggested", d.Suggested, g.PartnerKey)
	}
	if d.Case != g.Case {
		add("the case", string(d.Case), string(g.Case))
	}
	return out
}

// Standing is what the ledger knows of one gap.
type Standing struct {
	Gap      Gap
	Decision *Decision // nil: none
	Item     *Item     // nil: nothing was created
	Book     *Book     // the decision's
}

// Standings gives all gaps that were ever reported, by their ids.
func (l *Ledger) Standings(ctx context.Context) (map[string]*Standing, error) {
	gaps, err := read[Gap](ctx, l.db, "gap", "ORDER BY gap_id")
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	decisions, err := newest(ctx, l.db)
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	items, err := itemsByGap(ctx, l.db)
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	list, err := read[Book](ctx, l.db, "book", "")
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	books := map[string]*Book{}
	for i := range list {
		books[list[i].SHA256] = &list[i]
	}
	out := make(map[string]*Standing, len(gaps))
	for i := range gaps {
		s := &Standing{Gap: gaps[i], Decision: decisions[gaps[i].GapID], Item: items[gaps[i].GapID]}
		if s.Decision != nil {
			s.Book = books[s.Decision.Book]
		}
		out[gaps[i].GapID] = s
	}
	return out, nil
}

// Decided tells whether the gap needs nobody any more: it was declined, or
// approved and not refused on its way.
func (s *Standing) Decided() bool {
	switch {
	case s.Decision == nil:
		return false
	case s.Decision.Verdict == review.Approve:
		return s.Created()
	}
	return s.Decision.Verdict == review.Decline
}

// Runs lists the runs recorded, the newest first.
func (l *Ledger) Runs(ctx context.Context) ([]Run, error) {
	out, err := read[Run](ctx, l.db, "run", "ORDER BY as_of DESC, recorded_at DESC, run_id DESC")
	return out, l.wrap("reading", err)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
