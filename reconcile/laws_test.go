package reconcile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
)

// lawful are the vendors the laws are tried on.
func lawful(t *testing.T) []*vendor {
	t.Helper()
	var out []*vendor
	for seed := range uint64(5) {
		out = append(out, makeVendor(t, small(seed+200)))
	}
	return out
}

func run(t *testing.T, set *table.Set, opt reconcile.Options) *gap.Result {
	t.Helper()
	res, err := reconcile.Run(set, opt)
	if err != nil {
		t.Fatal(err) // the tie-out is part of every law
	}
	return res
}

// verdicts writes a result without the positions of its rows, a line per item.
func verdicts(t *testing.T, res *gap.Result) []string {
	t.Helper()
	r := *res
	r.Gaps, r.Contested = slices.Clone(r.Gaps), slices.Clone(r.Contested)
	var out []string
	add := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, position.ReplaceAllString(string(data), `"row"`))
	}
	for _, g := range r.Gaps {
		g.Timeline = placeless(g.Timeline)
		add(g)
	}
	for _, c := range r.Contested {
		c.Timeline = placeless(c.Timeline)
		add(c)
	}
	r.Gaps, r.Contested = nil, nil
	add(r)
	return out
}

// position is a [gap.Row] in JSON.
var position = regexp.MustCompile(`\{"file":"[^"]*","line":\d+\}`)

// placeless orders the events of one moment by what they say: they have no
// order of their own.
func placeless(events []gap.Event) []gap.Event {
	out := slices.Clone(events)
	for i := range out {
		out[i].Row = gap.Row{}
	}
	slices.SortStableFunc(out, func(a, b gap.Event) int {
		return strings.Compare(fmt.Sprintf("%020d %v", a.At, a), fmt.Sprintf("%020d %v", b.At, b))
	})
	return out
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d items, were %d", what, len(got), len(want))
		return
	}
	bad := 0
	for i := range want {
		if want[i] != got[i] {
			if bad++; bad <= 3 {
				t.Errorf("%s:\nwas %s\nis  %s", what, want[i], got[i])
			}
		}
	}
	if bad > 3 {
		t.Errorf("%s: %d items differ in all", what, bad)
	}
}

func TestTwoRunsAreEqual(t *testing.T) {
	for _, v := range lawful(t) {
		if !reflect.DeepEqual(run(t, v.set, v.opt), run(t, v.set, v.opt)) {
			t.Errorf("seed %d: two runs over the same records differ", v.Options.Seed)
		}
	}
}

func TestRankings(t *testing.T) {
	n := 0
	for _, v := range lawful(t) {
		for _, g := range run(t, v.set, v.opt).Gaps {
			n++
			sum, top := 0.0, 0.0
			for _, p := range g.Ranking {
				sum, top = sum+p, max(top, p)
			}
			if len(g.Ranking) != len(gap.Cases()) || math.Abs(sum-1) > 0.001 {
				t.Errorf("%s: %d slugs, together %g", g.PurchaseID, len(g.Ranking), sum)
			}
			if g.Ranking[g.Case] != g.Probability || g.Probability != top || g.RunnerUp == g.Case || g.Ranking[g.RunnerUp] > g.Probability {
				t.Errorf("%s: %s at %g is not the first of %v, or %s not the second", g.PurchaseID, g.Case, g.Probability, g.Ranking, g.RunnerUp)
			}
			if (g.PartnerKey == "") != (g.Case == gap.NoPartnerSignal) {
				t.Errorf("%s: %s with partner %q", g.PurchaseID, g.Case, g.PartnerKey)
			}
			if g.Case == gap.NoPartnerSignal && g.Suggest != gap.None {
				t.Errorf("%s: %s, suggested: %s", g.PurchaseID, g.Case, g.Suggest)
			}
			if g.Reason == "" || len(g.Timeline) == 0 || g.GapID == "" {
				t.Errorf("%s: reason %q, %d events, id %q", g.PurchaseID, g.Reason, len(g.Timeline), g.GapID)
			}
		}
	}
	if n < 300 {
		t.Errorf("%d gaps only", n)
	}
}

