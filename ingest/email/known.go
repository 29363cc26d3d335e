package email

import "strings"

// Known turns hidden addresses back into the plain ones it was shown, so that
// what was kept hidden can be compared with tables that hold plain addresses.
// Show first, then look up, from as many goroutines as you like.
type Known struct {
	hider *Hider
	exact map[string]string // hidden → plain, exact form
	loose map[string]string // loose part of the hidden → plain, loose form
}

// NewKnown makes an empty directory of addresses hidden by h.
func NewKnown(h *Hider) *Known {
	return &Known{hider: h, exact: map[string]string{}, loose: map[string]string{}}
}

// Show adds a plain address; what is none is passed over. The text is not kept.
func (k *Known) Show(s string) {
	s = strings.Clone(s)
	hid := k.hider.Hide(s)
	if hid == "" || Hidden(s) {
		return
	}
	k.exact[hid] = Exact(s)
	k.loose[Loose(hid)] = Loose(s)
}

// Plain gives an address that compares, by [Exact] and by [Loose], with the
// addresses shown as the hidden one would: the plain one if it was shown, and
// where only a variant was, another variant of that. One that nothing is known
// of stays hidden. What is not hidden comes back as it is.
func (k *Known) Plain(s string) string {
	if !Hidden(s) {
		return s
	}
	if p, ok := k.exact[s]; ok {
		return p
	}
	if p, ok := k.loose[Loose(s)]; ok {
		local, domain, _ := strings.Cut(p, "@")
		return local + "+" + s[len(scheme):len(scheme)+partLen] + "@" + domain
	}
	return s
}
