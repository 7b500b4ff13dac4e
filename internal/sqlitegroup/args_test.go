package sqlitegroup

import (
	"database/sql"
	"database/sql/driver"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// key is a type with a Value of its own, as the ids of Veranda are.
type key [2]byte

func (k key) Value() (driver.Value, error) { return "key-" + string(k[:]), nil }

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	for _, c := range []struct {
		name, query string
		args        []any
		want        string
	}{
		{"question marks", "SELECT ? || ? || ?", []any{"a", "b", "c"}, "abc"},
		{"numbered question marks", "SELECT ?1 || ?2 || ?1", []any{"a", "b"}, "aba"},
		{"question marks out of order", "SELECT ?2 || ?1", []any{"a", "b"}, "ba"},
		{"dollars", "SELECT $1 || $2", []any{"a", "b"}, "ab"},
		{"a dollar twice", "SELECT $1 || $2 || $1", []any{"a", "b"}, "aba"},
		{"dollars out of order", "SELECT $2 || $1 || $3", []any{"a", "b", "c"}, "bac"},
		{"out of order and twice", "SELECT $3 || $1 || $3 || $2 || $1", []any{"a", "b", "c"}, "cacba"},
		{"more than nine", "SELECT $11 || $10 || $1 || $2 || $3 || $4 || $5 || $6 || $7 || $8 || $9", []any{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}, "kjabcdefghi"},
		{"named", "SELECT :x || @y || :x", []any{sql.Named("y", "b"), sql.Named("x", "a")}, "aba"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // compiled, then from the cache
				var got string
				if err := f.QueryRow(c.query, c.args...).Scan(&got); err != nil || got != c.want {
					t.Errorf("%q, %v; want %q", got, err, c.want)
				}
			}
		})
	}
	if _, err := f.Exec("SELECT $1 || $2", "a"); err == nil {
		t.Error("a missing argument is no error")
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 891011000, time.UTC)
	f := open(t, "")
	for _, c := range []struct {
		name string
		arg  any
		want string // type and literal as SQLite stores them
	}{
		{"int64", int64(-1 << 63), "integer -9223372036854775808"},
		{"int", 7, "integer 7"},
		{"float", 1.5, "real 1.5"},
		{"true", true, "integer 1"},
		{"false", false, "integer 0"},
		{"string", "it's", "text 'it''s'"},
		{"empty string", "", "text ''"},
		{"bytes", []byte{0, 255}, "blob X'00FF'"},
		{"empty bytes", []byte{}, "blob X''"},
		{"nil bytes", []byte(nil), "null NULL"},
		{"nil", nil, "null NULL"},
		{"time", at, "text '2026-03-04 05:06:07.891011+00:00'"},
		{"valuer", key{'x', 'y'}, "text 'key-xy'"},
		{"nil pointer to a valuer", (*key)(nil), "null NULL"},
		{"null string", sql.NullString{}, "null NULL"},
		{"null time", sql.Null[time.Time]{V: at, Valid: true}, "text '2026-03-04 05:06:07.891011+00:00'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const query = "SELECT typeof($1) || ' ' || quote($1)"
			var direct, prepared string
			if err := f.QueryRow(query, c.arg).Scan(&direct); err != nil {
				t.Fatal(err)
			}
			stmt, err := f.Prepare(query)
			if err != nil {
				t.Fatal(err)
			}
			if err := stmt.QueryRow(c.arg).Scan(&prepared); err != nil {
				t.Fatal(err)
			}
			if err := stmt.Close(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.want, c.want}, []string{direct, prepared}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	f.exec(t, "CREATE TABLE a(at TIMESTAMP)")
	if _, err := f.Exec("INSERT INTO a VALUES(?)", at); err != nil {
		t.Fatal(err)
	}
	var back time.Time
	if err := f.QueryRow("SELECT at FROM a").Scan(&back); err != nil || !back.Equal(at) {
		t.Errorf("time came back as %v, %v", back, err)
	}
}
