package tasks_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

// contents keeps blobs in memory.
type contents struct{ kept sync.Map }

func (c *contents) Write(_ context.Context, key string, r io.Reader) error {
	content, err := io.ReadAll(r)
	if err == nil {
		c.kept.Store(key, content)
	}
	return err
}

func (c *contents) Read(_ context.Context, key string) (io.ReadCloser, error) {
	content, found := c.kept.Load(key)
	if !found {
		return nil, errors.New("nothing there")
	}
	return io.NopCloser(bytes.NewReader(content.([]byte))), nil
}

func (c *contents) Delete(_ context.Context, key string) error {
	c.kept.Delete(key)
	return nil
}

func TestAttachments(t *testing.T) {
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
			a, err := attachments.Upload(ctx, by.Actor, files.UploadInput{Org: org, Name: name}, strings.NewReader(name))
			if err != nil {
				t.Fatal(err)
			}
			return a.ID
		}
		task := f.create(t, f.Owner.Actor, tasks.CreateInput{Assignees: accounts(f.Guest)})
		other := f.create(t, f.Owner.Actor, tasks.CreateInput{})
		attach := func(by world.Person, task tasks.ID, ids ...files.ID) error {
			_, err := f.tasks.Attach(ctx, by.Actor, tasks.AttachInput{Org: org, Task: task, Attachments: ids})
			return err
		}
		names := func(by world.Person, task tasks.ID) string {
			list, err := f.tasks.ListAttachments(ctx, by.Actor, tasks.ListAttachmentsInput{Org: org, Task: task})
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, a := range list.Items {
				out = append(out, a.Name)
			}
			return strings.Join(out, " ")
		}
		plan, photo := upload(f.Employee, "plan"), upload(f.Guest, "photo")
		// A guest attaches to what is assigned to them, and to nothing else.
		if err := errors.Join(attach(f.Employee, task.ID, plan), attach(f.Guest, task.ID, photo)); err != nil {
			t.Fatal(err)
		}
		if err := attach(f.Guest, other.ID, upload(f.Guest, "no")); veranda.CodeOf(err) != veranda.CodeForbidden {
			t.Errorf("a guest attaches to another's task: %v", err)
		}
		if err := attach(f.Employee, other.ID, plan); len(verandatest.Fields(err)) != 1 || verandatest.Fields(err)[0].Pointer != "/attachments/0" {
			t.Errorf("what hangs elsewhere: %v", err)
		}
		if err := attach(f.Outsider, task.ID, plan); veranda.CodeOf(err) != veranda.CodeNotFound {
			t.Errorf("an outsider: %v", err)
		}
		if got := names(f.External, task.ID); got != "plan photo" {
			t.Errorf("attached are %q", got)
		}
		in := tasks.AttachmentInput{Org: org, Task: task.ID, Attachment: plan}
		_, content, err := f.tasks.OpenAttachment(ctx, f.Guest.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(content); err != nil || string(got) != "plan" {
			t.Errorf("%q, %v", got, err)
		}
		for _, wrong := range []tasks.AttachmentInput{{Org: org, Task: other.ID, Attachment: plan}, {Org: f.Other, Task: task.ID, Attachment: plan}} {
			if _, _, err := f.tasks.OpenAttachment(ctx, f.Owner.Actor, wrong); veranda.CodeOf(err) != veranda.CodeNotFound {
				t.Errorf("from elsewhere: %v", err)
			}
			if err := f.tasks.RemoveAttachment(ctx, f.Owner.Actor, wrong); veranda.CodeOf(err) != veranda.CodeNotFound {
				t.Errorf("off another: %v", err)
			}
		}
		if err := f.tasks.RemoveAttachment(ctx, f.Owner.Actor, tasks.AttachmentInput{Org: org, Task: task.ID, Attachment: photo}); err != nil {
			t.Fatal(err)
		}
		if got := names(f.Employee, task.ID); got != "plan" {
			t.Errorf("left are %q", got)
		}
		if got := len(f.Events(t, tasks.EventTaskFilesAttached, tasks.EventTaskFileRemoved)); got != 3 {
			t.Errorf("%d events, want 3", got)
		}
		// What is purged takes its files along.
		if err := f.tasks.Delete(ctx, f.Owner.Actor, tasks.StateInput{Org: org, Task: task.ID}); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(tasks.DeletedFor + 2*time.Hour)
		f.Drain(t)
		f.Clock.Advance(2 * time.Hour)
		f.Drain(t)
		left := 0
		blobs.kept.Range(func(any, any) bool { left++; return true })
		if left != 0 {
			t.Errorf("%d contents are left", left)
		}
	})
}

// Without a place for files none can be attached, and a task says so by the field.
func TestAttachmentsNeedAPlace(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, task := context.Background(), f.create(t, f.Owner.Actor, tasks.CreateInput{})
		id := files.ID(veranda.NewID[struct{}]())
		_, err := f.tasks.Attach(ctx, f.Owner.Actor, tasks.AttachInput{Org: f.World.Org, Task: task.ID, Attachments: []files.ID{id}})
		if len(verandatest.Fields(err)) != 1 || verandatest.Fields(err)[0].Rule != "unsupported" {
			t.Errorf("got %v", err)
		}
		list, err := f.tasks.ListAttachments(ctx, f.Owner.Actor, tasks.ListAttachmentsInput{Org: f.World.Org, Task: task.ID})
		if err != nil || len(list.Items) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}
