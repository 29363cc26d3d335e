// Package need finds what a test needs from outside the tree and skips the
// test where it is not there.
//
// With LOSTLINK_NO_SKIP=1 such a skip is a failure, so that a run that means
// to test everything cannot pass by testing less.
package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Shared gives the path of a file or folder of the sample material: below the
// folder LOSTLINK_SHARED names, else below "shared" beside the checkout.
// LOSTLINK_SHARED=none says on purpose that there is none: that skip stays a
// skip.
func Shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("LOSTLINK_SHARED")
	switch dir {
	case "none":
		t.Skipf("needs the sample material %s, and LOSTLINK_SHARED=none", name)
	case "":
		dir = filepath.Join(filepath.Dir(Root(t)), "shared")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		missing(t, "the sample material "+name+" (set LOSTLINK_SHARED to its folder)")
	}
	return path
}

// Command gives the path of a program.
func Command(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "the program "+name)
	}
	return path
}

// Variable gives the value of an environment variable.
func Variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		missing(t, "the environment variable "+name)
	}
	return value
}

// Root gives the folder of the project, the one that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("LOSTLINK_NO_SKIP") != "" {
		t.Fatalf("needs %s, and LOSTLINK_NO_SKIP forbids skipping", what)
	}
	t.Skipf("needs %s", what)
}
