package stream

import "github.com/veranda-go/veranda"

// ErrNoAuthor refuses statuses, comments and reactions of background jobs: each has a person for its author, whatever the
// policy allows.
var ErrNoAuthor = veranda.NewError(veranda.CodeForbidden, "stream.no_author", "Only a person can write or react here.")

// What polls, pins and announcements refuse.
var (
	ErrPollClosed    = veranda.NewError(veranda.CodeConflict, "stream.poll_closed", "The poll is closed.")
	ErrVoteFinal     = veranda.NewError(veranda.CodeConflict, "stream.vote_final", "You have voted, and votes in this poll are final.")
	ErrPollAnonymous = veranda.NewError(veranda.CodeConflict, "stream.poll_anonymous", "The poll is anonymous: nobody sees who voted for what.")
	ErrResultsHidden = veranda.NewError(veranda.CodeConflict, "stream.results_hidden", "The results show once you have voted, or when the poll is closed.")
	ErrTooManyPins   = veranda.NewError(veranda.CodeConflict, "stream.too_many_pins", "There are ten pinned statuses already; unpin one first.")
	ErrNotMustRead   = veranda.NewError(veranda.CodeConflict, "stream.not_must_read", "The status is no announcement that is to be confirmed.")
	ErrReminded      = veranda.NewError(veranda.CodeConflict, "stream.reminded", "Those who have not read it were reminded within a day.")
)
