package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRunStepStatus(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": 0, "exit 3": 3, "kill -9 $$": 1} {
		err := runStep(t.Context(), step{name: "a step", arguments: []string{"sh", "-c", script}}, nil)
		if got := exitStatus(err); got != want {
			t.Errorf("%s: status %d, want %d (%v)", script, got, want, err)
		}
	}
	err := runStep(t.Context(), step{name: "a step", arguments: []string{"/does/not/exist"}}, nil)
	if err == nil || errors.As(err, new(*stepError)) {
		t.Errorf("an absent program: %v, want an error that is printed", err)
	}
}

// A step that is told to end takes its own children with it, also those that
// ignore the signal.
func TestRunStepEndsTheWholeGroup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	go func() {
		script := `(trap "" INT; echo $BASHPID >` + file + `.new; mv ` + file + `.new ` + file + `; exec sleep 600) & wait`
		result <- runStep(ctx, step{name: "a step", arguments: []string{"bash", "-c", script}}, os.Environ())
	}()
	child := waitForNumber(t, file)
	want := &signalError{signal: syscall.SIGINT}
	cancel(want)
	if err := <-result; !errors.Is(err, want) {
		t.Errorf("got %v, want the cause", err)
	}
	waitFor(t, "the child to end", func() bool { return !alive(child) })
}

func TestSignalsAndStatus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cause  error
		signal syscall.Signal
		status int
	}{
		{&signalError{signal: syscall.SIGINT}, syscall.SIGINT, 130},
		{&signalError{signal: syscall.SIGTERM}, syscall.SIGTERM, 143},
		{errTimeLimit, syscall.SIGTERM, 1},
		{errParentGone, syscall.SIGTERM, 1},
	} {
		if got := signalFor(test.cause); got != test.signal {
			t.Errorf("%v: signal %v, want %v", test.cause, got, test.signal)
		}
		if got := exitStatus(test.cause); got != test.status {
			t.Errorf("%v: status %d, want %d", test.cause, got, test.status)
		}
	}
}

func TestWatchForEndAtTheLimit(t *testing.T) {
	t.Parallel()
	ctx, release := watchForEnd(t.Context(), time.Millisecond)
	defer release()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, errTimeLimit) {
		t.Errorf("got %v, want the time limit", err)
	}
}

// alive tells whether the process runs. A zombie, which nobody has collected yet,
// does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

func waitForNumber(t *testing.T, file string) (number int) {
	t.Helper()
	waitFor(t, file, func() bool {
		content, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		number, err = strconv.Atoi(strings.TrimSpace(string(content)))
		return err == nil
	})
	return number
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
