package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

// pages are web pages for previews.
type pages struct {
	mu     sync.Mutex
	called []string
}

func (p *pages) Preview(_ context.Context, url string) (stream.Preview, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.called = append(p.called, url)
	switch {
	case strings.Contains(url, "panic"):
		panic("a bad page")
	case strings.Contains(url, "good"):
		return stream.Preview{Title: "Good", Description: "News", Site: "Example"}, nil
	}
	return stream.Preview{}, errors.New("refused")
}

func TestPreviews(t *testing.T) {
	each(t, func(s *suite) {
		looked := &pages{}
		without := s.w.Other
		s.s = s.service(stream.Deps{Previews: looked, PreviewsFor: func(_ context.Context, org veranda.OrgID) (bool, error) { return org != without, nil }})
		if err := s.e.DB.Consume(s.s.PreviewsConsumer()); err != nil {
			s.Fatal(err)
		}
		status := s.post(s.w.Employee, s.w.Open, "See https://good.example/ and <http://10.0.0.1/> and https://panic.example")
		if len(status.Links) != 3 || status.Links[0].State != stream.LinkWaiting || status.Links[0].Title != "" {
			s.Fatalf("posted: %+v", status.Links)
		}
		comment := s.comment(s.w.Guest, status.ID, "or https://good.example/2")
		s.e.Drain(s)
		want := []stream.Link{
			{URL: "https://good.example/", State: stream.LinkReady, Title: "Good", Description: "News", Site: "Example"},
			{URL: "http://10.0.0.1/", State: stream.LinkNone}, {URL: "https://panic.example", State: stream.LinkNone},
		}
		if diff := cmp.Diff(want, s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open})[0].Status.Links); diff != "" {
			s.Errorf("previews (-want +got):\n%s", diff)
		}
		list, err := s.s.ListComments(s.ctx, s.w.Guest.Actor, stream.ListCommentsInput{Org: s.w.Org, Status: status.ID})
		if err != nil || len(list.Items[0].Links) != 1 || list.Items[0].Links[0].State != stream.LinkReady {
			s.Errorf("comment: %+v, %v", list, err)
		}
		s.e.WantEvents(s, stream.EventLinksPreviewed, stream.EventLinksPreviewed, stream.EventLinksPreviewed)
		edited, err := s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: "https://good.example/new"})
		if err != nil || len(edited.Links) != 1 || edited.Links[0].State != stream.LinkWaiting {
			s.Fatalf("edited: %+v, %v", edited, err)
		}
		s.e.Drain(s)
		if got := s.get(s.w.Guest, status.ID).Links; got[0].State != stream.LinkReady {
			s.Errorf("edited: %+v", got)
		}
		if err := s.s.DeleteComment(s.ctx, s.w.Guest.Actor, stream.DeleteCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID}); err != nil {
			s.Error(err)
		}
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Error(err)
		}
		left := -1
		if err := s.e.DB.Writer().NewRaw("SELECT count(*) FROM veranda_status_links").Scan(s.ctx, &left); err != nil || left != 0 {
			s.Errorf("%d links are left, %v", left, err)
		}
		// An organization that wants none calls nobody.
		before := len(looked.called)
		other, err := s.s.Post(s.ctx, s.w.Outsider.Actor, stream.PostInput{Org: s.w.Other, Workspace: s.w.OtherWorkspace, Text: "https://good.example/other"})
		if err != nil {
			s.Fatal(err)
		}
		s.e.Drain(s)
		got, err := s.s.Get(s.ctx, s.w.Outsider.Actor, stream.GetInput{Org: s.w.Other, Status: other.ID})
		if err != nil || got.Links[0].State != stream.LinkNone || len(looked.called) != before {
			s.Errorf("%+v, %v, %d calls", got, err, len(looked.called)-before)
		}
	})
}

// memory keeps blobs.
type memory struct{ kept sync.Map }

func (m *memory) Write(_ context.Context, key string, r io.Reader) error {
	content, err := io.ReadAll(r)
	m.kept.Store(key, content)
	return err
}

