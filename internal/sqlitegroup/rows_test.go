package sqlitegroup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// numbers makes a table of 1 … n.
func numbers(t *testing.T, n int) *fixture {
	t.Helper()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x INTEGER PRIMARY KEY, at TIMESTAMP)",
		fmt.Sprintf("INSERT INTO a(x) WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r WHERE i < %d) SELECT i FROM r", n))
	return f
}

func rest(t *testing.T, rows *sql.Rows) []int {
	t.Helper()
	var got []int
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return got
}

// The same text runs again, and other statements too, while its first rows are
// being read.
func TestRowsOfTheSameQueryNested(t *testing.T) {
	t.Parallel()
	const query = "SELECT x FROM a WHERE x >= $1 ORDER BY x"
	for _, prepared := range []bool{false, true} {
		f := numbers(t, 6)
		err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
			ask := func(from int) (*sql.Rows, error) { return tx.Query(query, from) }
			if prepared {
				stmt, err := tx.Prepare(query)
				if err != nil {
					return err
				}
				ask = func(from int) (*sql.Rows, error) { return stmt.Query(from) }
			}
			outer, err := ask(1)
			if err != nil {
				return err
			}
			outer.Next()
			var got [][]int
			for n := 1; n <= 3; n++ {
				inner, err := ask(n + 2)
				if err != nil {
					return err
				}
				got = append(got, rest(t, inner))
				if _, err := tx.Exec("UPDATE a SET at = $1", time.Now()); err != nil {
					return err
				}
			}
			if diff := cmp.Diff([][]int{{3, 4, 5, 6}, {4, 5, 6}, {5, 6}}, got); diff != "" {
				t.Errorf("inner rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int{2, 3, 4, 5, 6}, rest(t, outer)); diff != "" {
				t.Errorf("rest of the outer rows (-want +got):\n%s", diff)
			}
			return nil
		})
		if err != nil {
			t.Errorf("prepared=%v: %v", prepared, err)
		}
	}
}

// Two Rows of one query are read in turns.
func TestRowsReadInTurns(t *testing.T) {
	t.Parallel()
	f := numbers(t, 50)
	err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
		one, err := tx.Query("SELECT x FROM a WHERE x > $1", 0)
		if err != nil {
			return err
		}
		one.Next()
		two, err := tx.Query("SELECT x FROM a WHERE x > $1", 0)
		if err != nil {
			return err
		}
		for want := 1; want <= 50; want++ {
			var a, b int
			if !two.Next() {
				t.Fatalf("second rows end at %d: %v", want, two.Err())
			}
			if err := errors.Join(one.Scan(&a), two.Scan(&b)); err != nil {
				return err
			}
			if a != want || b != want {
				t.Fatalf("read %d and %d, want %d", a, b, want)
			}
			one.Next()
		}
		return errors.Join(one.Close(), two.Close())
	})
	if err != nil {
		t.Error(err)
	}
}

// Rows nobody closes hinder neither the end of the transaction nor the next
// one, nor savepoints, whether they come from a reading or a writing statement.
func TestRowsLeftOpen(t *testing.T) {
	t.Parallel()
	for _, commit := range []bool{true, false} {
		f := numbers(t, 20)
		for range 3 {
			tx, err := f.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("SAVEPOINT s"); err != nil {
				t.Fatal(err)
			}
			var left []*sql.Rows
			for _, q := range []string{"SELECT x FROM a WHERE x > $1", "UPDATE a SET at = '' WHERE x > $1 RETURNING x", "SELECT x FROM a WHERE x > $1"} {
				rows, err := tx.Query(q, 0)
				if err != nil {
					t.Fatal(err)
				}
				if !rows.Next() {
					t.Fatal(rows.Err())
				}
				left = append(left, rows)
				if len(left) == 2 {
					if _, err := tx.Exec("RELEASE s"); err != nil {
						t.Errorf("release with rows open: %v", err)
					}
				}
			}
			end := tx.Rollback
			if commit {
				end = tx.Commit
			}
			if err := end(); err != nil {
				t.Errorf("end with rows open: %v", err)
			}
			for _, rows := range left {
				if rows.Next() {
					t.Error("rows go on after their transaction")
				}
			}
		}
		want := map[bool]int{true: 20, false: 0}[commit]
		if n := f.committed(t, "SELECT count(*) FROM a WHERE at = ''"); n != want {
			t.Errorf("commit=%v: %d rows updated, want %d", commit, n, want)
		}
	}
}

