package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report/review"
	"lostlink/testdata/postgres"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// both runs a test over a ledger in a file and over one on a server.
func both(t *testing.T, test func(t *testing.T, l *Ledger)) {
	t.Helper()
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			l, err := Open(t.Context(), place(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			test(t, l)
		})
	}
}

var places = map[string]func(t testing.TB) string{
	"SQLite":     func(t testing.TB) string { return filepath.Join(t.TempDir(), "a #?%41 b", Name) },
	"PostgreSQL": postgres.URL,
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	day1 = table.Time(1_775_000_000_000_000)
	day2 = day1 + table.Day
	day3 = day2 + table.Day
)

func aRun(id string, asOf table.Time) Run {
	return Run{RunID: id, Version: "v1", AsOf: asOf, PeriodStart: day1 - 30*table.Day, PeriodEnd: asOf, Gaps: 9, Listed: 3}
}

// seen makes gaps a, b and c, changed as asked.
func seen(change ...func(g []Gap)) []Gap {
	var out []Gap
	for i, id := range []string{"LL-A", "LL-B", "LL-C"} {
		out = append(out, Gap{GapID: id, Processor: "stripe", PurchaseID: "p-" + id, PurchasedAt: day1 - table.Day, Amount: int64(1000 * (i + 1)),
			Currency: "EUR", Case: gap.DeviceSwitch, PartnerKey: "harbor", Suggest: gap.Reward, Listed: true})
	}
	for _, c := range change {
		c(out)
	}
	return out
}

func decision(g Gap, v review.Verdict) Decision {
	d := Decision{GapID: g.GapID, Verdict: v, Book: "b1", Cell: "Review!B7", RunID: "r1", Note: "as agreed",
		Amount: g.Amount, Refunded: g.Refunded, Currency: g.Currency, Case: g.Case, Suggested: g.PartnerKey}
	if v == review.Approve {
		d.PartnerKey, d.Credit = g.PartnerKey, g.Amount-g.Refunded
	}
	return d
}

func approved(g Gap) *review.Approved {
	return &review.Approved{Key: Key("tea", g.Processor, g.PurchaseID), GapID: g.GapID, RunID: "r1", Processor: g.Processor, PurchaseID: g.PurchaseID,
		CustomerEmail: "ada@mail.example", CustomerName: "Ada", PartnerKey: g.PartnerKey, Amount: g.Amount, Currency: g.Currency, Book: "b1", Note: "as agreed"}
}

func plan(entries ...Entry) Plan {
	return Plan{RunID: "r1", Books: []Book{{SHA256: "b1", Name: "review.xlsx", RunID: "r1", ReviewedBy: "Ann"}}, Entries: entries}
}

// filled gives a value with every field set to something of its own.
func filled(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	for i := range t.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(fmt.Sprintf("text %d = 'ü'", i))
		case reflect.Bool:
			f.SetBool(true)
		default:
			f.SetInt(int64(1_700_000_000_000_000 + i))
		}
	}
	return v
}

// TestApprovedComesBack holds the item to what is approved: a field that is not
// kept would be missing from the files.
func TestApprovedComesBack(t *testing.T) {
	a := filled(reflect.TypeFor[review.Approved]()).Interface().(review.Approved)
	it := itemOf(&a)
	if got := it.Approved(); got != a {
		t.Errorf("approved\n\t%+v\ncomes back as\n\t%+v", a, got)
	}
}

// TestColumns holds the row types to the tables there are, in order.
func TestColumns(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		for name, want := range map[string][]string{
			"run": columns[Run](), "gap": columns[Gap](), "book": columns[Book](), "decision": columns[Decision](), "revision": columns[Revision](),
			"batch": columns[Batch](), "file": columns[File](), "item": columns[Item](), "creation": columns[Creation](), "suppressed": columns[Suppressed](),
		} {
			rows := must(l.db.Query("SELECT * FROM " + name))(t)
			got := must(rows.Columns())(t)
			rows.Close()
			if !slices.Equal(got, want) {
				t.Errorf("%s has the columns\n\t%v\nand the row type\n\t%v", name, got, want)
			}
		}
	})
}

