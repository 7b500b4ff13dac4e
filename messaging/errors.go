package messaging

import "github.com/veranda-go/veranda"

// The errors of this package besides those of package veranda.
var (
	// ErrNoAuthor refuses what a background job would say: each message has a person for its author.
	ErrNoAuthor = veranda.NewError(veranda.CodeForbidden, "messaging.no_author", "Only a person can write here.")
	// ErrNobody refuses a message into a conversation whose other people have left it or the organization.
	ErrNobody = veranda.NewError(veranda.CodeConflict, "messaging.nobody", "There is nobody left in this conversation to write to.")
	// ErrDirect refuses to rename, to add people to, and to leave a conversation of two.
	ErrDirect = veranda.NewError(veranda.CodeConflict, "messaging.direct", "A conversation of two stays as it is; start a group instead.")
	// ErrDeleted refuses to change a message that is deleted.
	ErrDeleted = veranda.NewError(veranda.CodeConflict, "messaging.deleted", "The message is deleted.")
)
