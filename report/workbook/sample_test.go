package workbook

import (
	"testing"

	"lostlink/reconcile/gap"
	"lostlink/report"
	"lostlink/testdata/report/results"
)

// testKey is the installation key of all tests.
const testKey = "a key for tests"

// sampleReport builds the report of a large result.
func sampleReport(t testing.TB, n int, change func(*gap.Result, *report.Run, *report.Options)) *report.Report {
	t.Helper()
	res, run, opt := results.Large(n, 7)
	if change != nil {
		change(res, &run, &opt)
	}
	r, err := report.New(res, run, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
