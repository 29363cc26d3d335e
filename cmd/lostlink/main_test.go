package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"lostlink/reconcile/gap"
)

// TestManual holds the manual and the help to the same exit codes and flags.
func TestManual(t *testing.T) {
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(data)
	for _, x := range exitCodes {
		if line := fmt.Sprintf("//\t%-3d  %s\n", x.code, x.meaning); !strings.Contains(manual, line) {
			t.Errorf("the manual lacks %q", line)
		}
	}
	if n := strings.Count(manual[strings.Index(manual, "# Exit codes"):], "//\t"); n != len(exitCodes) {
		t.Errorf("the manual has %d exit codes, the program %d", n, len(exitCodes))
	}
	var text bytes.Buffer
	overview(&text, commands())
	var f folders
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	f.register(fs)
	fs.VisitAll(func(fl *flag.Flag) {
		for name, s := range map[string]string{"manual": manual, "help": text.String()} {
			if !strings.Contains(s, "-"+fl.Name+" ") {
				t.Errorf("the %s lacks the flag -%s", name, fl.Name)
			}
		}
	})
}

func TestCommandsAreDescribed(t *testing.T) {
	for _, c := range commands() {
		if c.summary == "" || c.run == nil || !strings.HasPrefix(c.usage, c.name) {
			t.Errorf("%s: its summary, its usage (beginning with the name) or its function is missing", c.name)
		}
		if _, err := os.Stat(c.name + ".go"); err != nil {
			t.Errorf("%s has no file of its name", c.name)
		}
	}
}

func TestExitCodes(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, tc := range map[string]struct {
		ctx  context.Context
		run  func(context.Context, *env) error
		want int
		says string
	}{
		"done":    {run: func(context.Context, *env) error { return nil }, want: 0},
		"failed":  {run: func(context.Context, *env) error { return errors.New("disk full") }, want: 1, says: "lostlink try: disk full\n"},
		"usage":   {run: func(context.Context, *env) error { return usageErrorf("what?") }, want: 2, says: "lostlink try: what?\n\"lostlink help try\" says more\n"},
		"partial": {run: func(context.Context, *env) error { return &exitError{code: exitPartial} }, want: 3, says: ""},
		"locked":  {run: func(context.Context, *env) error { return &exitError{exitLocked, errors.New("held")} }, want: 11, says: "lostlink try: held\n"},
		"wrapped": {run: func(context.Context, *env) error {
			return fmt.Errorf("reading: %w", &exitError{exitAgain, errors.New("busy")})
		}, want: 75, says: "lostlink try: reading: busy\n"},
		"disk full": {run: func(context.Context, *env) error {
			return fmt.Errorf("writing the report: %w", &fs.PathError{Op: "write", Path: "gaps.jsonl", Err: syscall.ENOSPC})
		}, want: 75, says: "lostlink try: writing the report: write gaps.jsonl: no space left on device; try again later\n"},
		"share gone": {run: func(context.Context, *env) error {
			return fmt.Errorf("source clicks: %w", &fs.PathError{Op: "read", Path: "a.csv", Err: syscall.ESTALE})
		}, want: 75, says: "try again later\n"},
		"file not there": {run: func(context.Context, *env) error {
			return fmt.Errorf("source clicks: %w", &fs.PathError{Op: "open", Path: "a.csv", Err: syscall.ENOENT})
		}, want: 1, says: "a.csv: no such file or directory\n"},
		"not allowed": {run: func(context.Context, *env) error {
			return &fs.PathError{Op: "open", Path: "a.csv", Err: syscall.EACCES}
		}, want: 1, says: "permission denied\n"},
		"server late": {run: func(context.Context, *env) error { return fmt.Errorf("asking: %w", os.ErrDeadlineExceeded) }, want: 75, says: "try again later\n"},
		"panic":       {run: func(context.Context, *env) error { panic("no row of jo.doe@vendor.example") }, want: 70, says: "please report it: no row of j…@vendor.example\n"},
		"interrupted": {ctx: canceled, run: func(ctx context.Context, _ *env) error { return ctx.Err() }, want: 130, says: "lostlink try: interrupted\n"},
		"help": {run: func(_ context.Context, e *env) error {
			e.args = []string{"-h"}
			_, err := e.parse(e.flags(), 0, 0)
			return err
		}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if tc.ctx != nil {
				ctx = tc.ctx
			}
			var out, errOut bytes.Buffer
			e := &env{out: &output{w: &out}, err: &errOut}
			c := &command{name: "try", summary: "try it", usage: "try", run: tc.run}
			if got := e.exit(ctx, dispatch(ctx, e, []string{"try"}, []*command{c})); got != tc.want {
				t.Errorf("exit code %d, want %d", got, tc.want)
			}
			if got := errOut.String(); !strings.Contains(got, tc.says) || tc.says == "" && got != "" {
				t.Errorf("says %q, want %q", got, tc.says)
			}
			if help := out.String() != ""; help != (name == "help") {
				t.Errorf("prints %q", out.String())
			}
		})
	}
}

