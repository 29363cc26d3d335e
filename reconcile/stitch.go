package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// people are the persons behind the records. E-mail addresses, customer keys
// and the processors' customer ids that stand in one record belong to one
// person. They are merged anew in every run, so that each merge can be undone
// by mending the record that caused it. An address of the network, a name or a
// visitor id never merges anybody.
type people struct {
	ids    [customerNode + 1]map[string]int32 // by kind: id → node
	names  []identity                         // by node
	parent []int32
	// owners maps a visitor id to the persons who gave an e-mail address in
	// that browser, in time order: a shared browser is split by time.
	owners map[string][]owner
	cut    []gap.OverConnected
}

type owner struct {
	at   table.Time
	node int32
}

// identity is an id of one kind.
type identity struct {
	kind nodeKind
	id   string
}

type nodeKind uint8

const (
	emailNode nodeKind = iota
	keyNode
	customerNode
)

// called is what the report calls a kind.
var called = map[nodeKind]string{emailNode: "email", keyNode: "customer_key", customerNode: "customer_id"}

// newPeople expects some ids of each kind.
func newPeople(ids int) *people {
	p := &people{names: make([]identity, 0, ids), parent: make([]int32, 0, ids), owners: map[string][]owner{}}
	for k := range p.ids {
		p.ids[k] = make(map[string]int32, ids)
	}
	return p
}

// worthless ids stand for "none" in the systems that write them.
var worthless = map[string]bool{"null": true, "none": true, "undefined": true, "anonymous": true, "unknown": true, "nan": true, "-1": true, "n/a": true, "guest": true}

// longestWorthless spares the look-up of what is longer: nearly all ids.
var longestWorthless = func() int {
	n := 0
	for w := range worthless {
		n = max(n, len(w))
	}
	return n
}()

// usable tells whether an id can name anybody.
func usable(id string) bool {
	for i := range len(id) {
		if c := id[i]; c != '0' && c != '-' && c != ' ' {
			return len(id) > longestWorthless || !worthless[strings.ToLower(id)]
		}
	}
	return false
}

func (p *people) node(kind nodeKind, id string) int32 {
	n, ok := p.ids[kind][id]
	if !ok {
		n = int32(len(p.parent))
		p.ids[kind][id] = n
		p.names = append(p.names, identity{kind, id})
		p.parent = append(p.parent, n)
	}
	return n
}

func (p *people) find(n int32) int32 {
	for p.parent[n] != n {
		if up := p.parent[p.parent[n]]; up != p.parent[n] {
			p.parent[n] = up
		}
		n = p.parent[n]
	}
	return n
}

// join merges two nodes' persons; the lower node stays the root, so that the
// outcome does not depend on the order of merges.
func (p *people) join(a, b int32) {
	a, b = p.find(a), p.find(b)
	if a == b {
		return
	}
	if a > b {
		a, b = b, a
	}
	p.parent[b] = a
}

// maxMeetings is how many different ids of another kind one id may meet before
// it is taken for a shared or dummy value and ties nobody.
const maxMeetings = 8

// link is one record's word that ids belong together; -1 fills up.
type link [3]int32

// stitch merges the ids that records mention together, leaving out those that
// meet too many others.
func (p *people) stitch(links []link) {
	// Those met are few for all but shared ids, whose lists may grow.
	met := make([][]int32, len(p.parent))
	for _, l := range links {
		for _, a := range l {
			for _, b := range l {
				if a >= 0 && b >= 0 && a != b && !slices.Contains(met[a][max(0, len(met[a])-2*maxMeetings):], b) {
					met[a] = append(met[a], b)
				}
			}
		}
	}
	over := map[int32]bool{}
	for n, others := range met {
		if len(others) <= maxMeetings {
			continue
		}
		slices.Sort(others)
		if others = slices.Compact(others); len(others) > maxMeetings {
			over[int32(n)] = true
			p.cut = append(p.cut, gap.OverConnected{Kind: called[p.names[n].kind], ID: p.names[n].id, Other: len(others), Limit: maxMeetings})
		}
	}
	for _, l := range links {
		var first int32 = -1
		for _, n := range l {
			if n < 0 || over[n] {
				continue
			}
			if first < 0 {
				first = n
			} else {
				p.join(first, n)
			}
		}
	}
}

// flatten makes find cheap, and safe for concurrent use, once nothing is joined
// any more.
func (p *people) flatten() {
	for n := range p.parent {
		p.parent[n] = p.find(int32(n))
	}
}

// own records that a person gave an e-mail address in the browser of visitor.
func (p *people) own(visitor string, at table.Time, node int32) {
	if usable(visitor) {
		p.owners[visitor] = append(p.owners[visitor], owner{at, node})
	}
}

// settleOwners sorts the owners by time and drops visitor ids that too many
// persons share.
func (p *people) settleOwners(limit int) {
	var shared []string
	for v, os := range p.owners {
		slices.SortFunc(os, func(a, b owner) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(p.find(a.node), p.find(b.node)))
		})
		persons := map[int32]bool{}
		for _, o := range os {
			persons[p.find(o.node)] = true
		}
		if len(persons) > limit {
			shared = append(shared, v)
			p.cut = append(p.cut, gap.OverConnected{Kind: "visitor_id", ID: v, Other: len(persons), Limit: limit})
		}
	}
	for _, v := range shared {
		delete(p.owners, v)
	}
	slices.SortFunc(p.cut, func(a, b gap.OverConnected) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
}

// ownerAt gives the person a visitor id belonged to at a time: the next one to
// give an address, else the last one who did; -1 for nobody.
func (p *people) ownerAt(visitor string, at table.Time) int32 {
	os := p.owners[visitor]
	for _, o := range os {
		if o.at >= at {
			return p.find(o.node)
		}
	}
	if len(os) > 0 {
		return p.find(os[len(os)-1].node)
	}
	return -1
}
