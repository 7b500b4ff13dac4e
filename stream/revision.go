package stream

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// Revision is a text that a status or comment had before it was edited.
type Revision struct {
	// Version is the status's or comment's version that had this text.
	Version   int64     `json:"version"`
	Text      string    `json:"text"`
	WrittenAt time.Time `json:"written_at"`
}

// HistoryInput asks for the former texts of a status.
type HistoryInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
	veranda.Page
}

const historyList = "stream.history"

// CommentHistoryInput asks for the former texts of a comment.
type CommentHistoryInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Status  ID            `path:"status" json:"-"`
	Comment CommentID     `path:"comment" json:"-"`
	veranda.Page
}

// revisionPage gives a page's size and the version it begins below.
func revisionPage(page veranda.Page) (size int, before int64, err error) {
	var c veranda.Checks
	size = page.Size(&c)
	before = 1<<63 - 1
	if position := page.Position(&c, historyList, 1); position != nil {
		before, err = strconv.ParseInt(position[0], 10, 64)
		if err != nil {
			badCursor(&c)
		}
	}
	return size, before, c.Err()
}

// badCursor reports a cursor whose parts are not what the list's cursors are made of.
func badCursor(c *veranda.Checks) {
	c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
}
