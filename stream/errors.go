package stream

import "github.com/veranda-go/veranda"

// ErrNoAuthor refuses statuses, comments and reactions of background jobs: each has a person for its author, whatever the
// policy allows.
var ErrNoAuthor = veranda.NewError(veranda.CodeForbidden, "stream.no_author", "Only a person can write or react here.")
