package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace/files"
)

func TestPost(t *testing.T) {
	each(t, func(s *suite) {
		posted := s.post(s.w.Employee, s.w.Open, "  We have moved in.\r\nCome and see. ")
		want := &stream.Status{
			ID: posted.ID, Org: s.w.Org, Workspace: s.w.Open, Author: stream.Person{ID: s.w.Employee.Account, Name: s.w.Employee.Name},
			Text: "We have moved in.\nCome and see.", CreatedAt: posted.CreatedAt, Version: 1,
			Reactions: stream.Reactions{Counts: map[stream.Reaction]int64{}, Mine: []stream.Reaction{}},
			HTML:      "<p>We have moved in.<br>\nCome and see.</p>", Links: []stream.Link{}, Attachments: []files.Attachment{},
		}
		same := cmp.Comparer(func(a, b stream.ID) bool { return a == b })
		options := cmp.Options{same, cmp.Comparer(func(a, b veranda.OrgID) bool { return a == b }),
			cmp.Comparer(func(a, b veranda.WorkspaceID) bool { return a == b }), cmp.Comparer(func(a, b veranda.AccountID) bool { return a == b })}
		if diff := cmp.Diff(want, posted, options); diff != "" {
			s.Errorf("posted (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, s.get(s.w.Guest, posted.ID), options); diff != "" {
			s.Errorf("read again (-want +got):\n%s", diff)
		}
		if posted.CreatedAt.IsZero() || posted.ETag() != `"1"` || posted.Location() != "/v1/organizations/"+s.w.Org.String()+"/statuses/"+posted.ID.String() {
			s.Errorf("posted at %v, %s, %s", posted.CreatedAt, posted.ETag(), posted.Location())
		}
		events := s.e.Events(s, "stream.*")
		if len(events) != 1 {
			s.Fatalf("events: %v", events)
		}
		e := events[0]
		if e.ID.String() != posted.ID.String() || e.Kind != stream.EventStatusPosted || e.Subject != posted.ID.String() ||
			e.Org != s.w.Org || e.Workspace != s.w.Open || e.By != s.w.Employee.Account {
			s.Errorf("event: %+v", e)
		}
		text, err := json.Marshal(posted)
		if err != nil || !strings.Contains(string(text), `"reactions":{"counts":{},"mine":[]}`) || strings.Contains(string(text), "edited_at") {
			s.Errorf("as JSON: %s, %v", text, err)
		}
	})
}

// A text is not empty in any disguise, has its bounds, and no bytes that a database would not keep.
func TestTexts(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, strings.Repeat("ä", 10_000))
		comment := s.comment(s.w.Employee, status.ID, "x")
		for text, rule := range map[string]string{
			"": "required", " \n\t ": "required", "\u200b\u200d\ufeff": "required", "\u2800\u3164": "required", "\u00ad\ufe0f": "required",
			strings.Repeat("x", 10_001): "too_long", "a\x00b": "unicode", "\xff": "unicode", "a\x07b": "control_characters",
		} {
			_, err := s.s.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: text})
			verandatest.WantFields(s, err, "/text "+rule)
			_, err = s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: text})
			verandatest.WantFields(s, err, "/text "+rule)
			_, err = s.s.AddComment(s.ctx, s.w.Employee.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: text})
			verandatest.WantFields(s, err, "/text "+rule)
			_, err = s.s.EditComment(s.ctx, s.w.Employee.Actor, stream.EditCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Text: text})
			verandatest.WantFields(s, err, "/text "+rule)
		}
		s.e.WantEvents(s, "stream.*", stream.EventStatusPosted, stream.EventCommentAdded)
	})
}

