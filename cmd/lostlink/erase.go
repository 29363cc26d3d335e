package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"lostlink/config"
	"lostlink/ingest/lake"
	"lostlink/ingest/table"
	"lostlink/report"
	"lostlink/report/ledger"
)

func eraseCommand() *command {
	return &command{
		name:    "erase",
		summary: "take a person out of everything lostlink keeps",
		usage: `erase [-c FILE] [--data DIR] [--out DIR] [--state DIR] [--variants] [--workbooks] EMAIL

Takes the person with this e-mail address

  out of the lake, with the visits and clicks of the browsers that only this
  person used, and puts them on a list so that reading the inputs again does not
  bring them back;
  out of the records of all runs in the output folder: e-mail, name, ids,
  browsers, pages and timelines go, purchase, amount and verdict stay;
  out of the ledger: what reviewers noted and who was credited go, that the
  purchase was decided and credited stays, so that it is not paid again.

A payment stays a payment: later runs show it under a name that tells nothing
(erased-….@erased.invalid), so that the figures tie. The exports and logs
themselves are not changed; nor are files that people may have worked in. Those
in the output folder that name the person are listed, and with --workbooks the
workbooks among them are deleted.

With --variants, all spellings that mail systems treat as the same mailbox (a
"+tag", dots at Google) are meant as well. To erase somebody twice does no harm;
interrupted, call it again.`,
		run: runErase,
	}
}

func runErase(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	variants := fs.Bool("variants", false, "other spellings of the address as well")
	workbooks := fs.Bool("workbooks", false, "delete workbooks that name the person")
	args, err := e.parse(fs, 1, 1)
	if err != nil {
		return err
	}
	c, err := dirs.load(e)
	if err != nil {
		return err
	}
	unlock, err := lock(c.State)
	if err != nil {
		return err
	}
	defer unlock()
	person, err := report.FindPerson(c.Output, args[0], *variants)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	p := e.progress()
	defer p.done()
	x := &erasure{env: e, config: c, address: args[0], variants: *variants}
	// The runs last: they lead to the person's decisions in the ledger.
	p.say("erasing from the ledger")
	if err := x.ledger(ctx, person); err != nil {
		return err
	}
	p.say("erasing from the lake")
	if err := x.lake(ctx); err != nil {
		return err
	}
	p.say("erasing from the runs")
	f, err := person.Forget()
	if err != nil {
		return err
	}
	p.done()
	fmt.Fprintf(e.out, "Erased %s:\n%s", table.Mask(args[0]), x.said.String())
	fmt.Fprintf(e.out, "  runs    %s in %s\n", plural(f.Rows, "record", "records"), plural(f.Runs, "run", "runs"))
	if x.left > 0 {
		fmt.Fprintf(e.out, "  left    %s of the address; --variants takes them too\n", plural(x.left, "other spelling", "other spellings"))
	}
	return x.copies(f, *workbooks)
}

// erasure is one person being erased, and what is told of it.
type erasure struct {
	env      *env
	config   *config.Config
	address  string
	variants bool
	said     strings.Builder
	left     int
}

func (x *erasure) ledger(ctx context.Context, person *report.Person) error {
	if !ledger.Exists(ledgerPlace(x.config)) {
		return nil
	}
	l, err := openLedger(ctx, x.config)
	if err != nil {
		return err
	}
	f, err := l.Forget(ctx, person.GapIDs, append([]string{strings.TrimSpace(x.address)}, person.Emails...), instant())
	if err := errors.Join(err, l.Close()); err != nil {
		return err
	}
	fmt.Fprintf(&x.said, "  ledger  %s, %s\n", plural(f.Notes, "note", "notes"), plural(f.Items, "credited customer", "credited customers"))
	return nil
}

func (x *erasure) lake(ctx context.Context) error {
	l, err := openLake(ctx, x.config, lake.Options{})
	if err != nil {
		return err
	}
	gone, err := l.Erase(ctx, x.address, x.variants, time.Now())
	err = errors.Join(err, l.Close())
	var damaged *lake.DamagedError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w; call \"lostlink lake verify --mend\", let a run read what is missing, and erase again", err)
	}
	if err != nil {
		return err
	}
	x.left = gone.Variants
	rows := 0
	for _, n := range gone.Rows {
		rows += int(n)
	}
	fmt.Fprintf(&x.said, "  lake    %s in %s, which the next run reads again without them\n", plural(rows, "row", "rows"), plural(len(gone.Inputs), "input", "inputs"))
	if gone.Visitors > 0 || gone.Shared > 0 {
		fmt.Fprintf(&x.said, "          %s", plural(gone.Visitors, "browser", "browsers"))
		if gone.Shared > 0 {
			fmt.Fprintf(&x.said, "; of %s shared with others, only the rows with this address", plural(gone.Shared, "more", "more"))
		}
		fmt.Fprintln(&x.said)
	}
	return nil
}

// copies tells of the files that name the person still.
func (x *erasure) copies(f *report.Forgotten, remove bool) error {
	w := x.env.out
	others := f.Others
	if remove {
		for _, path := range f.Workbooks {
			if err := os.Remove(path); err != nil {
				return err
			}
			fmt.Fprintf(w, "Deleted: %s\n", path)
		}
	} else {
		others = append(f.Workbooks, others...)
	}
	if len(others) > 0 {
		fmt.Fprintln(w, "These name the person still; delete or mend them yourself:")
		for _, path := range others {
			fmt.Fprintf(w, "  %s\n", path)
		}
	}
	fmt.Fprintln(w, "The exports and logs were not changed; what they have of the person is passed over from now on.")
	return nil
}
