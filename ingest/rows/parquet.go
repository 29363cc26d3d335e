package rows

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits of a Parquet file, looked at before anything of that size is made.
// Writers aim at row groups of 128 MB to 1 GB and pages of 1 to 8 MB.
const (
	columnBytes = 4 << 30   // one column of one row group, unpacked
	pageBytes   = 256 << 20 // one page, unpacked
	scaleMax    = 76        // decimals of the widest decimal type in use, 256 bits
)

// batchRows is how many values of a column are turned into text at a time.
const batchRows = 1024

// parquetFile reads the bound columns of a Parquet file, page by page and each
// by itself. Columns below a list or map are not offered. Values become text:
// instants RFC 3339 with microseconds (finer parts are cut), with a Z if the
// file says they are UTC and without zone if not; days YYYY-MM-DD; decimals,
// integers and fractions in digits; truths true and false. Line counts rows.
type parquetFile struct {
	file    *parquet.File
	leaves  []*parquet.Column
	header  names
	wanted  []*parquetColumn // one per bound name, nil for none
	reading []*parquetColumn // the columns that are read, each once
	bindErr error
	groups  int   // row groups opened
	until   int   // row group to stop at; 0 reads all
	left    int64 // rows of the current group not yet in a batch
	batch   int   // rows in the current batch
	at      int   // next row in it
	line    int64
}

func newParquet(f *file) (*parquetFile, error) {
	pf, err := parquet.OpenFile(io.NewSectionReader(f.os, 0, f.size), f.size,
		parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, broken(err, "is not a Parquet file that can be read", "export it again; a file copied in part has no end")
	}
	p := &parquetFile{file: pf}
	p.walk(pf.Root())
	for i, c := range p.leaves {
		if l := c.Type().LogicalType(); l != nil {
			if d, ok := l.Value.(*format.DecimalType); ok && (d.Scale < 0 || d.Scale > scaleMax) {
				b := broken(nil, "are more than can be read", "export it with a decimal type of its own")
				b.Fault.Column, b.Fault.Value = p.header[i], fmt.Sprintf("%d decimals", d.Scale)
				return nil, b
			}
		}
	}
	return p, nil
}

func (p *parquetFile) walk(c *parquet.Column) {
	if c.Leaf() && c.MaxRepetitionLevel() == 0 {
		p.leaves = append(p.leaves, c)
		p.header = append(p.header, strings.Join(c.Path(), "."))
	}
	for _, child := range c.Columns() {
		p.walk(child)
	}
}

func (p *parquetFile) columns() []string { return p.header.named() }

func (p *parquetFile) bind(want []string) {
	bound, err := p.header.bind(want)
	p.bindErr = err
	byLeaf := map[int]*parquetColumn{}
	p.wanted, p.reading = nil, nil
	for _, i := range bound {
		c := byLeaf[i]
		if i >= 0 && c == nil {
			c = newParquetColumn(p.leaves[i])
			byLeaf[i] = c
			p.reading = append(p.reading, c)
		}
		p.wanted = append(p.wanted, c)
	}
}

// view gives the next row; its values are parts of the batch.
func (p *parquetFile) view(rec *Record) (parts bool, err error) { return true, p.next(rec) }

func (p *parquetFile) next(rec *Record) error {
	if p.bindErr != nil {
		return p.bindErr
	}
	if p.at == p.batch {
		if err := p.fill(); err != nil {
			return err
		}
	}
	p.line++
	rec.Line = p.line
	valid := true
	for i, c := range p.wanted {
		rec.Values[i] = ""
		if c != nil {
			rec.Values[i] = c.values[p.at]
			valid = valid && c.sound
		}
	}
	p.at++
	if valid {
		return nil
	}
	return checkText(rec, func(i int) string { return strings.Join(p.wanted[i].leaf.Path(), ".") })
}

// skip passes rows of the batch by.
func (p *parquetFile) skip(n int) int {
	n = min(n, p.batch-p.at)
	p.at += n
	p.line += int64(n)
	return n
}

