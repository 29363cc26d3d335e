package source

import (
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

// Match is what a file was recognised as.
type Match struct {
	Source  *Source
	Table   table.Kind // of a native file
	Matched []string   // the columns that told it
}

func (m *Match) String() string {
	name := m.Source.Name
	if m.Table != "" {
		name += " " + string(m.Table)
	}
	if len(m.Matched) == 0 {
		return name
	}
	return fmt.Sprintf("%s (by %s)", name, strings.Join(m.Matched, ", "))
}

// Recognise tells what a file with these columns is.
func Recognise(container rows.Container, columns []string) (Match, bool) {
	m := Candidates(container, columns)
	if len(m) == 0 {
		return Match{}, false
	}
	return m[0], true
}

// Candidates lists all that a file with these columns could be, best first.
// A vendor's format goes before the native tables, whose names are common
// words; then the longest signature wins, then the name.
func Candidates(container rows.Container, columns []string) []Match {
	have := map[string]bool{}
	for _, c := range columns {
		have[strings.ToLower(strings.TrimSpace(c))] = true
	}
	var out []Match
	for _, s := range All() {
		if !slices.Contains(s.Containers, container) {
			continue
		}
		if best := longest(s.Signatures, have); best != nil {
			out = append(out, Match{Source: s, Matched: best})
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return len(b.Matched) - len(a.Matched) })
	return append(out, nativeCandidates(container, have)...)
}

func longest(signatures [][]string, have map[string]bool) []string {
	var best []string
	for _, sig := range signatures {
		if m := signed(sig, have); m != nil && len(m) > len(best) {
			best = m
		}
	}
	return best
}

// signed gives the columns that fulfil a signature, nil if one is missing.
func signed(sig []string, have map[string]bool) []string {
	var m []string
	for _, names := range sig {
		i := slices.IndexFunc(strings.Split(names, "|"), func(n string) bool { return have[strings.ToLower(n)] })
		if i < 0 {
			return nil
		}
		m = append(m, strings.Split(names, "|")[i])
	}
	return m
}

// Nearest names the sources whose signatures the columns come closest to and
// what they lack, for the message about a file that is none of them.
func Nearest(container rows.Container, columns []string) string {
	have := map[string]bool{}
	for _, c := range columns {
		have[strings.ToLower(strings.TrimSpace(c))] = true
	}
	type near struct {
		text  string
		share float64
	}
	var best []near
	consider := func(name string, sig []string) {
		var lacks []string
		for _, names := range sig {
			if signed([]string{names}, have) == nil {
				lacks = append(lacks, names)
			}
		}
		if n := len(sig) - len(lacks); n > 0 {
			best = append(best, near{name + " lacks " + strings.Join(lacks, ", "), float64(n) / float64(len(sig))})
		}
	}
	for _, s := range All() {
		if s.Refused != "" || !slices.Contains(s.Containers, container) {
			continue
		}
		for _, sig := range s.Signatures {
			consider(s.Name, sig)
		}
	}
	for _, k := range table.Kinds() {
		consider("native "+string(k), nativeSignature(k))
	}
	slices.SortStableFunc(best, func(a, b near) int {
		switch {
		case a.share > b.share:
			return -1
		case a.share < b.share:
			return 1
		}
		return 0
	})
	var out []string
	for _, n := range best {
		name, _, _ := strings.Cut(n.text, " lacks ")
		if len(out) < 3 && !slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(o, name+" lacks ") }) {
			out = append(out, n.text)
		}
	}
	return strings.Join(out, "; ")
}

// columnsListed bounds the columns that a message names; exports of hundreds
// are known.
const columnsListed = 10

// Listed names the first of a file's columns for a message, and how many more
// there are. Long names are cut and addresses masked: where the header is
// missing, the names are somebody's data.
func Listed(columns []string) string {
	shown := make([]string, min(len(columns), columnsListed))
	for i := range shown {
		shown[i] = clip(columns[i])
	}
	text := strings.Join(shown, ", ")
	if more := len(columns) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
