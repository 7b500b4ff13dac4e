package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
)

// taskFileRoutes are the files of tasks.
func taskFileRoutes(s *web.Server, service *tasks.Service) {
	const all = "/v1/organizations/{org}/tasks/{task}/attachments"
	g := web.On(s, "Tasks", "Work for oneself or others, in a workspace.", service)
	web.Get(g, all, "List the files of a task", (*tasks.Service).ListAttachments)
	web.Post(g, all, "Attach files to a task", (*tasks.Service).Attach,
		web.Describe("The files are uploaded before, and named by their ids."))
	web.Raw(g, fiber.MethodGet, all+"/{attachment}", "Download a file of a task", downloadOfTask, web.Media(octets))
	web.Raw(g, fiber.MethodGet, "/v1/organizations/{org}/tasks/{task}/comments/{comment}/attachments/{attachment}",
		"Download a file of a comment on a task", downloadOfTaskComment, web.Media(octets))
	web.Delete(g, all+"/{attachment}", "Take a file off a task", web.None((*tasks.Service).RemoveAttachment))
}

func downloadOfTask(service *tasks.Service, c *fiber.Ctx, by veranda.Actor, in tasks.AttachmentInput) error {
	a, content, err := service.OpenAttachment(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	return sendAttachment(c, a, content)
}

func downloadOfTaskComment(service *tasks.Service, c *fiber.Ctx, by veranda.Actor, in tasks.CommentAttachmentInput) error {
	a, content, err := service.OpenCommentAttachment(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	return sendAttachment(c, a, content)
}
