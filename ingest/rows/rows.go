// Package rows turns containers (CSV, JSON lines and JSON lists, Parquet, XLSX
// and access-log lines, plain, gzip or zstd) into rows of text with positions.
// It knows nothing of tables, money or partners; package source does.
package rows

import "lostlink/ingest/table"

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

func (b *Bad) Error() string { return b.Fault.Error() }
