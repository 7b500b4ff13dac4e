// Package tasks is for what has to be done: tasks in workspaces, for oneself or for others.
//
// A task has a title, a description, assignees, a due moment, a priority, labels, a checklist, comments and followers.
// It is open until somebody finishes it, and can be reopened. Its creator and its assignees follow it by themselves.
//
// Priorities are numbers, so that they can be compared: 0 none, 1 low, 2 normal, 3 high, 4 urgent.
//
// A due moment is a point in time. For "on that day" give the end of the day where the person lives.
//
// # Invariants
//
//   - A task lies in one workspace for ever; who sees the workspace sees its tasks.
//   - An assignee is somebody who could see the task when it was assigned to them.
//   - A task's version rises with every change of what it says: by Update, Finish, Reopen, SetChecklist and TickItem.
//     Comments and followers do not raise it, so that talking about a task does not spoil the work of who edits it.
//   - Open tasks of who leaves the organization go to who takes over, where they see the workspace, and else to nobody: in
//     the transaction that ends the access, by a hook that New adds. Finished ones keep their assignees.
//   - A change that changes nothing stores nothing and emits nothing.
//   - Labels that differ only in case are one label.
//   - A deleted task is in no list, count or search, and can be restored within DeletedFor; then PurgeJob takes it away for
//     good, with everything that hangs on it. Its events stay.
//   - Every label that a task bears is in its workspace's catalogue. Renaming, merging or deleting one changes every task
//     that bears it in the same transaction; deleted tasks keep the labels they had.
//   - A saved filter carries no right: whoever runs it sees what they could list themselves. It names only what its maker
//     saw when it was saved.
//   - Who does not see the workspace any more neither has nor follows a task that is restored or repeats.
//   - Files that are given with a new task or comment are attached in its transaction, or it is not made.
//   - An import makes all of its tasks or none.
//   - Nobody is mentioned who does not see the workspace. Whom a description or a comment mentions follows the task.
//
// # How it is stored
//
// The task's row holds all that Get and List show: lists of people, labels and checklist lie in text columns of the row
// as well as in tables of their own. The columns are for showing, the tables for finding, and every change writes both in
// one transaction that holds the row. So getting one is one read, and a list is one read after the actor's standing,
// however many people and labels there are.
//
// Moments that lists are sorted by must not be NULL, or a row comparison would lose them: due_sort is the due moment in
// microseconds since 1970, and the greatest number where there is none, so such tasks come last in ascending order.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module())
//	service, err := tasks.New(tasks.Deps{DB: db, Authz: authz})
//	task, err := service.Create(ctx, actor, tasks.CreateInput{Org: org, Workspace: workspace, Title: "Call the landlord"})
//
// [Source] counts overdue tasks for statistics; unlike everything else here it asks for no permission.
package tasks
