package bulk

import (
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
)

// Platform is one partner platform.
type Platform struct {
	Name  string // as written in a configuration: "partnerstack"
	Title string // for people: "PartnerStack"
	// Where says where its files go, and Source where their columns are known
	// from, one sentence each.
	Where, Source string
	// Templates says where the templates of its files are, "" if it has none.
	Templates string
	// Files in the order in which they are uploaded.
	Files []File

	// plan makes the items of the purchases; nil makes one sale of each.
	plan func(*planner)
	// young tells what is wrong with a purchase's age at the time of the batch;
	// nil takes any.
	young func(age table.Time) (rule, remedy string)
	// sends are the fields of each kind that the API is sent.
	sends map[Kind][]string
}

// File is one of a platform's files.
type File struct {
	Name  string // "customers"
	Kind  Kind
	Lines bool // JSON lines, one request a line, instead of CSV
	// Heads are the columns in their order, as published; none: they come from
	// the template, or from the settings alone.
	Heads []Head
	// Carries are fields of which the columns must hold at least one each.
	Carries [][]string
	// Template tells that the columns come from a template of the platform.
	Template bool
	// RowsMax and BytesMax are the platform's limits for one file; 0 none known.
	RowsMax  int
	BytesMax int
}

// Head is one published column.
type Head struct {
	Name string
	From string // a field; "" must be filled by the settings, or is left empty
	Must bool   // the platform takes no row without it
}

var registry = map[string]*Platform{}

// register is called once by each platform's file.
func register(p *Platform) bool {
	if registry[p.Name] != nil {
		panic("bulk: " + p.Name + " is registered twice")
	}
	for _, f := range p.Files {
		for _, h := range f.Heads {
			if h.From != "" && fieldOf(h.From) == nil {
				panic(fmt.Sprintf("bulk: %s: %s: no field is called %s", p.Name, f.Name, h.From))
			}
		}
	}
	registry[p.Name] = p
	return true
}

// Platforms lists the platforms by name.
func Platforms() []*Platform {
	var out []*Platform
	for _, p := range registry {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Platform) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Get finds a platform by name; nil for no such platform.
func Get(name string) *Platform { return registry[name] }

// Names lists the platforms that can be configured.
func Names() []string {
	var out []string
	for _, p := range Platforms() {
		out = append(out, p.Name)
	}
	return out
}

// FileNames lists a platform's files whose columns can be set.
func (p *Platform) FileNames() []string {
	var out []string
	for _, f := range p.Files {
		if !f.Lines {
			out = append(out, f.Name)
		}
	}
	return out
}

// HasAPI tells whether its items can be sent.
func (p *Platform) HasAPI() bool { return p.sends != nil }
