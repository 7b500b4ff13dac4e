package tasks_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

var (
	titleWords = []string{"Plan", "Café", "ŁÓDŹ", "50%", "under_score", "back\\slash", "naïve", "Report"}
	labelWords = []string{"red", "Green", "bleu ciel", "ÄRGER"}
)

// library makes tasks of all sorts and gives them as they are.
func (f *fixture) many(t *testing.T, size int) []tasks.Task {
	t.Helper()
	ctx := context.Background()
	random := rapid.Custom(func(r *rapid.T) tasks.CreateInput {
		in := tasks.CreateInput{
			Org: f.World.Org, Workspace: rapid.SampledFrom([]veranda.WorkspaceID{f.World.Open, f.Private, f.Sibling}).Draw(r, "workspace"),
			Title:       strings.Join(rapid.SliceOfN(rapid.SampledFrom(titleWords), 1, 3).Draw(r, "title"), " "),
			Description: strings.Join(rapid.SliceOfN(rapid.SampledFrom(titleWords), 0, 2).Draw(r, "description"), "\n"),
			Priority:    rapid.IntRange(0, 4).Draw(r, "priority"),
			Labels:      rapid.SliceOfNDistinct(rapid.SampledFrom(labelWords), 0, 3, rapid.ID).Draw(r, "labels"),
		}
		if rapid.Bool().Draw(r, "due") {
			in.DueAt = day(rapid.IntRange(2, 6).Draw(r, "day"))
		}
		people := []veranda.AccountID{f.Owner.Account, f.Employee.Account, f.Administrator.Account}
		in.Assignees = rapid.SliceOfNDistinct(rapid.SampledFrom(people), 0, 2, rapid.ID).Draw(r, "assignees")
		return in
	})
	var ids []tasks.ID
	for i := range size {
		by := []world.Person{f.Owner, f.Employee, f.Administrator}[i%3]
		task, err := f.tasks.Create(ctx, by.Actor, random.Example(i))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, task.ID)
		if i%4 == 0 {
			f.finish(t, []world.Person{f.Employee, f.Owner}[i%8/4].Actor, task.ID)
		}
		if i%5 == 0 {
			if _, err := f.tasks.Update(ctx, f.Owner.Actor, tasks.UpdateInput{Org: f.World.Org, Task: ids[i/2], Title: pointer("Changed " + titleWords[i%8])}); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Tasks nobody of the test may see.
	f.create(t, f.Stranger.Actor, tasks.CreateInput{Workspace: f.Closed, Title: "Closed", DueAt: day(3)})
	if _, err := f.tasks.Create(ctx, f.Outsider.Actor, tasks.CreateInput{Org: f.Other, Workspace: f.OtherWorkspace, Title: "Foreign"}); err != nil {
		t.Fatal(err)
	}
	list := make([]tasks.Task, size)
	for i, id := range ids {
		list[i] = *f.get(t, f.Employee.Actor, id)
	}
	return list
}

// A list holds what a plain filter over all tasks holds, in the same order, whatever is asked for and however small its
// pages are.
func TestListAgainstPlainFilter(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		all := f.many(t, 60)
		rapid.Check(t, func(r *rapid.T) {
			by := rapid.SampledFrom([]world.Person{f.Owner, f.Employee, f.External, f.Administrator}).Draw(r, "by")
			in := f.drawList(r)
			want := f.filter(all, in, by)
			var got []tasks.Task
			asked := in
			for {
				page, err := f.tasks.List(context.Background(), by.Actor, asked)
				if err != nil {
					r.Fatalf("%+v: %v", asked, err)
				}
				got = append(got, page.Items...)
				if asked.Cursor = page.Next; asked.Cursor == "" {
					break
				}
				if len(page.Items) != in.Limit {
					r.Fatalf("a page with a next one has %d tasks, want %d", len(page.Items), in.Limit)
				}
			}
			if d := diff(titlesAndIDs(want), titlesAndIDs(got)); d != "" {
				r.Fatalf("%+v (-want +got):\n%s", in, d)
			}
			if len(want) > 0 {
				if d := diff(want, got); d != "" {
					r.Fatalf("%+v (-want +got):\n%s", in, d)
				}
			}
		})
	})
}

