package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"lostlink/reconcile/gap"
	"lostlink/report"
)

// aboutWidths are those of the two columns.
var aboutWidths = []float64{34, 118}

func (b *book) about() error {
	b.middle = true
	defer func() { b.middle = false }()
	p := page{
		title:  "About this workbook",
		lead:   "What it is, how to review, which settings the figures rest on, and what the records cannot tell.",
		widths: aboutWidths, tab: "3D3D3D", locked: true, bare: true,
	}
	s, err := b.begin(aboutSheet, p, freeze(0, 2), nil)
	if err != nil {
		return err
	}
	if err := s.heading(p); err != nil {
		return err
	}
	row := 3
	for _, part := range b.aboutParts() {
		if len(part.rows) == 0 {
			continue
		}
		row++
		if err := s.row(row, 20, b.cell(part.title, partLook)); err != nil {
			return err
		}
		for _, kv := range part.rows {
			row++
			if row > excelize.TotalRows {
				break
			}
			h := wrapped(1, kv[:], aboutWidths)
			if err := s.row(row, h, b.text(kv[0], look{rule: true, bold: true, num: textFmt, wrap: true}), b.text(kv[1], textWrap)); err != nil {
				return err
			}
		}
		row++
	}
	return s.flush()
}

type aboutPart struct {
	title string
	rows  [][2]string
}

func (b *book) aboutParts() []aboutPart {
	r := b.r
	res := r.Result
	var settings, questions, missing, remarks [][2]string
	for _, kv := range r.Run.Options {
		settings = append(settings, [2]string{kv.Key, settingText(kv.Value)})
	}
	for i, q := range gap.Questions() {
		questions = append(questions, [2]string{fmt.Sprintf("Question %d", i+1), q})
	}
	for i := range r.Missing {
		m := &r.Missing[i]
		what, tells := "No source for "+string(m.Table), gap.Sentence(m.Tells)
		if m.Decides != "" {
			what = strings.TrimSuffix(gap.Sentence(m.Decides), ".")
		}
		if s := r.Settles(m); s != "" {
			tells += " Would settle the near ties of " + s + "."
		}
		missing = append(missing, [2]string{what, tells})
	}
	for _, o := range res.OverConnected {
		remarks = append(remarks, [2]string{"Id shared by too many", fmt.Sprintf("%s %q is shared by %d people (limit %d) and ties nobody.", o.Kind, o.ID, o.Other, o.Limit)})
	}
	for _, n := range res.Notes {
		remarks = append(remarks, [2]string{"Note", n})
	}
	if n := len(r.Run.Rejects); n > 0 {
		remarks = append(remarks, [2]string{"Rows rejected", fmt.Sprintf("%d; each with file, line, value and rule in rejects.jsonl.", n)})
	}
	if b.clipped > 0 {
		remarks = append(remarks, [2]string{"Texts cut", fmt.Sprintf("%d texts are longer than a cell holds (32,767 characters) and end with …; gaps.jsonl has them whole.", b.clipped)})
	}
	return []aboutPart{
		{"This run", [][2]string{
			{"Programme", r.Options.Programme},
			{"Run", r.Run.ID},
			{"Made by", strings.TrimSpace("lostlink " + r.Run.Version)},
			{"Purchases judged", strings.TrimPrefix(fmt.Sprintf("%s to %s, days in UTC", r.FirstDay(), r.LastDay()), " to ")},
			{"As of", res.AsOf.Std().Format("2006-01-02 15:04:05") + " UTC: nothing later counts"},
		}},
		{"How to review, in four steps", [][2]string{
			{"1. See where to begin", "Summary says what is at stake; Tie-out says whether the figures hold."},
			{"2. Decide on Review", "Choose Approve, Decline, Ask partner or Later in the yellow Decision column. The first rows carry the most money. Evidence leads to the steps of the case on Timeline; Case view shows all of a case on one page."},
			{"3. Say otherwise where you must", "Partner to credit and Amount to credit left empty mean: as suggested. Write a comment for the next reader."},
			{"4. Hand it back", "Put your name on Summary, save as .xlsx and give the file to whoever applies it (lostlink apply). Only the case number and the four yellow columns are taken; everything else is compared with the records, so leave it as it is."},
		}},
		{"The three questions to a partner (Ask partner)", questions},
		{"What the figures rest on", settings},
		{"Order, thresholds and estimates", b.rules()},
		{"Words", [][2]string{
			{"Without attribution", "The partner platform recorded nobody for this purchase."},
			{"At stake", "What the customer paid less what was given back so far. It is the purchase, not the reward."},
			{"Likely commission", "An estimate by the rules above, not a liability."},
			{"Confidence", "High: at least 85 % likely. Medium: at least 60 %. Low: below. Where another cause is at least half as likely, the row names it."},
			{"Cookie window", "The days after a click in which a sign-up is credited."},
			{"Contested", "Credited to one partner while another's link was followed as well. By the last click nothing is missing; the sheet says where the platform credits somebody else."},
			{"Near tie", "Another cause is at least half as likely as the one named. A purchase may wait for several sources, each of which would settle it, and counts at each."},
			{"Incident", "A stretch of time in which a page credited next to nothing of what it should have."},
			{"Earlier, Revised", "Decided in an earlier workbook. What was put off or asked comes back with its comment (Earlier); what was decided comes back only when a fact of it has changed (Revised), and is counted on Tie-out otherwise."},
			{"Ordinary purchase", "Nothing in the records points to any partner. Counted on Tie-out, not listed."},
		}},
		{"Sources that are missing, those that would settle the most money first", missing},
		{"Remarks on the data", remarks},
		{"Keeping this file", [][2]string{
			{"Personal data", "The workbook names customers. Keep it where only those who review can read it, and delete it once the decisions are applied: lostlink keeps them."},
			{"Format", "Keep it as .xlsx. Saved as .csv, texts that look like formulas would become formulas when opened again."},
			{"Hidden sheets", "Lists holds the choices of the drop-downs; another names the run. Leave them in place."},
		}},
	}
}

