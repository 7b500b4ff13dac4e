package calendar

import (
	"embed"
	"io/fs"

	"github.com/veranda-go/veranda"
)

//go:embed migrations
var migrations embed.FS

//go:embed policy.csv
var policy string

// Module is the calendar's schema, permissions and shipped policy rows. Its tables refer to tenancy's.
func Module() veranda.Module {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	return veranda.Module{Name: "calendar", Migrations: files, Permissions: permissions, Meanings: meanings(), Policy: policy}
}
