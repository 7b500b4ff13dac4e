package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/pprof"
	"strings"
)

// sideCommand is the first argument of a process that is measured: bench starts itself with it. Such a process serves on
// a port of its own, says which on standard output, obeys lines on standard input, and ends with its input, so that none
// outlives the run.
const sideCommand = "side"

// sideKind is what a side is.
type sideKind string

const (
	full  sideKind = "full"
	bare  sideKind = "bare"
	limit sideKind = "limit"
)

// sideOptions are the arguments of a side.
type sideOptions struct {
	kind     sideKind
	location string // of its database
	relay    bool   // full only: background work runs beside
	redis    string // the queue of the relay; empty: inside the process
}

func (o sideOptions) arguments() []string {
	arguments := []string{sideCommand, "-kind=" + string(o.kind), "-database=" + o.location, "-redis=" + o.redis}
	if o.relay {
		arguments = append(arguments, "-relay")
	}
	return arguments
}

// served is a side that runs.
type served interface {
	serve(net.Listener) error
	// open is how much background work waits; a side without any has none.
	open(context.Context) (int64, error)
	close() error
}

// runSide is the process of a side.
func runSide(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (err error) {
	var o sideOptions
	flags := flag.NewFlagSet(sideCommand, flag.ContinueOnError)
	kind := flags.String("kind", "", "")
	flags.StringVar(&o.location, "database", "", "")
	flags.BoolVar(&o.relay, "relay", false, "")
	flags.StringVar(&o.redis, "redis", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.kind = sideKind(*kind)
	side, err := newSide(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, side.close()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- side.serve(listener) }()
	obeyed := make(chan error, 1)
	go func() { obeyed <- obey(ctx, side, stdin, stdout) }()
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		return err
	}
	select {
	case err = <-failed:
	case err = <-obeyed:
	}
	return err
}

func newSide(ctx context.Context, o sideOptions) (served, error) {
	switch o.kind {
	case full:
		return newFullSide(ctx, o)
	case bare:
		return newBareSide(o)
	case limit:
		return newLimitSide(o)
	default:
		return nil, fmt.Errorf("there is no side %q", o.kind)
	}
}

// The lines a side obeys; each is answered by one line, "error …" where it fails.
const (
	askOpen         = "open"
	askProfile      = "profile " // and the file's path
	askProfileEnded = "profiled"
)

func obey(ctx context.Context, side served, stdin io.Reader, stdout io.Writer) error {
	lines := bufio.NewScanner(stdin)
	var profile *os.File
	for lines.Scan() {
		answer := "ok"
		var err error
		switch line := lines.Text(); {
		case line == askOpen:
			var open int64
			open, err = side.open(ctx)
			answer = fmt.Sprint(open)
		case strings.HasPrefix(line, askProfile):
			if profile, err = os.Create(strings.TrimPrefix(line, askProfile)); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
		case line == askProfileEnded:
			pprof.StopCPUProfile()
			err = profile.Close()
		default:
			err = fmt.Errorf("unknown %q", line)
		}
		if err != nil {
			answer = "error " + strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		if _, err := fmt.Fprintln(stdout, answer); err != nil {
			return err
		}
	}
	return lines.Err()
}
