package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"lostlink/config"
	"lostlink/ingest/table"
)

func main() {
	// Most of the heap stays until the report is written; the usual headroom
	// would be as much again, and half of it costs no measurable time.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// commands lists the commands in the order help shows them. Each has a file of
// its name.
func commands() []*command {
	return []*command{demoCommand(), checkCommand(), runCommand(), mergeCommand(), explainCommand(), applyCommand(), createCommand(), statusCommand(), exportCommand(), calibrateCommand(), lakeCommand(), eraseCommand(), helpCommand(), versionCommand()}
}

// run is the program: it gives the exit code.
func run(args []string, in io.Reader, out, errOut io.Writer, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // so that a second interrupt ends a stage that does not listen

	e := &env{in: in, out: &output{w: out}, err: errOut, environ: environ}
	return e.exit(ctx, dispatch(ctx, e, args, commands()))
}

// dispatch runs the command that args name. A panic comes back as an error.
func dispatch(ctx context.Context, e *env, args []string, all []*command) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &exitError{exitPanic, fmt.Errorf("a fault of lostlink itself, please report it: %s\n%s",
				table.Mask(fmt.Sprint(p)), debug.Stack())}
		}
	}()
	if len(args) == 0 {
		return usageErrorf("no command given")
	}
	name := args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	c, err := find(all, name)
	if err != nil {
		return err
	}
	e.command, e.args = c, args[1:]
	err = c.run(ctx, e)
	if errors.Is(err, flag.ErrHelp) {
		describe(e.out, c)
		return nil
	}
	return err
}

func find(all []*command, name string) (*command, error) {
	var names []string
	for _, c := range all {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	if near := config.Nearest(name, names); near != "" {
		return nil, usageErrorf("%q is no command; did you mean %s?", name, near)
	}
	return nil, usageErrorf("%q is no command", name)
}
