// Command bench measures the reference server. `make bench` runs it on private PostgreSQL and Redis servers;
// `make bench ONLY=list` runs the measurements whose names contain "list".
//
// It prints one line for each figure that has a goal,
//
//	RATIO <name> <value> <goal> ok|short
//
// and one for each that has none,
//
//	INFO <name> <value> <unit>
//
// A ratio is a rate of Veranda's divided by the rate of what it is compared with, so that greater is better and the goal
// is the least; ratios of the groups latency and idle are a cost divided by what it may cost, so that the goal, 1, is the
// most. The exit status tells whether the program could measure, never whether a goal was reached: how fast a machine is
// on a given afternoon is not a defect of the code.
//
// # What is compared
//
// Lists, reads and creates go over HTTP on 32 connections, against 100,000 tasks in 20 workspaces of one organization.
// Three programs answer them with the same bytes from the same schema, each from a database of its own:
//
//   - full: the server's own stack: bearer token, permission, OpenAPI validation, version, event, outbox row, access log.
//     On SQLite it commits with synchronous=FULL.
//   - bare: fiber and bun, as one writes it by hand without any of that. On SQLite synchronous=NORMAL.
//   - limit: fiber and database/sql with prepared statements, scanned by hand. On SQLite synchronous=NORMAL.
//
// Each is a process of its own, and they take turns: A B C A B C …. A figure is the median of the rounds, a ratio the
// median of each round's ratio, so that a machine that gets busier in between spoils both sides alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == sideCommand {
		os.Exit(exit(runSide(ctx, os.Args[2:], os.Stdin, os.Stdout)))
	}
	os.Exit(exit(run(ctx, os.Args[1:])))
}

func exit(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	default:
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
}

// bench is a run of the program.
type bench struct {
	report
	only        string
	rounds      int
	duration    time.Duration // of one turn of one side
	connections int
	tasks       int
	postgres    string // URL of a server, or ""
	redis       string // URL of a server, or ""
	folder      string // for everything the run writes
	profiles    string // for profiles of the full side, or ""
}

func run(ctx context.Context, args []string) error {
	b := &bench{report: report{out: os.Stdout}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&b.only, "only", "", "measure only what has this `text` in its name; several are separated by commas")
	flags.IntVar(&b.rounds, "rounds", 5, "how many turns each side gets")
	flags.DurationVar(&b.duration, "duration", 2*time.Second, "how long a turn is")
	flags.IntVar(&b.connections, "connections", 32, "how many connections call at once")
	flags.IntVar(&b.tasks, "tasks", 100_000, "how many tasks there are")
	flags.StringVar(&b.profiles, "profile", "", "write processor profiles of the full side into this `folder`")
	folder := flags.String("folder", "", "where databases are made and removed again; must be on a real disk (default: the system's temporary folder)")
	quick := flags.Bool("quick", false, "seconds instead of minutes: few tasks and short turns, to see that everything runs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *quick {
		b.rounds, b.duration, b.tasks = 1, 200*time.Millisecond, 2_000
	}
	if b.rounds < 1 || b.connections < 1 || b.tasks < 100 || b.duration <= 0 {
		return errors.New("want at least one round, one connection, 100 tasks and some time")
	}
	b.postgres, b.redis = os.Getenv("VERANDA_TEST_POSTGRES"), os.Getenv("VERANDA_TEST_REDIS")
	if b.profiles != "" {
		if err := os.MkdirAll(b.profiles, 0o755); err != nil {
			return err
		}
	}
	var err error
	if b.folder, err = os.MkdirTemp(*folder, "veranda-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.folder) }()
	return b.measure(ctx)
}

// group is a set of figures that are measured together. Its names are those of its figures, for -only.
type group struct {
	names   []string
	measure func(context.Context) error
}

// measure runs the groups that were asked for. What is quiet comes first: a machine that has just been busy has its
// clock turned down and its disk's cache full.
func (b *bench) measure(ctx context.Context) error {
	groups := []group{
		{[]string{"decision.60", "decision.1500", "decision.15000"}, b.decisions},
		{[]string{"permission.get", "permission.read", "permission.decide"}, b.permission},
		{[]string{"start.fresh", "start.existing", "idle.cpu", "idle.memory"}, b.program},
		{[]string{"latency.embedded.p50", "latency.redis.p50"}, b.latency},
		{[]string{"disk.sync"}, b.disk},
		{sqlite.groups(), func(ctx context.Context) error { return b.engine(ctx, sqlite) }},
		{postgres.groups(), func(ctx context.Context) error { return b.engine(ctx, postgres) }},
	}
	measured := false
	for _, g := range groups {
		if !b.wanted(g.names...) {
			continue
		}
		measured = true
		if err := g.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", g.names[0], err)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	if !measured {
		return fmt.Errorf("nothing is called %q", b.only)
	}
	return nil
}
