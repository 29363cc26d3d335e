package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/report/review"
)

// theLine is the line of a purchase that is credited: purchases are read whole.
const theLine = "1"

// Key forbids a second reward for a purchase. It holds neither the partner nor
// the amount nor the batch: a purchase that is given to another partner, or in
// part, is still the same.
func Key(programme, processor, purchase string) string {
	h := sha256.New()
	for _, part := range []string{programme, processor, purchase, theLine} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}

// Entry is one decision to be recorded, and what it approves, nil for nothing.
// The decision's number is filled in when it is recorded.
type Entry struct {
	Decision Decision
	Approved *review.Approved
}

// Plan is what one use of apply wants to record.
type Plan struct {
	RunID   string // the newest of the books' runs; names the batch
	Books   []Book
	Entries []Entry
}

// Applied is what became of a plan.
type Applied struct {
	Batch    string // "" if nothing is to be created
	Recorded int    // decisions
	Claimed  int    // items
	// Doubled are entries that were not recorded because their purchase has an
	// item already; What tells the difference.
	Doubled []Suppressed
}

// Apply records decisions and claims what they approve, in one transaction. A
// purchase that has an item already is never claimed again, unless the item was
// refused; what differs from it is reported and noted. Nothing is written twice
// when the same plan is applied again.
func (l *Ledger) Apply(ctx context.Context, p Plan, now table.Time) (Applied, error) {
	var out Applied
	err := l.write(ctx, "writing to", func(tx *sql.Tx) error {
		out = Applied{}
		for i := range p.Books {
			p.Books[i].AppliedAt = now
		}
		if _, err := insert(ctx, tx, "book", p.Books, "DO NOTHING"); err != nil {
			return err
		}
		a := application{tx: tx, now: now, out: &out}
		if err := a.sort(ctx, p.Entries); err != nil {
			return err
		}
		return a.store(ctx, p.RunID)
	})
	return out, err
}

// application is one plan on its way into the ledger.
type application struct {
	tx        *sql.Tx
	now       table.Time
	out       *Applied
	decisions []Decision
	items     []Item
}

// sort parts what is new from what is there already.
func (a *application) sort(ctx context.Context, entries []Entry) error {
	last, err := newest(ctx, a.tx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		d := e.Decision
		d.Seq, d.DecidedAt = 1, a.now
		if was := last[d.GapID]; was != nil {
			d.Seq = was.Seq + 1
		}
		if e.Approved != nil {
			it := itemOf(e.Approved)
			it.Seq, it.DecidedAt, it.ChangedAt, it.State = d.Seq, a.now, a.now, StatePlanned
			there, err := read[Item](ctx, a.tx, "item", "WHERE key = $1", it.Key)
			if err != nil {
				return err
			}
			if len(there) > 0 && there[0].State != StateRefused {
				a.out.Doubled = append(a.out.Doubled, Suppressed{Key: it.Key, Book: d.Book, Cell: d.Cell, What: difference(&there[0], &it), SeenAt: a.now})
				continue
			}
			a.items = append(a.items, it)
		} else if was := last[d.GapID]; was != nil && was.Same(&d) && was.Book == d.Book {
			continue // the same plan again
		}
		a.decisions = append(a.decisions, d)
	}
	return nil
}

// Same tells whether two decisions on a gap come to the same.
func (d *Decision) Same(o *Decision) bool {
	return d.Verdict == o.Verdict && d.PartnerKey == o.PartnerKey && d.Credit == o.Credit && d.Currency == o.Currency
}

// difference says how an item that is there differs from one that is asked for,
// "" if they credit the same.
func difference(there, asked *Item) string {
	var out []string
	if there.PartnerKey != asked.PartnerKey {
		out = append(out, fmt.Sprintf("partner %s, not %s", there.PartnerKey, asked.PartnerKey))
	}
	if there.Amount != asked.Amount || there.Currency != asked.Currency {
		out = append(out, fmt.Sprintf("%s %s, not %s %s", there.Currency, table.FormatAmount(there.Amount, there.Currency),
			asked.Currency, table.FormatAmount(asked.Amount, asked.Currency)))
	}
	return strings.Join(out, "; ")
}

