package apps

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:                 "See applications and what they are made of.",
		permReadShared:           "See applications shared with one's role.",
		PermDesign:               "Make applications and change their fields.",
		PermManage:               "Delete anybody's applications and say who may do what in them.",
		permManageOwn:            "Delete applications one made and say who may do what in them.",
		permManageManaged:        "Delete applications, and say who may do what in them, in workspaces one manages.",
		PermReadRecord:           "Read records, their history and comments.",
		permReadRecordShared:     "Read the records of applications shared with one's role.",
		PermCreateRecord:         "Add records.",
		PermEditRecord:           "Change records.",
		PermDeleteRecord:         "Delete and restore anybody's records.",
		permDeleteRecordOwn:      "Delete and restore records one made.",
		permDeleteRecordManaged:  "Delete and restore records in workspaces one manages.",
		PermComment:              "Comment on records.",
		permCommentShared:        "Comment on the records of applications shared with one's role.",
		PermEditComment:          "Change anybody's comments on records.",
		permEditCommentOwn:       "Change one's own comments on records.",
		PermDeleteComment:        "Delete anybody's comments on records.",
		permDeleteCommentOwn:     "Delete one's own comments on records.",
		permDeleteCommentManaged: "Delete comments on records in workspaces one manages.",
	}
}
