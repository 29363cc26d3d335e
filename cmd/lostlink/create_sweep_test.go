package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/report/ledger"
	"lostlink/report/push"
	"lostlink/testdata/platform"
	"lostlink/testdata/sweep"
)

// TestCreateFilesSweep fails create --write at each of its calls: the decisions
// are recorded, the files are still to be made.
func TestCreateFilesSweep(t *testing.T) {
	if os.Getenv(sweep.Variable) == "" {
		sweep.Try(t, sweep.Plan{}) // skips in the usual words
	}
	w := newSweepWorld(t)
	if printed, code := lostlink("apply --write --no-files -c " + filepath.Join(w.first, "lostlink.yaml") + " " + filepath.Join(w.first, "book.xlsx")); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	if err := w.reset(); err != nil {
		t.Fatal(err)
	}
	out := sweep.Run(t, w.plan("as is", "create", "--write"))
	for _, call := range []string{"pwrite64", "fsync", "write", "openat", "renameat"} {
		if out.ByCall[call] == 0 {
			t.Errorf("%s was never failed: %v", call, out.ByCall)
		}
	}
}

// TestCreateSweep fails create --push at each of its calls on the ledger. The
// platform has what was sent in spite of it, and must have it once when the
// push has been run again.
func TestCreateSweep(t *testing.T) {
	out := sweep.Run(t, pushPlan(t, platform.New()))
	for _, call := range []string{"pwrite64", "fsync", "openat"} {
		if out.ByCall[call] == 0 {
			t.Errorf("%s was never failed: %v", call, out.ByCall)
		}
	}
}

// TestCreateSweepControl is what the sweep must notice: a look that does not
// find what is there.
func TestCreateSweepControl(t *testing.T) {
	s := platform.New()
	s.Blind = true
	p := pushPlan(t, s)
	p.Calls = []string{"fsync"}
	out := sweep.Try(t, p)
	twice := 0
	for _, f := range out.Failures {
		if strings.Contains(f.Error(), "twice") {
			twice++
		}
	}
	if twice < 3 {
		t.Errorf("%d of %d faults were seen to create something twice: %v", twice, out.Hits, out.Failures)
	}
}

// pushPlan makes a vendor whose decisions are recorded, and the platform they
// are sent to.
func pushPlan(t *testing.T, s *platform.Server) sweep.Plan {
	t.Helper()
	t.Cleanup(s.Close)
	if os.Getenv(sweep.Variable) == "" {
		sweep.Try(t, sweep.Plan{}) // skips in the usual words
	}
	s.Partners = []string{"harbor"}
	w := newSweepWorld(t)
	config := filepath.Join(w.first, "lostlink.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	api := strings.Replace(string(text), sweepBulk, fmt.Sprintf("\nbulk: {credit: transaction}\npush: {address: %q, conversion_address: %q, public_key: %s, settle_seconds: 0}\n",
		s.URL, s.URL, platform.PublicKey), 1)
	if err := os.WriteFile(config, []byte(api), 0o600); err != nil {
		t.Fatal(err)
	}
	if printed, code := lostlink("apply --write --no-files -c " + config + " " + filepath.Join(w.first, "book.xlsx")); code != exitDone {
		t.Fatalf("exit code %d: %s", code, printed)
	}
	reset := func() error {
		s.Clear()
		s.Add("customers", platform.Object{"key": "cust_ben", "customer_key": "c-ben", "email": "ben@mail.example", "partner_key": "harbor", "created_at": 1})
		return w.reset()
	}
	if err := reset(); err != nil {
		t.Fatal(err)
	}
	return sweep.Plan{
		Command: []string{os.Args[0], "create", "--push"}, Dir: w.dir,
		Env:   []string{sweepChild + "=as is", push.SecretKeyVariable + "=" + platform.SecretKey},
		Watch: []string{filepath.Join(w.dir, "state")},
		Reset: reset,
		Look:  func() error { return pushedOnce(s, false) },
		Check: func() error { return pushed(s, w.dir) },
	}
}

// pushedOnce sees that the platform has nothing twice, and all of it if it
// should.
func pushedOnce(s *platform.Server, all bool) error {
	for list, key := range map[string]string{"customers": "customer_key", "transactions": "key"} {
		seen := map[string]bool{}
		for _, o := range s.All(list) {
			if seen[o.Text(key)] {
				return fmt.Errorf("the platform has %s twice in %s", o.Text(key), list)
			}
			seen[o.Text(key)] = true
		}
		if all && len(seen) != 3 {
			return fmt.Errorf("the platform has %d %s, want 3", len(seen), list)
		}
	}
	return nil
}

// pushed sees whether all was sent, and the ledger says so.
func pushed(s *platform.Server, dir string) error {
	if err := pushedOnce(s, true); err != nil {
		return err
	}
	ctx := context.Background()
	l, err := ledger.Open(ctx, filepath.Join(dir, "state", ledger.Name))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Verify(ctx); err != nil {
		return err
	}
	d, err := l.Dump(ctx)
	if err != nil {
		return err
	}
	if len(d.Items) != 3 || len(d.Batches) != 1 || d.Batches[0].State != ledger.StateEmitted || len(d.Creations) != 5 {
		return fmt.Errorf("the ledger has %d items, %d creations, batches %+v", len(d.Items), len(d.Creations), d.Batches)
	}
	for _, it := range d.Items {
		if it.State != ledger.StateConfirmed {
			return fmt.Errorf("the item of %s is %s", it.PurchaseID, it.State)
		}
	}
	for _, c := range d.Creations {
		if c.State != ledger.StateConfirmed || c.Via != ledger.ViaAPI || c.Place == "" {
			return fmt.Errorf("the creation %s is %s by %s at %q", c.ID, c.State, c.Via, c.Place)
		}
	}
	return nil
}
