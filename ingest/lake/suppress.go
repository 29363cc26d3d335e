package lake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unsafe"

	"github.com/zeebo/xxh3"

	"lostlink/ingest/email"
	"lostlink/ingest/table"
)

// Suppression is the list of people who were erased, by keyed hashes. Who reads
// inputs asks it about every row, so that nobody comes back. A nil one is empty.
type Suppression struct {
	key       []byte
	emails    map[string]bool // hidden
	variants  map[string]bool // loose parts of hidden ones
	visitors  map[string]bool
	customers map[string]bool // ids and keys of theirs
}

// What the catalog's table suppressed holds.
const (
	whatEmail    = "email"
	whatVariants = "variants"
	whatVisitor  = "visitor"
	whatCustomer = "customer"
)

func newSuppression(key []byte) *Suppression {
	return &Suppression{key: key, emails: map[string]bool{}, variants: map[string]bool{}, visitors: map[string]bool{}, customers: map[string]bool{}}
}

// lists gives the list by what it holds.
func (s *Suppression) lists() map[string]map[string]bool {
	return map[string]map[string]bool{whatEmail: s.emails, whatVariants: s.variants, whatVisitor: s.visitors, whatCustomer: s.customers}
}

// Suppression reads the list.
func (l *Lake) Suppression(ctx context.Context) (*Suppression, error) {
	s := newSuppression(l.key)
	rows, err := l.db.QueryContext(ctx, "SELECT what, hash FROM suppressed")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of := s.lists()
	for rows.Next() {
		var what, hash string
		if err := rows.Scan(&what, &hash); err != nil {
			return nil, err
		}
		of[what][hash] = true
	}
	return s, rows.Err()
}

// SuppressionIn reads the list of the lake in a folder, for a run that does not
// use the lake; nil if there is none.
func SuppressionIn(ctx context.Context, dir string) (*Suppression, error) {
	l, err := Open(ctx, dir, Options{ReadOnly: true})
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := l.Suppression(ctx)
	return s, errors.Join(err, l.Close())
}

// Empty tells whether nobody is on the list.
func (s *Suppression) Empty() bool {
	return s == nil || len(s.emails)+len(s.variants) == 0
}

// Screen looks at rows for the people of a list. It is for one goroutine.
type Screen struct {
	*Suppression
	hider             *email.Hider
	visitor, customer uint64 // seeds
}

// Screen makes one; nil of an empty list.
func (s *Suppression) Screen() *Screen {
	if s.Empty() {
		return nil
	}
	return &Screen{Suppression: s, hider: email.NewHider(s.key), visitor: seed(s.key, whatVisitor), customer: seed(s.key, whatCustomer)}
}

// Address tells whether somebody with this e-mail address was erased.
func (s *Screen) Address(address string) bool {
	if s == nil || address == "" {
		return false
	}
	hidden := s.hider.Hide(address)
	return hidden != "" && (s.emails[hidden] || s.variants[email.Loose(hidden)])
}

// Visitor tells whether the browser of this visitor id was that of somebody who
// was erased.
func (s *Screen) Visitor(id string) bool {
	return s != nil && id != "" && len(s.visitors) > 0 && s.visitors[idHash(s.visitor, id)]
}

// Customer tells whether an id or key is that of a customer who was erased.
func (s *Screen) Customer(id string) bool {
	return s != nil && id != "" && len(s.customers) > 0 && s.customers[idHash(s.customer, id)]
}

var addresses = regexp.MustCompile(`[^\s"'<>,;:=?&/#]+(?:@|%40)[^\s"'<>,;:=?&/#]+`)

// within tells whether a text, such as the address of a page, has an erased
// person's e-mail address in it.
func (s *Screen) within(text string) bool {
	if !strings.Contains(text, "@") && !strings.Contains(text, "%40") {
		return false
	}
	for _, a := range addresses.FindAllString(text, -1) {
		if plain, err := url.PathUnescape(a); err == nil {
			a = plain
		}
		if s.Address(a) {
			return true
		}
	}
	return false
}

