package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"unsafe"

	"lostlink/ingest/table"
)

// Use names an input of a run and the number of its file there, which its rows
// get as [table.Pos].File.
type Use struct {
	Key  Key
	File int32
}

// View is the rows of some inputs.
type View struct {
	lake  *Lake
	parts []part
}

// part is one part as far as the view needs it.
type part struct {
	id    int64
	files map[table.Kind]map[string]file // kind → what
	use   []int32                        // by number of the input: its File, or unused
}

const unused = -1

// Ref names one row of a view, clicks or visits. Refs of a row stay the same as
// long as the view.
type Ref struct {
	part int32
	row  uint32
}

// Before orders refs the way [Fetch] is fastest.
func (r Ref) Before(s Ref) bool { return r.compare(s) < 0 }

func (r Ref) compare(s Ref) int {
	if c := cmp.Compare(r.part, s.part); c != 0 {
		return c
	}
	return cmp.Compare(r.row, s.row)
}

// DamagedError says that a file of the lake is missing or not what was written.
// The inputs whose rows are in it are to be dropped and read again.
type DamagedError struct {
	File   string
	Inputs []Key
	Err    error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }

func (e *DamagedError) Unwrap() error { return e.Err }

// View prepares to read inputs that the lake has, each named once. It stays good
// until one of them is dropped or compacted.
func (l *Lake) View(ctx context.Context, uses []Use) (*View, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT key, part, number FROM input")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type place struct {
		part   int64
		number int
	}
	places := map[string]place{}
	for rows.Next() {
		var key string
		var p place
		if err := rows.Scan(&key, &p.part, &p.number); err != nil {
			return nil, err
		}
		places[key] = p
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	files, err := l.files(ctx, "")
	if err != nil {
		return nil, err
	}
	v := &View{lake: l}
	at := map[int64]int{}
	for _, u := range uses {
		in, ok := places[u.Key.String()]
		if !ok {
			return nil, fmt.Errorf("the lake has no input %s", u.Key)
		}
		i, ok := at[in.part]
		if !ok {
			i = len(v.parts)
			at[in.part] = i
			v.parts = append(v.parts, part{id: in.part, files: map[table.Kind]map[string]file{}})
		}
		p := &v.parts[i]
		for len(p.use) <= in.number {
			p.use = append(p.use, unused)
		}
		if p.use[in.number] != unused {
			return nil, fmt.Errorf("input %s is named twice", u.Key)
		}
		p.use[in.number] = u.File
	}
	for _, f := range files {
		if i, ok := at[f.part]; ok {
			p := &v.parts[i]
			if p.files[f.kind] == nil {
				p.files[f.kind] = map[string]file{}
			}
			p.files[f.kind][f.what] = f
		}
	}
	return v, nil
}

// damaged wraps an error of reading a part's file. What the system says, but that
// the file is not there, is no damage: it may pass, and then nothing was lost.
func (v *View) damaged(ctx context.Context, p *part, f file, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, errStopped) {
		return err
	}
	var system syscall.Errno
	if errors.As(err, &system) && system != syscall.ENOENT {
		return err
	}
	d := &DamagedError{File: v.lake.path(f.name), Err: err}
	ins, e := v.lake.inputs(ctx, "WHERE part = ?", p.id)
	for _, in := range ins {
		d.Inputs = append(d.Inputs, in.Key)
	}
	if e != nil {
		return errors.Join(d, e)
	}
	return d
}

// errStopped marks an error of the caller's function, which is no damage.
var errStopped = errors.New("stopped")

type stopped struct{ error }

func (stopped) Is(target error) bool { return target == errStopped }

func (s stopped) Unwrap() error { return s.error }

// unstopped gives the caller's own error back.
func unstopped(err error) error {
	var s stopped
	if errors.As(err, &s) {
		return s.error
	}
	return err
}

