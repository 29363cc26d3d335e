package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/gofrs/flock"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/lake"
	"lostlink/reconcile"
	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/report/ledger"
	"lostlink/report/workbook"
)

// night is one run through the stages.
type night struct {
	config  *config.Config
	scout   *reconcile.Scout // nil keeps every row that is read
	noLake  bool             // wanted
	lake    *lake.Lake       // nil reads the files as they are
	loaded  *ingest.Loaded
	result  *gap.Result
	report  *report.Report
	written report.Written
	ledger  *ledger.Ledger
	shares  []*ingest.Share // what other machines have read; nil: nothing
	taken   lake.Adopted    // of that
	// standings is what the ledger knew before this run, by gap id.
	standings map[string]*ledger.Standing
}

// lock keeps other runs away from the state folder until the returned function
// is called. The kernel frees it when the process ends in whatever way.
func lock(state string) (func(), error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(state, "lock"), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("locking %s: %w", state, err)
	case !ok:
		return nil, &exitError{exitLocked, fmt.Errorf("another run is at work on %s; wait for it to end", state)}
	}
	return func() { l.Unlock() }, nil
}

// read is the first stage. Without purchases nothing can follow, so it fails.
func (n *night) read(ctx context.Context, p *progress) (err error) {
	p.say("reading the sources")
	n.config.Ingest.Watch = p.bar("reading")
	n.loaded, err = n.load(ctx)
	if err == nil && n.loaded.Set.Purchases == nil {
		n.loaded.Set.Release()
		err = noPurchases(n.loaded)
	}
	return err
}

// load reads by way of the lake if there is one, else the files as they are,
// past the list of erased people.
func (n *night) load(ctx context.Context) (*ingest.Loaded, error) {
	if n.lake == nil {
		list, err := lake.SuppressionIn(ctx, filepath.Join(n.config.State, lakeFolder))
		if err != nil {
			return nil, err
		}
		var scout ingest.Scout
		if n.scout != nil {
			scout = n.scout
		}
		return ingest.LoadWanted(ctx, n.config.Data, n.config.Ingest, scout, list, memory.DefaultAllocator)
	}
	for again := true; ; again = false {
		n.scout = reconcile.NewScout(n.config.Reconcile)
		l, err := ingest.LoadKept(ctx, n.config.Data, n.config.Ingest, n.scout, n.lake, memory.DefaultAllocator)
		var changed *ingest.ChangedError
		var damaged *lake.DamagedError
		switch {
		case errors.As(err, &changed):
			return nil, &exitError{exitAgain, err}
		case again && errors.As(err, &damaged):
			// It is only a memory: what is damaged is read again.
			if err := n.lake.Drop(ctx, damaged.Inputs...); err != nil {
				return nil, err
			}
			continue
		}
		return l, err
	}
}

// noPurchases says why there are none, as far as the files show it.
func noPurchases(l *ingest.Loaded) error {
	amiss := filesAmiss(l)
	if len(amiss) == 0 {
		return errors.New("no source gives purchases; add the payment processor's export to the configuration")
	}
	return errors.New("no source gives purchases:\n\t" + strings.Join(amiss, "\n\t"))
}

// filesAmiss tells of files that are missing, were not read or not to their
// end.
func filesAmiss(l *ingest.Loaded) []string {
	var out []string
	for _, m := range l.Missing {
		out = append(out, fmt.Sprintf("Missing: source %s: no file fits %s; add it, mend the path, or set optional: true", m.Source, m.Pattern))
	}
	for i := range l.Inputs {
		in := &l.Inputs[i]
		switch {
		case in.Fault == "" || in.Duplicates > 0: // its twin has told
		case in.Rows > 0:
			out = append(out, fmt.Sprintf("Not read to its end: source %s: %s", in.Source, in.Fault))
		default:
			out = append(out, fmt.Sprintf("Not read: source %s: %s", in.Source, in.Fault))
		}
	}
	return out
}

// judge is the second stage.
func (n *night) judge(p *progress) (err error) {
	p.say("reconciling")
	n.result, err = n.scout.Run(n.loaded.Set)
	return err
}

// write is the third stage.
func (n *night) write(p *progress) error {
	p.say("writing the report")
	run := report.Run{Version: version(), Rejects: n.loaded.Rejects, Inputs: reportInputs(n.loaded.Inputs), Earlier: n.earlier()}
	var err error
	if run.Options, err = config.Figures(n.config); err != nil {
		return err
	}
	if run.ID, err = runID(n.result, &run, n.config.Reconcile.InstallationKey); err != nil {
		return err
	}
	if n.report, err = report.New(n.result, run, n.config.Report); err != nil {
		return err
	}
	n.written, err = n.report.Write(n.config.Output, func(path string, r *report.Report) error {
		return workbook.Write(path, r, n.config.Reconcile.InstallationKey)
	})
	return err
}

// runID names a run after the last day it knows and a hash of everything it was
// made from, so that the same inputs give the same run.
func runID(res *gap.Result, run *report.Run, key string) (string, error) {
	h := sha256.New()
	e := json.NewEncoder(h)
	parts := []any{run.Version, run.Options, run.Inputs, key}
	if len(run.Earlier) > 0 {
		parts = append(parts, run.Earlier)
	}
	for _, part := range parts {
		if err := e.Encode(part); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s-%x", (res.AsOf - 1).Date(), h.Sum(nil)[:4]), nil
}

func reportInputs(ins []ingest.Input) []report.Input {
	out := make([]report.Input, len(ins))
	for i, in := range ins {
		out[i] = report.Input{Source: in.Source, Format: in.Format, File: in.File, SHA256: in.SHA256, Bytes: in.Bytes, Rows: in.Rows,
			Accepted: in.Accepted, Rejected: in.Rejected, Duplicates: in.Duplicates, Skipped: in.Skipped, First: in.First, Last: in.Last}
	}
	return out
}

// incomplete tells whether the input was all there and all taken; if not, the
// program ends with exit code 3.
func (n *night) incomplete() error {
	if len(n.loaded.Rejects) > 0 || len(n.loaded.Missing) > 0 {
		return &exitError{code: exitPartial}
	}
	return nil
}
