package lake

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"unsafe"

	"lostlink/ingest/table"
)

// Limits of a compaction. A part of compactRows rows is large enough that a
// person's rows are few pages of few parts, and small enough that it is written
// in seconds and spans weeks rather than years.
const (
	compactRows  = 1 << 20
	smallRows    = compactRows / 2 // a part below is worth joining with others
	compactParts = 64              // at a time: each is open, with a page of every column
	// compactAfter is how many small parts gather before Compact joins them.
	compactAfter = 8
	// deadShare is the part of a file's rows that may be of inputs which are gone.
	deadShare = 0.25
)

// Compacted says what a compaction did.
type Compacted struct {
	Before, After int // parts that were written anew, and what became of them
	Damaged       int // inputs that could not be read, and were forgotten
}

// Compact joins small parts into larger ones, in which the rows of a person lie
// together, and writes parts anew of which much is gone. What is read of any
// input stays the same. Without all, it waits until that is worth the work. What
// turns out to be damaged is forgotten, so that it is read again.
func (l *Lake) Compact(ctx context.Context, all bool) (Compacted, error) {
	var done Compacted
	parts, err := l.parts(ctx)
	if err != nil {
		return done, err
	}
	for _, batch := range plan(parts, all) {
		err := l.rewrite(ctx, batch)
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			done.Damaged += len(damaged.Inputs)
			if err := l.Drop(ctx, damaged.Inputs...); err != nil {
				return done, err
			}
			continue // the rest of the batch waits for the next time
		}
		if err != nil {
			return done, err
		}
		done.Before += len(batch)
		done.After++
	}
	return done, nil
}

// partInfo is what a compaction knows of a part.
type partInfo struct {
	id    int64
	rows  int64 // of all tables
	live  int64 // of inputs that are live
	first table.Time
	erase bool
	files []file
	ins   []*Input
}

