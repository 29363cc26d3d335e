package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"lostlink/config"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/review"
)

// ledgerPlace is where the ledger of a configuration is.
func ledgerPlace(c *config.Config) string {
	return cmp.Or(c.Ledger.URL, filepath.Join(c.State, ledger.Name))
}

// programmeName is what the ledger calls the programme.
func programmeName(c *config.Config) string {
	return cmp.Or(c.Ledger.Programme, c.Report.Programme)
}

// openLedger opens the ledger to write, and makes it if there is none. The
// caller holds the lock of the state folder; a shared ledger is locked here.
func openLedger(ctx context.Context, c *config.Config) (*ledger.Ledger, error) {
	l, err := ledger.Open(ctx, ledgerPlace(c))
	if err != nil {
		return nil, err
	}
	err = l.Lock(ctx)
	if err == nil {
		err = l.Serve(ctx, programmeName(c))
	}
	if err == nil {
		return l, nil
	}
	l.Close()
	var other *ledger.ProgrammeError
	switch {
	case errors.Is(err, ledger.ErrLocked):
		return nil, &exitError{exitLocked, err}
	case errors.As(err, &other):
		return nil, &exitError{exitUsage, err}
	}
	return nil, err
}

// mustExist fails if there is no ledger yet: a new one would know of no
// decision, and anything could be paid again.
func mustExist(c *config.Config) error {
	if place := ledgerPlace(c); !ledger.Exists(place) {
		return fmt.Errorf("there is no ledger at %s: nothing was reported from there; name the state folder with --state, or begin with \"lostlink run\"", place)
	}
	return nil
}

// lookAtLedger opens a ledger that is there, without locking it.
func lookAtLedger(ctx context.Context, c *config.Config) (*ledger.Ledger, error) {
	if err := mustExist(c); err != nil {
		return nil, err
	}
	return ledger.Open(ctx, ledgerPlace(c))
}

// instant is what time it is; only commands know.
func instant() table.Time { return table.TimeOf(time.Now()) }

// recall takes from the ledger what a run needs to know of earlier ones.
func (n *night) recall(ctx context.Context) error {
	known, err := n.ledger.Known(ctx)
	if err != nil {
		return err
	}
	n.config.Reconcile.Follow = nil
	for _, k := range known {
		n.config.Reconcile.Follow = append(n.config.Reconcile.Follow, gap.Payment{Processor: k.Processor, PurchaseID: k.PurchaseID})
	}
	n.standings, err = n.ledger.Standings(ctx)
	return err
}

// earlier gives what was decided about the gaps of this run, by gap id. It
// depends on the decisions and on this run alone, not on what other runs
// recorded, so that the same run can be made again.
func (n *night) earlier() []report.Earlier {
	var out []report.Earlier
	for i := range n.result.Gaps {
		g := &n.result.Gaps[i]
		s := n.standings[g.GapID]
		if s == nil || s.Decision == nil {
			continue
		}
		d := s.Decision
		e := report.Earlier{GapID: g.GapID, Verdict: d.Verdict, On: d.DecidedAt.Date(), By: s.Book.ReviewedBy, Note: d.Note, Done: s.Created()}
		if d.Verdict == review.Approve && !e.Done && s.Item != nil {
			e.Note = "it could not be created: " + s.Item.Reason
		}
		now := seenNow(g)
		for _, c := range ledger.Changes(d, &now, s.Item) {
			e.Changed = append(e.Changed, c.String())
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b report.Earlier) int { return cmp.Compare(a.GapID, b.GapID) })
	return out
}

// seenNow is a gap of this run as the ledger keeps it.
func seenNow(g *gap.Gap) ledger.Gap {
	return ledger.Gap{GapID: g.GapID, Processor: g.Processor, PurchaseID: g.PurchaseID, PurchasedAt: g.PurchasedAt,
		Amount: g.Amount, Refunded: g.Refunded, Currency: g.Currency, Case: g.Case, PartnerKey: g.PartnerKey, Suggest: g.Suggest}
}

// remember records the run: the gaps with a sign of a partner, what became of
// those that were known, and by that what has changed about decided ones.
func (n *night) remember(ctx context.Context, p *progress) error {
	p.say("writing the ledger")
	listed := map[string]bool{}
	for i := range n.report.Review {
		listed[n.report.Review[i].Gap.GapID] = true
	}
	var seen []ledger.Gap
	for i := range n.result.Gaps {
		g := &n.result.Gaps[i]
		if n.standings[g.GapID] == nil && !g.HasPartnerSignal() {
			continue
		}
		s := seenNow(g)
		s.Listed = listed[g.GapID]
		seen = append(seen, s)
	}
	var fates []ledger.Fate
	for _, f := range n.result.Followed {
		fates = append(fates, ledger.Fate{GapID: f.GapID, Place: f.Place, CreditedTo: f.CreditedTo})
	}
	res := n.result
	run := ledger.Run{RunID: n.report.Run.ID, Version: n.report.Run.Version, AsOf: res.AsOf, PeriodStart: res.PeriodStart, PeriodEnd: res.PeriodEnd,
		Gaps: int64(len(res.Gaps)), Listed: int64(len(n.report.Review))}
	if err := n.ledger.Record(ctx, run, seen, fates, instant()); err != nil {
		return fmt.Errorf("the report in %s is whole, but not recorded, so its workbook cannot be applied; run again: %w", n.written.Dir, err)
	}
	return nil
}
