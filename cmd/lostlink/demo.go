package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/simulate"
	"lostlink/report"
)

func demoCommand() *command {
	return &command{
		name:    "demo",
		summary: "make a small vendor, run everything on it, show where the workbook is",
		usage: `demo [--seed N] [DIR]

Makes the records of a made-up vendor in DIR (default lostlink-demo): clicks,
a web log, sign-ups, payments, the partner platform's export, page checks and
claims, in the formats in which real ones come. Writes a configuration beside
them and runs on it as "lostlink run" would. All people in it are made up.

DIR must be new, empty, or from an earlier demo, which is overwritten.`,
		run: demo,
	}
}

// demoMark tells a demo's folder from somebody's own.
const demoMark = "made-up-vendor.txt"

func demo(ctx context.Context, e *env) error {
	flags := e.flags()
	opt := simulate.DemoOptions()
	flags.Uint64Var(&opt.Seed, "seed", opt.Seed, "another number `N` makes another vendor")
	args, err := e.parse(flags, 0, 1)
	if err != nil {
		return err
	}
	dir := "lostlink-demo"
	if len(args) == 1 {
		dir = args[0]
	}
	if err := demoFolder(dir); err != nil {
		return err
	}
	p := e.progress()
	p.say("making a vendor")
	v, err := simulate.Make(opt)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	if err := v.Write(data); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, demoMark), []byte("A made-up vendor, written by lostlink demo.\n\n"+v.Summary())); err != nil {
		return err
	}
	c := demoConfig(v)
	path := filepath.Join(dir, "lostlink.yaml")
	text, err := config.Marshal(c)
	if err != nil {
		return err
	}
	if err := writeFile(path, text); err != nil {
		return err
	}
	p.done()
	// From here on as a user's run: the configuration is read back.
	c, err = (&folders{config: path}).load(e)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "A made-up vendor is in %s.\n\n", dir)
	n := &night{config: c}
	err = n.run(ctx, e)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitPartial {
		// The demo's logs have broken lines on purpose.
		err = nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, `
Next:
  lostlink check -c %[1]s
  lostlink explain -c %[1]s %[2]s
  lostlink explain device_switch
Decide in the workbook, on Review, save it, and see what comes of it:
  lostlink apply -c %[1]s WORKBOOK
`, path, n.example())
	return nil
}

// example names a gap worth looking at.
func (n *night) example() string {
	if len(n.report.Review) > 0 {
		return n.report.Review[0].Gap.GapID
	}
	return "GAP"
}

func demoFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMark)); err != nil {
			return usageErrorf("%s is not empty and not from an earlier demo; name another folder", dir)
		}
	}
	return os.MkdirAll(dir, 0o700)
}

// demoConfig is the configuration of a simulated vendor.
func demoConfig(v *simulate.Vendor) *config.Config {
	c := config.Default()
	c.Data = "data"
	c.Report.Programme = "Demo partner programme"
	c.Report.Commission = []report.CommissionRule{{Percent: "20"}}
	r := &c.Reconcile
	r.PeriodStart, r.PeriodEnd, r.AsOf = v.PeriodStart, v.PeriodEnd, v.PeriodEnd
	r.CookieDays, r.SafariDays = v.Options.Site.CookieDays, v.Options.Site.SafariDays
	r.SignupPages, r.CheckoutPages = []string{v.Options.Site.SignupPath}, []string{v.Options.Site.CheckoutPath}
	r.SiteHosts = []string{v.Options.Site.Host}
	for _, s := range v.Sources {
		src := ingest.Source{Name: s.Name, Format: s.Format, Table: s.Table, Files: s.Files, Zone: s.Zone, DateOrder: s.DateOrder, LogFormat: s.LogFormat}
		for _, m := range s.Columns {
			src.Columns = append(src.Columns, ingest.ColumnMap{From: m.From, To: m.To})
		}
		c.Ingest.Sources = append(c.Ingest.Sources, src)
	}
	return c
}

func writeFile(path string, text []byte) error {
	return os.WriteFile(path, text, 0o600)
}
