package stream

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:                 "Read a workspace's stream, its statuses, comments and reactions.",
		PermCreate:               "Post statuses.",
		PermEdit:                 "Change anybody's statuses.",
		PermEditOwn:              "Change one's own statuses.",
		PermDelete:               "Delete anybody's statuses.",
		PermDeleteOwn:            "Delete one's own statuses.",
		PermDeleteManaged:        "Delete statuses in workspaces one manages.",
		PermReadHistory:          "Read what anybody's statuses said before.",
		PermReadHistoryOwn:       "Read what one's own statuses said before.",
		PermReadHistoryManaged:   "Read what statuses said before, in workspaces one manages.",
		PermComment:              "Comment on statuses.",
		PermEditComment:          "Change anybody's comments on statuses.",
		PermEditCommentOwn:       "Change one's own comments on statuses.",
		PermDeleteComment:        "Delete anybody's comments on statuses.",
		PermDeleteCommentOwn:     "Delete one's own comments on statuses.",
		PermDeleteCommentManaged: "Delete comments on statuses in workspaces one manages.",
		PermReact:                "React to statuses and comments.",

		PermReadCommentHistory:        "Read what anybody's comments on statuses said before.",
		PermReadCommentHistoryOwn:     "Read what one's own comments on statuses said before.",
		PermReadCommentHistoryManaged: "Read what comments on statuses said before, in workspaces one manages.",
		PermVote:                      "Vote in polls.",
		PermClosePoll:                 "Close anybody's polls before their time.",
		PermClosePollOwn:              "Close one's own polls before their time.",
		PermClosePollManaged:          "Close polls before their time, in workspaces one manages.",
		PermPin:                       "Pin anybody's statuses.",
		PermPinOwn:                    "Pin one's own statuses.",
		PermPinManaged:                "Pin statuses in workspaces one manages.",
		PermAnnounce:                  "Post announcements that everybody is to confirm having read, in any workspace.",
		PermAnnounceManaged:           "Post announcements that everybody is to confirm having read, in workspaces one manages.",
		PermConfirmReading:            "Confirm having read an announcement.",
		PermCheckReading:              "See who has read anybody's announcements, and have the others reminded.",
		PermCheckReadingOwn:           "See who has read one's own announcements, and have the others reminded.",
		PermCheckReadingManaged:       "See who has read announcements in workspaces one manages, and have the others reminded.",
	}
}