// parts lists all parts, by the time they begin at.
func (l *Lake) parts(ctx context.Context) ([]partInfo, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT id, erase FROM part ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []partInfo
	for rows.Next() {
		var p partInfo
		if err := rows.Scan(&p.id, &p.erase); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	inputs, err := l.inputs(ctx, "ORDER BY part, number")
	if err != nil {
		return nil, err
	}
	byPart := map[int64][]*Input{}
	for _, in := range inputs {
		byPart[in.part] = append(byPart[in.part], in)
	}
	files, err := l.files(ctx, "")
	if err != nil {
		return nil, err
	}
	filesOf := map[int64][]file{}
	for _, f := range files {
		filesOf[f.part] = append(filesOf[f.part], f)
	}
	for i := range out {
		p := &out[i]
		p.files = filesOf[p.id]
		for _, f := range p.files {
			if f.what == "rows" {
				p.rows += f.rows
			}
		}
		p.ins = byPart[p.id]
		for _, in := range p.ins {
			for _, t := range in.Tables {
				p.live += t.Rows
				if t.First != 0 && (p.first == 0 || t.First < p.first) {
					p.first = t.First
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b partInfo) int { return cmp.Compare(a.first, b.first) })
	return out, nil
}

// plan deals the parts that are to be written anew into batches, each of which
// becomes one part.
func plan(parts []partInfo, all bool) [][]partInfo {
	var batches [][]partInfo
	var batch []partInfo
	rows := int64(0)
	end := func() {
		if len(batch) >= compactAfter || all && len(batch) > 1 || slices.ContainsFunc(batch, partInfo.worn) {
			batches = append(batches, batch)
		}
		batch, rows = nil, 0
	}
	for _, p := range parts {
		if p.live >= smallRows {
			if p.worn() {
				batches = append(batches, []partInfo{p})
			}
			continue
		}
		if len(batch) == compactParts || rows+p.live > compactRows {
			end()
		}
		batch = append(batch, p)
		rows += p.live
	}
	end()
	return batches
}

// worn tells whether a part must be written anew for what is gone from it.
func (p partInfo) worn() bool {
	return p.erase || float64(p.rows-p.live) > deadShare*float64(p.rows)
}

// rewrite makes one part of several, of what is live in them.
func (l *Lake) rewrite(ctx context.Context, parts []partInfo) (err error) {
	var inputs []*Input
	for _, p := range parts {
		inputs = append(inputs, p.ins...)
	}
	var writers []*kindWriter
	defer func() {
		for _, w := range writers {
			w.abort()
		}
	}()
	var files []file
	for _, lay := range layouts {
		w := &kindWriter{layout: lay, dir: filepath.Join(l.dir, partsName), tables: make([]Table, len(inputs))}
		for _, in := range inputs {
			w.keys = append(w.keys, in.Key)
		}
		writers = append(writers, w)
		if err := l.copyRows(ctx, w, parts); err != nil {
			return fmt.Errorf("writing %s anew: %w", lay.kind, err)
		}
		made, err := w.finish()
		if err != nil {
			return fmt.Errorf("writing %s anew: %w", lay.kind, err)
		}
		files = append(files, made...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.publish(ctx, []arrival{{files, func(tx *sql.Tx, part int64) error {
		for i, in := range inputs {
			if _, err := tx.ExecContext(ctx, "UPDATE input SET part = ?, number = ? WHERE key = ? AND part = ?", part, i, in.Key.String(), in.part); err != nil {
				return err
			}
		}
		return nil
	}}}, nil)
}

// copyRows appends the rows of one table of all parts, those of live inputs:
// where they are looked up by who they are of, by person, otherwise input by
// input.
func (l *Lake) copyRows(ctx context.Context, w *kindWriter, parts []partInfo) error {
	v := &View{lake: l}
	number := int32(0)
	for _, p := range parts {
		vp := part{id: p.id, files: map[table.Kind]map[string]file{w.kind: {}}}
		for _, f := range p.files {
			if f.kind == w.kind {
				vp.files[w.kind][f.what] = f
			}
		}
		for _, in := range p.ins {
			for len(vp.use) <= int(in.number) {
				vp.use = append(vp.use, unused)
			}
			vp.use[in.number] = number
			number++
		}
		v.parts = append(v.parts, vp)
	}
	if w.keyed() {
		return mergeRows(ctx, w, v)
	}
	for i := range v.parts {
		p := &v.parts[i]
		err := v.withRows(ctx, p, w.layout, nil, through, func(r *rowReader) error {
			row := w.newRow()
			return r.walk(ctx, span{0, r.pq.NumRows()}, func(i int) error {
				n := r.input.number(r.input.at + i)
				if int(n) >= len(p.use) || p.use[n] == unused {
					return nil
				}
				r.set(row, i)
				if err := w.append(row, p.use[n], 0); err != nil {
					return stopped{err}
				}
				return nil
			})
		})
		if err != nil {
			return unstopped(err)
		}
	}
	return nil
}

// stream is one row group, whose rows are sorted by person and time.
type stream struct {
	r    *rowReader
	p    *part
	f    file
	rank int // among streams, for rows that are otherwise equal
	n    int // available
	at   int // of these
	row  unsafe.Pointer
	who  uint64
	time int64
	in   int32
	twin int8
}

// next goes to the next row that is live; false at the end.
func (s *stream) next() (bool, error) {
	for {
		s.at++
		if s.at >= s.n {
			s.r.skip(s.n)
			var err error
			if s.n, err = s.r.next(); err != nil || s.n == 0 {
				return false, err
			}
			s.at = 0
		}
		n := s.r.input.number(s.r.input.at + s.at)
		if int(n) >= len(s.p.use) || s.p.use[n] == unused {
			continue
		}
		s.in, s.twin = s.p.use[n], int8(s.r.twin.number(s.r.twin.at+s.at))
		s.r.set(s.row, s.at)
		s.time = *wideAt(s.row, s.r.layout.at)
		s.who = 0
		for _, id := range s.r.by {
			if s.who = idOf(id.by, *textAt(s.row, id.offset)); s.who != 0 {
				break
			}
		}
		return true, nil
	}
}

func (s *stream) before(o *stream) bool {
	return cmp.Or(cmp.Compare(s.who, o.who), cmp.Compare(s.time, o.time), cmp.Compare(s.rank, o.rank)) < 0
}

// mergeRows appends the rows of all row groups of the view in one order.
func mergeRows(ctx context.Context, w *kindWriter, v *View) (err error) {
	var streams []*stream
	defer func() {
		for _, s := range streams {
			if e := s.r.close(); err == nil {
				err = e
			}
		}
	}()
	var heap []*stream // the least row first
	sink := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && heap[c+1].before(heap[c]) {
				c++
			}
			if !heap[c].before(heap[i]) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for i := range v.parts {
		p := &v.parts[i]
		f, ok := p.files[w.kind]["rows"]
		if !ok {
			continue
		}
		for group := 0; ; group++ {
			r, err := openRows(v.lake.path(f.name), f.bytes, w.layout, nil, here)
			if err != nil {
				return v.damaged(ctx, p, f, err)
			}
			s := &stream{r: r, p: p, f: f, rank: len(streams), row: w.newRow()}
			streams = append(streams, s)
			if err := r.open(group, false); err != nil {
				return v.damaged(ctx, p, f, err)
			}
			more, err := s.next()
			if err != nil {
				return v.damaged(ctx, p, f, err)
			}
			if more {
				heap = append(heap, s)
			}
			if group+1 == len(r.pq.RowGroups()) {
				break
			}
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		sink(i)
	}
	for n := 0; len(heap) > 0; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := heap[0]
		if err := w.append(s.row, s.in, s.twin); err != nil {
			return err
		}
		more, err := s.next()
		if err != nil {
			return v.damaged(ctx, s.p, s.f, err)
		}
		if !more {
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		}
		sink(0)
	}
	return nil
}
