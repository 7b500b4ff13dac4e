package stream_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/verandatest/world"
)

// What each role may do with statuses, by hand from the table "Who may do what": in the open workspace, which owner and
// administrator manage, and in a private one, where everybody is a member and the employee is the manager.
//
//	r read, p post, c comment, k react, h read others' history, d delete others' statuses, x delete others' comments,
//	E D H edit, delete and read the history of one's own status, e y edit and delete one's own comment
var may = map[string]struct{ open, private string }{
	"owner":          {"rpckhdx EDH ey", "rpck EDH ey"},
	"administrator":  {"rpckhdx EDH ey", "rpck EDH ey"},
	"access_manager": {"rpck EDH ey", "rpck EDH ey"},
	"employee":       {"rpck EDH ey", "rpck EDH ey"},
	"external":       {"rpck EDH ey", "rpck EDH ey"},
	"guest":          {"rck ey", "rck ey"},
}

func TestWhoMayDoWhat(t *testing.T) {
	each(t, func(s *suite) {
		for _, person := range s.w.Members() {
			s.wantMay(person, s.w.Open, may[person.Role].open)
			s.wantMay(person, s.w.Private, may[person.Role].private)
		}
	})
}

// wantMay tries every action in a workspace and compares what succeeded. What is refused must be forbidden: everybody here
// sees the workspace.
func (s *suite) wantMay(person world.Person, workspace veranda.WorkspaceID, want string) {
	s.Helper()
	// Another employee writes what is not one's own.
	other := s.w.Employee
	if person.Role == other.Role {
		other = s.w.Owner
	}
	org, actor := s.w.Org, person.Actor
	theirs := s.post(other, workspace, "theirs")
	theirComment := s.comment(other, theirs.ID, "theirs")
	got := ""
	try := func(action string, err error) {
		switch {
		case err == nil:
			got += action
		case err.Error() != veranda.ErrForbidden.Error():
			s.Errorf("%s %s: want forbidden, got %v", person.Role, action, err)
		}
	}
	_, err := s.s.Get(s.ctx, actor, stream.GetInput{Org: org, Status: theirs.ID})
	try("r", err)
	mine, err := s.s.Post(s.ctx, actor, stream.PostInput{Org: org, Workspace: workspace, Text: "mine"})
	try("p", err)
	myComment, err := s.s.AddComment(s.ctx, actor, stream.AddCommentInput{Org: org, Status: theirs.ID, Text: "mine"})
	try("c", err)
	_, err = s.s.React(s.ctx, actor, stream.ReactInput{Org: org, Status: theirs.ID, Reaction: stream.ReactionLike})
	try("k", err)
	_, err = s.s.History(s.ctx, actor, stream.HistoryInput{Org: org, Status: theirs.ID})
	try("h", err)
	_, err = s.s.Edit(s.ctx, actor, stream.EditInput{Org: org, Status: theirs.ID, Text: "changed"})
	try("!edits another's status", err)
	_, err = s.s.EditComment(s.ctx, actor, stream.EditCommentInput{Org: org, Status: theirs.ID, Comment: theirComment.ID, Text: "changed"})
	try("!edits another's comment", err)
	got += " "
	if mine != nil {
		_, err = s.s.Edit(s.ctx, actor, stream.EditInput{Org: org, Status: mine.ID, Text: "changed"})
		try("E", err)
		_, err = s.s.History(s.ctx, actor, stream.HistoryInput{Org: org, Status: mine.ID})
		try("H", err)
		try("D", s.s.Delete(s.ctx, actor, stream.DeleteInput{Org: org, Status: mine.ID}))
	}
	_, err = s.s.EditComment(s.ctx, actor, stream.EditCommentInput{Org: org, Status: theirs.ID, Comment: myComment.ID, Text: "changed"})
	try("e", err)
	try("y", s.s.DeleteComment(s.ctx, actor, stream.DeleteCommentInput{Org: org, Status: theirs.ID, Comment: myComment.ID}))
	try("x", s.s.DeleteComment(s.ctx, actor, stream.DeleteCommentInput{Org: org, Status: theirs.ID, Comment: theirComment.ID}))
	try("d", s.s.Delete(s.ctx, actor, stream.DeleteInput{Org: org, Status: theirs.ID}))
	if diff := cmp.Diff(letters(want), letters(got)); diff != "" {
		s.Errorf("%s in workspace %s may (-want +got):\n%s", person.Role, workspace, diff)
	}
}

