package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/stream"
)

// streamPostRoutes are what posts have beyond their texts: polls, pins, files, announcements that all must read.
func streamPostRoutes(s *web.Server, service *stream.Service) {
	const status = "/v1/organizations/{org}/statuses/{status}"
	g := web.On(s, "Stream", "What happened in a workspace, newest first, and what people say there.", service)
	web.Get(g, "/v1/organizations/{org}/workspaces/{workspace}/pinned", "List the pinned statuses of a workspace", (*stream.Service).ListPinned)
	web.Put(g, status+"/pin", "Pin a status", (*stream.Service).Pin)
	web.Delete(g, status+"/pin", "Unpin a status", (*stream.Service).Unpin)
	web.Put(g, status+"/poll/vote", "Vote in a poll", (*stream.Service).Vote)
	web.Delete(g, status+"/poll/vote", "Take one's vote in a poll back", (*stream.Service).Withdraw)
	web.Post(g, status+"/poll/close", "Close a poll", (*stream.Service).ClosePoll)
	web.Get(g, status+"/poll/voters", "List who voted for what", (*stream.Service).ListVoters)
	web.Get(g, "/v1/organizations/{org}/must-reads", "List the announcements one has not confirmed yet", (*stream.Service).ListMustReads)
	web.Post(g, status+"/read", "Confirm having read an announcement", (*stream.Service).ConfirmReading)
	web.Get(g, status+"/readers", "List who has read an announcement, or who has not", (*stream.Service).ListReaders)
	web.Post(g, status+"/remind", "Remind those who have not read an announcement", web.None((*stream.Service).RemindReaders))
	web.Get(g, status+"/comments/{comment}/history", "List the former texts of a comment on a status", (*stream.Service).CommentHistory)
	web.Raw(g, fiber.MethodGet, status+"/attachments/{attachment}", "Download a file of a status",
		func(s *stream.Service, c *fiber.Ctx, by veranda.Actor, in stream.OpenAttachmentInput) error {
			a, content, err := s.OpenAttachment(c.UserContext(), by, in)
			if err != nil {
				return err
			}
			return sendAttachment(c, a, content)
		})
	web.Raw(g, fiber.MethodGet, status+"/comments/{comment}/attachments/{attachment}", "Download a file of a comment on a status",
		func(s *stream.Service, c *fiber.Ctx, by veranda.Actor, in stream.OpenCommentAttachmentInput) error {
			a, content, err := s.OpenCommentAttachment(c.UserContext(), by, in)
			if err != nil {
				return err
			}
			return sendAttachment(c, a, content)
		})
}

// newPreviewer looks at the pages that people link to, unless LINK_PREVIEWS says off.
func newPreviewer(settings *config.Config) stream.Previewer {
	if !settings.LinkPreviews {
		return nil
	}
	return stream.NewPreviewer(stream.PreviewOptions{})
}
