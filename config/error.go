package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lostlink/ingest/table"
)

// Error is one thing wrong with a configuration.
type Error struct {
	Place  string // "lostlink.yaml:12", or the name of an environment variable
	Key    string // "sources[0].zone"; "" where it is about the file as a whole
	Value  string // as found, e-mail addresses masked; "" where there is none or it is secret
	Rule   string // what is wrong
	Remedy string // what to change; "" where the rule says it

	line int // 0 for the environment and the file as a whole
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Place + ": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	if e.Value != "" {
		fmt.Fprintf(&b, "%q ", table.Mask(e.Value))
	}
	b.WriteString(e.Rule)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// faults collects what is wrong, so that a person sees all of it at once.
type faults struct{ list []*Error }

func (f *faults) add(e *Error) { f.list = append(f.list, e) }

// err joins the faults in the order of the file.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b *Error) int { return a.line - b.line })
	var errs []error
	for _, e := range f.list {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}
