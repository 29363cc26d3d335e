package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
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

// bar shows how many bytes of how many are read, how fast rows come, and how
// long it will take. It takes the line until the bar is full.
func (p *progress) bar(what string) func(done, total, rows int64) {
	if p.w == nil {
		return nil
	}
	var bar *progressbar.ProgressBar
	start := time.Now()
	return func(done, total, rows int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(progressEvery), progressbar.OptionClearOnFinish())
		}
		p.last = time.Now()
		if seconds := p.last.Sub(start).Seconds(); seconds > 0.5 {
			bar.Describe(fmt.Sprintf("%s, %s rows/s", what, thousands(int(float64(rows)/seconds))))
		} else {
			bar.Describe(what)
		}
		_ = bar.Set64(min(done, total)) // a line that cannot be shown stops nothing
	}
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