// The order of the rows in the vendor's files means nothing.
func TestShuffledRows(t *testing.T) {
	for _, v := range lawful(t) {
		rng := rand.New(rand.NewPCG(v.Options.Seed, 1))
		moved := map[table.Pos]table.Pos{} // of visits, which landing clicks point at
		shuffled := edit{
			visits: func(rows []table.Visit) []table.Visit {
				old := make([]table.Pos, len(rows))
				for i := range rows {
					old[i] = rows[i].Pos
				}
				order := rng.Perm(len(rows))
				out := make([]table.Visit, len(rows))
				for i, k := range order {
					out[i] = rows[k]
					out[i].Pos = old[i]
					moved[rows[k].Pos] = old[i]
				}
				return out
			},
			clicks: func(rows []table.Click) []table.Click {
				for i := range rows {
					if to, ok := moved[rows[i].Pos]; ok {
						rows[i].Pos = to
					}
				}
				return rows
			},
			signups:      shuffle(rng, func(r *table.Signup) *table.Pos { return &r.Pos }),
			purchases:    shuffle(rng, func(r *table.Purchase) *table.Pos { return &r.Pos }),
			customers:    shuffle(rng, func(r *table.Customer) *table.Pos { return &r.Pos }),
			transactions: shuffle(rng, func(r *table.Transaction) *table.Pos { return &r.Pos }),
			links:        shuffle(rng, func(r *table.Link) *table.Pos { return &r.Pos }),
			partners:     shuffle(rng, func(r *table.Partner) *table.Pos { return &r.Pos }),
			pageChecks:   shuffle(rng, func(r *table.PageCheck) *table.Pos { return &r.Pos }),
			consents:     shuffle(rng, func(r *table.Consent) *table.Pos { return &r.Pos }),
			claims:       shuffle(rng, func(r *table.Claim) *table.Pos { return &r.Pos }),
		}
		// Visits first: the clicks follow where they went.
		set := edit{visits: shuffled.visits}.apply(t, v.set)
		shuffled.visits = nil
		set = shuffled.apply(t, set)
		same(t, fmt.Sprintf("seed %d", v.Options.Seed), verdicts(t, run(t, v.set, v.opt)), verdicts(t, run(t, set, v.opt)))
	}
}

// shuffle puts rows into another order; the positions stay where they were.
func shuffle[T table.Row](rng *rand.Rand, at func(*T) *table.Pos) func([]T) []T {
	return func(rows []T) []T {
		old := make([]table.Pos, len(rows))
		for i := range rows {
			old[i] = *at(&rows[i])
		}
		rng.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
		for i := range rows {
			*at(&rows[i]) = old[i]
		}
		return rows
	}
}

// Exports that overlap add duplicates and nothing else.
func TestOverlappingExports(t *testing.T) {
	for _, v := range lawful(t) {
		rng := rand.New(rand.NewPCG(v.Options.Seed, 2))
		extra, minor := 0, map[string]int64{}
		set := edit{purchases: func(rows []table.Purchase) []table.Purchase {
			for i, n := 0, len(rows); i < n; i++ {
				if rng.IntN(3) == 0 {
					again := rows[i]
					again.Line += int64(n)
					rows = append(rows, again)
					extra++
					minor[again.Currency] += again.Amount
				}
			}
			return rows
		}}.apply(t, v.set)
		before, after := run(t, v.set, v.opt), run(t, set, v.opt)
		was, is := before.TieOut, after.TieOut
		if is.Placed[gap.Duplicate].Count != count(was.Placed[gap.Duplicate])+extra || is.Read.Count != was.Read.Count+extra {
			t.Errorf("seed %d: %d rows twice; duplicates %v, were %v", v.Options.Seed, extra, is.Placed[gap.Duplicate], was.Placed[gap.Duplicate])
		}
		for c, m := range minor {
			if is.Read.Minor[c]-was.Read.Minor[c] != m {
				t.Errorf("seed %d: %s read %d more, want %d", v.Options.Seed, c, is.Read.Minor[c]-was.Read.Minor[c], m)
			}
		}
		for _, res := range []*gap.Result{before, after} {
			res.TieOut.Read = gap.Sum{}
			delete(res.TieOut.Placed, gap.Duplicate)
		}
		same(t, fmt.Sprintf("seed %d", v.Options.Seed), verdicts(t, before), verdicts(t, after))
	}
}

func count(s *gap.Sum) int {
	if s == nil {
		return 0
	}
	return s.Count
}