// fill reads the next batch of every column.
func (p *parquetFile) fill() error {
	for p.left == 0 {
		if p.groups == len(p.file.RowGroups()) || p.until > 0 && p.groups == p.until {
			return io.EOF
		}
		if err := p.openGroup(); err != nil {
			return err
		}
	}
	p.at, p.batch = 0, int(min(p.left, batchRows))
	p.left -= int64(p.batch)
	for _, c := range p.reading {
		if err := c.read(p.batch); err != nil {
			p.batch = 0
			return p.damaged(c, err)
		}
	}
	return nil
}

func (p *parquetFile) openGroup() error {
	group := p.file.RowGroups()[p.groups]
	meta := &p.file.Metadata().RowGroups[p.groups]
	p.groups++
	p.left = group.NumRows()
	for _, c := range p.reading {
		i := c.leaf.Index()
		if i >= len(meta.Columns) {
			return p.damaged(c, errors.New("a row group lacks the column"))
		}
		if err := checkPages(p.file, &meta.Columns[i].MetaData); err != nil {
			return p.damaged(c, err)
		}
		if err := c.close(); err != nil {
			return p.damaged(c, err)
		}
		c.pages = group.ColumnChunks()[i].Pages()
	}
	return nil
}

// checkPages walks the headers of a column's pages.
func checkPages(r io.ReaderAt, meta *format.ColumnMetaData) error {
	if meta.TotalUncompressedSize > columnBytes {
		return fmt.Errorf("a row group of %d bytes is too large", meta.TotalUncompressedSize)
	}
	start := meta.DataPageOffset
	if d := meta.DictionaryPageOffset; d > 0 && d < start {
		start = d
	}
	if start < 0 || meta.TotalCompressedSize < 0 {
		return errors.New("a column has no place in the file")
	}
	chunk := io.NewSectionReader(r, start, meta.TotalCompressedSize)
	ahead := bufio.NewReader(chunk)
	var protocol thrift.CompactProtocol
	for values := int64(0); values < meta.NumValues; {
		var h format.PageHeader
		if err := thrift.NewDecoder(protocol.NewReader(ahead)).Decode(&h); err != nil {
			return fmt.Errorf("page header: %w", err)
		}
		switch {
		case h.CompressedPageSize < 0 || h.UncompressedPageSize < 0:
			return errors.New("a page of negative size")
		case h.UncompressedPageSize > pageBytes:
			return fmt.Errorf("a page of %d bytes is too large", h.UncompressedPageSize)
		}
		at, err := chunk.Seek(int64(h.CompressedPageSize)-int64(ahead.Buffered()), io.SeekCurrent)
		if err != nil {
			return err
		}
		if at > chunk.Size() {
			return io.ErrUnexpectedEOF
		}
		ahead.Reset(chunk)
		values += int64(h.DataPageHeader.V.NumValues) + int64(h.DataPageHeaderV2.V.NumValues)
	}
	return nil
}

func (p *parquetFile) damaged(c *parquetColumn, err error) error {
	b := broken(err, "cannot be read on", "export the file again, with smaller row groups if they are too large")
	b.Fault.Column = strings.Join(c.leaf.Path(), ".")
	b.Fault.Rule = fmt.Sprintf("column %s %s", b.Fault.Column, b.Fault.Rule)
	b.Line = p.line + 1
	return b
}

