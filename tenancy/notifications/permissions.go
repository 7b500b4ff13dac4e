package notifications

import "github.com/veranda-go/veranda"

// Permissions on notices. They are asked outside any organization, of the roles "member" and "anonymous": an inbox and
// what comes into it are the person's own.
const (
	PermRead        veranda.Permission = "notification.read_own"
	PermChange      veranda.Permission = "notification.change_own"
	PermUnsubscribe veranda.Permission = "notification.unsubscribe"

	// permEnterOpen is asked to know whether somebody sees an organization's open workspaces.
	permEnterOpen veranda.Permission = "workspace.enter:open"
)

var permissions = []veranda.Permission{PermRead, PermChange, PermUnsubscribe}

func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:        "Read one's own notices and preferences.",
		PermChange:      "Mark one's own notices, and choose what comes and how.",
		PermUnsubscribe: "End mails of a kind by the link in one of them.",
	}
}
