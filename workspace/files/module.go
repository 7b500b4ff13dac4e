package files

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

// PermUpload allows to upload files, asked in the organization. Whether a file may be attached to a thing is asked by the
// thing's package.
const PermUpload veranda.Permission = "file.upload"

// Module is the schema, the permission and the shipped policy rows of files. Its schema builds on tenancy's.
func Module() veranda.Module {
	migrations, err := fs.Sub(migrationFiles, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{
		Name: "files", Migrations: migrations, Permissions: []veranda.Permission{PermUpload}, Policy: policyRows,
		Meanings: map[veranda.Permission]string{PermUpload: "Upload files, to attach them to what one writes"},
	}
}