// TestRowsComeBack writes a full row and an empty one of a table without
// references, and reads them.
func TestRowsComeBack(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		full := filled(reflect.TypeFor[Run]()).Interface().(Run)
		full.Version = "a\x00b\xff"
		want := []Run{{}, full}
		want[1].Version = "a�b�"
		check(t, l.write(t.Context(), "testing", func(tx *sql.Tx) error {
			_, err := insert(t.Context(), tx, "run", []Run{full, {}}, "")
			return err
		}))
		if got := must(read[Run](t.Context(), l.db, "run", "ORDER BY as_of"))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestManyRows(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		var many []Gap
		for i := range insertRows*2 + 7 {
			many = append(many, Gap{GapID: fmt.Sprintf("LL-%05d", i), Processor: "stripe", PurchaseID: fmt.Sprint(i), Amount: int64(i), Currency: "EUR"})
		}
		check(t, l.Record(t.Context(), aRun("r1", day1), many, nil, day1))
		got := must(l.Known(t.Context()))(t)
		if len(got) != len(many) || got[len(got)-1] != (Known{many[len(many)-1].GapID, "stripe", fmt.Sprint(len(many) - 1)}) {
			t.Errorf("%d gaps, want %d", len(got), len(many))
		}
	})
}

func TestReopen(t *testing.T) {
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			at := place(t)
			for range 2 {
				l := must(Open(t.Context(), at))(t)
				check(t, l.Serve(t.Context(), "tea"))
				check(t, l.Record(t.Context(), aRun("r1", day1), seen(), nil, day1))
				if n := len(must(l.Runs(t.Context()))(t)); n != 1 {
					t.Errorf("%d runs", n)
				}
				var other *ProgrammeError
				if err := l.Serve(t.Context(), "coffee"); !errors.As(err, &other) || !strings.Contains(err.Error(), `set ledger.programme to "tea"`) {
					t.Errorf("another programme: %v", err)
				}
				check(t, l.Close())
			}
			l := must(Open(t.Context(), at))(t)
			must(l.db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)", true))(t)
			check(t, l.Close())
			if _, err := Open(t.Context(), at); err == nil || !strings.Contains(err.Error(), "use the newer one") {
				t.Errorf("a newer ledger: %v", err)
			}
		})
	}
}

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", Name)
	if Exists(path) {
		t.Error("it exists before it is made")
	}
	l := must(Open(t.Context(), path))(t)
	defer l.Close()
	check(t, l.Serve(t.Context(), "tea"))
	files := must(filepath.Glob(path + "*"))(t)
	if len(files) < 2 || !Exists(path) {
		t.Errorf("files: %v", files)
	}
	for _, f := range files {
		if info := must(os.Stat(f))(t); info.Mode().Perm() != 0o600 {
			t.Errorf("%s is of mode %v", f, info.Mode())
		}
	}
}

