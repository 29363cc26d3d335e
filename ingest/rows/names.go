package rows

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// names finds bound columns by name.
type names []string

// find gives the index of a column, -1 for none: as written, else but for case.
// It is an error that two columns fit equally.
func (n names) find(want string) (int, error) {
	want = strings.TrimSpace(want)
	if want == "" {
		return -1, nil
	}
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		at := -1
		for i, name := range n {
			if !same(name, want) {
				continue
			}
			if at >= 0 {
				b := broken(nil, "have the same name", "remove one of them or give it another name")
				b.Fault.Column, b.Fault.Value = want, fmt.Sprintf("columns %d and %d", at+1, i+1)
				return -1, b
			}
			at = i
		}
		if at >= 0 {
			return at, nil
		}
	}
	return -1, nil
}

// bind finds the column of each name, -1 for none.
func (n names) bind(want []string) (bound []int, err error) {
	for _, name := range want {
		i, findErr := n.find(name)
		if findErr != nil && err == nil {
			err = findErr
		}
		bound = append(bound, i)
	}
	return bound, err
}

// named leaves out columns without a name.
func (n names) named() []string {
	var out []string
	for _, name := range n {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

// blankCells: spreadsheets write rows of separators below the data.
func blankCells(cells []string) bool {
	for _, cell := range cells {
		if cell != "" {
			return false
		}
	}
	return true
}

// unreadable says what keeps a value from being text, "" if nothing does.
func unreadable(s string) (rule, remedy string) {
	if strings.IndexByte(s, 0) >= 0 {
		return "holds a NUL byte", "the file was damaged; copy or export it again"
	}
	if !utf8.ValidString(s) {
		return "is not UTF-8 text", "save the file as UTF-8, or set its encoding"
	}
	return "", ""
}

// checkText gives a *Bad if a value of the row is not text. Values that nobody
// asked for are no reason to lose a row.
func checkText(rec *Record, column func(i int) string) error {
	for i, v := range rec.Values {
		if rule, remedy := unreadable(v); rule != "" {
			return badValue(rec.Line, column(i), shown(v), rule, remedy)
		}
	}
	return nil
}
