package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/encoding/htmlindex"

	"lostlink/ingest"
	"lostlink/ingest/source"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
	"lostlink/report"
)

// checker checks values one by one and puts a place to each fault. An empty
// list and no list are the same and come back as nil.
type checker struct {
	faults
	name   string           // of the file
	places map[string]place // by key, and by the path of what stands in lists
}

// place is where a value was written: a line of the file, or an environment
// variable.
type place struct {
	line     int
	variable string
}

// written finds where the first of some values that was written at all stands,
// or failing that what it belongs to.
func (k *checker) written(paths ...string) place {
	for _, path := range paths {
		for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
			if at, ok := k.places[p]; ok {
				return at
			}
		}
	}
	return place{}
}

func (k *checker) fault(path, value, rule, remedy string) {
	k.faultAt(k.written(path), path, value, rule, remedy)
}

func (k *checker) faultAt(at place, path, value, rule, remedy string) {
	e := &Error{Place: at.variable, Key: path, Value: value, Rule: rule, Remedy: remedy, line: at.line}
	if e.Place == "" {
		e.Place = k.name
		if at.line > 0 {
			e.Place = fmt.Sprintf("%s:%d", k.name, at.line)
		}
	}
	k.add(e)
}

func text(v any) string { return fmt.Sprint(v) }

func (k *checker) folder(path, v string) string {
	if v == "" {
		k.fault(path, "", "is empty", `name a folder; "." is the folder of the configuration file`)
	}
	return v
}

func (k *checker) atLeast(path string, v, least int) int {
	if v < least {
		k.fault(path, text(v), fmt.Sprintf("is below %d", least), fmt.Sprintf("write a whole number from %d", least))
	}
	return v
}

func (k *checker) share(path string, v float64) float64 {
	if !(v >= 0 && v <= 1) {
		k.fault(path, text(v), "is no share from 0 to 1", "write 0.01 for one row in a hundred")
	}
	return v
}

// earliest is the first year taken for a time of this trade; anything before
// is a slip, and 1970 would read as "none".
const earliest = 2000

func (k *checker) time(path, v string) table.Time {
	if v == "" {
		return 0
	}
	t, err := time.Parse(time.DateOnly, v)
	if err != nil {
		t, err = time.Parse(time.RFC3339, v)
	}
	if err != nil {
		k.fault(path, v, "is neither a day nor a time with its zone", "write 2026-02-01 (midnight UTC) or 2026-02-01T08:00:00+01:00")
		return 0
	}
	if t.Year() < earliest {
		k.fault(path, v, fmt.Sprintf("is before the year %d", earliest), "check the year")
		return 0
	}
	return table.TimeOf(t)
}

// list checks each member of a list by rule, which says what is wrong and what
// to do, or nothing.
func (k *checker) list(path string, vs []string, rule func(v string) (wrong, remedy string)) []string {
	if len(vs) == 0 {
		return nil
	}
	for i, v := range vs {
		if wrong, remedy := rule(v); wrong != "" {
			k.fault(fmt.Sprintf("%s[%d]", path, i), v, wrong, remedy)
		}
	}
	return vs
}

func (k *checker) words(path string, vs []string) []string {
	return k.list(path, vs, func(v string) (string, string) {
		if v == "" || strings.ContainsAny(v, "=&?# ") {
			return "is no name of a query parameter", "write the name alone, such as gspk"
		}
		return "", ""
	})
}

func (k *checker) paths(path string, vs []string) []string {
	return k.list(path, vs, func(v string) (string, string) {
		if !strings.HasPrefix(v, "/") || strings.ContainsAny(v, "?#") {
			return "is no path of a page", "write what follows the host, such as /signup"
		}
		return "", ""
	})
}

func (k *checker) hosts(path string, vs []string) []string {
	return k.list(path, vs, func(v string) (string, string) {
		if v == "" || strings.ContainsAny(v, "/:@ ") {
			return "is no host name", "write the host alone, such as www.example.com"
		}
		if v != strings.ToLower(v) {
			return "is not in lower case", "write " + strings.ToLower(v)
		}
		return "", ""
	})
}

func (k *checker) currency(path, v string) string {
	c, err := table.ParseCurrency(v)
	k.value(path, v, err)
	return c
}

