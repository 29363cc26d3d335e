package table

// Glance is a click, a visit, or a visit that is a click's landing, before it
// is a row: the texts its row would have. They are only valid during the call
// that passes it.
type Glance struct {
	At            Time
	Visit, Click  bool
	VisitorID     string
	Email         string
	ClickID       string // of the click
	IP            string
	URL, Referrer string // of the visit
	CookiesLogged bool   // of the visit
}

// Taker is shown the clicks and visits of one stretch of a file in their order.
// Take says whether the row is kept right away; i names it within the stretch.
type Taker interface {
	Take(i uint32, g *Glance) (keep bool)
}

// Mark is what the lake keeps of a click or visit to find it by: short hashes,
// 0 for no value, and the second it happened in, 0 where that is out of range.
type Mark struct {
	Visit   bool // else a click
	Twin    bool // a click and a visit are of one row
	Seconds uint32

	Visitor, Email, Address uint32
	Click                   uint32 // of a click
}

// Marker is shown the marks of one stretch of rows in their order; see [Taker].
type Marker interface {
	Mark(i uint32, m Mark) (keep bool)
}

// Roller counts the visits of one input, so that they need not be shown again.
type Roller interface {
	Visit(g *Glance)
	Counted() []byte
}
