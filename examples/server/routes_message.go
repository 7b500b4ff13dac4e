package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/messaging"
)

func messageRoutes(s *web.Server, service *messaging.Service) {
	const org = "/v1/organizations/{org}"
	const all, one = org + "/conversations", org + "/conversations/{conversation}"
	const message, draft = one + "/messages/{number}", org + "/drafts/{draft}"
	g := web.On(s, "Messages", "Conversations with people one sees: nobody reads them but who takes part.", service)
	web.Create(g, all, "Start a conversation", (*messaging.Service).Start, web.Idempotent(),
		web.Describe("With one person and no subject it goes on where the two were. A workspace stands for its members at the moment."))
	web.Get(g, all, "List one's conversations", (*messaging.Service).List)
	web.Get(g, one, "Read a conversation", (*messaging.Service).Get)
	web.Patch(g, one, "Rename a group conversation", (*messaging.Service).Rename)
	web.Delete(g, one, "Delete a conversation for oneself", web.None((*messaging.Service).Hide),
		web.Describe("The others keep it. The next message brings it back, without what was said before."))
	web.Patch(g, one+"/mine", "Mute, pin or archive a conversation for oneself", (*messaging.Service).Arrange, web.AnyVersion())
	web.Get(g, one+"/people", "List who takes part in a conversation", (*messaging.Service).People)
	web.Post(g, one+"/people", "Add people to a group conversation", (*messaging.Service).Add,
		web.Describe("They read what is said from then on."))
	web.Post(g, one+"/leave", "Leave a group conversation", web.None((*messaging.Service).Leave))
	web.Post(g, one+"/read", "Mark messages as read", (*messaging.Service).MarkRead,
		web.Describe("Up to the last message that was shown, so that what comes meanwhile stays unread."))
	web.Post(g, one+"/unread", "Mark messages as unread", (*messaging.Service).MarkUnread,
		web.Describe("From the message on."))

	web.Create(g, one+"/messages", "Send a message", (*messaging.Service).Send, web.Idempotent())
	web.Get(g, one+"/messages", "List the messages of a conversation", (*messaging.Service).ListMessages)
	web.Get(g, message, "Read a message", (*messaging.Service).GetMessage)
	web.Patch(g, message, "Change a message", (*messaging.Service).Edit)
	web.Delete(g, message, "Delete a message for everybody", web.None((*messaging.Service).Delete))
	web.Post(g, message+"/hide", "Delete a message for oneself", web.None((*messaging.Service).HideMessage))
	web.Get(g, message+"/thread", "List the answers to a message", (*messaging.Service).ListThread)
	web.Get(g, message+"/history", "List the former texts of a message", (*messaging.Service).History)
	web.Raw(g, fiber.MethodGet, message+"/attachments/{attachment}", "Download a file of a message", downloadOfMessage, web.Media(octets))
	web.Get(g, org+"/messages", "Search the messages of one's conversations", (*messaging.Service).Search)

	web.Get(g, one+"/draft", "Read one's draft in a conversation", (*messaging.Service).ConversationDraft)
	web.Put(g, one+"/draft", "Save one's draft in a conversation", (*messaging.Service).SaveDraft)
	web.Delete(g, one+"/draft", "Delete one's draft in a conversation", web.None((*messaging.Service).DeleteConversationDraft))
	web.Get(g, org+"/drafts", "List one's drafts", (*messaging.Service).ListDrafts)
	web.Create(g, org+"/drafts", "Keep a draft of a new conversation", (*messaging.Service).CreateDraft, web.Idempotent())
	web.Get(g, draft, "Read a draft of a new conversation", (*messaging.Service).GetDraft)
	web.Put(g, draft, "Change a draft of a new conversation", (*messaging.Service).UpdateDraft)
	web.Delete(g, draft, "Delete a draft of a new conversation", web.None((*messaging.Service).DeleteDraft))

	web.Get(g, org+"/unread", "Count what one has not read in an organization", (*messaging.Service).Unread)
	web.Get(g, "/v1/me/unread", "Count what one has not read anywhere", (*messaging.Service).UnreadEverywhere)
	web.Get(g, org+"/message-preferences", "Read one's choices about messages", (*messaging.Service).Preferences)
	web.Put(g, org+"/message-preferences", "Choose whether others see what one has read", (*messaging.Service).SetPreferences, web.AnyVersion())
}

func downloadOfMessage(service *messaging.Service, c *fiber.Ctx, by veranda.Actor, in messaging.AttachmentInput) error {
	a, content, err := service.OpenAttachment(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	return sendAttachment(c, a, content)
}
