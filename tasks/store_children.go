package tasks

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// The tables beside a task's row, by which tasks are found.
const (
	insertAssigneeText  = `INSERT INTO veranda_task_assignees (org_id, task_id, account_id, state) VALUES ($1, $2, $3, $4)`
	deleteAssigneeText  = `DELETE FROM veranda_task_assignees WHERE org_id = $1 AND task_id = $2 AND account_id = $3`
	updateAssigneesText = `UPDATE veranda_task_assignees SET state = $3 WHERE org_id = $1 AND task_id = $2`
	deleteAssigneesText = `DELETE FROM veranda_task_assignees WHERE org_id = $1 AND task_id = $2`

	insertFollowerText  = `INSERT INTO veranda_task_followers (org_id, task_id, account_id) VALUES ($1, $2, $3)`
	deleteFollowerText  = `DELETE FROM veranda_task_followers WHERE org_id = $1 AND task_id = $2 AND account_id = $3`
	deleteFollowersText = `DELETE FROM veranda_task_followers WHERE org_id = $1 AND task_id = $2`
	setFollowersText    = `UPDATE veranda_tasks SET followers = $3 WHERE org_id = $1 AND id = $2`

	insertLabelText  = `INSERT INTO veranda_task_labels (org_id, task_id, label_key, label, workspace_id) VALUES ($1, $2, $3, $4, $5)`
	deleteLabelsText = `DELETE FROM veranda_task_labels WHERE org_id = $1 AND task_id = $2`
)

// storeChildren brings the tables beside a task's row from one state to another. All statements travel with the commit.
func storeChildren(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	if err := storeAssignees(ctx, tx, before, after); err != nil {
		return fmt.Errorf("tasks: store assignees: %w", err)
	}
	if err := storeFollowers(ctx, tx, before, after); err != nil {
		return fmt.Errorf("tasks: store followers: %w", err)
	}
	if err := storeLabels(ctx, tx, before, after); err != nil {
		return fmt.Errorf("tasks: store labels: %w", err)
	}
	return nil
}

func storeAssignees(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	if before.State != after.State && len(before.Assignees) > 0 {
		if err := tx.Defer(ctx, updateAssigneesText, after.Org, after.ID, string(after.State)); err != nil {
			return err
		}
	}
	for _, account := range without(before.Assignees, after.Assignees) {
		if err := tx.Defer(ctx, deleteAssigneeText, after.Org, after.ID, account); err != nil {
			return err
		}
	}
	for _, account := range without(after.Assignees, before.Assignees) {
		if err := tx.Defer(ctx, insertAssigneeText, after.Org, after.ID, account, string(after.State)); err != nil {
			return err
		}
	}
	return nil
}

func storeFollowers(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	for _, account := range without(before.Followers, after.Followers) {
		if err := tx.Defer(ctx, deleteFollowerText, after.Org, after.ID, account); err != nil {
			return err
		}
	}
	for _, account := range without(after.Followers, before.Followers) {
		if err := tx.Defer(ctx, insertFollowerText, after.Org, after.ID, account); err != nil {
			return err
		}
	}
	return nil
}

func storeLabels(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	if slices.Equal(before.Labels, after.Labels) {
		return nil
	}
	if len(before.Labels) > 0 {
		if err := tx.Defer(ctx, deleteLabelsText, after.Org, after.ID); err != nil {
			return err
		}
	}
	for _, label := range after.Labels {
		if err := tx.Defer(ctx, insertLabelText, after.Org, after.ID, foldCase(label), label, after.Workspace); err != nil {
			return err
		}
	}
	return nil
}
