package tasks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

// The table of the product, written by hand: + may, - may not, . does not know of it, ! is not signed in.
//
// A task is made by somebody else, unless the action says "own" or "assigned". The owner manages open workspaces; the
// employee is the manager of the private one, and manages nothing by being an employee.
const rights = `
                      owner administrator access_manager employee external guest stranger support outsider nobody anonymous
open/read               +         +             +           +        +       +       +       .       .       .        !
open/create             +         +             +           +        +       -       +       .       .       .        !
open/edit               +         +             +           +        +       -       +       .       .       .        !
open/edit-assigned      +         +             +           +        +       +       +       .       .       .        !
open/finish             +         +             +           +        +       -       +       .       .       .        !
open/finish-assigned    +         +             +           +        +       +       +       .       .       .        !
open/tick-assigned      +         +             +           +        +       +       +       .       .       .        !
open/delete             +         +             -           -        -       -       -       .       .       .        !
open/delete-assigned    +         +             +           +        +       -       +       .       .       .        !
open/delete-own         +         +             +           +        +       x       +       x       x       x        x
open/comment            +         +             +           +        +       +       +       .       .       .        !
open/edit-comment       -         -             -           -        -       -       -       .       .       .        !
open/edit-own-comment   +         +             +           +        +       +       +       x       x       x        x
open/delete-comment     +         +             -           -        -       -       -       .       .       .        !
open/delete-own-comment +         +             +           +        +       +       +       x       x       x        x
open/comments           +         +             +           +        +       +       +       .       .       .        !
open/labels             +         +             +           +        +       +       +       .       .       .        !
open/follow             +         +             +           +        +       +       +       .       .       .        !
open/make-follow        +         +             +           +        +       -       +       .       .       .        !
private/read            +         +             +           +        +       +       .       .       .       .        !
private/create          +         +             +           +        +       -       .       .       .       .        !
private/edit            +         +             +           +        +       -       .       .       .       .        !
private/delete          -         -             -           -        -       -       .       .       .       .        !
private/delete-comment  -         -             -           -        -       -       .       .       .       .        !
private/labels          +         +             +           +        +       +       .       .       .       .        !
sibling/read            +         +             +           +        .       .       +       .       .       .        !
sibling/create          +         +             +           +        .       .       +       .       .       .        !
sibling/comment         +         +             +           +        .       .       +       .       .       .        !
closed/read             .         .             .           .        .       .       +       .       .       .        !
closed/create           .         .             .           .        .       .       +       .       .       .        !
`

func TestWhoMayDoWhat(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		people := map[string]world.Person{
			"owner": f.Owner, "administrator": f.Administrator, "access_manager": f.AccessManager, "employee": f.Employee,
			"external": f.External, "guest": f.Guest, "stranger": f.Stranger, "support": f.Support, "outsider": f.Outsider, "nobody": f.Nobody,
			"anonymous": {Actor: veranda.Anonymous()},
		}
		lines := strings.Split(strings.TrimSpace(rights), "\n")
		roles := strings.Fields(lines[0])
		var want, got []string
		for _, line := range lines[1:] {
			cells := strings.Fields(line)
			place, action, _ := strings.Cut(cells[0], "/")
			for i, role := range roles {
				if cells[i+1] == "x" { // somebody who cannot have a thing of their own there
					continue
				}
				want = append(want, cells[0]+" "+role+" "+cells[i+1])
				got = append(got, cells[0]+" "+role+" "+f.try(t, place, action, people[role]))
			}
		}
		if d := diff(want, got); d != "" {
			t.Errorf("rights (-want +got):\n%s", d)
		}
	})
}

