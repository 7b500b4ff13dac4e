package architecture

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestLibraries(t *testing.T) {
	t.Parallel()
	h := build(t, `
-- house.go --
package house
import (
	_ "github.com/hibiken/asynq"
	_ "github.com/jackc/pgx/v5"
)
-- house_test.go --
package house
import _ "modernc.org/sqlite"
-- internal/queue/queue.go --
package queue
import (
	_ "github.com/alicebob/miniredis/v2"
	_ "github.com/casbin/casbin/v2"
)
-- internal/policy/policy.go --
package policy
import _ "github.com/casbin/casbin/v2/model"
-- tenancy/roles.go --
package tenancy
import _ "github.com/casbin/casbin/v2"
-- tasks/jobs.go --
package tasks
import (
	_ "github.com/hibiken/asynq"
	_ "github.com/valyala/fasthttp"
	_ "github.com/mattn/go-isatty"
)
-- verandatest/redis.go --
package verandatest
import _ "github.com/redis/go-redis/v9"
-- examples/server/main.go --
package main
import (
	_ "github.com/danielgtaylor/huma/v2/adapters/humafiber"
	_ "github.com/gofiber/fiber/v2"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/redis/go-redis/v9"
)
`)
	expect(t, h, checkLibraries, map[string]string{
		"house.go:4":                "driver",
		"house_test.go:2":           "driver",
		"internal/queue/queue.go:4": "casbin",
		"tasks/jobs.go:3":           "queue",
		"tasks/jobs.go:4":           "HTTP",
		"verandatest/redis.go:2":    "queue",
	})
}

func TestTopLevel(t *testing.T) {
	t.Parallel()
	h := &House{TopLevel: []Entry{
		{"go.mod", false}, {"error.go", false}, {"LICENSE", false}, {".ci", true}, {".gitignore", false},
		{"tasks", true}, {"examples", true},
		{"docs", true}, {"Dockerfile", false}, {"tasks.yaml", false}, {"Makefile", true}, {"apps", false},
	}}
	expect(t, h, checkTopLevel, map[string]string{
		"docs": "", "Dockerfile": "", "tasks.yaml": "", "Makefile": "", "apps": "",
	})
}

func TestIgnoredAtTop(t *testing.T) {
	t.Parallel()
	const gitignore = "# a comment\n/data/\n/*.out\n\n/deep/er/\n"
	for entry, want := range map[Entry]bool{
		{"data", true}: true, {"data", false}: false, {"cover.out", false}: true,
		{"database", true}: false, {"deep", true}: false, {"# a comment", false}: false,
	} {
		if got := ignoredAtTop(gitignore, entry); got != want {
			t.Errorf("%v: got %v, want %v", entry, got, want)
		}
	}
}

func TestNesting(t *testing.T) {
	t.Parallel()
	h := build(t, `
-- tx.go --
package house
import "github.com/uptrace/bun"
type Tx struct{ bun.Tx }
func begin(tx bun.Tx) { tx.BeginTx() }
-- event.go --
package house
import "github.com/uptrace/bun"
func begin2(tx bun.Tx, db *bun.DB) { tx.RunInTx(nil) }
func begin3(db *bun.DB) { db.BeginTx() }
-- tasks/store.go --
package tasks
import (
	"database/sql"
	"example.org/house"
	"github.com/uptrace/bun"
)
type own struct{}
func (own) BeginTx() {}
func a(db bun.IDB) { db.RunInTx(nil) }
func b(tx house.Tx) { tx.BeginTx() }
func c(tx *bun.Tx) any { return tx.BeginTx }
func d(db *bun.DB) { db.BeginTx() }
func e(db *sql.DB) { db.BeginTx() }
func f(o own, tx bun.Tx) { o.BeginTx(); tx.Commit() }
-- tasks/store_test.go --
package tasks
import "github.com/uptrace/bun"
func host(db *bun.DB) { db.BeginTx() }
func nested(tx bun.Tx) { tx.BeginTx() }
-- internal/migrate/migrate.go --
package migrate
import "github.com/uptrace/bun"
func run(tx bun.Tx) { tx.BeginTx() }
-- examples/server/main.go --
package main
import "github.com/uptrace/bun"
func run(tx bun.Tx) { tx.BeginTx() }
`)
	expect(t, h, checkNesting, map[string]string{
		"event.go:3":            "bun.Tx.RunInTx",
		"tasks/store.go:9":      "bun.IDB.RunInTx",
		"tasks/store.go:10":     "bun.Tx.BeginTx",
		"tasks/store.go:11":     "bun.Tx.BeginTx",
		"tasks/store.go:12":     "no events",
		"tasks/store.go:13":     "no events",
		"tasks/store_test.go:4": "bun.Tx.BeginTx",
	})
}

