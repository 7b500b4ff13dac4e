package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	people "github.com/veranda-go/veranda/tenancy/directory"
)

const (
	mediaVCard = "text/vcard; charset=utf-8"
	mediaCSV   = "text/csv; charset=utf-8; header=present"
	mediaJPEG  = "image/jpeg"
)

func directoryRoutes(s *web.Server, service *people.Service) {
	const all, one = "/v1/organizations/{org}/people", "/v1/organizations/{org}/people/{account}"
	g := web.On(s, "Directory", "Everybody one may see: a search as one types, profiles, pictures, and exports.", service)
	web.Get(g, all, "Search people", (*people.Service).People)
	web.Get(g, one, "Read a person", (*people.Service).Person)
	web.Raw(g, fiber.MethodGet, one+"/vcard", "Export a person as a vCard", sendVCard, web.Media(mediaVCard))
	web.Raw(g, fiber.MethodGet, all+".vcf", "Export people as vCards", sendExport(mediaVCard, "people.vcf", (*people.Service).VCards), web.Media(mediaVCard))
	web.Raw(g, fiber.MethodGet, all+".csv", "Export the directory as CSV", sendExport(mediaCSV, "people.csv", (*people.Service).CSV), web.Media(mediaCSV))
	web.Raw(g, fiber.MethodGet, one+"/picture", "Show a person's picture", sendPicture, web.Media(mediaJPEG))
	web.Get(g, "/v1/me/contacts", "List one's contacts in all organizations", (*people.Service).MyContacts)
	web.Upload(g, fiber.MethodPut, "/v1/me/picture", "Set one's picture", (*people.Service).SetPicture, web.Status(fiber.StatusOK),
		web.Describe("The body is a JPEG, PNG or WebP picture of at most 5 MB and 25 million pixels. It is kept as a JPEG of at most 512 by 512 pixels, without what else was in the file."))
	web.Delete(g, "/v1/me/picture", "Remove one's picture", web.None((*people.Service).RemovePicture))
}

func sendVCard(service *people.Service, c *fiber.Ctx, by veranda.Actor, in people.PersonInput) error {
	card, err := service.VCard(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	attach(c, mediaVCard, "person.vcf")
	return c.SendString(card)
}

// attach says what the answer is, and that browsers save it.
func attach(c *fiber.Ctx, media, name string) {
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
}

// sendExport streams a list. What is refused is refused before the first octet; where reading fails later, the connection
// ends before the answer does, so that nobody takes a part for the whole.
func sendExport(media, name string, export func(*people.Service, context.Context, veranda.Actor, people.ExportInput) (*people.Export, error)) func(*people.Service, *fiber.Ctx, veranda.Actor, people.ExportInput) error {
	return func(service *people.Service, c *fiber.Ctx, by veranda.Actor, in people.ExportInput) error {
		// The list is read while it is sent, when the call's own context is somebody else's already.
		ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
		list, err := export(service, ctx, by, in)
		if err != nil {
			cancel()
			return err
		}
		attach(c, media, name)
		from, to := io.Pipe()
		go func() {
			_, err := list.WriteTo(to)
			_ = to.CloseWithError(err) // never fails
		}()
		c.Context().SetBodyStream(&exportBody{PipeReader: from, cancel: cancel}, -1)
		return nil
	}
}

// exportBody ends the reading of a list when nobody wants the rest of it.
type exportBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close is called by the HTTP server when the answer is sent, or its receiver gone.
func (b *exportBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// sendPicture answers with a JPEG. Under the version it was asked for it never changes, so that browsers may keep it, for
// the one who asked only.
func sendPicture(service *people.Service, c *fiber.Ctx, by veranda.Actor, in people.PictureInput) error {
	picture, err := service.Picture(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	etag := fmt.Sprintf("%q", picture.ETag)
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	if in.Version == picture.ETag {
		c.Set(fiber.HeaderCacheControl, "private, max-age=31536000, immutable")
	}
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, mediaJPEG)
	c.Set(fiber.HeaderContentDisposition, `inline; filename="picture.jpg"`)
	return c.Send(picture.Bytes)
}