// try lets somebody do something to a fresh task and gives the outcome in one letter.
func (f *fixture) try(t *testing.T, place, action string, who world.Person) string {
	t.Helper()
	ctx, org := context.Background(), f.World.Org
	workspace := map[string]veranda.WorkspaceID{"open": f.World.Open, "private": f.Private, "sibling": f.Sibling, "closed": f.Closed}[place]
	maker := f.Owner
	if who.Account == f.Owner.Account {
		maker = f.Administrator
	}
	if place == "closed" {
		maker = f.Stranger
	}
	in := tasks.CreateInput{Workspace: workspace, Checklist: []tasks.ChecklistItem{{Text: "step"}}}
	if _, assigned := strings.CutSuffix(action, "-assigned"); assigned && place == "open" && f.seesOpen(who) {
		in.Assignees = accounts(who)
	}
	if action == "delete-own" {
		maker = who
	}
	task := f.create(t, maker.Actor, in)
	comment := &tasks.Comment{ID: tasks.CommentID(veranda.NewID[struct{}]())}
	if strings.Contains(action, "own-comment") {
		comment = f.comment(t, who.Actor, task.ID, "mine")
	} else if strings.HasSuffix(action, "-comment") {
		comment = f.comment(t, maker.Actor, task.ID, "yours")
	}
	var err error
	switch action {
	case "read":
		_, err = f.tasks.Get(ctx, who.Actor, tasks.GetInput{Org: org, Task: task.ID})
	case "create":
		_, err = f.tasks.Create(ctx, who.Actor, tasks.CreateInput{Org: org, Workspace: workspace, Title: "New"})
	case "edit", "edit-assigned":
		_, err = f.tasks.Update(ctx, who.Actor, tasks.UpdateInput{Org: org, Task: task.ID, Title: pointer("Changed")})
	case "finish", "finish-assigned":
		_, err = f.tasks.Finish(ctx, who.Actor, f.done(task.ID))
	case "tick-assigned":
		_, err = f.tasks.TickItem(ctx, who.Actor, tasks.TickItemInput{Org: org, Task: task.ID, Item: task.Checklist[0].ID, Done: true})
	case "delete", "delete-assigned", "delete-own":
		err = f.tasks.Delete(ctx, who.Actor, f.state(task.ID))
	case "comment":
		_, err = f.tasks.AddComment(ctx, who.Actor, tasks.AddCommentInput{Org: org, Task: task.ID, Text: "words"})
	case "edit-comment", "edit-own-comment":
		_, err = f.tasks.EditComment(ctx, who.Actor, tasks.EditCommentInput{Org: org, Task: task.ID, Comment: comment.ID, Text: "other words"})
	case "delete-comment", "delete-own-comment":
		err = f.tasks.DeleteComment(ctx, who.Actor, tasks.DeleteCommentInput{Org: org, Task: task.ID, Comment: comment.ID})
	case "comments":
		_, err = f.tasks.Comments(ctx, who.Actor, tasks.CommentsInput{Org: org, Task: task.ID})
	case "labels":
		_, err = f.tasks.Labels(ctx, who.Actor, tasks.LabelsInput{Org: org, Workspace: workspace})
	case "follow":
		_, err = f.tasks.Follow(ctx, who.Actor, tasks.FollowInput{Org: org, Task: task.ID})
	case "make-follow":
		_, err = f.tasks.Follow(ctx, who.Actor, tasks.FollowInput{Org: org, Task: task.ID, Account: f.other(who).Account})
	default:
		t.Fatalf("no action %s", action)
	}
	return outcome(t, err)
}

// other is somebody else who sees the open workspace.
func (f *fixture) other(who world.Person) world.Person {
	if who.Account == f.AccessManager.Account {
		return f.Administrator
	}
	return f.AccessManager
}

func (f *fixture) seesOpen(who world.Person) bool {
	for _, p := range append(f.Members(), f.Stranger) {
		if p.Account == who.Account {
			return true
		}
	}
	return false
}

func outcome(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "+"
	}
	switch veranda.CodeOf(err) {
	case veranda.CodeForbidden:
		return "-"
	case veranda.CodeNotFound:
		return "."
	case veranda.CodeUnauthenticated:
		return "!"
	}
	return err.Error()
}

// What one may not see answers in every byte like what does not exist.
func TestUnseenIsLikeMissing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		hidden := f.create(t, f.Stranger.Actor, tasks.CreateInput{Workspace: f.Closed})
		foreign, err := f.tasks.Create(ctx, f.Outsider.Actor, tasks.CreateInput{Org: f.Other, Workspace: f.OtherWorkspace, Title: "Theirs"})
		if err != nil {
			t.Fatal(err)
		}
		_, missing := f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.World.Org, Task: tasks.ID(veranda.NewID[struct{}]())})
		_, other := f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.World.Org, Task: hidden.ID})
		_, tenant := f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.World.Org, Task: foreign.ID})
		_, theirs := f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.Other, Task: foreign.ID})
		_, workspace := f.tasks.Create(ctx, f.Employee.Actor, tasks.CreateInput{Org: f.World.Org, Workspace: f.OtherWorkspace, Title: "There"})
		for name, err := range map[string]error{"missing": missing, "hidden": other, "foreign": tenant, "their tenant": theirs, "their workspace": workspace} {
			verandatest.WantCode(t, err, veranda.CodeNotFound)
			if d := diff(veranda.ErrNotFound.Error(), err.Error()); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		// A comment is asked for under its own task only.
		mine := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		comment := f.comment(t, f.Stranger.Actor, hidden.ID, "secret")
		err = f.tasks.DeleteComment(ctx, f.Owner.Actor, tasks.DeleteCommentInput{Org: f.World.Org, Task: mine.ID, Comment: comment.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
	})
}

