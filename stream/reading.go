package stream

import (
	"time"

	"github.com/veranda-go/veranda"
)

// remindEvery is how long nobody is reminded after a reminder.
const remindEvery = 24 * time.Hour

// MustRead says how far an announcement has been read.
type MustRead struct {
	// Reads is how many people confirmed having read it.
	Reads int64 `json:"reads"`
	// Audience is how many are to: those who see the workspace now, but its author; given where one status is read.
	Audience *int64 `json:"audience,omitempty"`
	// Read tells whether the caller confirmed it.
	Read bool `json:"read"`
}

// ReadingInput names an announcement.
type ReadingInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
}

// ReaderState says whether somebody has read an announcement.
type ReaderState string

// The states of a reader.
const (
	ReaderRead   ReaderState = "read"
	ReaderUnread ReaderState = "unread"
)

// ListReadersInput asks who has read an announcement, or who has not.
type ListReadersInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	State  ReaderState   `query:"state" json:"-" enum:"read,unread" default:"unread" doc:"Those who have read it, or those who have not."`
	veranda.Page
}

// Reader is somebody who has read an announcement, or has not.
type Reader struct {
	Person Person `json:"person"`
	// ReadAt is when they confirmed having read it, Version which version of the text; both are absent while they have not.
	ReadAt  *time.Time `json:"read_at,omitempty"`
	Version int64      `json:"version,omitempty"`
}

// ListMustReadsInput asks for the announcements the caller has not confirmed yet.
type ListMustReadsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
}

// The names of the lists in their cursors.
const (
	readerList   = "stream.readers"
	unreadList   = "stream.unread"
	mustReadList = "stream.must_reads"
)

func (in *ListReadersInput) validate() (size int, list string, after veranda.AccountID, err error) {
	var c veranda.Checks
	size = in.Size(&c)
	if in.State == "" {
		in.State = ReaderUnread
	}
	veranda.OneOf(&c, "/state", in.State, ReaderRead, ReaderUnread)
	list = unreadList
	if in.State == ReaderRead {
		list = readerList
	}
	if position := in.Position(&c, list, 1); position != nil && after.UnmarshalText([]byte(position[0])) != nil {
		badCursor(&c)
	}
	return size, list, after, c.Err()
}

func (in *ListMustReadsInput) validate() (size int, before veranda.EventID, err error) {
	var c veranda.Checks
	size, before = in.Size(&c), lastEvent
	if position := in.Position(&c, mustReadList, 1); position != nil && before.UnmarshalText([]byte(position[0])) != nil {
		badCursor(&c)
	}
	return size, before, c.Err()
}
