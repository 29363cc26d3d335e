package ledger

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"lostlink/ingest/table"
)

// Forgotten counts what was taken out.
type Forgotten struct {
	Notes int // comments of reviewers
	Items int // e-mail addresses, names and customer ids of purchases credited
}

// Forget takes out what is personal about some people: the comments on their
// gaps, and who the customer of an item was. People are named by gap ids and by
// e-mail addresses, in whatever case. That a purchase was decided and credited
// stays, without which it could be paid again. An item that was not yet
// written is refused: there is nobody left to credit it to.
func (l *Ledger) Forget(ctx context.Context, gapIDs, emails []string, now table.Time) (Forgotten, error) {
	var out Forgotten
	err := l.write(ctx, "erasing from", func(tx *sql.Tx) error {
		out = Forgotten{}
		items, err := read[Item](ctx, tx, "item", "ORDER BY key")
		if err != nil {
			return err
		}
		ids := map[string]bool{}
		for _, id := range gapIDs {
			ids[id] = true
		}
		for i := range items {
			it := &items[i]
			if !ids[it.GapID] && !slices.ContainsFunc(emails, func(e string) bool { return it.CustomerEmail != "" && strings.EqualFold(e, it.CustomerEmail) }) {
				continue
			}
			ids[it.GapID] = true
			if it.CustomerEmail+it.CustomerName+it.CustomerID+it.CustomerKey+it.Note == "" {
				continue
			}
			out.Items++
			if _, err := tx.ExecContext(ctx, `UPDATE item SET customer_email = '', customer_name = '', customer_id = '', customer_key = '', click_id = '', note = '', changed_at = $1 WHERE key = $2`, int64(now), it.Key); err != nil {
				return err
			}
			if it.State == StatePlanned {
				if err := settle(ctx, tx, it.Key, StateRefused, "the customer was erased", now); err != nil {
					return err
				}
			}
		}
		for id := range ids {
			res, err := tx.ExecContext(ctx, `UPDATE decision SET note = '' WHERE gap_id = $1 AND note <> ''`, id)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			out.Notes += int(n)
		}
		return nil
	})
	return out, err
}
