package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/ingest/email"
	"lostlink/ingest/lake"
	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// Keeper is a [Scout] that can be shown what the lake keeps of a row in the
// place of the row. Results are the same either way.
type Keeper interface {
	Scout
	// Hide makes the scout take the addresses of the small tables in the form in
	// which the lake has those of clicks and visits. It comes before Begin.
	Hide(hidden func(string) string)
	// Marks makes the marker for the nth stretch of rows.
	Marks(n int) table.Marker
	// WantedMarks are the rows of that stretch that the last Settle asked for.
	WantedMarks(n int) []uint32
	// NewRollup counts the visits of one input; AddRollup takes such a count for
	// visits that are not shown.
	NewRollup() table.Roller
	AddRollup(counted []byte) error
}

// readVersion changes whenever the same file and settings give other rows or
// another account than before: the lake then reads its inputs again.
const readVersion = "1"

// record is what the lake keeps of the account of a file.
type record struct {
	Input       Input
	First, Last table.Time
	Rejects     []table.Reject
	Notes       []string
}

// LoadKept reads like [LoadWanted], but parses only what the lake does not have
// yet: the rows of all other files, and their accounts, come from there. A file
// that changes meanwhile ends it with a [*ChangedError].
func LoadKept(ctx context.Context, data string, opt Options, scout Keeper, lk *lake.Lake, mem memory.Allocator) (*Loaded, error) {
	k := &kept{lake: lk, scout: scout, hider: lk.Hider()}
	list, err := lk.Suppression(ctx)
	if err != nil {
		return nil, err
	}
	return load(ctx, data, opt, scout, k, list, mem)
}

// ChangedError says that a file was written to while it was read.
type ChangedError struct{ File string }

func (e *ChangedError) Error() string {
	return e.File + ": changed while it was read; run again when it is written"
}

// kept is a load by way of the lake.
type kept struct {
	lake  *lake.Lake
	scout Keeper
	hider *email.Hider
	uses  []lake.Use
	known *email.Known
	view  *lake.View
}

// read takes a file's account from the lake, once the file is there.
func (k *kept) read(ctx context.Context, r *reading) error {
	if r.in.SHA256 == "" {
		var err error
		if r.in.SHA256, _, err = rows.Hash(r.path()); err != nil {
			return err
		}
	}
	// What messages call the source is part of the rejects, and the file's name
	// of the notes.
	key := lake.KeyOf(r.in.SHA256, readVersion, fmt.Sprintf("%+v", r.way()), fmt.Sprintf("%+v", r.opt.Links), r.src.name(), r.in.File)
	in, err := k.lake.Input(ctx, key)
	if err != nil {
		return err
	}
	if in == nil {
		if err := k.fill(ctx, key, r); err != nil {
			return err
		}
		if in, err = k.lake.Input(ctx, key); err != nil {
			return err
		}
	}
	var rec record
	if err := json.Unmarshal(in.Account, &rec); err != nil {
		return fmt.Errorf("the lake's account of %s: %w", r.in.File, err)
	}
	r.in, r.rejects, r.notes = rec.Input, rec.Rejects, rec.Notes
	r.in.First, r.in.Last = rec.First, rec.Last
	for _, t := range in.Tables {
		r.sink.Ask(t.Kind)
		if t.Kind == table.Visits && t.Rows > 0 {
			if err := k.scout.AddRollup(in.Rollup); err != nil {
				return fmt.Errorf("the lake's count of %s: %w", r.in.File, err)
			}
		}
	}
	k.uses = append(k.uses, lake.Use{Key: key, File: r.file})
	return nil
}

// fill parses a file into the lake.
func (k *kept) fill(ctx context.Context, key lake.Key, r *reading) (err error) {
	w := k.lake.Begin(key)
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Abort())
		}
	}()
	before := r.in.SHA256
	roll := k.scout.NewRollup()
	r.own = r.newSink()
	defer func() { r.own, r.m = nil, nil }()
	pieces, err := r.open()
	if err != nil {
		return err
	}
	if pieces != nil {
		err := r.scan(ctx, pieces, func(*part) bool { return true }, func(p *part) error {
			r.add(&p.tally)
			if p.m != r.m {
				r.m.Add(p.m)
				return spill(w, roll, p.sink)
			}
			return nil
		})
		// What the mapping asked for as a whole: its tables, and all rows of one
		// that looked over the file first.
		err = errors.Join(err, spill(w, roll, r.own))
		if err := r.close(pieces, err); err != nil {
			return err
		}
		if r.in.SHA256 != before {
			return &ChangedError{r.in.File}
		}
	}
	account, err := json.Marshal(record{Input: r.in, First: r.in.First, Last: r.in.Last, Rejects: r.rejects, Notes: r.notes})
	if err != nil {
		return err
	}
	return w.Commit(ctx, lake.Account{Name: r.in.File, Record: account, Rollup: roll.Counted(), Used: time.Now()})
}

// spill moves rows into the lake.
func spill(w *lake.Writer, roll table.Roller, s *table.Sink) error {
	set := s.Set(nil)
	defer set.Release()
	for _, v := range set.Visits.All() {
		roll.Visit(&table.Glance{At: v.VisitedAt, Visit: true, VisitorID: v.VisitorID, Email: v.Email, IP: v.IP, URL: v.URL, Referrer: v.Referrer,
			CookiesLogged: v.CookiesLogged == table.Yes})
	}
	return errors.Join(pour(w, set.Clicks), pour(w, set.Visits), pour(w, set.Signups), pour(w, set.Purchases), pour(w, set.Customers),
		pour(w, set.Transactions), pour(w, set.Rewards), pour(w, set.Links), pour(w, set.Partners), pour(w, set.PageChecks),
		pour(w, set.Consents), pour(w, set.Claims))
}

