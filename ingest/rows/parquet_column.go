package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// parquetColumn turns the values of one column into text, batch by batch. Texts
// are parts of the page where it holds them as they are, each entry of a
// dictionary is made text once, and the rest is written into a buffer.
type parquetColumn struct {
	leaf  *parquet.Column
	text  func(b []byte, v parquet.Value) []byte
	plain bool  // the text of a value is its bytes
	stamp stamp // how the column's instants are written
	level byte  // definition level of a value

	pages parquet.Pages
	page  parquet.Page
	spent []parquet.Page // that the batch may have parts of

	// Of the page.
	rows, at int      // its rows, and the next one
	value    int      // the next value: rows without one have none
	levels   []byte   // per row, nil if all have values
	data     []byte   // with offsets: the texts
	offsets  []uint32 // of the texts, one more than there are
	stamps   []int64  // instants
	entries  []int32  // indices into the dictionary's texts
	source   parquet.ValueReader
	clean    bool // all its texts are text

	dictionary parquet.Dictionary
	texts      []string // its entries
	textsClean bool

	raw    [batchRows]parquet.Value // of source
	ends   [batchRows]int
	values [batchRows]string
	buf    []byte
	sound  bool // all values of the batch are text
}

func newParquetColumn(leaf *parquet.Column) *parquetColumn {
	t := leaf.Type()
	c := &parquetColumn{leaf: leaf, text: textOf(t), level: byte(leaf.MaxDefinitionLevel())}
	if l := t.LogicalType(); l == nil {
		c.plain = t.Kind() == parquet.ByteArray
	} else {
		switch l := l.Value.(type) {
		case *format.TimestampType:
			if t.Kind() == parquet.Int64 {
				c.stamp = stamp{perSecond: unitOf(l.Unit), utc: l.IsAdjustedToUTC}
			}
		case *format.StringType, *format.EnumType, *format.JsonType:
			c.plain = t.Kind() == parquet.ByteArray
		}
	}
	return c
}

// read fills values[:n].
func (c *parquetColumn) read(n int) error {
	for _, p := range c.spent {
		parquet.Release(p)
	}
	c.spent = c.spent[:0]
	c.buf, c.sound = c.buf[:0], true
	for have := 0; have < n; {
		if c.at == c.rows {
			if err := c.turn(); err != nil {
				return err
			}
			continue
		}
		took := min(n-have, c.rows-c.at)
		if err := c.take(c.values[have:have+took], have); err != nil {
			return err
		}
		c.sound = c.sound && c.clean
		c.at += took
		have += took
	}
	return nil
}

// take fills values from the page; they are the batch's from row at on.
func (c *parquetColumn) take(values []string, at int) error {
	switch {
	case c.source != nil:
		return c.write(values, at)
	case c.stamps != nil:
		return c.writeStamps(values)
	}
	count := len(c.entries)
	if c.offsets != nil {
		count = len(c.offsets) - 1
	}
	for i := range values {
		if c.levels != nil && c.levels[c.at+i] != c.level {
			values[i] = ""
			continue
		}
		k := c.value
		if k >= count {
			return errShort
		}
		c.value++
		if c.offsets != nil {
			values[i] = viewOf(c.data[c.offsets[k]:c.offsets[k+1]])
			continue
		}
		e := c.entries[k]
		if e < 0 || int(e) >= len(c.texts) {
			return fmt.Errorf("value %d of a dictionary of %d", e, len(c.texts))
		}
		values[i] = c.texts[e]
	}
	return nil
}

var errShort = errors.New("a page has fewer values than it says")

// write makes texts of values that parquet-go reads.
func (c *parquetColumn) write(values []string, at int) error {
	for have := 0; have < len(values); {
		got, err := c.source.ReadValues(c.raw[have:len(values)])
		if got == 0 {
			if err == nil || err == io.EOF {
				err = errShort
			}
			return err
		}
		if err != nil && err != io.EOF {
			return err
		}
		have += got
	}
	// The buffer may move while it grows, so that parts are taken at the end.
	start := len(c.buf)
	for i := range values {
		if v := c.raw[i]; !v.IsNull() {
			c.buf = c.text(c.buf, v)
		}
		c.ends[i] = len(c.buf)
	}
	for i := range values {
		values[i] = viewOf(c.buf[start:c.ends[i]])
		start = c.ends[i]
	}
	rule, _ := unreadable(viewOf(c.buf))
	c.clean = rule == ""
	return nil
}

