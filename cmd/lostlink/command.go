package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"lostlink/config"
)

// command is one word of the command line.
type command struct {
	name    string
	summary string // one line, for the list of commands
	usage   string // what follows "lostlink ", then a blank line and the text of its help
	run     func(ctx context.Context, e *env) error
}

// env is all a command sees of the world outside its files.
type env struct {
	command *command
	args    []string // what follows the command's name
	in      io.Reader
	out     *output
	err     io.Writer
	environ []string // "NAME=value", as of os.Environ
}

// flags makes the command's flag set. Errors are returned, not printed.
func (e *env) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(e.command.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads flags from before and after the arguments, and gives the
// arguments: from least to most of them, any number from least if most is
// below 0.
func (e *env) parse(fs *flag.FlagSet, least, most int) ([]string, error) {
	var args []string
	for rest := e.args; ; {
		if err := fs.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageErrorf("%v", err)
		}
		read := len(rest) - fs.NArg()
		ended := read > 0 && rest[read-1] == "--"
		if rest = fs.Args(); len(rest) == 0 {
			break
		}
		if ended {
			args = append(args, rest...)
			break
		}
		args, rest = append(args, rest[0]), rest[1:]
	}
	switch {
	case len(args) < least:
		return nil, usageErrorf("an argument is missing")
	case most >= 0 && len(args) > most:
		return nil, usageErrorf("%q is one argument too many", args[most])
	}
	return args, nil
}

// folders are the flags that every command has which reads or writes.
type folders struct{ config, data, out, state string }

func (f *folders) register(fs *flag.FlagSet) {
	fs.StringVar(&f.config, "c", "lostlink.yaml", "the configuration `FILE`")
	fs.StringVar(&f.data, "data", "", "the folder (`DIR`) that the paths of the sources start from")
	fs.StringVar(&f.out, "out", "", "the folder (`DIR`) that reports go to")
	fs.StringVar(&f.state, "state", "", "the folder (`DIR`) that is kept from night to night")
}

// load reads the configuration and lays the flags over it: Data, Output and
// State come back as the program finds them. What is wrong with it ends the
// program with exit code 2.
func (f *folders) load(e *env) (*config.Config, error) {
	c, err := config.Load(f.config, e.environ)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &exitError{exitUsage, fmt.Errorf("%w; name the configuration with -c", err)}
	case err != nil:
		return nil, &exitError{exitUsage, fmt.Errorf("the configuration cannot be used:\n%w", err)}
	}
	c.Ingest.Exclude = []string{c.Path(c.Output), c.Path(c.State)}
	for _, p := range []struct {
		path *string
		flag string
	}{{&c.Data, f.data}, {&c.Output, f.out}, {&c.State, f.state}} {
		if *p.path = c.Path(*p.path); p.flag != "" {
			*p.path = p.flag
		}
	}
	// What lostlink writes, with a flag or without, and what it is told by is no
	// input, however wide a pattern is; the key would even be shown as the
	// columns of a file.
	c.Ingest.Exclude = append(c.Ingest.Exclude, f.config, c.Output, c.State)
	own := []string{c.InstallationKeyFile, c.WeightsFile, c.Ledger.URLFile, c.Push.SecretKeyFile, c.Push.TokenFile}
	for _, t := range c.Bulk.Templates {
		own = append(own, t.Path)
	}
	for _, path := range own {
		if path != "" {
			c.Ingest.Exclude = append(c.Ingest.Exclude, c.Path(path))
		}
	}
	return c, nil
}

// set tells whether an environment variable is there and not empty.
func (e *env) set(name string) bool {
	return slices.ContainsFunc(e.environ, func(v string) bool {
		return strings.HasPrefix(v, name+"=") && len(v) > len(name)+1
	})
}

// output is what the program says, on standard output or error. It keeps text
// from the input from steering the terminal, and remembers that it broke: a
// result that nobody could read is a failure. Every Write is whole text.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if _, err := io.WriteString(o.w, plain(string(p))); err != nil {
		o.err = fmt.Errorf("writing the output: %w", err)
		return 0, o.err
	}
	return len(p), nil
}

// plain puts a dot in the place of whatever is no letter, mark or space: escape
// sequences, and the signs that turn the direction of writing.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
