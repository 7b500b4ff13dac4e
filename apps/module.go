package apps

import (
	"embed"
	"io/fs"

	"github.com/veranda-go/veranda"
)

var (
	//go:embed migrations
	migrationFiles embed.FS
	//go:embed policy.csv
	policyRows string
)

// Module is the schema, the permissions and the shipped policy rows of applications. Its schema builds on tenancy's and
// workspace's.
func Module() veranda.Module {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{Name: "apps", Migrations: migrations, Permissions: permissions(), Meanings: meanings(), Policy: policyRows}
}
