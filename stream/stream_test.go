package stream_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// What other packages do appears by itself: the kinds shown, of this workspace alone, newest first, with names.
func TestStreamIsTheEventLog(t *testing.T) {
	each(t, func(s *suite) {
		subject := veranda.NewAccountID().String()
		s.emit(
			veranda.Event{Workspace: s.w.Open, Kind: "workspace.created", By: s.w.Owner.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tenancy.member_joined", By: s.w.Guest.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_finished", Subject: subject, By: s.w.Employee.Account, Data: veranda.MarshalData(map[string]string{"title": "Paint"})},
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_moved", System: "tidy"},
			// Not shown: other kinds, other workspaces, no workspace, another tenant.
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.comment_added", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tasksXtask_finished", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tenancy.member_joinedX", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tenancyXmember_joined", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.taskXfinished", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Sibling, Kind: "tasks.task_finished", By: s.w.Owner.Account},
			veranda.Event{Kind: "tenancy.member_joined", By: s.w.Owner.Account},
			veranda.Event{Org: s.w.Other, Workspace: s.w.Open, Kind: "tasks.task_finished", By: s.w.Outsider.Account},
			veranda.Event{Org: s.w.Other, Workspace: s.w.OtherWorkspace, Kind: "tasks.task_finished", By: s.w.Outsider.Account},
		)
		status := s.post(s.w.External, s.w.Open, "hello")
		s.comment(s.w.Guest, status.ID, "hello")
		s.react(s.w.Guest, status.ID, stream.ReactionLike)
		if _, err := s.s.Edit(s.ctx, s.w.External.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: "hello all"}); err != nil {
			s.Fatal(err)
		}
		want := []string{
			"Xenia External: hello all", "(tidy) tasks.task_moved", "Emil Employee tasks.task_finished", "Gustav Guest tenancy.member_joined", "Olga Owner workspace.created",
		}
		for _, person := range s.w.Members() {
			items := s.list(person, stream.ListInput{Workspace: s.w.Open})
			if diff := cmp.Diff(want, brief(items)); diff != "" {
				s.Errorf("as %s (-want +got):\n%s", person.Role, diff)
			}
		}
		items := s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open})
		posted, finished := items[0], items[2]
		if posted.Status.Comments != 1 || posted.Status.EditedAt == nil || posted.Status.Author.Name != s.w.External.Name || posted.Status.ID != status.ID ||
			!cmp.Equal(posted.Status.Reactions, stream.Reactions{Counts: map[stream.Reaction]int64{"like": 1}, Mine: []stream.Reaction{"like"}}) {
			s.Errorf("the status in the stream: %+v", posted.Status)
		}
		if finished.Subject != subject || compact(s, finished.Data) != `{"title":"Paint"}` || finished.Workspace != s.w.Open || finished.At.IsZero() || finished.By.ID != s.w.Employee.Account {
			s.Errorf("the finished task: %+v", finished)
		}
		text, err := json.Marshal(items[1])
		if err != nil {
			s.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(text, &keys); err != nil {
			s.Fatal(err)
		}
		got := []string{}
		for key := range keys {
			got = append(got, key)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"at", "data", "id", "kind", "subject_id", "system", "workspace_id"}, got); diff != "" {
			s.Errorf("an item as JSON (-want +got):\n%s", diff)
		}
	})
}

// A private workspace's events are for its members alone; in the stream of everything each sees theirs.
func TestOnlyThoseWhoMaySee(t *testing.T) {
	each(t, func(s *suite) {
		for name, workspace := range map[string]veranda.WorkspaceID{"open": s.w.Open, "private": s.w.Private, "sibling": s.w.Sibling, "closed": s.w.Closed} {
			s.emit(veranda.Event{Workspace: workspace, Kind: "tasks.task_" + name, System: "test"})
		}
		s.emit(veranda.Event{Kind: "workspace.none", System: "test"}, veranda.Event{Org: s.w.Other, Workspace: s.w.OtherWorkspace, Kind: "tasks.task_other", System: "test"})
		s.post(s.w.Stranger, s.w.Closed, "closed words")
		all := map[string][]string{
			"owner": {"open", "private", "sibling"}, "administrator": {"open", "private", "sibling"}, "access_manager": {"open", "private", "sibling"},
			"employee": {"open", "private", "sibling"}, "external": {"open", "private"}, "guest": {"open", "private"},
		}
		for _, person := range s.w.Members() {
			got := []string{}
			for _, item := range s.listAll(person, stream.ListAllInput{}) {
				got = append(got, item.Kind[len("tasks.task_"):])
			}
			slices.Sort(got)
			if diff := cmp.Diff(all[person.Role], got); diff != "" {
				s.Errorf("%s sees (-want +got):\n%s", person.Role, diff)
			}
		}
		if got := s.listAll(s.w.Stranger, stream.ListAllInput{}); len(got) != 4 { // open, sibling, closed and the status
			s.Errorf("the member of the closed workspace sees %v", brief(got))
		}
		if got := brief(s.list(s.w.Stranger, stream.ListInput{Workspace: s.w.Closed})); len(got) != 2 {
			s.Errorf("in the closed workspace: %v", got)
		}
		for _, person := range []world.Person{s.w.Outsider, s.w.Support, s.w.Nobody} {
			_, err := s.s.ListAll(s.ctx, person.Actor, stream.ListAllInput{Org: s.w.Org})
			s.wantNotFound("everything of another tenant", err)
		}
		_, err := s.s.ListAll(s.ctx, s.w.Owner.Actor, stream.ListAllInput{})
		s.wantNotFound("everything of no tenant", err)
	})
}

