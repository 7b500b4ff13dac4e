package messaging

import "github.com/veranda-go/veranda"

// The kinds of events this package emits. All are addressed: only the people in Event.To may see them, and none lies in a
// workspace. No event carries a text. A draft emits none.
const (
	EventConversationStarted  = "messaging.conversation_started"  // data: ConversationData; to all; subject: the conversation
	EventConversationRenamed  = "messaging.conversation_renamed"  // data: ConversationData; to all; subject: the conversation
	EventParticipantAdded     = "messaging.participant_added"     // data: ParticipantData; to all; subject: the conversation; one for all added at once
	EventParticipantLeft      = "messaging.participant_left"      // data: ParticipantData; to all, who left included; subject: the conversation
	EventMessageSent          = "messaging.message_sent"          // data: MessageData; to all; subject: the message
	EventMessageEdited        = "messaging.message_edited"        // data: MessageData; to all; subject: the message
	EventMessageDeleted       = "messaging.message_deleted"       // data: MessageData; to all; subject: the message
	EventReadMarked           = "messaging.read_marked"           // data: ReadData; to the reader, and where others see it to them; subject: the conversation
	EventMessageHidden        = "messaging.message_hidden"        // data: MessageData; to the person alone; subject: the message
	EventConversationHidden   = "messaging.conversation_hidden"   // data: ConversationData; to the person alone; subject: the conversation
	EventConversationArranged = "messaging.conversation_arranged" // data: ConversationData; to the person alone; subject: the conversation
	EventPreferencesChanged   = "messaging.preferences_changed"   // data: none; to the person alone; subject: the account
)

// ConversationData is the data of events about a conversation.
type ConversationData struct {
	Conversation ID `json:"conversation_id"`
}

// ParticipantData is the data of events about who takes part.
type ParticipantData struct {
	Conversation ID                  `json:"conversation_id"`
	Accounts     []veranda.AccountID `json:"account_ids"`
}

// MessageData is the data of events about a message.
type MessageData struct {
	Conversation ID    `json:"conversation_id"`
	Number       int64 `json:"number"`
	// Thread is the number of the message it answers; absent for none.
	Thread int64 `json:"thread,omitempty"`
	// Version is the message's after the change.
	Version int64 `json:"version"`
}

// ReadData is the data of EventReadMarked.
type ReadData struct {
	Conversation ID                `json:"conversation_id"`
	Account      veranda.AccountID `json:"account_id"`
	// Number is the last message the person has read.
	Number int64 `json:"number"`
}
