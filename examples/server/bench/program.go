package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// What the program itself is to cost: until it is ready on a database that exists, and while nobody calls.
const (
	startAim      = 0.3  // seconds
	memoryAim     = 40.0 // megabytes
	idleShareGoal = 0.03 // of a processor
)

// The package of the server, and how long it is left alone before its idleness is measured, and measured.
const (
	serverPackage = "github.com/veranda-go/veranda/examples/server"
	calmBefore    = 5 * time.Second
)

// program measures the real server: from the start of its process to the first answer that it is ready, and what it
// costs while nobody calls.
func (b *bench) program(ctx context.Context) error {
	binary := filepath.Join(b.folder, "server")
	if output, err := exec.CommandContext(ctx, "go", "build", "-o", binary, serverPackage).CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return err
		}
		b.missing("start", fmt.Sprintf("the server cannot be built: %v\n%s", err, firstLines(string(output), 3)))
		return nil
	}
	data := filepath.Join(b.folder, "server-data")
	fresh, err := b.startServer(ctx, binary, data)
	if err != nil {
		b.missing("start", fmt.Sprintf("the server does not start: %v", err))
		return nil
	}
	if err := fresh.stop(); err != nil {
		return err
	}
	b.info("start.fresh", fresh.took.Seconds(), "s to make a database and be ready")
	var times []float64
	for range b.rounds {
		again, err := b.startServer(ctx, binary, data)
		if err != nil {
			return err
		}
		times = append(times, again.took.Seconds())
		if err := again.stop(); err != nil {
			return err
		}
	}
	b.info("start.existing", median(times), fmt.Sprintf("s until ready (aim %v)", startAim))
	return b.idle(ctx, binary, data)
}

// idle measures a server that nobody calls.
func (b *bench) idle(ctx context.Context, binary, data string) (err error) {
	server, err := b.startServer(ctx, binary, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	calm := calmBefore
	if b.rounds == 1 {
		calm = time.Second
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(calm):
	}
	pid := server.command.Process.Pid
	memory, err := residentMemory(pid)
	if err != nil {
		b.missing("idle", err.Error())
		return nil
	}
	before, err := processorTime(pid)
	if err != nil {
		return err
	}
	begin := time.Now()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(2 * calm):
	}
	after, err := processorTime(pid)
	if err != nil {
		return err
	}
	share := float64(after-before) / float64(time.Since(begin))
	b.atMost("idle.cpu", share/idleShareGoal, 1)
	b.info("idle.cpu.share", share*100, "% of a processor")
	b.info("idle.memory", memory, fmt.Sprintf("MB (aim %v)", memoryAim))
	return nil
}

// server is a running server.
type server struct {
	command *exec.Cmd
	log     *strings.Builder
	ended   chan error
	took    time.Duration // until it was ready
}

// readyWithin is how long a server may take to be ready.
const readyWithin = 30 * time.Second

func (b *bench) startServer(ctx context.Context, binary, data string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s := &server{command: exec.Command(binary), log: &strings.Builder{}, ended: make(chan error, 1)}
	s.command.Stderr = s.log
	// None of what the caller's environment says of a server: the defaults are measured.
	s.command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + data, "DATA_DIR=" + data, "LISTEN_ADDR=" + address, "LOG_LEVEL=warn"}
	begin := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.command.Wait() }()
	client := &http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	for {
		answer, err := client.Get("http://" + address + "/readyz")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				s.took = time.Since(begin)
				return s, nil
			}
		}
		select {
		case err := <-s.ended:
			return nil, fmt.Errorf("%w: %s", errors.Join(errors.New("it ended"), err), firstLines(s.log.String(), 3))
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), s.stop())
		case <-time.After(time.Millisecond):
		}
		if time.Since(begin) > readyWithin {
			return nil, errors.Join(fmt.Errorf("not ready after %v", readyWithin), s.stop())
		}
	}
}

// stop ends the server as an operator does.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(stopWithin):
		return errors.Join(errors.New("the server does not stop"), s.command.Process.Kill())
	}
}

// freeAddress is an address that nobody listens on at the moment.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

func firstLines(text string, count int) string {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", count+1)
	return strings.Join(lines[:min(count, len(lines))], "\n")
}
