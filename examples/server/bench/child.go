package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is the process of a side, as the measuring process sees it.
type child struct {
	name    string
	address string
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
}

// startChild starts a side and waits until it serves.
func startChild(name string, o sideOptions) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{name: name, command: exec.Command(self, o.arguments()...)}
	c.command.Stderr = os.Stderr
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdout = bufio.NewReader(stdout)
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	if c.address, err = c.line(); err != nil {
		return nil, errors.Join(fmt.Errorf("side %s does not start: %w", name, err), c.stop())
	}
	return c, nil
}

func (c *child) line() (string, error) {
	line, err := c.stdout.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (c *child) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(c.stdin, line); err != nil {
		return "", fmt.Errorf("side %s: %w", c.name, err)
	}
	answer, err := c.line()
	if reason, failed := strings.CutPrefix(answer, "error "); failed {
		err = errors.New(reason)
	}
	if err != nil {
		return "", fmt.Errorf("side %s: %w", c.name, err)
	}
	return answer, nil
}

// open is how much background work of the side waits.
func (c *child) open() (int64, error) {
	answer, err := c.ask(askOpen)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(answer, 10, 64)
}

// stopWithin is how long a side may take to end.
const stopWithin = 40 * time.Second

// stop ends the side and waits for its end.
func (c *child) stop() error {
	_ = c.stdin.Close()
	kill := time.AfterFunc(stopWithin, func() { _ = c.command.Process.Kill() })
	defer kill.Stop()
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("side %s: %w", c.name, err)
	}
	return nil
}

// processorTime is what the process has used so far.
func (c *child) processorTime() (time.Duration, error) { return processorTime(c.command.Process.Pid) }
