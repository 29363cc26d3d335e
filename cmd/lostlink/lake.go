package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"lostlink/config"
	"lostlink/ingest/lake"
	"lostlink/ingest/table"
)

// lakeFolder is where the lake is, below the state folder.
const lakeFolder = "lake"

// What the lake keeps when nobody asks for something else.
const (
	// unusedDays is how long an input stays that no run reads any more.
	unusedDays = 30
	// lookBackMargin is added to the look-back before rows count as too old, as
	// records may come late.
	lookBackMargin = 35
	// orphanHours is how old a file of an interrupted write is when it goes.
	orphanHours = 24
)

func lakeCommand() *command {
	return &command{
		name:    "lake",
		summary: "look at, check and tidy what is kept of the inputs",
		usage: `lake [-c FILE] [--data DIR] [--out DIR] [--state DIR] status
lake verify [--mend]
lake compact
lake retain [--unused-days N]

Each input is parsed once and kept in the lake, a folder in the state folder; a
run takes what has not changed from there. The lake is a memory and no archive:
it can be removed at any time, and the next run makes it anew from the inputs.
A run also does by itself what compact and retain do, where it is worth it.

  status   says what the lake holds
  verify   reads every file and compares it with what was written. What is
           damaged is listed; with --mend it is forgotten, so that the next run
           reads those inputs again
  compact  joins small parts into larger ones, which are faster to read
  retain   forgets inputs that no run has read for --unused-days (30), inputs
           that a newer content of the same file has replaced, and inputs that
           the last run did not read and whose rows are all older than
           look_back_days; and removes what an interrupted run left behind`,
		run: runLake,
	}
}

func runLake(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	mend := fs.Bool("mend", false, "forget what is damaged")
	days := fs.Int("unused-days", unusedDays, "days (`N`) that an input is kept unread")
	args, err := e.parse(fs, 1, 1)
	if err != nil {
		return err
	}
	if *days < 1 {
		return usageErrorf("--unused-days is %d; give at least 1", *days)
	}
	do, ok := map[string]func(context.Context, *env, *config.Config, *lake.Lake) error{
		"status": lakeStatus,
		"verify": func(ctx context.Context, e *env, _ *config.Config, l *lake.Lake) error {
			return lakeVerify(ctx, e, l, *mend)
		},
		"compact": lakeCompact,
		"retain": func(ctx context.Context, e *env, c *config.Config, l *lake.Lake) error {
			return lakeRetain(ctx, e, c, l, *days)
		},
	}[args[0]]
	switch {
	case !ok:
		return usageErrorf("%q is none of status, verify, compact and retain", args[0])
	case *mend && args[0] != "verify":
		return usageErrorf("--mend goes with verify only")
	case *days != unusedDays && args[0] != "retain":
		return usageErrorf("--unused-days goes with retain only")
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	looks := args[0] == "status" || args[0] == "verify" && !*mend
	if !looks {
		unlock, err := lock(c.State)
		if err != nil {
			return err
		}
		defer unlock()
	}
	l, err := openLake(ctx, c, lake.Options{ReadOnly: looks})
	if errors.Is(err, lake.ErrNone) {
		fmt.Fprintf(e.out, "There is no lake in %s yet.\n", c.State)
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, e, c, l), l.Close())
}

// openLake opens the lake of a configuration, to look or to change it; then it
// is made if there is none, and the caller holds the lock of the state folder.
func openLake(ctx context.Context, c *config.Config, opt lake.Options) (*lake.Lake, error) {
	l, err := lake.Open(ctx, filepath.Join(c.State, lakeFolder), opt)
	if errors.Is(err, lake.ErrLocked) {
		return nil, &exitError{exitLocked, fmt.Errorf("%w; wait for it to end", err)}
	}
	return l, err
}

func lakeStatus(ctx context.Context, e *env, _ *config.Config, l *lake.Lake) error {
	s, err := l.Status(ctx)
	if err != nil {
		return err
	}
	w := e.out
	fmt.Fprintf(w, "%s in %s: %s, %s\n", plural(s.Inputs, "input", "inputs"), plural(s.Parts, "part", "parts"), plural(s.Files, "file", "files"), bytesOf(s.Bytes))
	for _, t := range s.Rows {
		fmt.Fprintf(w, "%9s  %s", thousands(int(t.Rows)), t.Kind)
		if t.First != 0 {
			fmt.Fprintf(w, ", %s to %s", t.First.Date(), t.Last.Date())
		}
		fmt.Fprintln(w)
	}
	for _, more := range []struct {
		n    int
		what string
	}{
		{int(s.Dead), "rows of inputs that are gone, until \"lostlink lake compact\""},
		{s.ToErase, "parts that still hold rows of erased people, until \"lostlink lake compact\""},
		{s.Orphans, "files that an interrupted run left, until \"lostlink lake retain\""},
		{s.Suppressed, "people erased, who do not come back"},
	} {
		if more.n > 0 {
			fmt.Fprintf(w, "%9s  %s\n", thousands(more.n), more.what)
		}
	}
	return nil
}

