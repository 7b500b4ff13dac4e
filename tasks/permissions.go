package tasks

import "github.com/veranda-go/veranda"

// Permissions on tasks. All are asked in the task's workspace, which the actor must be able to see; PermRead is asked in
// the organization too, for lists across workspaces.
//
// A task is the actor's own when they created it or it is assigned to them; a comment when they wrote it.
const (
	PermRead          veranda.Permission = "task.read"           // tasks, their comments, the labels in use
	PermCreate        veranda.Permission = "task.create"         // make tasks
	PermEdit          veranda.Permission = "task.edit"           // change, finish, reopen; make others follow
	PermDelete        veranda.Permission = "task.delete"         // delete a task and all that hangs on it
	PermComment       veranda.Permission = "task.comment"        // add comments
	PermEditComment   veranda.Permission = "task.edit_comment"   // change the text of comments
	PermDeleteComment veranda.Permission = "task.delete_comment" // delete comments
	PermFollow        veranda.Permission = "task.follow"         // follow a task oneself
	PermManageLabels  veranda.Permission = "task.manage_labels"  // make, rename, recolour, merge and delete the labels of a workspace
	PermShareFilter   veranda.Permission = "task.share_filter"   // share saved filters in a workspace
	PermEditFilter    veranda.Permission = "task.edit_filter"    // change and delete shared filters
)

// The narrowed forms that policy rows use.
const (
	permEditAssigned         = PermEdit + ":assigned"
	permDeleteOwn            = PermDelete + ":own"
	permDeleteManaged        = PermDelete + ":managed"
	permEditCommentOwn       = PermEditComment + ":own"
	permDeleteCommentOwn     = PermDeleteComment + ":own"
	permDeleteCommentManaged = PermDeleteComment + ":managed"
	permEditFilterOwn        = PermEditFilter + ":own"
	permEditFilterManaged    = PermEditFilter + ":managed"
)

func permissions() []veranda.Permission {
	return []veranda.Permission{
		PermRead, PermCreate, PermEdit, permEditAssigned, PermDelete, permDeleteOwn, permDeleteManaged,
		PermComment, PermEditComment, permEditCommentOwn, PermDeleteComment, permDeleteCommentOwn, permDeleteCommentManaged,
		PermFollow, PermManageLabels, PermShareFilter, PermEditFilter, permEditFilterOwn, permEditFilterManaged,
	}
}
