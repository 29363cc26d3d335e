package lake

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// Each check of a property opens lakes and puts them on disk, so that fewer are
// made than usual unless the command line asks for a number.
func TestMain(m *testing.M) {
	if how := os.Getenv(child); how != "" {
		if err := ingest(os.Getenv(childLake), how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		flag.Set("rapid.checks", "15")
	}
	os.Exit(m.Run())
}
