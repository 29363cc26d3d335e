package reconcile

// hashSet holds hashes. The zero value is an empty set; 0 is never in a set.
type hashSet struct {
	near  []uint64 // a filter that fits the near caches: most look-ups end here
	slots []uint64 // open addressing, at most a quarter full
	n     int
}

// mix spreads hashes that were cut short over all bits.
func mix(h uint64) uint64 { return h * 0x9E3779B97F4A7C15 }

func (s *hashSet) has(h uint64) bool {
	if s.n == 0 || h == 0 {
		return false
	}
	h = mix(h)
	word := s.near[(h>>32)&uint64(len(s.near)-1)]
	if bits := nearBits(h); word&bits != bits {
		return false
	}
	mask := uint64(len(s.slots) - 1)
	for i := h >> 20 & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == h {
			return true
		}
	}
	return false
}

// nearBits are the two bits of a word of the filter that stand for a hash.
func nearBits(h uint64) uint64 { return 1<<(h>>58) | 1<<(h>>52&63) }

func (s *hashSet) add(h uint64) {
	if h == 0 || s.has(h) {
		return
	}
	h = mix(h)
	if (s.n+1)*4 > len(s.slots) {
		old := s.slots
		size := max(1024, 2*len(old))
		s.slots, s.near, s.n = make([]uint64, size), make([]uint64, size/16), 0
		for _, o := range old {
			s.put(o)
		}
	}
	s.put(h)
}

func (s *hashSet) put(h uint64) {
	if h == 0 {
		return
	}
	mask := uint64(len(s.slots) - 1)
	i := h >> 20 & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = h
	s.near[(h>>32)&uint64(len(s.near)-1)] |= nearBits(h)
	s.n++
}
