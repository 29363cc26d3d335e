package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// Scout says which clicks and visits are wanted; package reconcile has it. It
// is begun once all other tables are read, shown every click and visit, and
// then asked which more are wanted until these are none.
type Scout interface {
	Begin(small *table.Set)
	// Stretch gives the taker for a part of a file; parts are asked for one after
	// the other and then used side by side.
	Stretch(file, n int) table.Taker
	Settle(kept *table.Set) (more bool)
	Wanted(file, n int) []uint32
}

// tally counts what became of the rows of a file or a part of one.
type tally struct {
	rows, accepted, rejected int64
	skipped                  map[string]int64
	rejects                  []table.Reject // in order, at most RejectsListed
}

func (r *reading) add(t *tally) {
	r.in.Rows += t.rows
	r.in.Accepted += t.accepted
	r.in.Rejected += t.rejected
	for why, n := range t.skipped {
		r.in.Skipped[why] += n
	}
	r.rejects = append(r.rejects, t.rejects[:min(RejectsListed-len(r.rejects), len(t.rejects))]...)
}

// part is one piece of a file at work.
type part struct {
	r      *reading
	piece  *rows.Piece
	m      *source.Mapping
	sink   *table.Sink
	taker  table.Taker // nil: all rows are kept
	wanted []uint32    // with again: the rows to keep
	again  bool        // the rows were counted before
	tally  tally
	err    error // that ended the reading of the piece

	unsure int64 // rows made to be looked at, or because they are kept

	done chan struct{}

	// The row at hand.
	visit            table.Visit
	click            table.Click
	isVisit, isClick bool
	glance           table.Glance
}

func (r *reading) newPart(piece *rows.Piece) *part {
	p := &part{r: r, piece: piece, m: r.m, sink: r.tables(), done: make(chan struct{})}
	p.tally.skipped = map[string]int64{}
	if !r.m.TwoPass() {
		p.sink = r.newSink()
		p.m = r.m.Part(p.sink)
	}
	return p
}

// divert has the rows of traffic handed over rather than kept.
func (p *part) divert() {
	p.sink.Divert = func(v *table.Visit, c *table.Click) {
		if v != nil {
			p.visit, p.isVisit = *v, true
		} else {
			p.click, p.isClick = *c, true
		}
	}
}

// run reads the piece to its end.
func (p *part) run(ctx context.Context) {
	if p.sink.Divert == nil && (p.taker != nil || p.again) {
		p.divert()
	}
	rd := p.piece.Rows(p.m.Columns)
	// Nothing of a row outlives it: tables and rejects copy what they keep.
	next := rd.View
	defer p.piece.Free()
	wanted := p.wanted
	for i := uint32(0); ; i++ {
		if i&0xfff == 0 && ctx.Err() != nil {
			p.err = ctx.Err()
			return
		}
		if p.again && len(wanted) == 0 {
			return
		}
		if p.again && i < wanted[0] {
			i += uint32(rd.Skip(int(wanted[0] - i)))
		}
		rec, err := next()
		if p.again {
			if i != wanted[0] {
				if err != nil && !isBad(err) {
					p.err = err
					return
				}
				continue
			}
			wanted = wanted[1:]
		}
		if err == nil {
			p.take(i, rec)
			continue
		}
		var b *rows.Bad
		switch {
		case err == io.EOF:
			return
		case errors.As(err, &b):
			p.tally.rows++
			p.reject(b.Line, b.Fault)
		default:
			p.err = err
			return
		}
	}
}

func isBad(err error) bool {
	var b *rows.Bad
	return errors.As(err, &b)
}

// take maps one row and counts what became of it.
func (p *part) take(i uint32, rec *rows.Record) {
	p.tally.rows++
	p.isVisit, p.isClick = false, false
	seen := false
	if !p.again && p.sink.Divert != nil {
		switch sight, why := p.m.Glimpse(rec.Values, &p.glance); sight {
		case source.Passed:
			p.tally.skipped[why]++
			return
		case source.Seen:
			if p.taker == nil || !p.taker.Take(i, &p.glance) {
				p.m.Drop(&p.glance)
				p.tally.accepted++
				return
			}
			seen = true
		}
		p.unsure++
	}
	skipped, err := p.m.Row(table.Pos{File: p.r.file, Line: rec.Line}, rec.Values)
	switch {
	case seen && (err != nil || skipped != "" || !p.isVisit && !p.isClick):
		p.err = fmt.Errorf("line %d was taken for a click or visit and is none: %q, %v", rec.Line, skipped, err)
		return
	case err != nil:
		var f *table.Fault
		if !errors.As(err, &f) {
			f = &table.Fault{Rule: "could not be taken: " + err.Error(), Remedy: "check the row"}
		}
		p.reject(rec.Line, f)
		return
	case skipped != "":
		p.tally.skipped[skipped]++
		return
	}
	p.tally.accepted++
	if (p.isVisit || p.isClick) && (seen || p.again || p.taker != nil && p.taker.Take(i, p.look())) {
		p.keep()
	}
}

// look makes a glance of the row at hand.
func (p *part) look() *table.Glance {
	g := &p.glance
	*g = table.Glance{}
	if c := &p.click; p.isClick {
		*g = table.Glance{At: c.ClickedAt, Click: true, VisitorID: c.VisitorID, Email: c.Email, ClickID: c.ClickID, IP: c.IP}
	}
	if v := &p.visit; p.isVisit {
		g.At, g.Visit, g.VisitorID, g.Email, g.IP, g.URL, g.Referrer = v.VisitedAt, true, v.VisitorID, v.Email, v.IP, v.URL, v.Referrer
		g.CookiesLogged = v.CookiesLogged == table.Yes
	}
	return g
}

