package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fault is what is wrong with one value of one row. The caller that knows the
// file and the line adds them; see [Reject].
type Fault struct {
	Column string // as the file names it
	// Value is as found; e-mail addresses are masked when it is printed. Of a
	// whole row or file it is what tells the fault, such as "5 cells".
	Value  string
	Rule   string // what a value must be
	Remedy string // what to change, in words for the person who made the file
}

func (f *Fault) Error() string {
	return fmt.Sprintf("%s: %q %s; %s", f.Column, shown(f.Value), f.Rule, f.Remedy)
}

// Sentence is the fault as a person reads it: without a column where it has
// none, or where the rule names it and there is no value.
func (f *Fault) Sentence() string {
	return sentence(f.Column, shown(f.Value), f.Rule, f.Remedy)
}

func sentence(column, value, rule, remedy string) string {
	if column == "" || value == "" && strings.Contains(rule, "column "+column) {
		return rule + "; " + remedy
	}
	return fmt.Sprintf("%s: %q %s; %s", column, value, rule, remedy)
}

// Reject is one input row that was not taken, with its place. Line 0 means the
// fault is about the whole file.
type Reject struct {
	Source string `json:"source"`
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Column string `json:"column"`
	Value  string `json:"value"`
	Rule   string `json:"rule"`
	Remedy string `json:"remedy"`
}

func (r Reject) Error() string {
	at := r.File
	if r.Line > 0 {
		at = fmt.Sprintf("%s:%d", r.File, r.Line)
	}
	return at + ": " + sentence(r.Column, r.Value, r.Rule, r.Remedy)
}

// RejectOf places a fault. Its value is masked and clipped, so that it can be
// logged and written to rejects.jsonl.
func RejectOf(source, file string, line int64, f *Fault) Reject {
	return Reject{Source: source, File: file, Line: line, Column: f.Column, Value: shown(f.Value), Rule: f.Rule, Remedy: f.Remedy}
}

// maxValue is how many bytes of a faulty value are shown: enough to recognise
// it.
const maxValue = 80

// shown is a value as it may be printed: masked, and then clipped. The other
// way round, an address that is cut before its "@" would be shown.
func shown(s string) string {
	s = Mask(s)
	if len(s) <= maxValue {
		return s
	}
	end := maxValue
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