// letters are the characters of a text, sorted, without spaces.
func letters(text string) string {
	out := slices.DeleteFunc([]rune(text), func(r rune) bool { return r == ' ' })
	slices.Sort(out)
	return string(out)
}

// What lies where one sees nothing is answered, to the byte, like what does not exist: in a private workspace of others, in
// an open one for externals and guests, in another tenant, for the platform's own people, and under another tenant's path.
func TestNotFoundIsNotFound(t *testing.T) {
	each(t, func(s *suite) {
		closed := s.post(s.w.Stranger, s.w.Closed, "secret")
		closedComment := s.comment(s.w.Stranger, closed.ID, "secret")
		sibling := s.post(s.w.Owner, s.w.Sibling, "for employees")
		siblingComment := s.comment(s.w.Owner, sibling.ID, "for employees")
		open := s.post(s.w.Owner, s.w.Open, "hello")
		for _, unseen := range []struct {
			what    string
			who     []world.Person
			org     veranda.OrgID
			where   veranda.WorkspaceID
			status  stream.ID
			comment stream.CommentID
		}{
			{"private", s.w.Members(), s.w.Org, s.w.Closed, closed.ID, closedComment.ID},
			{"open, of others", []world.Person{s.w.External, s.w.Guest}, s.w.Org, s.w.Sibling, sibling.ID, siblingComment.ID},
			{"of another tenant", []world.Person{s.w.Outsider, s.w.Support, s.w.Nobody}, s.w.Org, s.w.Sibling, sibling.ID, siblingComment.ID},
			{"under a wrong tenant", []world.Person{s.w.Outsider}, s.w.Other, s.w.Sibling, sibling.ID, siblingComment.ID},
			{"absent", s.w.Members(), s.w.Org, veranda.NewWorkspaceID(), unknown(), unknownComment()},
			{"without a tenant", s.w.Members(), veranda.OrgID{}, s.w.Sibling, sibling.ID, siblingComment.ID},
			{"below another status", []world.Person{s.w.Owner}, s.w.Org, s.w.Closed, unknown(), siblingComment.ID},
		} {
			for _, person := range unseen.who {
				for method, err := range s.everything(person.Actor, unseen.org, unseen.where, unseen.status, unseen.comment) {
					s.wantNotFound(fmt.Sprintf("%s, as %s: %s", unseen.what, person.Role, method), err)
				}
			}
		}
		_, err := s.s.EditComment(s.ctx, s.w.Owner.Actor, stream.EditCommentInput{Org: s.w.Org, Status: open.ID, Comment: siblingComment.ID, Text: "x"})
		s.wantNotFound("a comment below a status that is not its own", err)
		if got := s.get(s.w.Stranger, closed.ID); got.Text != "secret" || got.Comments != 1 {
			s.Errorf("the unseen status changed: %+v", got)
		}
	})
}

