package files

import "github.com/veranda-go/veranda"

// Refusals.
var (
	ErrTooLarge = veranda.NewError(veranda.CodeInvalid, "files.too_large", "The file is larger than what may be uploaded here.")
	ErrEmpty    = veranda.NewError(veranda.CodeInvalid, "files.empty", "The file is empty.")
	// ErrPending refuses who uploads and never attaches.
	ErrPending = veranda.NewError(veranda.CodeLimit, "files.pending", "A hundred files of yours wait to be attached. Attach or discard some first.")
	// ErrNoAuthor refuses uploads of background jobs: a file has a person who uploaded it.
	ErrNoAuthor = veranda.NewError(veranda.CodeForbidden, "files.no_author", "Only a person can upload files here.")
	// ErrStorage is the answer where the content cannot be stored or read; the cause is in the log.
	ErrStorage = veranda.NewError(veranda.CodeUnavailable, "files.storage", "The storage of files does not answer. Try again later.")
)
