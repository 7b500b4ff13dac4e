package tasks

import (
	"errors"

	"github.com/veranda-go/veranda"
)

// The errors of state that this package gives.
var (
	// ErrFinished is the answer to finishing what is finished: somebody else was faster, and their finishing counts.
	ErrFinished = veranda.NewError(veranda.CodeConflict, "tasks.finished", "The task is finished already.")
	// ErrOpen is the answer to reopening what is open.
	ErrOpen = veranda.NewError(veranda.CodeConflict, "tasks.open", "The task is open already.")
	// ErrLabelExists is the answer to a label whose name another label of the workspace has.
	ErrLabelExists = veranda.NewError(veranda.CodeConflict, "tasks.label_exists", "The workspace has a label of this name already.")
	// ErrBulk is the answer to a bulk edit of all or nothing where something stands in the way.
	ErrBulk = veranda.NewError(veranda.CodeConflict, "tasks.bulk", "Some of the tasks cannot be changed so; none was.")
	// ErrOpenSubtasks is the answer to finishing a task with open sub-tasks without saying what becomes of them.
	ErrOpenSubtasks = veranda.NewError(veranda.CodeConflict, "tasks.open_subtasks", "The task has open sub-tasks: finish them too, or leave them open.")
	// ErrBlocked is the answer to finishing a task that waits for another one.
	ErrBlocked = veranda.NewError(veranda.CodeConflict, "tasks.blocked", "The task waits for another one that is open.")
	// ErrCycle is the answer to a task that would be a part of itself, or wait for itself. Its message names the way.
	ErrCycle = veranda.NewError(veranda.CodeConflict, "tasks.cycle", "The tasks would go round in a circle.")
	// ErrDepth is the answer to sub-tasks beneath more than MaxDepth tasks.
	ErrDepth = veranda.NewError(veranda.CodeConflict, "tasks.depth", "Sub-tasks go five levels deep at most.")
	// ErrSubtasks is the answer to more than MaxSubtasks sub-tasks.
	ErrSubtasks = veranda.NewError(veranda.CodeConflict, "tasks.subtasks", "A task has 200 sub-tasks at most.")
	// ErrDependencies is the answer to more than MaxDependencies dependencies of a task.
	ErrDependencies = veranda.NewError(veranda.CodeConflict, "tasks.dependencies", "A task waits for 50 others at most, and 50 wait for it.")
	// ErrSubtaskRecurs is the answer to a recurrence of a sub-task: its parent's recreates it.
	ErrSubtaskRecurs = veranda.NewError(veranda.CodeConflict, "tasks.subtask_recurs", "A sub-task repeats with the task above it, not by itself.")
	// ErrSeriesEnded is the answer to skipping the last instance of a series, or what does not repeat.
	ErrSeriesEnded = veranda.NewError(veranda.CodeConflict, "tasks.series_ended", "No instance follows this one.")
	// ErrOthersSubtasks is the answer to deleting a task above sub-tasks that the actor may not delete.
	ErrOthersSubtasks = veranda.NewError(veranda.CodeForbidden, "tasks.others_subtasks", "You may not delete all of its sub-tasks.")
	// ErrReminders is the answer to more than MaxReminders reminders of one's own.
	ErrReminders = veranda.NewError(veranda.CodeConflict, "tasks.reminders", "You have 10 reminders of a task at most.")
	// ErrFollowers is the answer to following what MaxFollowers people follow.
	ErrFollowers = veranda.NewError(veranda.CodeConflict, "tasks.followers", "So many people follow the task that no more can.")
)

var (
	// errPresent says that there is nothing to do.
	errPresent = errors.New("tasks: it is there already")
	// errGraph says that the change concerns other tasks too, and is to be made again holding the graph.
	errGraph = errors.New("tasks: the graph must be held")
)
