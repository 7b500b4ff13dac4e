package apps

import "github.com/veranda-go/veranda"

// Permissions on applications and their records. All are asked in the application's workspace, which the actor must be
// able to see. An application may narrow them further by rules of its own: see [Rule].
//
// An application is the actor's own when they made it, and assigned to them when one of its rules names a role of theirs:
// so a guest sees only the applications that are shared with guests. A record is the actor's own when they made it.
const (
	PermRead          veranda.Permission = "app.read"              // applications and what they are made of
	PermDesign        veranda.Permission = "app.design"            // make applications, change their fields
	PermManage        veranda.Permission = "app.manage"            // rules of access, deletion; sees past the rules
	PermReadRecord    veranda.Permission = "record.read"           // records, their history and comments
	PermCreateRecord  veranda.Permission = "record.create"         // add records
	PermEditRecord    veranda.Permission = "record.edit"           // change records
	PermDeleteRecord  veranda.Permission = "record.delete"         // delete and restore records
	PermComment       veranda.Permission = "record.comment"        // comment on records
	PermEditComment   veranda.Permission = "record.edit_comment"   // change the text of comments
	PermDeleteComment veranda.Permission = "record.delete_comment" // delete comments
)

// The narrowed forms that policy rows use.
const (
	permReadShared           = PermRead + ":assigned"
	permManageOwn            = PermManage + ":own"
	permManageManaged        = PermManage + ":managed"
	permReadRecordShared     = PermReadRecord + ":assigned"
	permDeleteRecordOwn      = PermDeleteRecord + ":own"
	permDeleteRecordManaged  = PermDeleteRecord + ":managed"
	permCommentShared        = PermComment + ":assigned"
	permEditCommentOwn       = PermEditComment + ":own"
	permDeleteCommentOwn     = PermDeleteComment + ":own"
	permDeleteCommentManaged = PermDeleteComment + ":managed"
)

func permissions() []veranda.Permission {
	return []veranda.Permission{
		PermRead, permReadShared, PermDesign, PermManage, permManageOwn, permManageManaged,
		PermReadRecord, permReadRecordShared, PermCreateRecord, PermEditRecord, PermDeleteRecord, permDeleteRecordOwn, permDeleteRecordManaged,
		PermComment, permCommentShared, PermEditComment, permEditCommentOwn, PermDeleteComment, permDeleteCommentOwn, permDeleteCommentManaged,
	}
}
