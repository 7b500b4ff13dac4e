package messaging

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

type conversationKind struct{}

// ID is the id of a conversation.
type ID = veranda.ID[conversationKind]

// MaxPeople is how many people a conversation has at most: as many as an event can be addressed to.
const MaxPeople = veranda.MaxRecipients

// Bounds of what people write.
const (
	maxSubject = 200
	maxText    = 10_000
	maxLinks   = 20
	maxLink    = 2000
)

// The kinds of conversations.
const (
	// KindDirect is a conversation of two without a subject: there is one for two people of an organization.
	KindDirect = "direct"
	// KindGroup is any other.
	KindGroup = "group"
)

// Person is who takes part or wrote something.
type Person struct {
	ID   veranda.AccountID `json:"id"`
	Name string            `json:"name"`
}

// Conversation is a conversation as one of its people sees it.
type Conversation struct {
	ID      ID            `json:"id"`
	Org     veranda.OrgID `json:"organization_id"`
	Kind    string        `json:"kind" enum:"direct,group"`
	Subject string        `json:"subject" doc:"Empty for none."`
	// CreatedBy started it, who may have left since.
	CreatedBy veranda.AccountID `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	// LastNumber is the number of its last message, LastAt when that was sent.
	LastNumber int64     `json:"last_number" doc:"The number of the last message."`
	LastAt     time.Time `json:"last_at"`
	// People are the first few of who takes part, oneself included; PeopleCount is how many there are.
	People      []Person `json:"people" doc:"The first eight of who takes part."`
	PeopleCount int64    `json:"people_count"`
	// ReadNumber is the last message one has read.
	ReadNumber int64 `json:"read_number"`
	Unread     int64 `json:"unread" doc:"How many messages of others one has not read."`
	Muted      bool  `json:"muted"`
	Pinned     bool  `json:"pinned"`
	Archived   bool  `json:"archived"`
	// Last is the last message; absent where one does not see it.
	Last *Message `json:"last,omitempty"`
	// Version rises with the subject and with who takes part.
	Version int64 `json:"version"`
}

// ETag is the conversation's version for If-Match.
func (c Conversation) ETag() string {
	// What is one's own about it changes without a version.
	return strconv.Quote(strconv.FormatInt(c.Version, 10))
}

// Location is the conversation's path.
func (c Conversation) Location() string { return path(c.Org, c.ID) }

func path(org veranda.OrgID, id ID) string {
	return "/v1/organizations/" + org.String() + "/conversations/" + id.String()
}

// StartInput is a new conversation with its first message. At least one recipient, or a workspace; and at least one of
// subject, text, file or link.
type StartInput struct {
	Org        veranda.OrgID       `path:"org" json:"-"`
	Recipients []veranda.AccountID `json:"recipients,omitempty" maxItems:"999" doc:"People one sees, each of whom may answer."`
	Workspace  veranda.WorkspaceID `json:"workspace_id,omitempty" doc:"All who are members of this workspace now; at most 1,000."`
	Subject    string              `json:"subject,omitempty" maxLength:"200" doc:"One line. Without it, a conversation with one person goes on where it was."`
	Content
}

// Content is what a message says.
type Content struct {
	Text  string     `json:"text,omitempty" maxLength:"10000" doc:"Markdown, at most 10,000 characters. [@Name](account:<id>) mentions somebody who takes part."`
	Links []string   `json:"links,omitempty" maxItems:"20" doc:"Addresses of the web."`
	Files []files.ID `json:"files,omitempty" maxItems:"20" doc:"Uploaded files of one's own."`
}

// GetConversationInput names a conversation.
type GetConversationInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
}

// ListInput asks for one's conversations, that with the latest message first.
type ListInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Unread   bool          `query:"unread" json:"-" doc:"Only those with unread messages."`
	Archived bool          `query:"archived" json:"-" doc:"The archived ones instead of the others."`
	Pinned   bool          `query:"pinned" json:"-" doc:"Only pinned ones."`
	veranda.Page
}

const conversationList = "messaging.conversations"

// validate gives the page's size and the position it begins below.
func (in *ListInput) validate() (size int, before time.Time, id ID, err error) {
	var c veranda.Checks
	size = in.Size(&c)
	before, id = farFuture, ID{}
	if position := in.Position(&c, conversationList, 2); position != nil {
		micros, bad := strconv.ParseInt(position[0], 10, 64)
		if bad != nil || id.UnmarshalText([]byte(position[1])) != nil || micros < 0 || micros > farFuture.UnixMicro() {
			badCursor(&c)
		}
		before = time.UnixMicro(micros).UTC()
	}
	return size, before, id, c.Err()
}

// farFuture is after every message.
var farFuture = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

func badCursor(c *veranda.Checks) {
	c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
}

// RenameInput is another subject of a group.
type RenameInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Version      int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
	Subject      string        `json:"subject" maxLength:"200" doc:"One line; empty for none."`
}

func (in *RenameInput) validate() error {
	var c veranda.Checks
	in.Subject = subjectLine(&c, in.Subject)
	return c.Err()
}

// ArrangeInput changes what a conversation is to oneself alone; what is absent stays as it is.
type ArrangeInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Muted        *bool         `json:"muted,omitempty" doc:"No notices, unless one is mentioned, and left out of totals."`
	Pinned       *bool         `json:"pinned,omitempty"`
	Archived     *bool         `json:"archived,omitempty" doc:"Put away until the next message; where it is muted, until one takes it back."`
}

// HideConversationInput names a conversation to delete for oneself.
type HideConversationInput = GetConversationInput

// Participant is who takes part in a conversation.
type Participant struct {
	ID       veranda.AccountID `json:"id"`
	Name     string            `json:"name"`
	JoinedAt time.Time         `json:"joined_at"`
	// Active is false for who is disabled in the organization or has left it: they read nothing, and are written to again
	// when they are back.
	Active bool `json:"active"`
	// ReadNumber is the last message the person has read; absent where they, or who asks, keep that to themselves.
	ReadNumber *int64 `json:"read_number,omitempty"`
}

// ListPeopleInput asks for who takes part in a conversation.
type ListPeopleInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	veranda.Page
}

const peopleList = "messaging.people"

func (in *ListPeopleInput) validate() (size int, after veranda.AccountID, err error) {
	var c veranda.Checks
	size = in.Size(&c)
	if position := in.Position(&c, peopleList, 1); position != nil && after.UnmarshalText([]byte(position[0])) != nil {
		badCursor(&c)
	}
	return size, after, c.Err()
}

// AddPeopleInput adds people to a group.
type AddPeopleInput struct {
	Org          veranda.OrgID       `path:"org" json:"-"`
	Conversation ID                  `path:"conversation" json:"-"`
	Accounts     []veranda.AccountID `json:"accounts" minItems:"1" maxItems:"999" doc:"People one sees. They read what is said from now on."`
}

func (in *AddPeopleInput) validate() error {
	var c veranda.Checks
	c.Count("/accounts", len(in.Accounts), 1, MaxPeople-1)
	return c.Err()
}

// LeaveInput names a group to leave.
type LeaveInput = GetConversationInput
