package tenancy

import (
	"embed"
	"io/fs"
	"slices"

	"github.com/veranda-go/veranda"
)

//go:embed migrations policy.csv policy_account.csv policy_people.csv
var files embed.FS

// Module is tenancy's schema, permissions and shipped policy rows.
func Module() veranda.Module {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil { // the folder is embedded above
		panic(err)
	}
	var policy []byte
	for _, name := range []string{"policy.csv", "policy_account.csv", "policy_people.csv"} {
		text, err := files.ReadFile(name)
		if err != nil { // the files are embedded above
			panic(err)
		}
		policy = append(policy, fileMark+name+"\n"...)
		policy = append(policy, text...)
		policy = append(policy, '\n')
	}
	return veranda.Module{
		Name: "tenancy", Migrations: migrations, Policy: string(policy),
		Permissions: slices.Concat(organizationPermissions, accountPermissions, peoplePermissions),
		Meanings:    meanings(),
	}
}
