package ingest_test

import (
	"path/filepath"
	"testing"

	"lostlink/ingest"
	"lostlink/testdata/need"
)

// TestSamples reads files as vendors and servers really wrote them.
func TestSamples(t *testing.T) {
	for _, c := range []struct {
		file, format             string
		rows, accepted, rejected int64
		skipped                  map[string]int64
	}{
		{"clicks/ncsa_combined/elastic_apache_logs.log", "access_log", 10000, 4263, 1,
			map[string]int64{"file of a page (image, script, style, …), not a page": 5688, "method other than GET": 48}},
		{"clicks/segment_warehouse_csv/example_segment_pages.csv", "segment", 1, 1, 0, nil},
		{"payments/stripe/overlays_unified_payments_all_79_cols_pseudonymised.csv", "stripe_payments", 1, 1, 0, nil},
		{"payments/paypal/plutov_Download_header_only.CSV", "paypal_activity", 0, 0, 0, nil},
	} {
		path := need.Shared(t, filepath.Join("samples", filepath.FromSlash(c.file)))
		l := load(t, filepath.Dir(path), options(ingest.Source{Files: []string{filepath.Base(path)}}))
		in := l.Inputs[0]
		if in.Format != c.format || in.Rows != c.rows || in.Accepted != c.accepted || in.Rejected != c.rejected || in.Fault != "" {
			t.Errorf("%s: %+v", c.file, in)
		}
		for reason, n := range c.skipped {
			if in.Skipped[reason] != n {
				t.Errorf("%s: skipped %v", c.file, in.Skipped)
			}
		}
	}
}