// Apply takes the erased people out of a row and tells whether it stays. Their
// clicks, visits, sign-ups and consents go. Payments and what the platform keeps
// of them stay, since the figures must tie, under names that tell nothing and
// are the same everywhere; so do partners and claims.
func Apply[T table.Row](s *Screen, row *T) (stays bool) {
	if s == nil {
		return true
	}
	switch r := any(row).(type) {
	case *table.Click:
		return !s.Visitor(r.VisitorID) && !s.Address(r.Email) && !s.within(r.LandingURL) && !s.within(r.Referrer)
	case *table.Visit:
		return !s.Visitor(r.VisitorID) && !s.Address(r.Email) && !s.within(r.URL) && !s.within(r.Referrer)
	case *table.Signup:
		return !s.Address(r.Email)
	case *table.Consent:
		return !s.Visitor(r.VisitorID)
	case *table.Purchase:
		if s.Address(r.Email) || s.Customer(r.CustomerID) || s.Customer(r.CustomerKey) {
			r.Name, r.IP, r.ClickID = "", "", ""
		}
	case *table.Customer:
		if s.Address(r.Email) || s.Customer(r.CustomerKey) || s.Customer(r.ProviderKey) {
			r.Name = ""
		}
	case *table.Partner:
		if s.Address(r.Email) {
			r.Name = ""
		}
	case *table.Claim:
		if s.Address(r.CustomerEmail) || s.within(r.Note) {
			r.CustomerName, r.Note = "", ""
		}
	}
	p := unsafe.Pointer(row)
	for _, c := range layoutFor[T]().cols {
		if c.form != text {
			continue
		}
		t := textAt(p, c.offset)
		switch {
		case strings.Contains(*t, "@") && s.Address(*t):
			*t = s.alias(*t) + "@erased.invalid"
		case customerIDs[c.name] && s.Customer(*t):
			*t = s.alias(*t)
		}
	}
	return true
}

// customerIDs are the columns that name a customer of the vendor.
var customerIDs = map[string]bool{"customer_id": true, "customer_key": true, "provider_key": true}

// alias stands for an erased person's address or id, and compares like it.
func (s *Screen) alias(id string) string {
	if h := s.hider.Hide(id); h != "" {
		return "erased-" + h[3:19]
	}
	return "erased-" + idHash(s.customer, id)[:16]
}

// idHash names an id on the list. There are too many visitor ids in a log to
// hash each the way addresses are; they are random, so that a fast hash under a
// seed nobody knows does.
func idHash(seed uint64, id string) string {
	h := xxh3.HashString128Seed(id, seed).Bytes()
	return hex.EncodeToString(h[:])
}

func seed(key []byte, what string) uint64 {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(what))
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

// Erased says what Erase did.
type Erased struct {
	// Inputs had rows of the person. They are forgotten and read again.
	Inputs []*Input
	// Rows counts the rows found, by table.
	Rows map[table.Kind]int64
	// Visitors are how many visitor ids are on the list for the person; Shared
	// are further ones that others used too, whose rows stay.
	Visitors, Shared int
	// Variants are how many other spellings of the address were met, such as
	// with a tag, which were left.
	Variants int
}

