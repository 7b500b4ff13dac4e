package support

import "github.com/veranda-go/veranda"

// Permissions on requests; all are asked outside any organization.
const (
	PermCreate  veranda.Permission = "support_request.create"   // write to platform support
	PermReadOwn veranda.Permission = "support_request.read_own" // read and answer one's own, confirm or decline what is proposed
	PermRead    veranda.Permission = "support_request.read"     // read all requests
	PermAnswer  veranda.Permission = "support_request.answer"   // answer, take, close and open again
	PermAct     veranda.Permission = "support_request.act"      // propose actions and carry them out, each by its own permission
)

var permissions = []veranda.Permission{PermCreate, PermReadOwn, PermRead, PermAnswer, PermAct}
