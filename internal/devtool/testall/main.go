package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// usage is printed when the command line cannot be read.
const usage = `usage: testall [-limit 29m] [go test flags and packages]
       testall -with [-durable] [-limit 2h] -- command [arguments]`

func main() {
	// The kernel ends a child when the *thread* that started it ends (see
	// dieWithParent). Every child is started from this goroutine, which stays on
	// one thread as long as the program runs.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:]))
}

// run does everything and returns the exit status. It is apart from main so that
// its deferred clean-up has happened before os.Exit.
func run(arguments []string) int {
	plan, err := parseArguments(arguments)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testall: %v\n%s\n", err, usage)
		return 2
	}
	ctx, release := watchForEnd(context.Background(), plan.limit)
	defer release()

	err = runPlan(ctx, plan)
	if cause := context.Cause(ctx); cause != nil {
		// The step's own error is only the echo of what ended the run.
		err = cause
	}
	if err != nil && !errors.As(err, new(*stepError)) {
		fmt.Fprintf(os.Stderr, "testall: %v\n", err)
	}
	return exitStatus(err)
}

// runPlan starts the servers, runs what was asked for and stops the servers.
func runPlan(ctx context.Context, plan plan) error {
	binaries, err := requireBinaries(ctx, !plan.with)
	if err != nil {
		return err
	}
	servers, err := startServers(ctx, binaries, plan.durable)
	if err != nil {
		return err
	}
	defer servers.stop()

	environment := append(os.Environ(), servers.environment()...)
	if plan.with {
		return runStep(ctx, step{name: plan.command[0], arguments: plan.command}, environment)
	}
	return runChecks(ctx, plan, environment)
}
