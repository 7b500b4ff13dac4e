package statistics

import "github.com/veranda-go/veranda"

// Permissions on statistics.
const (
	PermReadOrganization veranda.Permission = "statistics.read_organization" // an organization's totals
	PermReadWorkspace    veranda.Permission = "statistics.read_workspace"    // those of a workspace that the actor sees
	PermReadPerson       veranda.Permission = "statistics.read_person"       // somebody else's
	PermReadOwn          veranda.Permission = "statistics.read_own"          // one's own, and whether they come by mail
)

var permissions = []veranda.Permission{PermReadOrganization, PermReadWorkspace, PermReadPerson, PermReadOwn}
