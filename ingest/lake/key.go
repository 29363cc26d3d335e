package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// formatVersion is part of every key: a lake of another format knows nothing.
const formatVersion = "1"

// Key names an input: what a file holds and how it is read.
type Key [sha256.Size]byte

// KeyOf makes the key of a content, by its hash, and of everything that decides
// what is made of it: the source's settings and the version of the code that
// reads it. Two inputs of one key have the same rows.
func KeyOf(content string, way ...string) Key {
	h := sha256.New()
	for _, s := range append([]string{formatVersion, content}, way...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return Key(h.Sum(nil))
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads what [Key.String] gives.
func ParseKey(s string) (Key, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(Key{}) {
		return Key{}, fmt.Errorf("%q is no key of an input", s)
	}
	return Key(b), nil
}
