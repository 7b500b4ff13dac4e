package tasks_test

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// save saves a filter; its name is "F" where the input has none.
func (f *fixture) save(t testing.TB, by veranda.Actor, in tasks.CreateFilterInput) *tasks.SavedFilter {
	t.Helper()
	in.Org = f.World.Org
	if in.Name == "" {
		in.Name = "F"
	}
	saved, err := f.tasks.CreateFilter(context.Background(), by, in)
	if err != nil {
		t.Fatalf("save filter: %v", err)
	}
	return saved
}

func TestSavedFilters(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Mine", Assignees: accounts(f.Employee), Priority: 4})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Theirs", Assignees: accounts(f.External), Priority: 2, DueAt: day(3)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Secret", Workspace: f.Sibling, Priority: 4})
		own := f.save(t, f.Employee.Actor, tasks.CreateFilterInput{Name: "High", Filter: tasks.FilterFields{MinPriority: 3, Sort: tasks.SortCreatedLast}})
		shared := f.save(t, f.Employee.Actor, tasks.CreateFilterInput{Name: "For me", Workspace: f.World.Open, Filter: tasks.FilterFields{Assignees: []string{tasks.Me}}})
		f.WantEvents(t, "tasks.filter*", tasks.EventFilterCreated)
		for _, c := range []struct {
			who    world.Person
			filter tasks.FilterID
			want   []string
		}{
			{f.Employee, own.ID, []string{"Secret", "Mine"}}, {f.Employee, shared.ID, []string{"Mine"}}, {f.External, shared.ID, []string{"Theirs"}}, {f.Stranger, shared.ID, []string{}},
		} {
			if d := diff(c.want, f.titles(t, c.who.Actor, tasks.ListInput{Saved: c.filter})); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.who.Name, d)
			}
		}
		// Another order and a page at a time; nothing else beside it.
		page, err := f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: org, Saved: own.ID, Sort: tasks.SortCreated, Page: veranda.Page{Limit: 1}})
		if err != nil || page.Next == "" || page.Items[0].Title != "Mine" {
			t.Errorf("page %+v, %v", page, err)
		}
		page, err = f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: org, Saved: own.ID, Sort: tasks.SortCreated, Page: veranda.Page{Limit: 1, Cursor: page.Next}})
		if err != nil || page.Next != "" || page.Items[0].Title != "Secret" {
			t.Errorf("second page %+v, %v", page, err)
		}
		_, err = f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: org, Saved: own.ID, State: tasks.Open})
		verandatest.WantFields(t, err, "/saved exclusive")

		// Nobody knows of another's own, nor of those shared where they see nothing.
		for who, id := range map[*world.Person]tasks.FilterID{&f.Owner: own.ID, &f.Outsider: shared.ID, &f.Support: shared.ID} {
			_, err := f.tasks.Filter(ctx, who.Actor, tasks.FilterInput{Org: org, Filter: id})
			verandatest.WantCode(t, err, veranda.CodeNotFound)
			_, err = f.tasks.List(ctx, who.Actor, tasks.ListInput{Org: org, Saved: id})
			verandatest.WantCode(t, err, veranda.CodeNotFound)
		}
		sibling := f.save(t, f.Owner.Actor, tasks.CreateFilterInput{Name: "There", Workspace: f.Sibling})
		f.save(t, f.Stranger.Actor, tasks.CreateFilterInput{Name: "Closed", Workspace: f.Closed})
		names := func(who world.Person) (list []string) {
			in := tasks.FiltersInput{Org: org, Page: veranda.Page{Limit: 1}}
			for {
				page, err := f.tasks.Filters(ctx, who.Actor, in)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range page.Items {
					list = append(list, one.Name)
				}
				if in.Cursor = page.Next; in.Cursor == "" {
					return list
				}
			}
		}
		for who, want := range map[*world.Person][]string{&f.Employee: {"High", "For me", "There"}, &f.External: {"For me"}, &f.Stranger: {"For me", "There", "Closed"}} {
			if d := diff(want, names(*who)); d != "" {
				t.Errorf("%s (-want +got):\n%s", who.Name, d)
			}
		}

		// Changed and deleted by who shared it, or manages there.
		update := func(who world.Person, id tasks.FilterID, version int64) error {
			return second(f.tasks.UpdateFilter(ctx, who.Actor, tasks.UpdateFilterInput{Org: org, FilterID: id, Version: version, Name: pointer("By " + who.Name)}))
		}
		verandatest.WantCode(t, update(f.External, shared.ID, 0), veranda.CodeForbidden)
		verandatest.WantCode(t, update(f.Guest, shared.ID, 0), veranda.CodeForbidden)
		verandatest.WantCode(t, update(f.Owner, own.ID, 0), veranda.CodeNotFound)
		verandatest.WantCode(t, update(f.Employee, shared.ID, 7), veranda.CodePrecondition)
		for _, who := range []world.Person{f.Employee, f.Owner} {
			if err := update(who, shared.ID, 0); err != nil {
				t.Errorf("%s: %v", who.Name, err)
			}
		}
		again, err := f.tasks.Filter(ctx, f.Guest.Actor, tasks.FilterInput{Org: org, Filter: shared.ID})
		if err != nil || again.Version != 3 || again.Name != "By "+f.Owner.Name || again.Filter.Assignees[0] != tasks.Me {
			t.Errorf("filter %+v, %v", again, err)
		}
		remove := func(who world.Person, id tasks.FilterID) error {
			return f.tasks.DeleteFilter(ctx, who.Actor, tasks.DeleteFilterInput{Org: org, FilterID: id})
		}
		verandatest.WantCode(t, remove(f.Employee, sibling.ID), veranda.CodeForbidden)
		for _, err := range []error{remove(f.Employee, own.ID), remove(f.Administrator, shared.ID)} {
			if err != nil {
				t.Error(err)
			}
		}
		verandatest.WantCode(t, remove(f.Administrator, shared.ID), veranda.CodeNotFound)
	})
}

