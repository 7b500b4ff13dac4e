package tasks_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

// Files come with a new task and with a new comment, in the same transaction, and go with them.
func TestFilesAtCreation(t *testing.T) {
	t.Parallel()
	all := append(modules(), files.Module())
	verandatest.Each(t, all, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		f := &fixture{Env: e, World: world.New(t, e)}
		var err error
		if f.authz, err = tenancy.NewAuthorizer(ctx, e.DB, all...); err != nil {
			t.Fatal(err)
		}
		blobs := &contents{}
		attachments, err := files.New(files.Deps{DB: e.DB, Authz: f.authz, Blobs: blobs})
		if err != nil {
			t.Fatal(err)
		}
		if f.tasks, err = tasks.New(tasks.Deps{DB: e.DB, Authz: f.authz, Files: attachments}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(e.DB.Every(f.tasks.PurgeJob()), e.DB.Every(attachments.TidyJob())); err != nil {
			t.Fatal(err)
		}
		org := f.World.Org
		upload := func(by world.Person, name string) files.ID {
			t.Helper()
			a, err := attachments.Upload(ctx, by.Actor, files.UploadInput{Org: org, Name: name}, strings.NewReader(name))
			if err != nil {
				t.Fatal(err)
			}
			return a.ID
		}
		plan, photo, others := upload(f.Employee, "plan"), upload(f.Employee, "photo"), upload(f.External, "no")
		in := tasks.CreateInput{Org: org, Workspace: f.World.Open, Title: "With files", Attachments: []files.ID{plan, others, plan}}
		_, err = f.tasks.Create(ctx, f.Employee.Actor, in)
		verandatest.WantFields(t, err, "/attachments/1 not_found", "/attachments/2 duplicate")
		if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); len(got) > 0 {
			t.Errorf("made without its files: %v", got)
		}
		in.Attachments = make([]files.ID, files.MaxAttached+1)
		_, err = f.tasks.Create(ctx, f.Employee.Actor, in)
		verandatest.WantFields(t, err, "/attachments too_many")
		in.Attachments = []files.ID{plan}
		task := f.create(t, f.Employee.Actor, in)
		list, err := f.tasks.ListAttachments(ctx, f.Guest.Actor, tasks.ListAttachmentsInput{Org: org, Task: task.ID})
		if err != nil || len(list.Items) != 1 || list.Items[0].ID != plan {
			t.Errorf("files of the task %+v, %v", list, err)
		}

		add := tasks.AddCommentInput{Org: org, Task: task.ID, Text: "See", Attachments: []files.ID{photo, plan}}
		_, err = f.tasks.AddComment(ctx, f.Employee.Actor, add)
		verandatest.WantFields(t, err, "/attachments/1 not_found")
		if got := f.get(t, f.Employee.Actor, task.ID); got.Comments != 0 {
			t.Errorf("said without its files: %+v", got)
		}
		add.Attachments = []files.ID{photo}
		comment, err := f.tasks.AddComment(ctx, f.Employee.Actor, add)
		if err != nil || len(comment.Attachments) != 1 || comment.Attachments[0].Name != "photo" {
			t.Fatalf("comment %+v, %v", comment, err)
		}
		f.comment(t, f.Guest.Actor, task.ID, "without")
		page, err := f.tasks.Comments(ctx, f.Guest.Actor, tasks.CommentsInput{Org: org, Task: task.ID})
		if err != nil || len(page.Items) != 2 || len(page.Items[0].Attachments) != 1 || page.Items[1].Attachments == nil || len(page.Items[1].Attachments) != 0 {
			t.Errorf("comments %+v, %v", page, err)
		}
		edited, err := f.tasks.EditComment(ctx, f.Employee.Actor, tasks.EditCommentInput{Org: org, Task: task.ID, Comment: comment.ID, Text: "See it"})
		if err != nil || len(edited.Attachments) != 1 {
			t.Errorf("edited %+v, %v", edited, err)
		}
		of := tasks.CommentAttachmentInput{Org: org, Task: task.ID, Comment: comment.ID, Attachment: photo}
		if _, content, err := f.tasks.OpenCommentAttachment(ctx, f.Guest.Actor, of); err != nil {
			t.Error(err)
		} else if err := content.Close(); err != nil {
			t.Error(err)
		}
		elsewhere := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		for _, wrong := range []tasks.CommentAttachmentInput{
			{Org: org, Task: task.ID, Comment: comment.ID, Attachment: plan}, {Org: org, Task: elsewhere.ID, Comment: comment.ID, Attachment: photo},
			{Org: org, Task: task.ID, Comment: page.Items[1].ID, Attachment: photo}, {Org: f.Other, Task: task.ID, Comment: comment.ID, Attachment: photo},
		} {
			_, _, err := f.tasks.OpenCommentAttachment(ctx, f.Owner.Actor, wrong)
			verandatest.WantCode(t, err, veranda.CodeNotFound)
		}
		_, _, err = f.tasks.OpenCommentAttachment(ctx, f.Outsider.Actor, of)
		verandatest.WantCode(t, err, veranda.CodeNotFound)

		kept := func() (left int) {
			blobs.kept.Range(func(any, any) bool { left++; return true })
			return left
		}
		// A comment takes its files along, and a task its own and those of its comments.
		if err := f.tasks.DeleteComment(ctx, f.Employee.Actor, tasks.DeleteCommentInput{Org: org, Task: task.ID, Comment: comment.ID}); err != nil {
			t.Fatal(err)
		}
		add.Attachments = []files.ID{upload(f.Employee, "last")}
		if _, err := f.tasks.AddComment(ctx, f.Employee.Actor, add); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(26 * time.Hour) // contents go a day after they came at the soonest
		f.Drain(t)
		if got := kept(); got != 2 { // plan and last
			t.Errorf("%d contents after the comment is gone", got)
		}
		f.delete(t, f.Employee.Actor, task.ID)
		f.Clock.Advance(tasks.DeletedFor + 2*time.Hour)
		f.Drain(t)
		f.Clock.Advance(2 * time.Hour)
		f.Drain(t)
		if got := kept(); got != 0 {
			t.Errorf("%d contents are left", got)
		}
	})
}
