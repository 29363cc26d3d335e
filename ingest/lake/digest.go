package lake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"slices"
	"sort"

	"lostlink/ingest/table"
)

// A digest is, for the clicks or visits of one part, what is known of each row
// in a few bytes, and the rows in the order of each of the things they are
// looked up by. It is a file of sections, one after the other, each a multiple
// of 8 bytes long, then a directory of them, all little-endian:
//
//	magic      8 bytes "lldigst1"
//	sections   see below
//	directory  one entry of 40 bytes a section
//	trailer    u64 offset of the directory, u32 entries, u32 CRC-32C of the directory, magic
//
// A section covers some rows of the Parquet file, one row group of it. Those of
// traces have a number for each row: see [Trace]. Those of an index list the
// rows, counted from the section's first, that have the identity at all, by hash
// and then by row: 2^bits+1 u32 that say where the hashes with each leading bits
// begin, then the rows as u32.
const (
	digestMagic  = "lldigst1"
	entryBytes   = 40
	trailerBytes = 8 + 4 + 4 + 8
)

// holds says what a section has.
type holds uint8

const (
	ofSeconds holds = iota // u32 a row
	ofTwin                 // u8 a row
	ofInput                // u32 a row, the number of its input; none where all are of number 0
	ofShort                // u32 a row, for the identity By
	ofIndex                // the index of the identity By
)

// Trace is what a digest says of a row: when it was, in whole seconds since
// 1970 and 0 where that does not fit, and [Short] hashes of who it was of. Twin
// tells that the same line of the input gave a click and a visit.
type Trace struct {
	Seconds                        uint32
	Visitor, Email, Address, Click uint32
	Twin                           bool
}

// Short is the short form of a [Hash]; 0 only for none.
func Short(h uint64) uint32 {
	if h == 0 {
		return 0
	}
	return max(uint32(h>>32), 1)
}

// seconds is the time of a trace.
func seconds(at int64) uint32 {
	if s := at / int64(table.Second); s > 0 && s < 1<<32 {
		return uint32(s)
	}
	return 0
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is one line of the directory.
type entry struct {
	Holds holds
	By    By
	Bits  uint8
	_     uint8
	CRC   uint32 // CRC-32C of the section
	First uint32 // row
	Rows  uint32
	Count uint32 // of an index: how many rows it lists
	_     uint32
	At    uint64 // offset
	Size  uint64
}

// size is what the rest of the entry says about the section's size.
func (e *entry) size() uint64 {
	switch e.Holds {
	case ofTwin:
		return pad8(uint64(e.Rows))
	case ofIndex:
		return pad8((1<<e.Bits + 1 + uint64(e.Count)) * 4)
	}
	return pad8(uint64(e.Rows) * 4)
}

func pad8(n uint64) uint64 { return (n + 7) &^ 7 }

// digestWriter writes a digest section by section. An error is kept to the end.
type digestWriter struct {
	w    io.Writer
	at   uint64
	dir  []entry
	buf  []byte
	refs []ref
	err  error
}

func newDigestWriter(w io.Writer) *digestWriter {
	d := &digestWriter{w: w}
	d.write([]byte(digestMagic))
	return d
}

func (d *digestWriter) write(p []byte) {
	if d.err == nil {
		_, d.err = d.w.Write(p)
		d.at += uint64(len(p))
	}
}

// add writes the sections of a chunk that has been sorted and whose rows follow
// the first ones.
func (d *digestWriter) add(c *chunk, first uint32) {
	e := entry{First: first, Rows: uint32(c.n)}
	d.buf = d.buf[:0]
	times := c.col(c.at).nums
	for _, i := range c.order {
		d.buf = binary.LittleEndian.AppendUint32(d.buf, seconds(times[i]))
	}
	e.Holds = ofSeconds
	d.section(e)
	for _, i := range c.order {
		d.buf = append(d.buf, byte(c.twin[i]))
	}
	e.Holds = ofTwin
	d.section(e)
	if slices.ContainsFunc(c.input, func(n int32) bool { return n != 0 }) {
		for _, i := range c.order {
			d.buf = binary.LittleEndian.AppendUint32(d.buf, uint32(c.input[i]))
		}
		e.Holds = ofInput
		d.section(e)
	}
	for k, id := range c.by {
		e.By = id.by
		d.refs = d.refs[:0]
		for row, i := range c.order {
			h := c.ids[k][i]
			d.buf = binary.LittleEndian.AppendUint32(d.buf, Short(h))
			if h != 0 {
				d.refs = append(d.refs, ref{h, uint32(row)})
			}
		}
		e.Holds = ofShort
		d.section(e)
		sorted, starts, n := spread(d.refs)
		for _, s := range starts {
			d.buf = binary.LittleEndian.AppendUint32(d.buf, s)
		}
		for _, r := range sorted {
			d.buf = binary.LittleEndian.AppendUint32(d.buf, r.row)
		}
		index := e
		index.Holds, index.Bits, index.Count = ofIndex, uint8(n), uint32(len(sorted))
		d.section(index)
	}
}

// section writes what is in the buffer, and empties it.
func (d *digestWriter) section(e entry) {
	for len(d.buf)%8 != 0 {
		d.buf = append(d.buf, 0)
	}
	e.At, e.Size, e.CRC = d.at, uint64(len(d.buf)), crc32.Checksum(d.buf, castagnoli)
	d.dir = append(d.dir, e)
	d.write(d.buf)
	d.buf = d.buf[:0]
}

// close writes the directory.
func (d *digestWriter) close() error {
	at := d.at
	var dir bytes.Buffer
	if err := binary.Write(&dir, binary.LittleEndian, d.dir); err != nil {
		return err
	}
	b := dir.Bytes()
	sum := crc32.Checksum(b, castagnoli)
	b = binary.LittleEndian.AppendUint64(b, at)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.dir)))
	b = binary.LittleEndian.AppendUint32(b, sum)
	b = append(b, digestMagic...)
	d.write(b)
	return d.err
}

