package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lostlink/config"
	"lostlink/ingest/table"
	"lostlink/report"
	"lostlink/report/bulk"
	"lostlink/report/ledger"
	"lostlink/report/review"
)

func createCommand() *command {
	return &command{
		name:    "create",
		summary: "say what is to be created on the partner platform; make its files, or send it",
		usage: `create [--write | --push] [-c FILE] [--out DIR] [--state DIR]

Says what was approved and is not created yet: which customers, transactions or
rewards, for whom and how much. Nothing is changed or sent.

  --write  make the files that people upload, as "apply --write" does
  --push   send the same through the platform's API

A purchase goes one way: what stands in files is never sent, and what was sent
is in no file. Let "apply --write --no-files" record what --push shall send.

--push looks whether a thing is there before it creates it, waits when the
platform is busy, and notes each step in the ledger: stopped or killed at any
point, it goes on where it was, and nothing is created twice. An answer that
was lost is looked up. A wrong key stops it at once.

The secret key stands in the file push.secret_key_file (chmod 600) or in
LOSTLINK_PUSH_SECRET_KEY, the token for clicks in push.token_file or in
LOSTLINK_PUSH_TOKEN.

Exit code 3: something was refused; 75: the platform is busy or away, and the
rest is sent by the next --push.`,
		run: create,
	}
}

func create(ctx context.Context, e *env) error {
	var dirs folders
	fs := e.flags()
	dirs.register(fs)
	c := &creation{env: e, now: instant()}
	var write, send bool
	fs.BoolVar(&write, "write", false, "make the files")
	fs.BoolVar(&send, "push", false, "send it through the platform's API")
	if _, err := e.parse(fs, 0, 0); err != nil {
		return err
	}
	if write && send {
		return usageErrorf("a purchase goes one way: take --write or --push")
	}
	var err error
	if c.config, err = dirs.load(e); err != nil {
		return err
	}
	unlock, err := lock(c.config.State)
	if err != nil {
		return err
	}
	defer unlock()
	if err := mustExist(c.config); err != nil {
		return err
	}
	if c.ledger, err = openLedger(ctx, c.config); err != nil {
		return err
	}
	defer c.ledger.Close()
	if err := c.know(ctx); err != nil {
		return err
	}
	switch {
	case len(c.open) == 0:
		fmt.Fprintln(e.out, "Nothing that was approved waits to be created.")
	case write:
		return c.write(ctx)
	case send:
		return c.push(ctx)
	default:
		return c.preview()
	}
	return nil
}

// creation is one use of create.
type creation struct {
	env    *env
	config *config.Config
	ledger *ledger.Ledger
	now    table.Time

	open    []ledger.Batch // not created yet, or not wholly
	batches []ledger.Batch
	items   []ledger.Item
	made    []ledger.Creation
	moot    map[string]string // why an item must not be created any more, by key
}

// know reads what the ledger knows.
func (c *creation) know(ctx context.Context) (err error) {
	if c.open, err = c.ledger.Unfinished(ctx); err != nil {
		return err
	}
	if c.batches, err = c.ledger.Batches(ctx); err != nil {
		return err
	}
	if c.items, err = c.ledger.Items(ctx, ""); err != nil {
		return err
	}
	if c.made, err = c.ledger.Creations(ctx); err != nil {
		return err
	}
	standings, err := c.ledger.Standings(ctx)
	if err != nil {
		return err
	}
	c.moot = map[string]string{}
	for _, it := range c.items {
		if s := standings[it.GapID]; s != nil && s.Gap.Place != "" {
			c.moot[it.Key] = "is no gap since run " + s.Gap.PlaceRun + ": " + string(s.Gap.Place)
		}
	}
	return nil
}

// begun tells whether something of a batch was sent.
func (c *creation) begun(batch string) bool {
	return slices.ContainsFunc(c.items, func(it ledger.Item) bool {
		return it.BatchID == batch && slices.ContainsFunc(c.made, func(m ledger.Creation) bool { return m.Key == it.Key && m.Via == ledger.ViaAPI })
	})
}

// pending gives the purchases of a batch that are not created yet. One whose
// request may have left stays in, whatever has become of it since: it has to be
// looked up.
func (c *creation) pending(batch string) (list []review.Approved, moot []ledger.Item) {
	for i := range c.items {
		it := &c.items[i]
		switch {
		case it.BatchID != batch:
		case it.State == ledger.StatePlanned && c.moot[it.Key] != "" && !c.sent(it.Key):
			moot = append(moot, *it)
		case it.State == ledger.StatePlanned || it.State == ledger.StateSent:
			list = append(list, it.Approved())
		}
	}
	return list, moot
}

// confirmed tells whether the platform has an item.
func (c *creation) confirmed(id string) bool {
	return slices.ContainsFunc(c.made, func(m ledger.Creation) bool { return m.ID == id && m.State == ledger.StateConfirmed })
}

// sent tells whether a request for an item may have left.
func (c *creation) sent(key string) bool {
	return slices.ContainsFunc(c.made, func(m ledger.Creation) bool {
		return m.Key == key && m.Via == ledger.ViaAPI && paysOut(bulk.Kind(m.Kind))
	})
}

// paysOut tells the kinds that bring a partner money from those that make a
// customer.
func paysOut(k bulk.Kind) bool { return k != bulk.Customer && k != bulk.Click }

// plan is what a batch comes to: for the API of a platform that has one, or for
// its files.
func (c *creation) plan(batch *ledger.Batch, list []review.Approved, api bool, clicks bool) (*bulk.Plan, error) {
	o := bulkOptions(c.config, batch, c.batches, c.items)
	o.API = api
	if !clicks {
		o.ClickDays = 0
	}
	p, err := bulk.NewPlan(list, o)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return p, nil
}