func (a *application) store(ctx context.Context, run string) error {
	a.out.Recorded, a.out.Claimed = len(a.decisions), len(a.items)
	if _, err := insert(ctx, a.tx, "decision", a.decisions, ""); err != nil {
		return err
	}
	if _, err := insert(ctx, a.tx, "suppressed", a.out.Doubled, "DO NOTHING"); err != nil {
		return err
	}
	if len(a.items) == 0 {
		return nil
	}
	batches, err := read[Batch](ctx, a.tx, "batch", "WHERE run_id = $1", run)
	if err != nil {
		return err
	}
	a.out.Batch = fmt.Sprintf("%s.%d", run, len(batches)+1)
	if _, err := insert(ctx, a.tx, "batch", []Batch{{BatchID: a.out.Batch, RunID: run, State: StatePlanned, PlannedAt: a.now}}, ""); err != nil {
		return err
	}
	for i := range a.items {
		a.items[i].BatchID = a.out.Batch
		// What was made of it when it was refused.
		if _, err := a.tx.ExecContext(ctx, `DELETE FROM creation WHERE key = $1`, a.items[i].Key); err != nil {
			return err
		}
	}
	claimed, err := insert(ctx, a.tx, "item", a.items, claim)
	if err != nil {
		return err
	}
	if claimed != int64(len(a.items)) {
		return fmt.Errorf("%d of %d purchases were claimed by another run just now: apply again to see which", int64(len(a.items))-claimed, len(a.items))
	}
	return nil
}

// claim takes an item only if nobody has it, or if it was refused.
var claim = func() string {
	var set []string
	for _, c := range columns[Item]() {
		if c != "key" {
			set = append(set, c+" = excluded."+c)
		}
	}
	return "(key) DO UPDATE SET " + strings.Join(set, ", ") + " WHERE item.state = 'refused'"
}()

// Unfinished lists the batches whose files may not be there yet, in the order
// they were planned.
func (l *Ledger) Unfinished(ctx context.Context) ([]Batch, error) {
	out, err := read[Batch](ctx, l.db, "batch", "WHERE state = $1 ORDER BY planned_at, batch_id", string(StatePlanned))
	return out, l.wrap("reading", err)
}

// Batches lists all batches in the order they were planned.
func (l *Ledger) Batches(ctx context.Context) ([]Batch, error) {
	out, err := read[Batch](ctx, l.db, "batch", "ORDER BY planned_at, batch_id")
	return out, l.wrap("reading", err)
}

// Items lists the items of a batch by key, or all for "". What a batch's files
// hold depends on them alone.
func (l *Ledger) Items(ctx context.Context, batch string) ([]Item, error) {
	out, err := read[Item](ctx, l.db, "item", "WHERE batch_id = $1 OR $1 = '' ORDER BY key", batch)
	return out, l.wrap("reading", err)
}

// Creations lists what the items became, by id.
func (l *Ledger) Creations(ctx context.Context) ([]Creation, error) {
	out, err := read[Creation](ctx, l.db, "creation", "ORDER BY id")
	return out, l.wrap("reading", err)
}

// Emission is what was written for a batch.
type Emission struct {
	Files     []File     // BatchID is filled in
	Creations []Creation // ChangedAt is filled in
	Refused   map[string]string
}

// Emitted marks a batch as written: its files are there for people. Refused
// says by key which items are in no file, and why.
func (l *Ledger) Emitted(ctx context.Context, batch string, e Emission, now table.Time) error {
	return l.write(ctx, "writing to", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE batch SET state = $1, emitted_at = $2 WHERE batch_id = $3`, string(StateEmitted), int64(now), batch); err != nil {
			return err
		}
		files := slices.Clone(e.Files)
		for i := range files {
			files[i].BatchID = batch
		}
		if _, err := insert(ctx, tx, "file", files, "(batch_id, name) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE item SET state = $1, changed_at = $2 WHERE batch_id = $3 AND state = $4`,
			string(StateEmitted), int64(now), batch, string(StatePlanned)); err != nil {
			return err
		}
		for key, why := range e.Refused {
			if err := settle(ctx, tx, key, StateRefused, why, now); err != nil {
				return err
			}
		}
		return put(ctx, tx, e.Creations, now)
	})
}

// Put notes how far creations have come.
func (l *Ledger) Put(ctx context.Context, now table.Time, c ...Creation) error {
	return l.write(ctx, "writing to", func(tx *sql.Tx) error { return put(ctx, tx, c, now) })
}

func put(ctx context.Context, tx *sql.Tx, list []Creation, now table.Time) error {
	list = slices.Clone(list)
	for i := range list {
		list[i].ChangedAt = now
	}
	_, err := insert(ctx, tx, "creation", list, `(id) DO UPDATE SET via = excluded.via, state = excluded.state, place = excluded.place,
		hash = excluded.hash, answer = excluded.answer, changed_at = excluded.changed_at`)
	return err
}

// Settle notes what became of an item as a whole; reason is that of a refusal.
func (l *Ledger) Settle(ctx context.Context, key string, s State, reason string, now table.Time) error {
	return l.write(ctx, "writing to", func(tx *sql.Tx) error { return settle(ctx, tx, key, s, reason, now) })
}

func settle(ctx context.Context, tx *sql.Tx, key string, s State, reason string, now table.Time) error {
	res, err := tx.ExecContext(ctx, `UPDATE item SET state = $1, reason = $2, changed_at = $3 WHERE key = $4`, string(s), plainText(reason), int64(now), key)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("item %s is not there to be settled (%d rows, %v)", key, n, err)
	}
	return nil
}
