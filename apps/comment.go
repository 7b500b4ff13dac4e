package apps

import (
	"time"

	"github.com/veranda-go/veranda"
)

// MaxComment is how long a comment may be, in characters.
const MaxComment = 10_000

// Comment is what somebody said about a record.
type Comment struct {
	Org    veranda.OrgID `json:"organization_id"`
	App    ID            `json:"app_id"`
	Record RecordID      `json:"record_id"`
	ID     CommentID     `json:"id"`
	// Author is absent when a background job wrote it.
	Author    veranda.AccountID `json:"author_id,omitzero"`
	Text      string            `json:"text"`
	CreatedAt time.Time         `json:"created_at"`
	// EditedAt is when the text was changed last; absent when it never was.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	Version  int64      `json:"version"`
}

// ETag is the version, for conditional requests.
func (c *Comment) ETag() string { return etag(c.Version) }

// Location is the address of the comment.
func (c *Comment) Location() string {
	return appPath(c.Org, c.App) + "/records/" + c.Record.String() + "/comments/" + c.ID.String()
}

// AddCommentInput is a new comment.
type AddCommentInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Record RecordID      `path:"record" json:"-"`
	Text   string        `json:"text" minLength:"1" maxLength:"10000"`
}

func (in *AddCommentInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	in.Text = c.Text("/text", in.Text, 1, MaxComment)
	c.Mentions("/text", in.Text)
	return c.Err()
}

// EditCommentInput changes the text of a comment.
type EditCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Record  RecordID      `path:"record" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Text    string        `json:"text" minLength:"1" maxLength:"10000"`
}

func (in *EditCommentInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	veranda.Required(&c, "/comment_id", in.Comment)
	checkVersion(&c, in.Version)
	in.Text = c.Text("/text", in.Text, 1, MaxComment)
	c.Mentions("/text", in.Text)
	return c.Err()
}

// DeleteCommentInput names a comment to be deleted.
type DeleteCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Record  RecordID      `path:"record" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *DeleteCommentInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	veranda.Required(&c, "/comment_id", in.Comment)
	checkVersion(&c, in.Version)
	return c.Err()
}

// CommentsInput asks for the comments of a record, the oldest first.
type CommentsInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Record RecordID      `path:"record" json:"-"`
	veranda.Page
}

const commentsList = "apps.comments"

// validate gives the size of the page and the comment it comes after.
func (in *CommentsInput) validate() (size int, after CommentID, err error) {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	size = in.Size(&c)
	if position := in.Position(&c, commentsList, 1); position != nil {
		if after, err = veranda.ParseID[commentKind](position[0]); err != nil {
			badCursor(&c)
		}
	}
	return size, after, c.Err()
}
