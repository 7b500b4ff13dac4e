package veranda_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

var core = []veranda.Module{veranda.Core()}

// count counts events through the reading side, so that only what is committed counts.
func count(t *testing.T, e *verandatest.Env, kind string) int {
	t.Helper()
	return len(e.Events(t, kind))
}

func emit(tx *veranda.Tx, kind string) { tx.Emit(veranda.Event{Kind: kind, Subject: "x"}) }

func TestInTxKeepsOrUndoesEverything(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		var committed atomic.Int64
		var group sync.WaitGroup
		for worker := range 16 {
			group.Go(func() {
				for round := range 15 {
					callerCtx, cancel := context.WithCancel(ctx)
					func() {
						defer func() { _ = recover() }()
						err := e.DB.InTx(callerCtx, func(ctx context.Context, tx *veranda.Tx) error {
							emit(tx, "test.kept")
							if worker%4 == 0 {
								cancel() // the caller goes away in the middle: what was begun is finished
							}
							nested := tx.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
								emit(tx, "test.dropped")
								return errors.New("no")
							})
							if nested == nil {
								t.Error("a nested error was lost")
							}
							if err := tx.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.nested"); return nil }); err != nil {
								return err
							}
							switch {
							case worker%4 == 1 && round%2 == 0:
								panic("defect")
							case worker%4 == 2 && round%2 == 0:
								return errors.New("refused")
							}
							return nil
						})
						if err == nil {
							committed.Add(1)
						}
					}()
					cancel()
				}
			})
		}
		group.Wait()
		want := int(committed.Load())
		if want == 0 {
			t.Fatal("nothing was committed")
		}
		for kind, n := range map[string]int{"test.kept": want, "test.nested": want, "test.dropped": 0} {
			if got := count(t, e, kind); got != n {
				t.Errorf("%s: %d events, want %d", kind, got, n)
			}
		}
	})
}

func TestInTxInsideInTxIsRefused(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			return e.DB.InTx(ctx, func(context.Context, *veranda.Tx) error { return nil })
		})
		if !errors.Is(err, veranda.ErrNested) {
			t.Fatalf("got %v, want ErrNested", err)
		}
	})
}

func TestDeferredStatementFailsInItsSavepoint(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		insert := `INSERT INTO veranda_slots (job, slot) VALUES ($1, $2)`
		err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			if err := tx.Defer(ctx, insert, "a", e.DB.Time(e.DB.Now().Truncate(1e9))); err != nil {
				return err
			}
			err := tx.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				slot := e.DB.Time(e.DB.Now().Truncate(1e9))
				if err := tx.Defer(ctx, insert, "b", slot); err != nil {
					return err
				}
				return tx.Defer(ctx, insert, "b", slot)
			})
			if !veranda.IsUnique(err) {
				t.Errorf("the savepoint gave %v, want a unique violation", err)
			}
			return tx.Defer(ctx, insert, "c", e.DB.Time(e.DB.Now().Truncate(1e9)))
		})
		if err != nil {
			t.Fatal(err)
		}
		var jobs []string
		if err := e.DB.Reader().NewRaw("SELECT job FROM veranda_slots ORDER BY job").Scan(context.Background(), &jobs); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(jobs) != "[a c]" {
			t.Errorf("kept %v, want [a c]", jobs)
		}
	})
}

func TestUseTxLiesInTheHostsTransaction(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		host := e.DB.Writer()
		for _, keep := range []bool{false, true} {
			tx, err := host.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.DB.UseTx(ctx, tx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.in"); return nil }); err != nil {
				t.Fatal(err)
			}
			if err := e.DB.UseTx(ctx, tx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.out"); return errors.New("no") }); err == nil {
				t.Error("an error was lost")
			}
			if keep {
				err = tx.Commit()
			} else {
				err = tx.Rollback()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if in, out := count(t, e, "test.in"), count(t, e, "test.out"); in != 1 || out != 0 {
			t.Errorf("kept %d and %d events, want 1 and 0", in, out)
		}
	})
}

func TestHookVetoUndoesTheTransaction(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		veto := veranda.NewError(veranda.CodeConflict, "host.closed", "Closed on Sundays.")
		e.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{"test.*"}, Before: func(ctx context.Context, tx *veranda.Tx, event veranda.Event) error {
			if event.Kind == "test.bad" {
				return veto
			}
			if event.Kind == "test.good" {
				emit(tx, "test.echo") // what a hook emits is stored too, and asked about
			}
			return nil
		}})
		do := func(kind string) error {
			return e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { emit(tx, kind); return nil })
		}
		if err := do("test.good"); err != nil {
			t.Fatal(err)
		}
		if err := do("test.bad"); !errors.Is(err, veto) {
			t.Fatalf("got %v, want the veto", err)
		}
		e.WantEvents(t, "test.*", "test.good", "test.echo")
	})
}

func TestHostsOwnHandle(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		db, err := veranda.New(ctx, plainHandle(t, e, ""), veranda.WithClock(e.Clock))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.plain"); return nil }); err != nil {
			t.Fatal(err)
		}
		if n := count(t, e, "test.plain"); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
		var tx bun.Tx
		if tx, err = db.Writer().BeginTx(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if err := db.UseTx(ctx, tx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.hosted"); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, e, "test.hosted"); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
		if e.Engine == verandatest.SQLite {
			if _, err := veranda.New(ctx, plainHandle(t, e, "careless")); err == nil {
				t.Error("a handle without foreign keys was taken")
			}
		}
	})
}
