package simulate

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
)

// Each kind of thing draws from streams of its own, so that one more person or
// one fault less leaves the others as they were.
const (
	streamOptions uint64 = iota + 1
	streamSite
	streamPartner
	streamPerson
	streamTraffic
	streamMoney
	streamPlatform
	streamClaim
	streamRecord
	streamGarbage
)

func newRand(seed uint64, stream ...uint64) *rand.Rand {
	h := mix(seed)
	for _, s := range stream {
		h = mix(h ^ mix(s))
	}
	return rand.New(rand.NewPCG(seed, h))
}

// mix is the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func chance(rng *rand.Rand, p float64) bool { return p > 0 && rng.Float64() < p }

func between(rng *rand.Rand, lo, hi int) int { return lo + rng.IntN(hi-lo+1) }

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// choose draws an index by weight; all weights 0 gives the first.
func choose(rng *rand.Rand, weights ...float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	x := rng.Float64() * sum
	for i, w := range weights {
		if x < w {
			return i
		}
		x -= w
	}
	return 0
}

// count draws a whole number around mean.
func count(rng *rand.Rand, mean float64) int {
	whole, part := math.Modf(mean)
	n := int(whole)
	if n > 3 {
		n += between(rng, -n/4, n/4)
	}
	if chance(rng, part) {
		n++
	}
	return n
}

func hexID(rng *rand.Rand, digits int) string {
	b := make([]byte, (digits+1)/2)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return hex.EncodeToString(b)[:digits]
}

const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func alnumID(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alnum[rng.IntN(len(alnum))]
	}
	return string(b)
}
