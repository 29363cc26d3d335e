package lake

import (
	"flag"
	"os"
	"testing"
)

// Each check of a property opens lakes and puts them on disk, so that fewer are
// made than usual unless the command line asks for a number.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		flag.Set("rapid.checks", "25")
	}
	os.Exit(m.Run())
}