func TestEditAndHistory(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "one")
		edit := func(version int64, text string) (*stream.Status, error) {
			return s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Version: version, Text: text})
		}
		two, err := edit(1, "two")
		if err != nil || two.Text != "two" || two.Version != 2 || two.EditedAt == nil || !two.EditedAt.After(two.CreatedAt) || two.ETag() != `"2"` {
			s.Fatalf("edited: %+v, %v", two, err)
		}
		if _, err := edit(1, "late"); !errors.Is(err, veranda.ErrVersion) {
			s.Errorf("an edit of an old version: %v", err)
		}
		if _, err := edit(0, "two"); err != nil {
			s.Errorf("the same text again: %v", err)
		}
		three, err := edit(0, "three")
		if err != nil || three.Version != 3 {
			s.Fatalf("edited: %+v, %v", three, err)
		}
		read := func(page veranda.Page) veranda.List[stream.Revision] {
			s.Helper()
			list, err := s.s.History(s.ctx, s.w.Employee.Actor, stream.HistoryInput{Org: s.w.Org, Status: status.ID, Page: page})
			if err != nil {
				s.Fatal(err)
			}
			return list
		}
		first := read(veranda.Page{Limit: 1})
		second := read(veranda.Page{Limit: 1, Cursor: first.Next})
		want := []stream.Revision{{Version: 2, Text: "two", WrittenAt: *two.EditedAt}, {Version: 1, Text: "one", WrittenAt: status.CreatedAt}}
		if diff := cmp.Diff(want, append(first.Items, second.Items...)); diff != "" || second.Next != "" {
			s.Errorf("history (-want +got), next %q:\n%s", second.Next, diff)
		}
		s.e.WantEvents(s, "stream.*", stream.EventStatusPosted, stream.EventStatusEdited, stream.EventStatusEdited)
		for _, e := range s.e.Events(s) {
			if strings.Contains(string(e.Data), "two") || e.Workspace != s.w.Open || e.Org != s.w.Org || e.By != s.w.Employee.Account {
				s.Errorf("event: %+v %s", e, e.Data)
			}
		}
	})
}

// Whoever edits without a version wins in the end, and no text in between is lost; with a version, one of them wins.
func TestConcurrentEdits(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "0")
		const editors = 12
		texts := "abcdefghijklmnopqrstuvwxyz"
		var group sync.WaitGroup
		failed := make([]error, editors)
		for i := range editors {
			group.Go(func() {
				_, failed[i] = s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: texts[i : i+1]})
			})
		}
		group.Wait()
		if err := errors.Join(failed...); err != nil {
			s.Fatal(err)
		}
		history, err := s.s.History(s.ctx, s.w.Employee.Actor, stream.HistoryInput{Org: s.w.Org, Status: status.ID})
		if err != nil {
			s.Fatal(err)
		}
		seen := map[string]bool{s.get(s.w.Employee, status.ID).Text: true}
		for _, r := range history.Items {
			seen[r.Text] = true
		}
		if len(seen) != editors+1 || len(history.Items) != editors {
			s.Errorf("%d texts are kept, in %d revisions, of %d", len(seen), len(history.Items), editors+1)
		}
		won := 0
		for i := range editors {
			group.Go(func() {
				_, failed[i] = s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Version: editors + 1, Text: "new " + texts[i:i+1]})
			})
		}
		group.Wait()
		for _, err := range failed {
			if err == nil {
				won++
			} else if !errors.Is(err, veranda.ErrVersion) {
				s.Errorf("a losing edit: %v", err)
			}
		}
		if won != 1 {
			s.Errorf("%d edits of one version won", won)
		}
	})
}

