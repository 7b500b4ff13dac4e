package main

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
)

// taskListRoutes are what many tasks have in common: labels, saved filters, bulk edits, spreadsheets, and what was deleted.
func taskListRoutes(s *web.Server, service *tasks.Service) {
	const all, one, room = "/v1/organizations/{org}/tasks", "/v1/organizations/{org}/tasks/{task}", "/v1/organizations/{org}/workspaces/{workspace}"
	const label, filters, filter = room + "/labels/{label}", "/v1/organizations/{org}/task-filters", "/v1/organizations/{org}/task-filters/{filter}"
	g := web.On(s, "Tasks", "Work for oneself or others, in a workspace.", service)
	web.Get(g, one+"/history", "List what happened to a task", (*tasks.Service).History)
	web.Post(g, one+"/restore", "Restore a deleted task", (*tasks.Service).Restore)
	web.Get(g, room+"/deleted-tasks", "List the deleted tasks of a workspace", (*tasks.Service).Deleted)
	web.Post(g, "/v1/organizations/{org}/bulk-tasks", "Change several tasks", (*tasks.Service).Bulk,
		web.Describe("Each task is changed as a call for it alone would change it, with a result of its own; with `atomic` all are changed or none."))
	web.Create(g, room+"/labels", "Make a label", (*tasks.Service).CreateLabel, web.Idempotent())
	web.Get(g, label, "Read a label", (*tasks.Service).Label)
	web.Patch(g, label, "Rename or recolour a label", (*tasks.Service).UpdateLabel)
	web.Post(g, label+"/merge", "Merge a label into another", (*tasks.Service).MergeLabel)
	web.Delete(g, label, "Delete a label", web.None((*tasks.Service).DeleteLabel))
	web.Create(g, filters, "Save a filter", (*tasks.Service).CreateFilter, web.Idempotent())
	web.Get(g, filters, "List saved filters", (*tasks.Service).Filters)
	web.Get(g, filter, "Read a saved filter", (*tasks.Service).Filter)
	web.Patch(g, filter, "Change a saved filter", (*tasks.Service).UpdateFilter)
	web.Delete(g, filter, "Delete a saved filter", web.None((*tasks.Service).DeleteFilter))
	web.Upload(g, fiber.MethodPost, room+"/tasks.csv", "Import tasks from CSV", (*tasks.Service).Import, web.Status(fiber.StatusOK),
		web.Describe("The body is text in UTF-8 with a row of titles, separated by commas, semicolons or tabs: at most 5,000 rows and 10 MiB. Columns: `title`, `description`, `state`, `priority`, `due_at`, `assignees` (addresses or account ids), `labels` (separated by commas), `checklist` (a line for each step, `[x]` before those done), `external_id`. All rows become tasks, or none; a row whose external id is known is skipped. With `dry_run` nothing is made and everything wrong is listed."))
	web.Raw(g, fiber.MethodGet, all+".csv", "Export tasks as CSV", sendTasks, web.Media(mediaCSV),
		web.Describe("All tasks of the list, whatever limit and cursor say. A cell that a spreadsheet would compute has an apostrophe before it; an import takes it away."))
}

// sendTasks streams a list of tasks. What is refused is refused before the first octet; where reading fails later, the
// connection ends before the answer does.
func sendTasks(service *tasks.Service, c *fiber.Ctx, by veranda.Actor, in tasks.ExportInput) error {
	// The list is read while it is sent, when the call's own context is somebody else's already.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
	list, err := service.Export(ctx, by, in)
	if err != nil {
		cancel()
		return err
	}
	attach(c, mediaCSV, "tasks.csv")
	from, to := io.Pipe()
	go func() {
		_, err := list.WriteTo(to)
		_ = to.CloseWithError(err) // never fails
	}()
	c.Context().SetBodyStream(&exportBody{PipeReader: from, cancel: cancel}, -1)
	return nil
}