func (c *parquetColumn) writeStamps(values []string) error {
	start := len(c.buf)
	for i := range values {
		if c.levels == nil || c.levels[c.at+i] == c.level {
			if c.value >= len(c.stamps) {
				return errShort
			}
			c.buf = c.stamp.append(c.buf, c.stamps[c.value])
			c.value++
		}
		c.ends[i] = len(c.buf)
	}
	for i := range values {
		values[i] = viewOf(c.buf[start:c.ends[i]])
		start = c.ends[i]
	}
	return nil
}

// turn goes to the next page.
func (c *parquetColumn) turn() error {
	if c.page != nil {
		c.spent = append(c.spent, c.page)
		c.page = nil
	}
	page, err := c.pages.ReadPage()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	c.page = page
	c.rows, c.at, c.value = int(page.NumValues()), 0, 0
	c.levels, c.data, c.offsets, c.stamps, c.entries, c.source, c.clean = nil, nil, nil, nil, nil, nil, true
	if c.level > 0 {
		if c.levels = page.DefinitionLevels(); len(c.levels) != c.rows {
			return errShort
		}
	}
	switch d := page.Dictionary(); {
	case d != nil:
		if d != c.dictionary {
			c.learn(d)
		}
		values := page.Data()
		c.entries, c.clean = values.Int32(), c.textsClean
	case c.plain:
		values := page.Data()
		if values.Kind() != encoding.ByteArray {
			return errShort
		}
		c.data, c.offsets = values.ByteArray()
		if len(c.offsets) == 0 {
			c.offsets = []uint32{0}
		}
		all := viewOf(c.data[c.offsets[0]:c.offsets[len(c.offsets)-1]])
		// Of ASCII any part is text.
		c.clean = strings.IndexByte(all, 0) < 0 && ascii(c.data[c.offsets[0]:c.offsets[len(c.offsets)-1]])
	case c.stamp.perSecond > 0:
		values := page.Data()
		c.stamps = values.Int64()
		if c.stamps == nil {
			c.stamps = []int64{}
		}
	default:
		c.source = page.Values()
	}
	return nil
}

// learn makes texts of a dictionary's entries.
func (c *parquetColumn) learn(d parquet.Dictionary) {
	c.dictionary = d
	var buf []byte
	ends := make([]int, d.Len())
	for i := range ends {
		buf = c.text(buf, d.Index(int32(i)))
		ends[i] = len(buf)
	}
	c.texts, c.textsClean = make([]string, len(ends)), true
	all, start := string(buf), 0
	for i, end := range ends {
		c.texts[i] = all[start:end]
		if rule, _ := unreadable(c.texts[i]); rule != "" {
			c.textsClean = false
		}
		start = end
	}
}

// close gives up the chunk; what the batch has of it is no longer good.
func (c *parquetColumn) close() error {
	if c.page != nil {
		c.spent = append(c.spent, c.page)
	}
	for _, p := range c.spent {
		parquet.Release(p)
	}
	c.spent = c.spent[:0]
	c.page, c.source, c.dictionary, c.texts = nil, nil, nil, nil
	c.rows, c.at = 0, 0
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}

// stamp writes instants like the layouts of textOf.
type stamp struct {
	perSecond int64 // 0: not used
	utc       bool
	day       int64 // whose text is kept
	date      []byte
}

// stampMin and stampMax are seconds of years with four digits.
var (
	stampMin = time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	stampMax = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

func (s *stamp) append(b []byte, n int64) []byte {
	seconds, rest := n/s.perSecond, n%s.perSecond
	if rest < 0 {
		seconds, rest = seconds-1, rest+s.perSecond
	}
	if seconds < stampMin || seconds >= stampMax {
		layout := localLayout
		if s.utc {
			layout = instantLayout
		}
		return appendTime(b, n, s.perSecond, layout)
	}
	const daySeconds = 24 * 60 * 60
	day, clock := seconds/daySeconds, seconds%daySeconds
	if clock < 0 {
		day, clock = day-1, clock+daySeconds
	}
	if s.date == nil || day != s.day {
		s.day = day
		s.date = time.Unix(day*daySeconds, 0).UTC().AppendFormat(s.date[:0], "2006-01-02T")
	}
	micros := rest * (1e9 / s.perSecond) / 1e3
	b = append(b, s.date...)
	b = appendDigits(b, clock/3600, 2)
	b = append(b, ':')
	b = appendDigits(b, clock/60%60, 2)
	b = append(b, ':')
	b = appendDigits(b, clock%60, 2)
	b = append(b, '.')
	b = appendDigits(b, micros, 6)
	if s.utc {
		b = append(b, 'Z')
	}
	return b
}

// appendDigits writes n with leading zeros.
func appendDigits(b []byte, n int64, width int) []byte {
	b = append(b, "000000"[:width]...)
	for i := len(b) - 1; width > 0; i, width = i-1, width-1 {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}