// The filters, together and one by one.
func TestFilters(t *testing.T) {
	each(t, func(s *suite) {
		s.emit(
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_finished", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tasks.comment_added", By: s.w.Employee.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "workspace.renamed", By: s.w.Owner.Account},
			veranda.Event{Workspace: s.w.Open, Kind: "tenancy.member_joined", By: s.w.Guest.Account},
		)
		s.post(s.w.Owner, s.w.Open, "hello")
		for _, c := range []struct {
			kind string
			by   veranda.AccountID
			want []string
		}{
			{"", veranda.AccountID{}, []string{"stream.status_posted", "tenancy.member_joined", "workspace.renamed", "tasks.task_finished", "tasks.task_created"}},
			{"tasks", veranda.AccountID{}, []string{"tasks.task_finished", "tasks.task_created"}},
			{"tasks.task_created", veranda.AccountID{}, []string{"tasks.task_created"}},
			{"tasks.comment_added", veranda.AccountID{}, []string{}},
			{"tenancy", veranda.AccountID{}, []string{"tenancy.member_joined"}},
			{"tenancy.member_joined", veranda.AccountID{}, []string{"tenancy.member_joined"}},
			{"tenancy.member_left", veranda.AccountID{}, []string{}},
			{"stream", veranda.AccountID{}, []string{"stream.status_posted"}},
			{"task", veranda.AccountID{}, []string{}},
			{"apps", veranda.AccountID{}, []string{}},
			{"", s.w.Owner.Account, []string{"stream.status_posted", "workspace.renamed", "tasks.task_created"}},
			{"tasks", s.w.Owner.Account, []string{"tasks.task_created"}},
			{"", s.w.Outsider.Account, []string{}},
		} {
			filter := stream.Filter{By: c.by}
			if c.kind != "" {
				filter.Kinds = []string{c.kind}
			}
			for scope, items := range map[string][]stream.Item{
				"workspace": s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open, Filter: filter}),
				"all":       s.listAll(s.w.Guest, stream.ListAllInput{Filter: filter}),
			} {
				got := []string{}
				for _, item := range items {
					got = append(got, item.Kind)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					s.Errorf("%s, kind %q by %s (-want +got):\n%s", scope, c.kind, c.by, diff)
				}
			}
		}
		for _, bad := range []string{"*", "tasks.*", "Tasks", "tasks.", "tasks%", "a.b.c", "' OR 1=1", "tasks\x00"} {
			_, err := s.s.List(s.ctx, s.w.Guest.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open, Filter: stream.Filter{Kinds: []string{bad}}})
			verandatest.WantFields(s, err, "/kind kind")
			_, err = s.s.ListAll(s.ctx, s.w.Guest.Actor, stream.ListAllInput{Org: s.w.Org, Filter: stream.Filter{Kinds: []string{bad}}})
			verandatest.WantFields(s, err, "/kind kind")
		}
	})
}