func TestEveryMethodAsks(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		denier := verandatest.NewDenier(f.authz)
		service, err := tasks.New(tasks.Deps{DB: f.DB, Authz: denier})
		if err != nil {
			t.Fatal(err)
		}
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Checklist: []tasks.ChecklistItem{{Text: "step"}}})
		comment := f.comment(t, f.Employee.Actor, task.ID, "words")
		org := f.World.Org
		gone := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		f.delete(t, f.Employee.Actor, gone.ID)
		label, other := f.label(t, "red"), f.label(t, "blue")
		filter := f.save(t, f.Employee.Actor, tasks.CreateFilterInput{Workspace: f.World.Open})
		aFile := files.ID(veranda.NewID[struct{}]())
		verandatest.AskEveryMethod(t, service, denier, map[string]any{
			"Create":                tasks.CreateInput{Org: org, Workspace: f.World.Open, Title: "T"},
			"Get":                   tasks.GetInput{Org: org, Task: task.ID},
			"List":                  tasks.ListInput{Org: org},
			"Update":                tasks.UpdateInput{Org: org, Task: task.ID, Title: pointer("U")},
			"Finish":                f.done(task.ID),
			"Reopen":                f.state(task.ID),
			"Delete":                f.state(task.ID),
			"SetChecklist":          tasks.SetChecklistInput{Org: org, Task: task.ID},
			"TickItem":              tasks.TickItemInput{Org: org, Task: task.ID, Item: task.Checklist[0].ID, Done: true},
			"AddComment":            tasks.AddCommentInput{Org: org, Task: task.ID, Text: "T"},
			"Comments":              tasks.CommentsInput{Org: org, Task: task.ID},
			"EditComment":           tasks.EditCommentInput{Org: org, Task: task.ID, Comment: comment.ID, Text: "T"},
			"DeleteComment":         tasks.DeleteCommentInput{Org: org, Task: task.ID, Comment: comment.ID},
			"Follow":                tasks.FollowInput{Org: org, Task: task.ID},
			"Attach":                tasks.AttachInput{Org: org, Task: task.ID, Attachments: []files.ID{aFile}},
			"ListAttachments":       tasks.ListAttachmentsInput{Org: org, Task: task.ID},
			"OpenAttachment":        tasks.AttachmentInput{Org: org, Task: task.ID, Attachment: aFile},
			"OpenCommentAttachment": tasks.CommentAttachmentInput{Org: org, Task: task.ID, Comment: comment.ID, Attachment: aFile},
			"RemoveAttachment":      tasks.AttachmentInput{Org: org, Task: task.ID, Attachment: aFile},
			"Unfollow":              tasks.UnfollowInput{Org: org, Task: task.ID},
			"Labels":                tasks.LabelsInput{Org: org, Workspace: f.World.Open},
			"Restore":               f.state(gone.ID),
			"Deleted":               tasks.DeletedInput{Org: org, Workspace: f.World.Open},
			"Bulk":                  tasks.BulkInput{Org: org, Tasks: []tasks.BulkTask{{ID: task.ID}}, Delete: true},
			"Import":                tasks.ImportInput{Org: org, Workspace: f.World.Open},
			"Export":                tasks.ListInput{Org: org},
			"History":               tasks.HistoryInput{Org: org, Task: task.ID},
			"Label":                 tasks.LabelInput{Org: org, Workspace: f.World.Open, Label: label.ID},
			"CreateLabel":           tasks.CreateLabelInput{Org: org, Workspace: f.World.Open, Label: "L"},
			"UpdateLabel":           tasks.UpdateLabelInput{Org: org, Workspace: f.World.Open, LabelID: label.ID},
			"MergeLabel":            tasks.MergeLabelInput{Org: org, Workspace: f.World.Open, LabelID: label.ID, Into: other.ID},
			"DeleteLabel":           tasks.DeleteLabelInput{Org: org, Workspace: f.World.Open, LabelID: label.ID},
			"CreateFilter":          tasks.CreateFilterInput{Org: org, Name: "F"},
			"Filter":                tasks.FilterInput{Org: org, Filter: filter.ID},
			"Filters":               tasks.FiltersInput{Org: org},
			"UpdateFilter":          tasks.UpdateFilterInput{Org: org, FilterID: filter.ID},
			"DeleteFilter":          tasks.DeleteFilterInput{Org: org, FilterID: filter.ID},

			"SetParent":        tasks.SetParentInput{Org: org, Task: task.ID},
			"AddDependency":    tasks.DependencyInput{Org: org, Task: task.ID, BlockedBy: gone.ID},
			"RemoveDependency": tasks.RemoveDependencyInput{Org: org, Task: task.ID, Other: gone.ID},
			"Dependencies":     tasks.GetInput{Org: org, Task: task.ID},
			"Recur":            tasks.RecurInput{Org: org, Task: task.ID, RecurrenceInput: tasks.RecurrenceInput{Rule: "FREQ=DAILY"}},
			"StopRecurring":    f.state(task.ID),
			"Skip":             f.state(task.ID),
			"AddReminder":      tasks.AddReminderInput{Org: org, Task: task.ID, RelativeTo: tasks.BeforeDue},
			"Reminders":        tasks.GetInput{Org: org, Task: task.ID},
			"DeleteReminder":   tasks.DeleteReminderInput{Org: org, Task: task.ID, Reminder: tasks.ReminderID(veranda.NewID[struct{}]())},
			"Board":            tasks.BoardInput{Org: org, Workspace: f.World.Open},
			"SetStages":        tasks.SetStagesInput{Org: org, Workspace: f.World.Open},
			"Move":             tasks.MoveInput{Org: org, Task: task.ID},
		}, map[string]string{
			"WithTx": "binds to a transaction and does nothing", "PurgeJob": "is a background job's", "RemindJob": "is a background job's",
			"Notices": "is asked by the program",
		})
		if d := diff(task.Title, f.get(t, f.Employee.Actor, task.ID).Title); d != "" {
			t.Errorf("title changed (-want +got):\n%s", d)
		}
	})
}

