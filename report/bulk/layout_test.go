package bulk

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

// FuzzHeader holds every header that is taken to what it promises: names that
// can be written back, one for each column.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"email,customer_key\n", "\ufeffE-mail;Key\r\njo@example.com;1\r\n", "a\tb\n", "\"a,b\",c\n", "a,a\n", "a,,b\n", "=cmd,b\n",
		"jo@example.com,cus_1\n", "<!doctype html>,\n", "\"open,b\n", "", "a\x00b", "\xff,b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &layout{file: &File{Name: "customers"}, comma: ','}
		names, err := l.header("t.csv", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "t.csv:1: ") {
				t.Errorf("%v names no place", err)
			}
			return
		}
		for i, n := range names {
			if CheckHead(n) != nil || slices.Contains(names[:i], n) {
				t.Errorf("%q was taken", names)
			}
		}
		line, err := l.line(names)
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(line))
		r.Comma = l.comma
		back, err := r.Read()
		if err != nil || !slices.Equal(back, names) {
			t.Errorf("%q comes back as %q, %v", names, back, err)
		}
	})
}
