package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// step is one thing a random transaction does.
type step struct {
	kind     string
	key, val int
}

// plan is a random transaction.
type plan struct {
	steps  []step
	commit bool
}

func drawPlan(t *rapid.T) plan {
	kinds := rapid.SampledFrom([]string{"put", "insert", "add", "delete", "savepoint", "release", "rollback to", "read", "read half"})
	p := plan{commit: rapid.IntRange(0, 3).Draw(t, "commit") > 0}
	for range rapid.IntRange(0, 8).Draw(t, "steps") {
		p.steps = append(p.steps, step{kinds.Draw(t, "kind"), rapid.IntRange(0, 5).Draw(t, "key"), rapid.IntRange(0, 99).Draw(t, "val")})
	}
	return p
}

// run does the plan in tx, beginning with the contents state, and returns the
// contents it must leave.
func (p plan) run(tx *sql.Tx, state map[int]int) (map[int]int, error) {
	state = maps.Clone(state)
	var saved []map[int]int
	name := func() string { return fmt.Sprintf("s%d", len(saved)) }
	for _, s := range p.steps {
		var err error
		switch s.kind {
		case "put":
			state[s.key] = s.val
			_, err = tx.Exec("INSERT INTO a VALUES($2, $1) ON CONFLICT(k) DO UPDATE SET v = $1", s.val, s.key)
		case "insert":
			_, taken := state[s.key]
			if _, err = tx.Exec("INSERT INTO a VALUES($1, $2)", s.key, s.val); taken != (err != nil) {
				return nil, fmt.Errorf("insert of a key, taken=%v: %w", taken, err)
			}
			if err = nil; !taken {
				state[s.key] = s.val
			}
		case "add":
			if _, ok := state[s.key]; ok {
				state[s.key] += s.val
			}
			_, err = tx.Exec("UPDATE a SET v = v + $1 WHERE k = $2", s.val, s.key)
		case "delete":
			delete(state, s.key)
			_, err = tx.Exec("DELETE FROM a WHERE k = $1", s.key)
		case "savepoint":
			saved = append(saved, maps.Clone(state))
			//sql:built the test varies the statement itself
			_, err = tx.Exec("SAVEPOINT " + name())
		case "release":
			if len(saved) > 0 {
				//sql:built the test varies the statement itself
				_, err = tx.Exec("RELEASE " + name())
				saved = saved[:len(saved)-1]
			}
		case "rollback to":
			if len(saved) > 0 {
				state = maps.Clone(saved[len(saved)-1])
				//sql:built the test varies the statement itself
				_, err = tx.Exec("ROLLBACK TO " + name())
			}
		case "read":
			var got map[int]int
			if got, err = contents(tx.Query("SELECT k, v FROM a WHERE k >= $1", 0)); err == nil && !maps.Equal(got, state) {
				err = fmt.Errorf("transaction reads %v, want %v", got, state)
			}
		case "read half": // and leave the rows open
			var rows *sql.Rows
			if rows, err = tx.Query("SELECT k, v FROM a WHERE k >= $1", 0); err == nil {
				rows.Next()
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%v: %w", s, err)
		}
	}
	return state, nil
}

func contents(rows *sql.Rows, err error) (map[int]int, error) {
	if err != nil {
		return nil, err
	}
	got := map[int]int{}
	for rows.Next() {
		var k, v int
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		got[k] = v
	}
	return got, errors.Join(rows.Err(), rows.Close())
}

// Random transactions of several goroutines act as if one ran after the other:
// the model is a plain map without a lock, which only the holder of the baton
// touches, so the race detector watches the baton too.
func TestTransactionsAgainstModel(t *testing.T) {
	t.Parallel()
	f := open(t, "", func(c *Config) { c.MaxBatch = 4 })
	f.exec(t, "CREATE TABLE a(k INTEGER PRIMARY KEY, v INT)")
	rapid.Check(t, func(t *rapid.T) {
		if _, err := f.Exec("DELETE FROM a"); err != nil {
			t.Fatal(err)
		}
		plans := make([][]plan, rapid.IntRange(1, 6).Draw(t, "goroutines"))
		for i := range plans {
			plans[i] = rapid.SliceOfN(rapid.Custom(drawPlan), 1, 4).Draw(t, "plans")
		}
		model := map[int]int{}
		errRollback := errors.New("roll back")
		errs := make([]error, len(plans))
		var wg sync.WaitGroup
		for i := range plans {
			wg.Go(func() {
				for _, p := range plans[i] {
					err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
						after, err := p.run(tx, model)
						if err != nil {
							return err
						}
						if !p.commit {
							return errRollback
						}
						model = after
						return nil
					})
					if err != nil && !errors.Is(err, errRollback) {
						errs[i] = err
						return
					}
				}
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		got, err := contents(f.reader.Query("SELECT k, v FROM a"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(model, got); diff != "" {
			t.Fatalf("committed contents (-want +got):\n%s", diff)
		}
	})
}
