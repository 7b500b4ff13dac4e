package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
	steps, err := testSteps(ctx, p, listPackages)
	if err != nil {
		return err
	}
	var tests error
	for _, s := range steps {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		announce(s.name)
		if err := runStep(ctx, s, environment); err != nil {
			note(s.name, err)
			tests = err
		}
	}
	if tests != nil {
		first = tests
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

// acceptance is the package whose tests drive the whole program over HTTP. Where everything is run, it goes without the
// race detector, which would take longer than all others together: what runs at once lies in packages that have tests of
// their own with it. Asked for by name, it is run with it.
const acceptance = "./examples/server"

// testSteps are the runs of the tests.
func testSteps(ctx context.Context, p plan, list func(context.Context) ([]string, error)) ([]step, error) {
	if !slices.Equal(p.packages, []string{everything}) {
		return []step{testStep("go test -race", p, true)}, nil
	}
	all, err := list(ctx)
	if err != nil {
		return nil, err
	}
	others, whole := p, p
	others.packages = slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, strings.TrimPrefix(acceptance, ".")) })
	whole.packages = []string{acceptance}
	return []step{testStep("go test -race, all but "+acceptance, others, true), testStep("go test "+acceptance, whole, false)}, nil
}

// listPackages are the packages of the module.
func listPackages(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", everything).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// testStep is a run of tests. Two packages at a time: a test binary with the
// race detector and an embedded SQLite takes a core and much memory to itself. vet
// has run already. What the command line gives comes later and so wins.
func testStep(name string, p plan, race bool) step {
	arguments := []string{"go", "test"}
	if race {
		arguments = append(arguments, "-race")
	}
	arguments = append(arguments, "-vet=off", "-p=2", "-timeout="+testTimeout)
	arguments = append(arguments, p.flags...)
	arguments = append(arguments, p.packages...)
	return step{name: name, arguments: append(arguments, p.rest...)}
}

func announce(name string) { fmt.Printf("== %s\n", name) }
