package pgpipe

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// typedValues are values of the types that a schema of ours, or a host's, may hold.
var typedValues = []string{
	"1::int2", "-2147483648::int4", "9223372036854775807::int8", "1.5::float4", "'NaN'::float8", "1e300::float8",
	"12345.678900::numeric(20,6)", "1e40::numeric", "'NaN'::numeric", "true::bool", "false::bool",
	"'text with ä and 😀'::text", "'v'::varchar(10)", "'c'::char(5)", "'c'::\"char\"", "'n'::name",
	"'\\x00ff10'::bytea", "''::bytea", "'0198c0de-0000-7000-8000-0123456789ab'::uuid",
	"'2026-02-28 23:59:59.999999+00'::timestamptz", "'1999-12-31 00:00:00'::timestamp", "'infinity'::timestamptz",
	"'2026-02-28'::date", "'23:59:59.5'::time", "'23:59:59+02'::timetz", "'1 year 2 mons 3 days 04:05:06'::interval",
	`'{"a": [1, 2.5, null], "b": "x"}'::json`, `'{"a": [1, 2.5, null], "b": "x"}'::jsonb`, "'null'::jsonb",
	"'{a,\"b c\",NULL}'::text[]", "'{}'::text[]", "'{1,2}'::int8[]", "'{t,f}'::bool[]",
	"'{0198c0de-0000-7000-8000-0123456789ab}'::uuid[]", "'10.0.0.0/8'::cidr", "'::1'::inet", "'101'::bit(3)",
	"'101'::varbit", "'(1,2)'::point", "'[1,5)'::int4range", "'08:00:2b:01:02:03'::macaddr", "'a b'::tsvector",
	"'<a/>'::xml", "42::oid", "'mood'::mood", "row(1, 'x')::pair", "null::int4", "null::text", "null::timestamptz",
	"null::jsonb", "null::text[]", "12.34::money", "'$.a'::jsonpath", "'pg_class'::regclass",
}

// column is all that database/sql tells about a column.
type column struct {
	Name, DatabaseType, ScanType string
	Length, Precision, Scale     int64
	HasLength, HasPrecision      bool
}

// result is all that database/sql tells about a result. Values carry their Go types.
type result struct {
	Columns []column
	Rows    []string
	Err     string
}

func readResult(db queryer, query string, args ...any) result {
	rows, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		return result{Err: err.Error()}
	}
	defer rows.Close()
	var all result
	types, err := rows.ColumnTypes()
	if err != nil {
		return result{Err: err.Error()}
	}
	for _, t := range types {
		c := column{Name: t.Name(), DatabaseType: t.DatabaseTypeName(), ScanType: t.ScanType().String()}
		c.Length, c.HasLength = t.Length()
		c.Precision, c.Scale, c.HasPrecision = t.DecimalSize()
		all.Columns = append(all.Columns, c)
	}
	for rows.Next() {
		values, targets := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			all.Err = err.Error()
		}
		for i, value := range values {
			if at, ok := value.(time.Time); ok { // the same moment, in the same zone of the same name
				values[i] = at.Format(time.RFC3339Nano) + " " + at.Location().String()
			}
			all.Rows = append(all.Rows, fmt.Sprintf("%T %v", value, values[i]))
		}
	}
	if err := rows.Err(); err != nil {
		all.Err = err.Error()
	}
	return all
}

