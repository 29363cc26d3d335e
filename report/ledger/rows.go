package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/review"
)

// The rows of the tables. The tags name the columns, here and in the Parquet
// files of an export; a test holds them to the migrations. Money is in minor
// units.

// Run is one run that reported.
type Run struct {
	RunID       string     `parquet:"run_id"`
	Version     string     `parquet:"version"`
	AsOf        table.Time `parquet:"as_of,optional,timestamp(microsecond)"`
	PeriodStart table.Time `parquet:"period_start,optional,timestamp(microsecond)"`
	PeriodEnd   table.Time `parquet:"period_end,optional,timestamp(microsecond)"`
	Gaps        int64      `parquet:"gaps"`   // without attribution, ordinary ones included
	Listed      int64      `parquet:"listed"` // put before people
	RecordedAt  table.Time `parquet:"recorded_at,optional,timestamp(microsecond)"`
}

// Gap is one purchase as the newest run that counted it as a gap reported it.
type Gap struct {
	GapID       string         `parquet:"gap_id"`
	Processor   string         `parquet:"processor"`
	PurchaseID  string         `parquet:"purchase_id"`
	PurchasedAt table.Time     `parquet:"purchased_at,optional,timestamp(microsecond)"`
	FirstRun    string         `parquet:"first_run"`
	FirstSeen   table.Time     `parquet:"first_seen,optional,timestamp(microsecond)"` // AsOf of that run
	LastRun     string         `parquet:"last_run"`
	LastSeen    table.Time     `parquet:"last_seen,optional,timestamp(microsecond)"`
	Amount      int64          `parquet:"amount"`
	Refunded    int64          `parquet:"refunded"`
	Currency    string         `parquet:"currency"`
	Case        gap.Slug       `parquet:"case_slug"`
	PartnerKey  string         `parquet:"partner_key"` // suggested
	Suggest     gap.Suggestion `parquet:"suggest"`
	Listed      bool           `parquet:"listed"`
	// Place is where the purchase ended when a later run, PlaceRun, no longer
	// counted it as a gap; "" while it is one.
	Place      gap.Place `parquet:"place"`
	PlaceRun   string    `parquet:"place_run"`
	CreditedTo string    `parquet:"credited_to"`
}

// Book is one workbook that was applied.
type Book struct {
	SHA256     string     `parquet:"sha256"`
	Name       string     `parquet:"name"`
	RunID      string     `parquet:"run_id"`
	ReviewedBy string     `parquet:"reviewed_by"`
	ApprovedBy string     `parquet:"approved_by"`
	AppliedAt  table.Time `parquet:"applied_at,optional,timestamp(microsecond)"`
}

// Decision is one decision on a gap, with the facts it was about.
type Decision struct {
	GapID   string         `parquet:"gap_id"`
	Seq     int64          `parquet:"seq"` // from 1; the highest of a gap holds
	Verdict review.Verdict `parquet:"verdict"`
	// PartnerKey and Credit are whom and what to credit, "" and 0 unless
	// approved.
	PartnerKey string     `parquet:"partner_key"`
	Credit     int64      `parquet:"credit"`
	Note       string     `parquet:"note"`
	DecidedAt  table.Time `parquet:"decided_at,optional,timestamp(microsecond)"`
	Book       string     `parquet:"book"` // SHA-256
	Cell       string     `parquet:"cell"`
	RunID      string     `parquet:"run_id"`
	Amount     int64      `parquet:"amount"`
	Refunded   int64      `parquet:"refunded"`
	Currency   string     `parquet:"currency"`
	Case       gap.Slug   `parquet:"case_slug"`
	Suggested  string     `parquet:"suggested"`
}

// Revision is one thing that changed about a gap after it was decided.
type Revision struct {
	GapID  string     `parquet:"gap_id"`
	Seq    int64      `parquet:"seq"`
	What   string     `parquet:"what"`
	Was    string     `parquet:"was"`
	Became string     `parquet:"became"`
	RunID  string     `parquet:"run_id"` // that saw it first
	SeenAt table.Time `parquet:"seen_at,optional,timestamp(microsecond)"`
}

// State is how far an item or a creation has come.
type State string

// The states. Planned: claimed, nothing is made of it yet. Sent: on its way to
// the platform, answer unknown. Emitted: it is in a file that is there for
// people to upload. Confirmed: the platform has it. Refused: it cannot be made
// as it is, or the platform would not have it.
const (
	StatePlanned   State = "planned"
	StateSent      State = "sent"
	StateEmitted   State = "emitted"
	StateConfirmed State = "confirmed"
	StateRefused   State = "refused"
)