func (k *checker) thresholds(path string, vs []threshold) []threshold {
	var out []threshold
	for i, v := range vs {
		at := fmt.Sprintf("%s[%d]", path, i)
		v.Currency = k.currency(at+".currency", v.Currency)
		if v.Minor < 0 {
			k.fault(at+".minor", text(v.Minor), "is below 0", "write the smallest amount in minor units, 500 for 5.00 EUR")
		}
		if slices.ContainsFunc(out, func(o threshold) bool { return o.Currency == v.Currency }) {
			k.fault(at+".currency", v.Currency, "has a threshold already", "keep one threshold a currency")
		}
		out = append(out, v)
	}
	return out
}

// reportKeys is what a message of the report's check begins with and a place
// says better.
var reportKeys = regexp.MustCompile(`^report: (?:\w+: )?`)

// report leaves the rules to [report.Options.Check], which knows no lines: it
// is asked about one value at a time.
func (k *checker) report(path string, v reporting) report.Options {
	ask := func(at string, o report.Options) {
		o.ReviewRowsMax = cmp.Or(o.ReviewRowsMax, 1)
		if err := o.Check(); err != nil {
			rule, remedy, _ := strings.Cut(reportKeys.ReplaceAllString(err.Error(), ""), "; ")
			k.fault(path+"."+at, "", rule, remedy)
		}
	}
	o := report.Options{
		ReviewRowsMax: k.atLeast(path+".review_rows_max", v.ReviewRowsMax, 1),
		Thresholds:    convert(k.thresholds(path+".thresholds", v.Thresholds), func(t threshold) report.Threshold { return report.Threshold(t) }),
		MaskEmail:     v.MaskEmail,
	}
	ask("review_rows_max", report.Options{ReviewRowsMax: o.ReviewRowsMax})
	if v.MainCurrency != "" {
		o.MainCurrency = k.currency(path+".main_currency", v.MainCurrency)
	}
	for i, r := range v.Rates {
		at := fmt.Sprintf("rates[%d]", i)
		r.Currency = k.currency(path+"."+at+".currency", r.Currency)
		faulty := r.Currency == "" || v.MainCurrency != "" && o.MainCurrency == "" // and reported
		if !faulty {
			ask(at, report.Options{MainCurrency: o.MainCurrency, Rates: []report.Rate{report.Rate(r)}})
		}
		o.Rates = append(o.Rates, report.Rate(r))
	}
	for i, r := range v.Commission {
		at := fmt.Sprintf("commission[%d]", i)
		if r.Currency != "" {
			r.Currency = k.currency(path+"."+at+".currency", r.Currency)
		}
		ask(at, report.Options{Commission: []report.CommissionRule{report.CommissionRule(r)}})
		o.Commission = append(o.Commission, report.CommissionRule(r))
	}
	return o
}

func (k *checker) sources(path string, vs []input) []ingest.Source {
	var out []ingest.Source
	names := map[string]string{}
	for i, v := range vs {
		at := fmt.Sprintf("%s[%d]", path, i)
		s := k.source(at, v)
		name := s.Name
		if name == "" && s.Format == source.Native {
			name = string(s.Table)
		} else if name == "" {
			name = s.Format
		}
		if other, taken := names[name]; taken && name != "" {
			k.fault(at+".name", name, "is the name of "+other+" too", "give each of them a name of its own")
		} else {
			names[name] = at
		}
		out = append(out, s)
	}
	return out
}

func (k *checker) source(at string, v input) ingest.Source {
	s := ingest.Source{
		Name:      v.Name,
		Format:    v.Format,
		Table:     table.Kind(k.choice(at+".table", v.Table, kinds())),
		Files:     k.files(at+".files", v.Files),
		Optional:  v.Optional,
		Zone:      k.zone(at+".zone", v.Zone),
		Unit:      table.Unit(k.choice(at+".unit", v.Unit, []string{string(table.Major), string(table.Minor), string(table.Hundredths)})),
		Currency:  v.Currency,
		DateOrder: k.choice(at+".date_order", v.DateOrder, []string{"mdy", "dmy", "ymd"}),
		LogFormat: v.LogFormat,
		Encoding:  k.encoding(at+".encoding", v.Encoding),
		SignupEvents: k.list(at+".signup_events", v.Events, func(v string) (string, string) {
			if strings.TrimSpace(v) == "" {
				return "is an empty name", "write the event's name, such as Signed Up"
			}
			return "", ""
		}),
	}
	if v.Currency != "" {
		s.Currency = k.currency(at+".currency", v.Currency)
	}
	switch {
	case v.Table != "" && v.Format == "":
		s.Format = source.Native
	case v.Table != "" && v.Format != source.Native:
		k.fault(at+".table", v.Table, "goes with format native alone", "remove it: the format "+v.Format+" knows its table")
	}
	k.format(at+".format", v.Format)
	s.Columns = k.columns(at+".columns", v.Columns, columnsOf(s.Format, s.Table))
	return s
}