// readFirst reads a query as the first of a transaction and ends the transaction.
func readFirst(t *testing.T, db *sql.DB, query string, args ...any) result {
	t.Helper()
	tx := mustBegin(t, db)
	got := readResult(tx, query, args...)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRowsAreThePlainDrivers(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	plain, db := openPlain(t, config), openPool(t, config)
	mustExec(t, plain, "create type mood as enum ('mood'); create type pair as (a int, b text)")
	for _, value := range typedValues {
		query := "select " + value + " as v, " + value + " as w"
		// With an argument both take pgx's statement cache; twice, as the second time it is prepared.
		withArgument := query + " where $1::bool"
		for range 2 {
			want := readResult(plain, withArgument, true)
			if diff := cmp.Diff(want, readFirst(t, db, withArgument, true)); diff != "" {
				t.Errorf("%s, first of a transaction (-plain +pipelined):\n%s", value, diff)
			}
			if diff := cmp.Diff(want, readResult(db, withArgument, true)); diff != "" {
				t.Errorf("%s, outside a transaction (-plain +pipelined):\n%s", value, diff)
			}
		}
		// Without an argument the plain driver is told to do the same as we do.
		want := readResult(plain, query, pgx.QueryExecModeExec)
		if diff := cmp.Diff(want, readFirst(t, db, query)); diff != "" {
			t.Errorf("%s, first of a transaction, without arguments (-plain +pipelined):\n%s", value, diff)
		}
		// And the text format shows no other value than the binary one.
		if diff := cmp.Diff(readResult(plain, query), readFirst(t, db, query)); diff != "" {
			t.Errorf("%s: the plain driver's own mode gives something else (-plain +pipelined):\n%s", value, diff)
		}
	}
	for _, query := range []string{
		"select 1 where false", "select from generate_series(1, 2)", "select 1 / 0", "select wrongly", "",
		"select 1 as a, 2 as a, null", "values (1, 'x'), (2, null)", "select 10 / (3 - n) from generate_series(1, 5) n",
	} {
		want := readResult(plain, query, pgx.QueryExecModeExec)
		if diff := cmp.Diff(want, readFirst(t, db, query)); diff != "" {
			t.Errorf("%q (-plain +pipelined):\n%s", query, diff)
		}
	}
}

// yesNo is a host's own type that knows how it is stored.
type yesNo bool

// Value implements driver.Valuer.
func (y yesNo) Value() (driver.Value, error) {
	if y {
		return "yes", nil
	}
	return "no", nil
}

func TestArguments(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	plain, db := openPlain(t, config), openPool(t, config)
	at := time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.FixedZone("x", 3600))
	text := "pointed at"
	arguments := []struct {
		sqlType string
		value   any
	}{
		{"int2", 1}, {"int4", int32(-5)}, {"int8", int64(1) << 60}, {"int8", uint64(7)}, {"float8", 1.25},
		{"numeric", "12.50"}, {"numeric", 3}, {"bool", true}, {"text", "ä"}, {"text", &text}, {"text", (*string)(nil)},
		{"text", nil}, {"timestamptz", at}, {"date", at}, {"timestamptz", sql.NullTime{}}, {"bytea", []byte{0, 255}},
		{"bytea", []byte(nil)}, {"uuid", "0198c0de-0000-7000-8000-0123456789ab"},
		{"uuid", uuid.MustParse("0198c0de-0000-7000-8000-0123456789ab")}, {"text[]", []string{"a", "b c", ""}},
		{"text[]", []string{}}, {"text[]", []string(nil)}, {"int8[]", []int64{1, 2}}, {"jsonb", json.RawMessage(`{"a":1}`)},
		{"jsonb", map[string]any{"a": 1}}, {"jsonb", `{"a":1}`}, {"json", []byte(`[1]`)}, {"text", yesNo(true)},
		{"text", sql.NullString{String: "x", Valid: true}}, {"interval", time.Hour}, {"uuid[]", []uuid.UUID{uuid.Nil}},
		{"int4", "not a number"}, {"int2", 1 << 40}, {"int4", struct{ A int }{1}},
	}
	for i, argument := range arguments {
		query := fmt.Sprintf("select $1::%s", argument.sqlType)
		want := readResult(plain, query, argument.value)
		if diff := cmp.Diff(want, readFirst(t, db, query, argument.value)); diff != "" {
			t.Errorf("%s of %T (-plain +pipelined):\n%s", argument.sqlType, argument.value, diff)
		}
		// Stored by a deferred statement, read back by the plain driver.
		table := fmt.Sprintf("t%d", i)
		mustExec(t, plain, "create table "+table+" (v "+argument.sqlType+")")
		tx := mustBegin(t, db)
		mustExec(t, tx, "insert into "+table+" values ($1)", Deferred{}, argument.value)
		err := tx.Commit()
		if (err != nil) != (want.Err != "") {
			t.Errorf("deferred %s of %T: %v, want %q", argument.sqlType, argument.value, err, want.Err)
		}
		if err == nil {
			got := readResult(plain, "select v from "+table)
			if diff := cmp.Diff(want.Rows, got.Rows); diff != "" {
				t.Errorf("deferred %s of %T (-selected +stored):\n%s", argument.sqlType, argument.value, diff)
			}
		}
	}
}
