package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy/audit"
)

func auditRoutes(s *web.Server, service *audit.Service) {
	g := web.On(s, "Audit", "Who changed what about people, roles, policies and settings, and when.", service)
	web.Get(g, "/v1/organizations/{org}/audit", "Read the audit log", (*audit.Service).List)
	web.Raw(g, fiber.MethodGet, "/v1/organizations/{org}/audit/export", "Export the audit log",
		func(service *audit.Service, c *fiber.Ctx, by veranda.Actor, in audit.ExportInput) error {
			ctx := c.UserContext()
			export, err := service.Export(ctx, by, in)
			if err != nil {
				return err
			}
			c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+export.Name+`"`)
			c.Set(fiber.HeaderCacheControl, "no-store")
			s.Stream(c, export.ContentType, func(w *web.StreamWriter) error {
				if err := export.WriteTo(ctx, w); err != nil {
					return err
				}
				return w.Flush()
			})
			return nil
		}, web.Media("text/csv"), web.Describe("A file of what the log shows to you, newest first. A program that reads it whole knows by the last entry's place that nothing is missing: a right that ends meanwhile cuts the file off."))
	web.Get(g, "/v1/me/audit", "Read one's own security log", (*audit.Service).Mine)
}
