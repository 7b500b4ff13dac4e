package stream

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

type commentKind struct{}

// CommentID is the id of a comment on a status.
type CommentID = veranda.ID[commentKind]

// maxCommentText is how long a comment may be, in characters.
const maxCommentText = 10_000

// Comment is what somebody wrote below a status.
type Comment struct {
	ID        CommentID     `json:"id"`
	Org       veranda.OrgID `json:"organization_id"`
	Status    ID            `json:"status_id"`
	Author    Person        `json:"author"`
	Text      string        `json:"text" doc:"Markdown, as it was written."`
	HTML      string        `json:"html" doc:"The text as HTML that is safe to show."`
	CreatedAt time.Time     `json:"created_at"`
	// EditedAt is absent until the text is changed for the first time.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	// Version rises with every change of the text, not with reactions.
	Version   int64     `json:"version"`
	Reactions Reactions `json:"reactions"`
	// Links are those in the text, at most five, with what their pages say of themselves.
	Links       []Link             `json:"links"`
	Attachments []files.Attachment `json:"attachments"`
}

// ETag is the comment's version for If-Match.
func (c Comment) ETag() string { return strconv.Quote(strconv.FormatInt(c.Version, 10)) }

// Location is the comment's path.
func (c Comment) Location() string {
	return "/v1/organizations/" + c.Org.String() + "/statuses/" + c.Status.String() + "/comments/" + c.ID.String()
}

// AddCommentInput is a new comment.
type AddCommentInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	Text   string        `json:"text" minLength:"1" maxLength:"10000" doc:"Markdown, at most 10,000 characters. [@Ann Lee](account:<id>) mentions somebody."`
	// Attachments are files that the caller uploaded and attached to nothing yet.
	Attachments []files.ID `json:"attachments,omitempty" maxItems:"20" doc:"Files that were uploaded before."`
}

func (in *AddCommentInput) validate() error {
	var c veranda.Checks
	in.Text = c.Text("/text", in.Text, 1, maxCommentText)
	c.Mentions("/text", in.Text)
	c.Count("/attachments", len(in.Attachments), 0, files.MaxAttached)
	return c.Err()
}

// EditCommentInput is a new text of a comment.
type EditCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
	Text    string        `json:"text" minLength:"1" maxLength:"10000" doc:"Markdown, at most 10,000 characters."`
}

func (in *EditCommentInput) validate() error {
	var c veranda.Checks
	in.Text = c.Text("/text", in.Text, 1, maxCommentText)
	c.Mentions("/text", in.Text)
	return c.Err()
}

// DeleteCommentInput names a comment to delete.
type DeleteCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-" doc:"The version that was read; absent for any."`
}

// ListCommentsInput asks for the comments on a status.
type ListCommentsInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	veranda.Page
}

const commentList = "stream.comments"

// validate gives the page's size and the comment it begins after.
func (in *ListCommentsInput) validate() (size int, after CommentID, err error) {
	var c veranda.Checks
	size = in.Size(&c)
	if position := in.Position(&c, commentList, 1); position != nil {
		if after.UnmarshalText([]byte(position[0])) != nil {
			badCursor(&c)
		}
	}
	return size, after, c.Err()
}
