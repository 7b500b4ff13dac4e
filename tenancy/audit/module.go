package audit

import (
	"embed"
	"io/fs"

	"github.com/veranda-go/veranda"
)

//go:embed migrations
var migrationFiles embed.FS

// Module is the package's schema: an index on the event log. Its permissions are tenancy's.
func Module() veranda.Module {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{Name: "audit", Migrations: migrations}
}
