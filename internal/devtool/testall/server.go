package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyLimit   = 2 * time.Minute       // from start to the first answer, on a busy machine
	readyPoll    = 25 * time.Millisecond // between two looks whether a server is ready
	stopGrace    = 10 * time.Second      // from the stop signal to SIGKILL
	portTries    = 5                     // a free port may be taken before the server has it
	logTail      = 30                    // lines of a server's log shown when it does not start
	loopback     = "127.0.0.1"           // never another address: the servers are for this machine
	serverLocale = "C.UTF-8"             // the order of strings must not depend on the machine
)

// errExited says that a server ended by itself before it was ready.
var errExited = errors.New("ended before it was ready")

// server is a running child process that serves one port.
type server struct {
	name   string
	port   int
	log    string // path
	stopBy syscall.Signal

	process *os.Process
	exited  chan struct{} // closed when the process has ended
}

// launch describes how to start a server on a port.
type launch struct {
	name      string
	arguments func(port int) []string
	stopBy    syscall.Signal
	ready     func(*server) bool // asked again until it is true
}

// start runs the server on a free port and waits until it answers. Between the
// choice of a port and its use somebody else can take it; then the server ends at
// once and another port is tried.
func (l launch) start(ctx context.Context, r *room) (*server, error) {
	var err error
	for range portTries {
		var s *server
		if s, err = l.startOnce(ctx, r); err == nil {
			return s, nil
		}
		if !errors.Is(err, errExited) {
			return nil, err
		}
	}
	return nil, err
}

func (l launch) startOnce(ctx context.Context, r *room) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("looking for a free port: %w", err)
	}
	s := &server{
		name: l.name, port: port, stopBy: l.stopBy, exited: make(chan struct{}),
		log: filepath.Join(r.directory, l.name+".log"),
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own copy
	command := serverCommand(r, l.arguments(port), log)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", l.name, err)
	}
	s.process = command.Process
	go func() { _ = command.Wait(); close(s.exited) }()

	if err := s.waitUntil(ctx, l.ready); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w; its log ends:\n%s", l.name, err, tail(s.log, logTail))
	}
	return s, nil
}

// serverCommand is a command that runs as the room's owner, in the room, with an
// environment that nothing of the caller's (PGHOST, LC_ALL, …) leaks into. It
// leads its own process group: Ctrl-C must not end it before the tests.
func serverCommand(r *room, arguments []string, log *os.File) *exec.Cmd {
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Dir = r.directory
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.directory, "LC_ALL=" + serverLocale, "TZ=UTC",
	}
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: r.owner.credential()}
	// PostgreSQL's immediate shutdown; Redis, which has nothing to save, ends too.
	dieWithParent(command.SysProcAttr, syscall.SIGQUIT)
	return command
}

func (s *server) waitUntil(ctx context.Context, ready func(*server) bool) error {
	limit := time.After(readyLimit)
	for {
		select {
		case <-s.exited:
			return errExited
		default:
		}
		if ready(s) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit:
			return fmt.Errorf("not ready after %s", readyLimit)
		case <-time.After(readyPoll):
		}
	}
}

// stop ends the server and waits until it is gone.
func (s *server) stop() {
	_ = s.process.Signal(s.stopBy)
	select {
	case <-s.exited:
	case <-time.After(stopGrace):
		_ = syscall.Kill(-s.process.Pid, syscall.SIGKILL)
		<-s.exited
	}
}

func (s *server) address() string { return fmt.Sprintf("%s:%d", loopback, s.port) }

// freePort asks the kernel for a port that nobody has right now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp4", loopback+":0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// tail returns the last lines of a file, for an error message.
func tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