// Erase forgets a person, and puts the address on the list of people that are
// not to come back, together with the visitor ids and customer ids that only this person had.
// With variants, all spellings that mail systems treat as the same mailbox are
// meant. What has rows of the person is forgotten as a whole, and is to be read
// again past the list: the counts and notes of a file then are as if it had been
// read so at first.
func (l *Lake) Erase(ctx context.Context, address string, variants bool, now time.Time) (*Erased, error) {
	hider := l.Hider()
	hidden := hider.Hide(address)
	if hidden == "" {
		return nil, fmt.Errorf("%q is no e-mail address", table.Mask(address))
	}
	inputs, err := l.Inputs(ctx)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for i, in := range inputs {
		uses = append(uses, Use{in.Key, int32(i)})
	}
	v, err := l.View(ctx, uses)
	if err != nil {
		return nil, err
	}
	list := newSuppression(l.key)
	list.emails[hidden] = true
	if variants {
		list.variants[email.Loose(hidden)] = true
	}
	s := &search{Screen: list.Screen(), v: v, hidden: hidden, mine: map[string]bool{}, shared: map[string]bool{}, ids: map[string]bool{},
		sharedIDs: map[string]bool{}, spellings: map[string]bool{}, files: map[int32]bool{}, rows: map[table.Kind]int64{}}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	out := &Erased{Rows: s.rows, Visitors: len(s.visitors), Shared: len(s.shared), Variants: len(s.spellings)}
	var keys []Key
	for i, in := range inputs {
		if s.files[int32(i)] {
			out.Inputs = append(out.Inputs, in)
			keys = append(keys, in.Key)
		}
	}
	l.mu.Lock()
	err = l.swap(ctx, func(tx *sql.Tx) error {
		for what, hashes := range s.lists() {
			for h := range hashes {
				if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO suppressed (what, hash, since) VALUES (?, ?, ?)", what, h, now.Unix()); err != nil {
					return err
				}
			}
		}
		return forgetErased(ctx, tx, keys)
	})
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	// The parts that others have rows in too.
	if _, err = l.Compact(ctx, false); err != nil {
		return out, err
	}
	_, err = l.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return out, err
}

// forgetErased forgets inputs that have rows of erased people.
func forgetErased(ctx context.Context, tx *sql.Tx, keys []Key) error {
	for _, k := range keys {
		if _, err := tx.ExecContext(ctx, "UPDATE part SET erase = 1 WHERE id = (SELECT part FROM input WHERE key = ?)", k.String()); err != nil {
			return err
		}
	}
	return drop(ctx, tx, keys)
}

// search looks for everything of one person.
type search struct {
	*Screen
	v         *View
	hidden    string
	mine      map[string]bool // visitor ids the person was seen with
	shared    map[string]bool // those of them that others were seen with
	ids       map[string]bool // customer ids the person had
	sharedIDs map[string]bool // customer ids others had
	spellings map[string]bool // variants met and left, hidden
	files     map[int32]bool
	rows      map[table.Kind]int64
}

func (s *search) run(ctx context.Context) error {
	clickOf := func(c *table.Click) (string, string) { return c.Email, c.VisitorID }
	visitOf := func(v *table.Visit) (string, string) { return v.Email, v.VisitorID }
	for _, look := range []func() error{
		func() error {
			return records(ctx, s, func(r *table.Signup) []string { return []string{r.Email, r.VisitorID, r.CustomerKey} })
		},
		func() error {
			return records(ctx, s, func(r *table.Purchase) []string { return []string{r.Email, "", r.CustomerID, r.CustomerKey} })
		},
		func() error {
			return records(ctx, s, func(r *table.Customer) []string { return []string{r.Email, "", r.CustomerKey, r.ProviderKey} })
		},
		func() error {
			return records(ctx, s, func(r *table.Transaction) []string { return []string{r.Email, "", r.CustomerKey} })
		},
		func() error { return byEmail(ctx, s, clickOf) },
		func() error { return byEmail(ctx, s, visitOf) },
		func() error { return byVisitor(ctx, s, clickOf) },
		func() error { return byVisitor(ctx, s, visitOf) },
		s.list,
		func() error { return s.changed(ctx) },
	} {
		if err := look(); err != nil {
			return err
		}
	}
	return nil
}

// list puts what only the person had on the list: whoever shares a browser, or
// an id that stands for many, takes only rows with their address along.
func (s *search) list() error {
	for id := range s.shared {
		if !s.mine[id] {
			delete(s.shared, id)
		}
	}
	for id := range s.mine {
		if !s.shared[id] {
			s.visitors[idHash(s.visitor, id)] = true
		}
	}
	for id := range s.ids {
		if !s.sharedIDs[id] && !s.Address(id) {
			s.customers[idHash(s.customer, id)] = true
		}
	}
	return nil
}

