package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lostlink/reconcile/gap"
	"lostlink/report/review"
)

// Group is how far a gap has come.
type Group string

// The groups, each gap in one, except that revised ones are in another as well.
const (
	InOpen      Group = "open"      // put before people, not decided
	InAsked     Group = "asked"     // the partner was asked
	InLater     Group = "later"     // put off
	InUnlisted  Group = "unlisted"  // with a sign of a partner, but not put before people
	InApproved  Group = "approved"  // claimed, the files are not written yet
	InCreated   Group = "created"   // written or sent, not yet seen at the platform
	InConfirmed Group = "confirmed" // the platform has it
	InFailed    Group = "failed"    // approved, and refused on its way
	InDeclined  Group = "declined"
	InWithdrawn Group = "withdrawn" // declined after it was created: to be taken back at the platform
	InSettled   Group = "settled"   // never decided: credited, refunded or excluded since
	InRevised   Group = "revised"   // changed after it was decided
)

// Groups lists the groups in the order they are shown.
func Groups() []Group {
	return []Group{InOpen, InAsked, InLater, InUnlisted, InApproved, InCreated, InConfirmed, InFailed, InDeclined, InWithdrawn, InSettled, InRevised}
}

// Group tells how far the gap has come.
func (s *Standing) Group() Group {
	verdict := review.Verdict("")
	if s.Decision != nil {
		verdict = s.Decision.Verdict
	}
	switch {
	case s.Item != nil && verdict == review.Approve:
		switch s.Item.State {
		case StatePlanned:
			return InApproved
		case StateConfirmed:
			return InConfirmed
		case StateRefused:
			if s.Gap.Place != "" {
				return InSettled
			}
			return InFailed
		}
		return InCreated
	case verdict == review.Decline && s.Created():
		return InWithdrawn
	case verdict == review.Decline:
		return InDeclined
	case s.Gap.Place != "":
		return InSettled
	case verdict == review.Ask:
		return InAsked
	case verdict == review.Later:
		return InLater
	case !s.Gap.Listed:
		return InUnlisted
	}
	return InOpen
}

// Created tells whether something was made of the gap, or is on its way.
func (s *Standing) Created() bool { return s.Item != nil && s.Item.State != StateRefused }

// Changes tells what has changed since the gap was decided.
func (s *Standing) Changes() []Change {
	if s.Decision == nil {
		return nil
	}
	return Changes(s.Decision, &s.Gap, s.Item)
}

// Money is what the gap counts for: what is credited, else what is left of the
// purchase.
func (s *Standing) Money() (minor int64, currency string) {
	if s.Item != nil {
		return s.Item.Amount, s.Item.Currency
	}
	return s.Gap.Amount - s.Gap.Refunded, s.Gap.Currency
}

// Status is the ledger at a glance.
type Status struct {
	Runs       []Run // the newest first
	Totals     map[Group]*gap.Sum
	Unfinished []Batch
	// Changed are the gaps that changed after they were decided, and Failing
	// those that were refused on their way, by id.
	Changed, Failing []*Standing
}

// Status adds the ledger up.
func (l *Ledger) Status(ctx context.Context) (*Status, error) {
	s := &Status{Totals: map[Group]*gap.Sum{}}
	var err error
	if s.Runs, err = l.Runs(ctx); err != nil {
		return nil, err
	}
	if s.Unfinished, err = l.Unfinished(ctx); err != nil {
		return nil, err
	}
	all, err := l.Standings(ctx)
	if err != nil {
		return nil, err
	}
	add := func(g Group, st *Standing) {
		if s.Totals[g] == nil {
			s.Totals[g] = &gap.Sum{}
		}
		minor, currency := st.Money()
		s.Totals[g].Add(currency, minor)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		st := all[id]
		g := st.Group()
		add(g, st)
		if g == InFailed {
			s.Failing = append(s.Failing, st)
		}
		if len(st.Changes()) > 0 {
			add(InRevised, st)
			s.Changed = append(s.Changed, st)
		}
	}
	return s, nil
}

// Dump is the whole ledger, each table in the order of its key.
type Dump struct {
	Runs       []Run
	Gaps       []Gap
	Books      []Book
	Decisions  []Decision
	Revisions  []Revision
	Batches    []Batch
	Files      []File
	Items      []Item
	Creations  []Creation
	Suppressed []Suppressed
}

// Dump reads the whole ledger as it is at one moment.
func (l *Ledger) Dump(ctx context.Context) (*Dump, error) {
	tx, err := l.db.BeginTx(ctx, l.snapshot())
	if err != nil {
		return nil, l.wrap("reading", err)
	}
	defer tx.Rollback()
	d := &Dump{}
	for _, err := range []error{
		all(ctx, tx, &d.Runs, "run", "run_id"),
		all(ctx, tx, &d.Gaps, "gap", "gap_id"),
		all(ctx, tx, &d.Books, "book", "sha256"),
		all(ctx, tx, &d.Decisions, "decision", "gap_id, seq"),
		all(ctx, tx, &d.Revisions, "revision", "gap_id, seq, what, became"),
		all(ctx, tx, &d.Batches, "batch", "batch_id"),
		all(ctx, tx, &d.Files, "file", "batch_id, name"),
		all(ctx, tx, &d.Items, "item", "key"),
		all(ctx, tx, &d.Creations, "creation", "id"),
		all(ctx, tx, &d.Suppressed, "suppressed", "key, book"),
	} {
		if err != nil {
			return nil, l.wrap("reading", err)
		}
	}
	return d, nil
}

func all[T any](ctx context.Context, q queryer, to *[]T, name, key string) (err error) {
	*to, err = read[T](ctx, q, name, "ORDER BY "+key)
	return err
}

// Verify tells whether the database itself is sound. A server sees to that on
// its own.
func (l *Ledger) Verify(ctx context.Context) error {
	if l.server {
		return nil
	}
	for _, pragma := range []string{"integrity_check", "foreign_key_check"} {
		rows, err := l.db.QueryContext(ctx, "PRAGMA "+pragma)
		if err != nil {
			return l.wrap("checking", err)
		}
		var found []string
		for rows.Next() {
			var text sql.NullString
			rest := make([]any, 3)
			to := []any{&text, &rest[0], &rest[1], &rest[2]}
			columns, err := rows.Columns()
			if err == nil {
				err = rows.Scan(to[:len(columns)]...)
			}
			if err != nil {
				rows.Close()
				return l.wrap("checking", err)
			}
			if text.String != "ok" {
				found = append(found, text.String)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return l.wrap("checking", err)
		}
		if len(found) > 0 {
			return fmt.Errorf("the ledger %s is damaged (%s): %s; bring it back from a copy", l.place, pragma, strings.Join(found, "; "))
		}
	}
	return nil
}
