package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"lostlink/ingest"
	"lostlink/ingest/lake"
)

func mergeCommand() *command {
	return &command{
		name:    "merge",
		summary: "put together what shards have read, and go on as run does",
		usage: `merge [-c FILE] [--data DIR] [--out DIR] [--state DIR] STATE…

Takes over what the shards of "lostlink run --shard" have read, from their state
folders into the lake of this one, and then does as "lostlink run": the report
is the same as if one machine had read everything. All shards must be there,
each once, with the same configuration and the same list of files. A file that
has changed since is read again, and that is told. To merge again changes
nothing; the folders of the shards are left as they are, and can be removed
once the report is there.`,
		run: merge,
	}
}

func merge(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	states, err := e.parse(fs, 1, -1)
	if err != nil {
		return err
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	n := &night{config: c}
	var errs []error
	for _, state := range states {
		if sameFolder(state, c.State) {
			return usageErrorf("%s is the folder of a shard and the --state to merge into; give the merge one of its own", state)
		}
		c.Ingest.Exclude = append(c.Ingest.Exclude, state)
		s, err := ingest.ReadShare(filepath.Join(state, shareName))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s.From = state
		n.shares = append(n.shares, s)
	}
	if len(errs) == 0 {
		errs = append(errs, ingest.CheckShares(n.shares, c.Ingest.Settings()))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("nothing was merged:\n%w", err)
	}
	// In whatever order they are named.
	slices.SortFunc(n.shares, func(a, b *ingest.Share) int { return a.Shard.Number - b.Shard.Number })
	return n.run(ctx, e)
}

// sameFolder tells whether two paths lead to one folder, which may not be there.
func sameFolder(a, b string) bool {
	real := func(p string) string {
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		if r, err := filepath.EvalSymlinks(p); err == nil {
			p = r
		}
		return p
	}
	return real(a) == real(b)
}

// sharedKey is the key that a lake takes over which shards are merged into; ""
// without shards.
func (n *night) sharedKey() string {
	if len(n.shares) == 0 {
		return ""
	}
	return lake.KeyPath(filepath.Join(n.shares[0].From, lakeFolder))
}

// adopt takes over what the shards have read.
func (n *night) adopt(ctx context.Context, p *progress) error {
	for _, s := range n.shares {
		p.say("taking over shard %s", s.Shard)
		if err := n.adoptShare(ctx, s); err != nil {
			return fmt.Errorf("no report was written: shard %s (%s): %w", s.Shard, s.From, err)
		}
	}
	return nil
}

func (n *night) adoptShare(ctx context.Context, s *ingest.Share) (err error) {
	keys, err := s.Keys()
	if err != nil {
		return err
	}
	l, err := lake.Open(ctx, filepath.Join(s.From, lakeFolder), lake.Options{ReadOnly: true})
	switch {
	case errors.Is(err, lake.ErrLocked):
		return &exitError{exitLocked, fmt.Errorf("%w; wait for it to end", err)}
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if l.Fingerprint() != n.lake.Fingerprint() {
		return fmt.Errorf("its lake %w (fingerprint %s) than the others (%s); remove the shard's folder and run it again with their --key", lake.ErrKey, l.Fingerprint(), n.lake.Fingerprint())
	}
	has, err := l.Inputs(ctx)
	if err != nil {
		return err
	}
	kept := map[string]bool{"": true}
	for _, in := range has {
		kept[in.Key.String()] = true
	}
	for _, in := range s.Inputs {
		if !kept[in.Key] {
			return fmt.Errorf("its lake does not have %s any more; run the shard again", in.File)
		}
	}
	done, err := n.lake.Adopt(ctx, l, keys, time.Now())
	var damaged *lake.DamagedError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w; run \"lostlink lake verify --mend\" with the shard's --state, and then the shard again", err)
	}
	if err != nil {
		return err
	}
	n.taken.Taken += done.Taken
	n.taken.Known += done.Known
	n.taken.Left += done.Left
	n.taken.Erased = append(n.taken.Erased, done.Erased...)
	return nil
}

// merged tells what the shards gave.
func (n *night) merged(w io.Writer) {
	if len(n.shares) == 0 {
		return
	}
	t := &n.taken
	fmt.Fprintf(w, "Merged: %s; %s taken over, %s here before\n", plural(len(n.shares), "shard", "shards"), plural(t.Taken, "input", "inputs"), thousands(t.Known))
	if again := len(t.Erased) + t.Left; again > 0 {
		fmt.Fprintf(w, "Read again: %s, of which %s with rows of erased people\n", plural(again, "input", "inputs"), thousands(len(t.Erased)))
	}
	for _, s := range ingest.Changed(n.shares, n.loaded) {
		fmt.Fprintf(w, "Changed: %s\n", s)
	}
}
