package messaging

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermRead:      "Read the conversations one takes part in.",
		PermStart:     "Start conversations with people one sees.",
		PermSend:      "Write into conversations one takes part in.",
		PermEdit:      "Change anybody's messages in conversations one takes part in.",
		PermEditOwn:   "Change one's own messages.",
		PermDelete:    "Delete anybody's messages in conversations one takes part in.",
		PermDeleteOwn: "Delete one's own messages.",
		PermManage:    "Rename group conversations one takes part in, and add people.",
	}
}
