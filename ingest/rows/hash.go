package rows

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// hashed hashes and counts what is read. Of a file of some size the hash is
// computed beside the reading.
type hashed struct {
	r io.Reader
	h hash.Hash
	n int64

	block []byte      // not yet handed over
	full  chan []byte // nil before the first block is
	empty chan []byte
	done  chan struct{}
}

func newHashed(r io.Reader) *hashed { return &hashed{r: r, h: sha256.New()} }

// hashBlocks is how many blocks may wait to be hashed.
const hashBlocks = 4

func (r *hashed) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	for p = p[:n]; len(p) > 0; {
		if r.block == nil {
			r.block = make([]byte, 0, block)
		}
		k := min(len(p), cap(r.block)-len(r.block))
		r.block, p = append(r.block, p[:k]...), p[k:]
		if len(r.block) == cap(r.block) {
			r.hand()
		}
	}
	return n, err
}

// hand hands the full block over for the next empty one.
func (r *hashed) hand() {
	if r.full == nil {
		r.full, r.empty, r.done = make(chan []byte, hashBlocks), make(chan []byte, hashBlocks+1), make(chan struct{})
		for range hashBlocks {
			r.empty <- nil
		}
		go func() {
			defer close(r.done)
			for b := range r.full {
				r.h.Write(b)
				r.empty <- b[:0]
			}
		}()
	}
	r.full <- r.block
	r.block = <-r.empty
}

// stop ends the hashing; nothing may be read afterwards.
func (r *hashed) stop() {
	if r.full != nil {
		close(r.full)
		<-r.done
		r.full = nil
	}
}

// sum is the hash of all that was read.
func (r *hashed) sum() string {
	r.stop()
	r.h.Write(r.block)
	r.block = nil
	return hex.EncodeToString(r.h.Sum(nil))
}
