package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lostlink/ingest/table"
)

var day0 = time.Unix(1770000000, 0).UTC()

// content is what an input of the tests holds: some of each of four tables.
type content struct {
	seed, clicks, visits, signups, purchases int
}

func (c content) key() Key { return KeyOf(fmt.Sprint(c)) }

func (c content) click(i int) table.Click { return madeClick(c.seed*1000 + i) }

func (c content) visit(i int) table.Visit {
	k := c.seed*1000 + i
	return table.Visit{Pos: table.Pos{Line: int64(k%1000 + 2)}, VisitedAt: table.Time(1769938200000000 + int64(k)*1_000_000), URL: fmt.Sprintf("https://shop.example/%d", k%7),
		VisitorID: fmt.Sprintf("v%d", k%50), IP: fmt.Sprintf("192.0.2.%d", k%31), CookiesLogged: table.Yes}
}

func (c content) signup(i int) table.Signup {
	k := c.seed*1000 + i
	return table.Signup{Pos: table.Pos{Line: int64(i + 2)}, SignedUpAt: table.Time(1769938200000000 + int64(k)*1_000_000), Email: fmt.Sprintf("p%d@mail.example", k%997), VisitorID: fmt.Sprintf("v%d", k%50)}
}

func (c content) purchase(i int) table.Purchase {
	k := c.seed*1000 + i
	return table.Purchase{Pos: table.Pos{Line: int64(i + 2)}, PurchaseID: fmt.Sprintf("ch_%d", k), PurchasedAt: table.Time(1769938200000000 + int64(k)*1_000_000),
		Amount: int64(k) * 7, Currency: "EUR", Email: fmt.Sprintf("P%d@mail.example", k%997), Name: "Somebody", IP: "192.0.2.1", Live: table.Yes}
}

