package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitLocked      = 11
	exitPanic       = 70
	exitAgain       = 75
	exitInterrupted = 130
)

// exitCodes tells people what they mean, here and in the manual.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitDone, "done"},
	{exitFailed, "failed"},
	{exitUsage, "wrong use or configuration"},
	{exitPartial, "done, but some input was rejected, missing or refused"},
	{exitLocked, "another run holds the lock"},
	{exitPanic, "a fault of lostlink itself"},
	{exitAgain, "temporary, such as a full disk: try again later"},
	{exitInterrupted, "interrupted"},
}

// exitError ends the program with a code. Without an error in it nothing more
// is said: the command has told already.
type exitError struct {
	code int
	err  error
}

func (x *exitError) Error() string {
	if x.err == nil {
		return fmt.Sprintf("exit code %d", x.code)
	}
	return x.err.Error()
}

func (x *exitError) Unwrap() error { return x.err }

// usageError is a command line that cannot be understood.
type usageError struct{ what string }

func (u *usageError) Error() string { return u.what }

func usageErrorf(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// exit reports err and turns it into the exit code.
func (e *env) exit(ctx context.Context, err error) int {
	if err == nil {
		err = e.out.err
	}
	name, help := "lostlink", "lostlink help"
	if e.command != nil {
		name, help = "lostlink "+e.command.name, "lostlink help "+e.command.name
	}
	w := &output{w: e.err}
	var usage *usageError
	var exit *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(w, "%s: %v\n%q says more\n", name, usage, help)
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintf(w, "%s: interrupted\n", name)
		return exitInterrupted
	case errors.As(err, &exit):
		if exit.err != nil {
			fmt.Fprintf(w, "%s: %v\n", name, err)
		}
		return exit.code
	case temporary(err):
		fmt.Fprintf(w, "%s: %v; try again later\n", name, err)
		return exitAgain
	}
	fmt.Fprintf(w, "%s: %v\n", name, err)
	return exitFailed
}

// passing are the system's refusals that have nothing to do with what was asked
// for: somebody frees the disk, closes the file or brings the share back.
var passing = []error{
	syscall.EAGAIN, syscall.EBUSY, syscall.ETXTBSY, syscall.EINTR, // somebody else is using it
	syscall.ENOSPC, syscall.EDQUOT, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, // the machine is full
	syscall.ESTALE, syscall.ETIMEDOUT, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.ENETUNREACH, // the share or server is away
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED,
}

// temporary tells whether the same command may do later with nothing changed
// but the machine.
func temporary(err error) bool {
	var late interface{ Timeout() bool }
	return errors.As(err, &late) && late.Timeout() || slices.ContainsFunc(passing, func(p error) bool { return errors.Is(err, p) })
}
