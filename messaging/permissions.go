package messaging

import "github.com/veranda-go/veranda"

// The permissions this package asks for. All but PermStart are asked of those who take part in a conversation;
// nobody else does anything with it, whatever the policy allows.
const (
	// PermRead is to read the conversations one takes part in, and to arrange them for oneself.
	PermRead veranda.Permission = "message.read"
	// PermStart is to start a conversation with people one sees.
	PermStart veranda.Permission = "message.start"
	// PermSend is to write into a conversation one takes part in.
	PermSend veranda.Permission = "message.send"
	// PermEdit is to change a message; as shipped, only one's own.
	PermEdit    veranda.Permission = "message.edit"
	PermEditOwn veranda.Permission = "message.edit:own"
	// PermDelete is to delete a message for everybody; as shipped, only one's own.
	PermDelete    veranda.Permission = "message.delete"
	PermDeleteOwn veranda.Permission = "message.delete:own"
	// PermManage is to rename a group conversation and to add people to it.
	PermManage veranda.Permission = "message.manage"
)

var permissions = []veranda.Permission{
	PermRead, PermStart, PermSend, PermEdit, PermEditOwn, PermDelete, PermDeleteOwn, PermManage,
}
