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
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
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
	key      []byte
	emails   map[string]bool // hidden
	variants map[string]bool // loose parts of hidden ones
	visitors map[string]bool
}

// What the catalog's table suppressed holds.
const (
	whatEmail    = "email"
	whatVariants = "variants"
	whatVisitor  = "visitor"
)

// Suppression reads the list.
func (l *Lake) Suppression(ctx context.Context) (*Suppression, error) {
	s := &Suppression{key: l.key, emails: map[string]bool{}, variants: map[string]bool{}, visitors: map[string]bool{}}
	rows, err := l.db.QueryContext(ctx, "SELECT what, hash FROM suppressed")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of := map[string]map[string]bool{whatEmail: s.emails, whatVariants: s.variants, whatVisitor: s.visitors}
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
	if _, err := os.Stat(filepath.Join(dir, catalogName)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	l, err := Open(ctx, dir, Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	s, err := l.Suppression(ctx)
	return s, errors.Join(err, l.Close())
}

// Empty tells whether nobody is on the list.
func (s *Suppression) Empty() bool {
	return s == nil || len(s.emails)+len(s.variants)+len(s.visitors) == 0
}

// Screen looks at rows for the people of a list. It is for one goroutine.
type Screen struct {
	*Suppression
	hider *email.Hider
	seed  uint64
}

// Screen makes one; nil of an empty list.
func (s *Suppression) Screen() *Screen {
	if s.Empty() {
		return nil
	}
	return &Screen{Suppression: s, hider: email.NewHider(s.key), seed: visitorSeed(s.key)}
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
	return s != nil && id != "" && len(s.visitors) > 0 && s.visitors[visitorHash(s.seed, id)]
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
// of them stay, since the figures must tie, under a name that tells nothing and
// is the same everywhere; so do partners and claims.
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
		if s.Address(r.Email) {
			r.Name, r.IP, r.ClickID = "", "", ""
		}
	case *table.Customer:
		if s.Address(r.Email) {
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
		if t := textAt(p, c.offset); strings.Contains(*t, "@") && s.Address(*t) {
			*t = s.alias(*t)
		}
	}
	return true
}

// alias stands for an erased person's address, and compares like it.
func (s *Screen) alias(address string) string {
	h := s.hider.Hide(address)
	return "erased-" + h[3:19] + "@erased.invalid"
}

// visitorHash names a visitor id on the list. There are too many ids in a log to
// hash each the way addresses are; they are random, so that a fast hash under a
// seed nobody knows does.
func visitorHash(seed uint64, id string) string {
	h := xxh3.HashString128Seed(id, seed).Bytes()
	return hex.EncodeToString(h[:])
}

func visitorSeed(key []byte) uint64 {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(whatVisitor))
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
// not to come back, together with the visitor ids that only this person used.
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
	list := &Suppression{key: l.key, emails: map[string]bool{hidden: true}, variants: map[string]bool{}, visitors: map[string]bool{}}
	if variants {
		list.variants[email.Loose(hidden)] = true
	}
	s := &search{Screen: list.Screen(), v: v, hidden: hidden, mine: map[string]bool{}, shared: map[string]bool{},
		spellings: map[string]bool{}, files: map[int32]bool{}, rows: map[table.Kind]int64{}}
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
		for what, hashes := range map[string]map[string]bool{whatEmail: s.emails, whatVariants: s.variants, whatVisitor: s.visitors} {
			for h := range hashes {
				if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO suppressed (what, hash, since) VALUES (?, ?, ?)", what, h, now.Unix()); err != nil {
					return err
				}
			}
		}
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, "UPDATE part SET erase = 1 WHERE id = (SELECT part FROM input WHERE key = ?)", k.String()); err != nil {
				return err
			}
		}
		return drop(ctx, tx, keys)
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

// search looks for everything of one person.
type search struct {
	*Screen
	v         *View
	hidden    string
	mine      map[string]bool // visitor ids the person was seen with
	shared    map[string]bool // those of them that others were seen with
	spellings map[string]bool // variants met and left, hidden
	files     map[int32]bool
	rows      map[table.Kind]int64
}

func (s *search) run(ctx context.Context) error {
	if err := s.signups(ctx, func(visitor string) { s.mine[visitor] = true }, nil); err != nil {
		return err
	}
	for _, look := range []func() error{
		func() error {
			return byEmail(ctx, s, func(c *table.Click) (string, string) { return c.Email, c.VisitorID })
		},
		func() error {
			return byEmail(ctx, s, func(v *table.Visit) (string, string) { return v.Email, v.VisitorID })
		},
		// Whoever shares a browser with others takes only their own rows along.
		func() error { return s.signups(ctx, nil, func(visitor string) { s.shared[visitor] = true }) },
		func() error {
			return byVisitor(ctx, s, func(c *table.Click) (string, string) { return c.Email, c.VisitorID }, s.others)
		},
		func() error {
			return byVisitor(ctx, s, func(v *table.Visit) (string, string) { return v.Email, v.VisitorID }, s.others)
		},
		func() error {
			for id := range s.mine {
				if !s.shared[id] {
					s.visitors[visitorHash(s.seed, id)] = true
				}
			}
			for id := range s.shared {
				if !s.mine[id] {
					delete(s.shared, id)
				}
			}
			return nil
		},
		// What Apply would change is what has to be read again.
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

// signups tells the visitor ids of the person's sign-ups, and those of others.
func (s *search) signups(ctx context.Context, mine, others func(visitor string)) error {
	return Scan(ctx, s.v, []string{"email", "visitor_id"}, func(r *table.Signup) error {
		switch hit := s.Address(r.Email); {
		case r.VisitorID == "":
		case hit && mine != nil:
			mine(strings.Clone(r.VisitorID))
		case !hit && others != nil:
			others(strings.Clone(r.VisitorID))
		}
		return nil
	})
}

// others notes a visitor id of the person with somebody else's address.
func (s *search) others(mail, visitor string) {
	if mail != "" && !s.Address(mail) {
		s.shared[visitor] = true
	}
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

// byVisitor gives the rows with the person's visitor ids.
func byVisitor[T table.Row](ctx context.Context, s *search, of func(*T) (mail, visitor string), fn func(mail, visitor string)) error {
	var keys []uint64
	for id := range s.mine {
		keys = append(keys, Hash(id))
	}
	hits, err := Find[T](ctx, s.v, ByVisitor, keys)
	if err != nil {
		return err
	}
	return Fetch(ctx, s.v, refsOf(hits), []string{"email", "visitor_id"}, func(_ Ref, r *T) error {
		mail, visitor := of(r)
		if s.mine[visitor] {
			fn(mail, strings.Clone(visitor))
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

// changed marks the files with rows that the list takes out or changes.
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
