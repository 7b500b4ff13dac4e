package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// postgres is a private PostgreSQL with a superuser of the same name.
type postgres struct {
	*server
	password string
}

// startPostgres makes a cluster and starts it.
//
// It listens on loopback alone and asks for a password: whoever reaches a
// superuser can run programs as the server's user, and on a machine with several
// people loopback is open to all of them. The password method sends it in the
// clear, which on loopback costs nothing, where SCRAM would cost each of the
// thousands of test connections some milliseconds.
func startPostgres(ctx context.Context, r *room, programs binaries, durable bool) (*postgres, error) {
	data, err := r.folder("postgres")
	if err != nil {
		return nil, fmt.Errorf("making PostgreSQL's directory: %w", err)
	}
	password := rand.Text()
	passwordFile, err := r.file("password", password+"\n")
	if err != nil {
		return nil, fmt.Errorf("writing PostgreSQL's password: %w", err)
	}
	if err := initCluster(ctx, r, programs.initdb, data, passwordFile); err != nil {
		return nil, err
	}
	s, err := launch{
		name:      "postgres",
		arguments: func(port int) []string { return postgresArguments(programs.postgres, data, port, durable) },
		// Immediate shutdown: the data is deleted next, so nothing is flushed.
		stopBy: syscall.SIGQUIT,
		ready: func(s *server) bool {
			content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
			return err == nil && postmasterReady(string(content), s.process.Pid)
		},
	}.start(ctx, r)
	if err != nil {
		return nil, err
	}
	return &postgres{server: s, password: password}, nil
}

// initCluster runs initdb.
func initCluster(ctx context.Context, r *room, initdb, data, passwordFile string) error {
	logPath := filepath.Join(r.directory, "initdb.log")
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer log.Close()
	command := serverCommand(r, []string{
		initdb, "--pgdata", data, "--username=postgres", "--pwfile", passwordFile, "--auth=password",
		"--encoding=UTF8", "--locale=" + serverLocale, "--no-sync",
	}, log)
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting initdb: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("initdb: %w; its output ends:\n%s", err, tail(logPath, logTail))
		}
		return nil
	case <-ctx.Done():
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		<-ended
		return context.Cause(ctx)
	}
}

// postgresArguments is the command line of the server.
//
// Without durable, nothing is ever synced. That is right for tests: they ask
// whether a commit is visible, ordered and isolated, which holds in memory, and no
// test survives the power loss that fsync guards against; the cluster is deleted at
// the end anyhow. The tests of durability look at SQLite's pragmas, not at this
// server. Measurements do want the real cost, so they ask for durable.
func postgresArguments(program, data string, port int, durable bool) []string {
	settings := []string{
		"listen_addresses=" + loopback,
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=400", // many packages, each with parallel tests and pools
		"timezone=UTC",
		"log_timezone=UTC",
	}
	if !durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	arguments := []string{program, "-D", data}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// postmasterReady reads a postmaster.pid: the first line is the process id, the
// eighth its state (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_PM_STATUS, since
// version 10). Unlike a connection, it cannot be answered by another server.
func postmasterReady(content string, pid int) bool {
	lines := strings.Split(content, "\n")
	return len(lines) >= 8 && strings.TrimSpace(lines[0]) == strconv.Itoa(pid) &&
		strings.TrimSpace(lines[7]) == "ready"
}

// url names the database "postgres"; tests make their own beside it.
func (p *postgres) url() string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", p.password), Host: p.address(),
		Path: "/postgres", RawQuery: "sslmode=disable",
	}).String()
}