// ref is a row with one of its identities.
type ref struct {
	hash uint64
	row  uint32
}

// spread sorts refs, which come in row order, by hash and row. Hashes are even,
// so one pass over their leading bits leaves a few in each place. It gives where
// each place begins, and how many bits name it.
func spread(refs []ref) (sorted []ref, starts []uint32, n int) {
	n = max(0, bits.Len(uint(len(refs)))-3) // four to eight a place
	starts = make([]uint32, 1<<n+1)
	for i := range refs {
		starts[leading(refs[i].hash, n)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	next := slices.Clone(starts)
	sorted = make([]ref, len(refs))
	for _, r := range refs {
		p := leading(r.hash, n)
		sorted[next[p]] = r
		next[p]++
	}
	for i := range len(starts) - 1 {
		if place := sorted[starts[i]:starts[i+1]]; len(place) > 1 {
			slices.SortStableFunc(place, func(a, b ref) int {
				switch {
				case a.hash < b.hash:
					return -1
				case a.hash > b.hash:
					return 1
				}
				return 0
			})
		}
	}
	return sorted, starts, n
}

// leading gives the n leading bits of a hash.
func leading(h uint64, n int) uint64 {
	if n == 0 {
		return 0
	}
	return h >> (64 - n)
}

// digest reads one.
type digest struct {
	r    io.ReaderAt
	use  []int32 // by number of the input: its File in the view, or unused
	dir  []entry
	bufs [9][]byte
}

var errNoDigest = errors.New("is no digest, or not a whole one")

func openDigest(r io.ReaderAt, size int64, use []int32) (*digest, error) {
	tail := make([]byte, trailerBytes)
	if size < int64(len(digestMagic)+trailerBytes) {
		return nil, errNoDigest
	}
	if _, err := r.ReadAt(tail, size-trailerBytes); err != nil {
		return nil, err
	}
	at, n := binary.LittleEndian.Uint64(tail), binary.LittleEndian.Uint32(tail[8:])
	if string(tail[16:]) != digestMagic || at > uint64(size) || at+uint64(n)*entryBytes != uint64(size)-trailerBytes {
		return nil, errNoDigest
	}
	b := make([]byte, uint64(n)*entryBytes)
	if _, err := r.ReadAt(b, int64(at)); err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != binary.LittleEndian.Uint32(tail[12:]) {
		return nil, errNoDigest
	}
	d := &digest{r: r, use: use, dir: make([]entry, n)}
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, d.dir); err != nil {
		return nil, err
	}
	for i := range d.dir {
		if e := &d.dir[i]; e.Bits > 32 || e.Holds > ofIndex || e.Size != e.size() || e.At > at || e.Size > at-e.At {
			return nil, errNoDigest
		}
	}
	return d, nil
}

// groups gives the directory cut where the rows of one section begin that those
// of the one before do not cover.
func (d *digest) groups(fn func(group []entry) error) error {
	for from := 0; from < len(d.dir); {
		to := from
		for to < len(d.dir) && d.dir[to].First == d.dir[from].First {
			to++
		}
		if err := fn(d.dir[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// section reads a section of a group, which must have it, into one of the
// buffers.
func (d *digest) section(group []entry, what holds, by By, buf int) (*entry, []byte, error) {
	for i := range group {
		e := &group[i]
		if e.Holds != what || e.By != by {
			continue
		}
		b := slices.Grow(d.bufs[buf][:0], int(e.Size))[:e.Size]
		d.bufs[buf] = b
		if _, err := d.r.ReadAt(b, int64(e.At)); err != nil {
			return nil, nil, err
		}
		if sum := crc32.Checksum(b, castagnoli); sum != e.CRC {
			return nil, nil, fmt.Errorf("a section of the digest is damaged (CRC-32C %08x, not %08x)", sum, e.CRC)
		}
		return e, b, nil
	}
	return nil, nil, errNoDigest
}

func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i*4:]) }

// find calls hit for every row that the view uses whose identity is among the
// keys; the row is counted from the file's first, and key is the place of the one
// that was found.
func (d *digest) find(by By, keys []uint64, hit func(row uint32, file int32, key int, t Trace)) error {
	return d.groups(func(group []entry) error {
		e, index, err := d.section(group, ofIndex, by, 0)
		if err != nil {
			return err
		}
		_, shorts, err := d.section(group, ofShort, by, 1)
		if err != nil {
			return err
		}
		places := 1<<e.Bits + 1
		rows := index[places*4:]
		var traces *Traces
		for k, key := range keys {
			if key == 0 {
				continue
			}
			p := int(leading(key, int(e.Bits)))
			at, end := int(u32(index, p)), int(u32(index, p+1))
			if at > end || end > int(e.Count) {
				return errNoDigest
			}
			short := Short(key)
			if end-at > 32 {
				at += sort.Search(end-at, func(i int) bool { return u32(shorts, int(u32(rows, at+i))) >= short })
			}
			for ; at < end; at++ {
				row := int(u32(rows, at))
				if row >= int(e.Rows) {
					return errNoDigest
				}
				s := u32(shorts, row)
				if s > short {
					break
				}
				if s < short {
					continue
				}
				if traces == nil {
					if traces, err = d.traces(group); err != nil {
						return err
					}
				}
				if file, ok := traces.File(row); ok {
					hit(e.First+uint32(row), file, k, traces.At(row))
				}
			}
		}
		return nil
	})
}

// Traces are those of a stretch of rows.
type Traces struct {
	Rows    int
	part    int32
	first   uint32
	use     []int32 // as of the digest
	seconds []byte
	twin    []byte
	input   []byte
	shorts  [4][]byte // by By-1
}

// File gives the number that the view gave to the row's file; false if the view
// does not use the input that the row is of.
func (t *Traces) File(row int) (int32, bool) {
	n := 0
	if t.input != nil {
		n = int(u32(t.input, row))
	}
	if n >= len(t.use) || t.use[n] == unused {
		return 0, false
	}
	return t.use[n], true
}

// Ref names a row of the stretch.
func (t *Traces) Ref(row int) Ref { return Ref{t.part, t.first + uint32(row)} }

// At gives the trace of a row of the stretch.
func (t *Traces) At(row int) Trace {
	return Trace{Seconds: u32(t.seconds, row), Twin: t.twin[row] != 0,
		Visitor: u32(t.shorts[ByVisitor-1], row), Email: u32(t.shorts[ByEmail-1], row),
		Address: u32(t.shorts[ByAddress-1], row), Click: u32(t.shorts[ByClick-1], row)}
}

// traces reads those of a group, good until the next is read.
func (d *digest) traces(group []entry) (*Traces, error) {
	e, b, err := d.section(group, ofSeconds, 0, 2)
	if err != nil {
		return nil, err
	}
	t := &Traces{Rows: int(e.Rows), first: e.First, use: d.use, seconds: b}
	if slices.ContainsFunc(group, func(e entry) bool { return e.Holds == ofInput }) {
		if _, t.input, err = d.section(group, ofInput, 0, 8); err != nil {
			return nil, err
		}
	}
	if _, t.twin, err = d.section(group, ofTwin, 0, 3); err != nil {
		return nil, err
	}
	for i, by := range []By{ByVisitor, ByEmail, ByAddress, ByClick} {
		if _, t.shorts[i], err = d.section(group, ofShort, by, 4+i); err != nil {
			return nil, err
		}
	}
	return t, nil
}
