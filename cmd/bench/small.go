package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the benchmark of the workbook says: the time, and by how much the heap
// grew at most.
var (
	bookTime = regexp.MustCompile(`(?m)^BenchmarkWrite\S*\s+\d+\s+(\d+) ns/op`)
	bookHeap = regexp.MustCompile(`(\d+)(?:\.\d+)? MB-peak`)
)

// measureSmall measures what does not grow with the clicks: the demo, and the
// workbook of 50,000 rows to review with their timelines. The book is written
// by the test that checks it, which first makes up the rows; its time is that of
// the book alone, its memory that of the whole program.
func (s *setup) measureSmall(ctx context.Context, out io.Writer) error {
	if err := s.build(ctx); err != nil {
		return err
	}
	dir := filepath.Join(s.cache, "runs", "small")
	if err := clean(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	test := filepath.Join(dir, "workbook.test")
	if said, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", test, "lostlink/report/workbook").CombinedOutput(); err != nil {
		return fmt.Errorf("building the workbook's tests: %w: %s", err, said)
	}
	demo := filepath.Join(dir, "demo")
	var said strings.Builder
	running := []*contestant{
		{name: "demo", prepare: func(context.Context) error { return clean(demo) }, command: func(ctx context.Context) *exec.Cmd {
			return exec.CommandContext(ctx, s.lostlink, "demo", demo)
		}},
		{name: "workbook", command: func(ctx context.Context) *exec.Cmd {
			said.Reset()
			return exec.CommandContext(ctx, test, "-test.run", "^$", "-test.bench", "^BenchmarkWrite$", "-test.benchtime", "1x")
		}, output: &said},
	}
	costs := make([][]cost, len(running))
	var heap int64
	for round := range s.rounds {
		for i, c := range running {
			took, err := c.once(ctx)
			if err != nil {
				return err
			}
			if c.output != nil {
				m := bookTime.FindStringSubmatch(said.String())
				if m == nil {
					return fmt.Errorf("%s: tells no time: %s", c.name, said.String())
				}
				n, err := strconv.ParseInt(m[1], 10, 64)
				if err != nil {
					return err
				}
				took.wall = time.Duration(n)
				if m = bookHeap.FindStringSubmatch(said.String()); m == nil {
					return fmt.Errorf("%s: tells no memory: %s", c.name, said.String())
				}
				if n, err = strconv.ParseInt(m[1], 10, 64); err != nil {
					return err
				}
				heap = max(heap, n*1e6)
			}
			fmt.Fprintf(out, "  round %d  %-10s wall %6.2f s  %6d MB\n", round+1, c.name, took.wall.Seconds(), took.memory>>20)
			costs[i] = append(costs[i], took)
		}
	}
	var b strings.Builder
	b.WriteString("\n| | wall, least | wall, median | memory, most |\n|---|---|---|---|\n")
	for i, c := range running {
		sum := summarise(c.name, costs[i])
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", sum.name, seconds(sum.wall), seconds(sum.wallMedian), megabytes(sum.memory))
	}
	fmt.Fprintf(&b, "\nOn top of the rows, the book took %s at most.\n", megabytes(heap))
	return s.publish(b.String(), out)
}
