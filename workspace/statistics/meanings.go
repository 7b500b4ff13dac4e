package statistics

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermReadOrganization: "Read the organization's figures of each week.",
		PermReadWorkspace:    "Read the figures of workspaces one sees.",
		PermReadPerson:       "Read another person's figures.",
		PermReadOwn:          "Read one's own figures.",
	}
}
