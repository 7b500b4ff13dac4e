package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// testTimeout is go test's own limit for one package. It prints where the test
// hangs, so it comes before the limit of the whole run.
const testTimeout = "25m"

// runChecks runs the checks in order of their cost, then the tests. All run even
// when one fails, so that one run shows everything there is to mend; the tests come
// last, so that their closing lines are the last of the output. The error is that
// of the tests, or else of the first check that failed.
func runChecks(ctx context.Context, p plan, environment []string) error {
	var failed []string
	var first error
	note := func(name string, err error) {
		if err != nil {
			failed = append(failed, name)
			if first == nil {
				first = err
			}
		}
	}
	announce("gofmt")
	note("gofmt", checkFormat("."))
	for _, s := range checkSteps(p.packages) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		started := time.Now()
		announce(s.name)
		note(s.name, runStep(ctx, s, environment))
		fmt.Printf("   %s\n", time.Since(started).Round(100*time.Millisecond))
	}
	s := testStep(p)
	announce(strings.Join(s.arguments, " "))
	if err := runStep(ctx, s, environment); err != nil {
		note("go test", err)
		first = err
	}
	if len(failed) > 0 {
		fmt.Fprintf(os.Stderr, "testall: failed: %s\n", strings.Join(failed, ", "))
	}
	return first
}

// checkSteps are the checks that are programs of their own.
func checkSteps(packages []string) []step {
	return []step{
		{name: "go vet", arguments: append([]string{"go", "vet"}, packages...)},
		{name: "staticcheck", arguments: append([]string{"go", "tool", "staticcheck"}, packages...)},
	}
}

// testStep is the run of the tests. Two packages at a time: a test binary with the
// race detector and an embedded SQLite takes a core and much memory to itself. vet
// has run already. What the command line gives comes later and so wins.
func testStep(p plan) step {
	arguments := []string{"go", "test", "-race", "-vet=off", "-p=2", "-timeout=" + testTimeout}
	arguments = append(arguments, p.flags...)
	arguments = append(arguments, p.packages...)
	return step{name: "go test", arguments: append(arguments, p.rest...)}
}

func announce(name string) { fmt.Printf("== %s\n", name) }