// 500 events of one moment, deleted statuses among them, come page by page: each once, in the order of their ids.
func TestPages(t *testing.T) {
	each(t, func(s *suite) {
		at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
		var want []string
		var events []veranda.Event
		for i := range 500 {
			kind := "tasks.task_created"
			if i%3 == 0 {
				kind = "tasks.comment_added" // not shown
			}
			events = append(events, veranda.Event{Workspace: s.w.Open, Kind: kind, Subject: fmt.Sprint(i), By: s.w.Owner.Account, At: at})
			if i%3 != 0 {
				want = append(want, fmt.Sprint(i))
			}
		}
		s.emit(events[:250]...)
		for i := range 20 {
			status := s.post(s.w.Employee, s.w.Open, "status")
			if i%2 == 0 {
				if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID}); err != nil {
					s.Fatal(err)
				}
			}
		}
		s.emit(events[250:]...)
		slices.Reverse(want)
		for _, limit := range []int{1, 7, 50, 200} {
			in := stream.ListInput{Workspace: s.w.Open, Page: veranda.Page{Limit: limit}}
			for scope, items := range map[string][]stream.Item{"workspace": s.list(s.w.Guest, in), "all": s.listAll(s.w.Guest, stream.ListAllInput{Page: in.Page})} {
				var got []string
				statuses := 0
				for i, item := range items {
					if i > 0 && item.ID.String() >= items[i-1].ID.String() {
						s.Fatalf("%s: item %d is not older than the one before", scope, i)
					}
					if item.Status != nil {
						statuses++
						continue
					}
					got = append(got, item.Subject)
				}
				if diff := cmp.Diff(want, got); diff != "" || statuses != 10 {
					s.Errorf("%s, %d a page: %d statuses, (-want +got):\n%s", scope, limit, statuses, diff)
				}
			}
		}
		first, err := s.s.List(s.ctx, s.w.Guest.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open, Page: veranda.Page{Limit: 7}})
		if err != nil || len(first.Items) != 7 || first.Next == "" {
			s.Fatalf("first page: %d items, %v", len(first.Items), err)
		}
		s.emit(veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", Subject: "new", By: s.w.Owner.Account})
		second, err := s.s.List(s.ctx, s.w.Guest.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open, Page: veranda.Page{Limit: 7, Cursor: first.Next}})
		if err != nil || second.Items[0].Subject != want[7] {
			s.Errorf("what happens while one reads moves the next page: %v, %v", second.Items[0].Subject, err)
		}
	})
}

// What a filter seldom matches is found across windows of the log: pages may be empty, and nothing is lost or repeated.
func TestRareAmongMany(t *testing.T) {
	each(t, func(s *suite) {
		var want []string
		for batch := range 6 {
			events := []veranda.Event{{Workspace: s.w.Open, Kind: "workspace.renamed", Subject: fmt.Sprint(batch), By: s.w.Guest.Account}}
			for range 900 {
				events = append(events, veranda.Event{Workspace: s.w.Open, Kind: "tasks.task_created", By: s.w.Owner.Account})
			}
			s.emit(events...)
			want = append([]string{fmt.Sprint(batch)}, want...)
		}
		for _, limit := range []int{1, 2, 50} {
			page := veranda.Page{Limit: limit}
			for what, items := range map[string][]stream.Item{
				"by kind":      s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open, Filter: stream.Filter{Kinds: []string{"workspace"}}, Page: page}),
				"by person":    s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open, Filter: stream.Filter{By: s.w.Guest.Account}, Page: page}),
				"all, by kind": s.listAll(s.w.Guest, stream.ListAllInput{Filter: stream.Filter{Kinds: []string{"workspace.renamed"}}, Page: page}),
			} {
				var got []string
				for _, item := range items {
					got = append(got, item.Subject)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					s.Errorf("%s, %d a page (-want +got):\n%s", what, limit, diff)
				}
			}
		}
	})
}

// A stream of more than the shipped choice, and patterns that are none.
func TestChosenKinds(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		s.comment(s.w.Employee, status.ID, "hello")
		s.react(s.w.Guest, status.ID, stream.ReactionLike)
		chatty := s.service(stream.Deps{Kinds: []string{"stream.*", "tasks.*", "stream.comment_added"}})
		page, err := chatty.List(s.ctx, s.w.Guest.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open})
		want := []string{"Gustav Guest stream.reaction_added", "Emil Employee stream.comment_added", "Emil Employee: hello"}
		if diff := cmp.Diff(want, brief(page.Items)); diff != "" || err != nil {
			s.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for _, bad := range []string{"", "*", "tasks", "tasks.", ".x", "Tasks.*", "tasks.*x", "tasks.%", "a.b.c"} {
			if _, err := stream.New(stream.Deps{DB: s.e.DB, Authz: s.authz, Kinds: []string{bad}}); err == nil {
				s.Errorf("the pattern %q is taken", bad)
			}
		}
		if _, err := stream.New(stream.Deps{DB: s.e.DB}); err == nil {
			s.Error("a service without an authorizer")
		}
	})
}
