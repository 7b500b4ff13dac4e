package main

import (
	"io"
	"mime"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/workspace/files"
)

// fileRoutes are files that wait to be attached. Those that are attached are read below what they hang on.
func fileRoutes(s *web.Server, service *files.Service) {
	g := web.On(s, "Files", "Files to attach to tasks, statuses and messages: uploaded first, then named where one writes.", service)
	const all = "/v1/organizations/{org}/attachments"
	web.Upload(g, fiber.MethodPost, all, "Upload a file", (*files.Service).Upload,
		web.Describe("The body is the content itself, 100 MB at most. The file belongs to who uploaded it and is removed after a day unless it is attached to something."))
	web.Delete(g, all+"/{attachment}", "Discard a file that is not attached", web.None((*files.Service).Discard))
}

// octets is what a file is sent as: what it is inside is for who downloaded it to find out.
const octets = "application/octet-stream"

// sendAttachment answers with a file that hangs on something, which the caller has been found to see. It is a download,
// whatever it holds: a browser neither shows nor runs it, and keeps it for the one who asked only.
func sendAttachment(c *fiber.Ctx, a *files.Attachment, content io.ReadCloser) error {
	etag := `"` + a.SHA256 + `"`
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentSecurityPolicy, "sandbox; default-src 'none'")
	c.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
	if c.Get(fiber.HeaderIfNoneMatch) == etag {
		if err := content.Close(); err != nil {
			return err
		}
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, octets)
	c.Context().Response.SetBodyStream(content, int(a.Size)) // the server closes it
	return nil
}
