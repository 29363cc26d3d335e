package rows

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// block is how much is read at a time, and how much Open sees of a file.
const block = 256 << 10

// file is an input file below its container: hashed, decompressed and guarded.
type file struct {
	os        *os.File
	size      int64
	container Container // Parquet or XLSX, read from os; "" for text, read from text
	text      *bufio.Reader
	raw       *hashed // nil for Parquet and XLSX
	beside    *hashed // in its place, once startHash was called
	hashing   chan error
	unpack    io.Closer
	sum       string
}

func openFile(path string, opt Options) (*file, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	in := &file{os: f}
	if err := in.open(opt); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// openRegular refuses what is no plain file: a pipe would block the run.
func openRegular(path string) (*os.File, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, broken(nil, "is not a regular file", "give a file or a pattern that matches files")
	}
	return os.Open(path)
}

var magics = []struct {
	bytes     string
	container Container
	refuse    string // why the content is of no use
	remedy    string
}{
	{"PAR1", Parquet, "", ""},
	{"PARE", "", "is an encrypted Parquet file", "export it without encryption"},
	{"PK\x03\x04", XLSX, "", ""},
	{"PK\x05\x06", "", "is an empty zip archive", "make the export again"},
	{"\xd0\xcf\x11\xe0", "", "is an old or password-protected Excel file", "save it as .xlsx without a password"},
	{"%PDF", "", "is a PDF", "export the data as CSV"},
	{"BZh", "", "is packed with bzip2", "unpack it, or pack it with gzip or zstd"},
	{"\xfd7zXZ", "", "is packed with xz", "unpack it, or pack it with gzip or zstd"},
}

func (f *file) open(opt Options) error {
	st, err := f.os.Stat()
	if err != nil {
		return err
	}
	f.size = st.Size()
	f.raw = newHashed(f.os)
	f.text = bufio.NewReaderSize(f.raw, block)
	head, err := f.text.Peek(4)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(f.text)
		if err != nil {
			return damaged(err, f.size)
		}
		f.unpacked(z, z, opt)
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One goroutine: files are read side by side already.
		z, err := zstd.NewReader(f.text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return damaged(err, f.size)
		}
		c := z.IOReadCloser()
		f.unpacked(c, c, opt)
	}
	head, err = f.text.Peek(8)
	if err != nil && err != io.EOF {
		return err
	}
	for _, m := range magics {
		if !bytes.HasPrefix(head, []byte(m.bytes)) {
			continue
		}
		if m.refuse != "" {
			return broken(nil, m.refuse, m.remedy)
		}
		if f.unpack != nil {
			return broken(nil, fmt.Sprintf("is a packed %s file", m.container), "unpack it; the format is packed by itself")
		}
		f.raw.stop()
		f.container, f.raw, f.text = m.container, nil, nil
		return nil
	}
	if want := opt.Container; want == Parquet || want == XLSX {
		return broken(nil, fmt.Sprintf("is not a %s file", want), "name the right file or format")
	}
	return nil
}

func (f *file) unpacked(r io.Reader, c io.Closer, opt Options) {
	f.unpack = c
	f.text = bufio.NewReaderSize(&guard{r: r, raw: f.raw, size: f.size, ratio: int64(opt.MaxRatio), max: opt.MaxBytes}, block)
}

// guard stops at a decompression bomb and names what ails a packed file.
type guard struct {
	r          io.Reader
	raw        *hashed
	size       int64 // of the packed file
	n          int64
	ratio, max int64
}

// ratioFrom is where the ratio is first looked at: small files may well shrink
// a thousandfold.
const ratioFrom = 64 << 20

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.n += int64(n)
	switch {
	case err != nil && err != io.EOF:
		return n, damaged(err, g.size)
	case g.n > g.max:
		return n, broken(nil, fmt.Sprintf("unpacks to more than %d bytes", g.max), "split the file")
	case g.n > ratioFrom && g.n/g.ratio > g.raw.n:
		return n, broken(nil, fmt.Sprintf("unpacks to more than %d times its size", g.ratio), "look at what is in it; unpack it first if it is sound")
	}
	return n, err
}

// damaged shows the size of the packed file, to compare it with the original's.
func damaged(err error, size int64) error {
	var b *Broken
	switch {
	case errors.As(err, &b):
		return b
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		b = broken(io.ErrUnexpectedEOF, "is packed and ends too early", "copy the file again")
	default:
		b = broken(err, "is packed and damaged", "copy the file again")
	}
	b.Fault.Value = fmt.Sprintf("%d bytes", size)
	return b
}

// finish reads what is left of the raw bytes, for the hash.
func (f *file) finish() error {
	if f.sum != "" {
		return nil
	}
	if f.raw == nil {
		f.startHash()
		err := <-f.hashing
		f.raw, f.hashing = f.beside, nil
		if err != nil {
			return err
		}
	} else if _, err := io.Copy(io.Discard, f.raw); err != nil {
		return err
	}
	f.sum = f.raw.sum()
	return nil
}

// startHash hashes a file that is not read from its start to its end, beside
// whatever else is done.
func (f *file) startHash() {
	if f.raw != nil || f.hashing != nil {
		return
	}
	f.hashing, f.beside = make(chan error, 1), newHashed(io.NewSectionReader(f.os, 0, f.size))
	go func() {
		_, err := io.Copy(io.Discard, f.beside)
		f.hashing <- err
	}()
}

func (f *file) close() error {
	if f.unpack != nil {
		_ = f.unpack.Close() // repeats what reading ran into
	}
	err := f.os.Close()
	if f.hashing != nil {
		<-f.hashing // ends soon, as the file is closed
		f.beside.stop()
		f.hashing = nil
	}
	if f.raw != nil {
		f.raw.stop()
	}
	return err
}

// Hash reads a file and gives the SHA-256 of its raw bytes in hex and its size
// in bytes.
func Hash(path string) (sha string, size int64, err error) {
	f, err := openRegular(path)
	if err != nil {
		return "", 0, place(path, 0, err)
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
