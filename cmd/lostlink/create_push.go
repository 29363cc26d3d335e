package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"lostlink/ingest/table"
	"lostlink/report/bulk"
	"lostlink/report/ledger"
	"lostlink/report/push"
	"lostlink/report/review"
)

// push sends what was approved, one batch after the other.
func (c *creation) push(ctx context.Context) error {
	p := bulk.Get(c.config.Bulk.Platform)
	if !p.HasAPI() {
		return &exitError{exitUsage, fmt.Errorf("bulk.platform: %s has no API that is known here; make its files with --write", p.Title)}
	}
	creds, err := c.credentials()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	refused, err := c.drop(ctx)
	if err != nil {
		return err
	}
	for _, b := range c.open {
		n, err := c.pushBatch(ctx, &b, creds)
		refused += n
		if err != nil {
			return c.stopped(err)
		}
		if err := c.know(ctx); err != nil { // what was made is known to the next batch
			return err
		}
	}
	if refused > 0 {
		return &exitError{code: exitPartial}
	}
	return nil
}

// stopped gives a push that did not come to its end its exit code.
func (c *creation) stopped(err error) error {
	var stop *push.StopError
	switch {
	case errors.As(err, &stop) && stop.Again:
		return &exitError{exitAgain, fmt.Errorf("%w; what is left is sent by the next \"lostlink create --push\"", err)}
	case errors.Is(err, push.ErrNoKey):
		return &exitError{exitUsage, err}
	}
	return err
}

// credentials are read when they are needed, and never otherwise.
func (c *creation) credentials() (push.Credentials, error) {
	s := c.config.Push
	out := push.Credentials{PublicKey: s.PublicKey}
	for _, one := range []struct {
		to             *push.Secret
		variable, path string
	}{{&out.SecretKey, push.SecretKeyVariable, s.SecretKeyFile}, {&out.Token, push.TokenVariable, s.TokenFile}} {
		if v := c.env.lookup(one.variable); v != "" {
			*one.to = push.NewSecret(v)
		} else if one.path != "" {
			var err error
			if *one.to, err = push.ReadSecret(c.config.Path(one.path)); err != nil {
				return out, err
			}
		}
	}
	if out.PublicKey == "" || !out.SecretKey.Known() {
		return out, push.ErrNoKey
	}
	return out, nil
}

// lookup gives an environment variable, "" for none.
func (e *env) lookup(name string) string {
	for _, v := range e.environ {
		if text, ok := strings.CutPrefix(v, name+"="); ok {
			return text
		}
	}
	return ""
}

// pushBatch sends one batch and tells how many of its purchases were refused.
func (c *creation) pushBatch(ctx context.Context, b *ledger.Batch, creds push.Credentials) (refused int, err error) {
	w := c.env.out
	j := &journal{ledger: c.ledger}
	if err := j.settle(ctx, c.items, c.made); err != nil {
		return 0, err
	}
	if c.items, err = c.ledger.Items(ctx, ""); err != nil {
		return 0, err
	}
	list, _ := c.pending(b.BatchID)
	p, err := c.plan(b, list, true, creds.Token.Known())
	if err != nil {
		return 0, err
	}
	if err := c.sameWay(list, p); err != nil {
		return 0, &exitError{exitUsage, err}
	}
	fmt.Fprintf(w, "Batch %s to %s: %s\n", b.BatchID, p.Platform.Title, or(kindCounts(p), "nothing to send"))
	c.refusals(p, nil)
	for _, r := range p.Refused {
		if err := c.ledger.Settle(ctx, r.Purchase.Key, ledger.StateRefused, refusalRule(r.Column, r.Rule), c.now); err != nil {
			return 0, err
		}
	}
	refused = len(p.Refused)
	bar := c.bar(len(p.Items))
	res, err := push.Run(ctx, p.Items, j, push.Options{
		Settings: c.config.Push, Credentials: creds, Batch: b.PlannedAt.Std(), Began: time.Now(), Now: time.Now,
		Timeout: push.TimeoutDefault, Wait: push.WaitDefault, Patience: push.PatienceDefault, Progress: bar.step,
	})
	bar.done()
	refused += c.tell(p.Items, &res)
	if err != nil {
		return refused, err
	}
	return refused, c.ledger.Emitted(ctx, b.BatchID, ledger.Emission{}, instant())
}

// sameWay fails if a purchase whose request may have left would not be sent as
// the same thing now: it could not be looked up, and might be paid twice.
func (c *creation) sameWay(list []review.Approved, p *bulk.Plan) error {
	kinds := map[string]bulk.Kind{}
	for _, it := range p.Items {
		kinds[it.Key] = it.Kind
	}
	for _, a := range list {
		for _, m := range c.made {
			if m.Key == a.Key && m.Via == ledger.ViaAPI && paysOut(bulk.Kind(m.Kind)) && m.Kind != string(kinds[a.Key]) {
				return fmt.Errorf("%s was begun as a %s and would be %s now; set the options of bulk back, bulk.credit first", a.GapID, m.Kind, or(string(kinds[a.Key]), "refused"))
			}
		}
	}
	return nil
}