// everything calls every method about a workspace, a status and a comment, and gives their errors.
func (s *suite) everything(actor veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID, status stream.ID, comment stream.CommentID) map[string]error {
	out := map[string]error{}
	_, out["List"] = s.s.List(s.ctx, actor, stream.ListInput{Org: org, Workspace: workspace})
	_, out["Post"] = s.s.Post(s.ctx, actor, stream.PostInput{Org: org, Workspace: workspace, Text: "x"})
	_, out["Get"] = s.s.Get(s.ctx, actor, stream.GetInput{Org: org, Status: status})
	_, out["Edit"] = s.s.Edit(s.ctx, actor, stream.EditInput{Org: org, Status: status, Text: "x"})
	out["Delete"] = s.s.Delete(s.ctx, actor, stream.DeleteInput{Org: org, Status: status})
	_, out["History"] = s.s.History(s.ctx, actor, stream.HistoryInput{Org: org, Status: status})
	_, out["AddComment"] = s.s.AddComment(s.ctx, actor, stream.AddCommentInput{Org: org, Status: status, Text: "x"})
	_, out["ListComments"] = s.s.ListComments(s.ctx, actor, stream.ListCommentsInput{Org: org, Status: status})
	_, out["EditComment"] = s.s.EditComment(s.ctx, actor, stream.EditCommentInput{Org: org, Status: status, Comment: comment, Text: "x"})
	out["DeleteComment"] = s.s.DeleteComment(s.ctx, actor, stream.DeleteCommentInput{Org: org, Status: status, Comment: comment})
	_, out["React"] = s.s.React(s.ctx, actor, stream.ReactInput{Org: org, Status: status, Reaction: stream.ReactionSad})
	_, out["Unreact"] = s.s.Unreact(s.ctx, actor, stream.ReactInput{Org: org, Status: status, Reaction: stream.ReactionSad})
	_, out["ReactToComment"] = s.s.ReactToComment(s.ctx, actor, stream.ReactToCommentInput{Org: org, Status: status, Comment: comment, Reaction: stream.ReactionSad})
	_, out["UnreactToComment"] = s.s.UnreactToComment(s.ctx, actor, stream.ReactToCommentInput{Org: org, Status: status, Comment: comment, Reaction: stream.ReactionSad})
	_, out["CommentHistory"] = s.s.CommentHistory(s.ctx, actor, stream.CommentHistoryInput{Org: org, Status: status, Comment: comment})
	_, out["ListPinned"] = s.s.ListPinned(s.ctx, actor, stream.ListPinnedInput{Org: org, Workspace: workspace})
	_, out["Pin"] = s.s.Pin(s.ctx, actor, stream.PinInput{Org: org, Status: status})
	_, out["Unpin"] = s.s.Unpin(s.ctx, actor, stream.PinInput{Org: org, Status: status})
	_, out["Vote"] = s.s.Vote(s.ctx, actor, stream.VoteInput{Org: org, Status: status, Options: []int64{1}})
	_, out["Withdraw"] = s.s.Withdraw(s.ctx, actor, stream.PollStatusInput{Org: org, Status: status})
	_, out["ClosePoll"] = s.s.ClosePoll(s.ctx, actor, stream.PollStatusInput{Org: org, Status: status})
	_, out["ListVoters"] = s.s.ListVoters(s.ctx, actor, stream.ListVotersInput{Org: org, Status: status})
	_, out["ConfirmReading"] = s.s.ConfirmReading(s.ctx, actor, stream.ReadingInput{Org: org, Status: status})
	_, out["ListReaders"] = s.s.ListReaders(s.ctx, actor, stream.ListReadersInput{Org: org, Status: status})
	out["RemindReaders"] = s.s.RemindReaders(s.ctx, actor, stream.ReadingInput{Org: org, Status: status})
	_, _, out["OpenAttachment"] = s.s.OpenAttachment(s.ctx, actor, stream.OpenAttachmentInput{Org: org, Status: status})
	_, _, out["OpenCommentAttachment"] = s.s.OpenCommentAttachment(s.ctx, actor, stream.OpenCommentAttachmentInput{Org: org, Status: status, Comment: comment})
	_, out["ListReactions"] = s.s.ListReactions(s.ctx, actor, stream.ListReactionsInput{Org: org, Status: status})
	_, out["ListCommentReactions"] = s.s.ListCommentReactions(s.ctx, actor, stream.ListCommentReactionsInput{Org: org, Status: status, Comment: comment})
	return out
}

// Who was removed, or whose membership was disabled, sees nothing from that moment; a workspace that was deleted is gone.
func TestTakenAway(t *testing.T) {
	each(t, func(s *suite) {
		status := s.post(s.w.Employee, s.w.Open, "hello")
		exec := func(text string, args ...any) {
			s.Helper()
			if _, err := s.e.DB.Writer().NewRaw(text, args...).Exec(s.ctx); err != nil {
				s.Fatal(err)
			}
		}
		exec("DELETE FROM veranda_workspace_members WHERE org_id = ? AND account_id = ?", s.w.Org, s.w.Guest.Account)
		_, err := s.s.Get(s.ctx, s.w.Guest.Actor, stream.GetInput{Org: s.w.Org, Status: status.ID})
		s.wantNotFound("a guest who was removed", err)
		if got := s.listAll(s.w.Guest, stream.ListAllInput{}); len(got) != 0 {
			s.Errorf("a guest who was removed sees %v", brief(got))
		}
		exec("UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = ? AND account_id = ?", s.w.Org, s.w.Employee.Account)
		_, err = s.s.Get(s.ctx, s.w.Employee.Actor, stream.GetInput{Org: s.w.Org, Status: status.ID})
		s.wantNotFound("an author whose membership is disabled", err)
		exec("UPDATE veranda_workspaces SET deleted_at = created_at WHERE org_id = ? AND id = ?", s.w.Org, s.w.Open)
		_, err = s.s.List(s.ctx, s.w.Owner.Actor, stream.ListInput{Org: s.w.Org, Workspace: s.w.Open})
		s.wantNotFound("a deleted workspace", err)
		if got := s.listAll(s.w.Owner, stream.ListAllInput{}); len(got) != 0 {
			s.Errorf("of a deleted workspace one sees %v", brief(got))
		}
	})
}