func put[T table.Row](w *Writer, n int, row func(int) T, screen *Screen) error {
	if n < 0 {
		return nil // the input does not fill the table
	}
	to := RowsOf[T](w)
	for i := range n {
		if r := row(i); Apply(screen, &r) {
			if err := to.Append(&r); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes an input the way whoever reads files does, past the list of the
// erased.
func (c content) write(ctx context.Context, l *Lake, name string, used time.Time) error {
	list, err := l.Suppression(ctx)
	if err != nil {
		return err
	}
	screen := list.Screen()
	w := l.Begin(c.key())
	err = errors.Join(put(w, c.clicks, c.click, screen), put(w, c.visits, c.visit, screen), put(w, c.signups, c.signup, screen), put(w, c.purchases, c.purchase, screen))
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Commit(ctx, Account{Name: name, Record: []byte(fmt.Sprint(c)), Used: used})
}

// rowsOf is what a scan of the contents must give of one table: the row as it is
// stored, by the number of the content as its file.
func rowsOfAll[T table.Row](l *Lake, screen *Screen, cs []content, n func(content) int, row func(content, int) T) []T {
	var out []T
	h := l.Hider()
	for f, c := range cs {
		for i := range max(0, n(c)) {
			r := row(c, i)
			if Apply(screen, &r) {
				out = append(out, stored(h, r, int32(f)))
			}
		}
	}
	return out
}

func scanned[T table.Row](ctx context.Context, v *View) ([]T, error) {
	var out []T
	err := Scan(ctx, v, nil, func(r *T) error { out = append(out, Clone(r)); return nil })
	return out, err
}

func compareRows[T table.Row](ctx context.Context, v *View, want []T) error {
	got, err := scanned[T](ctx, v)
	if err != nil {
		return err
	}
	if layoutFor[T]().keyed() {
		by := func(a, b T) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
		slices.SortFunc(got, by)
		slices.SortFunc(want, by)
	}
	if !slices.Equal(any(got).([]T), want) && !(len(got) == 0 && len(want) == 0) {
		return fmt.Errorf("%d rows of %s are read, not the %d there should be, or others", len(got), kindOf[T](), len(want))
	}
	return nil
}

// holds compares all that the lake gives for some inputs with what they are.
func holdsAll(ctx context.Context, l *Lake, cs []content) error {
	var uses []Use
	for i, c := range cs {
		uses = append(uses, Use{c.key(), int32(i)})
		in, err := l.Input(ctx, c.key())
		if err != nil {
			return err
		}
		if in == nil || string(in.Account) != fmt.Sprint(c) {
			return fmt.Errorf("the account of %v is %v", c, in)
		}
	}
	list, err := l.Suppression(ctx)
	if err != nil {
		return err
	}
	screen := list.Screen()
	v, err := l.View(ctx, uses)
	if err != nil {
		return err
	}
	clicks := rowsOfAll(l, screen, cs, func(c content) int { return c.clicks }, content.click)
	// By person too, through the digest.
	var keys []uint64
	want := map[table.Click]bool{}
	for _, c := range clicks {
		if len(keys) < 20 && c.VisitorID != "" {
			keys = append(keys, Hash(c.VisitorID))
		}
	}
	for _, c := range clicks {
		if slices.Contains(keys, Hash(c.VisitorID)) {
			want[c] = true
		}
	}
	hits, err := Find[table.Click](ctx, v, ByVisitor, keys)
	if err != nil {
		return err
	}
	found := 0
	if err := Fetch(ctx, v, refsOf(hits), nil, func(_ Ref, c *table.Click) error {
		found++
		if !want[*c] {
			return fmt.Errorf("%+v was fetched, which is not there", *c)
		}
		return nil
	}); err != nil {
		return err
	}
	if found != len(want) {
		return fmt.Errorf("%d clicks of some people are found, not %d", found, len(want))
	}
	return errors.Join(
		compareRows(ctx, v, clicks),
		compareRows(ctx, v, rowsOfAll(l, screen, cs, func(c content) int { return c.visits }, content.visit)),
		compareRows(ctx, v, rowsOfAll(l, screen, cs, func(c content) int { return c.signups }, content.signup)),
		compareRows(ctx, v, rowsOfAll(l, screen, cs, func(c content) int { return c.purchases }, content.purchase)),
		compareRows[table.Reward](ctx, v, nil),
	)
}

func sound(ctx context.Context, l *Lake) error {
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("verify finds %+v", problems)
	}
	return nil
}

// Whatever is done to a lake, in whatever order, it gives of every input it has
// what was written.
func TestLifecycle(t *testing.T) {
	ctx := context.Background()
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(root, fmt.Sprint(n))
		l, err := Open(ctx, dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { l.Close() }()
		model := map[string]content{} // by name
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		live := func() []content {
			var names []string
			for name := range model {
				names = append(names, name)
			}
			slices.Sort(names)
			var out []content
			for _, name := range names {
				out = append(out, model[name])
			}
			return out
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				count := rapid.IntRange(-1, 30)
				c := content{seed: rapid.IntRange(0, 50).Draw(t, "seed"), clicks: count.Draw(t, "clicks"), visits: count.Draw(t, "visits"),
					signups: count.Draw(t, "signups"), purchases: count.Draw(t, "purchases")}
				for _, other := range model {
					if other == c {
						t.Skip()
					}
				}
				name := fmt.Sprintf("f%d.csv", len(model))
				must(c.write(ctx, l, name, day0))
				model[name] = c
			},
			"again": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip()
				}
				must(rapid.SampledFrom(live()).Draw(t, "c").write(ctx, l, "other name", day0))
			},
			"abort": func(t *rapid.T) {
				c := content{seed: 99, clicks: 10, signups: 3}
				w := l.Begin(c.key())
				must(put(w, c.clicks, c.click, nil))
				must(w.Abort())
			},
			"drop": func(t *rapid.T) {
				if len(model) == 0 {
					t.Skip()
				}
				var names []string
				for name := range model {
					names = append(names, name)
				}
				slices.Sort(names)
				name := rapid.SampledFrom(names).Draw(t, "name")
				must(l.Drop(ctx, model[name].key()))
				delete(model, name)
			},
			"compact": func(t *rapid.T) {
				_, err := l.Compact(ctx, rapid.Bool().Draw(t, "all"))
				must(err)
			},
			"reopen": func(*rapid.T) {
				must(l.Close())
				var err error
				l, err = Open(ctx, dir, Options{})
				must(err)
			},
			"erase": func(t *rapid.T) {
				who := fmt.Sprintf("p%d@mail.example", rapid.IntRange(0, 40).Draw(t, "who"))
				gone, err := l.Erase(ctx, who, rapid.Bool().Draw(t, "variants"), day0)
				must(err)
				for _, in := range gone.Inputs {
					for _, c := range live() {
						if c.key() == in.Key {
							must(c.write(ctx, l, in.Name, day0))
						}
					}
				}
			},
			"": func(t *rapid.T) {
				must(holdsAll(ctx, l, live()))
				// Some of them, the other way round.
				some := live()
				slices.Reverse(some)
				must(holdsAll(ctx, l, some[:len(some)/2]))
				must(sound(ctx, l))
				orphans, err := l.orphans(ctx)
				must(err)
				if len(orphans) > 0 {
					t.Fatalf("left behind: %v", orphans)
				}
			},
		})
	})
}