func TestSettings(t *testing.T) {
	l := must(Open(t.Context(), filepath.Join(t.TempDir(), Name)))(t)
	defer l.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		check(t, l.db.QueryRow("PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
	_, err := l.db.Exec("INSERT INTO file VALUES ('none', 'a', 'b', 1)")
	if err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") {
		t.Errorf("a file of no batch: %v", err)
	}
	if _, err := l.db.Exec("UPDATE goose_db_version SET tstamp = 1"); err != nil {
		t.Error(err)
	}
	if _, err := l.db.Exec("INSERT INTO run VALUES ('r', 'v', 'no number', 0, 0, 0, 0, 0)"); err == nil {
		t.Error("text is taken for a number: the tables are not strict")
	}
}

func TestOpenFails(t *testing.T) {
	broken := filepath.Join(t.TempDir(), Name)
	check(t, os.WriteFile(broken, []byte(strings.Repeat("no database at all\n", 100)), 0o600))
	if _, err := Open(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "bring it back from a copy") {
		t.Errorf("a broken file: %v", err)
	}
	for _, place := range []string{"postgres://jo:tops3cret@127.0.0.1:1/db", "postgres://jo:tops3cret@nowhere.example:x/db"} {
		_, err := Open(t.Context(), place)
		if err == nil || strings.Contains(err.Error(), "tops3cret") {
			t.Errorf("%v", err)
		}
	}
	for url, wrong := range map[string]string{"postgres://jo:pw@h/db": "", "mysql://h": "does not begin with postgres://", "postgres://jo:pw@h:x/db": "is no address of a PostgreSQL database"} {
		if got := CheckURL(url); got != wrong {
			t.Errorf("%s: %q, want %q", url, got, wrong)
		}
	}
}

func TestLock(t *testing.T) {
	place := postgres.URL(t)
	first, second := must(Open(t.Context(), place))(t), must(Open(t.Context(), place))(t)
	other := must(Open(t.Context(), postgres.URL(t)))(t)
	defer second.Close()
	defer other.Close()
	check(t, first.Lock(t.Context()))
	check(t, first.Lock(t.Context()))
	check(t, other.Lock(t.Context()))
	if err := second.Lock(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("a second run: %v", err)
	}
	check(t, first.Serve(t.Context(), "tea")) // the lock leaves a connection
	check(t, first.Close())
	check(t, second.Lock(t.Context()))
}

// TestNight goes from a run over decisions to what later runs say.
func TestNight(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		gs := seen()
		check(t, l.Record(ctx, aRun("r1", day1), gs, nil, day1))
		if got := groups(t, l); got != "open 3 60.00" {
			t.Errorf("after the run: %s", got)
		}
		a, b, c := gs[0], gs[1], gs[2]
		p := plan(Entry{decision(a, review.Approve), approved(a)}, Entry{Decision: decision(b, review.Decline)}, Entry{Decision: decision(c, review.Ask)})
		done := must(l.Apply(ctx, p, day1))(t)
		if done.Batch != "r1.1" || done.Recorded != 3 || done.Claimed != 1 || len(done.Doubled) != 0 {
			t.Errorf("%+v", done)
		}
		if got := groups(t, l); got != "asked 1 30.00, approved 1 10.00, declined 1 20.00" {
			t.Errorf("after apply: %s", got)
		}
		open := must(l.Unfinished(ctx))(t)
		items := must(l.Items(ctx, "r1.1"))(t)
		if len(open) != 1 || open[0].BatchID != "r1.1" || len(items) != 1 || items[0].Approved().CustomerEmail != "ada@mail.example" || items[0].DecidedAt != day1 {
			t.Errorf("unfinished %+v, items %+v", open, items)
		}
		e := Emission{Files: []File{{Name: "a.csv", SHA256: "f1", Bytes: 3}}, Creations: []Creation{{ID: "reward 1", Key: items[0].Key, Kind: "reward", Via: "file", State: StateEmitted, Place: "a.csv", Hash: "f1"}}}
		check(t, l.Emitted(ctx, "r1.1", e, day1))
		check(t, l.Emitted(ctx, "r1.1", e, day1))
		if got := groups(t, l); got != "asked 1 30.00, created 1 10.00, declined 1 20.00" {
			t.Errorf("when emitted: %s", got)
		}

		// The next night the same run says the same.
		check(t, l.Record(ctx, aRun("r1", day1), gs, nil, day2))
		if got := groups(t, l); got != "asked 1 30.00, created 1 10.00, declined 1 20.00" {
			t.Errorf("the same run again: %s", got)
		}
		// A later one has the first credited as wished, the second in part refunded.
		check(t, l.Record(ctx, aRun("r2", day2), seen(func(g []Gap) { g[1].Refunded = 500 })[1:], []Fate{{GapID: a.GapID, Place: gap.Attributed, CreditedTo: "harbor"}}, day2))
		if got := groups(t, l); got != "asked 1 30.00, confirmed 1 10.00, declined 1 15.00, revised 1 15.00" {
			t.Errorf("a later run: %s", got)
		}
		st := must(l.Status(ctx))(t)
		if len(st.Changed) != 1 || fmt.Sprint(st.Changed[0].Changes()) != "[the amount given back was EUR 0.00, is EUR 5.00]" {
			t.Errorf("changed: %v", st.Changed)
		}
		// A run of earlier days overwrites nothing.
		check(t, l.Record(ctx, aRun("r0", day1-table.Day), seen(), []Fate{{GapID: b.GapID, Place: gap.ExcludedRefunded}}, day2))
		if got := groups(t, l); got != "asked 1 30.00, confirmed 1 10.00, declined 1 15.00, revised 1 15.00" {
			t.Errorf("an earlier run: %s", got)
		}
		// The platform's record goes, the third is credited to somebody.
		check(t, l.Record(ctx, aRun("r3", day3), seen(func(g []Gap) { g[1].Refunded = 500 })[:2], []Fate{{GapID: c.GapID, Place: gap.Attributed, CreditedTo: "maple"}}, day3))
		if got := groups(t, l); got != "confirmed 1 10.00, declined 1 15.00, settled 1 30.00, revised 2 25.00" {
			t.Errorf("a third run: %s", got)
		}
		d := must(l.Dump(ctx))(t)
		var revisions []string
		for _, r := range d.Revisions {
			revisions = append(revisions, fmt.Sprintf("%s %s %s>%s %s", r.GapID, r.What, r.Was, r.Became, r.RunID))
		}
		if want := []string{"LL-A the platform's record of it there>gone r3", "LL-B the amount given back EUR 0.00>EUR 5.00 r2"}; !slices.Equal(revisions, want) {
			t.Errorf("revisions %q, want %q", revisions, want)
		}
		if len(d.Gaps) != 3 || d.Gaps[0].FirstRun != "r1" || d.Gaps[0].LastRun != "r3" || d.Gaps[2].LastRun != "r2" || d.Gaps[2].Place != gap.Attributed || d.Gaps[2].CreditedTo != "maple" {
			t.Errorf("gaps %+v", d.Gaps)
		}
		if len(d.Creations) != 1 || len(d.Files) != 1 || len(d.Books) != 1 || len(d.Decisions) != 3 || len(d.Batches) != 1 || len(d.Items) != 1 || len(d.Runs) != 4 {
			t.Errorf("dump %+v", d)
		}
	})
}