func titlesAndIDs(list []tasks.Task) []string {
	texts := []string{}
	for _, task := range list {
		texts = append(texts, task.Title+" "+task.ID.String())
	}
	return texts
}

func (f *fixture) drawList(r *rapid.T) tasks.ListInput {
	in := tasks.ListInput{Org: f.World.Org, Page: veranda.Page{Limit: rapid.IntRange(1, 40).Draw(r, "limit")}}
	draw := func(name string) bool { return rapid.IntRange(0, 3).Draw(r, name) == 0 }
	people := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{f.Owner.Account.String(), f.Employee.Account.String(), tasks.Me}), 1, 2, rapid.ID)
	in.Sort = rapid.SampledFrom([]tasks.Sort{"", tasks.SortDue, tasks.SortDueLast, tasks.SortPriority, tasks.SortPriorityFirst, tasks.SortCreated, tasks.SortCreatedLast,
		tasks.SortUpdated, tasks.SortUpdatedLast, tasks.SortFinished, tasks.SortFinishedLast}).Draw(r, "sort")
	finishedSort := strings.HasSuffix(string(in.Sort), "finished")
	if draw("state") && !finishedSort {
		in.State = rapid.SampledFrom([]tasks.State{tasks.Open, tasks.Finished}).Draw(r, "state value")
	}
	if draw("mine") {
		in.Mine = rapid.SampledFrom([]tasks.Mine{tasks.MineCreated, tasks.MineFollowed, tasks.MineAssigned, tasks.MineFinished, tasks.MineDelegated}).Draw(r, "mine value")
		if in.Mine == tasks.MineFinished && in.State == tasks.Open || (in.Mine == tasks.MineAssigned || in.Mine == tasks.MineDelegated) && finishedSort {
			in.Mine = ""
		}
	}
	if draw("workspace") {
		in.Workspaces = rapid.SliceOfN(rapid.SampledFrom([]veranda.WorkspaceID{f.World.Open, f.Private, f.Sibling, f.Closed, f.OtherWorkspace}), 1, 2).Draw(r, "workspaces")
	}
	if draw("assignee") && in.Mine != tasks.MineAssigned {
		in.Assignees = people.Draw(r, "assignees")
		if draw("none") {
			in.Assignees = append(in.Assignees, tasks.Nobody)
		}
		if draw("only none") {
			in.Assignees = []string{tasks.Nobody}
		}
	}
	if draw("creator") && in.Mine != tasks.MineCreated && in.Mine != tasks.MineDelegated {
		in.Creators = people.Draw(r, "creators")
	}
	if draw("follower") && in.Mine != tasks.MineFollowed {
		in.Followers = people.Draw(r, "followers")
	}
	if draw("label") {
		in.Labels = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"RED", "green", "Bleu Ciel", "ärger", "none of these"}), 1, 2, rapid.ID).Draw(r, "labels")
	}
	if draw("all labels") {
		in.AllLabels = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"RED", "green", "Bleu Ciel"}), 1, 2, rapid.ID).Draw(r, "all labels value")
	}
	if draw("priority") {
		in.Priorities = rapid.SliceOfN(rapid.IntRange(0, 4), 1, 2).Draw(r, "priorities")
	}
	if draw("least priority") {
		in.MinPriority = rapid.IntRange(0, 4).Draw(r, "least priority value")
	}
	if draw("after") {
		in.DueAfter = *day(rapid.IntRange(2, 5).Draw(r, "due after"))
	}
	if draw("before") {
		in.DueBefore = *day(rapid.IntRange(3, 6).Draw(r, "due before"))
	}
	if draw("overdue") && in.State != tasks.Finished && !finishedSort && in.Mine != tasks.MineFinished {
		in.Overdue = true
	}
	if draw("search") {
		in.Search = rapid.SampledFrom([]string{"plan", "CAFE", "lodz", "50%", "0%", "r_s", "_", "%", `\`, "naive report", "lan", "nothing of it"}).Draw(r, "search value")
	}
	return in
}

// filter is the oracle: it knows nothing of the service's own way to filter.
func (f *fixture) filter(all []tasks.Task, in tasks.ListInput, by world.Person) (list []tasks.Task) {
	any := func(filter []string, people []veranda.AccountID) bool {
		return len(filter) == 0 || slices.ContainsFunc(filter, func(text string) bool {
			return text == tasks.Nobody && len(people) == 0 ||
				slices.ContainsFunc(people, func(a veranda.AccountID) bool {
					return a.String() == text || text == tasks.Me && a == by.Account
				})
		})
	}
	now := f.Clock.Now()
	for _, task := range all {
		lower := []string{}
		for _, label := range task.Labels {
			lower = append(lower, strings.ToLower(label))
		}
		has := func(label string) bool { return slices.Contains(lower, strings.ToLower(label)) }
		due := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		if task.DueAt != nil {
			due = *task.DueAt
		}
		keep := by.Account != f.External.Account || task.Workspace != f.Sibling
		keep = keep && (in.State == "" || task.State == in.State)
		switch in.Mine {
		case tasks.MineAssigned:
			keep = keep && slices.Contains(task.Assignees, by.Account) && (in.State != "" || task.State == tasks.Open)
		case tasks.MineDelegated:
			others := slices.ContainsFunc(task.Assignees, func(a veranda.AccountID) bool { return a != by.Account })
			keep = keep && task.CreatedBy == by.Account && others && (in.State != "" || task.State == tasks.Open)
		case tasks.MineCreated:
			keep = keep && task.CreatedBy == by.Account
		case tasks.MineFollowed:
			keep = keep && slices.Contains(task.Followers, by.Account)
		case tasks.MineFinished:
			keep = keep && task.FinishedBy == by.Account
		}
		keep = keep && (len(in.Workspaces) == 0 || slices.Contains(in.Workspaces, task.Workspace))
		keep = keep && any(in.Assignees, task.Assignees) && any(in.Creators, []veranda.AccountID{task.CreatedBy}) && any(in.Followers, task.Followers)
		keep = keep && (len(in.Labels) == 0 || slices.ContainsFunc(in.Labels, has))
		keep = keep && !slices.ContainsFunc(in.AllLabels, func(l string) bool { return !has(l) })
		keep = keep && (len(in.Priorities) == 0 || slices.Contains(in.Priorities, task.Priority)) && task.Priority >= in.MinPriority
		keep = keep && (in.DueAfter.IsZero() || task.DueAt != nil && !due.Before(in.DueAfter))
		keep = keep && (in.DueBefore.IsZero() || due.Before(in.DueBefore))
		keep = keep && (!in.Overdue || task.State == tasks.Open && due.Before(now))
		keep = keep && (!strings.HasSuffix(string(in.Sort), "finished") || task.State == tasks.Finished)
		plain := strings.NewReplacer("é", "e", "ł", "l", "ó", "o", "ź", "z", "ï", "i").Replace(strings.ToLower(task.Title + "\n" + task.Description))
		for _, word := range strings.Fields(strings.ToLower(in.Search)) {
			keep = keep && strings.Contains(plain, word)
		}
		if keep {
			list = append(list, task)
		}
	}
	sort := in.Sort
	if sort == "" && in.Mine == tasks.MineFinished {
		sort = tasks.SortFinishedLast
	}
	name, back := strings.CutPrefix(string(sort), "-")
	slices.SortFunc(list, func(a, b tasks.Task) int {
		if back {
			a, b = b, a
		}
		order := 0
		switch tasks.Sort(name) {
		case tasks.SortPriority:
			order = cmp.Compare(a.Priority, b.Priority)
		case tasks.SortUpdated:
			order = a.UpdatedAt.Compare(b.UpdatedAt)
		case tasks.SortFinished:
			order = a.FinishedAt.Compare(*b.FinishedAt)
		case tasks.SortCreated:
			order = a.CreatedAt.Compare(b.CreatedAt)
		default:
			order = compareDue(a.DueAt, b.DueAt)
		}
		return cmp.Or(order, strings.Compare(a.ID.String(), b.ID.String()))
	})
	return list
}

func compareDue(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

func TestListRefusesBadInput(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		list := func(in tasks.ListInput) error {
			_, err := f.tasks.List(ctx, f.Employee.Actor, in)
			return err
		}
		org := f.World.Org
		verandatest.WantFields(t, list(tasks.ListInput{
			State: "done", Mine: "all", Sort: "name", Assignees: []string{"me", "you"}, Creators: []string{tasks.Nobody}, Followers: []string{veranda.AccountID{}.String()},
			Labels: []string{""}, Priorities: []int{7}, MinPriority: -1, Workspaces: []veranda.WorkspaceID{{}}, Search: strings.Repeat("x", 201), DueAfter: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC),
			Page: veranda.Page{Limit: -1},
		}),
			"/organization_id required", "/assignee/1 account", "/creator/0 account", "/follower/0 account", "/label/0 required", "/search too_long", "/limit range",
			"/workspace/0 required", "/priority/0 range", "/min_priority range", "/due_after range", "/state one_of", "/mine one_of", "/sort one_of")
		verandatest.WantFields(t, list(tasks.ListInput{Org: org, Mine: tasks.MineFinished, State: tasks.Open}), "/mine exclusive")
		verandatest.WantFields(t, list(tasks.ListInput{Org: org, Mine: tasks.MineAssigned, Assignees: []string{tasks.Me}}), "/assignee exclusive")
		verandatest.WantFields(t, list(tasks.ListInput{Org: org, Sort: tasks.SortFinished, State: tasks.Open}), "/sort exclusive")
		verandatest.WantFields(t, list(tasks.ListInput{Org: org, Overdue: true, State: tasks.Finished}), "/overdue exclusive")
		verandatest.WantFields(t, list(tasks.ListInput{Org: org, Search: "a b c d e f g h i"}), "/search too_many")
		for _, cursor := range []string{
			"%", veranda.EncodeCursor("tasks:due", "1"), veranda.EncodeCursor("tasks:-due", "1", veranda.NewAccountID().String()),
			veranda.EncodeCursor("tasks:due", "x", veranda.NewAccountID().String()), veranda.EncodeCursor("tasks:due", "1", "x"),
		} {
			verandatest.WantFields(t, list(tasks.ListInput{Org: org, Page: veranda.Page{Cursor: cursor}}), "/cursor cursor")
		}
		// A cursor somebody made up is a position like any other.
		for _, sort := range []tasks.Sort{tasks.SortUpdated, tasks.SortFinishedLast} {
			for _, key := range []string{"-9223372036854775808", "9223372036854775807"} {
				cursor := veranda.EncodeCursor("tasks:"+string(sort), key, veranda.NewAccountID().String())
				if err := list(tasks.ListInput{Org: org, Sort: sort, Page: veranda.Page{Cursor: cursor}}); err != nil {
					t.Errorf("cursor %s by %s: %v", key, sort, err)
				}
			}
		}
	})
}

// Who may list, and that a list of an organization holds what one sees there and no more.
func TestListByRole(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.create(t, f.Owner.Actor, tasks.CreateInput{Workspace: f.World.Open, Title: "open"})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Workspace: f.Private, Title: "private"})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Workspace: f.Sibling, Title: "sibling"})
		f.create(t, f.Stranger.Actor, tasks.CreateInput{Workspace: f.Closed, Title: "closed"})
		for _, c := range []struct {
			who  world.Person
			want string
		}{
			{f.Owner, "open private sibling"}, {f.Administrator, "open private sibling"}, {f.AccessManager, "open private sibling"}, {f.Employee, "open private sibling"},
			{f.External, "open private"}, {f.Guest, "open private"}, {f.Stranger, "open sibling closed"},
			// Support knows that the organization exists, and no more.
			{f.Support, "-"}, {f.Outsider, "."}, {f.Nobody, "."}, {world.Person{Actor: veranda.Anonymous()}, "!"},
		} {
			page, err := f.tasks.List(context.Background(), c.who.Actor, tasks.ListInput{Org: f.World.Org, Sort: tasks.SortCreated})
			got := strings.Join(titlesOf(page.Items), " ")
			if err != nil {
				got = outcome(t, err)
			}
			if got != c.want {
				t.Errorf("%s lists %q, want %q", c.who.Name, got, c.want)
			}
		}
	})
}
