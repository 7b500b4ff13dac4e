package verandatest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
)

// Engine is a database that tests run on.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// PostgresURL is the server for tests, or "".
func PostgresURL() string { return os.Getenv("VERANDA_TEST_POSTGRES") }

// RedisURL is the Redis for tests, or "".
func RedisURL() string { return os.Getenv("VERANDA_TEST_REDIS") }

// Missing ends a test whose engine is not there: loudly, and as a failure where VERANDA_REQUIRE names it.
func Missing(t testing.TB, engine, variable string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("VERANDA_REQUIRE"), ","), engine) {
		t.Fatalf("%s is required and %s is not set", engine, variable)
	}
	t.Skipf("NOT TESTED ON %s: set %s to a server that tests may use", strings.ToUpper(engine), variable)
}

// Program finds a program a test runs, or ends the test as Missing does: what is the word VERANDA_REQUIRE names it by.
func Program(t testing.TB, what, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("VERANDA_REQUIRE"), ","), what) {
		t.Fatalf("%s is required and needs %s: %v", what, name, err)
	}
	t.Skipf("NOT TESTED: %s needs %s: %v", strings.ToUpper(what), name, err)
	return ""
}

// Location makes a fresh database of an engine with the modules' schema, and gives its URL or path. It is gone after the
// test.
func Location(t testing.TB, engine Engine, modules []veranda.Module) string {
	t.Helper()
	if engine == Postgres {
		return postgresLocation(t, modules)
	}
	path := filepath.Join(t.TempDir(), "veranda.db")
	if err := os.WriteFile(path, sqliteTemplate(t, modules), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fingerprint tells sets of migrations apart.
func fingerprint(t testing.TB, modules []veranda.Module) string {
	t.Helper()
	sum := sha256.New()
	for _, m := range modules {
		if m.Migrations == nil {
			continue
		}
		err := fs.WalkDir(m.Migrations, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(m.Migrations, path)
			_, _ = fmt.Fprintf(sum, "%s/%s %d\n%s", m.Name, path, len(text), text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:10])
}

// The templates of this process are kept for its life: that is what makes a fresh database cheap.
var templates sync.Map // fingerprint → func() ([]byte, error)

func sqliteTemplate(t testing.TB, modules []veranda.Module) []byte {
	t.Helper()
	build, _ := templates.LoadOrStore("sqlite "+fingerprint(t, modules), sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "veranda-template-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, "template.db")
		if err := migrateAt(path, modules); err != nil {
			return nil, err
		}
		return os.ReadFile(path)
	}))
	image, err := build.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func migrateAt(location string, modules []veranda.Module) error {
	ctx := context.Background()
	db, err := veranda.Open(ctx, location)
	if err != nil {
		return err
	}
	if _, err := veranda.Migrate(ctx, db, modules...); err != nil {
		_ = db.Close()
		return err
	}
	return db.Close() // the last connection of SQLite empties the write-ahead log, so the image is one file
}

// templateLock keeps test processes from making the same template at once.
const templateLock = 8372634

func postgresLocation(t testing.TB, modules []veranda.Module) string {
	t.Helper()
	server := PostgresURL()
	if server == "" {
		Missing(t, "postgres", "VERANDA_TEST_POSTGRES")
	}
	ctx := context.Background()
	admin, err := veranda.Open(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	template := "veranda_template_" + fingerprint(t, modules)
	build, _ := templates.LoadOrStore("postgres "+template, sync.OnceValues(func() ([]byte, error) {
		return nil, makeTemplate(ctx, admin.Writer(), server, template, modules)
	}))
	if _, err := build.(func() ([]byte, error))(); err != nil {
		t.Fatal(err)
	}
	var salt [6]byte
	if _, err := rand.Read(salt[:]); err != nil {
		t.Fatal(err)
	}
	name := "veranda_test_" + hex.EncodeToString(salt[:])
	if _, err := admin.Writer().NewRaw("CREATE DATABASE ? TEMPLATE ?", bun.Name(name), bun.Name(template)).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dropDatabase(t, server, name) })
	return databaseURL(t, server, name)
}

func makeTemplate(ctx context.Context, admin *bun.DB, server, template string, modules []veranda.Module) error {
	conn, err := admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.NewRaw("SELECT pg_advisory_lock(?)", templateLock).Exec(ctx); err != nil {
		return err
	}
	defer func() { _, _ = conn.NewRaw("SELECT pg_advisory_unlock(?)", templateLock).Exec(ctx) }()
	var n int
	if err := conn.NewRaw("SELECT count(*) FROM pg_database WHERE datname = ?", template).Scan(ctx, &n); err != nil || n > 0 {
		return err
	}
	making := template + "_making"
	if _, err := conn.NewRaw("DROP DATABASE IF EXISTS ? WITH (FORCE)", bun.Name(making)).Exec(ctx); err != nil {
		return err
	}
	if _, err := conn.NewRaw("CREATE DATABASE ? TEMPLATE template0", bun.Name(making)).Exec(ctx); err != nil {
		return err
	}
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	u.Path = "/" + making
	if err := migrateAt(u.String(), modules); err != nil {
		return err
	}
	_, err = conn.NewRaw("ALTER DATABASE ? RENAME TO ?", bun.Name(making), bun.Name(template)).Exec(ctx)
	return err
}

func databaseURL(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func dropDatabase(t testing.TB, server, name string) {
	ctx := context.Background()
	admin, err := veranda.Open(ctx, server)
	if err != nil {
		t.Errorf("drop %s: %v", name, err)
		return
	}
	defer func() { _ = admin.Close() }()
	if _, err := admin.Writer().NewRaw("DROP DATABASE IF EXISTS ? WITH (FORCE)", bun.Name(name)).Exec(ctx); err != nil {
		t.Errorf("drop %s: %v", name, err)
	}
}