// groups writes the totals of a ledger in one line.
func groups(t *testing.T, l *Ledger) string {
	t.Helper()
	st := must(l.Status(t.Context()))(t)
	var out []string
	for _, g := range Groups() {
		if s := st.Totals[g]; s != nil {
			out = append(out, fmt.Sprintf("%s %d %s", g, s.Count, table.FormatAmount(s.Minor["EUR"], "EUR")))
		}
	}
	return strings.Join(out, ", ")
}

// TestOnce: a purchase is never claimed twice, whatever else is different.
func TestOnce(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		gs := seen()
		check(t, l.Record(ctx, aRun("r1", day1), gs, nil, day1))
		first := plan(Entry{decision(gs[0], review.Approve), approved(gs[0])})
		must(l.Apply(ctx, first, day1))(t)

		again := must(l.Apply(ctx, first, day2))(t)
		if again.Batch != "" || again.Recorded != 0 || len(again.Doubled) != 1 || again.Doubled[0].What != "" {
			t.Errorf("the same again: %+v", again)
		}
		other := approved(gs[0])
		other.PartnerKey, other.Amount = "maple", 900
		d := decision(gs[0], review.Approve)
		d.PartnerKey, d.Book = "maple", "b2"
		p := plan(Entry{d, other}, Entry{decision(gs[1], review.Approve), approved(gs[1])})
		p.Books = append(p.Books, Book{SHA256: "b2", Name: "b.xlsx", RunID: "r1"})
		mixed := must(l.Apply(ctx, p, day2))(t)
		if mixed.Batch != "r1.2" || mixed.Recorded != 1 || mixed.Claimed != 1 || len(mixed.Doubled) != 1 || mixed.Doubled[0].What != "partner harbor, not maple; EUR 10.00, not EUR 9.00" {
			t.Errorf("another partner and amount: %+v", mixed)
		}
		dump := must(l.Dump(ctx))(t)
		if len(dump.Items) != 2 || len(dump.Decisions) != 2 || len(dump.Suppressed) != 2 {
			t.Errorf("%d items, %d decisions, %d suppressed", len(dump.Items), len(dump.Decisions), len(dump.Suppressed))
		}
		for _, it := range dump.Items {
			if it.PartnerKey != "harbor" {
				t.Errorf("item of %s: partner %s", it.GapID, it.PartnerKey)
			}
		}
	})
}

