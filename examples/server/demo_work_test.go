package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/messaging"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy/notifications"
	"github.com/veranda-go/veranda/workspace/calendar"
)

// demoLeast is how many things the answer to a call of the demo's has at least.
func demoLeast(call string) int {
	if strings.Contains(call, "/conversations") {
		return 1
	}
	return demoWeeks
}

// as is one of the demo's people, from a database that is filled.
func (f *filled) as(t *testing.T, key string) veranda.Actor {
	t.Helper()
	i := slices.IndexFunc(demoPeople, func(p demoPerson) bool { return p.key == key })
	account, err := f.services.tenancy.AccountByAddress(context.Background(), demoPeople[i].address)
	if err != nil {
		t.Fatal(err)
	}
	return veranda.AccountActor(account)
}

// wantProject looks for the board, the task in parts, what waits, what comes again, and for all of it in the calendar.
func (f *filled) wantProject(t *testing.T) {
	ctx := context.Background()
	list, err := f.services.tasks.List(ctx, f.owner, tasks.ListInput{Org: f.org, Page: veranda.Page{Limit: veranda.MaxPageLimit}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]tasks.Task{}
	for _, task := range list.Items {
		found[task.Title] = task
	}
	whole := found[demoWhole]
	if whole.Subtasks == nil || whole.Subtasks.Total != int64(len(demoParts)) || whole.Subtasks.Open != int64(len(demoParts)-1) {
		t.Errorf("the task in parts: %+v", whole.Subtasks)
	}
	board, err := f.services.tasks.Board(ctx, f.owner, tasks.BoardInput{Org: f.org, Workspace: whole.Workspace})
	if err != nil || len(board.Stages) != len(demoStages) {
		t.Fatalf("the board: %+v, %v", board, err)
	}
	for i, part := range demoParts {
		task := found[part.title]
		if task.Parent != whole.ID || task.Stage != board.Stages[part.stage].ID || task.Blocked != (i > 1) || task.StartOn == "" {
			t.Errorf("the part %+v", task)
		}
	}
	if found[demoRound].Recurrence == nil {
		t.Error("no task comes again")
	}
	month, err := f.services.calendar.List(ctx, f.as(t, "jun"), calendar.RangeInput{
		Org: f.org, Workspace: whole.Workspace, From: f.now.AddDate(0, 0, -14), To: f.now.AddDate(0, 0, 7*demoWeeks), Mine: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	meetings, days := 0, 0
	for _, e := range month.Items {
		if e.Title == demoMeeting {
			meetings++
			var id calendar.ID
			if err := id.UnmarshalText([]byte(e.ID)); err != nil {
				t.Fatal(err)
			}
			event, err := f.services.calendar.Get(ctx, f.owner, calendar.GetInput{Org: f.org, Event: id})
			if err != nil || len(event.Guests) != 4 || !slices.ContainsFunc(event.Guests, func(g calendar.Guest) bool { return g.Answer == calendar.Tentative }) {
				t.Errorf("the meeting: %+v, %v", event, err)
			}
		}
		if e.Title == demoWhole && e.AllDay && e.StartDate < e.EndDate {
			days++
		}
	}
	if meetings < 4 || days != 1 {
		t.Errorf("%d meetings and %d long tasks in the calendar", meetings, days)
	}
}

// wantTalk looks for the announcement, the poll, the conversation and what people were told.
func (f *filled) wantTalk(t *testing.T) {
	ctx := context.Background()
	unread, err := f.services.stream.ListMustReads(ctx, f.owner, stream.ListMustReadsInput{Org: f.org})
	if err != nil || len(unread.Items) != 1 || unread.Items[0].MustRead.Reads != int64(len(demoPosts[0].read)) {
		t.Fatalf("to be read: %+v, %v", unread.Items, err)
	}
	items, err := f.services.stream.ListAll(ctx, f.owner, stream.ListAllInput{Org: f.org, Page: veranda.Page{Limit: veranda.MaxPageLimit}})
	if err != nil {
		t.Fatal(err)
	}
	polls := 0
	for _, item := range items.Items {
		if item.Status != nil && item.Status.Poll != nil && item.Status.Poll.Voters == int64(len(demoPosts[1].votes)) {
			polls++
		}
	}
	if polls != 1 {
		t.Errorf("%d polls", polls)
	}
	talks, err := f.services.messaging.List(ctx, f.as(t, "mateo"), messaging.ListInput{Org: f.org})
	if err != nil || len(talks.Items) != 1 || talks.Items[0].Subject != demoSubject || talks.Items[0].LastNumber != int64(len(demoMessages)) || talks.Items[0].Unread == 0 {
		t.Errorf("conversations: %+v, %v", talks.Items, err)
	}
	told, err := f.services.notices.List(ctx, f.as(t, "mateo"), notifications.ListInput{Page: veranda.Page{Limit: veranda.MaxPageLimit}})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, n := range told.Items {
		kinds[n.Kind] = true
	}
	for _, kind := range []string{tasks.NoticeAssigned, calendar.NoticeInvited, stream.NoticeMustRead, messaging.NoticeReceived} {
		if !kinds[kind] {
			t.Errorf("nobody was told of %s: %v", kind, kinds)
		}
	}
}