func pour[T table.Row](w *lake.Writer, t *table.Table[T]) error {
	if t == nil {
		return nil
	}
	to := lake.RowsOf[T](w)
	for _, row := range t.All() {
		if err := to.Append(row); err != nil {
			return err
		}
	}
	return nil
}

// load takes the rows out of the lake once all files are in it: the small
// tables whole, and of clicks and visits what the scout wants.
func (k *kept) load(ctx context.Context, l *loader) error {
	now := time.Now()
	keys := make([]lake.Key, len(k.uses))
	for i, u := range k.uses {
		keys[i] = u.Key
	}
	if err := k.lake.Touch(ctx, now, keys...); err != nil {
		return err
	}
	l.Kept = keys
	var err error
	if k.view, err = k.lake.View(ctx, k.uses); err != nil {
		return err
	}
	s := l.sink
	s.Screen = nil // what the lake has was screened when it was written
	k.known = email.NewKnown(k.lake.Hider())
	show := func(address string) { k.known.Show(strings.Clone(address)) } // a row is only good for the moment
	for _, err := range []error{
		draw(ctx, k.view, s.Signups, func(r *table.Signup) { show(r.Email) }),
		draw(ctx, k.view, s.Purchases, func(r *table.Purchase) { show(r.Email) }),
		draw(ctx, k.view, s.Customers, func(r *table.Customer) { show(r.Email) }),
		draw(ctx, k.view, s.Transactions, func(r *table.Transaction) { show(r.Email) }),
		draw[table.Reward](ctx, k.view, s.Rewards, nil),
		draw[table.Link](ctx, k.view, s.Links, nil),
		draw(ctx, k.view, s.Partners, func(r *table.Partner) { show(r.Email) }),
		draw[table.PageCheck](ctx, k.view, s.PageChecks, nil),
		draw[table.Consent](ctx, k.view, s.Consents, nil),
		draw(ctx, k.view, s.Claims, func(r *table.Claim) { show(r.CustomerEmail) }),
	} {
		if err != nil {
			return err
		}
	}
	k.scout.Hide(k.hider.Hide)
	k.scout.Begin(s.Peek(l.files()))
	visits, clicks := &marked[table.Visit]{k: k, visit: true}, &marked[table.Click]{k: k}
	if err := visits.show(ctx, 0, s.Visits); err != nil {
		return err
	}
	if err := clicks.show(ctx, visits.stretches, s.Clicks); err != nil {
		return err
	}
	for k.scout.Settle(s.Peek(l.files())) {
		if err := errors.Join(visits.fetch(ctx, s.Visits), clicks.fetch(ctx, s.Clicks)); err != nil {
			return err
		}
	}
	return nil
}

// draw reads a small table whole; see looks at every row.
func draw[T table.Row](ctx context.Context, v *lake.View, into func() *table.Builder[T], see func(*T)) error {
	return lake.Scan(ctx, v, nil, func(row *T) error {
		if see != nil {
			see(row)
		}
		return into().Append(row)
	})
}

// marked are the clicks, or the visits, of which the lake has marks.
type marked[T table.Row] struct {
	k         *kept
	visit     bool
	first     int // number of the first stretch
	stretches int
	refs      []*lake.Traces // by stretch; only good for naming its rows
}

// show shows all marks to the scout and fetches what it keeps.
func (m *marked[T]) show(ctx context.Context, first int, into func() *table.Builder[T]) error {
	m.first = first
	var keep []lake.Ref
	err := lake.EachTrace[T](ctx, m.k.view, func(ts *lake.Traces) error {
		marker := m.k.scout.Marks(m.first + m.stretches)
		m.stretches++
		names := *ts
		m.refs = append(m.refs, &names)
		for i := range ts.Rows {
			if _, used := ts.File(i); !used {
				continue
			}
			t := ts.At(i)
			if marker.Mark(uint32(i), table.Mark{Visit: m.visit, Twin: t.Twin, Seconds: t.Seconds, Visitor: t.Visitor, Email: t.Email, Address: t.Address, Click: t.Click}) {
				keep = append(keep, ts.Ref(i))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.take(ctx, keep, into)
}

// fetch fetches what the scout asks for.
func (m *marked[T]) fetch(ctx context.Context, into func() *table.Builder[T]) error {
	var want []lake.Ref
	for n, ts := range m.refs {
		for _, i := range m.k.scout.WantedMarks(m.first + n) {
			want = append(want, ts.Ref(int(i)))
		}
	}
	return m.take(ctx, want, into)
}

func (m *marked[T]) take(ctx context.Context, refs []lake.Ref, into func() *table.Builder[T]) error {
	if len(refs) == 0 {
		return nil
	}
	return lake.Fetch(ctx, m.k.view, refs, nil, func(_ lake.Ref, row *T) error {
		switch r := any(row).(type) {
		case *table.Click:
			r.Email = m.k.known.Plain(r.Email)
		case *table.Visit:
			r.Email = m.k.known.Plain(r.Email)
		}
		return into().Append(row)
	})
}
