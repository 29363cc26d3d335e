// Package sweep fails a program at each of its file-system calls in turn, once
// by killing it there and once by each of the errors a disk gives, and asks
// after every fault whether what it leaves is sound.
//
// A clean run under strace tells which calls there are and which of them touch
// the files that matter. strace counts calls by thread, and a Go program moves
// between threads: the program should hold its main goroutine to one
// (runtime.LockOSThread), and every sweep goes a few calls past the last one
// seen. A killed call is not carried out; what is there after it is met by the
// kill at the next one.
package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lostlink/testdata/need"
)

// Variable is the environment variable that asks for the sweeps. They take
// minutes, so the quick tests leave them out.
const Variable = "LOSTLINK_SWEEP"

// Plan is what to fail and what must hold.
type Plan struct {
	Command []string // the program, by its full path, and its arguments
	Dir     string   // its working folder
	Env     []string // "NAME=value", on top of the test's own environment

	// Watch are files and folders: only calls on them and on what is below them
	// are failed. None: all calls, those of the program's start as well.
	Watch []string
	// Calls are the names of the calls to fail; none: [Calls].
	Calls []string
	// Done are the exit codes of a run that did all it should; none: 0 alone.
	Done []int

	// Reset puts the world back to what it is before the program ran.
	Reset func() error
	// Look sees what anybody may see right after a fault: no half file. nil:
	// nothing is looked at.
	Look func() error
	// Check sees whether all is done, once and wholly. It is asked after the
	// fault if the program says it is done, and after the program ran again
	// undisturbed.
	Check func() error
}

// Calls are the calls that change files, under the names they have on Linux.
var Calls = []string{"write", "pwrite64", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "fallocate",
	"fsync", "fdatasync", "openat", "open", "creat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
	"ftruncate", "truncate", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "fchmod", "fchmodat", "chmod"}

// faults are tried at each call. Calls that need no room on the disk are not
// refused it.
var faults = []string{"signal=KILL", "error=EIO", "error=ENOSPC"}

var takesNoRoom = []string{"unlink", "unlinkat", "rmdir", "fchmod", "fchmodat", "chmod", "ftruncate", "truncate"}

// past is how many calls a sweep goes beyond the last one that a clean run made.
const past = 3

// patience is how long one run may take.
const patience = time.Minute

// Fault is one call that is failed: the N-th of its name in a thread, from 1.
type Fault struct {
	Call, What string
	N          int
}

func (f Fault) String() string { return fmt.Sprintf("%s %s when=%d", f.Call, f.What, f.N) }

// Failure is a fault that something did not survive.
type Failure struct {
	Fault Fault
	// Seen tells that Look found it, right after the fault: somebody could have
	// acted on it, though another run would have mended it.
	Seen bool
	Err  error
}

func (f Failure) Error() string { return f.Fault.String() + ": " + f.Err.Error() }

// Outcome is what a sweep did.
type Outcome struct {
	Hits     int            // faults that struck
	ByCall   map[string]int // of them, by the name of the call
	Failures []Failure
}

// Run goes through a plan and fails the test for every fault that was not
// survived. It skips the test unless [Variable] is set.
func Run(t *testing.T, p Plan) Outcome {
	t.Helper()
	out := Try(t, p)
	for i, f := range out.Failures {
		if i == 20 {
			t.Errorf("… and %d faults more", len(out.Failures)-i)
			break
		}
		t.Error(f)
	}
	return out
}

// Try is Run without the verdict: for a control, whose failures must be found.
func Try(t *testing.T, p Plan) Outcome {
	t.Helper()
	need.Variable(t, Variable)
	s := &sweep{Plan: p, strace: need.Command(t, "strace"), log: filepath.Join(t.TempDir(), "calls")}
	if len(s.Calls) == 0 {
		s.Calls = Calls
	}
	if len(s.Done) == 0 {
		s.Done = []int{0}
	}
	s.Watch = nil
	for _, path := range p.Watch {
		// The file itself may not be there yet; its folder is.
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		s.Watch = append(s.Watch, filepath.Join(dir, filepath.Base(path)))
	}
	seen, err := s.learn()
	if err != nil {
		t.Fatalf("a run without faults: %v", err)
	}
	began := time.Now()
	out := Outcome{ByCall: map[string]int{}}
	for _, call := range s.Calls {
		if len(seen[call]) == 0 {
			continue
		}
		for _, what := range faults {
			if what == "error=ENOSPC" && slices.Contains(takesNoRoom, call) {
				continue
			}
			hits := 0
			for _, n := range seen[call] {
				f := Fault{call, what, n}
				hit, failures, err := s.strike(f)
				if err != nil {
					t.Fatalf("%s: %v", f, err)
				}
				if hit {
					hits++
				}
				out.Failures = append(out.Failures, failures...)
			}
			out.Hits += hits
			out.ByCall[call] += hits
			if hits == 0 {
				t.Errorf("%s %s never struck, though a clean run makes the call: the sweep tests less than it says", call, what)
			}
		}
	}
	if out.Hits == 0 {
		t.Error("no fault struck: the program makes none of the calls on the files watched")
	}
	t.Logf("%d faults in %.0f s: %v", out.Hits, time.Since(began).Seconds(), out.ByCall)
	return out
}

