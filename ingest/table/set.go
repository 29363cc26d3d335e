package table

import "github.com/apache/arrow/go/v15/arrow/memory"

// Kind names a table.
type Kind string

// The twelve tables.
const (
	Clicks       Kind = "clicks"
	Visits       Kind = "visits"
	Signups      Kind = "signups"
	Purchases    Kind = "purchases"
	Customers    Kind = "customers"
	Transactions Kind = "transactions"
	Rewards      Kind = "rewards"
	Links        Kind = "links"
	Partners     Kind = "partners"
	PageChecks   Kind = "page_checks"
	Consents     Kind = "consents"
	Claims       Kind = "claims"
)

// Kinds lists the tables in the order they are documented.
func Kinds() []Kind {
	return []Kind{Clicks, Visits, Signups, Purchases, Customers, Transactions, Rewards, Links, Partners, PageChecks, Consents, Claims}
}

// ColumnsOf lists the columns of a table by its name; nil for no such table.
func ColumnsOf(k Kind) []Column {
	switch k {
	case Clicks:
		return Columns[Click]()
	case Visits:
		return Columns[Visit]()
	case Signups:
		return Columns[Signup]()
	case Purchases:
		return Columns[Purchase]()
	case Customers:
		return Columns[Customer]()
	case Transactions:
		return Columns[Transaction]()
	case Rewards:
		return Columns[Reward]()
	case Links:
		return Columns[Link]()
	case Partners:
		return Columns[Partner]()
	case PageChecks:
		return Columns[PageCheck]()
	case Consents:
		return Columns[Consent]()
	case Claims:
		return Columns[Claim]()
	}
	return nil
}

// Set is everything a run has read. A nil table means that no source for it is
// configured or could be read, which is not the same as an empty one: findings
// that need it abstain.
type Set struct {
	Files        []string // by Pos.File
	Clicks       *Table[Click]
	Visits       *Table[Visit]
	Signups      *Table[Signup]
	Purchases    *Table[Purchase]
	Customers    *Table[Customer]
	Transactions *Table[Transaction]
	Rewards      *Table[Reward]
	Links        *Table[Link]
	Partners     *Table[Partner]
	PageChecks   *Table[PageCheck]
	Consents     *Table[Consent]
	Claims       *Table[Claim]
}

// Has tells whether the set holds the table at all.
func (s *Set) Has(k Kind) bool {
	switch k {
	case Clicks:
		return s.Clicks != nil
	case Visits:
		return s.Visits != nil
	case Signups:
		return s.Signups != nil
	case Purchases:
		return s.Purchases != nil
	case Customers:
		return s.Customers != nil
	case Transactions:
		return s.Transactions != nil
	case Rewards:
		return s.Rewards != nil
	case Links:
		return s.Links != nil
	case Partners:
		return s.Partners != nil
	case PageChecks:
		return s.PageChecks != nil
	case Consents:
		return s.Consents != nil
	case Claims:
		return s.Claims != nil
	}
	return false
}

// Sink is where sources put their rows: one builder a table, made when the
// first source asks for it.
type Sink struct {
	// Divert, if set, is given every visit and click instead of its table, once
	// the table would take it. The row is overwritten by the next.
	Divert func(v *Visit, c *Click)
	// Screen, if set, is shown every row before it is taken, may change it, and
	// says whether it stays. The row is a pointer to one of the row types.
	Screen func(row any) bool

	mem          memory.Allocator
	clicks       *Builder[Click]
	visits       *Builder[Visit]
	signups      *Builder[Signup]
	purchases    *Builder[Purchase]
	customers    *Builder[Customer]
	transactions *Builder[Transaction]
	rewards      *Builder[Reward]
	links        *Builder[Link]
	partners     *Builder[Partner]
	pageChecks   *Builder[PageCheck]
	consents     *Builder[Consent]
	claims       *Builder[Claim]
}

// NewSink makes an empty sink whose buffers come from mem.
func NewSink(mem memory.Allocator) *Sink { return &Sink{mem: mem} }

func builder[T Row](s *Sink, b **Builder[T]) *Builder[T] {
	if *b == nil {
		*b = NewBuilder[T](s.mem)
	}
	return *b
}

