package bulk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"lostlink/ingest/table"
)

// layout is how one file is written.
type layout struct {
	file    *File
	columns []filled
	comma   rune
	crlf    bool // lines end as those of the template do
}

// filled is one column and what stands in it: a field, a value, or nothing.
type filled struct{ head, from, value string }

// layoutsOf lays out the files that have items. Its errors name the file, the
// column and what to change, all of them at once.
func layoutsOf(p *Platform, s Settings, items map[Kind][]Item) ([]layout, error) {
	var out []layout
	var errs []error
	for i := range p.Files {
		f := &p.Files[i]
		if f.Lines || len(items[f.Kind]) == 0 {
			continue
		}
		l, err := layoutOf(p, f, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, l)
	}
	return out, errors.Join(errs...)
}

func layoutOf(p *Platform, f *File, s Settings) (layout, error) {
	l := layout{file: f, comma: ','}
	heads := f.Heads
	where := "the columns of " + f.Name
	i := slices.IndexFunc(s.Templates, func(t Template) bool { return t.File == f.Name })
	switch {
	case i >= 0:
		where = s.Templates[i].Path
		names, err := l.template(where)
		if err != nil {
			return l, err
		}
		heads = nil
		for _, n := range names {
			h := Head{Name: n, Must: true}
			if k := slices.IndexFunc(f.Heads, func(h Head) bool { return h.Name == n }); k >= 0 {
				h = f.Heads[k]
			}
			heads = append(heads, h)
		}
	case f.Template:
		return l, fmt.Errorf("bulk.templates names no template for %s; download it (%s: %s) and write {file: %s, path: …}", f.Name, p.Title, p.Templates, f.Name)
	}
	columns := slices.DeleteFunc(slices.Clone(s.Columns), func(c Column) bool { return c.File != f.Name })
	if heads == nil {
		for _, c := range columns {
			heads = append(heads, Head{Name: c.To})
		}
	}
	var errs []error
	fault := func(column, rule, remedy string) {
		errs = append(errs, fmt.Errorf("%s: column %q %s; %s", where, column, rule, remedy))
	}
	for _, h := range heads {
		c := filled{head: h.Name, from: h.From}
		set := slices.IndexFunc(columns, func(c Column) bool { return c.To == h.Name })
		if set >= 0 {
			c.from, c.value = columns[set].From, columns[set].Value
			columns = slices.Delete(columns, set, set+1)
		}
		switch field := fieldOf(c.from); {
		case c.from != "" && field == nil:
			fault(h.Name, "is filled from "+c.from+", which is no field", "take one of "+strings.Join(fieldsOf(f.Kind), ", "))
		case CheckHead(h.Name) != nil:
			fault(h.Name, "has a name that is none", "write it as the platform has it")
		case c.value != "" && CheckValue(c.value) != nil:
			fault(h.Name, "holds the value "+table.Mask(c.value)+", which "+plainRule.what, plainRule.remedy)
		case field != nil && !slices.Contains(field.Kinds, f.Kind):
			fault(h.Name, "is filled from "+c.from+", which a "+string(f.Kind)+" does not have", "take one of "+strings.Join(fieldsOf(f.Kind), ", "))
		case h.Must && c.from == "" && c.value == "" && (set < 0 || len(f.Heads) > 0):
			fault(h.Name, "is not filled", fmt.Sprintf("add to bulk.columns {file: %s, from: …, to: %q} with one of %s, or value: … for the same in each row%s",
				f.Name, h.Name, strings.Join(fieldsOf(f.Kind), ", "), leaveEmpty(f)))
		}
		l.columns = append(l.columns, c)
	}
	for _, c := range columns {
		fault(c.To, "is none of its columns", "take one of "+strings.Join(headNames(heads), ", "))
	}
	if len(l.columns) == 0 {
		errs = append(errs, fmt.Errorf("bulk.columns fills no column of %s; write {file: %s, from: …, to: …} for each", f.Name, f.Name))
	} else if len(errs) == 0 {
		for _, any := range f.Carries {
			if !slices.ContainsFunc(l.columns, func(c filled) bool { return slices.Contains(any, c.from) }) {
				errs = append(errs, fmt.Errorf("%s: no column holds %s, and without it %s cannot be tied; map it in bulk.columns onto the column meant for it", where, strings.Join(any, " or "), f.Name))
			}
		}
	}
	return l, errors.Join(errs...)
}

// leaveEmpty says how a template's column is left empty on purpose: which of
// them the platform needs is not known.
func leaveEmpty(f *File) string {
	if len(f.Heads) > 0 {
		return ""
	}
	return "; with neither it is left empty on purpose"
}

func fieldsOf(k Kind) []string {
	var out []string
	for _, f := range fields {
		if slices.Contains(f.Kinds, k) {
			out = append(out, f.Name)
		}
	}
	return out
}

func headNames(hs []Head) []string {
	var out []string
	for _, h := range hs {
		out = append(out, h.Name)
	}
	return out
}

// templateMost is more than any line of headers is long.
const templateMost = 1 << 20

// template reads the header row of a platform's template, and how its lines
// end and its values are parted.
func (l *layout) template(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", l.file.Name, err)
	}
	return l.header(path, data)
}

// header reads the first row of a template.
func (l *layout) header(path string, data []byte) ([]string, error) {
	bad := func(rule, remedy string) ([]string, error) {
		return nil, fmt.Errorf("%s:1: %s; %s", path, rule, remedy)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(data) > templateMost || !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return bad("is no CSV file in UTF-8", "download the template as CSV and do not save it with another program")
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	l.crlf = bytes.HasSuffix(first, []byte("\r"))
	for _, c := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(c))) > bytes.Count(first, []byte(string(l.comma))) {
			l.comma = c
		}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = l.comma
	names, err := r.Read()
	if err != nil {
		return bad("holds no header row", "download the template again")
	}
	for i, n := range names {
		names[i] = strings.TrimSpace(n)
		if names[i] == "" {
			return bad(fmt.Sprintf("column %d has no header", i+1), "download the template again, or remove the column")
		}
		if table.Mask(n) != n || CheckHead(names[i]) != nil {
			return bad(fmt.Sprintf("column %d has the header %q, which is none", i+1, table.Mask(names[i])), "take the template itself, with its header row first")
		}
		if slices.Contains(names[:i], names[i]) {
			return bad(fmt.Sprintf("column %d has the header %q of another column", i+1, names[i]), "download the template again")
		}
	}
	return names, nil
}

// CheckHead tells what is wrong with the name of a column, nil if nothing.
func CheckHead(head string) error {
	if len(head) > 200 || strings.TrimSpace(head) != head || head == "" || strings.ContainsAny(head[:1], "=+-@") || strings.ContainsFunc(head, func(r rune) bool { return r < ' ' || r == '"' || r == 0x7f }) {
		return &table.Fault{Value: head, Rule: "is no name of a column", Remedy: "write it as the platform's template has it"}
	}
	return nil
}
