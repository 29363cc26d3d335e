package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// newZip gives a writer that makes a workbook's bytes depend on its parts
// alone: each part is compressed by itself, and Close writes them in a fixed
// order with a fixed time. The library writes streamed sheets in random order.
func newZip(w io.Writer) *zipWriter { return &zipWriter{w: w} }

type zipWriter struct {
	w     io.Writer
	parts []*part

	// What one part after the other uses: large, and dear to make anew.
	comp *flate.Writer
	held []byte
}

// part is one file of the package, compressed while it is written.
type part struct {
	name   string
	buf    bytes.Buffer
	sum    hash.Hash32
	size   uint64
	comp   *flate.Writer
	prefix *prefixer
}

// Create begins the next part; the one before is complete then.
func (z *zipWriter) Create(name string) (io.Writer, error) {
	if err := z.end(); err != nil {
		return nil, err
	}
	p := &part{name: name, sum: crc32.NewIEEE()}
	if z.comp == nil {
		var err error
		if z.comp, err = flate.NewWriter(&p.buf, flate.DefaultCompression); err != nil {
			return nil, err
		}
	} else {
		z.comp.Reset(&p.buf)
	}
	p.comp = z.comp
	z.parts = append(z.parts, p)
	if strings.HasPrefix(name, "xl/worksheets/sheet") {
		p.prefix = &prefixer{w: p, held: z.held[:0]}
		return p.prefix, nil
	}
	return p, nil
}

func (p *part) Write(b []byte) (int, error) {
	p.sum.Write(b)
	p.size += uint64(len(b))
	return p.comp.Write(b)
}

// end completes the last part begun.
func (z *zipWriter) end() error {
	if len(z.parts) == 0 {
		return nil
	}
	p := z.parts[len(z.parts)-1]
	if p.comp == nil {
		return nil
	}
	if p.prefix != nil {
		if err := p.prefix.flush(); err != nil {
			return err
		}
		z.held, p.prefix = p.prefix.held, nil
	}
	err := p.comp.Close()
	p.comp = nil
	return err
}

// AddFS is part of the library's interface and not used by it for workbooks
// made from nothing.
func (z *zipWriter) AddFS(fs.FS) error { return errors.New("workbook: AddFS is not supported") }

// Close writes all parts, the list of content types first, as readers that
// sniff the type of a file expect.
func (z *zipWriter) Close() error {
	if err := z.end(); err != nil {
		return err
	}
	rank := func(name string) int {
		switch name {
		case "[Content_Types].xml":
			return 0
		case "_rels/.rels":
			return 1
		}
		return 2
	}
	slices.SortFunc(z.parts, func(a, b *part) int {
		if c := rank(a.name) - rank(b.name); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	zw := zip.NewWriter(z.w)
	for _, p := range z.parts {
		w, err := zw.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum.Sum32(),
			CompressedSize64: uint64(p.buf.Len()), UncompressedSize64: p.size,
			Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			return err
		}
		if _, err := p.buf.WriteTo(w); err != nil {
			return err
		}
	}
	return zw.Close()
}

// prefixer gives the relationship ids behind a sheet's data their usual prefix
// r. The library's stream writer makes its own one, relationships, which is
// right, but readers that ignore namespaces cannot read it. The data, which
// may hold any text, passes untouched.
type prefixer struct {
	w    io.Writer
	held []byte // what may yet be behind the data
}

// behindMax is more than a sheet has behind its data.
const behindMax = 1 << 20

func (p *prefixer) Write(b []byte) (int, error) {
	p.held = append(p.held, b...)
	if over := len(p.held) - behindMax; over > behindMax {
		if _, err := p.w.Write(p.held[:over]); err != nil {
			return 0, err
		}
		p.held = append(p.held[:0], p.held[over:]...)
	}
	return len(b), nil
}

func (p *prefixer) flush() error {
	data, behind := p.held, []byte(nil)
	if i := bytes.LastIndex(p.held, []byte("</sheetData>")); i >= 0 {
		data, behind = p.held[:i], p.held[i:]
	}
	if _, err := p.w.Write(data); err != nil {
		return err
	}
	behind = bytes.ReplaceAll(behind, []byte(` xmlns:relationships="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`), nil)
	behind = bytes.ReplaceAll(behind, []byte(` relationships:id="`), []byte(` r:id="`))
	_, err := p.w.Write(behind)
	return err
}
