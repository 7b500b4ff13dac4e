package stream

import "github.com/veranda-go/veranda"

// The kinds of events this package emits. No event carries a text: what is deleted must not live on in the event log.
const (
	EventStatusPosted    = "stream.status_posted"    // data: StatusData; subject: the status, whose id is the event's too
	EventStatusEdited    = "stream.status_edited"    // data: StatusData; subject: the status
	EventStatusDeleted   = "stream.status_deleted"   // data: StatusData; subject: the status
	EventCommentAdded    = "stream.comment_added"    // data: CommentData; subject: the comment
	EventCommentEdited   = "stream.comment_edited"   // data: CommentData; subject: the comment
	EventCommentDeleted  = "stream.comment_deleted"  // data: CommentData; subject: the comment
	EventReactionAdded   = "stream.reaction_added"   // data: ReactionData; subject: the status or comment
	EventReactionRemoved = "stream.reaction_removed" // data: ReactionData; subject: the status or comment
)

// StatusData is the data of events about a status.
type StatusData struct {
	// Author wrote the status, who need not be who acts.
	Author veranda.AccountID `json:"author_id"`
	// Version is the status's version after the change; absent once it is deleted.
	Version int64 `json:"version,omitempty"`
}

// CommentData is the data of events about a comment.
type CommentData struct {
	Status ID `json:"status_id"`
	// StatusAuthor wrote the status, Author the comment.
	StatusAuthor veranda.AccountID `json:"status_author_id"`
	Author       veranda.AccountID `json:"author_id"`
}

// ReactionData is the data of events about a reaction.
type ReactionData struct {
	Status ID `json:"status_id"`
	// Comment is set when the reaction is to a comment.
	Comment *CommentID `json:"comment_id,omitempty"`
	// Author wrote what is reacted to.
	Author   veranda.AccountID `json:"author_id"`
	Reaction Reaction          `json:"reaction"`
}
