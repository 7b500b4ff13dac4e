package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// listed is a task as the tests of lists know it.
type listed struct {
	id, title, workspace         string
	assignees, followers, labels []string
	creator                      string
	priority                     int
	due                          time.Time
	finished                     bool
	created, updated, finishedAt string
}

// shelf is a house with tasks that differ in everything a list can ask for.
type shelf struct {
	*house
	roof  string
	tasks []listed
}

func newShelf(t *testing.T, s *stack) *shelf {
	t.Helper()
	f := &shelf{house: newHouse(t, s)}
	f.roof = f.owner.workspace(t, f.org, "Roof", true)
	now := time.Now().UTC().Truncate(time.Second)
	people := []*caller{f.owner, f.employee, f.external}
	for i := range 12 {
		one := listed{title: string(rune('A' + i)), workspace: f.open, priority: i % 5, labels: []string{}, assignees: []string{}}
		creator := people[i%2]
		if i%4 == 3 {
			one.workspace = f.roof
		}
		one.creator = creator.account
		more := map[string]any{"priority": one.priority}
		if i%3 > 0 {
			one.due = now.Add(time.Duration(i%3*24-36) * time.Hour) // i%3 == 1: overdue; ties within each
			more["due_at"] = one.due
		}
		if i%3 != 2 {
			if one.workspace == f.open {
				one.assignees = []string{people[i%3].account}
			}
			if i%6 == 4 {
				one.assignees = append(one.assignees, f.owner.account)
			}
			one.assignees = slices.Compact(one.assignees)
			more["assignees"] = one.assignees
		}
		if i%2 == 0 {
			one.labels = append(one.labels, "even")
		}
		if i%3 == 0 {
			one.labels = append(one.labels, "three")
		}
		more["labels"] = one.labels
		one.id = creator.newTask(t, f.house, one.workspace, one.title, more).text("id")
		if one.finished = i%5 == 4 || i == 0; one.finished {
			f.employee.post(t, f.at("/tasks/"+one.id+"/finish"), nil).want(http.StatusOK)
		}
		r := f.owner.get(t, f.at("/tasks/"+one.id)).want(http.StatusOK)
		one.created, one.updated, one.followers = r.text("created_at"), r.text("updated_at"), r.texts("followers")
		if one.finished {
			one.finishedAt = r.text("finished_at")
		}
		f.tasks = append(f.tasks, one)
	}
	return f
}

// want asserts which tasks a caller's list has, in whatever order.
func (f *shelf) want(t *testing.T, c *caller, query string, fits func(one listed) bool) {
	t.Helper()
	want := []string{}
	for _, one := range f.tasks {
		if fits(one) {
			want = append(want, one.title)
		}
	}
	got := c.get(t, f.at("/tasks?"+query)).want(http.StatusOK).column("title")
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s (-want +got):\n%s", c.name, query, diff)
	}
}

// filter is one that a list takes, and what it means.
type filter struct {
	query string
	fits  func(one listed) bool
}

func (f *shelf) filters() []filter {
	has := func(list []string, values ...string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(list, v) })
	}
	soon := time.Now().UTC()
	moment := url.QueryEscape(soon.Format(time.RFC3339Nano))
	return []filter{
		{"workspace=" + f.roof, func(one listed) bool { return one.workspace == f.roof }},
		{"workspace=" + f.roof + "&workspace=" + f.open, func(listed) bool { return true }},
		{"state=open", func(one listed) bool { return !one.finished }},
		{"state=finished", func(one listed) bool { return one.finished }},
		{"assignee=" + f.employee.account, func(one listed) bool { return has(one.assignees, f.employee.account) }},
		{"assignee=me", func(one listed) bool { return has(one.assignees, f.owner.account) }},
		{"assignee=none", func(one listed) bool { return len(one.assignees) == 0 }},
		{"assignee=none&assignee=" + f.employee.account, func(one listed) bool { return len(one.assignees) == 0 || has(one.assignees, f.employee.account) }},
		{"creator=me", func(one listed) bool { return one.creator == f.owner.account }},
		{"creator=" + f.employee.account, func(one listed) bool { return one.creator == f.employee.account }},
		{"follower=me", func(one listed) bool { return has(one.followers, f.owner.account) }},
		{"follower=" + f.employee.account, func(one listed) bool { return has(one.followers, f.employee.account) }},
		{"label=EVEN", func(one listed) bool { return has(one.labels, "even") }},
		{"label=even&label=three", func(one listed) bool { return has(one.labels, "even", "three") }},
		{"all_labels=even&all_labels=Three", func(one listed) bool { return len(one.labels) == 2 }},
		{"priority=0&priority=3", func(one listed) bool { return one.priority == 0 || one.priority == 3 }},
		{"min_priority=3", func(one listed) bool { return one.priority >= 3 }},
		{"due_after=" + moment, func(one listed) bool { return !one.due.IsZero() && !one.due.Before(soon) }},
		{"due_before=" + moment, func(one listed) bool { return !one.due.IsZero() && one.due.Before(soon) }},
		{"overdue=true", func(one listed) bool { return !one.finished && !one.due.IsZero() && one.due.Before(soon) }},
		{"search=a", func(one listed) bool { return one.title == "A" }},
	}
}

