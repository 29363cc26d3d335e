package ingest

import (
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// Options says what to read. Paths are relative to the data folder given to
// [Load].
type Options struct {
	Sources []Source
	// RejectLimit is the share of a source's rows (0–1) that may be rejected
	// before the run stops without a report.
	RejectLimit float64
	// Exclude are folders and files that are no input whatever a pattern says,
	// absolute or relative to the working directory: what lostlink writes, so
	// that a wide pattern does not read the reports of earlier runs. They are
	// known by whatever link leads to them. One that is or holds the data folder
	// excludes nothing. No configuration sets this; the command does.
	Exclude []string
	// Watch, if set, is told how far reading is: the bytes of all files read so
	// far, of how many, and the rows met. Files that are read again begin anew.
	// No configuration sets this either.
	Watch func(done, total, rows int64)
	// Links tells a partner's landing address from any other address.
	Links LinkOptions
}

// Source is one kind of export or log in one or more files.
type Source struct {
	// Name is how messages call the source; unique. Empty: the format's name,
	// or the table's for native files.
	Name string
	// Format is the name of a registered source ("stripe_payments"); empty
	// means: recognise it from the files.
	Format string
	// Table is the table a native file holds; unused by other formats.
	Table table.Kind
	// Files are paths or doublestar globs, read in sorted order. "" entries are refused.
	Files []string
	// Optional sources may be missing without a word; others count as missing
	// input (exit code 3).
	Optional bool
	// Zone is the IANA zone or fixed offset ("-08:00") of times written without
	// one; empty: the format's own.
	Zone string
	// Unit is how amounts are written; empty: the format's own.
	Unit table.Unit
	// Currency is used where a row names none.
	Currency string
	// DateOrder is "mdy", "dmy" or "ymd"; empty: found per file.
	DateOrder string
	// LogFormat is the server's own log_format (nginx) or LogFormat (Apache)
	// string; empty: NCSA combined.
	LogFormat string
	// Encoding of text files without a byte order mark, by its web name
	// ("windows-1252"); empty: UTF-8.
	Encoding string
	// SignupEvents are the tracked events that are sign-ups, in any spelling
	// ("Signed Up", "signed_up"); empty: the format's own.
	SignupEvents []string
	// Columns maps the file's columns onto the table's. It wins over what the
	// format knows.
	Columns []ColumnMap
}

// ColumnMap maps one column of a file (a CSV header, a JSON path with dots, a
// log variable without "$") to a column of the table.
type ColumnMap = source.ColumnMap

// LinkOptions are the query parameters that mark a partner's landing address,
// in order of trust.
type LinkOptions struct {
	PartnerParameters []string // value: the partner key, plain or base64
	ClickParameters   []string // value: the click id
}

// DefaultOptions are the options of an empty configuration.
func DefaultOptions() Options {
	return Options{
		RejectLimit: 0.01,
		Links: LinkOptions{
			PartnerParameters: []string{"ps_partner_key", "gspk"},
			ClickParameters:   []string{"ps_xid", "gsxid"},
		},
	}
}
