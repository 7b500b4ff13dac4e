package tasks

import "github.com/veranda-go/veranda"

// The errors of state that this package gives.
var (
	// ErrFinished is the answer to finishing what is finished: somebody else was faster, and their finishing counts.
	ErrFinished = veranda.NewError(veranda.CodeConflict, "tasks.finished", "The task is finished already.")
	// ErrOpen is the answer to reopening what is open.
	ErrOpen = veranda.NewError(veranda.CodeConflict, "tasks.open", "The task is open already.")
	// ErrFollowers is the answer to following what MaxFollowers people follow.
	ErrFollowers = veranda.NewError(veranda.CodeConflict, "tasks.followers", "So many people follow the task that no more can.")
)