// TestRefusedAgain: what was refused on its way can be claimed anew.
func TestRefusedAgain(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		gs := seen()
		check(t, l.Record(ctx, aRun("r1", day1), gs, nil, day1))
		p := plan(Entry{decision(gs[0], review.Approve), approved(gs[0])}, Entry{decision(gs[1], review.Approve), approved(gs[1])})
		must(l.Apply(ctx, p, day1))(t)
		key := approved(gs[0]).Key
		check(t, l.Emitted(ctx, "r1.1", Emission{Refused: map[string]string{key: "no e-mail"}, Creations: []Creation{{ID: "customer 1", Key: key, Kind: "customer", Via: "file", State: StateRefused}}}, day1))
		if got := groups(t, l); got != "open 1 30.00, created 1 20.00, failed 1 10.00" {
			t.Errorf("after the refusal: %s", got)
		}
		mended := approved(gs[0])
		mended.CustomerEmail = "ada@new.example"
		p.Entries[0].Approved = mended
		again := must(l.Apply(ctx, p, day2))(t)
		if again.Batch != "r1.2" || again.Claimed != 1 || len(again.Doubled) != 1 {
			t.Errorf("%+v", again)
		}
		items := must(l.Items(ctx, "r1.2"))(t)
		if len(items) != 1 || items[0].CustomerEmail != "ada@new.example" || items[0].Reason != "" || items[0].Seq != 2 || len(must(l.Creations(ctx))(t)) != 0 {
			t.Errorf("%+v", items)
		}
		if err := l.Settle(ctx, "none", StateConfirmed, "", day2); err == nil {
			t.Error("an item that is not there was settled")
		}
		check(t, l.Settle(ctx, key, StateConfirmed, "", day2))
		check(t, l.Put(ctx, day2, Creation{ID: "customer 1", Key: key, Kind: "customer", Via: "api", State: StateSent}, Creation{ID: "reward 1", Key: key, Kind: "reward", Via: "api", State: StateSent}))
		check(t, l.Put(ctx, day3, Creation{ID: "customer 1", Key: key, Kind: "customer", Via: "api", State: StateConfirmed, Place: "cust_1"}))
		got := must(l.Creations(ctx))(t)
		if len(got) != 2 || got[0].Place != "cust_1" || got[0].ChangedAt != day3 || got[1].State != StateSent {
			t.Errorf("%+v", got)
		}
	})
}

// TestAllOrNothing: a plan with an entry that cannot be stored leaves nothing.
func TestAllOrNothing(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		gs := seen()
		check(t, l.Record(t.Context(), aRun("r1", day1), gs[:1], nil, day1))
		p := plan(Entry{decision(gs[0], review.Approve), approved(gs[0])}, Entry{Decision: decision(gs[1], review.Decline)})
		if _, err := l.Apply(t.Context(), p, day1); err == nil {
			t.Fatal("a decision on a gap that was never reported was stored")
		}
		if d := must(l.Dump(t.Context()))(t); len(d.Books)+len(d.Decisions)+len(d.Items)+len(d.Batches) != 0 {
			t.Errorf("something was stored: %+v", d)
		}
	})
}

