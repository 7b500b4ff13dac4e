// Command server is the reference server of Veranda: the whole product over HTTP.
//
// Without any configuration it keeps a SQLite database, its key and the mails it would send in ./data, runs its queue
// inside the process, and listens on 127.0.0.1:8080. With DATABASE_URL, REDIS_URL and SMTP_URL the same binary runs on
// PostgreSQL and Redis and sends real mail, on any number of nodes. -config prints all variables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones, also where the machine has none

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
)

// version is what /openapi.json and the page at / say.
const version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program: the tests start it with an environment and a clock of their own. It returns the exit status.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer, options ...veranda.Option) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	printConfig := flags.Bool("config", false, "print the environment variables and stop")
	demo := flags.Bool("demo", false, "fill the database with an organization, people, workspaces and four weeks of activity")
	support := flags.String("make-support", "", "make the account with this confirmed `address` platform support and stop")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "server: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if *printConfig {
		if err := config.WriteTable(stdout); err != nil {
			return 1
		}
		return 0
	}
	settings, err := config.Load(getenv)
	if err == nil {
		err = settings.Prepare()
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 2
	}
	log := newLog(settings, stderr)
	if err := start(ctx, settings, log, *demo, *support, stdout, options); err != nil {
		log.Error("stopped", "error", err)
		return 1
	}
	return 0
}

func newLog(settings *config.Config, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.LogLevel}
	if settings.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

func start(ctx context.Context, settings *config.Config, log *slog.Logger, demo bool, support string, stdout io.Writer, options []veranda.Option) (err error) {
	app, err := newApp(ctx, settings, log, nil, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.close()) }()
	if support != "" {
		return app.makeSupport(ctx, support, stdout)
	}
	if err := app.applyPolicy(ctx); err != nil {
		return err
	}
	if demo {
		if err := fillDemo(ctx, settings, log, stdout); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return app.serve(ctx)
}

// listen opens the address; the error names the variable.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: cannot listen on %s: %w", address, err)
	}
	return listener, nil
}
