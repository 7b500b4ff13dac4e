package calendar

import "github.com/veranda-go/veranda"

// The errors of this package beside veranda's own.
var (
	// ErrTooMany refuses a range with more than MaxEntries things in it.
	ErrTooMany = veranda.NewError(veranda.CodeConflict, "calendar.too_many", "There are more than 10,000 things in this time; ask for a shorter one.")
	// ErrNotGuest refuses the answer of somebody who is not invited.
	ErrNotGuest = veranda.NewError(veranda.CodeConflict, "calendar.not_guest", "You are not invited to this event.")
	// ErrNotRecurring refuses to change one occurrence of what happens once.
	ErrNotRecurring = veranda.NewError(veranda.CodeConflict, "calendar.not_recurring", "This event happens once.")
	// ErrChanges refuses more than MaxChanges changed and cancelled occurrences of an event.
	ErrChanges = veranda.NewError(veranda.CodeConflict, "calendar.changes", "Too many single occurrences of this event were changed; make another event from here on.")
	// ErrFirst refuses to divide an event at its first occurrence.
	ErrFirst = veranda.NewError(veranda.CodeConflict, "calendar.first", "That is the first one: change or delete the event itself.")
	// ErrFeeds refuses more than MaxFeeds secret addresses of a person in an organization.
	ErrFeeds = veranda.NewError(veranda.CodeConflict, "calendar.feeds", "You have too many secret addresses here; revoke one first.")
	// ErrNoPerson refuses what only a person can have.
	ErrNoPerson = veranda.NewError(veranda.CodeForbidden, "calendar.no_person", "Only a person can do this.")
)
