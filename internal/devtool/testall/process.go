package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stepGrace is how long a step has after a signal before it is killed.
const stepGrace = 10 * time.Second

// step is one command of a run.
type step struct {
	name      string
	arguments []string // the program first
}

// stepError says which step failed. The step has told the rest itself.
type stepError struct {
	name string
	err  error
}

func (e *stepError) Error() string { return e.name + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// runStep runs a command, its output passed straight through, and returns when it
// and everything it started have ended. When the context ends, the command gets
// the signal that ended the run, and SIGKILL after a grace.
//
// The command leads a process group of its own. A terminal's Ctrl-C thus reaches
// this program alone, which passes it on in order: tests first, servers last.
func runStep(ctx context.Context, s step, environment []string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	command := exec.Command(s.arguments[0], s.arguments[1:]...)
	command.Env = environment
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(command.SysProcAttr, syscall.SIGTERM)
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.name, err)
	}
	group := command.Process.Pid
	// What outlives the command (a test binary of a killed go test) holds
	// connections and would keep the servers from stopping.
	defer func() { _ = syscall.Kill(-group, syscall.SIGKILL) }()

	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return &stepError{name: s.name, err: err}
		}
		return nil
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); errors.Is(cause, errTimeLimit) {
		askForStacks(group)
	} else {
		_ = syscall.Kill(-group, signalFor(cause))
	}
	select {
	case <-ended:
	case <-time.After(stepGrace):
		_ = syscall.Kill(-group, syscall.SIGKILL)
		<-ended
	}
	return context.Cause(ctx)
}

// signalFor is what a step gets when the run ends early: the same signal as we
// did, or SIGTERM.
func signalFor(cause error) syscall.Signal {
	if bySignal := (*signalError)(nil); errors.As(cause, &bySignal) {
		return bySignal.signal
	}
	return syscall.SIGTERM
}

// askForStacks sends SIGQUIT to all of a group but its leader. A Go test that hangs
// then prints its stacks, and go test, the leader, passes them on. To go test
// itself a SIGQUIT would mean to end at once and without a word.
func askForStacks(group int) {
	members := groupMembers(group)
	if len(members) == 0 {
		_ = syscall.Kill(-group, syscall.SIGTERM)
	}
	for _, pid := range members {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
}
