package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	wall, cpu time.Duration // cpu is user and system time
	memory    int64         // the most it had, in bytes; 0 where the system does not tell
}

// contestant is a program that is measured.
type contestant struct {
	name string
	// prepare is not measured; nil for nothing to do.
	prepare func(ctx context.Context) error
	command func(ctx context.Context) *exec.Cmd
	// result is where the command leaves what it found.
	result string
	whole  bool // lostlink's own output
	// output also gets what the program says; nil: nobody.
	output io.Writer
}

// once runs a contestant's program.
func (c *contestant) once(ctx context.Context) (cost, error) {
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return cost{}, err
		}
	}
	cmd := c.command(ctx)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if c.output != nil {
		cmd.Stdout = io.MultiWriter(&said, c.output)
	}
	began := time.Now()
	err := cmd.Run()
	took := cost{wall: time.Since(began)}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return cost{}, fmt.Errorf("%s: %w: %s", c.name, err, strings.Join(lines[max(0, len(lines)-25):], "\n\t"))
	}
	took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	took.memory = peakMemory(cmd.ProcessState)
	return took, nil
}

// warm reads the files, so that every program finds them in the page cache.
func warm(files []string) error {
	buf := make([]byte, 1<<20)
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buf)
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// summary is what the runs of one contestant come to.
type summary struct {
	name             string
	wall, wallMedian time.Duration // the least, and the median
	cpu, cpuMedian   time.Duration
	memory           int64 // the most of all runs
	runs             int
}

func summarise(name string, costs []cost) summary {
	s := summary{name: name, runs: len(costs)}
	var wall, cpu []time.Duration
	for _, c := range costs {
		wall, cpu = append(wall, c.wall), append(cpu, c.cpu)
		s.memory = max(s.memory, c.memory)
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	s.wall, s.cpu = wall[0], cpu[0]
	s.wallMedian, s.cpuMedian = median(wall), median(cpu)
	return s
}

func median(sorted []time.Duration) time.Duration {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
