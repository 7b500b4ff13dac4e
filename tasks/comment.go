package tasks

import (
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// Comment is what somebody said about a task.
type Comment struct {
	Org  veranda.OrgID `json:"organization_id"`
	Task ID            `json:"task_id"`
	ID   CommentID     `json:"id"`
	// Author is absent when a background job wrote it.
	Author    veranda.AccountID `json:"author_id,omitzero"`
	Text      string            `json:"text"`
	CreatedAt time.Time         `json:"created_at"`
	// EditedAt is when the text was changed last; absent when it never was.
	EditedAt *time.Time `json:"edited_at,omitempty"`
	// Attachments are its files, in the order they were attached.
	Attachments []files.Attachment `json:"attachments"`
	Version     int64              `json:"version"`
}

// ETag is the version as HTTP's entity tag.
func (c Comment) ETag() string { return etag(c.Version) }

// Location is the comment's path over HTTP.
func (c Comment) Location() string {
	return "/v1/organizations/" + c.Org.String() + "/tasks/" + c.Task.String() + "/comments/" + c.ID.String()
}

// AddCommentInput is a new comment.
type AddCommentInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Task ID            `path:"task" json:"-"`
	Text string        `json:"text" minLength:"1" maxLength:"10000"`
	// Attachments are files that the caller uploaded and attached to nothing yet.
	Attachments []files.ID `json:"attachments,omitempty" maxItems:"20" doc:"Files of one's own that are uploaded and not attached yet."`
}

func (in *AddCommentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	in.Text = c.Text("/text", in.Text, 1, MaxComment)
	c.Mentions("/text", in.Text)
	c.Count("/attachments", len(in.Attachments), 0, files.MaxAttached)
	return c.Err()
}

// EditCommentInput changes the text of a comment.
type EditCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Text    string        `json:"text" minLength:"1" maxLength:"10000"`
}

func (in *EditCommentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/comment_id", in.Comment)
	checkVersion(&c, in.Version)
	in.Text = c.Text("/text", in.Text, 1, MaxComment)
	c.Mentions("/text", in.Text)
	return c.Err()
}

// DeleteCommentInput names a comment to be deleted.
type DeleteCommentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *DeleteCommentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/comment_id", in.Comment)
	checkVersion(&c, in.Version)
	return c.Err()
}

// CommentsInput asks for the comments of a task.
type CommentsInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Task ID            `path:"task" json:"-"`
	Sort CommentSort   `query:"sort" json:"-" enum:"created,-created" doc:"created for oldest first (the default), -created for newest first."`
	veranda.Page
}

// CommentSort is an order of comments.
type CommentSort string

// The orders of comments.
const (
	OldestFirst CommentSort = "created"
	NewestFirst CommentSort = "-created"
)

// validate gives the size of the page and the comment it comes after.
func (in *CommentsInput) validate() (size int, after CommentID, err error) {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	if in.Sort == "" {
		in.Sort = OldestFirst
	}
	veranda.OneOf(&c, "/sort", in.Sort, OldestFirst, NewestFirst)
	size = in.Size(&c)
	after = lowestID[commentKind]()
	if in.Sort == NewestFirst {
		after = highestID[commentKind]()
	}
	if position := in.Position(&c, commentsList(in.Sort), 1); position != nil {
		if after, err = veranda.ParseID[commentKind](position[0]); err != nil {
			badCursor(&c)
		}
	}
	return size, after, c.Err()
}

// commentsList names the cursors of the comments list in an order.
func commentsList(sort CommentSort) string { return "tasks.comments:" + string(sort) }
