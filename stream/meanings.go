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
	}
}
