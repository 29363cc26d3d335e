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
)

// A digest is, for the clicks or visits of one part, the rows sorted by each of
// the things they are looked up by. It is a file of sections, one after the
// other, then a directory of them, all little-endian:
//
//	magic          8 bytes "lldigst1"
//	sections       see below
//	directory      one entry of 40 bytes a section
//	trailer        u64 offset of the directory, u32 entries, u32 CRC-32C of the directory, magic
//
// A section covers rows first to first+rows of the Parquet file. That of the
// times is i64 a row, microseconds. That of an identity holds its rows that
// have one, sorted by hash and row: a table of 2^bits+1 u32 that says where the
// hashes with each leading bits begin, then u64 hashes, then u32 rows counted
// from first, then padding to 8 bytes.
const (
	digestMagic  = "lldigst1"
	entryBytes   = 40
	trailerBytes = 8 + 4 + 4 + 8
	byTime       = By(0) // the section of the times
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is one line of the directory.
type entry struct {
	By    uint8
	Bits  uint8
	_     uint16
	CRC   uint32 // of the section
	First uint32
	Rows  uint32
	Count uint32
	_     uint32
	At    uint64
	Size  uint64
}

// digestWriter writes a digest section by section.
type digestWriter struct {
	w   io.Writer
	at  uint64
	dir []entry
	buf []byte
	err error
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
	rows := uint32(c.n)
	times := c.col(c.at).nums
	d.buf = d.buf[:0]
	for _, i := range c.order {
		d.buf = binary.LittleEndian.AppendUint64(d.buf, uint64(times[i]))
	}
	d.section(entry{By: uint8(byTime), First: first, Rows: rows, Count: rows})
	var refs []ref
	for k, id := range c.by {
		refs = refs[:0]
		for row, i := range c.order {
			if h := c.ids[k][i]; h != 0 {
				refs = append(refs, ref{h, uint32(row)})
			}
		}
		d.refs(id.by, first, rows, refs)
	}
}

// ref is one row as an identity section lists it.
type ref struct {
	hash uint64
	row  uint32
}

// refs writes a section of rows that come in row order.
func (d *digestWriter) refs(by By, first, rows uint32, refs []ref) {
	sorted, starts, n := spread(refs)
	b := slices.Grow(d.buf[:0], len(starts)*4+len(sorted)*12+8)
	for _, s := range starts {
		b = binary.LittleEndian.AppendUint32(b, s)
	}
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	for _, r := range sorted {
		b = binary.LittleEndian.AppendUint64(b, r.hash)
	}
	for _, r := range sorted {
		b = binary.LittleEndian.AppendUint32(b, r.row)
	}
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	d.buf = b
	d.section(entry{By: uint8(by), Bits: uint8(n), First: first, Rows: rows, Count: uint32(len(sorted))})
}

func (d *digestWriter) section(e entry) {
	e.At, e.Size, e.CRC = d.at, uint64(len(d.buf)), crc32.Checksum(d.buf, castagnoli)
	d.dir = append(d.dir, e)
	d.write(d.buf)
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

// spread sorts refs by hash and, as they come in row order, by row. Hashes are
// even, so one pass over their leading bits leaves a few in each place.
func spread(refs []ref) (sorted []ref, starts []uint32, n int) {
	n = max(0, bits.Len(uint(len(refs)))-3) // about eight a place
	shift := 64 - n
	place := func(h uint64) uint64 {
		if n == 0 {
			return 0
		}
		return h >> shift
	}
	starts = make([]uint32, 1<<n+1)
	for i := range refs {
		starts[place(refs[i].hash)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	next := slices.Clone(starts)
	sorted = make([]ref, len(refs))
	for _, r := range refs {
		p := place(r.hash)
		sorted[next[p]] = r
		next[p]++
	}
	for i := range len(starts) - 1 {
		slices.SortFunc(sorted[starts[i]:starts[i+1]], func(a, b ref) int {
			switch {
			case a.hash < b.hash:
				return -1
			case a.hash > b.hash:
				return 1
			}
			return int(a.row) - int(b.row)
		})
	}
	return sorted, starts, n
}

// digest reads one.
type digest struct {
	r   io.ReaderAt
	dir []entry
	buf []byte
}

var errNoDigest = errors.New("is no digest, or not a whole one")

func openDigest(r io.ReaderAt, size int64) (*digest, error) {
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
	d := &digest{r: r, dir: make([]entry, n)}
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, d.dir); err != nil {
		return nil, err
	}
	for i := range d.dir {
		e := &d.dir[i]
		want := uint64(e.Rows) * 8
		if By(e.By) != byTime {
			if e.Bits > 32 {
				return nil, errNoDigest
			}
			want = pad8((1<<e.Bits+1)*4) + pad8(uint64(e.Count)*12)
		}
		if e.Size != want || e.At > at || e.Size > at-e.At {
			return nil, errNoDigest
		}
	}
	return d, nil
}

func pad8(n uint64) uint64 { return (n + 7) &^ 7 }

// find calls hit for every row, counted from the file's first, whose identity
// is among the keys, which are sorted and differ. Rows come section by section
// in the order of the keys; key is the place of the one that was found.
func (d *digest) find(by By, keys []uint64, hit func(row uint32, key int)) error {
	for i := range d.dir {
		e := &d.dir[i]
		if By(e.By) != by || e.Count == 0 {
			continue
		}
		b, err := d.read(e)
		if err != nil {
			return err
		}
		n := pad8((1<<e.Bits + 1) * 4)
		starts := b[:n]
		hashes := b[n : n+uint64(e.Count)*8]
		rows := b[n+uint64(e.Count)*8:]
		for k, key := range keys {
			place := uint64(0)
			if e.Bits > 0 {
				place = key >> (64 - e.Bits)
			}
			at, end := binary.LittleEndian.Uint32(starts[place*4:]), binary.LittleEndian.Uint32(starts[place*4+4:])
			if at > end || end > e.Count {
				return errNoDigest
			}
			for ; at < end; at++ {
				h := binary.LittleEndian.Uint64(hashes[at*8:])
				if h > key {
					break
				}
				if h == key {
					hit(e.First+binary.LittleEndian.Uint32(rows[at*4:]), k)
				}
			}
		}
	}
	return nil
}

// times calls fn with the times of all rows, a stretch of rows at a time, in
// order. The slice is overwritten by the next.
func (d *digest) times(fn func(first uint32, at []int64)) error {
	for i := range d.dir {
		e := &d.dir[i]
		if By(e.By) != byTime || e.Rows == 0 {
			continue
		}
		b, err := d.read(e)
		if err != nil {
			return err
		}
		at := make([]int64, e.Rows)
		for k := range at {
			at[k] = int64(binary.LittleEndian.Uint64(b[k*8:]))
		}
		fn(e.First, at)
	}
	return nil
}

// read gives a section's bytes, good until the next read.
func (d *digest) read(e *entry) ([]byte, error) {
	d.buf = slices.Grow(d.buf[:0], int(e.Size))[:e.Size]
	if _, err := d.r.ReadAt(d.buf, int64(e.At)); err != nil {
		return nil, err
	}
	if sum := crc32.Checksum(d.buf, castagnoli); sum != e.CRC {
		return nil, fmt.Errorf("a section of the digest is damaged (CRC %08x, not %08x)", sum, e.CRC)
	}
	return d.buf, nil
}