// tell says what a push did, and gives how many purchases it was refused.
func (c *creation) tell(items []bulk.Item, res *push.Result) (refused int) {
	w := c.env.out
	made, there := map[bulk.Kind]int{}, map[bulk.Kind]int{}
	for _, it := range items {
		o, ok := res.Outcomes[it.ID]
		switch {
		case !ok:
		case o.State == push.Refused:
			if paysOut(it.Kind) {
				refused++
			}
			fmt.Fprintln(w, wrapAfter(oneLine(itemText(&it)+": "+o.Note), "  Refused: ", "    "))
		case o.State == push.Made && o.There:
			there[it.Kind]++
		case o.State == push.Made:
			made[it.Kind]++
		}
		if o.State == push.Made && o.Note != "" {
			fmt.Fprintln(w, wrapAfter(oneLine(itemText(&it)+": "+o.Note), "  Note: ", "    "))
		}
	}
	line := "  Created: " + or(countText(made), "nothing")
	if len(there) > 0 {
		line += "; there already: " + countText(there)
	}
	fmt.Fprintln(w, line)
	if n := len(res.Open); n > 0 {
		fmt.Fprintf(w, "  Not done: %s\n", plural(n, "item", "items"))
	}
	return refused
}

// journal is a push's memory in the ledger.
type journal struct{ ledger *ledger.Ledger }

var states = map[push.State]ledger.State{push.Began: ledger.StateSent, push.Made: ledger.StateConfirmed, push.Refused: ledger.StateRefused}

// Outcomes gives what the ledger knows of what was sent. A customer who was
// refused is asked for again: it may be for another partner now.
func (j *journal) Outcomes(ctx context.Context) (map[string]push.Outcome, error) {
	made, err := j.ledger.Creations(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]push.Outcome{}
	for _, m := range made {
		for state, s := range states {
			if m.Via == ledger.ViaAPI && m.State == s && (state != push.Refused || paysOut(bulk.Kind(m.Kind))) {
				out[m.ID] = push.Outcome{State: state, At: m.ChangedAt.Std(), Key: m.Place, Note: m.Answer}
			}
		}
	}
	return out, nil
}

// Note keeps an outcome, and settles the purchase it is of.
func (j *journal) Note(ctx context.Context, it bulk.Item, o push.Outcome) error {
	sent, err := json.Marshal(it)
	if err != nil {
		return err
	}
	now := table.TimeOf(o.At)
	m := ledger.Creation{ID: it.ID, Key: it.Purchase.Key, Kind: string(it.Kind), Via: ledger.ViaAPI, State: states[o.State],
		Place: o.Key, Hash: fmt.Sprintf("%x", sha256.Sum256(sent)), Answer: o.Note}
	if err := j.ledger.Put(ctx, now, m); err != nil {
		return err
	}
	if !paysOut(it.Kind) {
		return nil
	}
	return j.ledger.Settle(ctx, m.Key, m.State, reason(&m), now)
}

func reason(m *ledger.Creation) string {
	if m.State == ledger.StateRefused {
		return m.Answer
	}
	return ""
}

// settle brings purchases to where what was sent of them is: a process that
// was killed may have noted the one and not the other.
func (j *journal) settle(ctx context.Context, items []ledger.Item, made []ledger.Creation) error {
	is := map[string]ledger.State{}
	for _, it := range items {
		is[it.Key] = it.State
	}
	for i := range made {
		m := &made[i]
		open := is[m.Key] == ledger.StatePlanned || is[m.Key] == ledger.StateSent
		if m.Via != ledger.ViaAPI || !paysOut(bulk.Kind(m.Kind)) || !open || is[m.Key] == m.State {
			continue
		}
		if err := j.ledger.Settle(ctx, m.Key, m.State, reason(m), m.ChangedAt); err != nil {
			return err
		}
	}
	return nil
}

// bar shows a person how far a push has come, and nobody else.
type bar struct{ b *progressbar.ProgressBar }

func (c *creation) bar(of int) bar {
	e := c.env
	if of == 0 || !isTerminal(e.err) || e.set("CI") || e.set("NO_COLOR") {
		return bar{}
	}
	return bar{progressbar.NewOptions(of, progressbar.OptionSetWriter(e.err), progressbar.OptionSetDescription("sending"),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(progressEvery), progressbar.OptionClearOnFinish())}
}

func (b bar) step(done, _ int) {
	if b.b != nil {
		_ = b.b.Set(done) // a bar that cannot be drawn stops nothing
	}
}

func (b bar) done() {
	if b.b != nil {
		_ = b.b.Clear()
	}
}
