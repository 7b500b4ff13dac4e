package tasks_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func mention(p world.Person) string { return "[@" + p.Name + "](account:" + p.Account.String() + ")" }

// Whom a text mentions follows the task and is named by the event; nobody is mentioned who cannot see the place.
func TestMentions(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Description: "Ask " + mention(f.External)})
		if d := diff(accounts(f.Employee, f.External), task.Followers); d != "" {
			t.Errorf("followers (-want +got):\n%s", d)
		}
		if d := diff(accounts(f.External), data[tasks.TaskCreated](t, f, tasks.EventTaskCreated).Mentioned); d != "" {
			t.Errorf("mentioned (-want +got):\n%s", d)
		}
		c := f.comment(t, f.Guest.Actor, task.ID, mention(f.Owner)+" and "+mention(f.External)+", look")
		if d := diff(accounts(f.Owner, f.External), data[tasks.CommentChanged](t, f, tasks.EventCommentAdded).Mentioned); d != "" {
			t.Errorf("mentioned (-want +got):\n%s", d)
		}
		_, err := f.tasks.EditComment(ctx, f.Guest.Actor, tasks.EditCommentInput{Org: org, Task: task.ID, Comment: c.ID, Text: mention(f.Owner) + mention(f.Administrator)})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(accounts(f.Administrator), data[tasks.CommentChanged](t, f, tasks.EventCommentEdited).Mentioned); d != "" {
			t.Errorf("mentioned (-want +got):\n%s", d)
		}
		update := func(text string) error {
			return second(f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: org, Task: task.ID, Description: &text}))
		}
		if err := update(mention(f.External) + mention(f.Guest)); err != nil {
			t.Fatal(err)
		}
		if d := diff(accounts(f.Guest), data[tasks.TaskUpdated](t, f, tasks.EventTaskUpdated).Mentioned); d != "" {
			t.Errorf("mentioned (-want +got):\n%s", d)
		}
		after := f.get(t, f.Employee.Actor, task.ID)
		if d := diff(accounts(f.Employee, f.External, f.Owner, f.Administrator, f.Guest), after.Followers); d != "" || f.hasChildren(t, task.ID)["followers"] != 5 {
			t.Errorf("followers (-want +got):\n%s", d)
		}

		// In the sibling workspace externals see nothing; who does not exist is answered alike.
		there := f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Sibling})
		var answers []string
		for _, who := range []world.Person{f.External, f.Outsider, {Name: "Nobody", Account: veranda.NewAccountID()}} {
			_, comment := f.tasks.AddComment(ctx, f.Owner.Actor, tasks.AddCommentInput{Org: org, Task: there.ID, Text: mention(who)})
			verandatest.WantFields(t, comment, "/text mention")
			_, create := f.tasks.Create(ctx, f.Owner.Actor, tasks.CreateInput{Org: org, Workspace: f.Sibling, Title: "T", Description: mention(who)})
			verandatest.WantFields(t, create, "/description mention")
			_, change := f.tasks.Update(ctx, f.Owner.Actor, tasks.UpdateInput{Org: org, Task: there.ID, Description: pointer(mention(who))})
			verandatest.WantFields(t, change, "/description mention")
			text, err := json.Marshal([]any{comment, create, change})
			if err != nil {
				t.Fatal(err)
			}
			answers = append(answers, string(text))
		}
		if len(slices.Compact(answers)) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
		if got := f.get(t, f.Owner.Actor, there.ID); got.Comments != 0 || got.Version != 1 {
			t.Errorf("refused and yet %+v", got)
		}
	})
}
