package veranda_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/database"
	"github.com/veranda-go/veranda/verandatest"
)

// A child of the kill test is this test binary again, with the database to write to in the environment.
const childVariable = "VERANDA_KILL_CHILD"

func TestMain(m *testing.M) {
	if location := os.Getenv(childVariable); location != "" {
		writeUntilKilled(location)
		return
	}
	os.Exit(m.Run())
}

// writeUntilKilled makes events as fast as it can and names each on standard output when it is acknowledged.
func writeUntilKilled(location string) {
	db, err := veranda.Open(context.Background(), location)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	out := make(chan string, 1000)
	for range 16 {
		go func() {
			for {
				id := veranda.NewID[struct{ event int }]()
				err := db.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
					tx.Emit(veranda.Event{Kind: "test.kill", Subject: id.String()})
					return nil
				})
				if err == nil {
					out <- id.String()
				}
			}
		}()
	}
	for line := range out {
		fmt.Println(line)
	}
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			e := verandatest.New(t, engine, core)
			var ledger []string
			for range 20 {
				ledger = append(ledger, killedRun(t, e.Location)...)
			}
			var stored []string
			if err := e.DB.Reader().NewRaw("SELECT subject_id FROM veranda_events").Scan(context.Background(), &stored); err != nil {
				t.Fatal(err)
			}
			have := make(map[string]bool, len(stored))
			for _, id := range stored {
				if have[id] {
					t.Errorf("%s is stored twice", id)
				}
				have[id] = true
			}
			missing := 0
			for _, id := range ledger {
				if !have[id] {
					missing++
				}
			}
			if missing > 0 || len(ledger) < 100 {
				t.Errorf("%d of %d acknowledged events are missing", missing, len(ledger))
			}
			if engine == verandatest.SQLite {
				var verdict string
				if err := e.DB.Reader().NewRaw("PRAGMA integrity_check").Scan(context.Background(), &verdict); err != nil || verdict != "ok" {
					t.Errorf("integrity: %s %v", verdict, err)
				}
			}
		})
	}
}

// killedRun starts a writer, kills it under load, and gives what it had acknowledged: whole lines only.
func killedRun(t *testing.T, location string) []string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+location)
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	reader := bufio.NewReader(pipe)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			break
		}
		if strings.HasPrefix(line, "error") {
			t.Fatal(line)
		}
		acknowledged = append(acknowledged, strings.TrimSpace(line))
		if len(acknowledged) == 100 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait()
	return acknowledged
}

// A kill proves order, not durability: the file lives on in the system's cache. So the pragmas are read back from the
// live connections, and a sync is seen before every acknowledgement.
func TestSQLiteIsDurable(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, core)
	ctx := context.Background()
	for pragma, want := range map[string]string{"PRAGMA synchronous": "2", "PRAGMA journal_mode": "wal", "PRAGMA foreign_keys": "1"} {
		tx, err := e.DB.Writer().BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = tx.NewRaw(pragma).Scan(ctx, &got)
		_ = tx.Rollback()
		if err != nil || got != want {
			t.Errorf("%s on the writer: %q %v, want %s", pragma, got, err, want)
		}
	}
	if _, err := e.DB.Reader().ExecContext(ctx, "DELETE FROM veranda_events"); err == nil {
		t.Error("a reader can write")
	}

	var syncs atomic.Int64
	writer, reader, err := database.SQLite(ctx, filepath.Join(t.TempDir(), "sync.db"), func() { syncs.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = writer.Close(), reader.Close() }()
	if _, err := writer.ExecContext(ctx, "CREATE TABLE t (n INTEGER) STRICT"); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				before := syncs.Load()
				if _, err := writer.ExecContext(ctx, "INSERT INTO t VALUES (1)"); err != nil {
					t.Error(err)
				}
				if syncs.Load() == before {
					t.Error("acknowledged before a sync")
				}
			}
		})
	}
	group.Wait()
	deadline, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var n int
	if err := reader.NewRaw("SELECT count(*) FROM t").Scan(deadline, &n); err != nil || n != 400 {
		t.Errorf("%d rows %v, want 400", n, err)
	}
}