// settingText shows a value of the configuration without the signs that its
// file needs.
func settingText(v string) string {
	switch v {
	case `""`, "[]", "{}", "":
		return "not set"
	}
	v = strings.ReplaceAll(v, `"`, "")
	if s, ok := strings.CutPrefix(v, "["); ok && strings.HasSuffix(s, "]") && !strings.ContainsAny(s, "{:") {
		return strings.TrimSuffix(s, "]")
	}
	return v
}

// rules puts the options of the report into words.
func (b *book) rules() [][2]string {
	o := &b.r.Options
	out := [][2]string{{"Main currency", b.r.MainCurrency + ": the charts and the order of rows"}}
	order := "Rows that may carry a reward come first, then the largest amounts. "
	if len(o.Rates) > 0 {
		var rates []string
		for _, r := range o.Rates {
			rates = append(rates, fmt.Sprintf("1 %s = %s %s", r.Currency, r.ToMain, b.r.MainCurrency))
		}
		order += "For the order, and for nothing else, amounts are compared at " + strings.Join(rates, ", ") + "; currencies without a rate come last."
	} else {
		order += "No rates are set: rows in other currencies than the main one come after it."
	}
	out = append(out, [2]string{"Order of Review", order})
	for _, t := range o.Thresholds {
		out = append(out, [2]string{"Review threshold", report.Money(t.Minor, t.Currency) + "; smaller ones are counted on Tie-out"})
	}
	out = append(out, [2]string{"Rows on Review", fmt.Sprintf("%d at most", o.ReviewRowsMax)})
	for _, c := range o.Commission {
		out = append(out, [2]string{"Likely commission", commissionText(&c)})
	}
	if len(o.Commission) > 1 {
		out = append(out, [2]string{"Likely commission", "The first of these rules that fits a purchase is taken; none is shown where no reward is suggested."})
	}
	if len(o.Commission) == 0 {
		out = append(out, [2]string{"Likely commission", "no rule is set, so none is shown"})
	}
	if o.MaskEmail {
		out = append(out, [2]string{"E-mail addresses", "masked in this workbook; gaps.jsonl has them whole"})
	}
	return out
}

// commissionText puts a rule into words.
func commissionText(c *report.CommissionRule) string {
	text := ""
	switch {
	case c.Percent == "":
		text = report.Money(c.FlatMinor, c.Currency) + " a purchase"
	case c.Currency == "":
		text = c.Percent + " % of the amount at stake, every currency"
	default:
		text = fmt.Sprintf("%s %% of the amount at stake, %s", c.Percent, c.Currency)
	}
	switch c.Payments {
	case report.FirstPayments:
		text += ", a customer's first payment"
	case report.LaterPayments:
		text += ", a customer's later payments"
	}
	if len(c.Partners) > 0 {
		text += ", for " + strings.TrimSpace(c.Group+" ("+strings.Join(c.Partners, ", ")+")")
	}
	return text
}
