package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
	"lostlink/reconcile"
	"lostlink/reconcile/calibrate"
	"lostlink/reconcile/gap"
)

// decisionWeight is how many made-up purchases a decision counts as much as: a
// few dozen should be felt among a hundred thousand.
const decisionWeight = 25

// decisions are rows of a table of a person's decisions, by gap id (in capitals)
// or purchase id.
type decisions struct {
	path  string
	rows  map[string]*decision
	wrong []table.Reject
	open  int // rows that decide nothing: Ask partner, Later or empty
}

type decision struct {
	line     int64
	column   string // that names the gap
	right    []gap.Slug
	declined bool
	used     bool
}

// ownDecisions adds the decisions on the configured data to the examples. Rows
// that cannot be used are listed and make the first error; the second ends the
// program.
func (c *calibration) ownDecisions(ctx context.Context, e *env, p *progress, x *calibrate.Examples) (partial, err error) {
	own, err := readDecisions(c.decisions)
	if err != nil {
		return nil, err
	}
	conf, err := c.dirs.load(e)
	if err != nil {
		return nil, err
	}
	n := &night{config: conf}
	if err := n.read(ctx, p); err != nil {
		return nil, err
	}
	defer n.loaded.Set.Release()
	used, expired := 0, 0
	err = reconcile.Journeys(n.loaded.Set, conf.Reconcile, func(gapID string, j *gap.Journey) {
		d := own.rows[gapID]
		if d == nil {
			d = own.rows[j.Purchase.PurchaseID]
		}
		if d == nil || err != nil {
			return
		}
		d.used = true
		if d.declined && gap.JudgeWith(j, cmp.Or(conf.Reconcile.Weights, &gap.DefaultWeights)).Case == gap.CookieExpired {
			expired++
			return
		}
		used++
		err = x.Add(calibrate.Example{Seen: seenIn(j), Right: d.right, Weight: decisionWeight})
	})
	if err != nil {
		return nil, err
	}
	for id, d := range own.rows {
		if !d.used {
			own.reject(d.line, d.column, id, "is no gap of this data", "name one of gaps.jsonl")
		}
	}
	slices.SortFunc(own.wrong, func(a, b table.Reject) int { return cmp.Compare(a.Line, b.Line) })
	p.done()
	fmt.Fprintf(e.out, "And to %s of %s, each counted %d times.\n", plural(used, "decision", "decisions"), c.decisions, decisionWeight)
	if own.open > 0 {
		fmt.Fprintf(e.out, "%s still open and left out.\n", plural(own.open, "row is", "rows are"))
	}
	if expired > 0 {
		fmt.Fprintf(e.out, "%s an expired cookie: the terms were applied, which tells nothing about the evidence; left out.\n", plural(expired, "row declines", "rows decline"))
	}
	for i := range own.wrong {
		fmt.Fprintf(e.out, "Not used: %s\n", own.wrong[i].Error())
	}
	if len(own.wrong) > 0 {
		return &exitError{code: exitPartial}, nil
	}
	return nil, nil
}

// readDecisions reads a table of decisions: CSV, or whatever else has named
// columns.
func readDecisions(path string) (*decisions, error) {
	r, err := rows.Open(path, rows.Options{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for _, either := range [][]string{{"gap_id", "purchase_id"}, {"case", "decision"}} {
		if !slices.ContainsFunc(r.Columns(), func(c string) bool {
			return slices.ContainsFunc(either, func(want string) bool { return strings.EqualFold(c, want) })
		}) {
			return nil, fmt.Errorf("%s: has no column %s; add one", path, strings.Join(either, " or "))
		}
	}
	r.Bind([]string{"gap_id", "purchase_id", "case", "decision"})
	own := &decisions{path: path, rows: map[string]*decision{}}
	for {
		row, err := r.Next()
		var bad *rows.Bad
		switch {
		case errors.Is(err, io.EOF):
			return own, nil
		case errors.As(err, &bad):
			own.wrong = append(own.wrong, table.RejectOf("decisions", path, bad.Line, bad.Fault))
		case err != nil:
			return nil, err
		default:
			own.add(row)
		}
	}
}

func (own *decisions) reject(line int64, column, value, rule, remedy string) {
	own.wrong = append(own.wrong, table.Reject{Source: "decisions", File: own.path, Line: line, Column: column, Value: value, Rule: rule, Remedy: remedy})
}

func (own *decisions) add(row *rows.Record) {
	var value [4]string
	for i, v := range row.Values {
		value[i] = strings.TrimSpace(v)
	}
	d := &decision{line: row.Line, column: "gap_id"}
	id := strings.ToUpper(value[0])
	if id == "" {
		id, d.column = value[1], "purchase_id"
	}
	if id == "" {
		own.reject(d.line, d.column, "", "is empty", "name the gap or the purchase")
		return
	}
	switch word := strings.ToLower(value[3]); {
	case value[2] != "":
		for _, c := range gap.Cases() {
			if strings.EqualFold(value[2], string(c.Slug)) || strings.EqualFold(value[2], c.Code) {
				d.right = []gap.Slug{c.Slug}
			}
		}
		if d.right == nil {
			own.reject(d.line, "case", value[2], "is no case", "write a slug or code, such as device_switch or C06")
			return
		}
	case word == "approve":
		// A partner is rewarded; which case it was, nobody said.
		for _, c := range gap.Cases() {
			if c.Slug != gap.NoPartnerSignal {
				d.right = append(d.right, c.Slug)
			}
		}
	case word == "decline":
		d.right, d.declined = []gap.Slug{gap.NoPartnerSignal}, true
	case word == "" || word == "ask partner" || word == "later":
		own.open++
		return
	default:
		own.reject(d.line, "decision", value[3], "is no decision", "write Approve or Decline, or fill the column case")
		return
	}
	if other := own.rows[id]; other != nil {
		own.reject(d.line, d.column, id, fmt.Sprintf("is decided in line %d already", other.line), "keep one of the two rows")
		return
	}
	own.rows[id] = d
}
