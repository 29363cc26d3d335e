package reconcile_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"lostlink/config"
	"lostlink/ingest"
	"lostlink/testdata/need"
)

// floors are what a world's verdicts must reach, by the names of the score.
// Where no page checks and no site log are kept, less can be told.
var floors = map[string]map[string]float64{
	"alder": {"gap_recall": 1, "gap_precision": 1, "involved_precision": 0.93, "involved_recall": 0.95, "case_accuracy": 0.90, "partner_accuracy": 0.97},
	"birch": {"gap_recall": 1, "gap_precision": 1, "involved_precision": 0.93, "involved_recall": 0.95, "case_accuracy": 0.85, "partner_accuracy": 0.97},
	"cedar": {"gap_recall": 1, "gap_precision": 1, "involved_precision": 0.93, "involved_recall": 0.95, "case_accuracy": 0.90, "partner_accuracy": 0.97},
}

// Three vendors whose truth is known are read and judged as a night's run
// would, and the score is taken.
func TestWorlds(t *testing.T) {
	for world, floor := range floors {
		t.Run(world, func(t *testing.T) {
			t.Parallel()
			dir, score, python := need.Shared(t, "worlds/"+world), need.Shared(t, "worlds/score"), need.Command(t, "python3")
			cfg, err := config.Load(filepath.Join(need.Root(t), "testdata", "worlds", world+".yaml"), nil)
			if err != nil {
				t.Fatal(err)
			}
			l, err := ingest.Load(context.Background(), dir, cfg.Ingest, memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Set.Release()
			res := run(t, l.Set, cfg.Reconcile)
			file, err := os.Create(filepath.Join(t.TempDir(), "gaps.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			lines := json.NewEncoder(file)
			for i := range res.Gaps {
				if err := lines.Encode(&res.Gaps[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(python, score, dir, file.Name(), "--json")
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var figures map[string]any
			if err := json.Unmarshal(out, &figures); err != nil {
				t.Fatal(err)
			}
			for name, least := range floor {
				got, ok := figures[name].(float64)
				if !ok || got < least {
					t.Errorf("%s is %v, want at least %g", name, figures[name], least)
				}
			}
			t.Logf("precision %.4v, recall %.4v, case %.4v, partner %.4v, calibration error %.3v", figures["involved_precision"], figures["involved_recall"],
				figures["case_accuracy"], figures["partner_accuracy"], figures["calibration_error"])
		})
	}
}