// Each method gives the builder of one table. Asking for it makes the table
// present in the set even when no row follows.
func (s *Sink) Clicks() *Builder[Click]             { return builder(s, &s.clicks) }
func (s *Sink) Visits() *Builder[Visit]             { return builder(s, &s.visits) }
func (s *Sink) Signups() *Builder[Signup]           { return builder(s, &s.signups) }
func (s *Sink) Purchases() *Builder[Purchase]       { return builder(s, &s.purchases) }
func (s *Sink) Customers() *Builder[Customer]       { return builder(s, &s.customers) }
func (s *Sink) Transactions() *Builder[Transaction] { return builder(s, &s.transactions) }
func (s *Sink) Rewards() *Builder[Reward]           { return builder(s, &s.rewards) }
func (s *Sink) Links() *Builder[Link]               { return builder(s, &s.links) }
func (s *Sink) Partners() *Builder[Partner]         { return builder(s, &s.partners) }
func (s *Sink) PageChecks() *Builder[PageCheck]     { return builder(s, &s.pageChecks) }
func (s *Sink) Consents() *Builder[Consent]         { return builder(s, &s.consents) }
func (s *Sink) Claims() *Builder[Claim]             { return builder(s, &s.claims) }

// Ask makes a table present in the set.
func (s *Sink) Ask(k Kind) {
	switch k {
	case Clicks:
		s.Clicks()
	case Visits:
		s.Visits()
	case Signups:
		s.Signups()
	case Purchases:
		s.Purchases()
	case Customers:
		s.Customers()
	case Transactions:
		s.Transactions()
	case Rewards:
		s.Rewards()
	case Links:
		s.Links()
	case Partners:
		s.Partners()
	case PageChecks:
		s.PageChecks()
	case Consents:
		s.Consents()
	case Claims:
		s.Claims()
	}
}

// Absorb appends the rows of another sink, without copying them; its tables are
// present in this one from then on. The other must not be used again.
func (s *Sink) Absorb(o *Sink) {
	absorb(s.Clicks, o.clicks)
	absorb(s.Visits, o.visits)
	absorb(s.Signups, o.signups)
	absorb(s.Purchases, o.purchases)
	absorb(s.Customers, o.customers)
	absorb(s.Transactions, o.transactions)
	absorb(s.Rewards, o.rewards)
	absorb(s.Links, o.links)
	absorb(s.Partners, o.partners)
	absorb(s.PageChecks, o.pageChecks)
	absorb(s.Consents, o.consents)
	absorb(s.Claims, o.claims)
}

// Traffic gives a sink with only the clicks and visits of this one, which must
// not be used again.
func (s *Sink) Traffic() *Sink { return &Sink{mem: s.mem, clicks: s.clicks, visits: s.visits} }

// Others gives a sink with all but the clicks and visits of this one, which must
// not be used again.
func (s *Sink) Others() *Sink {
	o := *s
	o.clicks, o.visits = nil, nil
	return &o
}

func absorb[T Row](into func() *Builder[T], from *Builder[T]) {
	if from != nil {
		into().absorb(from)
	}
}

// Set ends all building. The sink must not be used again.
func (s *Sink) Set(files []string) *Set {
	return &Set{Files: files, Clicks: finish(s.clicks), Visits: finish(s.visits), Signups: finish(s.signups),
		Purchases: finish(s.purchases), Customers: finish(s.customers), Transactions: finish(s.transactions),
		Rewards: finish(s.rewards), Links: finish(s.links), Partners: finish(s.partners),
		PageChecks: finish(s.pageChecks), Consents: finish(s.consents), Claims: finish(s.claims)}
}

func finish[T Row](b *Builder[T]) *Table[T] {
	if b == nil {
		return nil
	}
	return b.Table()
}

// Peek gives what was built so far; building goes on. The set is only valid
// until the sink is used again.
func (s *Sink) Peek(files []string) *Set {
	return &Set{Files: files, Clicks: peek(s.clicks), Visits: peek(s.visits), Signups: peek(s.signups),
		Purchases: peek(s.purchases), Customers: peek(s.customers), Transactions: peek(s.transactions),
		Rewards: peek(s.rewards), Links: peek(s.links), Partners: peek(s.partners),
		PageChecks: peek(s.pageChecks), Consents: peek(s.consents), Claims: peek(s.claims)}
}

func peek[T Row](b *Builder[T]) *Table[T] {
	if b == nil {
		return nil
	}
	b.flush()
	return &Table[T]{records: b.records}
}

// Release gives the memory of all tables back.
func (s *Set) Release() {
	s.Clicks.Release()
	s.Visits.Release()
	s.Signups.Release()
	s.Purchases.Release()
	s.Customers.Release()
	s.Transactions.Release()
	s.Rewards.Release()
	s.Links.Release()
	s.Partners.Release()
	s.PageChecks.Release()
	s.Consents.Release()
	s.Claims.Release()
}
