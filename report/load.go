package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lostlink/ingest/lake"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// Stored is a run as its folder has it: the truth that a reviewed workbook is
// held against.
type Stored struct {
	ID        string
	Programme string
	Version   string // of the program that wrote it
	AsOf      table.Time
	// Gaps are all of the run in the order of the files, without timelines,
	// candidates, findings and ranking, which gaps.jsonl has.
	Gaps []gap.Gap
	// Partners are those that a row could be credited to.
	Partners []PartnerChoice

	listed map[string]bool
}

// Listed tells whether a gap was on Review.
func (s *Stored) Listed(g *gap.Gap) bool { return s.listed[g.GapID] }

// Load reads a run back from its folder and holds the gaps against the hash
// that the run noted of them. The error is [fs.ErrNotExist] where there is no
// such run.
func Load(dir string) (*Stored, error) {
	data, err := os.ReadFile(filepath.Join(dir, runJSON))
	if err != nil {
		return nil, err
	}
	var rec struct {
		Run       string          `json:"run"`
		Programme string          `json:"programme"`
		Version   string          `json:"version"`
		AsOf      string          `json:"as_of"`
		Partners  []PartnerChoice `json:"partners"`
		Files     []fileRecord    `json:"files"`
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		return nil, fmt.Errorf("%s: %w", runJSON, err)
	}
	s := &Stored{ID: rec.Run, Programme: rec.Programme, Version: rec.Version, Partners: rec.Partners, listed: map[string]bool{}}
	if rec.AsOf != "" {
		at, err := time.Parse(time.RFC3339Nano, rec.AsOf)
		if err != nil {
			return nil, fmt.Errorf("%s: as_of: %w", runJSON, err)
		}
		s.AsOf = table.TimeOf(at)
	}
	if err := intact(dir, gapsParquet, rec.Files); err != nil {
		return nil, err
	}
	rows, err := lake.ReadFile[gapRow](filepath.Join(dir, gapsParquet))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gapsParquet, err)
	}
	for i := range rows {
		g := rows[i].gap()
		s.Gaps = append(s.Gaps, g)
		s.listed[g.GapID] = rows[i].Listed
	}
	return s, nil
}

// intact holds a file against what the run noted of it.
func intact(dir, name string, noted []fileRecord) error {
	for _, n := range noted {
		if n.Name != name {
			continue
		}
		now, err := describe(dir, name)
		if err != nil {
			return err
		}
		if now != n {
			return fmt.Errorf("%s: is not the file that the run wrote; bring the run's folder back as it was, or make the run again", name)
		}
		return nil
	}
	return fmt.Errorf("%s names no %s; bring the run's folder back as it was, or make the run again", runJSON, name)
}

// gap is the other way round of gapRowOf, as far as a row goes.
func (row *gapRow) gap() gap.Gap {
	at := func(t *int64) table.Time {
		if t == nil {
			return 0
		}
		return table.Time(*t)
	}
	g := gap.Gap{
		GapID: row.GapID, PurchaseID: row.PurchaseID, PurchasedAt: table.Time(row.PurchasedAt), Email: row.Email, Name: row.Name,
		CustomerID: row.CustomerID, CustomerKey: row.CustomerKey, Processor: row.Processor, Coupon: row.Coupon,
		Amount: row.Amount, Refunded: row.Refunded, Currency: row.Currency, First: row.First, Case: gap.Slug(row.Case), Probability: row.Probability,
		RunnerUp: gap.Slug(row.RunnerUp), PartnerKey: row.PartnerKey, Suggest: gap.Suggestion(row.Suggest), Reason: row.Reason,
		ClickedAt: at(row.ClickedAt), SignedUpAt: at(row.SignedUpAt), ClickBrowser: row.ClickBrowser, SignupBrowser: row.SignupBrowser,
		LandingPage: row.LandingPage, ClickID: row.ClickID, Row: gap.Row{File: row.File, Line: row.Line},
	}
	g.Purchased = g.PurchasedAt.String()
	return g
}
