package calendar

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:          "Read calendars and their events.",
		PermCreate:        "Put events into calendars.",
		PermEdit:          "Change anybody's events.",
		PermEditOwn:       "Change one's own events.",
		PermDelete:        "Delete anybody's events.",
		PermDeleteOwn:     "Delete one's own events.",
		PermDeleteManaged: "Delete events in workspaces one manages.",
		PermAnswer:        "Answer invitations to events.",
		PermFeed:          "Have secret addresses under which other programs read one's calendars.",
	}
}
