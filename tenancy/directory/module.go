package directory

import (
	"embed"
	"io/fs"

	"github.com/veranda-go/veranda"
)

//go:embed migrations
var migrationFiles embed.FS

// Module is the package's schema, which refers to tenancy's. It asks for tenancy's permissions and has none of its own.
func Module() veranda.Module {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{Name: "directory", Migrations: migrations}
}
