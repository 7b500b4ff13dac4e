package tasks

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:                 "Read tasks, their comments and labels.",
		PermCreate:               "Make tasks.",
		PermEdit:                 "Change, finish and reopen tasks, and make others follow them.",
		permEditAssigned:         "Change, finish and reopen tasks one is assigned.",
		PermDelete:               "Delete tasks.",
		permDeleteOwn:            "Delete tasks one made or is assigned.",
		permDeleteManaged:        "Delete tasks in workspaces one manages.",
		PermComment:              "Comment on tasks.",
		PermEditComment:          "Change anybody's comments on tasks.",
		permEditCommentOwn:       "Change one's own comments on tasks.",
		PermDeleteComment:        "Delete anybody's comments on tasks.",
		permDeleteCommentOwn:     "Delete one's own comments on tasks.",
		permDeleteCommentManaged: "Delete comments on tasks in workspaces one manages.",
		PermFollow:               "Follow tasks.",
		PermManageLabels:         "Make, rename, recolour, merge and delete the labels of workspaces.",
		PermShareFilter:          "Share saved filters of tasks in workspaces.",
		PermEditFilter:           "Change and delete anybody's shared filters of tasks.",
		permEditFilterOwn:        "Change and delete filters of tasks one shared.",
		permEditFilterManaged:    "Change and delete shared filters of tasks in workspaces one manages.",
	}
}
