package calendar

import (
	"time"

	"github.com/veranda-go/veranda"
)

// The kinds of events this package emits. None carries a text: what is deleted must not live on in the event log.
const (
	EventCreated             = "calendar.event_created"        // data: EventData; subject: the event
	EventUpdated             = "calendar.event_updated"        // data: EventData; subject: the event
	EventCancelled           = "calendar.event_cancelled"      // data: EventData; subject: the event, which is deleted
	EventOccurrenceUpdated   = "calendar.occurrence_updated"   // data: EventData with Occurrence; subject: the event
	EventOccurrenceCancelled = "calendar.occurrence_cancelled" // data: EventData with Occurrence; subject: the event
	EventAnswered            = "calendar.event_answered"       // data: AnswerData; subject: the event
	// EventReminderDue is addressed to those who are to be reminded. Data: ReminderData; subject: the event.
	EventReminderDue = "calendar.reminder_due"
	// The secret addresses of a person; addressed to that person. Data: FeedData; subject: the feed.
	EventFeedCreated = "calendar.feed_created"
	EventFeedRevoked = "calendar.feed_revoked"
)

// EventData is the data of events about an event of a calendar.
type EventData struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// Recurring tells whether it repeats.
	Recurring bool `json:"recurring,omitempty"`
	// Occurrence names the one that was changed or cancelled.
	Occurrence string `json:"occurrence,omitempty"`
	// Guests are all who are invited, Invited those who were not before.
	Guests  []veranda.AccountID `json:"guests,omitempty"`
	Invited []veranda.AccountID `json:"invited,omitempty"`
	Version int64               `json:"version,omitempty"`
}

// AnswerData is the data of EventAnswered.
type AnswerData struct {
	Answer Answer `json:"answer"`
	// Organizer put the event into the calendar.
	Organizer veranda.AccountID `json:"organizer_id"`
}

// ReminderData is the data of EventReminderDue.
type ReminderData struct {
	Occurrence string    `json:"occurrence,omitempty"`
	StartsAt   time.Time `json:"starts_at"`
	// Minutes is how long before the start.
	Minutes int `json:"minutes"`
}

// FeedData is the data of events about a secret address.
type FeedData struct {
	// OfWorkspace is the workspace whose calendar it gives; absent for what is one's own.
	OfWorkspace *veranda.WorkspaceID `json:"of_workspace_id,omitempty"`
}