// The rows' own context ends while they are being read, beside another
// statement of the transaction.
func TestRowsCancelled(t *testing.T) {
	t.Parallel()
	f := numbers(t, 1000)
	for range 20 {
		err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			rows, err := tx.QueryContext(ctx, "SELECT x FROM a WHERE x > $1", 0)
			if err != nil {
				return err
			}
			rows.Next()
			cancel()
			for range 10 {
				if _, err := tx.Exec("UPDATE a SET at = $1 WHERE x = $2", "z", 5); err != nil {
					return err
				}
			}
			for rows.Next() {
			}
			if err := rows.Err(); err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An error in the middle of reading is told, after a detour through memory too.
func TestRowsError(t *testing.T) {
	t.Parallel()
	f := numbers(t, 5)
	// json() fails on the third row.
	const query = "SELECT json(CASE x WHEN 3 THEN '{' ELSE '1' END) FROM a WHERE x > $1 ORDER BY x"
	if _, err := f.Query(query, 0); err == nil {
		t.Error("outside a transaction the error is missing")
	}
	for _, detour := range []bool{false, true} {
		err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
			rows, err := tx.Query(query, 0)
			if err != nil {
				return err
			}
			if detour {
				if _, err := tx.Exec("UPDATE a SET at = '' WHERE x = 1"); err != nil {
					return err
				}
			}
			n := 0
			for rows.Next() {
				n++
			}
			if n != 2 || rows.Err() == nil {
				t.Errorf("detour=%v: %d rows and %v, want 2 and an error", detour, n, rows.Err())
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	f.exec(t, "UPDATE a SET at = 'still alive'")
}

func TestColumnTypes(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(i INTEGER, t TEXT, b BLOB, at TIMESTAMP, empty TEXT)", "INSERT INTO a VALUES(1, 'x', x'00', '2026-01-02 03:04:05+00:00', NULL)")
	const query = "SELECT i, t, b, at, empty, i + 1.5 FROM a"
	tell := func(rows *sql.Rows, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		types, err := rows.ColumnTypes()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range types {
			_, long := c.Length()
			got = append(got, fmt.Sprintln(c.Name(), c.DatabaseTypeName(), c.ScanType(), long))
		}
		return got
	}
	want := tell(f.reader.Query(query)) // modernc alone
	want[4] = "empty TEXT interface {} false\n"
	tx, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tell(tx.Query(query))); diff != "" {
		t.Errorf("in a transaction (-want +got):\n%s", diff)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, tell(f.Query(query))); diff != "" {
		t.Errorf("outside (-want +got):\n%s", diff)
	}
}

// A driver's caller that, other than database/sql, does not close its rows
// before the end of the transaction: the statement is free again, also one that
// writes, which would keep COMMIT from succeeding.
func TestRowsOpenBeneathDatabaseSQL(t *testing.T) {
	t.Parallel()
	f := numbers(t, 20)
	c := &conn{g: f.group}
	for range 3 {
		tx, err := c.Begin()
		if err != nil {
			t.Fatal(err)
		}
		args := []driver.NamedValue{{Ordinal: 1, Value: int64(0)}}
		rows, err := c.QueryContext(context.Background(), "UPDATE a SET at = '' WHERE x > $1 RETURNING x", args)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]driver.Value, 1)
		if err := rows.Next(row); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Errorf("commit: %v", err)
		}
		if err := rows.Next(row); !errors.Is(err, errRowsEnded) {
			t.Errorf("next row after the transaction: %v", err)
		}
		if err := rows.Close(); err != nil {
			t.Errorf("close after the transaction: %v", err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a WHERE at = ''"); n != 20 {
		t.Errorf("%d rows updated, want 20", n)
	}
}