func (k *checker) files(path string, vs []string) []string {
	if len(vs) == 0 {
		k.fault(path, "", "names no file", "list the files or globs of this source, such as [payments*.csv]")
	}
	return k.list(path, vs, func(v string) (string, string) {
		if strings.TrimSpace(v) == "" {
			return "is an empty path", "name a file or a glob, such as payments*.csv"
		}
		if !doublestar.ValidatePattern(v) {
			return "is no valid glob", "close its brackets and braces"
		}
		return "", ""
	})
}

func (k *checker) format(path, v string) {
	if s := source.Get(v); s != nil && s.Refused != "" {
		k.fault(path, v, "is not read", s.Refused)
		return
	}
	k.choice(path, v, source.Names())
}

func (k *checker) columns(path string, vs []column, known []string) []ingest.ColumnMap {
	var out []ingest.ColumnMap
	for i, v := range vs {
		at := fmt.Sprintf("%s[%d]", path, i)
		if v.From == "" {
			k.fault(at+".from", "", "is missing", "name the column as the file does")
		}
		if v.To == "" {
			k.fault(at+".to", "", "is missing", "name the table's column it goes to")
		} else {
			k.choice(at+".to", v.To, known)
		}
		if v.To != "" && slices.ContainsFunc(out, func(o ingest.ColumnMap) bool { return o.To == v.To }) {
			k.fault(at+".to", v.To, "is filled by another column already", "map one column onto it")
		}
		out = append(out, ingest.ColumnMap(v))
	}
	return out
}

// choice lets "" pass: it means the default.
func (k *checker) choice(path, v string, from []string) string {
	if v == "" || slices.Contains(from, v) {
		return v
	}
	remedy := "write one of " + strings.Join(from, ", ")
	if near := Nearest(v, from); near != "" {
		remedy = "did you mean " + near + "?"
	}
	k.fault(path, v, "is not known here", remedy)
	return v
}

func (k *checker) zone(path, v string) string {
	if v != "" {
		k.value(path, v, source.CheckZone(v))
	}
	return v
}

func (k *checker) encoding(path, v string) string {
	if v != "" {
		if _, err := htmlindex.Get(v); err != nil {
			k.fault(path, v, "is no known encoding", "write a name such as windows-1252 or utf-16le")
		}
	}
	return v
}

// value reports what another package finds wrong with a value.
func (k *checker) value(path, v string, err error) {
	var f *table.Fault
	if errors.As(err, &f) {
		k.fault(path, v, f.Rule, f.Remedy)
	} else if err != nil {
		k.fault(path, v, err.Error(), "")
	}
}

// weights reads the file that "lostlink calibrate" wrote.
func (k *checker) weights(c *Config, path string) {
	if path == "" {
		return
	}
	c.WeightsFile = path
	data, err := os.ReadFile(c.Path(path))
	if err != nil {
		k.fault("weights", path, "cannot be read", "make it: lostlink calibrate -o "+path)
		return
	}
	if c.Reconcile.Weights, err = gap.ReadWeights(data); err != nil {
		k.fault("weights", path, "holds no weights of this version: "+err.Error(), "make it anew: lostlink calibrate -o "+path)
	}
}

func kinds() []string {
	var names []string
	for _, k := range table.Kinds() {
		names = append(names, string(k))
	}
	return names
}

// columnsOf lists the columns a source may fill: those of its table, those its
// format takes, or any where the file tells its format.
func columnsOf(format string, kind table.Kind) []string {
	tables, formats := []table.Kind{kind}, []*source.Source{source.Get(format)}
	if format == "" {
		formats = source.All()
	}
	if kind == "" && (format == "" || format == source.Native) {
		tables = table.Kinds()
	}
	var names []string
	for _, t := range tables {
		for _, c := range table.ColumnsOf(t) {
			// The position of a row is the reader's to fill.
			if !strings.HasPrefix(c.Name, "src_") {
				names = append(names, c.Name)
			}
		}
	}
	for _, f := range formats {
		if f == nil {
			continue
		}
		for _, u := range f.Uses {
			names = append(names, u.To)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
