package sqlitegroup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"
)

func TestOpenFails(t *testing.T) {
	t.Parallel()
	_, _, err := Open(Config{DSN: "file:" + filepath.Join(t.TempDir(), "missing", "x.db")})
	if _, ok := errors.AsType[*sqlite.Error](err); !ok {
		t.Errorf("in a missing folder: %v, want a *sqlite.Error in the chain", err)
	}
	if _, _, err := Open(Config{DSN: "file:x.db?_pragma=%zz"}); err == nil {
		t.Error("a DSN that cannot be read is no error")
	}
}

// What the DSN asked for is in force on the connection that writes.
func TestPragmasReadBack(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	got := map[string]string{}
	for _, name := range []string{"synchronous", "journal_mode", "foreign_keys", "busy_timeout", "analysis_limit"} {
		var v string
		//sql:built the test varies the statement itself
		if err := f.QueryRow("PRAGMA " + name).Scan(&v); err != nil {
			t.Fatal(err)
		}
		got[name] = v
	}
	want := map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000", "analysis_limit": "1000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// ANALYZE writes no sqlite_stat4, which would have cached statements compiled
// again at every run.
func TestAnalyzeKeepsStatementsCompiled(t *testing.T) {
	t.Parallel()
	f := numbers(t, 500)
	f.exec(t, "CREATE INDEX a_at ON a(at)", "UPDATE a SET at = x % 7", "ANALYZE")
	if n := f.committed(t, "SELECT count(*) FROM sqlite_stat1"); n == 0 {
		t.Error("ANALYZE found nothing")
	}
	var n int
	err := f.reader.QueryRow("SELECT count(*) FROM sqlite_stat4").Scan(&n)
	if err != nil && !strings.Contains(err.Error(), "no such table") {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("sqlite_stat4 has %d rows", n)
	}
}

func TestOutsideTransaction(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	if err := f.Ping(); err != nil {
		t.Error(err)
	}
	f.exec(t, "-- nothing", "CREATE TABLE a(id INTEGER PRIMARY KEY, x)")
	result, err := f.Exec("INSERT INTO a(x) VALUES($1), ($1)", "v")
	if err != nil {
		t.Fatal(err)
	}
	id, err1 := result.LastInsertId()
	affected, err2 := result.RowsAffected()
	if id != 2 || affected != 2 || err1 != nil || err2 != nil {
		t.Errorf("id %d, affected %d, %v, %v", id, affected, err1, err2)
	}
	if _, err := f.Exec("INSERT INTO a(id) VALUES(1)"); err == nil {
		t.Error("conflict is no error")
	}
	// Rows are read in full and durable at once; a writer does not wait for
	// them to be closed.
	rows, err := f.Query("INSERT INTO a(x) VALUES('r1'), ('r2') RETURNING id")
	if err != nil {
		t.Fatal(err)
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 4 {
		t.Errorf("%d rows stored while RETURNING is being read, want 4", n)
	}
	f.exec(t, "DELETE FROM a")
	if diff := cmp.Diff([]int{3, 4}, rest(t, rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var n int
	if err := f.QueryRow("SELECT x FROM a WHERE id = 9").Scan(&n); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
}

func TestPinnedConnection(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	ctx := context.Background()
	c, err := f.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PingContext(ctx); err != nil {
		t.Error(err)
	}
	if _, err := c.ExecContext(ctx, "CREATE TABLE a(x)"); err != nil {
		t.Fatal(err)
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The connection and its transaction are the same for the driver.
	if _, err := c.ExecContext(ctx, "INSERT INTO a VALUES($1)", 1); err != nil {
		t.Error(err)
	}
	if err := c.PingContext(ctx); err != nil {
		t.Errorf("ping in a transaction: %v", err)
	}
	if _, err := c.BeginTx(ctx, nil); err == nil {
		t.Error("a transaction within a transaction began")
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 0 {
		t.Errorf("%d rows stored, want 0", n)
	}
}

func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	add, err := f.Prepare("INSERT INTO a VALUES($1)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add.Exec(1); err != nil {
		t.Error(err)
	}
	err = inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
		_, err := tx.Stmt(add).Exec(2)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	// The table changes its shape under a cached statement.
	all, err := f.Prepare("SELECT * FROM a ORDER BY x")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{"ALTER TABLE a ADD COLUMN y DEFAULT 7", "ALTER TABLE a DROP COLUMN y"} {
		f.exec(t, change)
		rows, err := all.Query()
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]int{true: 2, false: 1}[strings.Contains(change, "ADD")]
		if len(columns) != want {
			t.Errorf("after %s: columns %v", change, columns)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	broken, err := f.Prepare("SELECT nonsense FROM nowhere")
	if err == nil {
		_, err = broken.Exec()
	}
	if _, ok := errors.AsType[*sqlite.Error](err); !ok {
		t.Errorf("broken statement: %v", err)
	}
	if err := errors.Join(add.Close(), all.Close(), broken.Close()); err != nil {
		t.Error(err)
	}
}

// A transaction begun beneath database/sql is not left behind with the baton,
// however the connection goes on.
func TestLeakedTransactionEnds(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	leak := func(t *testing.T) *conn {
		c := &conn{g: f.group}
		if _, err := c.Begin(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(context.Background(), "INSERT INTO a VALUES(1)", nil); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, end := range map[string]func(*conn) error{
		"Close":        (*conn).Close,
		"ResetSession": func(c *conn) error { return c.ResetSession(context.Background()) },
		"Rollback twice": func(c *conn) error {
			tx := c.tx
			if err := tx.Rollback(); err != nil {
				return err
			}
			if err := tx.Rollback(); !errors.Is(err, errTxDone) {
				return errors.Join(errors.New("second rollback"), err)
			}
			if err := tx.Commit(); !errors.Is(err, errTxDone) {
				return errors.Join(errors.New("commit after rollback"), err)
			}
			return nil
		},
	} {
		c := leak(t)
		if c.IsValid() {
			t.Errorf("%s: a connection with a transaction left open is called valid", name)
		}
		if err := end(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.exec(t, "DELETE FROM a WHERE x = 0") // waits for ever if the baton is lost
	}

	// The same through the pool, which asks IsValid and closes.
	c, err := f.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	err = c.Raw(func(raw any) error {
		tx, err := raw.(driver.ConnBeginTx).BeginTx(context.Background(), driver.TxOptions{})
		if err != nil {
			return err
		}
		_, err = raw.(driver.ExecerContext).ExecContext(context.Background(), "INSERT INTO a VALUES(1)", nil)
		_ = tx
		return err
	})
	if err := errors.Join(err, c.Close()); err != nil {
		t.Error(err)
	}
	f.exec(t, "DELETE FROM a WHERE x = 0")
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 0 {
		t.Errorf("%d rows of leaked transactions are stored", n)
	}
}

// A panic within a statement outside a transaction leaves the baton free.
func TestPanicInStatement(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	func() {
		defer func() { _ = recover() }()
		c := &conn{g: f.group}
		_ = c.alone(context.Background(), func(*tx) error { panic("panic") })
		t.Error("panic was swallowed")
	}()
	f.exec(t, "INSERT INTO a VALUES(1)")
}

func TestDriverOpensNothing(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	if _, err := f.Driver().Open("x"); err == nil {
		t.Error("driver opened a connection by name")
	}
}