// name is the parameter a filter is made of.
func (f filter) name() string {
	name, _, _ := strings.Cut(f.query, "=")
	return name
}

func taskFilters(t *testing.T, s *stack) {
	f := newShelf(t, s)
	all := f.filters()
	for _, one := range all {
		f.want(t, f.owner, one.query, one.fits)
	}
	// Every pair of filters: a task fits both.
	for i, one := range all {
		for _, other := range all[i+1:] {
			if one.name() == other.name() || one.query == "state=finished" && other.query == "overdue=true" {
				continue
			}
			f.want(t, f.owner, one.query+"&"+other.query, func(l listed) bool { return one.fits(l) && other.fits(l) })
		}
	}
	// All at once.
	task := f.tasks[10] // open; see newShelf
	moment := url.QueryEscape(task.due.Add(time.Hour).Format(time.RFC3339Nano))
	everything := "workspace=" + task.workspace + "&state=open&assignee=" + task.assignees[0] + "&creator=" + task.creator + "&follower=" + task.followers[0] +
		"&label=even&all_labels=even&priority=0&min_priority=0&due_before=" + moment + "&search=k&sort=-priority"
	f.want(t, f.owner, everything, func(l listed) bool { return l.id == task.id })
	f.want(t, f.owner, everything+"&overdue=true", func(l listed) bool { return l.id == task.id })
	// Who sees one workspace is shown that one's, whatever is asked for.
	for _, one := range all {
		if one.query == "assignee=me" || one.query == "creator=me" || one.query == "follower=me" {
			continue
		}
		f.want(t, f.external, one.query, func(l listed) bool { return l.workspace == f.open && one.fits(l) })
	}
}

