package tasks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/notifications"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// told are whom the events since a moment concern, as "kind name".
func (f *fixture) told(t testing.TB, from int) (list []string) {
	t.Helper()
	source := f.tasks.Notices()
	names := map[veranda.AccountID]string{}
	for _, p := range f.Members() {
		names[p.Account] = p.Name
	}
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		for _, e := range f.Events(t, source.Events...)[from:] {
			notices, err := source.Notices(ctx, tx, e)
			if err != nil {
				return err
			}
			for _, n := range notices {
				if n.Title == "" || n.Subject == "" || n.Path != "/v1/organizations/"+f.World.Org.String()+"/tasks/"+n.Subject || n.Group != "task/"+n.Subject {
					t.Errorf("notice %+v", n)
				}
				if n.Own != (n.Kind == tasks.NoticeReminder) {
					t.Errorf("told of one's own deed: %+v", n)
				}
				list = append(list, n.Kind+" "+names[n.To])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// Each kind of notice is for those it concerns, once, and never for who did it.
func TestWhomEventsConcern(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		var task, waits *tasks.Task
		me, external, guest, owner := f.Employee, f.External, f.Guest, f.Owner
		due := f.Clock.Now().Add(3 * time.Hour)
		for _, step := range []struct {
			name string
			do   func() error
			want []string
		}{
			{"created for others and oneself", func() (err error) {
				task, err = f.tasks.Create(ctx, me.Actor, tasks.CreateInput{
					Org: org, Workspace: f.World.Open, Title: "Roof", Assignees: accounts(me, external, guest), Description: mention(owner) + mention(guest), DueAt: &due,
				})
				return err
			}, []string{"tasks.assigned " + external.Name, "tasks.mentioned " + guest.Name, "tasks.mentioned " + owner.Name}},
			{"assigned otherwise", func() error {
				return second(f.tasks.Update(ctx, external.Actor, tasks.UpdateInput{Org: org, Task: task.ID, Assignees: accounts(external, owner)}))
			}, []string{"tasks.assigned " + owner.Name, "tasks.unassigned " + me.Name, "tasks.unassigned " + guest.Name}},
			{"renamed", func() error {
				return second(f.tasks.Update(ctx, external.Actor, tasks.UpdateInput{Org: org, Task: task.ID, Title: pointer("Roofs")}))
			}, nil},
			{"mentioned by an edit", func() error {
				return second(f.tasks.Update(ctx, me.Actor, tasks.UpdateInput{Org: org, Task: task.ID, Description: pointer(mention(owner) + mention(external))}))
			}, []string{"tasks.mentioned " + external.Name}},
			{"commented", func() error {
				return second(f.tasks.AddComment(ctx, guest.Actor, tasks.AddCommentInput{Org: org, Task: task.ID, Text: "Ask " + mention(owner)}))
			}, []string{"tasks.commented " + me.Name, "tasks.commented " + external.Name, "tasks.mentioned " + owner.Name}},
			{"something waits for it", func() (err error) {
				if waits, err = f.tasks.Create(ctx, me.Actor, tasks.CreateInput{Org: org, Workspace: f.World.Open, Title: "Gutter", Assignees: accounts(guest)}); err != nil {
					return err
				}
				return f.wait(me.Actor, waits, task)
			}, []string{"tasks.assigned " + guest.Name}},
			{"reminded", func() error {
				if _, err := f.tasks.AddReminder(ctx, me.Actor, tasks.AddReminderInput{Org: org, Task: task.ID, RelativeTo: tasks.BeforeDue, Minutes: 60}); err != nil {
					return err
				}
				f.Clock.Advance(150 * time.Minute)
				return f.tasks.RemindJob().Run(ctx, f.Clock.Now())
			}, []string{"tasks.reminder " + me.Name}},
			{"finished", func() error {
				return second(f.tasks.Finish(ctx, owner.Actor, f.done(task.ID)))
			}, []string{"tasks.finished " + me.Name, "tasks.finished " + external.Name, "tasks.finished " + guest.Name, "tasks.unblocked " + guest.Name}},
			{"deleted", func() error { return f.tasks.Delete(ctx, me.Actor, f.state(waits.ID)) }, nil},
		} {
			from := len(f.Events(t, f.tasks.Notices().Events...))
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			slices.Sort(step.want)
			if d := diff(step.want, f.told(t, from)); d != "" {
				t.Errorf("%s (-want +got):\n%s", step.name, d)
			}
		}
	})
}

// Every kind has its sentence in each of the product's languages, with the title, and with who did it where somebody did.
func TestSentencesOfNotices(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	f := newFixture(t, e, nil)
	kinds := f.tasks.Notices().Kinds
	if len(kinds) != 7 {
		t.Errorf("%d kinds", len(kinds))
	}
	for _, kind := range kinds {
		seen := map[string]bool{}
		for _, language := range []string{"en", "ru", "tr"} {
			var b strings.Builder
			sentence, err := template.New("").Parse(kind.Sentences[language])
			if err == nil {
				err = sentence.Execute(&b, map[string]any{"By": "Ann", "Title": "Roof", "Count": 1, "Place": "House"})
			}
			byNobody := kind.Name == tasks.NoticeReminder || kind.Name == tasks.NoticeUnblocked
			if text := b.String(); err != nil || !strings.Contains(text, "Roof") || strings.Contains(text, "Ann") == byNobody || seen[text] {
				t.Errorf("%s in %s: %q, %v", kind.Name, language, text, err)
			}
			seen[b.String()] = true
		}
		if kind.Meaning == "" || kind.Urgent != (kind.Name == tasks.NoticeReminder) {
			t.Errorf("kind %+v", kind)
		}
	}
}

// Who does not see the workspace by the time they would be told is told nothing, and is not reminded either.
func TestNobodyBlindIsTold(t *testing.T) {
	t.Parallel()
	all := append(modules(), notifications.Module())
	verandatest.Each(t, all, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		f := &fixture{Env: e, World: world.New(t, e)}
		var err error
		if f.authz, err = tenancy.NewAuthorizer(ctx, e.DB, all...); err != nil {
			t.Fatal(err)
		}
		if f.tasks, err = tasks.New(tasks.Deps{DB: e.DB, Authz: f.authz}); err != nil {
			t.Fatal(err)
		}
		inbox, err := notifications.New(notifications.Deps{DB: e.DB, Authz: f.authz, Sources: []veranda.NoticeSource{f.tasks.Notices()}})
		if err != nil {
			t.Fatal(err)
		}
		due := f.Clock.Now().Add(2 * time.Hour)
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Roof", Assignees: accounts(f.External, f.Guest), DueAt: &due})
		for _, who := range []world.Person{f.External, f.Guest} {
			in := tasks.AddReminderInput{Org: f.World.Org, Task: task.ID, RelativeTo: tasks.BeforeDue, Minutes: 30}
			if _, err := f.tasks.AddReminder(ctx, who.Actor, in); err != nil {
				t.Fatal(err)
			}
		}
		f.exclude(t, f.External)
		f.Clock.Advance(100 * time.Minute)
		job := f.tasks.RemindJob()
		if err := errors.Join(job.Run(ctx, f.Clock.Now()), job.Run(ctx, f.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		f.comment(t, f.Employee.Actor, task.ID, "well?")
		f.finish(t, f.Employee.Actor, task.ID)
		f.Drain(t)
		kinds := func(who world.Person) []string {
			page, err := inbox.List(ctx, who.Actor, notifications.ListInput{})
			if err != nil {
				t.Fatal(err)
			}
			list := []string{}
			for _, n := range page.Items {
				list = append(list, n.Kind)
			}
			slices.Sort(list)
			return list
		}
		if d := diff([]string{"tasks.assigned", "tasks.commented", "tasks.finished", "tasks.reminder"}, kinds(f.Guest)); d != "" {
			t.Errorf("the guest (-want +got):\n%s", d)
		}
		if d := diff([]string{}, kinds(f.External)); d != "" {
			t.Errorf("who was excluded (-want +got):\n%s", d)
		}
		// The reminder of who was excluded is over: it does not come when they are back.
		reminded := f.Events(t, tasks.EventReminderDue)
		if len(reminded) != 1 || reminded[0].To[0] != f.Guest.Account {
			t.Errorf("reminded %+v", reminded)
		}
	})
}
