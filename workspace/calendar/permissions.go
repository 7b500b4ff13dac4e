package calendar

import "github.com/veranda-go/veranda"

// The permissions of calendars. A person must see a workspace before any of them counts.
const (
	// PermRead is to read a workspace's calendar and its events.
	PermRead veranda.Permission = "calendar.read"
	// PermCreate is to put events into the calendar.
	PermCreate veranda.Permission = "calendar.create"
	// PermEdit is to change events, their occurrences and guests.
	PermEdit    veranda.Permission = "calendar.edit"
	PermEditOwn veranda.Permission = "calendar.edit:own"
	// PermDelete is to delete events; as shipped, one's own, and any in workspaces one manages.
	PermDelete        veranda.Permission = "calendar.delete"
	PermDeleteOwn     veranda.Permission = "calendar.delete:own"
	PermDeleteManaged veranda.Permission = "calendar.delete:managed"
	// PermAnswer is to answer an invitation to an event.
	PermAnswer veranda.Permission = "calendar.answer"
	// PermFeed is to have secret addresses under which other programs read what one may see.
	PermFeed veranda.Permission = "calendar.feed"
)

var permissions = []veranda.Permission{
	PermRead, PermCreate, PermEdit, PermEditOwn, PermDelete, PermDeleteOwn, PermDeleteManaged, PermAnswer, PermFeed,
}
