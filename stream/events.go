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
	EventMuted           = "stream.muted"            // data: MuteData; subject and only reader: the account
	EventUnmuted         = "stream.unmuted"          // data: MuteData; subject and only reader: the account

	EventStatusPinned   = "stream.status_pinned"   // data: StatusData; subject: the status
	EventStatusUnpinned = "stream.status_unpinned" // data: StatusData; subject: the status

	// EventLinksPosted has the pages looked at to which a new text links, EventLinksPreviewed says that some were found.
	EventLinksPosted    = "stream.links_posted"    // data: LinksData; subject: the status or comment
	EventLinksPreviewed = "stream.links_previewed" // data: LinksData; subject: the status or comment

	// Of an anonymous poll, neither of the first two says who voted; none ever says for what.
	EventPollVoted     = "stream.poll_voted"     // data: PollData; subject: the status
	EventVoteWithdrawn = "stream.vote_withdrawn" // data: PollData; subject: the status
	EventPollClosed    = "stream.poll_closed"    // data: PollData; subject: the status; once, by its time or by somebody

	EventReadingConfirmed = "stream.reading_confirmed" // data: StatusData; subject: the status
	EventReadersReminded  = "stream.readers_reminded"  // data: StatusData; subject: the status
)

// StatusData is the data of events about a status.
type StatusData struct {
	// Author wrote the status, who need not be who acts.
	Author veranda.AccountID `json:"author_id"`
	// Version is the status's version after the change; absent once it is deleted.
	Version int64 `json:"version,omitempty"`
	// Mentions are those whom the text mentions, after an edit those whom it did not before.
	Mentions []veranda.AccountID `json:"mentions,omitempty"`
	// MustRead tells that everybody is to confirm having read it.
	MustRead bool `json:"must_read,omitempty"`
}

// CommentData is the data of events about a comment.
type CommentData struct {
	Status ID `json:"status_id"`
	// StatusAuthor wrote the status, Author the comment.
	StatusAuthor veranda.AccountID `json:"status_author_id"`
	Author       veranda.AccountID `json:"author_id"`
	// Mentions are those whom the text mentions, after an edit those whom it did not before.
	Mentions []veranda.AccountID `json:"mentions,omitempty"`
}

// LinksData is the data of events about links.
type LinksData struct {
	Status ID `json:"status_id"`
	// Comment is set where the links stand in a comment.
	Comment *CommentID `json:"comment_id,omitempty"`
}

// PollData is the data of events about a poll.
type PollData struct {
	// Author posted the poll.
	Author    veranda.AccountID `json:"author_id"`
	Anonymous bool              `json:"anonymous,omitempty"`
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
