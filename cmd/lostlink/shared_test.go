package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/report/ledger"
	"lostlink/testdata/postgres"
)

// TestSharedLedger takes the whole way with a ledger on a PostgreSQL server that
// two machines share.
func TestSharedLedger(t *testing.T) {
	url := postgres.URL(t)
	t.Cleanup(postgres.Stop)
	w := newSweepWorld(t)
	if err := w.reset(); err != nil {
		t.Fatal(err)
	}
	at := " -c " + filepath.Join(w.dir, "lostlink.yaml")
	do := func(line string, want int, says string) {
		t.Helper()
		printed, code := lostlink("LOSTLINK_LEDGER_URL=" + url + " " + line + at)
		if code != want || !strings.Contains(printed, says) || strings.Contains(printed, url) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", line, code, want, says, printed)
		}
	}
	book := filepath.Join(w.dir, "book.xlsx")
	do("apply --write "+book, exitPartial, "is a run that the ledger postgres of /")
	do("run", exitDone, "Workbook: ")
	do("apply --write "+book, exitDone, ": 3 decisions.")
	do("status", exitDone, "3  created: in files or sent to the platform: EUR 29.00, JPY 3,900,")
	if err := w.look(); err != nil {
		t.Error(err)
	}
	// The other machine: its own folders, the same ledger.
	if err := os.Rename(filepath.Join(w.dir, "out", bulkFolder), filepath.Join(w.dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(w.dir, "state")); err != nil {
		t.Fatal(err)
	}
	do("apply --write "+book, exitDone, "Nothing new to record.")
	do("run", exitDone, "Workbook: ")

	l, err := ledger.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	do("run", exitLocked, "another run is at work on the ledger postgres of /")
	do("status", exitDone, "3  created")
}
