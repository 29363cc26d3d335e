// Package rows turns containers (CSV, JSON lines and JSON lists, Parquet, XLSX
// and access-log lines, plain, gzip or zstd) into rows of text with positions.
// It knows nothing of tables, money or partners; package source does.
package rows

import (
	"fmt"

	"lostlink/ingest/table"
)

// Container is how rows are packed into a file.
type Container string

// The containers. JSON covers JSON lines, one array, and a list response whose
// items stand under a key.
const (
	CSV       Container = "csv"
	JSON      Container = "json"
	Parquet   Container = "parquet"
	XLSX      Container = "xlsx"
	AccessLog Container = "accesslog"
)

// Record is one row. It is overwritten by the next call of Next; its strings
// are not.
type Record struct {
	Line   int64    // counts from 1; see table.Pos
	Values []string // one per bound column, "" where the row has none
}

// Bad is a row that cannot be read; reading goes on behind it.
type Bad struct {
	Line  int64
	Fault *table.Fault
}

func (b *Bad) Error() string { return describe(b.Line, b.Fault) }

// bad is a fault of the whole row. It shows nothing of it: a row that cannot be
// split into columns cannot be masked column by column either.
func bad(line int64, rule, remedy string) *Bad {
	return badValue(line, "", "", rule, remedy)
}

func badValue(line int64, column, value, rule, remedy string) *Bad {
	return &Bad{Line: line, Fault: &table.Fault{Column: column, Value: value, Rule: rule, Remedy: remedy}}
}

// Broken is a file, or the rest of one, that cannot be read.
type Broken struct {
	Path  string // as given to Open
	Line  int64  // row from which on nothing was read; 0: nothing of the file
	Fault *table.Fault
	Err   error // what the layer below said; may be nil
}

func (b *Broken) Error() string {
	s := b.Path + ": " + describe(b.Line, b.Fault)
	if b.Err != nil {
		s += " (" + b.Err.Error() + ")"
	}
	return s
}

func (b *Broken) Unwrap() error { return b.Err }

// broken is a fault of the whole file; the reader adds path and line.
func broken(err error, rule, remedy string) *Broken {
	return &Broken{Err: err, Fault: &table.Fault{Rule: rule, Remedy: remedy}}
}

func describe(line int64, f *table.Fault) string {
	s := f.Sentence()
	if line > 0 {
		s = fmt.Sprintf("line %d: %s", line, s)
	}
	return s
}
