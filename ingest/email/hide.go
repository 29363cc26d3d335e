package email

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// A hidden address is "h1:<exact>:<loose>", each part a keyed hash in
// hexadecimal of the address's [Exact] or [Loose] form: 128 bits of
// HMAC-SHA256. Two addresses hidden under one key compare as the plain ones do.
const (
	scheme    = "h1:"
	partBytes = 16
	partLen   = 2 * partBytes
	hiddenLen = len(scheme) + partLen + 1 + partLen
)

// Hidden tells whether s is a hidden address.
func Hidden(s string) bool {
	return len(s) == hiddenLen && strings.HasPrefix(s, scheme) && s[len(scheme)+partLen] == ':'
}

// Hider hides addresses under one secret key. It is not safe for concurrent
// use; [Hider.Clone] makes another.
type Hider struct {
	key  []byte
	mac  hash.Hash
	sum  [sha256.Size]byte
	last map[string]string // what was hidden lately
}

// hiderKept bounds what a Hider remembers: visits of one person follow each
// other, and hashing costs more than looking up.
const hiderKept = 1 << 14

// NewHider makes a Hider. Any length of key will do; 32 random bytes are meant.
func NewHider(key []byte) *Hider {
	return &Hider{key: key, mac: hmac.New(sha256.New, key), last: map[string]string{}}
}

// Clone gives a Hider of the same key for another goroutine.
func (h *Hider) Clone() *Hider { return NewHider(h.key) }

// Hide gives the hidden form of an address; "" for what is no address, and a
// hidden one as it is.
func (h *Hider) Hide(s string) string {
	if s == "" || Hidden(s) {
		return s
	}
	if got, ok := h.last[s]; ok {
		return got
	}
	out := ""
	if exact := Exact(s); exact != "" {
		b := make([]byte, 0, hiddenLen)
		b = append(b, scheme...)
		b = hex.AppendEncode(b, h.hash("exact", exact))
		b = append(b, ':')
		b = hex.AppendEncode(b, h.hash("loose", Loose(exact)))
		out = string(b)
	}
	if len(h.last) >= hiderKept {
		clear(h.last)
	}
	h.last[strings.Clone(s)] = out
	return out
}

// hash keeps the two forms apart: of most addresses they are the same text, and
// that shall not be seen.
func (h *Hider) hash(form, s string) []byte {
	h.mac.Reset()
	h.mac.Write([]byte(form))
	h.mac.Write([]byte{0})
	h.mac.Write([]byte(s))
	return h.mac.Sum(h.sum[:0])[:partBytes]
}
