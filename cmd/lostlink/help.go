package main

import (
	"context"
	"fmt"
	"io"
)

func helpCommand() *command {
	return &command{
		name:    "help",
		summary: "tell about the commands, or about one of them",
		usage:   "help [COMMAND]",
		run:     help,
	}
}

func help(_ context.Context, e *env) error {
	args, err := e.parse(e.flags(), 0, 1)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		overview(e.out, commands())
		return nil
	}
	c, err := find(commands(), args[0])
	if err != nil {
		return err
	}
	describe(e.out, c)
	return nil
}

func overview(w io.Writer, all []*command) {
	fmt.Fprint(w, `lostlink finds purchases whose partner link was lost, says for each the likely
reason, and writes a workbook in which finance decides.

Usage: lostlink COMMAND [flags] [arguments]

Commands:
`)
	for _, c := range all {
		fmt.Fprintf(w, "  %-9s  %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
Flags of every command that reads or writes:
  -c FILE      the configuration (default lostlink.yaml)
  --data DIR   the folder that the paths of the sources start from
  --out DIR    the folder that reports go to
  --state DIR  the folder that is kept from night to night

Exit codes:
`)
	for _, x := range exitCodes {
		fmt.Fprintf(w, "  %-3d  %s\n", x.code, x.meaning)
	}
	fmt.Fprint(w, "\n\"lostlink help COMMAND\" tells about one command.\n")
}

func describe(w io.Writer, c *command) {
	fmt.Fprintf(w, "lostlink %s: %s\n\nUsage: lostlink %s\n", c.name, c.summary, c.usage)
}
