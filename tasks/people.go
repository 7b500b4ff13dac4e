package tasks

import (
	"context"

	"github.com/veranda-go/veranda"
)

// leaveOut takes those who do not see the workspace of some tasks, all in one, off their assignees and followers. Each
// person is looked up once.
func (s *Service) leaveOut(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, list ...*Task) error {
	var people []veranda.AccountID
	for _, t := range list {
		people = append(people, without(t.Assignees, people)...)
		people = append(people, without(t.Followers, people)...)
	}
	if len(people) == 0 {
		return nil
	}
	gone, err := s.WithTx(tx).blind(ctx, standing, list[0].Workspace, people)
	if err != nil || len(gone) == 0 {
		return err
	}
	for _, t := range list {
		t.Assignees, t.Followers = append([]veranda.AccountID{}, without(t.Assignees, gone)...), append([]veranda.AccountID{}, without(t.Followers, gone)...)
	}
	return nil
}

// checkPeople reports accounts who could not see a task in the workspace, those that do not exist among them: the
// answer is the same. pointer tells the field of an index. The actor, who was just asked for a permission there, is not
// looked up.
//
// What somebody may see is the authorizer's to say, so each is looked up as if they called themselves.
func (s *Service) checkPeople(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, accounts []veranda.AccountID, pointer func(index int) string) error {
	var c veranda.Checks
	for i, account := range accounts {
		if account == standing.Account {
			continue
		}
		_, err := s.workspace(ctx, veranda.AccountActor(account), standing.Org, workspace, PermRead)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
			c.Add(pointer(i), "not_found", "is nobody who sees this workspace")
		default:
			if err != nil {
				return err
			}
		}
	}
	return c.Err()
}