// A deleted status leaves nothing behind: no text, no comment, no reaction, no item; and nothing of it in the event log.
func TestDelete(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "regretted words")
		comment := s.comment(s.w.Guest, status.ID, "regretted answer")
		s.react(s.w.Guest, status.ID, stream.ReactionLove)
		if _, err := s.s.ReactToComment(s.ctx, s.w.Owner.Actor, stream.ReactToCommentInput{Org: s.w.Org, Status: status.ID, Comment: comment.ID, Reaction: stream.ReactionSad}); err != nil {
			s.Fatal(err)
		}
		if _, err := s.s.Edit(s.ctx, s.w.Employee.Actor, stream.EditInput{Org: s.w.Org, Status: status.ID, Text: "other words"}); err != nil {
			s.Fatal(err)
		}
		kept := s.post(s.w.Employee, s.w.Open, "kept")
		err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID, Version: 1})
		if !errors.Is(err, veranda.ErrVersion) {
			s.Errorf("deleting an old version: %v", err)
		}
		if err := s.s.Delete(s.ctx, s.w.Employee.Actor, stream.DeleteInput{Org: s.w.Org, Status: status.ID, Version: 2}); err != nil {
			s.Fatal(err)
		}
		for method, err := range s.everything(s.w.Employee.Actor, s.w.Org, veranda.NewWorkspaceID(), status.ID, comment.ID) {
			s.wantNotFound("after deletion, "+method, err)
		}
		if diff := cmp.Diff([]string{"Emil Employee: kept"}, brief(s.list(s.w.Owner, stream.ListInput{Workspace: s.w.Open}))); diff != "" {
			s.Errorf("stream (-want +got):\n%s", diff)
		}
		for table, want := range map[string]int64{
			"veranda_statuses": 1, "veranda_status_revisions": 0, "veranda_status_reactions": 0, "veranda_status_comments": 0, "veranda_status_comment_reactions": 0,
		} {
			count, err := s.e.DB.Reader().NewSelect().TableExpr("?", bun.Name(table)).Count(s.ctx)
			if err != nil || count != want {
				s.Errorf("%s has %d rows, want %d; %v", table, count, want, err)
			}
		}
		s.e.WantEvents(s, "stream.status_deleted", stream.EventStatusDeleted)
		for _, e := range s.e.Events(s, "stream.*") {
			if strings.Contains(string(e.Data), "words") || strings.Contains(string(e.Data), "answer") {
				s.Errorf("the event log keeps a text: %s", e.Data)
			}
		}
		if err := s.s.Delete(s.ctx, s.w.Administrator.Actor, stream.DeleteInput{Org: s.w.Org, Status: kept.ID}); err != nil {
			s.Errorf("the one who manages the workspace deletes: %v", err)
		}
		deleted := s.e.Events(s, stream.EventStatusDeleted)[1]
		var data stream.StatusData
		if err := json.Unmarshal(deleted.Data, &data); err != nil || deleted.By != s.w.Administrator.Account || data.Author != s.w.Employee.Account {
			s.Errorf("event of another's deletion: %+v %s", deleted, deleted.Data)
		}
	})
}

// refusing is a plan without room.
type refusing struct{ asked []string }

func (r *refusing) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if add != 1 {
		return errors.New("asked for other than one")
	}
	r.asked = append(r.asked, resource)
	return veranda.LimitError(resource, "Your plan has no room for more.")
}

func TestLimits(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "before")
		limits := &refusing{}
		limited := s.service(stream.Deps{Limits: limits})
		_, err := limited.Post(s.ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x"})
		s.wantReason("a status beyond the plan", err, "limit.statuses")
		_, err = limited.AddComment(s.ctx, s.w.Employee.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "x"})
		s.wantReason("a comment beyond the plan", err, "limit.status_comments")
		if diff := cmp.Diff([]string{"statuses", "status_comments"}, limits.asked); diff != "" {
			s.Errorf("asked (-want +got):\n%s", diff)
		}
		s.e.WantEvents(s, "stream.*", stream.EventStatusPosted)
		if got := s.get(s.w.Employee, status.ID); got.Comments != 0 {
			s.Errorf("a refused comment is counted: %+v", got)
		}
	})
}

// A host's veto undoes the whole change, counters too.
func TestHookVeto(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "before")
		comment := s.comment(s.w.Employee, status.ID, "before")
		s.react(s.w.Employee, status.ID, stream.ReactionLike)
		veto := veranda.NewError(veranda.CodeConflict, "host.quiet", "The house is quiet now.")
		s.e.DB.Veto(veranda.Hook{Name: "quiet", Kinds: []string{"stream.*"}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		actor, org := s.w.Employee.Actor, s.w.Org
		calls := map[string]error{}
		_, calls["Post"] = s.s.Post(s.ctx, actor, stream.PostInput{Org: org, Workspace: s.w.Open, Text: "x"})
		_, calls["Edit"] = s.s.Edit(s.ctx, actor, stream.EditInput{Org: org, Status: status.ID, Text: "x"})
		_, calls["AddComment"] = s.s.AddComment(s.ctx, actor, stream.AddCommentInput{Org: org, Status: status.ID, Text: "x"})
		_, calls["EditComment"] = s.s.EditComment(s.ctx, actor, stream.EditCommentInput{Org: org, Status: status.ID, Comment: comment.ID, Text: "x"})
		calls["DeleteComment"] = s.s.DeleteComment(s.ctx, actor, stream.DeleteCommentInput{Org: org, Status: status.ID, Comment: comment.ID})
		_, calls["React"] = s.s.React(s.ctx, actor, stream.ReactInput{Org: org, Status: status.ID, Reaction: stream.ReactionSad})
		_, calls["Unreact"] = s.s.Unreact(s.ctx, actor, stream.ReactInput{Org: org, Status: status.ID, Reaction: stream.ReactionLike})
		_, calls["ReactToComment"] = s.s.ReactToComment(s.ctx, actor, stream.ReactToCommentInput{Org: org, Status: status.ID, Comment: comment.ID, Reaction: stream.ReactionSad})
		calls["Delete"] = s.s.Delete(s.ctx, actor, stream.DeleteInput{Org: org, Status: status.ID})
		for method, err := range calls {
			if !errors.Is(err, veto) {
				s.Errorf("%s in spite of the veto: %v", method, err)
			}
		}
		got := s.get(s.w.Employee, status.ID)
		if got.Text != "before" || got.Version != 1 || got.Comments != 1 || len(got.Reactions.Counts) != 1 || got.Reactions.Counts[stream.ReactionLike] != 1 {
			s.Errorf("a vetoed change is there: %+v", got)
		}
		s.e.WantEvents(s, "stream.*", stream.EventStatusPosted, stream.EventCommentAdded, stream.EventReactionAdded)
	})
}

