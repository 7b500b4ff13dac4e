package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// child is one process of the program. A test may have several on one stack, and end each as it likes.
type child struct {
	stack   *stack // where it listens, and its environment
	process *exec.Cmd
	// output is everything it said, told only what it wrote to standard output.
	output, told *lockedBuffer
	exited       chan struct{}
}

// both writes to two buffers.
type both struct{ a, b *lockedBuffer }

func (w both) Write(p []byte) (int, error) {
	_, _ = w.a.Write(p) // neither fails
	return w.b.Write(p)
}

// launch starts the program and does not wait for it. It is killed after the test if it still runs then.
func (s *stack) launch(t *testing.T, args ...string) *child {
	t.Helper()
	c := &child{stack: s, process: s.command(args...), output: &lockedBuffer{}, told: &lockedBuffer{}, exited: make(chan struct{})}
	c.process.Stdout, c.process.Stderr = both{c.output, c.told}, c.output
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.process.Wait() // status reads what it found
		close(c.exited)
	}()
	t.Cleanup(func() {
		c.kill(t)
		if t.Failed() {
			t.Logf("what %s said:\n%s", s.base, c.output.tail(60))
		}
	})
	return c
}

// run starts the program and waits until it can serve.
func (s *stack) run(t *testing.T, args ...string) *child {
	t.Helper()
	c := s.launch(t, args...)
	verandatest.Eventually(t, 60*time.Second, "the program is ready", func() bool {
		select {
		case <-c.exited:
			t.Fatalf("the program ended with status %d:\n%s", c.process.ProcessState.ExitCode(), c.output.tail(50))
		default:
		}
		return c.answers("/readyz") == http.StatusOK
	})
	return c
}

// answers is the status of a path, 0 when nothing answers.
func (c *child) answers(path string) int {
	response, err := http.Get(c.stack.base + path)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// status waits for the end and gives the exit status.
func (c *child) status(t *testing.T) int {
	t.Helper()
	select {
	case <-c.exited:
	case <-time.After(60 * time.Second):
		t.Fatalf("the program did not end:\n%s", c.output.tail(50))
	}
	return c.process.ProcessState.ExitCode()
}

// terminate asks the program to stop; status tells how it did.
func (c *child) terminate(t *testing.T) {
	t.Helper()
	if err := c.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// stop asks the program to stop, and wants status 0.
func (c *child) stop(t *testing.T) {
	t.Helper()
	c.terminate(t)
	if status := c.status(t); status != 0 {
		t.Errorf("a stop by SIGTERM ends with status %d, want 0:\n%s", status, c.output.tail(30))
	}
}

// kill ends the process as a power cut would, and waits until it is gone.
func (c *child) kill(t *testing.T) {
	t.Helper()
	select {
	case <-c.exited:
		return
	default:
	}
	_ = c.process.Process.Signal(syscall.SIGKILL)
	c.status(t)
}

// with is the same stack with other environment: "NAME=value", or "NAME" to take it away.
func (s *stack) with(lines ...string) *stack {
	changed := *s
	changed.env = slices.Clone(s.env)
	for _, line := range lines {
		name, _, set := strings.Cut(line, "=")
		changed.env = slices.DeleteFunc(changed.env, func(old string) bool { return strings.HasPrefix(old, name+"=") })
		if set {
			changed.env = append(changed.env, line)
		}
	}
	return &changed
}

// another is the same stack, its files and databases, on another port: what a second node has.
func (s *stack) another(t *testing.T) *stack {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	node := s.with("LISTEN_ADDR="+address, "BASE_URL="+s.base)
	node.base = "http://" + address
	return node
}

// at is a caller who calls another node.
func (c *caller) at(node *stack) *caller {
	elsewhere := *c
	elsewhere.stack = node
	return &elsewhere
}

// try makes a call that may fail because nobody answers; then its status is 0.
func (c *caller) try(method, path, body string, header ...string) (status int, answer []byte, replayed bool) {
	request, err := http.NewRequest(method, c.stack.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+c.token)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := c.client().Do(request)
	if err != nil {
		return 0, nil, false
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, false
	}
	return response.StatusCode, answer, response.Header.Get("Idempotency-Replayed") == "true"
}

// idOf is the id of a thing that was answered.
func idOf(body []byte) (string, error) {
	var thing struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &thing); err != nil {
		return "", err
	}
	if thing.ID == "" {
		return "", errors.New("the answer has no id")
	}
	return thing.ID, nil
}
