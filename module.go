package veranda

import (
	"context"
	"io/fs"

	"github.com/veranda-go/veranda/internal/core"
	"github.com/veranda-go/veranda/internal/migrate"
)

// Permission names what can be allowed: "<kind>.<action>", such as "task.create". A qualifier after a colon narrows it
// to things of which something holds: "task.delete:own" to what the actor made or is assigned, "task.delete:managed" to
// workspaces the actor manages, "workspace.enter:open" to open ones. To the rows each is an action of its own: a deny of
// "delete" leaves "delete:own" as it is.
type Permission string

// Module is what a package brings besides code: its schema, the permissions it asks for, and the policy rows it ships.
type Module struct {
	Name        string
	Migrations  fs.FS // folders "postgres" and "sqlite"
	Permissions []Permission
	// Meanings says in a line each what a permission allows, for those who put roles together; one without is shown by its
	// name alone.
	Meanings map[Permission]string
	Policy   string // casbin CSV
}

// Core is the module of this package: event log, outbox, periodic jobs, idempotency keys. Every program has it.
func Core() Module { return Module{Name: "veranda", Migrations: core.Migrations()} }

// Migrate brings the database up to the modules' schema and returns what it applied. Call it at start or from a tool of
// the host's; nodes that start together wait for one another. Give modules in the order of their dependence.
func Migrate(ctx context.Context, db *DB, modules ...Module) (applied []string, err error) {
	steps, err := migrate.Apply(ctx, db.writer, sets(modules))
	return names(steps), err
}

// PendingMigrations names what Migrate would still apply; a program is not ready while there is any.
func PendingMigrations(ctx context.Context, db *DB, modules ...Module) ([]string, error) {
	steps, err := migrate.Pending(ctx, db.reader, sets(modules))
	return names(steps), err
}

func sets(modules []Module) []migrate.Set {
	var out []migrate.Set
	for _, m := range modules {
		if m.Migrations != nil {
			out = append(out, migrate.Set{Name: m.Name, Files: m.Migrations})
		}
	}
	return out
}

func names(steps []migrate.Step) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.String()
	}
	return out
}
