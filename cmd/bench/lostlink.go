package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lostlink/ingest/simulate"
	"lostlink/ingest/table"
)

// noProgram as the program measures the peers alone.
const noProgram = "none"

const contestantLostlink = "lostlink"

// build gives the program to measure, built from this tree if none is named.
func (s *setup) build(ctx context.Context) error {
	if s.lostlink == noProgram {
		return nil
	}
	if s.lostlink == "" {
		s.lostlink = filepath.Join(s.cache, "lostlink")
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.lostlink, "lostlink/cmd/lostlink")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building lostlink: %w: %s", err, out)
		}
	}
	help, err := exec.CommandContext(ctx, s.lostlink, "help", "run").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s help run: %w: %s", s.lostlink, err, help)
	}
	var known []string
	for _, w := range s.args {
		if strings.Contains(string(help), strings.SplitN(w, "=", 2)[0]) {
			known = append(known, w)
		}
	}
	s.args = known
	return nil
}

// config writes the configuration of a run over the parts, whose files stand
// below data under the parts' own names.
func config(path string, f *format, sc *simulate.Scale, from, to int) error {
	day := func(n int) string { return (sc.Start() + table.Time(n)*table.Day).Date().String() }
	clicks := "  - {name: clicks, format: native, table: clicks, files: [" + strconv.Quote("**/"+f.file) + "]}\n"
	if f.kind == "accesslog" {
		clicks = "  - name: log\n    format: access_log\n    files: [" + strconv.Quote("**/"+f.file) + "]\n    log_format: '" + simulate.ScaleLogFormat + "'\n" +
			"    columns: [{from: cookie_vid, to: visitor_id}, {from: cookie_user, to: email}]\n"
	}
	text := fmt.Sprintf(`programme: benchmark
period: {start: %q, end: %q}
as_of: %q
look_back_days: 180
sources:
  - {name: payments, format: stripe_payments, files: ["**/%s"]}
  - {name: transactions, format: partnerstack_transactions, files: ["**/%s"]}
  - {name: customers, format: partnerstack_customers, files: ["**/%s"]}
  - {name: sign-ups, format: native, table: signups, files: ["**/%s"]}
%s`, day(from), day(to), day(to+3), filePayments, fileTransactions, fileCustomers, fileSignups, clicks)
	return os.WriteFile(path, []byte(text), 0o600)
}

// whole gives lostlink over all parts, in a folder of its own. Of a night, the
// parts but the last are read beforehand, into the state it then starts from.
func (s *setup) whole(ctx context.Context, f *format, parts []part, dir string, out io.Writer) (*contestant, error) {
	sc, err := parts[0].scale()
	if err != nil {
		return nil, err
	}
	last := parts[len(parts)-1]
	data, state, report := filepath.Join(dir, "data"), filepath.Join(dir, "state"), filepath.Join(dir, "out")
	conf := filepath.Join(dir, "lostlink.yaml")
	if err := link(f, parts[:1], data); err != nil {
		return nil, err
	}
	command := func(conf, state string, args []string) func(context.Context) *exec.Cmd {
		return func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, s.lostlink, append([]string{"run", "-c", conf, "--data", data, "--out", report, "--state", state}, args...)...)
			cmd.Env = os.Environ()
			if s.threads > 0 {
				cmd.Env = append(cmd.Env, fmt.Sprint("GOMAXPROCS=", s.threads))
			}
			return cmd
		}
	}
	if err := config(conf, f, sc, last.From, last.To); err != nil {
		return nil, err
	}
	c := &contestant{name: contestantLostlink, result: report, whole: true}
	if f.name != night {
		c.prepare = func(context.Context) error { return clean(report, state) }
		c.command = command(conf, state, s.args)
		return c, nil
	}
	before := filepath.Join(dir, "state-before")
	first := filepath.Join(dir, "before.yaml")
	if err := config(first, f, sc, nightDays-1, nightDays); err != nil {
		return nil, err
	}
	if err := clean(before, report); err != nil {
		return nil, err
	}
	began := time.Now()
	if said, err := command(first, before, nil)(ctx).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the night before: %w: %s", err, said)
	}
	fmt.Fprintf(out, "the night before, %d days at once: %.1f s\n", nightDays, time.Since(began).Seconds())
	if err := link(f, parts, data); err != nil {
		return nil, err
	}
	c.prepare = func(context.Context) error {
		if err := clean(report, state); err != nil {
			return err
		}
		if err := os.CopyFS(state, os.DirFS(before)); err != nil {
			return err
		}
		return settle(state)
	}
	c.command = command(conf, state, nil)
	return c, nil
}

// link puts the parts' files below one folder.
func link(f *format, parts []part, data string) error {
	if err := clean(data); err != nil {
		return err
	}
	for i, p := range parts {
		to := filepath.Join(data, fmt.Sprintf("part-%d", i+1))
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		for _, name := range append(smallFiles(), f.file) {
			if err := os.Link(filepath.Join(p.Dir, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func clean(dirs ...string) error {
	for _, d := range dirs {
		if err := os.RemoveAll(d); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until what was copied is on disk, so that writing it back does
// not fall into the time measured.
func settle(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
