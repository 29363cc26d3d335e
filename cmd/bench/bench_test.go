package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/testdata/need"
)

// The program starts itself for some of its work; in a test that is the test.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Getenv("LOSTLINK_BENCH_CHILD") != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// The plain program finds the same in every format of the clicks, and a
// difference is found.
func TestFormatsAgree(t *testing.T) {
	t.Setenv("LOSTLINK_BENCH_CHILD", "1")
	s := setup{cache: t.TempDir()}
	n := size{Seed: 3, Clicks: 3600, Payments: 1800}
	spec := checkSpec{}
	var log string
	for i := range formats {
		f := &formats[i]
		if f.name == night { // other clicks
			continue
		}
		if err := s.makeData(t.Context(), f, n, t.Output()); err != nil {
			t.Fatal(err)
		}
		j, err := s.job(s.parts(f, n), f)
		if err != nil {
			t.Fatal(err)
		}
		j.Out = filepath.Join(s.cache, f.name+".result")
		text, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		if err := plainChild(string(text)); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		if f.kind != "accesslog" {
			spec.Results = append(spec.Results, checkResult{Name: f.name, Path: j.Out})
		} else if log == "" {
			log = j.Out
		}
	}
	check := func(c checkSpec) error {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return checkChild(string(text), t.Output())
	}
	if err := check(spec); err != nil {
		t.Error(err)
	}
	// A log holds whole seconds, and neither link nor country.
	native, err := readPeer(spec.Results[0].Path, false)
	if err != nil {
		t.Fatal(err)
	}
	logged, err := readPeer(log, true)
	if err != nil {
		t.Fatal(err)
	}
	strip := func(all map[string]answer) map[string]answer {
		for id, a := range all {
			a.rest, a.lastAt = "", a.lastAt/1000*1000
			all[id] = a
		}
		return all
	}
	if err := same("native", "log", strip(native), strip(logged)); err != nil {
		t.Error(err)
	}

	text, err := os.ReadFile(spec.Results[1].Path)
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func([]byte) []byte{
		"found by": func(b []byte) []byte { return b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1] },
		"differ":   func(b []byte) []byte { return bytes.Replace(b, []byte("Mozilla"), []byte("mozilla"), 1) },
		"twice":    func(b []byte) []byte { return append(b, b[bytes.LastIndexByte(b[:len(b)-1], '\n')+1:]...) },
	} {
		if err := os.WriteFile(spec.Results[1].Path, edit(bytes.Clone(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := check(spec); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A night's parts are the days before and the new day.
func TestNightParts(t *testing.T) {
	t.Setenv("LOSTLINK_BENCH_CHILD", "1")
	s := setup{cache: t.TempDir()}
	n := size{Seed: 3, Clicks: 3600, Payments: 1800}
	f := formatOf(night)
	if err := s.makeData(t.Context(), f, n, t.Output()); err != nil {
		t.Fatal(err)
	}
	parts := s.parts(f, n)
	count := func(p part) int {
		clicks := 0
		if err := plainParquet(filepath.Join(p.Dir, f.file), func(*plainClick) { clicks++ }); err != nil {
			t.Fatal(err)
		}
		return clicks
	}
	if before, day := count(parts[0]), count(parts[1]); before != 3600 || day != 20 {
		t.Errorf("%d clicks before, %d on the day", before, day)
	}
	j, err := s.job(parts, f)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Clicks) != 2 || len(j.Transactions) != 2 || len(j.Payments) != 1 || !strings.Contains(j.Payments[0], "day") {
		t.Errorf("%+v", j)
	}
}

func TestReadGaps(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "latest"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := `{"purchase_id":"p1","timeline":[{"at":"2026-01-02T00:00:00.5Z","kind":"Click","who":"a","note":"tied by visitor id; landed without parameters"},` +
		`{"at":"2026-01-03T00:00:00Z","kind":"Click","who":"b","note":"tied by same address"},{"at":"2026-01-04T00:00:00Z","kind":"Purchase","note":""}]}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "latest", "gaps.jsonl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := readGaps(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if a := found["p1"]; len(found) != 1 || a.clicks != 1 || a.lastAt != 1767312000500 || a.partner != "a" {
		t.Errorf("%+v", found)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-formats tsv", "take some of"},
		{"-peers excel", "take some of"},
		{"-clicks 10", "at least 1000 clicks"},
		{"-growth -sizes many", "numbers of clicks"},
		{"more", "unknown word"},
	} {
		var errs bytes.Buffer
		if code := run(t.Context(), append([]string{"-cache", t.TempDir()}, strings.Fields(c.args)...), &bytes.Buffer{}, &errs); code != 1 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: exit code %d: %s", c.args, code, errs.String())
		}
	}
}

// The calls that the docs show are understood.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(need.Root(t), "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for line := range strings.Lines(string(text)) {
		words, ok := strings.CutPrefix(strings.TrimSpace(line), "make bench")
		if !ok {
			continue
		}
		calls++
		words = strings.Trim(strings.TrimPrefix(strings.TrimSpace(words), "BENCH="), `"`)
		if _, err := parse(strings.Fields(words), t.Output()); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if calls < 5 {
		t.Errorf("%d calls only", calls)
	}
}

// Memory and processor time are those of the program started.
func TestOnce(t *testing.T) {
	sh := need.Command(t, "sh")
	c := contestant{name: "sh", command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, sh, "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
	}}
	took, err := c.once(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took.cpu <= 0 || took.wall < took.cpu/2 || took.memory == 0 {
		t.Errorf("%+v", took)
	}
	c.command = func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, sh, "-c", "echo broken; exit 1") }
	if _, err := c.once(t.Context()); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a program that fails: %v", err)
	}
}
