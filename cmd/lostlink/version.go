package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

func versionCommand() *command {
	return &command{
		name:    "version",
		summary: "print the version",
		usage:   "version",
		run: func(_ context.Context, e *env) error {
			if _, err := e.parse(e.flags(), 0, 0); err != nil {
				return err
			}
			fmt.Fprintf(e.out, "lostlink %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// version is the module's version as built, "(devel)" for a working tree.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
