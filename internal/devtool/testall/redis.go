package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// redis is a private Redis that keeps nothing on disk.
type redis struct{ *server }

func startRedis(ctx context.Context, r *room, programs binaries) (*redis, error) {
	data, err := r.folder("redis")
	if err != nil {
		return nil, fmt.Errorf("making Redis's directory: %w", err)
	}
	s, err := launch{
		name:      "redis",
		arguments: func(port int) []string { return redisArguments(programs.redis, data, port) },
		stopBy:    syscall.SIGTERM,
		ready:     func(s *server) bool { return redisAnswers(s.address(), s.process.Pid) },
	}.start(ctx, r)
	if err != nil {
		return nil, err
	}
	return &redis{s}, nil
}

// redisArguments is the command line of the server: no snapshots, no append-only
// file, and more than the usual 16 databases, so that packages tested at the same
// time can each have their own.
func redisArguments(program, data string, port int) []string {
	return []string{
		program, "--bind", loopback, "--port", strconv.Itoa(port), "--dir", data,
		"--save", "", "--appendonly", "no", "--databases", "256", "--daemonize", "no", "--loglevel", "warning",
	}
}

// redisAnswers asks for the server's own process id, so that another Redis which
// took the port first is not mistaken for ours.
func redisAnswers(address string, pid int) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(connection, "INFO server\r\nQUIT\r\n"); err != nil {
		return false
	}
	answer, _ := io.ReadAll(connection)
	return redisProcess(string(answer)) == pid
}

// redisProcess reads process_id from the answer to INFO, 0 when it is not there.
func redisProcess(info string) int {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "process_id:"); ok {
			pid, _ := strconv.Atoi(value)
			return pid
		}
	}
	return 0
}

func (r *redis) url() string { return "redis://" + r.address() }
