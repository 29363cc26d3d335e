package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lostlink/ingest/lake"
	"lostlink/ingest/table"
)

// lakeOf makes a state folder whose lake has some inputs of a purchase and two
// clicks each, used on a day each, and gives the flags that name it.
func lakeOf(t *testing.T, days ...time.Time) (state string, flags []string) {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	state = filepath.Join(dir, "state")
	config := filepath.Join(dir, "lostlink.yaml")
	if err := os.WriteFile(config, []byte("sources:\n  - table: purchases\n    files: [purchases.csv]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(ctx, filepath.Join(state, lakeFolder), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i, day := range days {
		w := l.Begin(lake.KeyOf(fmt.Sprint(i)))
		at := table.TimeOf(day)
		p := table.Purchase{Pos: table.Pos{Line: 2}, PurchaseID: fmt.Sprintf("p%d", i), PurchasedAt: at, Amount: 100, Currency: "EUR", Email: fmt.Sprintf("buyer%d@mail.example", i)}
		if err := lake.RowsOf[table.Purchase](w).Append(&p); err != nil {
			t.Fatal(err)
		}
		for line := range 2 {
			c := table.Click{Pos: table.Pos{Line: int64(line)}, ClickedAt: at - table.Day, PartnerKey: "harbor", VisitorID: fmt.Sprintf("v%d", i), Email: p.Email}
			if err := lake.RowsOf[table.Click](w).Append(&c); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(ctx, lake.Account{Name: fmt.Sprintf("day%d.csv", i), Used: day}); err != nil {
			t.Fatal(err)
		}
	}
	return state, []string{"-c", config, "--state", state}
}

// command runs lostlink and gives what it prints.
func says(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if got := run(args, nil, &out, &errOut, nil); got != want {
		t.Errorf("%v: exit code %d, want %d: %s%s", args, got, want, out.String(), errOut.String())
	}
	return out.String() + errOut.String()
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestLakeCommands(t *testing.T) {
	now := time.Now()
	state, flags := lakeOf(t, now.AddDate(0, 0, -40), now.AddDate(0, 0, -20), now)
	lk := func(want int, args ...string) string {
		return says(t, want, append(append([]string{"lake"}, args...), flags...)...)
	}

	contains(t, lk(0, "status"), "3 inputs in 3 parts: 9 files, ", "        6  clicks, ", "        3  purchases, ")
	contains(t, lk(0, "verify"), "The lake is as it was written.")
	contains(t, lk(0, "compact"), "3 parts became 1.")
	contains(t, lk(0, "compact"), "There is nothing to join.")
	contains(t, lk(0, "verify"), "The lake is as it was written.")
	if err := os.WriteFile(filepath.Join(state, lakeFolder, "parts", "new-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, lk(0, "status"), "        1  files that an interrupted run left")
	contains(t, lk(0, "retain"), "forgotten: day0.csv\n")
	contains(t, lk(0, "status"), "2 inputs in 1 part", "        3  rows of inputs that are gone")
	contains(t, lk(0, "retain"), "There is nothing to forget.")
	contains(t, lk(0, "retain", "--unused-days", "10"), "forgotten: day1.csv\n")

	// The last one is damaged, noticed, and forgotten.
	parts, err := filepath.Glob(filepath.Join(state, lakeFolder, "parts", "purchases-*"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}
	if err := os.Truncate(parts[0], 10); err != nil {
		t.Fatal(err)
	}
	contains(t, lk(1, "verify"), filepath.Join("lake", "parts", filepath.Base(parts[0]))+" is not what was written", "has rows of day2.csv", "verify --mend")
	contains(t, lk(0, "verify", "--mend"), "1 input was forgotten; the next run reads them again.")
	contains(t, lk(0, "verify"), "The lake is as it was written.")
	contains(t, lk(0, "status"), "0 inputs in 0 parts")

	for _, wrong := range [][]string{{}, {"dry"}, {"status", "verify"}, {"status", "--mend"}, {"verify", "--unused-days", "3"}, {"retain", "--unused-days", "0"}} {
		lk(exitUsage, wrong...)
	}
	// One at a time.
	l, err := lake.Open(context.Background(), filepath.Join(state, lakeFolder), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	contains(t, lk(exitLocked, "status"), "another process is at work on the lake; wait for it to end")
	contains(t, lk(exitLocked, "compact"), "wait for it to end")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, none := lakeOf(t)
	if err := os.RemoveAll(none[3]); err != nil {
		t.Fatal(err)
	}
	contains(t, says(t, 0, append([]string{"lake", "status"}, none...)...), "There is no lake in ")
}

func TestEraseFromTheLake(t *testing.T) {
	_, flags := lakeOf(t, time.Now(), time.Now())
	text := says(t, 0, append([]string{"erase", "Buyer1@mail.example"}, flags...)...)
	contains(t, text, "Erased B…@mail.example:\n", "  lake    3 rows in 1 input, which the next run reads again without them\n          1 browser\n", "  runs    0 records in 0 runs\n")
	if strings.Contains(text, "uyer1") {
		t.Errorf("the address is shown:\n%s", text)
	}
	contains(t, says(t, 0, append([]string{"lake", "status"}, flags...)...), "1 input in 1 part", "        1  people erased")
	contains(t, says(t, exitUsage, append([]string{"erase", "buyer one"}, flags...)...), `"buyer one" is no e-mail address`)
	says(t, exitUsage, append([]string{"erase"}, flags...)...)
}
