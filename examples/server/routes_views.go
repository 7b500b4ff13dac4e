package main

import (
	"bytes"
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/workspace/calendar"
)

const mediaSVG = "image/svg+xml"

// viewRoutes are the ways to look at records, and what they tell.
func viewRoutes(s *web.Server, service *apps.Service) {
	const (
		all = "/v1/organizations/{org}/apps/{app}/views"
		one = all + "/{view}"
	)
	g := web.On(s, "Views", "Ways to look at the records of an application: tables, boards, calendars, reports.", service)
	web.Create(g, all, "Create a view", (*apps.Service).CreateView, web.Idempotent())
	web.Get(g, all, "List the views of an application", (*apps.Service).Views)
	web.Get(g, one, "Read a view", (*apps.Service).View)
	web.Patch(g, one, "Change a view", (*apps.Service).UpdateView)
	web.Delete(g, one, "Delete a view", web.None((*apps.Service).DeleteView))
	web.Get(g, one+"/board", "Read a board", (*apps.Service).Board)
	web.Get(g, one+"/calendar", "Read a calendar of records", (*apps.Service).Calendar)
	web.Get(g, one+"/report", "Read a report", (*apps.Service).Report)
	web.Raw(g, fiber.MethodGet, one+"/chart.svg", "Draw a report", sendChart, web.Media(mediaSVG),
		web.Describe("An SVG picture of the report, which refers to nothing outside of itself."))
}

// sendChart draws a report.
func sendChart(service *apps.Service, c *fiber.Ctx, by veranda.Actor, in apps.ChartInput) error {
	drawing, err := service.Chart(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	var svg bytes.Buffer
	if err := drawing.Draw(&svg); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, mediaSVG)
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	return c.Send(svg.Bytes())
}

// datedRecords gives the calendar what applications know; the two packages do not know each other.
type datedRecords struct{ apps *apps.Service }

// Dated gives the records that shared calendars of applications show.
func (d datedRecords) Dated(ctx context.Context, by veranda.Actor, q calendar.Query) ([]*calendar.Entry, error) {
	found, err := d.apps.Dated(ctx, by, apps.DatedInput{Org: q.Org, Workspace: q.Workspace, Mine: q.Mine, From: q.From, To: q.To, Limit: q.Limit})
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden: // who may see no records there gets none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries := make([]*calendar.Entry, len(found))
	for i := range found {
		r := &found[i]
		entries[i] = &calendar.Entry{
			Kind: "record", ID: r.ID.String(), Workspace: r.Workspace, Title: r.Title, StartsAt: r.StartsAt, EndsAt: r.EndsAt,
			AllDay: r.StartDate != "", StartDate: r.StartDate, EndDate: r.EndDate, Path: r.Location(), UpdatedAt: r.ChangedAt,
		}
	}
	return entries, nil
}