// broken is an output that takes nothing.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestBrokenOutputIsAFailure(t *testing.T) {
	for _, tc := range []struct {
		err  error
		code int
		says string
	}{
		{errors.New("the reader is gone"), exitFailed, "lostlink help: writing the output: the reader is gone\n"},
		{syscall.ENOSPC, exitAgain, "lostlink help: writing the output: no space left on device; try again later\n"},
	} {
		var errOut bytes.Buffer
		if got := run([]string{"help"}, nil, broken{tc.err}, &errOut, nil); got != tc.code {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.code)
		}
		if errOut.String() != tc.says {
			t.Errorf("says %q, want %q", errOut.String(), tc.says)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want []string
		c    string
		err  string
	}{
		{args: []string{"a", "-c", "x", "b"}, want: []string{"a", "b"}, c: "x"},
		{args: []string{"--c=x", "a"}, want: []string{"a"}, c: "x"},
		{args: []string{"a", "--", "-c", "b"}, want: []string{"a", "-c", "b"}, c: "lostlink.yaml"},
		{args: nil, err: "an argument is missing"},
		{args: []string{"a", "b", "c", "d"}, err: `"d" is one argument too many`},
		{args: []string{"a", "-x"}, err: "flag provided but not defined: -x"},
		{args: []string{"a", "-c"}, err: "flag needs an argument: -c"},
	} {
		e := &env{command: &command{name: "try"}, args: tc.args}
		fs := e.flags()
		var f folders
		f.register(fs)
		got, err := e.parse(fs, 1, 3)
		if tc.err != "" {
			if err == nil || err.Error() != tc.err {
				t.Errorf("%q: error %v, want %s", tc.args, err, tc.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, tc.want) || f.config != tc.c {
			t.Errorf("%q: arguments %q, -c %s, error %v; want %q, %s", tc.args, got, f.config, err, tc.want, tc.c)
		}
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lostlink.yaml")
	if err := os.WriteFile(path, []byte("output: reports\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := folders{config: path, data: "elsewhere"}
	c, err := f.load(&env{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "elsewhere" || c.Output != filepath.Join(dir, "reports") || c.State != filepath.Join(dir, "state") {
		t.Errorf("data %s, output %s, state %s", c.Data, c.Output, c.State)
	}
	var exit *exitError
	if _, err = (&folders{config: filepath.Join(dir, "none")}).load(&env{}); !errors.As(err, &exit) || exit.code != exitUsage {
		t.Errorf("no configuration: %v, want exit code %d", err, exitUsage)
	}
}

func TestProgress(t *testing.T) {
	var text bytes.Buffer
	p := &progress{w: &text}
	p.say("reading %s", "a.csv")
	p.say("too soon")
	p.done()
	p.done()
	if want := "\r\x1b[Kreading a.csv\r\x1b[K"; text.String() != want {
		t.Errorf("%q, want %q", text.String(), want)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if isTerminal(null) || isTerminal(&text) {
		t.Error("the null device or a buffer is taken for a terminal")
	}
}

func TestProgressIsForPeople(t *testing.T) {
	e := &env{err: &bytes.Buffer{}, environ: []string{"CI=", "NO_COLOR=1"}}
	if p := e.progress(); p.w != nil {
		t.Error("progress is shown though nobody watches")
	}
	if e.set("CI") || !e.set("NO_COLOR") || e.set("COLOR") {
		t.Error("an empty variable counts as set, or a set one does not")
	}
}

func TestPlain(t *testing.T) {
	for s, want := range map[string]string{
		"Åsa – 日本\n\tpaid":   "Åsa – 日本\n\tpaid",
		"\x1b]0;t\x07\r\x00": "·]0;t···",
		"\u009b2J\x7f":       "·2J·",
		"a\u202egpj.exe":     "a·gpj.exe",
		"\xffname\x9b2J":     "�name�2J",
	} {
		if got := plain(s); got != want {
			t.Errorf("%q is printed as %q, want %q", s, got, want)
		}
	}
	var errOut bytes.Buffer
	if run([]string{"help", "\x1b[2J"}, nil, &errOut, &errOut, nil); strings.Contains(errOut.String(), "\x1b") {
		t.Errorf("a message steers the terminal: %q", errOut.String())
	}
}

func TestNotJudgedHasWords(t *testing.T) {
	for _, p := range gap.Places() {
		judged := p == gap.Attributed || p == gap.Unattributed
		if (p.Why() == "") != judged {
			t.Errorf("%s: the reason is %q", p, p.Why())
		}
	}
}
