package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// signalError ends a run because of a signal.
type signalError struct{ signal syscall.Signal }

func (e *signalError) Error() string { return "ended by " + e.signal.String() }

var (
	errParentGone = errors.New("ended: the program that started it is gone")
	errTimeLimit  = errors.New("ended: the time limit is over")
)

// parentPoll is how often the parent is looked after, and so about how long the
// servers outlive it.
const parentPoll = 200 * time.Millisecond

// watchForEnd returns a context that ends, with its cause, on SIGINT, SIGTERM or
// SIGHUP, when the limit (if any) is over, or when the parent process is gone.
//
// The parent matters because `go run` stands between make and this program: it
// passes no signal on, and one that kills it would leave the tests running with
// nobody to stop them.
func watchForEnd(parent context.Context, limit time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// Without a handler, a write to a closed pipe (`make test | head`) would kill
	// this program before it cleans up. Handled, it is a failed write.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	var over <-chan time.Time
	if limit > 0 {
		over = time.After(limit)
	}
	startedBy := os.Getppid()
	done := make(chan struct{})
	go func() {
		poll := time.NewTicker(parentPoll)
		defer poll.Stop()
		for {
			select {
			case received := <-signals:
				number, _ := received.(syscall.Signal)
				cancel(&signalError{signal: number})
			case <-over:
				cancel(fmt.Errorf("%w (%s)", errTimeLimit, limit))
			case <-poll.C:
				if os.Getppid() != startedBy {
					cancel(errParentGone)
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() { close(done); cancel(nil) }
}

// exitStatus translates the outcome of a run: the child's own status, 128 plus
// the number of a signal as shells do, or 1.
func exitStatus(err error) int {
	var bySignal *signalError
	var byChild *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &bySignal):
		return 128 + int(bySignal.signal)
	case errors.As(err, &byChild) && byChild.ExitCode() > 0:
		return byChild.ExitCode()
	default:
		return 1
	}
}