// shownMax is how many items are listed one by one.
const shownMax = 50

// preview says what --write or --push would do.
func (c *creation) preview() error {
	w := c.env.out
	refused := 0
	api := bulk.Get(c.config.Bulk.Platform).HasAPI()
	for i := range c.open {
		b := &c.open[i]
		list, moot := c.pending(b.BatchID)
		p, err := c.plan(b, list, api, true)
		if err != nil {
			return err
		}
		left := *p
		left.Items = slices.DeleteFunc(slices.Clone(p.Items), func(it bulk.Item) bool { return c.confirmed(it.ID) })
		fmt.Fprintf(w, "Batch %s, approved on %s, for %s: %s\n", b.BatchID, b.PlannedAt.Date(), p.Platform.Title, or(kindCounts(&left), "nothing to create"))
		for n, it := range left.Items {
			if n == shownMax {
				fmt.Fprintf(w, "  … and %s more\n", thousands(len(left.Items)-n))
				break
			}
			fmt.Fprintf(w, "  %s\n", oneLine(itemText(&it)))
		}
		c.totals(p)
		c.refusals(p, moot)
		refused += len(p.Refused) + len(moot)
	}
	ways := "--write makes the files to upload"
	if api {
		ways += ", --push sends it"
	}
	fmt.Fprintf(w, "\nNothing was made or sent: %s.\n", ways)
	if refused > 0 {
		return &exitError{code: exitPartial}
	}
	return nil
}

// itemText says what an item is, with the address of the customer masked.
func itemText(it *bulk.Item) string {
	a := &it.Purchase
	switch it.Kind {
	case bulk.Click:
		return fmt.Sprintf("customer %s for partner %s, by the click %s", table.Mask(it.CustomerKey), a.PartnerKey, a.ClickID)
	case bulk.Customer:
		return fmt.Sprintf("customer %s for partner %s", table.Mask(it.CustomerKey), a.PartnerKey)
	}
	return fmt.Sprintf("%s %s of %s for partner %s: %s, %s", it.Kind, report.Money(it.Amount, a.Currency), a.PurchasedAt.Date(), a.PartnerKey, a.GapID, a.PurchaseID)
}

// totals says what each partner gets, by currency.
func (c *creation) totals(p *bulk.Plan) {
	for _, t := range p.Totals() {
		if t.Filed.Count > 0 {
			fmt.Fprintf(c.env.out, "  %s\n", oneLine(fmt.Sprintf("Partner %s: %s, %s", or(t.PartnerName, t.PartnerKey), plural(t.Filed.Count, "purchase", "purchases"), report.Money(t.Created.Minor, t.Currency))))
		}
	}
}

// refusals lists what is not created, and why.
func (c *creation) refusals(p *bulk.Plan, moot []ledger.Item) {
	w := c.env.out
	for _, r := range p.Refused {
		fmt.Fprintln(w, wrapAfter(oneLine(refusalText(&review.Refusal{GapID: r.Purchase.GapID, Value: r.Value, Rule: refusalRule(r.Column, r.Rule), Remedy: r.Remedy}, false)), "  Refused: ", "    "))
	}
	for _, it := range moot {
		fmt.Fprintln(w, wrapAfter(oneLine(it.GapID+" "+c.moot[it.Key]), "  Refused: ", "    "))
	}
	for _, n := range p.Notes {
		fmt.Fprintln(w, wrapAfter(oneLine(n), "  Note: ", "    "))
	}
}

// refusalRule puts a column before what is wrong with it.
func refusalRule(column, rule string) string {
	return strings.TrimSpace(strings.ReplaceAll(column, "_", " ") + " " + rule)
}

// drop refuses what must not be created any more.
func (c *creation) drop(ctx context.Context) (int, error) {
	n := 0
	for _, b := range c.open {
		_, moot := c.pending(b.BatchID)
		for _, it := range moot {
			if err := c.ledger.Settle(ctx, it.Key, ledger.StateRefused, c.moot[it.Key], c.now); err != nil {
				return n, err
			}
			fmt.Fprintln(c.env.out, wrapAfter(oneLine(it.GapID+" "+c.moot[it.Key]), "Refused: ", "  "))
			n++
		}
	}
	return n, nil
}

// write makes the files of the batches that have none yet.
func (c *creation) write(ctx context.Context) error {
	for _, b := range c.open {
		if c.begun(b.BatchID) {
			return &exitError{exitUsage, fmt.Errorf("something of batch %s was sent to the platform; end it with --push, and what is left is in no file", b.BatchID)}
		}
	}
	dropped, err := c.drop(ctx)
	if err != nil {
		return err
	}
	a := &application{env: c.env, config: c.config, ledger: c.ledger, now: c.now}
	if err := a.strangers(ctx); err != nil {
		return err
	}
	err = a.finish(ctx)
	for _, n := range a.notes {
		fmt.Fprintln(c.env.out, wrapAfter("Note: "+oneLine(n), "", "  "))
	}
	if err != nil {
		return err
	}
	items, err := c.ledger.Items(ctx, "")
	if err != nil {
		return err
	}
	refused := dropped
	for _, it := range items {
		if it.State == ledger.StateRefused && slices.ContainsFunc(c.open, func(b ledger.Batch) bool { return b.BatchID == it.BatchID }) && c.moot[it.Key] == "" {
			refused++
		}
	}
	if refused > 0 {
		return &exitError{code: exitPartial}
	}
	return nil
}

// countText lists counts by a name in its order.
func countText(counts map[bulk.Kind]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, plural(counts[k], string(k), string(k)+"s"))
	}
	return strings.Join(out, ", ")
}
