package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// run makes the data, measures, and writes the tables.
func (s *setup) run(ctx context.Context, out io.Writer) error {
	switch {
	case s.small:
		return s.measureSmall(ctx, out)
	case s.growth != nil:
		return s.grow(ctx, out)
	}
	for _, name := range s.formats {
		if err := s.makeData(ctx, formatOf(name), s.size, out); err != nil {
			return err
		}
	}
	if s.makeOnly {
		return nil
	}
	if err := s.build(ctx); err != nil {
		return err
	}
	head := fmt.Sprintf("%s clicks, %s payments, seed %d; %d rounds in turns; %d processors, %s/%s\n",
		count(s.size.Clicks), count(s.size.Payments), s.size.Seed, s.rounds, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if err := s.publish(head, out); err != nil {
		return err
	}
	for _, name := range s.formats {
		sums, err := s.compare(ctx, formatOf(name), s.size, out)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := s.publish(ratios(name, sums), out); err != nil {
			return err
		}
	}
	return nil
}

// compare runs lostlink and the peers in turns.
func (s *setup) compare(ctx context.Context, f *format, n size, out io.Writer) ([]summary, error) {
	parts := s.parts(f, n)
	dir := filepath.Join(s.cache, "runs", fmt.Sprintf("%s-%d", f.name, n.Clicks))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j, err := s.job(parts, f)
	if err != nil {
		return nil, err
	}
	var running []*contestant
	if s.lostlink != noProgram {
		whole, err := s.whole(ctx, f, parts, dir, out)
		if err != nil {
			return nil, err
		}
		running = append(running, whole)
	}
	var modules string
	var why error
	if slices.ContainsFunc(peers, func(p peer) bool { return p.script != "" && slices.Contains(s.peers, p.name) }) {
		modules, why = s.install(ctx)
	}
	for i := range peers {
		p := &peers[i]
		if !slices.Contains(s.peers, p.name) || p.takes != nil && !p.takes(f) {
			continue
		}
		j.Out = filepath.Join(dir, p.name+".csv")
		c, err := p.contestant(j, modules, why)
		if err != nil {
			fmt.Fprintf(out, "%s is left out: %v\n", p.name, err)
			continue
		}
		c.prepare = func(context.Context) error { return clean(c.result) }
		running = append(running, c)
	}
	if len(running) == 0 {
		return nil, errors.New("there is nothing to run")
	}
	inputs := slices.Concat(j.Clicks, j.Payments, j.Transactions, j.Signups)
	costs := make([][]cost, len(running))
	for round := range s.rounds {
		for i, c := range running {
			if err := warm(inputs); err != nil {
				return nil, err
			}
			took, err := c.once(ctx)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(out, "  %-16s round %d  %-12s wall %7.2f s  cpu %7.2f s  %6d MB\n", f.name, round+1, c.name, took.wall.Seconds(), took.cpu.Seconds(), took.memory>>20)
			costs[i] = append(costs[i], took)
		}
		if err := check(ctx, f, running, out, round == 0); err != nil {
			return nil, err
		}
	}
	var sums []summary
	for i, c := range running {
		sums = append(sums, summarise(c.name, costs[i]))
	}
	return sums, nil
}

// check compares what all have found, in a program of its own.
func check(ctx context.Context, f *format, running []*contestant, out io.Writer, tell bool) error {
	spec := checkSpec{Encoded: f.kind == "accesslog"}
	for _, c := range running {
		spec.Results = append(spec.Results, checkResult{c.name, c.result, c.whole})
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	said, err := exec.CommandContext(ctx, self, childCheck, string(text)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the results differ: %s", said)
	}
	if tell {
		fmt.Fprintf(out, "  all agree: %s", said)
	}
	return nil
}

// ratios writes a format's table: times, and how many times lostlink's each
// took by the least processor time and the least wall time.
func ratios(name string, sums []summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n| | wall, least | wall, median | CPU, least | CPU, median | memory, most | wall ÷ %[2]s's | CPU ÷ %[2]s's |\n|---|---|---|---|---|---|---|---|\n", name, sums[0].name)
	for _, s := range sums {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.2f | %.2f |\n", s.name, seconds(s.wall), seconds(s.wallMedian), seconds(s.cpu), seconds(s.cpuMedian),
			megabytes(s.memory), ratio(s.wall, sums[0].wall), ratio(s.cpu, sums[0].cpu))
	}
	if len(sums) > 1 && sums[0].name == contestantLostlink {
		byWall := slices.MinFunc(sums[1:], func(a, b summary) int { return int(a.wall - b.wall) })
		byCPU := slices.MinFunc(sums[1:], func(a, b summary) int { return int(a.cpu - b.cpu) })
		fmt.Fprintf(&b, "\nAgainst the fastest: %.2f times by wall (%s), %.2f times by CPU (%s).\n", ratio(byWall.wall, sums[0].wall), byWall.name, ratio(byCPU.cpu, sums[0].cpu), byCPU.name)
	}
	return b.String()
}

// grow measures lostlink alone as the clicks grow.
func (s *setup) grow(ctx context.Context, out io.Writer) error {
	f := formatOf("parquet-zstd")
	if err := s.build(ctx); err != nil {
		return err
	}
	s.peers = nil
	var b strings.Builder
	fmt.Fprintf(&b, "\n| clicks | file | wall, least | CPU, least | memory, most | wall per million clicks | wall ÷ the row above |\n|---|---|---|---|---|---|---|\n")
	var above time.Duration
	for _, clicks := range s.growth {
		n := size{Seed: s.size.Seed, Clicks: clicks, Payments: min(s.size.Payments, clicks/2)}
		if err := s.makeData(ctx, f, n, out); err != nil {
			return err
		}
		if s.makeOnly {
			continue
		}
		sums, err := s.compare(ctx, f, n, out)
		if err != nil {
			return err
		}
		info, err := os.Stat(filepath.Join(s.parts(f, n)[0].Dir, f.file))
		if err != nil {
			return err
		}
		r := "–"
		if above > 0 {
			r = fmt.Sprintf("%.2f", ratio(sums[0].wall, above))
		}
		above = sums[0].wall
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.2f s | %s |\n", count(clicks), megabytes(info.Size()), seconds(sums[0].wall), seconds(sums[0].cpu), megabytes(sums[0].memory),
			sums[0].wall.Seconds()/float64(clicks)*1e6, r)
	}
	if s.makeOnly {
		return nil
	}
	return s.publish(b.String(), out)
}

// publish prints text and adds it to the file named with -o.
func (s *setup) publish(text string, out io.Writer) error {
	fmt.Fprint(out, text)
	if s.markdown == "" {
		return nil
	}
	s.published.WriteString(text)
	return os.WriteFile(s.markdown, []byte(s.published.String()), 0o600)
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d MB", (n+1<<19)>>20)
}

// count writes a number with its thousands apart.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
