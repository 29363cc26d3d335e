package report

import (
	"encoding/json"

	"lostlink/ingest/table"
)

// Run is what a report says about the run itself. It holds no clock and no
// timings: the same inputs and options give the same Run.
type Run struct {
	ID      string // names the run's folder: letters, digits, ".", "_" and "-"
	Version string // of the program
	Inputs  []Input
	Rejects []table.Reject
	// Earlier is what people decided before, of any gap, in any order.
	Earlier []Earlier
	// Options lists every configured value that moves a figure, in the order
	// in which About shows it.
	Options []KeyValue
}

// KeyValue is one configured value as the configuration file writes it.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Input is one file that was read. Rows = Accepted + Rejected + Duplicates +
// the sum of Skipped.
type Input struct {
	Source     string
	Format     string
	File       string // as configured, relative to the data folder
	SHA256     string // of the file as it lies there, in hex
	Bytes      int64
	Rows       int64
	Accepted   int64
	Rejected   int64
	Duplicates int64
	Skipped    map[string]int64 // reason → rows
	// First and Last bound the times found in the rows; 0 where none has any.
	First, Last table.Time
}

// SkippedRows adds up the skipped rows.
func (in *Input) SkippedRows() int64 {
	n := int64(0)
	for _, s := range in.Skipped {
		n += s
	}
	return n
}

// MarshalJSON writes snake_case names and times as RFC 3339.
func (in Input) MarshalJSON() ([]byte, error) {
	skipped := in.Skipped
	if skipped == nil {
		skipped = map[string]int64{}
	}
	return json.Marshal(struct {
		Source     string           `json:"source"`
		Format     string           `json:"format"`
		File       string           `json:"file"`
		SHA256     string           `json:"sha256"`
		Bytes      int64            `json:"bytes"`
		Rows       int64            `json:"rows"`
		Accepted   int64            `json:"accepted"`
		Rejected   int64            `json:"rejected"`
		Duplicates int64            `json:"duplicates"`
		Skipped    map[string]int64 `json:"skipped"`
		First      string           `json:"first"`
		Last       string           `json:"last"`
	}{in.Source, in.Format, in.File, in.SHA256, in.Bytes, in.Rows, in.Accepted, in.Rejected, in.Duplicates,
		skipped, in.First.String(), in.Last.String()})
}
