package pgpipe

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// step is one step of a random program. Only a pipelining pool defers; for the plain one it is a statement like others.
type step struct {
	query    string
	args     []any
	read     bool
	deferred bool
}

func (s step) String() string {
	text := s.query
	if len(s.args) > 0 {
		text += fmt.Sprint(" ", s.args)
	}
	if s.deferred {
		text += " (deferred)"
	}
	return text
}

// program is the steps of one transaction and its end.
type program struct {
	steps    []step
	rollback bool
}

// drawProgram makes a program. Ids are few, so that many inserts collide.
func drawProgram(t *rapid.T) program {
	id := rapid.IntRange(1, 4)
	one := rapid.Custom(func(t *rapid.T) step {
		n, m := id.Draw(t, "id"), id.Draw(t, "other id")
		all := []step{
			{query: "insert into p values ($1, $2)", args: []any{n, m}},
			{query: fmt.Sprintf("insert into p values (%d, %d)", n, m)},
			{query: "insert into c values ($1)", args: []any{n}}, // refers to p, which is checked at commit
			{query: "update p set v = v + $1 where id <> $2", args: []any{n, m}},
			{query: fmt.Sprintf("delete from p where id = %d", n)},
			{query: "insert into c select id from p where v > $1 on conflict do nothing", args: []any{n}},
			{query: "select wrongly"},
			{query: "insert into nowhere values ($1)", args: []any{n}},
			{query: "select 1 / ($1::int - 1)", args: []any{n}},
			{query: "select v from p where id = $1", args: []any{n}, read: true},
			{query: fmt.Sprintf("select sum(v) from p where id > %d", n), read: true},
			{query: "insert into p values ($1, $2) returning v", args: []any{n, m}, read: true},
			{query: "savepoint s"},
			{query: "rollback to savepoint s"},
			{query: "release savepoint s"},
		}
		// Mostly what works, for a transaction with an error in it is soon over.
		s := all[rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 5), rapid.IntRange(0, len(all)-1)).Draw(t, "kind")]
		s.deferred = !s.read && !strings.Contains(s.query, "savepoint") && rapid.Bool().Draw(t, "deferred")
		return s
	})
	return program{
		steps:    rapid.SliceOfN(one, 0, 8).Draw(t, "steps"),
		rollback: rapid.IntRange(0, 4).Draw(t, "end") == 0,
	}
}

// outcome is what a caller sees of a program.
type outcome struct {
	Committed bool
	Parents   []string
	Children  []string
}

// runProgram runs a program and ignores the errors of its steps, as a careless caller does. The last value says what was
// read, for a program in which nothing failed.
func runProgram(t *rapid.T, db *sql.Conn, schema string, p program, pipelined bool) (seen outcome, read []string, failed bool) {
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.steps {
		args := s.args
		if s.deferred && pipelined {
			args = append([]any{Deferred{}}, args...)
		}
		if s.read {
			var value sql.NullInt64
			err = tx.QueryRowContext(ctx, s.query, args...).Scan(&value)
			read = append(read, fmt.Sprint(value))
			if err == sql.ErrNoRows {
				err = nil
			}
		} else {
			_, err = tx.ExecContext(ctx, s.query, args...)
		}
		failed = failed || err != nil
	}
	if p.rollback {
		if err := tx.Rollback(); err != nil {
			t.Fatalf("rollback: %v", err)
		}
	} else {
		seen.Committed = tx.Commit() == nil
	}
	for table, into := range map[string]*[]string{"p": &seen.Parents, "c": &seen.Children} {
		//sql:built the test varies the statement itself
		rows, err := db.QueryContext(ctx, fmt.Sprintf("select x::text from %s.%s x order by x", schema, table))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			*into = append(*into, row)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return seen, read, failed
}

// Any program leaves the same tables behind, pipelined or not, and its commit succeeds or fails alike.
func TestProgramsDoTheSame(t *testing.T) {
	t.Parallel()
	plainConfig, config := newConfig(t), newConfig(t)
	plain, piped := oneConn(t, openPlain(t, plainConfig)), oneConn(t, openPool(t, config))
	for _, db := range []*sql.Conn{plain, piped} {
		mustExec(t, db, `create table p (id int primary key, v int not null);
			create table c (id int primary key references p (id) deferrable initially deferred)`)
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, db := range []*sql.Conn{plain, piped} {
			if _, err := db.ExecContext(context.Background(), "delete from c; delete from p; insert into p values (1, 10)"); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			p := drawProgram(t)
			want, wantRead, failed := runProgram(t, plain, plainConfig.RuntimeParams["search_path"], p, false)
			got, gotRead, _ := runProgram(t, piped, config.RuntimeParams["search_path"], p, true)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%v\n(-plain +pipelined):\n%s", p, diff)
			}
			if diff := cmp.Diff(wantRead, gotRead); diff != "" && !failed {
				t.Fatalf("%v\nread (-plain +pipelined):\n%s", p, diff)
			}
		}
	})
}