func taskSearch(t *testing.T, s *stack) {
	h := newHouse(t, s)
	for _, one := range [][2]string{
		{"Crème brûlée für Łódź", "Straße 7"}, {"100% cotton_shirt", `C:\temp`}, {"Plain", "Mentions COTTON, too"}, {"ÅNGSTRÖM", "O'Neill \"quoted\" !bang"}, {"東京 ﬁnal", "½ ⅷ"},
	} {
		h.owner.newTask(t, h, h.open, one[0], map[string]any{"description": one[1]})
	}
	for query, want := range map[string][]string{
		"creme":          {"Crème brûlée für Łódź"},
		"BRÛLÉE":         {"Crème brûlée für Łódź"},
		"lodz strasse":   {"Crème brûlée für Łódź"},
		"fur  creme":     {"Crème brûlée für Łódź"},
		"creme cotton":   {},
		"cotton":         {"100% cotton_shirt", "Plain"},
		"otto":           {"100% cotton_shirt", "Plain"},
		"cotton shirt":   {"100% cotton_shirt"},
		"%":              {"100% cotton_shirt"},
		"_":              {"100% cotton_shirt"},
		"n_s":            {"100% cotton_shirt"},
		"c%n":            {},
		"cotton.shirt":   {},
		`c:\temp`:        {"100% cotton_shirt"},
		`\`:              {"100% cotton_shirt"},
		"angstrom":       {"ÅNGSTRÖM"},
		"ångström":       {"ÅNGSTRÖM"},
		"o'neill":        {"ÅNGSTRÖM"},
		`"quoted"`:       {"ÅNGSTRÖM"},
		"!bang":          {"ÅNGSTRÖM"},
		"東":              {"東京 ﬁnal"},
		"final":          {"東京 ﬁnal"},
		"' OR 1=1 --":    {},
		"*":              {},
		"a\u0301ngstrom": {"ÅNGSTRÖM"},
		"ＣＯＴＴＯＮ":         {"100% cotton_shirt", "Plain"},
	} {
		r := h.employee.get(t, h.at("/tasks?sort=created&search="+url.QueryEscape(query)))
		r.wantColumn("title", want...)
	}
	h.employee.get(t, h.at("/tasks?search=")).want(http.StatusOK)
	if n := len(h.employee.get(t, h.at("/tasks?search=+")).want(http.StatusOK).items()); n != 5 {
		t.Errorf("an empty search finds %d tasks, want all", n)
	}
	h.employee.get(t, h.at("/tasks?search="+url.QueryEscape("a\x00b"))).invalid("/search unicode")
	// A changed text is found by its new words only.
	id := h.employee.get(t, h.at("/tasks?search=plain")).text("items.0.id")
	h.owner.patch(t, h.at("/tasks/"+id), map[string]any{"title": "Fancy"}, "If-Match: *").want(http.StatusOK)
	h.employee.get(t, h.at("/tasks?search=plain")).wantColumn("title")
	h.employee.get(t, h.at("/tasks?search=fancy")).wantColumn("title", "Fancy")
}

func taskSortsAndPages(t *testing.T, s *stack) {
	f := newShelf(t, s)
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	due := func(one listed) time.Time {
		if one.due.IsZero() {
			return never
		}
		return one.due
	}
	stamp := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	orders := map[string]func(a, b listed) int{
		"due":      func(a, b listed) int { return due(a).Compare(due(b)) },
		"priority": func(a, b listed) int { return cmp.Compare(a.priority, b.priority) },
		"created":  func(a, b listed) int { return stamp(a.created).Compare(stamp(b.created)) },
		"updated":  func(a, b listed) int { return stamp(a.updated).Compare(stamp(b.updated)) },
		"finished": func(a, b listed) int { return stamp(a.finishedAt).Compare(stamp(b.finishedAt)) },
	}
	for name, order := range orders {
		tasks := slices.Clone(f.tasks)
		if name == "finished" {
			tasks = slices.DeleteFunc(tasks, func(one listed) bool { return !one.finished })
		}
		slices.SortFunc(tasks, func(a, b listed) int { return cmp.Or(order(a, b), cmp.Compare(a.id, b.id)) })
		for _, direction := range []string{"", "-"} {
			want := make([]string, len(tasks))
			for i, one := range tasks {
				want[i] = one.title
			}
			if direction == "-" {
				slices.Reverse(want) // turned round exactly, ties too
			}
			path := f.at("/tasks?sort=" + direction + name)
			f.owner.get(t, path).wantColumn("title", want...)
			for _, size := range []string{"1", "5", "12"} {
				if diff := gocmp.Diff(want, f.owner.pages(t, path, "title", size)); diff != "" {
					t.Errorf("%s%s, %s at a time (-want +got):\n%s", direction, name, size, diff)
				}
			}
		}
	}
	// With a filter, and without a state or with one, page by page.
	var open []string
	for _, one := range f.tasks {
		if !one.finished && slices.Contains(one.labels, "even") {
			open = append(open, one.title)
		}
	}
	got := f.owner.pages(t, f.at("/tasks?state=open&label=even&sort=created"), "title", "2")
	if diff := gocmp.Diff(open, got); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
	// A cursor belongs to its list and order.
	cursor := f.owner.get(t, f.at("/tasks?sort=due&limit=1")).want(http.StatusOK).text("next")
	f.owner.get(t, f.at("/tasks?sort=due&limit=1&cursor="+cursor)).want(http.StatusOK)
	f.owner.get(t, f.at("/tasks?sort=-due&limit=1&cursor="+cursor)).invalid("/cursor cursor")
	f.owner.get(t, f.at("/tasks?sort=priority&cursor="+cursor)).invalid("/cursor cursor")
	f.owner.get(t, f.at("/workspaces?cursor="+cursor)).invalid("/cursor cursor")
	f.owner.get(t, f.at("/tasks?sort=due&cursor="+cursor[1:])).invalid("/cursor cursor")
	// A cursor is a position and no right: in somebody else's hands it shows what they may see.
	for _, title := range f.external.get(t, f.at("/tasks?sort=due&cursor="+cursor)).want(http.StatusOK).items() {
		if title["workspace_id"] != f.open {
			t.Errorf("by another's cursor the external sees %v", title)
		}
	}
	// What is created or finished between two pages neither repeats nor hides what stood still.
	first := f.owner.get(t, f.at("/tasks?sort=-created&limit=4")).want(http.StatusOK)
	f.owner.task(t, f.org, f.open, "New")
	f.owner.delete(t, f.at("/tasks/"+first.items()[3]["id"].(string))).want(http.StatusNoContent)
	second := f.owner.get(t, f.at("/tasks?sort=-created&limit=4&cursor="+first.text("next")))
	second.wantColumn("title", "H", "G", "F", "E")
}

func taskMine(t *testing.T, s *stack) {
	f := newShelf(t, s)
	for _, c := range []*caller{f.owner, f.employee, f.external, f.guest} {
		sees := func(one listed) bool { return one.workspace == f.open || c == f.owner || c == f.employee }
		f.want(t, c, "mine=assigned", func(one listed) bool { return !one.finished && sees(one) && slices.Contains(one.assignees, c.account) })
		f.want(t, c, "mine=assigned&state=finished", func(one listed) bool { return one.finished && sees(one) && slices.Contains(one.assignees, c.account) })
		f.want(t, c, "mine=created", func(one listed) bool { return one.creator == c.account })
		f.want(t, c, "mine=followed", func(one listed) bool { return sees(one) && slices.Contains(one.followers, c.account) })
		f.want(t, c, "mine=finished", func(one listed) bool { return one.finished && c == f.employee })
		f.want(t, c, "assignee=me&min_priority=2", func(one listed) bool {
			return one.priority >= 2 && sees(one) && slices.Contains(one.assignees, c.account)
		})
	}
	// "My finished" comes newest first.
	var want []string
	for _, one := range f.tasks {
		if one.finished {
			want = append(want, one.title)
		}
	}
	slices.Reverse(want)
	f.employee.get(t, f.at("/tasks?mine=finished")).wantColumn("title", want...)
	if diff := gocmp.Diff(want, f.employee.pages(t, f.at("/tasks?mine=finished"), "title", "1")); diff != "" {
		t.Errorf("my finished, page by page (-want +got):\n%s", diff)
	}
	f.employee.get(t, f.at("/tasks?mine=finished&state=open")).invalid("/mine exclusive")
}
