package stream

import "github.com/veranda-go/veranda"

// The permissions this package asks for.
const (
	// PermRead is to see a workspace's stream, and the statuses, comments and reactions in it.
	PermRead veranda.Permission = "status.read"
	// PermCreate is to post a status.
	PermCreate veranda.Permission = "status.create"
	// PermEdit is to change a status; as shipped, only one's own.
	PermEdit    veranda.Permission = "status.edit"
	PermEditOwn veranda.Permission = "status.edit:own"
	// PermDelete is to delete a status; as shipped, one's own, and any in workspaces one manages.
	PermDelete        veranda.Permission = "status.delete"
	PermDeleteOwn     veranda.Permission = "status.delete:own"
	PermDeleteManaged veranda.Permission = "status.delete:managed"
	// PermReadHistory is to read what a status said before it was edited: what somebody took back is not for everybody.
	PermReadHistory        veranda.Permission = "status.read_history"
	PermReadHistoryOwn     veranda.Permission = "status.read_history:own"
	PermReadHistoryManaged veranda.Permission = "status.read_history:managed"
	// PermComment is to comment on a status.
	PermComment veranda.Permission = "status.comment"
	// PermEditComment is to change a comment; as shipped, only one's own.
	PermEditComment    veranda.Permission = "status.edit_comment"
	PermEditCommentOwn veranda.Permission = "status.edit_comment:own"
	// PermDeleteComment is to delete a comment; as shipped, one's own, and any in workspaces one manages.
	PermDeleteComment        veranda.Permission = "status.delete_comment"
	PermDeleteCommentOwn     veranda.Permission = "status.delete_comment:own"
	PermDeleteCommentManaged veranda.Permission = "status.delete_comment:managed"
	// PermReact is to react to a status or a comment and to take that back.
	PermReact veranda.Permission = "status.react"
)

var permissions = []veranda.Permission{
	PermRead, PermCreate, PermEdit, PermEditOwn, PermDelete, PermDeleteOwn, PermDeleteManaged,
	PermReadHistory, PermReadHistoryOwn, PermReadHistoryManaged,
	PermComment, PermEditComment, PermEditCommentOwn, PermDeleteComment, PermDeleteCommentOwn, PermDeleteCommentManaged,
	PermReact,
}
