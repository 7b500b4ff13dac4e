package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/workspace/calendar"
)

const mediaCalendar = "text/calendar; charset=utf-8"

func calendarRoutes(s *web.Server, service *calendar.Service) {
	const room, org = "/v1/organizations/{org}/workspaces/{workspace}", "/v1/organizations/{org}"
	const event, occurrence, feeds = org + "/events/{event}", org + "/events/{event}/occurrences/{occurrence}", org + "/calendar-feeds"
	g := web.On(s, "Calendar", "Events with guests, reminders and recurrence, what else has a date, and secret addresses for other programs.", service)
	web.Get(g, room+"/calendar", "Read the calendar of a workspace", (*calendar.Service).List)
	web.Get(g, org+"/calendar", "Read the calendar of all one's workspaces", (*calendar.Service).ListAll)
	web.Create(g, room+"/events", "Make an event", (*calendar.Service).Create, web.Idempotent())
	web.Get(g, event, "Read an event", (*calendar.Service).Get)
	web.Patch(g, event, "Change an event", (*calendar.Service).Update)
	web.Delete(g, event, "Delete an event", web.None((*calendar.Service).Delete))
	web.Post(g, event+"/answer", "Answer an invitation to an event", (*calendar.Service).Respond)
	web.Patch(g, occurrence, "Change an occurrence of an event", (*calendar.Service).ChangeOccurrence, web.AnyVersion())
	web.Delete(g, occurrence, "Cancel an occurrence of an event", (*calendar.Service).CancelOccurrence)
	web.Create(g, feeds, "Make a secret address of a calendar", (*calendar.Service).CreateFeed)
	web.Get(g, feeds, "List one's secret addresses of calendars", (*calendar.Service).ListFeeds)
	web.Post(g, feeds+"/{feed}/rotate", "Replace a secret address of a calendar", (*calendar.Service).RotateFeed)
	web.Delete(g, feeds+"/{feed}", "Revoke a secret address of a calendar", web.None((*calendar.Service).RevokeFeed))
	web.Raw(g, fiber.MethodGet, "/calendar/{token}.ics", "Read a calendar by its secret address", sendCalendar, web.Anonymous(), web.Media("text/calendar"))
}

// sendCalendar answers with iCalendar. Only the program that asked may keep it.
func sendCalendar(service *calendar.Service, c *fiber.Ctx, by veranda.Actor, in calendar.FetchInput) error {
	document, err := service.Fetch(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	etag := fmt.Sprintf("%q", document.ETag)
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, mediaCalendar)
	c.Set(fiber.HeaderContentDisposition, `inline; filename="calendar.ics"`)
	return c.Send(document.Body)
}

// datedTasks gives the calendar what tasks knows; the two packages do not know each other.
type datedTasks struct{ tasks *tasks.Service }

// Dated gives the tasks that have a start or are due.
func (d datedTasks) Dated(ctx context.Context, by veranda.Actor, q calendar.Query) ([]*calendar.Entry, error) {
	due, err := d.tasks.Dated(ctx, by, tasks.DatedInput{Org: q.Org, Workspace: q.Workspace, Mine: q.Mine, From: q.From, To: q.To, Limit: q.Limit})
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden: // who may see no tasks there gets none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries := make([]*calendar.Entry, len(due))
	for i, t := range due {
		id := t.ID.String()
		entries[i] = &calendar.Entry{
			Kind: "task", ID: id, Workspace: t.Workspace, Title: t.Title, StartsAt: t.StartsAt, EndsAt: t.EndsAt, Done: t.Finished,
			AllDay: t.StartDate != "", StartDate: t.StartDate, EndDate: t.EndDate,
			Path: "/v1/organizations/" + q.Org.String() + "/tasks/" + id, UpdatedAt: t.UpdatedAt,
		}
	}
	return entries, nil
}