// Batch is a set of items that are made together.
type Batch struct {
	BatchID   string     `parquet:"batch_id"` // "<run id>.<number>"
	RunID     string     `parquet:"run_id"`
	State     State      `parquet:"state"` // planned or emitted
	PlannedAt table.Time `parquet:"planned_at,optional,timestamp(microsecond)"`
	EmittedAt table.Time `parquet:"emitted_at,optional,timestamp(microsecond)"`
}

// File is one file of a batch.
type File struct {
	BatchID string `parquet:"batch_id"`
	Name    string `parquet:"name"`
	SHA256  string `parquet:"sha256"`
	Bytes   int64  `parquet:"bytes"`
}

// Item is one purchase to be credited.
type Item struct {
	Key           string     `parquet:"key"`
	GapID         string     `parquet:"gap_id"`
	Seq           int64      `parquet:"seq"` // of the decision
	BatchID       string     `parquet:"batch_id"`
	State         State      `parquet:"state"`
	Reason        string     `parquet:"reason"` // of a refusal
	RunID         string     `parquet:"run_id"`
	Processor     string     `parquet:"processor"`
	PurchaseID    string     `parquet:"purchase_id"`
	Line          string     `parquet:"line"`
	PurchasedAt   table.Time `parquet:"purchased_at,optional,timestamp(microsecond)"`
	SignedUpAt    table.Time `parquet:"signed_up_at,optional,timestamp(microsecond)"`
	CustomerEmail string     `parquet:"customer_email"`
	CustomerName  string     `parquet:"customer_name"`
	CustomerID    string     `parquet:"customer_id"`
	CustomerKey   string     `parquet:"customer_key"`
	PartnerKey    string     `parquet:"partner_key"`
	PartnerName   string     `parquet:"partner_name"`
	PartnerEmail  string     `parquet:"partner_email"`
	Amount        int64      `parquet:"amount"`
	Currency      string     `parquet:"currency"`
	ClickID       string     `parquet:"click_id"`
	ClickedAt     table.Time `parquet:"clicked_at,optional,timestamp(microsecond)"`
	Commission    int64      `parquet:"commission"`
	Estimated     bool       `parquet:"estimated"`
	Cause         string     `parquet:"cause"`
	Note          string     `parquet:"note"`
	Credited      bool       `parquet:"credited"`
	ReviewedBy    string     `parquet:"reviewed_by"`
	ApprovedBy    string     `parquet:"approved_by"`
	DecidedAt     table.Time `parquet:"decided_at,optional,timestamp(microsecond)"`
	Book          string     `parquet:"book"`
	ChangedAt     table.Time `parquet:"changed_at,optional,timestamp(microsecond)"`
}

func itemOf(a *review.Approved) Item {
	return Item{
		Key: a.Key, GapID: a.GapID, RunID: a.RunID, Processor: a.Processor, PurchaseID: a.PurchaseID, Line: theLine,
		PurchasedAt: a.PurchasedAt, SignedUpAt: a.SignedUpAt, CustomerEmail: a.CustomerEmail, CustomerName: a.CustomerName,
		CustomerID: a.CustomerID, CustomerKey: a.CustomerKey, PartnerKey: a.PartnerKey, PartnerName: a.PartnerName, PartnerEmail: a.PartnerEmail,
		Amount: a.Amount, Currency: a.Currency, ClickID: a.ClickID, ClickedAt: a.ClickedAt, Commission: a.Commission, Estimated: a.Estimated,
		Cause: a.Cause, Note: a.Note, Credited: a.Credited, ReviewedBy: a.ReviewedBy, ApprovedBy: a.ApprovedBy, DecidedAt: a.DecidedAt, Book: a.Book,
	}
}

// Approved gives the item as it was approved.
func (it *Item) Approved() review.Approved {
	return review.Approved{
		Key: it.Key, GapID: it.GapID, RunID: it.RunID, Processor: it.Processor, PurchaseID: it.PurchaseID,
		PurchasedAt: it.PurchasedAt, SignedUpAt: it.SignedUpAt, CustomerEmail: it.CustomerEmail, CustomerName: it.CustomerName,
		CustomerID: it.CustomerID, CustomerKey: it.CustomerKey, PartnerKey: it.PartnerKey, PartnerName: it.PartnerName, PartnerEmail: it.PartnerEmail,
		Amount: it.Amount, Currency: it.Currency, ClickID: it.ClickID, ClickedAt: it.ClickedAt, Commission: it.Commission, Estimated: it.Estimated,
		Cause: it.Cause, Note: it.Note, Credited: it.Credited, ReviewedBy: it.ReviewedBy, ApprovedBy: it.ApprovedBy, DecidedAt: it.DecidedAt, Book: it.Book,
	}
}

