package stream_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
)

func TestComments(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		var want []string
		for _, person := range s.w.Members() { // every role, guests too
			s.comment(person, status.ID, "from "+person.Role)
			want = append(want, person.Name+": from "+person.Role)
		}
		var got []string
		page := veranda.Page{Limit: 4}
		for {
			list, err := s.s.ListComments(s.ctx, s.w.Guest.Actor, stream.ListCommentsInput{Org: s.w.Org, Status: status.ID, Page: page})
			if err != nil {
				s.Fatal(err)
			}
			for _, c := range list.Items {
				got = append(got, c.Author.Name+": "+c.Text)
			}
			if page.Cursor = list.Next; page.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("comments (-want +got):\n%s", diff)
		}
		if n := s.get(s.w.Owner, status.ID).Comments; n != int64(len(want)) {
			s.Errorf("%d comments are counted", n)
		}
		empty := s.post(s.w.Employee, s.w.Open, "nobody answers")
		list, err := s.s.ListComments(s.ctx, s.w.Guest.Actor, stream.ListCommentsInput{Org: s.w.Org, Status: empty.ID})
		if err != nil || list.Items == nil || len(list.Items) != 0 {
			s.Errorf("no comments: %+v, %v", list, err)
		}
	})
}

func TestEditAndDeleteComment(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		comment := s.comment(s.w.Guest, status.ID, "one")
		if comment.Version != 1 || comment.ETag() != `"1"` || comment.Author.Name != s.w.Guest.Name || comment.EditedAt != nil || comment.CreatedAt.IsZero() ||
			comment.Location() != "/v1/organizations/"+s.w.Org.String()+"/statuses/"+status.ID.String()+"/comments/"+comment.ID.String() {
			s.Errorf("added: %+v", comment)
		}
		edit := func(version int64, text string) (*stream.Comment, error) {
			return s.s.EditComment(s.ctx, s.w.Guest.Actor, stream.EditCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Version: version, Text: text})
		}
		edited, err := edit(1, "two")
		if err != nil || edited.Text != "two" || edited.Version != 2 || edited.EditedAt == nil || edited.Author.Name != s.w.Guest.Name {
			s.Fatalf("edited: %+v, %v", edited, err)
		}
		if _, err := edit(1, "late"); !errors.Is(err, veranda.ErrVersion) {
			s.Errorf("an edit of an old version: %v", err)
		}
		remove := func(version int64) error {
			return s.s.DeleteComment(s.ctx, s.w.Guest.Actor, stream.DeleteCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Version: version})
		}
		if err := remove(1); !errors.Is(err, veranda.ErrVersion) {
			s.Errorf("deleting an old version: %v", err)
		}
		if n := s.get(s.w.Owner, status.ID).Comments; n != 1 {
			s.Errorf("a refused deletion is counted: %d", n)
		}
		if err := remove(2); err != nil {
			s.Fatal(err)
		}
		s.wantNotFound("deleting again", remove(0))
		if n := s.get(s.w.Owner, status.ID).Comments; n != 0 {
			s.Errorf("%d comments are counted", n)
		}
		s.e.WantEvents(s, "stream.comment_*", stream.EventCommentAdded, stream.EventCommentEdited, stream.EventCommentDeleted)
		for _, e := range s.e.Events(s, "stream.comment_*") {
			want := fmt.Sprintf(`{"status_id":"%s","status_author_id":"%s","author_id":"%s"}`, status.ID, s.w.Employee.Account, s.w.Guest.Account)
			if diff := cmp.Diff(compact(s, []byte(want)), compact(s, e.Data)); diff != "" || e.Subject != comment.ID.String() || e.By != s.w.Guest.Account || e.Workspace != s.w.Open {
				s.Errorf("event %+v (-want +got):\n%s", e, diff)
			}
		}
	})
}

// Comments that come and go at once leave a right count, and so does deleting one comment twice at once.
func TestConcurrentComments(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		doomed := s.comment(s.w.Employee, status.ID, "doomed")
		var group sync.WaitGroup
		var mu sync.Mutex
		deleted := 0
		for _, person := range s.w.Members() {
			group.Go(func() {
				for range 3 {
					if _, err := s.s.AddComment(s.ctx, person.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "x"}); err != nil {
						s.Errorf("comment: %v", err)
					}
				}
			})
			group.Go(func() {
				err := s.s.DeleteComment(s.ctx, s.w.Employee.Actor, stream.DeleteCommentInput{Org: s.w.Org, Status: status.ID, Comment: doomed.ID})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					deleted++
				} else if veranda.CodeOf(err) != veranda.CodeNotFound {
					s.Errorf("delete: %v", err)
				}
			})
		}
		group.Wait()
		if n := s.get(s.w.Owner, status.ID).Comments; n != 18 || deleted != 1 {
			s.Errorf("%d comments are counted, want 18; deleted %d times", n, deleted)
		}
	})
}

