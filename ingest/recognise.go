package ingest

import (
	"fmt"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
)

// Recognition is what a file looks like.
type Recognition struct {
	Source    *source.Source // nil: nothing known
	Table     table.Kind     // of a native file, else ""
	Container rows.Container
	Columns   []string
	Why       string // for people: by what it was recognised
	RunnerUp  string // what else it could be; "" for nothing
	Looked    string // if nothing is known: what comes closest
}

// Recognise looks at one file and tells what it is, opening it as a run would.
// Its error is about reading the file; a file that is nothing known is none.
func Recognise(path string) (Recognition, error) {
	rd, err := rows.Open(path, rows.Options{})
	if err != nil {
		return Recognition{}, err
	}
	defer rd.Close()
	return recognise(rd.Container(), rd.Columns(), nil), nil
}

// recognise judges by the columns, and by those that a mapping gives another
// name.
func recognise(container rows.Container, columns []string, mapped []ColumnMap) Recognition {
	rec := Recognition{Container: container, Columns: columns}
	if container == rows.AccessLog {
		rec.Source, rec.Why = source.Get("access_log"), "its lines have the shape of a web server's access log"
		return rec
	}
	names := columns
	for _, c := range mapped {
		names = append(names[:len(names):len(names)], c.To)
	}
	m := source.Candidates(container, names)
	if len(m) == 0 {
		rec.Looked = source.Nearest(container, names)
		return rec
	}
	rec.Source, rec.Table = m[0].Source, m[0].Table
	rec.Why = "has the columns " + strings.Join(m[0].Matched, ", ")
	if len(m) > 1 {
		rec.RunnerUp = m[1].String()
	}
	return rec
}

// unknown is the fault of a file that is nothing known.
func (rec *Recognition) unknown() *table.Fault {
	rule := fmt.Sprintf("is not recognised: a %s file with the columns %s", rec.Container, source.Listed(rec.Columns))
	if len(rec.Columns) == 0 {
		rule = fmt.Sprintf("is not recognised: a %s file without columns", rec.Container)
	}
	if rec.Looked != "" {
		rule += "; nearest: " + rec.Looked
	}
	return &table.Fault{Rule: rule, Remedy: "set the source's format (one of " + strings.Join(source.Names(), ", ") + ") or, for format native, its table and columns"}
}
