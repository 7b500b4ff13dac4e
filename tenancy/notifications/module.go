package notifications

import (
	"embed"
	"io/fs"

	"github.com/veranda-go/veranda"
)

//go:embed migrations
var migrationFiles embed.FS

//go:embed policy.csv
var policyCSV string

// Module is the package's schema, permissions and shipped policy rows. Its schema refers to tenancy's.
func Module() veranda.Module {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{Name: "notifications", Migrations: migrations, Permissions: permissions, Meanings: meanings(), Policy: policyCSV}
}
