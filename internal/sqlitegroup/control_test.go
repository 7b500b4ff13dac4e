package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
)

func TestTransactionControlRefused(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x)")
	for _, query := range []string{
		"COMMIT", "commit transaction", "END", "END TRANSACTION", "ROLLBACK", "rollback transaction",
		"BEGIN", "BEGIN IMMEDIATE", "/* a */ -- b\n COMMIT", ";;COMMIT",
		"INSERT INTO a VALUES('script'); COMMIT; INSERT INTO a VALUES('autocommit')",
	} {
		t.Run(query, func(t *testing.T) {
			if _, err := f.Exec(query); !errors.Is(err, ErrTransactionControl) {
				t.Errorf("outside a transaction: %v", err)
			}
			err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
				if _, err := tx.Exec(query); !errors.Is(err, ErrTransactionControl) {
					t.Errorf("in a transaction: %v", err)
				}
				rows, err := tx.Query(query)
				if err == nil {
					for rows.Next() {
					}
					err = errors.Join(rows.Err(), rows.Close())
				}
				if !errors.Is(err, ErrTransactionControl) {
					t.Errorf("as a query: %v", err)
				}
				stmt, err := tx.Prepare(query)
				if err == nil {
					_, err = stmt.Exec()
				}
				if !errors.Is(err, ErrTransactionControl) {
					t.Errorf("prepared: %v", err)
				}
				return errors.New("roll back")
			})
			if err == nil || err.Error() != "roll back" {
				t.Errorf("transaction ended with %v", err)
			}
		})
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 0 {
		t.Errorf("%d rows were committed by a statement", n)
	}
}

// What only looks like transaction control works.
func TestHarmlessStatementsAllowed(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, `CREATE TABLE a(x); CREATE TABLE log(x);
		CREATE TRIGGER tr AFTER INSERT ON a BEGIN INSERT INTO log VALUES(new.x); END;`,
		"INSERT INTO a VALUES('COMMIT')", "INSERT INTO a VALUES('a; ROLLBACK; b')", `CREATE TABLE "BEGIN"("END")`)
	if n := f.committed(t, "SELECT count(*) FROM log"); n != 2 {
		t.Errorf("trigger logged %d rows, want 2", n)
	}
}

func TestSavepoints(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	run := func(tx *sql.Tx, queries ...string) error {
		for _, q := range queries {
			if _, err := tx.Exec(q); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return nil
	}
	err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
		return run(tx, "INSERT INTO a VALUES(1)", "SAVEPOINT one", "INSERT INTO a VALUES(2)", "SAVEPOINT two",
			"INSERT INTO a VALUES(3)", "ROLLBACK TO two", "RELEASE two", "RELEASE one", "SAVEPOINT left_open", "INSERT INTO a VALUES(4)")
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := f.committed(t, "SELECT sum(x) FROM a"); n != 1+2+4 {
		t.Errorf("sum %d, want 7", n)
	}
	// Another member's savepoint is not there any more, and rolling back the
	// member takes its own, left open, along.
	err = inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
		if err := run(tx, "ROLLBACK TO left_open"); err == nil {
			t.Error("savepoint of another transaction was reached")
		}
		return errors.Join(run(tx, "SAVEPOINT left_open", "INSERT INTO a VALUES(8)"), errors.New("roll back"))
	})
	if err == nil {
		t.Error("want the caller's error")
	}
	if n := f.committed(t, "SELECT sum(x) FROM a"); n != 7 {
		t.Errorf("sum %d after a rollback, want 7", n)
	}
}

func TestOwnSavepointIsOutOfReach(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	own := f.group.real.guard.savepoint
	for _, format := range []string{"RELEASE %s", "ROLLBACK TO %s", `release savepoint "%s"`, "rollback to [%s]", "SAVEPOINT `%s`", "SAVEPOINT '%s'"} {
		//sql:built the test varies the statement itself
		if _, err := f.Exec(fmt.Sprintf(format, own)); !errors.Is(err, ErrTransactionControl) {
			t.Errorf(format+": %v", "…", err)
		}
	}
	if other := open(t, "").group.real.guard.savepoint; other == own {
		t.Error("two groups use the same name")
	}
}

// A rolled back change of the schema makes SQLite compile statements again,
// this package's own too.
func TestRolledBackSchemaChange(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	for range 3 {
		err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
			if _, err := tx.Exec("CREATE TABLE b(x)"); err != nil {
				return err
			}
			if err := insert(1)(tx); err != nil {
				return err
			}
			return errors.New("roll back")
		})
		if err == nil || err.Error() != "roll back" {
			t.Fatal(err)
		}
		if err := inTx(context.Background(), f.DB, insert(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

func TestReadOnlyTransaction(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	if err := inTx(context.Background(), f.DB, insert(1)); err != nil { // now it is in the cache
		t.Fatal(err)
	}
	tx, err := f.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelSerializable})
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(2)(tx); !errors.Is(err, ErrReadOnly) {
		t.Errorf("insert: %v", err)
	}
	if _, err := tx.Query("DELETE FROM a RETURNING x"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("delete returning: %v", err)
	}
	var n int
	if err := tx.QueryRow("WITH b AS (SELECT x FROM a) SELECT sum(x) FROM b WHERE x > $1", 0).Scan(&n); err != nil || n != 1 {
		t.Errorf("read %d, %v", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if err := inTx(context.Background(), f.DB, insert(4)); err != nil {
		t.Errorf("write after a read-only transaction: %v", err)
	}
}