func TestBadFilters(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		save := func(in tasks.CreateFilterInput) error {
			in.Org = org
			return second(f.tasks.CreateFilter(ctx, f.External.Actor, in))
		}
		verandatest.WantFields(t, save(tasks.CreateFilterInput{Name: " ", Filter: tasks.FilterFields{
			Assignees: []string{"you"}, Priorities: []int{9}, Labels: []string{"a,b"}, State: "half", Sort: "size",
		}}), "/name required", "/filter/assignees/0 account", "/filter/labels/0 comma", "/filter/priorities/0 range", "/filter/state one_of", "/filter/sort one_of")
		verandatest.WantFields(t, save(tasks.CreateFilterInput{Name: "F", Filter: tasks.FilterFields{Workspaces: []veranda.WorkspaceID{f.World.Open, f.Sibling, veranda.NewWorkspaceID()}}}),
			"/filter/workspaces/1 not_found", "/filter/workspaces/2 not_found")
		verandatest.WantFields(t, save(tasks.CreateFilterInput{Name: "F", Workspace: f.World.Open, Filter: tasks.FilterFields{Workspaces: []veranda.WorkspaceID{f.World.Open}}}),
			"/filter/workspaces exclusive")
		verandatest.WantCode(t, save(tasks.CreateFilterInput{Name: "F", Workspace: f.Sibling}), veranda.CodeNotFound)
		verandatest.WantCode(t, second(f.tasks.CreateFilter(ctx, f.Guest.Actor, tasks.CreateFilterInput{Org: org, Name: "F", Workspace: f.World.Open})), veranda.CodeForbidden)
		if _, err := f.tasks.CreateFilter(ctx, f.Guest.Actor, tasks.CreateFilterInput{Org: org, Name: "F"}); err != nil {
			t.Errorf("a guest's own: %v", err)
		}
	})
}
