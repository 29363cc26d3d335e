package main

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/ingest/simulate"
	"lostlink/testdata/need"
)

// TestShardsAreTheWhole compares every file of the report made of shards, however
// many and named in whatever order, with the one of a run that reads the files
// as they are.
func TestShardsAreTheWhole(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("drawn ", seed), func(t *testing.T) {
			opt := simulate.DrawOptions(seed + 5000)
			opt.Customers, opt.Days = 80, min(opt.Days, 100)
			v, err := simulate.Make(opt)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := v.Write(filepath.Join(dir, "data")); err != nil {
				t.Fatal(err)
			}
			text, err := config.Marshal(demoConfig(v))
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "lostlink.yaml")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			shardsAreTheWhole(t, file, filepath.Join(dir, "data"), []int{1, 2, 40}[seed])
		})
	}
	for _, name := range []string{"alder", "birch", "cedar"} {
		t.Run(name, func(t *testing.T) {
			dir := need.Shared(t, filepath.Join("worlds", name))
			shardsAreTheWhole(t, filepath.Join("..", "..", "testdata", "worlds", name+".yaml"), dir, 3)
		})
	}
}

func shardsAreTheWhole(t *testing.T, file, data string, n int) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do := func(args ...string) (string, int) {
		t.Helper()
		printed, code := lostlink(strings.Join(append(args, "-c", file, "--data", data), " "))
		if code != exitDone && code != exitPartial {
			t.Fatalf("%v: exit code %d: %s", args, code, printed)
		}
		return printed, code
	}
	_, wantCode := do("run", "--no-lake", "--out", at("whole"), "--state", at("whole-state"))
	want := writtenIn(t, at("whole"))
	key := at("key")
	if err := os.WriteFile(key, []byte(hex.EncodeToString(make([]byte, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	var states []string
	for i := 1; i <= n; i++ {
		state := at(fmt.Sprintf("shard-%d-of-%d", i, n))
		states = append(states, state)
		if _, code := do("run", "--shard", fmt.Sprintf("%d/%d", i, n), "--key", key, "--state", state); code != exitDone {
			t.Errorf("shard %d/%d: exit code %d", i, n, code)
		}
	}
	inputs := 0
	for _, s := range states {
		share, err := ingest.ReadShare(filepath.Join(s, shareName))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := share.Keys()
		if err != nil {
			t.Fatal(err)
		}
		inputs += len(keys)
	}
	for round, what := range []string{"once", "again"} {
		slices.Reverse(states)
		out, state := at(fmt.Sprint("out-", n, what)), at(fmt.Sprint("state-", n))
		printed, code := do(append([]string{"merge", "--out", out, "--state", state}, states...)...)
		if code != wantCode {
			t.Errorf("%d shards merged %s: exit code %d, want %d", n, what, code, wantCode)
		}
		taken := []string{fmt.Sprintf("; %d inputs taken over, 0 here before\n", inputs), fmt.Sprintf("; 0 inputs taken over, %d here before\n", inputs)}[round]
		if strings.Contains(printed, "Read again:") || strings.Contains(printed, "Changed:") || !strings.Contains(printed, taken) {
			t.Errorf("%d shards merged %s, want %q:\n%s", n, what, taken, printed)
		}
		// What was taken over is all that the run needed: it has parsed nothing.
		if held, _ := do("lake", "status", "--state", state); !strings.HasPrefix(held, fmt.Sprintf("%d inputs in ", inputs)) {
			t.Errorf("%d inputs were merged, but the lake has\n%s", inputs, held)
		}
		got := writtenIn(t, out)
		if len(got) != len(want) {
			t.Errorf("%d shards merged %s gave %d files, not %d", n, what, len(got), len(want))
		}
		for name, text := range want {
			if got[name] != text {
				t.Errorf("%d shards merged %s: %s is not that of the whole", n, what, name)
			}
		}
	}
}

// writtenIn gives the files below a folder by name.
func writtenIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, dir)] = string(b)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(out), err)
	}
	return out
}
