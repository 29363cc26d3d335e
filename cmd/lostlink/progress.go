package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress is one line on standard error that is written over and over. It
// stays silent unless a person watches. Its methods may be called from several
// goroutines.
type progress struct {
	w    io.Writer // nil: silent
	mu   sync.Mutex
	last time.Time
}

// progressEvery keeps a terminal from flickering.
const progressEvery = 100 * time.Millisecond

// progress makes the line. Call done before anything else is written.
func (e *env) progress() *progress {
	if !isTerminal(e.err) || e.set("CI") || e.set("NO_COLOR") {
		return &progress{}
	}
	return &progress{w: e.err}
}

// say shows what is being done, in few words; some calls are left out.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || time.Since(p.last) < progressEvery {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, wipe+format, args...)
}

// done wipes the line.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, wipe)
		p.last = time.Time{}
	}
}

// wipe goes to the start of the line and clears it.
const wipe = "\r\x1b[K"

// isTerminal tells whether a person may be reading. The null device is a
// character device too.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