func (p *parquetFile) close() error {
	var errs []error
	for _, c := range p.reading {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// textOf gives the function that appends a column's values as text.
func textOf(t parquet.Type) func(b []byte, v parquet.Value) []byte {
	if l := t.LogicalType(); l != nil {
		switch l := l.Value.(type) {
		case *format.TimestampType:
			unit, layout := unitOf(l.Unit), localLayout
			if l.IsAdjustedToUTC {
				layout = instantLayout
			}
			return func(b []byte, v parquet.Value) []byte { return appendTime(b, v.Int64(), unit, layout) }
		case *format.TimeType:
			unit := unitOf(l.Unit)
			return func(b []byte, v parquet.Value) []byte {
				n := v.Int64()
				if v.Kind() == parquet.Int32 {
					n = int64(v.Int32())
				}
				return appendTime(b, n, unit, "15:04:05.000000")
			}
		case *format.DateType:
			return func(b []byte, v parquet.Value) []byte {
				return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().AppendFormat(b, time.DateOnly)
			}
		case *format.DecimalType:
			return func(b []byte, v parquet.Value) []byte { return appendDecimal(b, unscaled(v), int(l.Scale)) }
		case *format.UUIDType:
			return func(b []byte, v parquet.Value) []byte { return appendUUID(b, v.ByteArray()) }
		case *format.IntType:
			if !l.IsSigned {
				return func(b []byte, v parquet.Value) []byte {
					if v.Kind() == parquet.Int32 {
						return strconv.AppendUint(b, uint64(v.Uint32()), 10)
					}
					return strconv.AppendUint(b, v.Uint64(), 10)
				}
			}
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }
	case parquet.Int32:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, int64(v.Int32()), 10) }
	case parquet.Int64:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, v.Int64(), 10) }
	case parquet.Int96:
		return appendInt96
	case parquet.Float:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, float64(v.Float()), 32) }
	case parquet.Double:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, v.Double(), 64) }
	}
	return func(b []byte, v parquet.Value) []byte { return append(b, v.ByteArray()...) }
}

const (
	localLayout   = "2006-01-02T15:04:05.000000"
	instantLayout = localLayout + "Z"
)

// unitOf gives how many of a time unit are in a second.
func unitOf(u format.TimeUnit) int64 {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return 1e3
	case *format.NanoSeconds:
		return 1e9
	}
	return 1e6
}

func appendTime(b []byte, n, perSecond int64, layout string) []byte {
	seconds, rest := n/perSecond, n%perSecond
	if rest < 0 {
		seconds, rest = seconds-1, rest+perSecond
	}
	return time.Unix(seconds, rest*(1e9/perSecond)).UTC().AppendFormat(b, layout)
}

// appendInt96 writes the instants of old Spark and Impala files: nanoseconds of
// a Julian day in UTC.
func appendInt96(b []byte, v parquet.Value) []byte {
	const unixEpoch = 2440588 // Julian day of 1970-01-01
	i := v.Int96()
	nanos := int64(uint64(i[1])<<32 | uint64(i[0]))
	return time.Unix((int64(i[2])-unixEpoch)*24*60*60, nanos).UTC().AppendFormat(b, instantLayout)
}

// appendFloat writes the shortest digits that mean the same number, without an
// exponent where a person would not write one.
func appendFloat(b []byte, f float64, bits int) []byte {
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'g'
	}
	return strconv.AppendFloat(b, f, form, -1, bits)
}

func unscaled(v parquet.Value) *big.Int {
	switch v.Kind() {
	case parquet.Int32:
		return big.NewInt(int64(v.Int32()))
	case parquet.Int64:
		return big.NewInt(v.Int64())
	}
	bytes := v.ByteArray() // two's complement, big-endian
	n := new(big.Int).SetBytes(bytes)
	if len(bytes) > 0 && bytes[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(bytes))))
	}
	return n
}

func appendDecimal(b []byte, n *big.Int, scale int) []byte {
	digits := new(big.Int).Abs(n).String()
	if n.Sign() < 0 {
		b = append(b, '-')
	}
	if scale == 0 {
		return append(b, digits...)
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	b = append(b, digits[:point]...)
	b = append(b, '.')
	return append(b, digits[point:]...)
}

func appendUUID(b, id []byte) []byte {
	for i, part := range [][2]int{{0, 4}, {4, 6}, {6, 8}, {8, 10}, {10, 16}} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[part[0]:part[1]])
	}
	return b
}