type sweep struct {
	Plan
	strace, log string
}

// learn runs the program undisturbed and gives, by call, which of them touch
// what is watched.
func (s *sweep) learn() (map[string][]int, error) {
	if err := s.Reset(); err != nil {
		return nil, err
	}
	var names []string
	for _, c := range s.Calls {
		names = append(names, "?"+c)
	}
	code, said, err := s.run(s.strace, "-f", "-qq", "-y", "-s", "0", "-o", s.log, "-e", "trace="+strings.Join(names, ","))
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.Done, code) {
		return nil, fmt.Errorf("exit code %d: %s", code, said)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(s.log)
	if err != nil {
		return nil, err
	}
	seen := s.watched(string(text))
	for call, ns := range seen {
		last := slices.Max(ns)
		for n := last + 1; n <= last+past; n++ {
			ns = append(ns, n)
		}
		slices.Sort(ns)
		seen[call] = slices.Compact(ns)
	}
	return seen, nil
}

// called is the begin of a line of strace -f: the thread and the call.
var called = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)$`)

func (s *sweep) watched(log string) map[string][]int {
	counts := map[string]int{} // by thread and call
	out := map[string][]int{}
	for line := range strings.Lines(log) {
		m := called.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		counts[m[1]+m[2]]++
		if s.touches(m[3]) {
			out[m[2]] = append(out[m[2]], counts[m[1]+m[2]])
		}
	}
	return out
}

// names are the files among a call's arguments: strace writes "path" for one
// given by name and <path> behind one that is open, and nothing of what is
// written to it (-s 0).
var names = regexp.MustCompile(`"([^"]*)"|<([^>]*)>`)

func (s *sweep) touches(arguments string) bool {
	if len(s.Watch) == 0 {
		return true
	}
	for _, m := range names.FindAllStringSubmatch(arguments, -1) {
		path := m[1] + m[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.Dir, path)
		}
		for _, dir := range s.Watch {
			if path == dir || strings.HasPrefix(path, dir+"/") {
				return true
			}
		}
	}
	return false
}

// strike puts the world back, runs the program with one fault, and looks.
func (s *sweep) strike(f Fault) (hit bool, failures []Failure, err error) {
	if err := s.Reset(); err != nil {
		return false, nil, err
	}
	inject := fmt.Sprintf("%s:%s:when=%d", f.Call, f.What, f.N)
	code, said, err := s.run(s.strace, "-f", "-qq", "-o", s.log, "-e", "trace="+f.Call, "-e", "inject="+inject)
	if err != nil {
		return false, nil, err
	}
	text, err := os.ReadFile(s.log)
	if err != nil {
		return false, nil, err
	}
	hit = bytes.Contains(text, []byte("(INJECTED)")) || bytes.Contains(text, []byte("+++ killed by SIGKILL"))
	fail := func(seen bool, err error) { failures = append(failures, Failure{f, seen, err}) }
	if s.Look != nil {
		if err := s.Look(); err != nil {
			fail(true, fmt.Errorf("right after it: %w", err))
		}
	}
	if slices.Contains(s.Done, code) {
		if err := s.Check(); err != nil {
			fail(false, fmt.Errorf("the program says it is done (exit code %d): %w\n%s", code, err, said))
		}
	}
	code, said, err = s.run()
	switch {
	case err != nil:
		return hit, nil, err
	case !slices.Contains(s.Done, code):
		fail(false, fmt.Errorf("run again, it ends with exit code %d: %s", code, said))
	default:
		if err := s.Check(); err != nil {
			fail(false, fmt.Errorf("run again: %w\n%s", err, said))
		}
	}
	return hit, failures, nil
}

// run starts the program behind what is put before it, and gives its exit
// code, -1 if it was killed, and what it said.
func (s *sweep) run(before ...string) (code int, said string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	words := slices.Concat(before, s.Command)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), s.Env...)
	// strace that is killed lets go of the program: both are ended together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, "", fmt.Errorf("%s did not end within %s: %s", strings.Join(words, " "), patience, text)
	case errors.As(err, &exit):
		return exit.ExitCode(), string(text), nil
	}
	return 0, string(text), err
}
