package bulk

import (
	"cmp"
	"slices"

	"lostlink/report/review"
)

// checkOf is what people sign for the batch.
func (p *Plan) checkOf(made []rendered) review.Check {
	c := review.Check{Programme: p.options.Programme, Platform: p.Platform.Title, Batch: p.options.Batch, At: p.options.At,
		Totals: p.Totals(), Steps: p.Steps()}
	for _, m := range made {
		c.Files = append(c.Files, review.CheckFile{Name: m.Name, SHA256: m.SHA256, Heads: m.heads, Rows: m.rows, People: m.Kind == ""})
	}
	why := p.whyRefused()
	for _, a := range p.approved {
		d := review.CheckDecision{GapID: a.GapID, PurchaseID: a.PurchaseID, PartnerKey: a.PartnerKey, Amount: a.Amount, Currency: a.Currency,
			ReviewedBy: a.ReviewedBy, ApprovedBy: a.ApprovedBy, DecidedAt: a.DecidedAt, Book: a.Book, Outcome: "in the files"}
		if r := why[a.Key]; r != nil {
			d.Outcome = "refused: " + r.Rule
		}
		c.Decisions = append(c.Decisions, d)
	}
	return c
}

func (p *Plan) whyRefused() map[string]*Refused {
	out := map[string]*Refused{}
	for i := range p.Refused {
		out[p.Refused[i].Purchase.Key] = &p.Refused[i]
	}
	return out
}

// Totals ties what is created to what was approved, by currency and partner.
// Each of its sides is counted by itself.
func (p *Plan) Totals() []review.CheckTotal {
	var out []review.CheckTotal
	of := func(a *review.Approved) *review.CheckTotal {
		i := slices.IndexFunc(out, func(t review.CheckTotal) bool { return t.Currency == a.Currency && t.PartnerKey == a.PartnerKey })
		if i < 0 {
			i = len(out)
			out = append(out, review.CheckTotal{Currency: a.Currency, PartnerKey: a.PartnerKey})
		}
		out[i].PartnerName = cmp.Or(out[i].PartnerName, a.PartnerName)
		return &out[i]
	}
	add := func(s *review.CheckSum, minor int64) {
		s.Count++
		s.Minor += minor
	}
	for i := range p.approved {
		a := &p.approved[i]
		add(&of(a).Approved, a.Amount)
	}
	for i := range p.Items {
		if it := &p.Items[i]; it.Kind != Customer && it.Kind != Click {
			t := of(&it.Purchase)
			add(&t.Filed, it.Purchase.Amount)
			add(&t.Created, it.Amount)
		}
	}
	for i := range p.Refused {
		a := &p.Refused[i].Purchase
		add(&of(a).Refused, a.Amount)
	}
	slices.SortFunc(out, func(a, b review.CheckTotal) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.PartnerKey, b.PartnerKey))
	})
	return out
}

// Steps say in which order a person goes about the files.
func (p *Plan) Steps() []string {
	out := []string{
		"Look at the totals below: each line must say that it ties.",
		"Upload the CSV files as they are. Do not open them in a spreadsheet first: it changes ids, dates and amounts.",
	}
	for i := range p.Platform.Files {
		f := &p.Platform.Files[i]
		if slices.ContainsFunc(p.Items, func(it Item) bool { return it.Kind == f.Kind }) {
			out = append(out, "Then "+f.Name+": "+uploadStep[f.Kind])
		}
	}
	if len(p.Refused) > 0 {
		out = append(out, "What stands on the sheet refused is in none of the files: mend it or create it by hand.")
	}
	return append(out, "Compare the platform's own report of the import with the counts here, and sign.")
}

var uploadStep = map[Kind]string{
	Click:       "these customers come back with their click; a program sends each line, none of them is a customer to upload as well.",
	Customer:    "customers come before what they bought.",
	Transaction: "the platform works out the rewards; give none by hand for these purchases.",
	Reward:      "the rewards themselves; upload no transactions for these purchases.",
	Sale:        "each row is one purchase and its partner.",
}
