package messaging

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type draftKind struct{}

// DraftID is the id of a draft.
type DraftID = veranda.ID[draftKind]

// maxDrafts is how many conversations somebody may have begun to start.
const maxDrafts = 100

// Draft is what somebody has begun to write; nobody else sees it.
type Draft struct {
	ID  DraftID       `json:"id"`
	Org veranda.OrgID `json:"organization_id"`
	// Conversation is where it is to be said; absent for a conversation yet to be started.
	Conversation *ID `json:"conversation_id,omitempty"`
	// Recipients, Workspace and Subject are of a conversation yet to be started.
	Recipients []veranda.AccountID  `json:"recipients"`
	Workspace  *veranda.WorkspaceID `json:"workspace_id,omitempty"`
	Subject    string               `json:"subject"`
	Text       string               `json:"text"`
	Links      []string             `json:"links"`
	UpdatedAt  time.Time            `json:"updated_at"`
	Version    int64                `json:"version"`
}

// ETag is the draft's version for If-Match.
func (d Draft) ETag() string { return strconv.Quote(strconv.FormatInt(d.Version, 10)) }

// Location is the draft's path.
func (d Draft) Location() string {
	if d.Conversation != nil {
		return path(d.Org, *d.Conversation) + "/draft"
	}
	return "/v1/organizations/" + d.Org.String() + "/drafts/" + d.ID.String()
}

// DraftContent is what a draft says: anything, also nothing.
type DraftContent struct {
	Text  string   `json:"text,omitempty" maxLength:"10000"`
	Links []string `json:"links,omitempty" maxItems:"20"`
}

// NewDraftContent is what a draft of a conversation yet to be started says.
type NewDraftContent struct {
	Recipients []veranda.AccountID `json:"recipients,omitempty" maxItems:"999"`
	Workspace  veranda.WorkspaceID `json:"workspace_id,omitempty"`
	Subject    string              `json:"subject,omitempty" maxLength:"200"`
	DraftContent
}

func (d *DraftContent) validate(c *veranda.Checks) {
	d.Text = c.Text("/text", d.Text, 0, maxText)
	c.Count("/links", len(d.Links), 0, maxLinks)
	for i := range d.Links { // half a link is kept as it is
		d.Links[i] = c.Line("/links/"+strconv.Itoa(i), d.Links[i], 0, maxLink)
	}
}

func (d *NewDraftContent) validate() error {
	var c veranda.Checks
	c.Count("/recipients", len(d.Recipients), 0, MaxPeople-1)
	d.Subject = c.Line("/subject", d.Subject, 0, maxSubject)
	d.DraftContent.validate(&c)
	return c.Err()
}

// SaveDraftInput is what the caller has begun to write in a conversation.
type SaveDraftInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Version      int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any, and for the first."`
	DraftContent
}

// ConversationDraftInput names what the caller has begun to write in a conversation.
type ConversationDraftInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
}

// CreateDraftInput is the beginning of a conversation yet to be started.
type CreateDraftInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	NewDraftContent
}

// UpdateDraftInput is another state of it.
type UpdateDraftInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Draft   DraftID       `path:"draft" json:"-"`
	Version int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
	NewDraftContent
}

// DraftInput names a draft.
type DraftInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	Draft DraftID       `path:"draft" json:"-"`
}

// ListDraftsInput asks for one's drafts, that changed last first.
type ListDraftsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
}

const draftList = "messaging.drafts"
