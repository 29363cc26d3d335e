package workbook

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
)

// contestedMost is how many rows of Contested a person may read or filter. A
// large vendor's first run finds hundreds of thousands, and the workbook would
// be too large to open.
const contestedMost = 20_000

// listMax keeps a list of long rows inside a sheet.
const listMax = excelize.TotalRows - totalsHeader

// contestedWidths are those of the columns of Contested.
var contestedWidths = []float64{30, 12, 13, 10, 34, 20, 20, 17, 12, 20, 26, 13, 26, 56, 24, 8}

func (b *book) contested() error {
	all := b.r.Result.Contested
	if len(all) == 0 {
		return nil
	}
	b.middle = true
	defer func() { b.middle = false }()
	b.contestedRow = map[string]int{}
	p := page{
		title:  "Contested: two partners, one credit",
		lead:   "Credited purchases for which another partner's link was followed as well: the customer's sure clicks in time order, and an answer to send.",
		widths: contestedWidths,
		tab:    turquoise, landscape: true, locked: true, titleRows: totalsHeader, titleCols: 1,
	}
	shown := newest(all, contestedMost)
	last := totalsHeader
	for i := range shown {
		last += contestedRows(&shown[i])
	}
	if len(shown) < len(all) {
		p.lead += fmt.Sprintf(" The newest %d of %d are shown; contested.jsonl holds all.", len(shown), len(all))
	}
	heads := []string{"Payment ID", "Purchase date", "Amount", "Currency", "Customer e-mail", "Partner of this click", "Standing", "Click (UTC)", "Days before sign-up", "Browser / device",
		"Landing page", "Tied by", "By the last click", "Answer to this partner", "Source file", "Line"}
	s, err := b.begin(contestedSheet, p, freeze(1, totalsHeader), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	if err := s.heads(totalsHeader, 33, heads...); err != nil {
		return err
	}
	row := totalsHeader + 1
	for i := range shown {
		c := &shown[i]
		b.contestedRow[c.PurchaseID] = row
		if err := b.contestedClicks(s, row, c); err != nil {
			return err
		}
		row += contestedRows(c)
	}
	if err := s.table("tblContested", totalsHeader, last, len(heads)); err != nil {
		return err
	}
	return s.flush()
}

// newest gives those of the purchases, which are in time order, that fit into
// some rows: the last ones, and one at least.
func newest(all []gap.Contested, rows int) []gap.Contested {
	from := len(all)
	for from > 0 {
		rows -= contestedRows(&all[from-1])
		if rows < 0 && from < len(all) {
			break
		}
		from--
	}
	return all[from:]
}

// contestedRows counts the rows of a purchase, which has one at least.
func contestedRows(c *gap.Contested) int { return max(1, len(c.Clicks)) }

// contestedClicks writes the clicks of one purchase, a line above them. The
// amount stands in the first row alone, so that the column adds up.
func (b *book) contestedClicks(s *sheet, first int, c *gap.Contested) error {
	clicks := c.Clicks
	if len(clicks) == 0 {
		clicks = []gap.ContestedClick{{}}
	}
	rule := b.lastClickText(c)
	answered := map[string]int{} // partner → the row with the answer: their last click
	last := -1
	for k := range clicks {
		if clicks[k].InWindow {
			answered[clicks[k].PartnerKey], last = k, k
		}
	}
	for k := range clicks {
		click := &clicks[k]
		plain := look{above: k == 0, num: textFmt, wrap: true, indent: true}
		standing := ""
		if click.PartnerKey != "" {
			standing = standingText(c, click, k == last)
		}
		reply := ""
		if n, ok := answered[click.PartnerKey]; ok && n == k {
			for _, r := range c.Replies {
				if r.PartnerKey == click.PartnerKey {
					reply = r.Text
				}
			}
		}
		amount := b.cell(nil, plain)
		if k == 0 {
			amount = b.cell(money(c.Amount, c.Currency), look{above: true, num: moneyFmt(c.Currency)})
		}
		days, lineNo := b.cell(nil, plain), b.cell(nil, plain)
		if click.At != 0 {
			days = b.cell(click.DaysBefore, look{above: k == 0, num: intFmt})
		}
		if click.Row.Line > 0 {
			lineNo = b.cell(click.Row.Line, look{above: k == 0, num: "0"})
		}
		ruleLook := plain
		if !c.Agrees() {
			ruleLook.bold, ruleLook.fill = true, warnTint
		}
		partner := b.r.PartnerName(click.PartnerKey)
		texts := []string{"", "", "", "", c.Email, partner, standing, "", "", click.Browser, click.Page, click.Tie, rule, reply, click.Row.File, ""}
		err := s.row(first+k, wrapped(1, texts, contestedWidths),
			b.text(c.PurchaseID, look{above: k == 0, num: textFmt, indent: true}), b.cell(c.PurchasedAt.Date().Start().Std(), look{above: k == 0, num: dateFmt}), amount, b.cell(c.Currency, look{above: k == 0, align: "center"}),
			b.text(c.Email, plain), b.text(partner, plain), b.text(standing, plain), b.when(click.At, look{above: k == 0, num: timeFmt}), days,
			b.text(click.Browser, plain), b.text(click.Page, plain), b.text(click.Tie, plain), b.text(rule, ruleLook), b.text(reply, plain), b.text(click.Row.File, plain), lineNo)
		if err != nil {
			return err
		}
	}
	return nil
}

// standingText says where a click's partner stands.
func standingText(c *gap.Contested, click *gap.ContestedClick, last bool) string {
	text := "Not credited"
	if click.PartnerKey == c.Credited {
		text = "Credited"
	}
	switch {
	case last:
		text += ", last click"
	case !click.InWindow:
		text += ", window passed"
	}
	return text
}

// lastClickText says who gets the purchase by the last click, and plainly so
// where the platform credits somebody else.
func (b *book) lastClickText(c *gap.Contested) string {
	if c.Agrees() {
		return b.r.PartnerName(c.Credited) + ", as credited"
	}
	text := fmt.Sprintf("%s, but the platform credits %s", b.r.PartnerName(c.LastClick), b.r.PartnerName(c.Credited))
	for i := range c.Clicks {
		if c.Clicks[i].PartnerKey == c.Credited {
			return text
		}
	}
	return text + ", of whom no click is on record"
}
