package stream

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

type statusKind struct{}

// ID is the id of a status. It is also the id of the event that posted it, so that the stream joins the two by key.
type ID = veranda.ID[statusKind]

// maxStatusText is how long a status may be, in characters.
const maxStatusText = 10_000

// Person is who wrote or did something.
type Person struct {
	ID   veranda.AccountID `json:"id"`
	Name string            `json:"name"`
}

// Status is what somebody wrote into a workspace's stream.
type Status struct {
	ID        ID                  `json:"id"`
	Org       veranda.OrgID       `json:"organization_id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Author    Person              `json:"author"`
	Text      string              `json:"text" doc:"Markdown, as it was written."`
	HTML      string              `json:"html" doc:"The text as HTML that is safe to show. A mention is a span with data-account."`
	CreatedAt time.Time           `json:"created_at"`
	// EditedAt is absent until the text is changed for the first time.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	// Version rises with every change of the text, not with comments and reactions.
	Version   int64     `json:"version"`
	Comments  int64     `json:"comments" doc:"How many comments it has."`
	Reactions Reactions `json:"reactions"`
	// Links are those in the text, at most five, with what their pages say of themselves.
	Links       []Link             `json:"links"`
	Attachments []files.Attachment `json:"attachments"`
	// Poll is set where the status asks something: the text is its question.
	Poll *Poll `json:"poll,omitempty"`
	// PinnedAt is set while it is pinned to the top of its workspace.
	PinnedAt *time.Time `json:"pinned_at,omitempty"`
	// MustRead is set where everybody is to confirm having read it.
	MustRead *MustRead `json:"must_read,omitempty"`
}

// ETag is the status's version for If-Match.
func (s Status) ETag() string { return strconv.Quote(strconv.FormatInt(s.Version, 10)) }

// Location is the status's path.
func (s Status) Location() string {
	return "/v1/organizations/" + s.Org.String() + "/statuses/" + s.ID.String()
}

// PostInput is a new status.
type PostInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Text      string              `json:"text" minLength:"1" maxLength:"10000" doc:"Markdown, at most 10,000 characters. [@Ann Lee](account:<id>) mentions somebody."`
	// Attachments are files that the caller uploaded and attached to nothing yet.
	Attachments []files.ID `json:"attachments,omitempty" maxItems:"20" doc:"Files that were uploaded before."`
	Poll        *PollInput `json:"poll,omitempty" doc:"What can be voted for; the text is the question."`
	MustRead    bool       `json:"must_read,omitempty" doc:"Everybody who sees the workspace is to confirm having read it."`
}

func (in *PostInput) validate(now time.Time) error {
	var c veranda.Checks
	in.Text = c.Text("/text", in.Text, 1, maxStatusText)
	c.Mentions("/text", in.Text)
	c.Count("/attachments", len(in.Attachments), 0, files.MaxAttached)
	if in.Poll != nil {
		in.Poll.check(&c, now)
	}
	return c.Err()
}

// GetInput names a status.
type GetInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
}

// EditInput is a new text of a status.
type EditInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Version int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
	Text    string        `json:"text" minLength:"1" maxLength:"10000" doc:"Markdown, at most 10,000 characters."`
	// Attachments are all it is to have from now on; absent for those it has.
	Attachments []files.ID `json:"attachments,omitempty" maxItems:"20" doc:"All files it is to have; absent to leave them."`
}

func (in *EditInput) validate() error {
	var c veranda.Checks
	in.Text = c.Text("/text", in.Text, 1, maxStatusText)
	c.Mentions("/text", in.Text)
	c.Count("/attachments", len(in.Attachments), 0, files.MaxAttached)
	return c.Err()
}

// DeleteInput names a status to delete.
type DeleteInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Version int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
}