// Scan calls fn with all rows of T's table: clicks and visits part by part and
// in each by person, the rows of any other table by the files' numbers and in
// each as the input had them. Only the named columns are read, nil for all, and
// the place. The row and its strings are only good until fn returns; [Clone]
// keeps one. An error of fn ends the scan.
func Scan[T table.Row](ctx context.Context, v *View, columns []string, fn func(*T) error) error {
	if l := layoutFor[T](); l.keyed() {
		for i := range v.parts {
			p := &v.parts[i]
			err := v.withRows(ctx, p, l, columns, through, func(r *rowReader) error { return scanSpan(ctx, r, p, span{0, r.pq.NumRows()}, fn) })
			if err != nil {
				return unstopped(err)
			}
		}
		return nil
	}
	return scanInOrder(ctx, v, columns, fn)
}

// scanInOrder goes through the inputs by the numbers of their files. In most
// parts they lie in that order.
func scanInOrder[T table.Row](ctx context.Context, v *View, columns []string, fn func(*T) error) error {
	type place struct {
		file   int32
		part   int
		number int
	}
	var places []place
	for i := range v.parts {
		for n, f := range v.parts[i].use {
			if f != unused {
				places = append(places, place{f, i, n})
			}
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.file, b.file) })
	for len(places) > 0 {
		n := 1
		for n < len(places) && places[n].part == places[0].part {
			n++
		}
		p := &v.parts[places[0].part]
		err := v.withRows(ctx, p, layoutFor[T](), columns, through, func(r *rowReader) error {
			spans, err := r.spans()
			if err != nil {
				return err
			}
			for _, pl := range places[:n] {
				if pl.number >= len(spans) {
					return fmt.Errorf("has rows of %d inputs, but input %d was asked for", len(spans), pl.number)
				}
				if err := scanSpan(ctx, r, p, spans[pl.number], fn); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return unstopped(err)
		}
		places = places[n:]
	}
	return nil
}

// scanSpan gives the rows of a span that the view uses.
func scanSpan[T table.Row](ctx context.Context, r *rowReader, p *part, s span, fn func(*T) error) error {
	var row T
	pos := (*table.Pos)(unsafe.Add(unsafe.Pointer(&row), r.file))
	return r.walk(ctx, s, func(i int) error {
		in := int(r.input.number(r.input.at + i))
		if in < 0 || in >= len(p.use) || p.use[in] == unused {
			return nil
		}
		r.set(unsafe.Pointer(&row), i)
		pos.File = p.use[in]
		if err := fn(&row); err != nil {
			return stopped{err}
		}
		return nil
	})
}

// Hit is a row that was found, and which key found it.
type Hit struct {
	Ref
	Trace
	File int32 // as the view was told
	Key  int32 // place among the keys looked up
}

// Find looks up rows of T's table, clicks or visits, by who they are of. Keys
// are those of [Hash] or [HashEmail]; what they find may, seldom, be of another
// with the same leading bits, so compare what is fetched. Hits are in the order
// of their refs; one row may be hit more than once where keys are given twice.
func Find[T table.Row](ctx context.Context, v *View, by By, keys []uint64) ([]Hit, error) {
	// In their order, neighbours are looked up in the same place.
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	sorted := make([]uint64, len(keys))
	for i, k := range order {
		sorted[i] = keys[k]
	}
	var hits []Hit
	err := eachDigest[T](ctx, v, func(part int32, d *digest) error {
		from := len(hits)
		err := d.find(by, sorted, func(row uint32, file int32, key int, t Trace) {
			hits = append(hits, Hit{Ref: Ref{part, row}, Trace: t, File: file, Key: order[key]})
		})
		slices.SortFunc(hits[from:], func(a, b Hit) int { return cmp.Or(a.compare(b.Ref), cmp.Compare(a.Key, b.Key)) })
		return err
	})
	return hits, err
}

// EachTrace calls fn with the traces of all rows of T's table, clicks or visits,
// a stretch of at most some hundred thousand at a time, in the order of their
// refs. Rows of inputs that the view does not use are among them; see
// [Traces.File]. The traces are good until fn returns.
func EachTrace[T table.Row](ctx context.Context, v *View, fn func(*Traces) error) error {
	return eachDigest[T](ctx, v, func(part int32, d *digest) error {
		return d.groups(func(group []entry) error {
			t, err := d.traces(group)
			if err != nil {
				return err
			}
			t.part = part
			if err := fn(t); err != nil {
				return stopped{err}
			}
			return nil
		})
	})
}

func eachDigest[T table.Row](ctx context.Context, v *View, fn func(part int32, d *digest) error) error {
	l := layoutFor[T]()
	if !l.keyed() {
		panic("lake: nothing is found by in " + string(l.kind))
	}
	for i := range v.parts {
		p := &v.parts[i]
		f, ok := p.files[l.kind]["digest"]
		if !ok {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := v.withDigest(f, p, func(d *digest) error { return fn(int32(i), d) })
		if err = v.damaged(ctx, p, f, err); err != nil {
			return unstopped(err)
		}
	}
	return nil
}

// Fetch calls fn with the rows at some refs, in their order; each only once, and
// none of inputs that the view does not use. Columns and row are as of [Scan].
func Fetch[T table.Row](ctx context.Context, v *View, refs []Ref, columns []string, fn func(Ref, *T) error) error {
	l := layoutFor[T]()
	refs = slices.Clone(refs)
	slices.SortFunc(refs, Ref.compare)
	refs = slices.Compact(refs)
	for len(refs) > 0 {
		i := refs[0].part
		n, _ := slices.BinarySearchFunc(refs, i+1, func(r Ref, p int32) int { return cmp.Compare(r.part, p) })
		mine := refs[:n]
		refs = refs[n:]
		p := &v.parts[i]
		if _, ok := p.files[l.kind]["rows"]; !ok {
			return fmt.Errorf("a row was asked for of a part that has no %s", l.kind)
		}
		err := v.withRows(ctx, p, l, columns, here, func(r *rowReader) error { return fetchPart(ctx, r, p, mine, fn) })
		if err != nil {
			return unstopped(err)
		}
	}
	return nil
}

func fetchPart[T table.Row](ctx context.Context, r *rowReader, p *part, refs []Ref, fn func(Ref, *T) error) error {
	var row T
	pos := (*table.Pos)(unsafe.Add(unsafe.Pointer(&row), r.file))
	first := int64(0)
	for g, group := range r.pq.RowGroups() {
		end := first + group.NumRows()
		n := 0
		for n < len(refs) && int64(refs[n].row) < end {
			n++
		}
		if n > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.open(g, true); err != nil {
				return err
			}
			for _, ref := range refs[:n] {
				if err := r.seek(int64(ref.row) - first); err != nil {
					return err
				}
				in := r.input.number(r.input.at)
				if in < 0 || int(in) >= len(p.use) || p.use[in] == unused {
					continue
				}
				r.set(unsafe.Pointer(&row), 0)
				pos.File = p.use[in]
				if err := fn(ref, &row); err != nil {
					return stopped{err}
				}
			}
		}
		refs = refs[n:]
		first = end
	}
	if len(refs) > 0 {
		return fmt.Errorf("has %d rows, but row %d was asked for", first, refs[0].row)
	}
	return nil
}

// withRows opens the rows of a part's table, if it has any.
func (v *View) withRows(ctx context.Context, p *part, l *layout, columns []string, ahead int, fn func(*rowReader) error) error {
	f, ok := p.files[l.kind]["rows"]
	if !ok {
		return nil
	}
	r, err := openRows(v.lake.path(f.name), f.bytes, l, columns, ahead)
	if err == nil {
		err = fn(r)
		err = errors.Join(err, r.close())
	}
	return v.damaged(ctx, p, f, err)
}

func (v *View) withDigest(f file, p *part, fn func(*digest) error) error {
	in, err := os.Open(v.lake.path(f.name))
	if err != nil {
		return err
	}
	defer in.Close()
	d, err := openDigest(in, f.bytes, p.use)
	if err != nil {
		return err
	}
	return fn(d)
}