// Many daily files become few parts, whose person lies together.
func TestCompact(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	var cs []content
	for i := range 20 {
		c := content{seed: i, clicks: 500, visits: 100, signups: 3, purchases: -1}
		cs = append(cs, c)
		if err := c.write(ctx, l, fmt.Sprintf("d%02d.csv", i), day0); err != nil {
			t.Fatal(err)
		}
		if done, err := l.Compact(ctx, false); err != nil || (done.Before > 0) != (i%7 == 0 && i > 0) {
			t.Fatalf("after %d files: %+v, %v", i+1, done, err)
		}
	}
	if err := holdsAll(ctx, l, cs); err != nil {
		t.Fatal(err)
	}
	if done, err := l.Compact(ctx, true); err != nil || done.After != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	s, err := l.Status(ctx)
	if err != nil || s.Parts != 1 || s.Inputs != 20 || s.Files != 5 || s.Dead != 0 || s.Rows[0].Rows != 10_000 {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := holdsAll(ctx, l, cs); err != nil {
		t.Fatal(err)
	}
	if err := sound(ctx, l); err != nil {
		t.Fatal(err)
	}
	var uses []Use
	for i, c := range cs {
		uses = append(uses, Use{c.key(), int32(i)})
	}
	v, err := l.View(ctx, uses)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	last := ""
	if err := Scan(ctx, v, nil, func(c *table.Click) error {
		if who := c.VisitorID; who != "" && who != last {
			if last = strings.Clone(who); seen[last] {
				return fmt.Errorf("the clicks of %s do not lie together", last)
			}
			seen[last] = true
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// Most of it is given up: what is left is written anew.
	for _, c := range cs[3:] {
		if err := l.Drop(ctx, c.key()); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := l.Compact(ctx, false); err != nil || done != (Compacted{Before: 1, After: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if s, err := l.Status(ctx); err != nil || s.Dead != 0 || s.Rows[0].Rows != 1500 {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := holdsAll(ctx, l, cs[:3]); err != nil {
		t.Fatal(err)
	}
}

func parts(t *testing.T, l *Lake) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := os.ReadDir(filepath.Join(l.dir, partsName))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(l.path(e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
		}
		out[e.Name()] = b
	}
	return out
}

// Same inputs, same key: same files, byte for byte.
func TestSameFiles(t *testing.T) {
	ctx := context.Background()
	var first, compacted map[string][]byte
	key := bytes.Repeat([]byte("0f"), 32)
	for range 3 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, keyName), key, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, dir)
		for i := range 5 {
			if err := (content{seed: i, clicks: 700, visits: 300, signups: 20, purchases: 50}).write(ctx, l, "f", day0); err != nil {
				t.Fatal(err)
			}
		}
		got := parts(t, l)
		if first == nil {
			first = got
		}
		if len(got) != 5*6 || !reflect.DeepEqual(got, first) {
			t.Error("the files differ")
		}
		if _, err := l.Compact(ctx, true); err != nil {
			t.Fatal(err)
		}
		got = parts(t, l)
		if compacted == nil {
			compacted = got
		}
		if len(got) != 6 || !reflect.DeepEqual(got, compacted) {
			t.Error("the compacted files differ")
		}
	}
}

func TestRetain(t *testing.T) {
	ctx := context.Background()
	at := func(day int) time.Time { return day0.AddDate(0, 0, day) }
	for _, c := range []struct {
		name string
		r    Retention
		gone []string
	}{
		{"nothing asked", Retention{Now: at(100), Current: []Key{}}, nil},
		{"the last run's stay", Retention{Now: at(100), UnusedFor: time.Hour, Before: 1 << 62}, nil},
		{"an earlier content of a file of today", Retention{Now: at(1), Current: []Key{{}}}, []string{"log"}},
		{"unused", Retention{Now: at(31), Current: []Key{}, UnusedFor: 30 * 24 * time.Hour}, []string{"gone", "log", "log", "old"}},
		{"used till lately", Retention{Now: at(29), Current: []Key{}, UnusedFor: 30 * 24 * time.Hour}, nil},
		{"current ones stay", Retention{Now: at(31), UnusedFor: 30 * 24 * time.Hour, Current: []Key{{}}}, []string{"gone", "log", "old"}},
		{"old rows", Retention{Now: at(1), Current: []Key{}, Before: 1769938200000000 + 5000*table.Second}, []string{"old"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := open(t, t.TempDir())
			inputs := []struct {
				name string
				content
			}{
				{"log", content{seed: 7, visits: 5}}, {"log", content{seed: 8, visits: 8}}, {"old", content{seed: 1, visits: 5, purchases: 2}},
				{"gone", content{seed: 9, visits: 5}},
			}
			for _, in := range inputs {
				if err := in.write(ctx, l, in.name, day0); err != nil {
					t.Fatal(err)
				}
			}
			for i := range c.r.Current {
				c.r.Current[i] = inputs[1].key()
			}
			gone, err := l.Retain(ctx, c.r)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, in := range gone {
				names = append(names, in.Name)
				if back, err := l.Input(ctx, in.Key); back != nil || err != nil {
					t.Errorf("%s is there still: %v", in.Name, err)
				}
			}
			if !slices.Equal(names, c.gone) {
				t.Errorf("forgotten: %v, want %v", names, c.gone)
			}
			left, err := l.Inputs(ctx)
			if err != nil || len(left) != len(inputs)-len(c.gone) {
				t.Errorf("%d inputs left, %v", len(left), err)
			}
			if err := sound(ctx, l); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTouch(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	c := content{seed: 1, visits: 5}
	if err := c.write(ctx, l, "f", day0); err != nil {
		t.Fatal(err)
	}
	if err := l.Touch(ctx, day0.Add(time.Hour), c.key(), KeyOf("unknown")); err != nil {
		t.Fatal(err)
	}
	if in, err := l.Input(ctx, c.key()); err != nil || !in.Used.Equal(day0.Add(time.Hour)) {
		t.Errorf("used %v, %v", in.Used, err)
	}
}

// What a writer left that came to nothing is removed once it is old enough.
func TestSweep(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	c := content{seed: 1, clicks: 5, purchases: 5}
	if err := c.write(ctx, l, "f", day0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{tempPrefix + "1", "clicks-0.parquet"} {
		if err := os.WriteFile(l.path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(l.path(name), day0, day0); err != nil {
			t.Fatal(err)
		}
	}
	if gone, err := l.Sweep(ctx, day0); err != nil || len(gone) != 0 {
		t.Errorf("removed too early: %v, %v", gone, err)
	}
	if s, err := l.Status(ctx); err != nil || s.Orphans != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	gone, err := l.Sweep(ctx, day0.Add(time.Second))
	if err != nil || !slices.Equal(gone, []string{"parts/clicks-0.parquet", "parts/" + tempPrefix + "1"}) {
		t.Errorf("removed: %v, %v", gone, err)
	}
	if err := holdsAll(ctx, l, []content{c}); err != nil {
		t.Error(err)
	}
}

// Every way a file can be wrong is noticed, and mended by reading the input
// again.
func TestDamage(t *testing.T) {
	ctx := context.Background()
	c := content{seed: 1, clicks: 500, visits: 20, signups: 5, purchases: 5}
	for _, d := range []struct {
		name   string
		damage func(path string) error
	}{
		{"missing", os.Remove},
		{"cut", func(p string) error { return os.Truncate(p, 100) }},
		{"empty", func(p string) error { return os.Truncate(p, 0) }},
		{"a byte", func(p string) error {
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			b[len(b)/3] ^= 1
			return os.WriteFile(p, b, 0o600)
		}},
		{"longer", func(p string) error {
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			return os.WriteFile(p, append(b, 0), 0o600)
		}},
	} {
		t.Run(d.name, func(t *testing.T) {
			l := open(t, t.TempDir())
			if err := c.write(ctx, l, "f", day0); err != nil {
				t.Fatal(err)
			}
			files, err := l.files(ctx, "")
			if err != nil || len(files) != 6 {
				t.Fatal(len(files), err)
			}
			for _, f := range files {
				if err := d.damage(l.path(f.name)); err != nil {
					t.Fatal(err)
				}
				problems, err := l.Verify(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if len(problems) != 1 || !strings.Contains(problems[0].File, f.name) || !slices.Equal(problems[0].Inputs, []Key{c.key()}) {
					t.Errorf("%s %s: verify finds %+v", f.kind, f.what, problems)
				}
				// Reading it, if that fails, names what is to be dropped.
				v, err := l.View(ctx, []Use{{c.key(), 0}})
				if err != nil {
					t.Fatal(err)
				}
				var damaged *DamagedError
				if err := holdsAllFiles(ctx, v); err != nil && (!errors.As(err, &damaged) || !slices.Equal(damaged.Inputs, []Key{c.key()})) {
					t.Errorf("%s %s: %v", f.kind, f.what, err)
				} else if err == nil && d.name != "a byte" && d.name != "longer" {
					t.Errorf("%s %s: is read as if nothing were wrong", f.kind, f.what)
				}
				if err := l.Drop(ctx, c.key()); err != nil {
					t.Fatal(err)
				}
				if err := c.write(ctx, l, "f", day0); err != nil {
					t.Fatal(err)
				}
				if err := holdsAll(ctx, l, []content{c}); err != nil {
					t.Fatal(err)
				}
				if err := sound(ctx, l); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func holdsAllFiles(ctx context.Context, v *View) error {
	_, err := scanned[table.Click](ctx, v)
	_, err2 := scanned[table.Visit](ctx, v)
	_, err3 := scanned[table.Signup](ctx, v)
	_, err4 := scanned[table.Purchase](ctx, v)
	_, err5 := Find[table.Click](ctx, v, ByVisitor, []uint64{Hash("v4")})
	_, err6 := Find[table.Visit](ctx, v, ByVisitor, []uint64{Hash("v4")})
	return errors.Join(err, err2, err3, err4, err5, err6)
}

// One process at a time; many may look.
func TestLock(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if _, err := Open(ctx, dir, Options{ReadOnly: true}); !errors.Is(err, ErrNone) {
		t.Errorf("looking at nothing: %v", err)
	}
	l := open(t, dir)
	for _, readOnly := range []bool{false, true} {
		if _, err := Open(ctx, dir, Options{ReadOnly: readOnly}); !errors.Is(err, ErrLocked) {
			t.Errorf("a second one, read only %v: %v", readOnly, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var readers []*Lake
	for range 2 {
		r, err := Open(ctx, dir, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Status(ctx); err != nil {
			t.Error(err)
		}
		if err := r.Drop(ctx, KeyOf("a")); err == nil {
			t.Error("a reader changed the lake")
		}
		readers = append(readers, r)
	}
	if _, err := Open(ctx, dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a writer beside readers: %v", err)
	}
	for _, r := range readers {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSecret(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	hide := func() string {
		l, err := Open(ctx, dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Hider().Hide("ada@mail.example")
	}
	if first := hide(); first != hide() {
		t.Error("the key is not the same again")
	}
	info, err := os.Stat(filepath.Join(dir, keyName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode: %v, %v", info.Mode(), err)
	}
	for _, name := range []string{catalogName, lockName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, keyName), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, dir, Options{}); err == nil || !strings.Contains(err.Error(), "not the key of a lake") {
		t.Errorf("a broken key: %v", err)
	}
}

// A lake without its own key would compare with nothing.
func TestLostKey(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l := open(t, dir)
	if err := (content{seed: 1, clicks: 5}).write(ctx, l, "f", day0); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, keyName)
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if _, err := Open(ctx, dir, Options{ReadOnly: readOnly}); err == nil || !strings.Contains(err.Error(), "has lost its key") {
			t.Errorf("no key: %v", err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("a new key was made")
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte("0f"), 32), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(ctx, dir, Options{ReadOnly: readOnly}); err == nil || !strings.Contains(err.Error(), "was made under another key") {
			t.Errorf("another key: %v", err)
		}
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := holdsAll(ctx, open(t, dir), []content{{seed: 1, clicks: 5}}); err != nil {
		t.Error(err)
	}
}

// A compaction that meets damage gives that up, and nothing else.
func TestCompactDamaged(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	var cs []content
	for i := range 4 {
		c := content{seed: i, clicks: 20, visits: -1, signups: -1, purchases: 3}
		cs = append(cs, c)
		if err := c.write(ctx, l, fmt.Sprint(i), day0); err != nil {
			t.Fatal(err)
		}
	}
	in, err := l.Input(ctx, cs[2].key())
	if err != nil {
		t.Fatal(err)
	}
	files, err := l.files(ctx, "WHERE part = ? AND what = 'rows'", in.part)
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	if err := os.Truncate(l.path(files[1].name), 50); err != nil {
		t.Fatal(err)
	}
	if done, err := l.Compact(ctx, true); err != nil || done != (Compacted{Damaged: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if done, err := l.Compact(ctx, true); err != nil || done != (Compacted{Before: 3, After: 1}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if in, err := l.Input(ctx, cs[2].key()); in != nil || err != nil {
		t.Errorf("the damaged input is there still: %v", err)
	}
	if err := errors.Join(sound(ctx, l), holdsAll(ctx, l, slices.Delete(cs, 2, 3))); err != nil {
		t.Error(err)
	}
	if left, err := l.orphans(ctx); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What the system refuses for now is no damage: nothing is forgotten for it.
func TestRefusedIsNotDamaged(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	var cs []content
	for i := range 2 {
		c := content{seed: i, clicks: 20, visits: -1, signups: -1, purchases: 3}
		cs = append(cs, c)
		if err := c.write(ctx, l, fmt.Sprint(i), day0); err != nil {
			t.Fatal(err)
		}
	}
	files, err := l.files(ctx, "WHERE what = 'rows'")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	// A link to itself cannot be opened, whoever asks.
	path := l.path(files[0].name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.Symlink(path, path)); err != nil {
		t.Fatal(err)
	}
	var damaged *DamagedError
	if _, err := l.Compact(ctx, true); err == nil || errors.As(err, &damaged) {
		t.Errorf("a file that cannot be opened for now: %v", err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, whole, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sound(ctx, l), holdsAll(ctx, l, cs)); err != nil {
		t.Error(err)
	}
}

func TestNewerCatalog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := l.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, dir, Options{}); err == nil || !strings.Contains(err.Error(), "newer lostlink") {
		t.Errorf("a newer catalog: %v", err)
	}
}

// A damaged byte is noticed when it is read, or makes no difference: no row ever
// comes back as another.
func TestFlippedBytes(t *testing.T) {
	ctx := context.Background()
	l := open(t, t.TempDir())
	c := content{seed: 1, clicks: 300, visits: -1, signups: -1, purchases: 20}
	if err := c.write(ctx, l, "f", day0); err != nil {
		t.Fatal(err)
	}
	files, err := l.files(ctx, "")
	if err != nil || len(files) != 3 {
		t.Fatal(len(files), err)
	}
	noticed := 0
	for _, f := range files {
		whole, err := os.ReadFile(l.path(f.name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(whole); at += 1 + len(whole)/80 {
			b := bytes.Clone(whole)
			b[at] ^= 1 << (at % 8)
			if err := os.WriteFile(l.path(f.name), b, 0o600); err != nil {
				t.Fatal(err)
			}
			err := holdsAll(ctx, l, []content{c})
			var damaged *DamagedError
			if err != nil {
				noticed++
				if !errors.As(err, &damaged) {
					t.Errorf("%s, byte %d of %d: %v", f.name, at, len(whole), err)
				}
			}
		}
		if err := os.WriteFile(l.path(f.name), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if noticed < 100 {
		t.Errorf("only %d damaged bytes were noticed", noticed)
	}
}