func TestSQL(t *testing.T) {
	t.Parallel()
	h := build(t, `
-- house.go --
package house
type Tx struct{}
func (*Tx) QueryContext(ctx any, query string, args ...any) {}
func (*Tx) Where(reason string) {}
type Errors struct{}
func (*Errors) Add(place string) {}
-- internal/dialect/dialect.go --
package dialect
import "github.com/uptrace/bun"
type Query string
func Lower(column string) string { return "lower(" + column + ")" }
func now() any { return bun.Safe("now()") }
-- internal/migrate/migrate.go --
package migrate
import "database/sql"
func run(db *sql.DB, name string) { db.ExecContext(nil, "CREATE TABLE " + name) }
-- tasks/store.go --
package tasks
import (
	"fmt"
	"database/sql"
	"example.org/house"
	"example.org/house/internal/dialect"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)
const table = "tasks"
type row struct{ query dialect.Query }
func good(q *bun.SelectQuery, r row, user string, fixed string, e *house.Errors) {
	q.Where("a = ?", "b" + user)
	q.Where("a = " + table + (" AND " + "b"))
	q.Where(dialect.Lower("a") + " = ?", fmt.Sprint(user))
	q.Where("x " + string(r.query))
	q.Where(fixed)
	q.Column("a" + user)
	e.Add("items/" + user)
}
func bad(q *bun.SelectQuery, db bun.IDB, s *sql.DB, tx *house.Tx, user string) {
	q.Where("a = " + user)
	q.OrderExpr(fmt.Sprintf("%s DESC", user)).Where("b")
	q.Where((string)("a" + (user)))
	db.NewRaw("SELECT " + table + user)
	s.ExecContext(nil, fmt.Sprint("DROP ", user))
	tx.QueryContext(nil, "x" + user)
	_ = bun.Safe("now()")
	_ = schema.Safe(user)
}
-- tasks/store_test.go --
package tasks
import "github.com/uptrace/bun"
func exempted(q *bun.SelectQuery, name string) {
	//sql:built the name is a constant of this test
	q.Where("a" + name)
	q.Where("b" + name) //sql:built also here
	q.
		Where("x" +
			//sql:built too late for the line above
			name)

	//sql:built
	q.Where("c" + name)

	//sql:built nothing to exempt
	q.Where("d")
}
`)
	report := expect(t, h, checkSQL, map[string]string{
		"internal/migrate/migrate.go:3": "run time",
		"tasks/store.go:22":             "run time",
		"tasks/store.go:23":             "run time",
		"tasks/store.go:24":             "run time",
		"tasks/store.go:25":             "run time",
		"tasks/store.go:26":             "run time",
		"tasks/store.go:27":             "run time",
		"tasks/store.go:28":             "bun.Safe",
		"tasks/store.go:29":             "bun.Safe",
		"tasks/store_test.go:8":         "run time",
		"tasks/store_test.go:9":         "exempts nothing",
		"tasks/store_test.go:13":        "run time",
		"tasks/store_test.go:15":        "exempts nothing",
	})
	want := []string{
		"tasks/store_test.go:5: the name is a constant of this test",
		"tasks/store_test.go:6: also here",
	}
	if diff := cmp.Diff(want, report.Exempted); diff != "" {
		t.Errorf("exempted (-want +got):\n%s", diff)
	}
}

func TestAmbient(t *testing.T) {
	t.Parallel()
	const file = `package %
import (
	"fmt"
	"log"
	"log/slog"
	clock "time"
)
func bad() any {
	clock.Since(clock.Time{})
	fmt.Println()
	log.Print()
	slog.Info("")
	slog.Default().Info("")
	return clock.Now
}
func good(l *slog.Logger, w any) {
	l.Info("")
	log.New().Print()
	fmt.Fprintln(w)
	clock.Date().Since()
}
`
	archive := ""
	for _, name := range []string{"tasks/a.go", "tasks/a_test.go", "workspace/files/a.go", "house.go", "examples/server/a.go"} {
		archive += "-- " + name + " --\n" + strings.Replace(file, "%", "p", 1)
	}
	want := map[string]string{}
	for _, name := range []string{"tasks/a.go", "workspace/files/a.go"} {
		want[name+":9"], want[name+":14"] = "time.Since: use the injected Clock", "time.Now"
		want[name+":10"], want[name+":11"] = "fmt.Println", "log.Print"
		want[name+":12"], want[name+":13"] = "slog.Info", "slog.Default"
	}
	expect(t, build(t, archive), checkAmbient, want)
}

func TestSkips(t *testing.T) {
	t.Parallel()
	h := build(t, `
-- tasks/task_test.go --
package tasks
import (
	"pgregory.net/rapid"
	"testing"
)
func TestA(t *testing.T) { t.Skipf("later") }
func TestB(t testing.TB) { t.Skip() }
func TestC(t *testing.T) { func(t *testing.T) { t.SkipNow() }(t) }
func property(t *rapid.T) { t.Skip() }
-- verandatest/engine.go --
package verandatest
import "testing"
func Postgres(t *testing.T) { t.Skip("no PostgreSQL") }
-- internal/pgpipe/pgpipe_test.go --
package pgpipe
import "testing"
func needPostgres(t *testing.T) { t.Skip("no PostgreSQL") }
func TestA(t *testing.T) { t.Skip("no time") }
`)
	report := expect(t, h, checkSkips, map[string]string{
		"tasks/task_test.go:6":             "TestA",
		"tasks/task_test.go:7":             "TestB",
		"tasks/task_test.go:8":             "TestC",
		"internal/pgpipe/pgpipe_test.go:4": "TestA",
	})
	if len(report.Exempted) != 1 || !contains(report.Exempted[0], "internal/pgpipe/pgpipe_test.go:3: ") {
		t.Errorf("exempted %q, want needPostgres alone", report.Exempted)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	good := "module example.org/house\nrequire (\ngithub.com/uptrace/bun v1.3.0\ngithub.com/gofiber/fiber/v2 v2.60.0 // indirect\n)\n"
	expect(t, &House{GoMod: []byte(good)}, checkVersions, nil)
	for change, text := range map[string]string{
		"require github.com/uptrace/bun/dialect/pgdialect v1.2.18": "pgdialect v1.2.18 is older than v1.3.0",
		"require github.com/gofiber/fiber/v2 v2.52.9":              "fiber/v2 v2.52.9 is older than v2.52.15",
		"replace github.com/uptrace/bun => ../bun":                 "is replaced",
		"nonsense": "nonsense",
	} {
		expect(t, &House{GoMod: []byte(good + change + "\n")}, checkVersions, map[string]string{"go.mod": text})
	}
}