func TestForget(t *testing.T) {
	both(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		gs := seen()
		check(t, l.Record(ctx, aRun("r1", day1), gs, nil, day1))
		bob := approved(gs[1])
		bob.CustomerEmail, bob.CustomerName = "bob@mail.example", "Bob"
		must(l.Apply(ctx, plan(Entry{decision(gs[0], review.Approve), approved(gs[0])}, Entry{decision(gs[1], review.Approve), bob}, Entry{Decision: decision(gs[2], review.Decline)}), day1))(t)
		got := must(l.Forget(ctx, []string{gs[2].GapID}, []string{"ADA@mail.example"}, day2))(t)
		if got != (Forgotten{Notes: 2, Items: 1}) {
			t.Errorf("%+v", got)
		}
		dump := must(l.Dump(ctx))(t)
		if text := fmt.Sprintf("%+v", dump); strings.Contains(text, "ada@") || strings.Contains(text, "Ada") || !strings.Contains(text, "bob@") {
			t.Errorf("left: %s", text)
		}
		for _, d := range dump.Decisions {
			if (d.Note == "") != (d.GapID != gs[1].GapID) {
				t.Errorf("the note on %s is %q", d.GapID, d.Note)
			}
		}
		if got := groups(t, l); got != "approved 1 20.00, failed 1 10.00, declined 1 30.00" {
			t.Errorf("%s", got)
		}
		if got := must(l.Forget(ctx, []string{gs[2].GapID}, []string{"ada@mail.example"}, day2))(t); got != (Forgotten{}) {
			t.Errorf("again: %+v", got)
		}
	})
}

func TestChanges(t *testing.T) {
	base := seen()[0]
	for name, tc := range map[string]struct {
		verdict review.Verdict
		change  func(g *Gap)
		item    State
		want    string
	}{
		"nothing":          {review.Decline, func(*Gap) {}, "", "[]"},
		"amount":           {review.Decline, func(g *Gap) { g.Amount = 900 }, "", "[the amount was EUR 10.00, is EUR 9.00]"},
		"currency":         {review.Approve, func(g *Gap) { g.Currency = "USD" }, StateEmitted, "[the amount was EUR 10.00, is USD 10.00]"},
		"refund":           {review.Approve, func(g *Gap) { g.Refunded = 100 }, StateEmitted, "[the amount given back was EUR 0.00, is EUR 1.00]"},
		"partner":          {review.Decline, func(g *Gap) { g.PartnerKey = "" }, "", "[the partner suggested was harbor, is nobody]"},
		"case":             {review.Decline, func(g *Gap) { g.Case = gap.CookieExpired }, "", "[the case was device_switch, is cookie_expired]"},
		"refunded":         {review.Approve, func(g *Gap) { g.Place = gap.ExcludedRefunded }, StateEmitted, "[the purchase was a gap, is excluded: fully refunded]"},
		"credited as told": {review.Approve, func(g *Gap) { g.Place, g.CreditedTo = gap.Attributed, "harbor" }, StateEmitted, "[]"},
		"credited":         {review.Approve, func(g *Gap) { g.Place, g.CreditedTo = gap.Attributed, "maple" }, StateEmitted, "[the partner the platform credits was harbor, is maple]"},
		"credited, no":     {review.Decline, func(g *Gap) { g.Place, g.CreditedTo = gap.Attributed, "maple" }, "", "[the partner the platform credits was nobody, is maple]"},
		"gone":             {review.Approve, func(*Gap) {}, StateConfirmed, "[the platform's record of it was there, is gone]"},
		"asked":            {review.Ask, func(g *Gap) { g.Amount = 1 }, "", "[]"},
	} {
		g, d := base, decision(base, tc.verdict)
		tc.change(&g)
		var it *Item
		if tc.item != "" {
			it = &Item{State: tc.item}
		}
		if got := fmt.Sprint(Changes(&d, &g, it)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestKey(t *testing.T) {
	// It is in people's ledgers: another one would pay them again.
	if got, want := Key("tea", "stripe", "p-1"), "883c70bc7f0352b0eda99d72e54ca744"; got != want {
		t.Errorf("the key of a purchase was %s and is %s", want, got)
	}
	seen := map[string]bool{}
	for _, k := range []string{Key("tea", "stripe", "p-1"), Key("tea", "stripe", "p-2"), Key("tea", "paypal", "p-1"), Key("coffee", "stripe", "p-1"), Key("teas", "tripe", "p-1")} {
		if seen[k] {
			t.Error("two purchases have one key")
		}
		seen[k] = true
	}
}