// Whoever comments or reacts while the status is being deleted is told that it is gone, and nothing stays behind.
func TestDeleteWhileOthersWrite(t *testing.T) {
	each(t, func(s *suite) {
		for range 5 {
			status := s.post(s.w.Employee, s.w.Open, "hello")
			var group sync.WaitGroup
			for _, person := range s.w.Members() {
				group.Go(func() {
					_, err := s.s.AddComment(s.ctx, person.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "x"})
					if err != nil && veranda.CodeOf(err) != veranda.CodeNotFound {
						s.Errorf("comment: %v", err)
					}
				})
				group.Go(func() {
					_, err := s.s.React(s.ctx, person.Actor, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: stream.ReactionLike})
					if err != nil && veranda.CodeOf(err) != veranda.CodeNotFound {
						s.Errorf("react: %v", err)
					}
				})
			}
			group.Go(func() {
				if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID}); err != nil {
					s.Errorf("delete: %v", err)
				}
			})
			group.Wait()
		}
		if got := s.list(s.w.Owner, stream.ListInput{Workspace: s.w.Open}); len(got) != 0 {
			s.Errorf("left: %v", brief(got))
		}
	})
}

// A cursor belongs to its list.
func TestCursorsOfOtherLists(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		s.post(s.w.Employee, s.w.Open, "again")
		s.comment(s.w.Employee, status.ID, "one")
		s.comment(s.w.Employee, status.ID, "two")
		s.react(s.w.Employee, status.ID, stream.ReactionLike)
		s.react(s.w.Guest, status.ID, stream.ReactionLike)
		for _, text := range []string{"two", "three"} {
			if _, err := s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: text}); err != nil {
				s.Fatal(err)
			}
		}
		actor, org := s.w.Employee.Actor, s.w.Org
		lists := map[string]func(veranda.Page) (string, error){
			"List": func(p veranda.Page) (string, error) {
				l, err := s.s.List(s.ctx, actor, stream.ListInput{Org: org, Workspace: s.w.Open, Page: p})
				return l.Next, err
			},
			"ListAll": func(p veranda.Page) (string, error) {
				l, err := s.s.ListAll(s.ctx, actor, stream.ListAllInput{Org: org, Page: p})
				return l.Next, err
			},
			"ListComments": func(p veranda.Page) (string, error) {
				l, err := s.s.ListComments(s.ctx, actor, stream.ListCommentsInput{Org: org, Status: status.ID, Page: p})
				return l.Next, err
			},
			"ListReactions": func(p veranda.Page) (string, error) {
				l, err := s.s.ListReactions(s.ctx, actor, stream.ListReactionsInput{Org: org, Status: status.ID, Page: p})
				return l.Next, err
			},
			"History": func(p veranda.Page) (string, error) {
				l, err := s.s.History(s.ctx, actor, stream.HistoryInput{Org: org, Status: status.ID, Page: p})
				return l.Next, err
			},
		}
		cursors := map[string]string{}
		for name, list := range lists {
			next, err := list(veranda.Page{Limit: 1})
			if err != nil || next == "" {
				s.Fatalf("%s: next %q, %v", name, next, err)
			}
			cursors[name] = next
			for _, bad := range []string{"x", "W10", veranda.EncodeCursor("stream.workspace", "x"), veranda.EncodeCursor("stream.comments", "x"),
				veranda.EncodeCursor("stream.history", "x"), veranda.EncodeCursor("stream.reactions", "x", "y"), veranda.EncodeCursor("stream.organization", "x")} {
				_, err := list(veranda.Page{Cursor: bad})
				verandatest.WantFields(s, err, "/cursor cursor")
			}
			_, err = list(veranda.Page{Limit: 201})
			verandatest.WantFields(s, err, "/limit range")
		}
		for of, cursor := range cursors {
			for name, list := range lists {
				if _, err := list(veranda.Page{Cursor: cursor}); (err == nil) != (of == name) {
					s.Errorf("%s takes the cursor of %s: %v", name, of, err)
				}
			}
		}
	})
}