// records notes the visitor id and the customer ids of rows with an address;
// of gives the address, the visitor id and the others.
func records[T table.Row](ctx context.Context, s *search, of func(*T) []string) error {
	return Scan(ctx, s.v, nil, func(r *T) error {
		values := of(r)
		if email.Exact(values[0]) == "" {
			return nil
		}
		visitors, ids := s.shared, s.sharedIDs
		if s.Address(values[0]) {
			visitors, ids = s.mine, s.ids
		}
		if v := values[1]; v != "" {
			visitors[strings.Clone(v)] = true
		}
		for _, id := range values[2:] {
			if id != "" {
				ids[strings.Clone(id)] = true
			}
		}
		return nil
	})
}

// byEmail notes the visitor ids of rows with the person's address, and other
// spellings of it.
func byEmail[T table.Row](ctx context.Context, s *search, of func(*T) (mail, visitor string)) error {
	hits, err := Find[T](ctx, s.v, ByEmail, []uint64{HashEmail(s.hidden)})
	if err != nil {
		return err
	}
	return Fetch(ctx, s.v, refsOf(hits), []string{"email", "visitor_id"}, func(_ Ref, r *T) error {
		mail, visitor := of(r)
		switch {
		case s.Address(mail):
			if visitor != "" {
				s.mine[strings.Clone(visitor)] = true
			}
		case email.Loose(mail) == email.Loose(s.hidden):
			s.spellings[strings.Clone(mail)] = true
		}
		return nil
	})
}

// byVisitor notes which of the person's visitor ids others were seen with.
func byVisitor[T table.Row](ctx context.Context, s *search, of func(*T) (mail, visitor string)) error {
	var keys []uint64
	for id := range s.mine {
		keys = append(keys, Hash(id))
	}
	hits, err := Find[T](ctx, s.v, ByVisitor, keys)
	if err != nil {
		return err
	}
	return Fetch(ctx, s.v, refsOf(hits), []string{"email", "visitor_id"}, func(_ Ref, r *T) error {
		if mail, visitor := of(r); s.mine[visitor] && mail != "" && !s.Address(mail) {
			s.shared[strings.Clone(visitor)] = true
		}
		return nil
	})
}

func refsOf(hits []Hit) []Ref {
	refs := make([]Ref, len(hits))
	for i, h := range hits {
		refs[i] = h.Ref
	}
	return refs
}

// changed marks the files with rows that the list takes out or changes: they
// have to be read again.
func (s *search) changed(ctx context.Context) error {
	for _, look := range []func() error{
		func() error { return changed[table.Click](ctx, s) },
		func() error { return changed[table.Visit](ctx, s) },
		func() error { return changed[table.Signup](ctx, s) },
		func() error { return changed[table.Purchase](ctx, s) },
		func() error { return changed[table.Customer](ctx, s) },
		func() error { return changed[table.Transaction](ctx, s) },
		func() error { return changed[table.Reward](ctx, s) },
		func() error { return changed[table.Link](ctx, s) },
		func() error { return changed[table.Partner](ctx, s) },
		func() error { return changed[table.PageCheck](ctx, s) },
		func() error { return changed[table.Consent](ctx, s) },
		func() error { return changed[table.Claim](ctx, s) },
	} {
		if err := look(); err != nil {
			return err
		}
	}
	return nil
}

func changed[T table.Row](ctx context.Context, s *search) error {
	l := layoutFor[T]()
	at := func(r *T) int32 { return (*table.Pos)(unsafe.Add(unsafe.Pointer(r), l.file)).File }
	return Scan(ctx, s.v, nil, func(r *T) error {
		was := *r
		if !Apply(s.Screen, r) || *r != was {
			s.files[at(r)] = true
			s.rows[l.kind]++
		}
		return nil
	})
}
