package main

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/tabular"
	"github.com/veranda-go/veranda/examples/server/internal/web"
)

// appRoutes are applications and what they are made of.
func appRoutes(s *web.Server, service *apps.Service) {
	const (
		room   = "/v1/organizations/{org}/workspaces/{workspace}"
		all    = "/v1/organizations/{org}/apps"
		one    = all + "/{app}"
		fields = one + "/fields"
		field  = fields + "/{field}"
	)
	g := web.On(s, "Applications", "Tables that people design: their fields, and who may do what with their records.", service)
	web.Create(g, room+"/apps", "Create an application", (*apps.Service).Create, web.Idempotent())
	web.Get(g, room+"/deleted-apps", "List the deleted applications of a workspace", (*apps.Service).Deleted)
	web.Get(g, all, "List applications", (*apps.Service).List)
	web.Get(g, one, "Read an application", (*apps.Service).Get)
	web.Patch(g, one, "Change an application", (*apps.Service).Update)
	web.Delete(g, one, "Delete an application", web.None((*apps.Service).Delete))
	web.Post(g, one+"/restore", "Restore an application", (*apps.Service).Restore)
	web.Post(g, fields, "Add a field", (*apps.Service).AddField)
	web.Patch(g, field, "Change a field", (*apps.Service).UpdateField)
	web.Delete(g, field, "Take a field away", (*apps.Service).RemoveField)
	web.Post(g, field+"/restore", "Bring a field back", (*apps.Service).RestoreField)
	web.Post(g, field+"/move", "Put a field at another place", (*apps.Service).MoveField)
	web.Post(g, field+"/retype-preview", "Preview giving a field another kind", (*apps.Service).PreviewRetype)
	web.Post(g, field+"/retype", "Give a field another kind", (*apps.Service).RetypeField)
}

// recordRoutes are the records of applications.
func recordRoutes(s *web.Server, service *apps.Service) {
	const (
		app     = "/v1/organizations/{org}/apps/{app}"
		all     = app + "/records"
		one     = all + "/{record}"
		comment = one + "/comments/{comment}"
	)
	g := web.On(s, "Records", "What applications hold.", service)
	web.Create(g, all, "Create a record", (*apps.Service).CreateRecord, web.Idempotent())
	web.Get(g, all, "List records", (*apps.Service).Records)
	web.Post(g, all+"/query", "List records by a long query", (*apps.Service).QueryRecords)
	web.Post(g, all+"/summary", "Count and sum records, by groups", (*apps.Service).Summarize)
	web.Post(g, app+"/bulk-records", "Create, change and delete many records", (*apps.Service).Bulk, web.Idempotent())
	web.Raw(g, fiber.MethodGet, app+"/export", "Export records", sendRecords, web.Media("application/octet-stream"),
		web.Describe("All records of the list, as CSV, XLSX or JSON. In CSV a text that a spreadsheet would compute has an apostrophe before it."))
	web.Get(g, app+"/deleted-records", "List the deleted records of an application", (*apps.Service).DeletedRecords)
	web.Get(g, one, "Read a record", (*apps.Service).Record)
	web.Patch(g, one, "Change a record", (*apps.Service).UpdateRecord)
	web.Delete(g, one, "Delete a record", web.None((*apps.Service).DeleteRecord))
	web.Post(g, one+"/restore", "Restore a record", (*apps.Service).RestoreRecord)
	web.Get(g, one+"/history", "Read the history of a record", (*apps.Service).History)
	web.Post(g, one+"/history/{version}/restore", "Give a record the values of a version", (*apps.Service).RestoreVersion)
	web.Create(g, one+"/comments", "Comment on a record", (*apps.Service).AddComment, web.Idempotent())
	web.Get(g, one+"/comments", "List the comments of a record", (*apps.Service).Comments)
	web.Patch(g, comment, "Change a comment on a record", (*apps.Service).EditComment)
	web.Delete(g, comment, "Delete a comment on a record", web.None((*apps.Service).DeleteComment))
}

// importRoutes are files that become records.
func importRoutes(s *web.Server, service *apps.Service) {
	const (
		app = "/v1/organizations/{org}/apps/{app}"
		one = app + "/imports/{import}"
	)
	g := web.On(s, "Imports", "Files that become records.", service)
	web.Upload(g, fiber.MethodPost, "/v1/organizations/{org}/workspaces/{workspace}/import-preview", "Preview a file as an application", (*apps.Service).PreviewImport, web.Status(fiber.StatusOK),
		web.Describe("The body is a file: CSV, XLSX or JSON. What its columns hold is guessed from the first 1,000 rows, with the evidence. The answer's `fields` are what creating an application takes."))
	web.Upload(g, fiber.MethodPost, app+"/import", "Import a file", (*apps.Service).Import, web.Status(fiber.StatusOK),
		web.Describe("The body is a file of at most 10,000 rows and 16 MiB: CSV, XLSX or JSON. Columns go to the fields of their names, or where `mapping` says. All rows become records, or none; with `match_by` a row whose value a record has changes that record. With `dry_run` nothing is written, and everything wrong is listed."))
	web.Upload(g, fiber.MethodPost, app+"/imports", "Import a large file in the background", (*apps.Service).StartImport,
		web.Describe("As importing a file, of any number of rows and up to 1 GiB. The file is stored and looked at before the answer; then every row is checked, and then written. Reading the import tells how far it is. Who may create records sees the imports that they started."))
	web.Get(g, app+"/imports", "List imports", (*apps.Service).Imports)
	web.Get(g, one, "Read an import", (*apps.Service).ImportOf)
	web.Post(g, one+"/cancel", "Cancel an import", (*apps.Service).CancelImport)
}

// exportMedia are the types of what is exported.
var exportMedia = map[tabular.Format]string{
	tabular.CSV: mediaCSV, tabular.JSON: "application/json", tabular.Lines: "application/jsonl",
	tabular.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// sendRecords streams a list of records. What is refused is refused before the first octet; where reading fails later, the
// connection ends before the answer does.
func sendRecords(service *apps.Service, c *fiber.Ctx, by veranda.Actor, in apps.ExportInput) error {
	// The list is read while it is sent, when the call's own context is somebody else's already.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
	list, err := service.Export(ctx, by, in)
	if err != nil {
		cancel()
		return err
	}
	attach(c, exportMedia[list.Format], list.Name)
	from, to := io.Pipe()
	go func() {
		_, err := list.WriteTo(to)
		_ = to.CloseWithError(err) // never fails
	}()
	c.Context().SetBodyStream(&exportBody{PipeReader: from, cancel: cancel}, -1)
	return nil
}
