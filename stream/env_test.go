package stream_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/files"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), files.Module(), stream.Module()}
}

// suite is a furnished database with a service on it.
type suite struct {
	*testing.T
	ctx   context.Context
	e     *verandatest.Env
	w     *world.World
	authz *tenancy.Authorizer
	s     *stream.Service
}

// each runs a test on every engine. Streams show tasks, workspaces and joining members, as a host would choose.
func each(t *testing.T, run func(s *suite)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		s := &suite{T: t, ctx: context.Background(), e: e, w: world.New(t, e)}
		var err error
		if s.authz, err = tenancy.NewAuthorizer(s.ctx, e.DB, e.Modules...); err != nil {
			t.Fatal(err)
		}
		s.s = s.service(stream.Deps{})
		run(s)
	})
}

// service makes a service on the suite's database.
func (s *suite) service(d stream.Deps) *stream.Service {
	s.Helper()
	d.DB = s.e.DB
	if d.Authz == nil {
		d.Authz = s.authz
	}
	if d.Kinds == nil {
		d.Kinds = []string{"tasks.task_*", "workspace.*", "tenancy.member_joined"}
	}
	service, err := stream.New(d)
	if err != nil {
		s.Fatal(err)
	}
	return service
}

func (s *suite) post(by world.Person, workspace veranda.WorkspaceID, text string) *stream.Status {
	s.Helper()
	status, err := s.s.Post(s.ctx, by.Actor, stream.PostInput{Org: s.w.Org, Workspace: workspace, Text: text})
	if err != nil {
		s.Fatalf("post as %s: %v", by.Role, err)
	}
	return status
}

func (s *suite) get(by world.Person, id stream.ID) *stream.Status {
	s.Helper()
	status, err := s.s.Get(s.ctx, by.Actor, stream.GetInput{Org: s.w.Org, Status: id})
	if err != nil {
		s.Fatalf("get as %s: %v", by.Role, err)
	}
	return status
}

func (s *suite) comment(by world.Person, status stream.ID, text string) *stream.Comment {
	s.Helper()
	comment, err := s.s.AddComment(s.ctx, by.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status, Text: text})
	if err != nil {
		s.Fatalf("comment as %s: %v", by.Role, err)
	}
	return comment
}

func (s *suite) react(by world.Person, status stream.ID, reaction stream.Reaction) *stream.Reactions {
	s.Helper()
	reactions, err := s.s.React(s.ctx, by.Actor, stream.ReactInput{Org: s.w.Org, Status: status, Reaction: reaction})
	if err != nil {
		s.Fatalf("react as %s: %v", by.Role, err)
	}
	return reactions
}

// emit stores events as other packages do.
func (s *suite) emit(events ...veranda.Event) {
	s.Helper()
	err := s.e.DB.InTx(s.ctx, func(_ context.Context, tx *veranda.Tx) error {
		for _, event := range events {
			if event.Org.IsZero() {
				event.Org = s.w.Org
			}
			tx.Emit(event)
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// list is a whole stream, page by page.
func (s *suite) list(by world.Person, in stream.ListInput) []stream.Item {
	s.Helper()
	if in.Org.IsZero() {
		in.Org = s.w.Org
	}
	return s.pages(func(cursor string) (veranda.List[stream.Item], error) {
		in.Cursor = cursor
		return s.s.List(s.ctx, by.Actor, in)
	})
}

// listAll is everything of the organization that somebody may see, page by page.
func (s *suite) listAll(by world.Person, in stream.ListAllInput) []stream.Item {
	s.Helper()
	in.Org = s.w.Org
	return s.pages(func(cursor string) (veranda.List[stream.Item], error) {
		in.Cursor = cursor
		return s.s.ListAll(s.ctx, by.Actor, in)
	})
}

func (s *suite) pages(read func(cursor string) (veranda.List[stream.Item], error)) []stream.Item {
	s.Helper()
	items := []stream.Item{}
	cursor := ""
	for range 1000 {
		page, err := read(cursor)
		if err != nil {
			s.Fatal(err)
		}
		if page.Items == nil {
			s.Fatal("a page without a list of items")
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		cursor = page.Next
	}
	s.Fatal("the list does not end")
	return nil
}

// brief is an item as tests compare it: the kind, and who did it or what a status says.
func brief(items []stream.Item) []string {
	out := []string{}
	for _, i := range items {
		switch {
		case i.Status != nil:
			out = append(out, fmt.Sprintf("%s: %s", i.By.Name, i.Status.Text))
		case i.By != nil:
			out = append(out, fmt.Sprintf("%s %s", i.By.Name, i.Kind))
		default:
			out = append(out, fmt.Sprintf("(%s) %s", i.System, i.Kind))
		}
	}
	return out
}

// wantNotFound asserts that an answer is, to the byte, the one for what does not exist.
func (s *suite) wantNotFound(what string, err error) {
	s.Helper()
	if err == nil {
		s.Errorf("%s: want not found, got no error", what)
		return
	}
	if err.Error() != veranda.ErrNotFound.Error() {
		s.Errorf("%s: want %q, got %q", what, veranda.ErrNotFound.Error(), err.Error())
	}
}

func (s *suite) wantReason(what string, err error, reason string) {
	s.Helper()
	var e *veranda.Error
	if !asError(err, &e) || e.Reason != reason {
		s.Errorf("%s: want %s, got %v", what, reason, err)
	}
}
