package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"lostlink/ingest/lake"
	"lostlink/ingest/table"
	"lostlink/reconcile/gap"
)

// The files of a run beside the workbook.
const (
	gapsJSONL      = "gaps.jsonl"
	gapsParquet    = "gaps.parquet"
	contestedJSONL = "contested.jsonl"
	claimsJSONL    = "claims.jsonl"
	incidentsJSONL = "incidents.jsonl"
	rejectsJSONL   = "rejects.jsonl"
	runJSON        = "run.json"
)

// writeLines puts the files with a record a line into dir.
func (r *Report) writeLines(dir string) error {
	lines := []struct {
		name  string
		write func(e *json.Encoder) error
	}{
		{gapsJSONL, func(e *json.Encoder) error {
			return encodeAll(e, r.gaps, func(g *gap.Gap) gap.Gap { return gapRecord(*g) })
		}},
		{contestedJSONL, func(e *json.Encoder) error { return encodeAll(e, r.Result.Contested, contestedRecord) }},
		{claimsJSONL, func(e *json.Encoder) error { return encodeAll(e, r.Result.Answers, answerRecord) }},
		{incidentsJSONL, func(e *json.Encoder) error { return encodeAll(e, r.Result.Incidents, incidentRecord) }},
		{rejectsJSONL, func(e *json.Encoder) error {
			return encodeAll(e, r.Run.Rejects, func(r table.Reject) table.Reject { return r })
		}},
	}
	for _, l := range lines {
		err := writeFile(filepath.Join(dir, l.name), func(w io.Writer) error { return l.write(encoder(w)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

func encodeAll[T, R any](e *json.Encoder, rows []T, record func(T) R) error {
	for _, row := range rows {
		if err := e.Encode(record(row)); err != nil {
			return err
		}
	}
	return nil
}

// writeFile makes a new file of mode 0600 that is on disk when it returns.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<16)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// The records below fill the times that files carry as text, and write empty
// lists as [] rather than null.

func gapRecord(g gap.Gap) gap.Gap {
	g.Purchased = g.PurchasedAt.String()
	g.Candidates = candidateRecords(g.Candidates)
	g.Timeline = eventRecords(g.Timeline)
	g.Findings = mapped(g.Findings, func(f gap.Finding) gap.Finding {
		f.Rows = mapped(f.Rows, func(r gap.Row) gap.Row { return r })
		return f
	})
	g.WouldDecide = mapped(g.WouldDecide, func(s string) string { return s })
	if g.Ranking == nil {
		g.Ranking = map[gap.Slug]float64{}
	}
	return g
}

func contestedRecord(c gap.Contested) gap.Contested {
	c.Purchased = c.PurchasedAt.String()
	c.Others = candidateRecords(c.Others)
	c.Timeline = eventRecords(c.Timeline)
	c.Clicks = mapped(c.Clicks, func(k gap.ContestedClick) gap.ContestedClick {
		k.Clicked = k.At.String()
		return k
	})
	c.Replies = mapped(c.Replies, func(r gap.Reply) gap.Reply { return r })
	c.SignedUp = c.SignedUpAt.String()
	return c
}

func answerRecord(a gap.Answer) gap.Answer {
	a.Claimed, a.CreditedOn = a.ClaimedAt.String(), a.CreditedAt.String()
	same := func(s string) string { return s }
	a.PurchaseIDs, a.GapIDs, a.Questions = mapped(a.PurchaseIDs, same), mapped(a.GapIDs, same), mapped(a.Questions, same)
	a.Rows = mapped(a.Rows, func(r gap.Row) gap.Row { return r })
	return a
}

func missingRecord(m gap.MissingSource) gap.MissingSource {
	if m.Settles.Minor == nil {
		m.Settles.Minor = map[string]int64{}
	}
	return m
}

func incidentRecord(in gap.Incident) gap.Incident {
	in.From, in.To = in.Start.String(), in.End.String()
	in.Pages = mapped(in.Pages, func(s string) string { return s })
	in.Browsers = mapped(in.Browsers, func(s string) string { return s })
	if in.Lost == nil {
		in.Lost = map[string]int64{}
	}
	return in
}

func candidateRecords(cs []gap.Candidate) []gap.Candidate {
	return mapped(cs, func(c gap.Candidate) gap.Candidate {
		c.Clicked = c.ClickedAt.String()
		return c
	})
}

func eventRecords(es []gap.Event) []gap.Event {
	return mapped(es, func(e gap.Event) gap.Event {
		e.When = e.At.String()
		return e
	})
}

// mapped gives a new slice, never nil.
func mapped[T any](in []T, f func(T) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// gapRow is one row of gaps.parquet. What has no fixed shape is JSON text, as
// in gaps.jsonl.
type gapRow struct {
	GapID         string  `parquet:"gap_id"`
	PurchaseID    string  `parquet:"purchase_id"`
	PurchasedAt   int64   `parquet:"purchased_at,timestamp(microsecond)"`
	Email         string  `parquet:"email"`
	Name          string  `parquet:"name"`
	CustomerID    string  `parquet:"customer_id"`
	CustomerKey   string  `parquet:"customer_key"`
	Processor     string  `parquet:"processor,dict"`
	Coupon        string  `parquet:"coupon,dict"`
	Amount        int64   `parquet:"amount"`
	Refunded      int64   `parquet:"refunded"`
	Currency      string  `parquet:"currency,dict"`
	First         bool    `parquet:"first_payment"`
	Case          string  `parquet:"case,dict"`
	Probability   float64 `parquet:"probability"`
	Ranking       string  `parquet:"ranking"`
	RunnerUp      string  `parquet:"runner_up,dict"`
	PartnerKey    string  `parquet:"partner_key,dict"`
	Candidates    string  `parquet:"candidates"`
	Suggest       string  `parquet:"suggest,dict"`
	Reason        string  `parquet:"reason"`
	Findings      string  `parquet:"findings"`
	WouldDecide   string  `parquet:"would_decide"`
	ClickedAt     *int64  `parquet:"clicked_at,optional,timestamp(microsecond)"`
	SignedUpAt    *int64  `parquet:"signed_up_at,optional,timestamp(microsecond)"`
	ClickBrowser  string  `parquet:"click_browser,dict"`
	SignupBrowser string  `parquet:"signup_browser,dict"`
	LandingPage   string  `parquet:"landing_page,dict"`
	ClickID       string  `parquet:"click_id"`
	File          string  `parquet:"file,dict"`
	Line          int64   `parquet:"line"`
	// Listed tells whether the purchase is on Review.
	Listed bool `parquet:"listed"`
}

func (r *Report) writeGapsParquet(path string) error {
	listed := make(map[*gap.Gap]bool, len(r.Review))
	for i := range r.Review {
		listed[r.Review[i].Gap] = true
	}
	var bad error
	err := lake.WriteSeq(path, func(yield func(gapRow) bool) {
		for i := range r.gaps {
			row, err := gapRowOf(r.gaps[i], listed[r.gaps[i]])
			if err != nil {
				bad = err
				return
			}
			if !yield(row) {
				return
			}
		}
	})
	return errors.Join(bad, err)
}

func gapRowOf(from *gap.Gap, listed bool) (gapRow, error) {
	g := gapRecord(*from)
	row := gapRow{
		GapID: g.GapID, PurchaseID: g.PurchaseID, PurchasedAt: int64(g.PurchasedAt), Email: g.Email, Name: g.Name,
		CustomerID: g.CustomerID, CustomerKey: g.CustomerKey, Processor: g.Processor, Coupon: g.Coupon,
		Amount: g.Amount, Refunded: g.Refunded, Currency: g.Currency, First: g.First, Case: string(g.Case), Probability: g.Probability,
		RunnerUp: string(g.RunnerUp), PartnerKey: g.PartnerKey, Suggest: string(g.Suggest), Reason: g.Reason,
		ClickedAt: known(g.ClickedAt), SignedUpAt: known(g.SignedUpAt), ClickBrowser: g.ClickBrowser,
		SignupBrowser: g.SignupBrowser, LandingPage: g.LandingPage, ClickID: g.ClickID,
		File: g.Row.File, Line: g.Row.Line, Listed: listed,
	}
	for _, f := range []struct {
		to   *string
		from any
	}{{&row.Ranking, g.Ranking}, {&row.Candidates, g.Candidates}, {&row.Findings, g.Findings}, {&row.WouldDecide, g.WouldDecide}} {
		var buf bytes.Buffer
		if err := encoder(&buf).Encode(f.from); err != nil {
			return gapRow{}, err
		}
		*f.to = string(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	}
	return row, nil
}

func known(t table.Time) *int64 {
	if t == 0 {
		return nil
	}
	v := int64(t)
	return &v
}

// runRecord is run.json.
type runRecord struct {
	Run           string              `json:"run"`
	Programme     string              `json:"programme"`
	Version       string              `json:"version"`
	AsOf          string              `json:"as_of"`
	PeriodStart   string              `json:"period_start"`
	PeriodEnd     string              `json:"period_end"` // exclusive
	Inputs        []Input             `json:"inputs"`
	TieOut        gap.TieOut          `json:"tie_out"`
	Gaps          int                 `json:"gaps"`
	Review        int                 `json:"review_rows"`
	NotListed     []unlistedRecord    `json:"not_listed"`
	Contested     int                 `json:"contested"`
	Claims        int                 `json:"claims"`
	Incidents     int                 `json:"incidents"`
	Rejects       int                 `json:"rejects"`
	Unplaced      gap.Sum             `json:"unplaced_transactions"`
	OverConnected []gap.OverConnected `json:"over_connected"`
	Missing       []gap.MissingSource `json:"missing"`
	Partners      []PartnerChoice     `json:"partners"`
	Notes         []string            `json:"notes"`
	Options       []KeyValue          `json:"options"`
	Files         []fileRecord        `json:"files"`
}

type unlistedRecord struct {
	Reason Reason   `json:"reason"`
	Case   gap.Slug `json:"case"`
	Sum    gap.Sum  `json:"sum"`
}

type fileRecord struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// writeRun writes run.json last, with the hashes of all files already there.
func (r *Report) writeRun(dir string) error {
	res := r.Result
	rec := runRecord{
		Run: r.Run.ID, Programme: r.Options.Programme, Version: r.Run.Version,
		AsOf: res.AsOf.String(), PeriodStart: res.PeriodStart.String(), PeriodEnd: res.PeriodEnd.String(),
		Inputs: mapped(r.Run.Inputs, func(i Input) Input { return i }), TieOut: res.TieOut,
		Gaps: len(r.gaps), Review: len(r.Review), NotListed: []unlistedRecord{}, Contested: len(res.Contested), Claims: len(res.Answers), Incidents: len(res.Incidents),
		Rejects: len(r.Run.Rejects), Unplaced: res.Unplaced,
		OverConnected: mapped(res.OverConnected, func(o gap.OverConnected) gap.OverConnected { return o }),
		Missing:       mapped(r.Missing, missingRecord),
		Partners:      mapped(r.PartnerChoices(), func(p PartnerChoice) PartnerChoice { return p }),
		Notes:         mapped(res.Notes, func(s string) string { return s }),
		Options:       mapped(r.Run.Options, func(kv KeyValue) KeyValue { return kv }),
	}
	for _, u := range r.NotListed {
		rec.NotListed = append(rec.NotListed, unlistedRecord(u))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		f, err := describe(dir, e.Name())
		if err != nil {
			return err
		}
		rec.Files = append(rec.Files, f)
	}
	return writeFile(filepath.Join(dir, runJSON), func(w io.Writer) error {
		e := encoder(w)
		e.SetIndent("", "  ")
		return e.Encode(rec)
	})
}

func describe(dir, name string) (fileRecord, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return fileRecord{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return fileRecord{name, n, hex.EncodeToString(h.Sum(nil))}, err
}