// How something was created.
const (
	ViaFile = "file"
	ViaAPI  = "api"
)

// Creation is what an item became at the platform.
type Creation struct {
	ID   string `parquet:"id"`   // tells it from all others
	Key  string `parquet:"key"`  // of the item, of a customer's first one
	Kind string `parquet:"kind"` // customer, transaction, reward, conversion
	Via  string `parquet:"via"`  // file or api
	// Place is the file it stands in, or what the platform calls it.
	State     State      `parquet:"state"`
	Place     string     `parquet:"place"`
	Hash      string     `parquet:"hash"` // SHA-256 of the file, or of what was sent
	Answer    string     `parquet:"answer"`
	ChangedAt table.Time `parquet:"changed_at,optional,timestamp(microsecond)"`
}

// Suppressed is something that would have been created a second time.
type Suppressed struct {
	Key    string     `parquet:"key"`
	Book   string     `parquet:"book"`
	Cell   string     `parquet:"cell"`
	What   string     `parquet:"what"` // what differs from the item there is, "" for nothing
	SeenAt table.Time `parquet:"seen_at,optional,timestamp(microsecond)"`
}

// columns lists the columns of a row type.
func columns[T any]() []string {
	var out []string
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("parquet"), ",")
		out = append(out, name)
	}
	return out
}

// queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// read reads rows of a table, all or as the rest of the query says. Other
// tables may be joined under the table's name.
func read[T any](ctx context.Context, q queryer, name, rest string, args ...any) (out []T, err error) {
	rows, err := q.QueryContext(ctx, fmt.Sprintf("SELECT %s.%s FROM %s %s", name, strings.Join(columns[T](), ", "+name+"."), name, rest), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		v := reflect.ValueOf(&row).Elem()
		to := make([]any, v.NumField())
		for i := range to {
			to[i] = v.Field(i).Addr().Interface()
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// insertRows is how many rows one statement takes. More are slower: SQLite's
// driver looks every numbered value up among all of the statement's.
const insertRows = 8

// insert adds rows to a table; conflict is what follows ON CONFLICT, "" where a
// conflict is an error. It gives how many were added or changed.
func insert[T any](ctx context.Context, tx *sql.Tx, name string, rows []T, conflict string) (changed int64, err error) {
	cols := columns[T]()
	for len(rows) > 0 {
		n := min(insertRows, len(rows))
		whole := len(rows) / n * n
		added, err := insertBy(ctx, tx, insertText(name, cols, n, conflict), rows[:whole], n)
		changed += added
		if err != nil {
			return changed, err
		}
		rows = rows[whole:]
	}
	return changed, nil
}

// insertText is the statement that inserts n rows.
func insertText(name string, cols []string, n int, conflict string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "INSERT INTO %s (%s) VALUES ", name, strings.Join(cols, ", "))
	for i := range n {
		sep := ", ("
		if i == 0 {
			sep = "("
		}
		for f := range cols {
			fmt.Fprintf(&text, "%s$%d", sep, i*len(cols)+f+1)
			sep = ", "
		}
		text.WriteString(")")
	}
	if conflict != "" {
		text.WriteString(" ON CONFLICT " + conflict)
	}
	return text.String()
}

// insertBy inserts rows n at a time, of which there is a multiple.
func insertBy[T any](ctx context.Context, tx *sql.Tx, text string, rows []T, n int) (changed int64, err error) {
	stmt, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	var args []any
	for ; len(rows) > 0; rows = rows[n:] {
		args = args[:0]
		for i := range n {
			v := reflect.ValueOf(&rows[i]).Elem()
			for f := range v.NumField() {
				args = append(args, plain(v.Field(f)))
			}
		}
		res, err := stmt.ExecContext(ctx, args...)
		if err != nil {
			return changed, err
		}
		affected, err := res.RowsAffected()
		if err != nil {
			return changed, err
		}
		changed += affected
	}
	return changed, nil
}

// plain gives a field as both databases take it.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case reflect.String:
		return plainText(v.String())
	}
	return v.Int()
}

// plainText keeps out what ends a text in the one database and is refused by
// the other.
func plainText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}