// keep puts the row at hand into its tables, which took it when they were asked.
func (p *part) keep() {
	var errs [2]error
	if p.isVisit {
		errs[0] = p.sink.Visits().Append(&p.visit)
	}
	if p.isClick {
		errs[1] = p.sink.Clicks().Append(&p.click)
	}
	if err := errors.Join(errs[:]...); err != nil {
		p.err = err
	}
}

func (p *part) reject(line int64, f *table.Fault) {
	p.tally.rejected++
	if len(p.tally.rejects) < RejectsListed {
		c := *f // its texts may be parts of the piece
		c.Column, c.Value, c.Rule, c.Remedy = strings.Clone(f.Column), strings.Clone(f.Value), strings.Clone(f.Rule), strings.Clone(f.Remedy)
		f = &c
		p.tally.rejects = append(p.tally.rejects, table.RejectOf(p.r.src.name(), p.r.in.File, line, f))
	}
}

// scan reads a file piece by piece, several at a time, and hands over each part
// in order when it is done. prepare readies a part before it runs, in order too;
// false passes the piece by. The error is what ended the file, or the first
// that done gave.
func (r *reading) scan(ctx context.Context, pieces *rows.Pieces, prepare func(*part) bool, done func(*part) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	if r.m.TwoPass() { // its mapping is one for all parts
		workers = 1
	}
	var end error
	parts := make(chan *part, workers)
	go func() {
		defer close(parts)
		slots := make(chan struct{}, workers)
		for {
			piece, err := pieces.Next()
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				end = err
				return
			}
			p := r.newPart(piece)
			if !prepare(p) {
				continue
			}
			slots <- struct{}{}
			go func() {
				p.run(ctx)
				close(p.done)
				<-slots
			}()
			select {
			case parts <- p:
			case <-ctx.Done():
				<-p.done
				end = ctx.Err()
				return
			}
			if piece.Alone {
				<-p.done
			}
		}
	}()
	var failed error
	for p := range parts {
		<-p.done
		if failed == nil {
			r.whole = p.piece.N
			r.watch(p)
			if failed = errors.Join(done(p), p.err); failed != nil {
				cancel()
			}
		}
	}
	switch {
	case failed != nil:
		return failed
	case end == io.EOF:
		return nil
	}
	return end
}

// watch tells how far reading is.
func (r *reading) watch(p *part) {
	if r.opt.Watch == nil {
		return
	}
	r.readRows += p.tally.rows
	r.opt.Watch(r.readBytes+p.piece.End, r.allBytes, r.readRows)
}

// count reads the file's rows for the first time. With a scout only those it
// wants at once are kept.
func (r *reading) count(ctx context.Context, pieces *rows.Pieces, scout Scout) error {
	return r.scan(ctx, pieces, func(p *part) bool {
		if scout != nil {
			p.taker = scout.Stretch(int(r.file), p.piece.N)
		}
		return true
	}, func(p *part) error {
		r.add(&p.tally)
		r.absorb(p, scout != nil)
		return nil
	})
}

// absorb takes over what a part has made; of a file that was deferred only
// clicks and visits, as the rest was read before.
func (r *reading) absorb(p *part, traffic bool) {
	if p.m == r.m {
		return
	}
	r.m.Add(p.m)
	if traffic {
		p.sink = p.sink.Traffic()
	}
	r.sink.Absorb(p.sink)
}

// again reads the rows of a deferred file that the scout asks for.
func (r *reading) again(ctx context.Context, scout Scout) error {
	pieces, err := rows.Split(r.path(), r.rowOptions())
	if err != nil {
		return err
	}
	defer pieces.Close()
	whole := r.whole // behind it the file is damaged
	err = r.scan(ctx, pieces, func(p *part) bool {
		p.again, p.wanted = true, scout.Wanted(int(r.file), p.piece.N)
		return len(p.wanted) > 0 && p.piece.N <= whole
	}, func(p *part) error {
		r.sink.Absorb(p.sink.Traffic())
		return nil
	})
	var b *rows.Broken
	if errors.As(err, &b) {
		return nil // was met before
	}
	return err
}

// others reads what a file holds beside clicks and visits. Nothing is counted:
// the file is read again.
func (r *reading) others(ctx context.Context, pieces *rows.Pieces) error {
	err := r.scan(ctx, pieces, func(p *part) bool {
		p.sink.Divert = func(*table.Visit, *table.Click) {}
		return true
	}, func(p *part) error {
		r.sink.Absorb(p.sink.Others())
		return nil
	})
	var b *rows.Broken
	if errors.As(err, &b) {
		return nil // met again
	}
	return err
}

// deferred reads the clicks and visits, whose files were put off.
func (l *loader) deferred(ctx context.Context) error {
	if l.scout == nil {
		return nil
	}
	l.scout.Begin(l.sink.Peek(l.files()))
	for _, r := range l.later {
		pieces, err := r.open()
		if err == nil && pieces != nil {
			err = r.close(pieces, r.count(ctx, pieces, l.scout))
		}
		if err != nil {
			return fmt.Errorf("source %s: %s: %w", r.src.name(), r.in.File, err)
		}
	}
	for l.scout.Settle(l.sink.Peek(l.files())) {
		for _, r := range l.later {
			if err := r.again(ctx, l.scout); err != nil {
				return fmt.Errorf("source %s: %s: %w", r.src.name(), r.in.File, err)
			}
		}
	}
	return nil
}