func (m *memory) Read(_ context.Context, key string) (io.ReadCloser, error) {
	content, found := m.kept.Load(key)
	if !found {
		return nil, errors.New("no such blob")
	}
	return io.NopCloser(bytes.NewReader(content.([]byte))), nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.kept.Delete(key)
	return nil
}

func TestAttachments(t *testing.T) {
	each(t, func(s *suite) {
		store, err := files.New(files.Deps{DB: s.e.DB, Authz: s.authz, Blobs: &memory{}})
		if err != nil {
			s.Fatal(err)
		}
		upload := func(by world.Person, name string) files.ID {
			s.Helper()
			a, err := store.Upload(s.ctx, by.Actor, files.UploadInput{Org: s.w.Org, Name: name}, strings.NewReader("content of "+name))
			if err != nil {
				s.Fatal(err)
			}
			return a.ID
		}
		one := upload(s.w.Employee, "one.txt")
		_, err = s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x", Attachments: []files.ID{one}})
		verandatest.WantFields(s, err, "/attachments not_available") // a service without files
		s.s = s.service(stream.Deps{Files: store})
		theirs := upload(s.w.Guest, "theirs.txt")
		_, err = s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x", Attachments: []files.ID{one, theirs, one}})
		verandatest.WantFields(s, err, "/attachments/1 not_found", "/attachments/2 duplicate")
		status, err := s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x", Attachments: []files.ID{one}})
		if err != nil || len(status.Attachments) != 1 || status.Attachments[0].Name != "one.txt" {
			s.Fatalf("%+v, %v", status, err)
		}
		comment, err := s.s.AddComment(s.ctx, s.w.Guest.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "y", Attachments: []files.ID{theirs}})
		if err != nil || len(comment.Attachments) != 1 {
			s.Fatalf("%+v, %v", comment, err)
		}
		open := func(by world.Person, id files.ID) error {
			a, content, err := s.s.OpenAttachment(s.ctx, by.Actor, stream.OpenAttachmentInput{Org: s.w.Org, Status: status.ID, Attachment: id})
			if err != nil {
				return err
			}
			text, err := io.ReadAll(content)
			if err != nil || string(text) != "content of "+a.Name {
				s.Errorf("%q, %v", text, err)
			}
			return content.Close()
		}
		if err := open(s.w.Guest, one); err != nil {
			s.Error(err)
		}
		s.wantNotFound("a comment's file, of the status", open(s.w.Employee, theirs))
		s.wantNotFound("a file, by an outsider", open(s.w.Outsider, one))
		_, content, err := s.s.OpenCommentAttachment(s.ctx, s.w.Owner.Actor, stream.OpenCommentAttachmentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Attachment: theirs})
		if err != nil {
			s.Error(err)
		} else if err := content.Close(); err != nil {
			s.Error(err)
		}
		if got := s.list(s.w.Guest, stream.ListInput{Workspace: s.w.Open})[0].Status; len(got.Attachments) != 1 {
			s.Errorf("in the stream: %+v", got)
		}
		// An edit without files leaves them; with files they are what is given.
		edit := func(ids []files.ID) *stream.Status {
			s.Helper()
			edited, err := s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: "x", Attachments: ids})
			if err != nil {
				s.Fatal(err)
			}
			return edited
		}
		if got := edit(nil); len(got.Attachments) != 1 || len(s.e.Events(s, stream.EventStatusEdited)) != 0 {
			s.Errorf("%+v", got)
		}
		two := upload(s.w.Employee, "two.txt")
		if got := edit([]files.ID{two}); len(got.Attachments) != 1 || got.Attachments[0].ID != two {
			s.Errorf("%+v", got)
		}
		s.wantNotFound("a file that was taken off", open(s.w.Employee, one))
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Fatal(err)
		}
		left := -1
		if err := s.e.DB.Writer().NewRaw("SELECT count(*) FROM veranda_attachments WHERE holder_kind <> ''").Scan(s.ctx, &left); err != nil || left != 0 {
			s.Errorf("%d files hang on nothing, %v", left, err)
		}
	})
}
