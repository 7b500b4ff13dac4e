package workspace

import (
	_ "embed"

	"github.com/veranda-go/veranda"
)

//go:embed policy.csv
var policyCSV string

// Module is the package's permissions and shipped policy rows. Its tables are in tenancy's schema.
func Module() veranda.Module {
	return veranda.Module{Name: "workspace", Permissions: permissions, Meanings: meanings(), Policy: policyCSV}
}