// A background job works under policy rows of its own, and is nobody in particular.
func TestBackgroundJobs(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		job := veranda.SystemActor("robot")
		_, err := f.tasks.List(ctx, job, tasks.ListInput{Org: f.World.Org})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		rows := "p, system:robot, task, read, allow\np, system:robot, task, create, allow\np, system:robot, task, edit, allow\np, system:robot, task, comment, allow\np, system:robot, task, follow, allow\n"
		if err := f.authz.SetPolicy(ctx, rows, false); err != nil {
			t.Fatal(err)
		}
		task := f.create(t, job, tasks.CreateInput{Workspace: f.Closed})
		if !task.CreatedBy.IsZero() || len(task.Followers) != 0 {
			t.Errorf("a job's task has creator %v and followers %v, want none", task.CreatedBy, task.Followers)
		}
		f.comment(t, job, task.ID, "beep")
		f.finish(t, job, task.ID)
		again := f.get(t, f.Stranger.Actor, task.ID)
		if again.FinishedAt == nil || !again.FinishedBy.IsZero() || again.Comments != 1 {
			t.Errorf("finished at %v by %v with %d comments, want a moment, nobody and 1", again.FinishedAt, again.FinishedBy, again.Comments)
		}
		for _, e := range f.Events(t, "tasks.*") {
			if e.System != "robot" || !e.By.IsZero() {
				t.Errorf("%s is by %v and system %q, want the job", e.Kind, e.By, e.System)
			}
		}
		_, err = f.tasks.Follow(ctx, job, tasks.FollowInput{Org: f.World.Org, Task: task.ID})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		_, err = f.tasks.List(ctx, job, tasks.ListInput{Org: f.World.Org, Mine: tasks.MineFinished})
		verandatest.WantFields(t, err, "/mine account")
		_, err = f.tasks.List(ctx, job, tasks.ListInput{Org: f.World.Org, Mine: tasks.MineCreated})
		verandatest.WantFields(t, err, "/creator account")
	})
}