// What the platform has recorded can only make gaps fewer.
func TestMoreTransactionsNeverMoreGaps(t *testing.T) {
	fewer := 0
	for _, v := range lawful(t) {
		before := map[string]bool{}
		for _, g := range run(t, v.set, v.opt).Gaps {
			before[g.GapID] = true
		}
		for try := range 12 {
			rng := rand.New(rand.NewPCG(v.Options.Seed, uint64(try)))
			purchases, recorded := v.set.Purchases.Rows(), v.set.Transactions.Rows()
			var tx table.Transaction
			switch p := purchases[rng.IntN(len(purchases))]; try % 4 {
			case 0: // by e-mail, a little later
				tx = table.Transaction{CreatedAt: p.PurchasedAt + table.Time(rng.IntN(80))*table.Hour, Amount: p.Amount, Currency: p.Currency, Email: p.Email, CustomerKey: p.CustomerKey}
			case 1: // by the payment's id
				tx = table.Transaction{CreatedAt: p.PurchasedAt + table.Hour, Amount: p.Amount, Currency: p.Currency, PurchaseID: p.PurchaseID}
			case 2: // recorded again
				tx = recorded[rng.IntN(len(recorded))]
			case 3: // at another time, without the payment's id
				tx = recorded[rng.IntN(len(recorded))]
				tx.CreatedAt += table.Time(rng.IntN(200)-100) * table.Hour
				tx.PurchaseID = ""
			}
			tx.Pos, tx.TransactionKey = table.Pos{Line: 1}, fmt.Sprintf("added%d", try)
			set := edit{transactions: func(rows []table.Transaction) []table.Transaction { return append(rows, tx) }}.apply(t, v.set)
			after := run(t, set, v.opt).Gaps
			for _, g := range after {
				if !before[g.GapID] {
					t.Errorf("seed %d, try %d: the transaction %+v made %s a gap", v.Options.Seed, try, tx, g.PurchaseID)
				}
			}
			if len(after) < len(before) {
				fewer++
			}
		}
	}
	if fewer == 0 {
		t.Error("no transaction filled a gap: the law was not tried")
	}
}

// Sources that are not there must not make anything up: with a table less, the
// run still ties out, says what is missing, and no purchase changes its place
// but by the platform's own tables.
func TestMissingTables(t *testing.T) {
	v := makeVendor(t, small(205))
	places := func(res *gap.Result) map[gap.Place]int {
		m := map[gap.Place]int{}
		for p, s := range res.TieOut.Placed {
			m[p] = s.Count
		}
		return m
	}
	whole := places(run(t, v.set, v.opt))
	for _, k := range table.Kinds() {
		if k == table.Purchases || !v.set.Has(k) {
			continue
		}
		set := *v.set
		switch k {
		case table.Clicks:
			set.Clicks = nil
		case table.Visits:
			set.Visits = nil
		case table.Signups:
			set.Signups = nil
		case table.Customers:
			set.Customers = nil
		case table.Transactions:
			set.Transactions = nil
		case table.Rewards:
			set.Rewards = nil
		case table.Links:
			set.Links = nil
		case table.Partners:
			set.Partners = nil
		case table.PageChecks:
			set.PageChecks = nil
		case table.Consents:
			set.Consents = nil
		case table.Claims:
			set.Claims = nil
		}
		res := run(t, &set, v.opt)
		if k != table.Rewards && !slices.ContainsFunc(res.Missing, func(m gap.MissingSource) bool { return m.Table == k && m.Tells != "" }) {
			t.Errorf("without %s: the result does not say that it is missing", k)
		}
		got := places(res)
		switch k {
		case table.Transactions:
			if got[gap.Attributed] != 0 || got[gap.Unattributed] != whole[gap.Attributed]+whole[gap.Unattributed] {
				t.Errorf("without %s: %v, were %v", k, got, whole)
			}
		case table.Signups, table.Customers, table.Visits: // they tie people together
			if got[gap.Attributed] > whole[gap.Attributed] {
				t.Errorf("without %s: %v, were %v", k, got, whole)
			}
		default:
			if !maps.Equal(got, whole) {
				t.Errorf("without %s: %v, were %v", k, got, whole)
			}
		}
	}
	set := *v.set
	set.Purchases = nil
	if _, err := reconcile.Run(&set, v.opt); err == nil || !strings.Contains(err.Error(), "payments") {
		t.Errorf("without purchases: %v, want an error that says so", err)
	}
}