// bytesOf writes a size for people.
func bytesOf(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.size), u.name)
		}
	}
	return plural(int(n), "byte", "bytes")
}

func lakeVerify(ctx context.Context, e *env, l *lake.Lake, mend bool) error {
	problems, err := l.Verify(ctx)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		fmt.Fprintln(e.out, "The lake is as it was written.")
		return nil
	}
	inputs, err := l.Inputs(ctx)
	if err != nil {
		return err
	}
	names := map[lake.Key]string{}
	for _, in := range inputs {
		names[in.Key] = in.Name
	}
	whole := false // all of it is to go
	damaged := map[lake.Key]bool{}
	for _, p := range problems {
		if p.File == "" {
			fmt.Fprintf(e.out, "%s\n", p.What)
		} else {
			fmt.Fprintf(e.out, "%s %s\n", filepath.Join(lakeFolder, p.File), p.What)
		}
		whole = whole || len(p.Inputs) == 0
		for _, k := range p.Inputs {
			if !damaged[k] {
				fmt.Fprintf(e.out, "  has rows of %s\n", names[k])
			}
			damaged[k] = true
		}
	}
	switch {
	case whole:
		return errors.New("the lake's catalog is damaged; remove everything but the file key from the lake's folder, and the next run makes it anew (who was erased has to be erased again)")
	case !mend:
		return errors.New("the lake is damaged; \"lostlink lake verify --mend\" forgets what is, and the next run reads it again")
	}
	for _, in := range inputs {
		if damaged[in.Key] {
			if err := l.Drop(ctx, in.Key); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(e.out, "%s forgotten; the next run reads them again.\n", plural(len(damaged), "input was", "inputs were"))
	return nil
}

func lakeCompact(ctx context.Context, e *env, _ *config.Config, l *lake.Lake) error {
	done, err := l.Compact(ctx, true)
	if err != nil {
		return err
	}
	if done.Damaged > 0 {
		fmt.Fprintf(e.out, "%s damaged and forgotten; the next run reads them again.\n", plural(done.Damaged, "input was", "inputs were"))
	}
	if done.Before == 0 {
		fmt.Fprintln(e.out, "There is nothing to join.")
		return nil
	}
	fmt.Fprintf(e.out, "%s became %d.\n", plural(done.Before, "part", "parts"), done.After)
	return nil
}

func lakeRetain(ctx context.Context, e *env, c *config.Config, l *lake.Lake, days int) error {
	gone, swept, err := retain(ctx, c, l, nil, days, time.Now())
	for _, in := range gone {
		fmt.Fprintf(e.out, "forgotten: %s\n", in.Name)
	}
	for _, name := range swept {
		fmt.Fprintf(e.out, "removed: %s\n", filepath.Join(lakeFolder, name))
	}
	if err == nil && len(gone)+len(swept) == 0 {
		fmt.Fprintln(e.out, "There is nothing to forget.")
	}
	return err
}

// retain forgets what no run will ask for again. Current are the inputs of the
// run that ends; nil: of the last one.
func retain(ctx context.Context, c *config.Config, l *lake.Lake, current []lake.Key, days int, now time.Time) (gone []*lake.Input, swept []string, err error) {
	gone, err = l.Retain(ctx, lake.Retention{
		Now: now, Current: current, UnusedFor: time.Duration(days) * 24 * time.Hour,
		Before: table.TimeOf(now.AddDate(0, 0, -c.Reconcile.LookBackDays-lookBackMargin)),
	})
	if err != nil {
		return gone, nil, err
	}
	swept, err = l.Sweep(ctx, now.Add(-orphanHours*time.Hour))
	return gone, swept, err
}

// tend keeps the lake in order after a run that read these inputs.
func tend(ctx context.Context, c *config.Config, l *lake.Lake, current []lake.Key, now time.Time) error {
	if _, _, err := retain(ctx, c, l, current, unusedDays, now); err != nil {
		return err
	}
	_, err := l.Compact(ctx, false)
	return err
}