// In a transaction of the host, all of it is kept or undone with the host's own work, and is seen within.
func TestWithTx(t *testing.T) {
	each(t, func(s *suite) {
		undone := errors.New("undone")
		err := s.e.DB.InTx(s.ctx, func(ctx context.Context, tx *veranda.Tx) error {
			bound := s.s.WithTx(tx)
			status, err := bound.Post(ctx, s.w.Employee.Actor, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x"})
			if err != nil {
				return err
			}
			if _, err := bound.AddComment(ctx, s.w.Owner.Actor, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "y"}); err != nil {
				return err
			}
			got, err := bound.Get(ctx, s.w.Owner.Actor, stream.GetInput{Org: s.w.Org, Status: status.ID})
			if err != nil || got.Comments != 1 {
				s.Errorf("within the transaction: %+v, %v", got, err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			s.Fatal(err)
		}
		s.e.WantEvents(s, "stream.*")
		if got := s.list(s.w.Owner, stream.ListInput{Workspace: s.w.Open}); len(got) != 0 {
			s.Errorf("undone, and there: %v", brief(got))
		}
	})
}

// Background jobs read what their policy rows allow, and are never authors.
func TestSystemActors(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Stranger, s.w.Closed, "hello")
		robot := veranda.SystemActor("robot")
		_, err := s.s.Get(s.ctx, robot, stream.GetInput{Org: s.w.Org, Status: status.ID})
		verandatest.WantCode(s, err, veranda.CodeNotFound)
		if err := s.authz.SetPolicy(s.ctx, "p, system:robot, status, *, allow\n", false); err != nil {
			s.Fatal(err)
		}
		if _, err := s.s.Get(s.ctx, robot, stream.GetInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Errorf("a job with a policy row reads: %v", err)
		}
		page, err := s.s.ListAll(s.ctx, robot, stream.ListAllInput{Org: s.w.Org})
		if err != nil || len(page.Items) != 1 {
			s.Errorf("a job sees every workspace: %v, %v", brief(page.Items), err)
		}
		_, err = s.s.Post(s.ctx, robot, stream.PostInput{Org: s.w.Org, Workspace: s.w.Open, Text: "x"})
		s.wantReason("a job posts", err, "stream.no_author")
		_, err = s.s.AddComment(s.ctx, robot, stream.AddCommentInput{Org: s.w.Org, Status: status.ID, Text: "x"})
		s.wantReason("a job comments", err, "stream.no_author")
		_, err = s.s.React(s.ctx, robot, stream.ReactInput{Org: s.w.Org, Status: status.ID, Reaction: stream.ReactionLike})
		s.wantReason("a job reacts", err, "stream.no_author")
		if err := s.s.Delete(s.ctx, robot, stream.DeleteInput{Org: s.w.Org, Status: status.ID}); err != nil {
			s.Errorf("a job deletes: %v", err)
		}
		deleted := s.e.Events(s, stream.EventStatusDeleted)
		if len(deleted) != 1 || deleted[0].System != "robot" || !deleted[0].By.IsZero() {
			s.Errorf("event: %+v", deleted)
		}
	})
}
