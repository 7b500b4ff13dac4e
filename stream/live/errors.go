package live

import (
	"errors"

	"github.com/veranda-go/veranda"
)

// What the package answers besides the errors of package veranda.
var (
	// ErrConnections refuses a subscription beyond Deps.PerAccount.
	ErrConnections = veranda.NewError(veranda.CodeLimit, "rate.live", "You are connected too often. Close a window, or wait until a lost connection is noticed.")
	// ErrFull refuses a subscription beyond Deps.PerNode, and while the hub does not run.
	ErrFull = veranda.NewError(veranda.CodeUnavailable, "live.unavailable", "Live delivery is not available now. Try again in a while.")
	// ErrEnded ends a subscription whose session ended, or which lost the last place it could see.
	ErrEnded = veranda.NewError(veranda.CodeUnauthenticated, "live.ended", "The session or membership has ended.")
)

// Ended tells whether an error of Next ends the stream.
func Ended(err error) bool { return errors.Is(err, ErrEnded) || errors.Is(err, ErrFull) }
