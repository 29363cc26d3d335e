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
