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
	// PermReadCommentHistory is to read what a comment said before it was edited.
	PermReadCommentHistory        veranda.Permission = "status.read_comment_history"
	PermReadCommentHistoryOwn     veranda.Permission = "status.read_comment_history:own"
	PermReadCommentHistoryManaged veranda.Permission = "status.read_comment_history:managed"
	// PermVote is to vote in a poll, to change the vote and to take it back.
	PermVote veranda.Permission = "status.vote"
	// PermClosePoll is to close a poll before its time.
	PermClosePoll        veranda.Permission = "status.close_poll"
	PermClosePollOwn     veranda.Permission = "status.close_poll:own"
	PermClosePollManaged veranda.Permission = "status.close_poll:managed"
	// PermPin is to pin a status to the top of its workspace and to unpin it.
	PermPin        veranda.Permission = "status.pin"
	PermPinOwn     veranda.Permission = "status.pin:own"
	PermPinManaged veranda.Permission = "status.pin:managed"
	// PermAnnounce is to post what everybody is to confirm having read; as shipped, in workspaces one manages.
	PermAnnounce        veranda.Permission = "status.announce"
	PermAnnounceManaged veranda.Permission = "status.announce:managed"
	// PermConfirmReading is to confirm that one has read such an announcement.
	PermConfirmReading veranda.Permission = "status.confirm_reading"
	// PermCheckReading is to see who has read one and who has not, and to have those reminded.
	PermCheckReading        veranda.Permission = "status.check_reading"
	PermCheckReadingOwn     veranda.Permission = "status.check_reading:own"
	PermCheckReadingManaged veranda.Permission = "status.check_reading:managed"
)

var permissions = []veranda.Permission{
	PermRead, PermCreate, PermEdit, PermEditOwn, PermDelete, PermDeleteOwn, PermDeleteManaged,
	PermReadHistory, PermReadHistoryOwn, PermReadHistoryManaged,
	PermComment, PermEditComment, PermEditCommentOwn, PermDeleteComment, PermDeleteCommentOwn, PermDeleteCommentManaged,
	PermReact,
	PermReadCommentHistory, PermReadCommentHistoryOwn, PermReadCommentHistoryManaged,
	PermVote, PermClosePoll, PermClosePollOwn, PermClosePollManaged, PermPin, PermPinOwn, PermPinManaged,
	PermAnnounce, PermAnnounceManaged, PermConfirmReading, PermCheckReading, PermCheckReadingOwn, PermCheckReadingManaged,
}
