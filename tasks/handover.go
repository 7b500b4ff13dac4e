package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// handOver is the hook by which open tasks find somebody else when who has them leaves the organization, or is disabled
// and somebody takes over: in the transaction that ends the access. Whoever takes over gets the tasks of the workspaces
// they see; the others lose the assignee. Finished tasks, comments and following stay as they were.
func (s *Service) handOver() veranda.Hook {
	return veranda.Hook{Name: "tasks.handover", Kinds: tenancy.HandoverKinds(), Before: func(ctx context.Context, tx *veranda.Tx, e veranda.Event) error {
		h, err := tenancy.HandoverOf(e)
		if err != nil || h == nil {
			return err
		}
		return s.WithTx(tx).reassign(ctx, tx, h)
	}}
}

// openTask is what a change of the assignee needs of a task; its JSON is what is stored of it then.
type openTask struct {
	ID        ID     `json:"id"`
	Assignees string `json:"assignees"`
	Followers string `json:"followers"`

	workspace     veranda.WorkspaceID
	title         string
	before, after []veranda.AccountID
	follows       bool // who takes over follows it from now on
}

const (
	openTasksText = `SELECT t.id, t.workspace_id, t.title, t.assignees, t.followers
FROM veranda_task_assignees a JOIN veranda_tasks t ON t.org_id = a.org_id AND t.id = a.task_id
WHERE a.org_id = $1 AND a.account_id = $2 AND a.state = 'open' ORDER BY t.id`
	openTasksPostgres = openTasksText + ` FOR NO KEY UPDATE OF t`

	// The workspaces of such tasks, to be narrowed to those that who takes over sees; $4 is who goes.
	openWorkspaces = `SELECT DISTINCT t.workspace_id FROM veranda_task_assignees a JOIN veranda_tasks t ON t.org_id = a.org_id AND t.id = a.task_id
WHERE a.org_id = $1 AND a.account_id = $4 AND a.state = 'open' AND `

	// The rows of a batch: $2 is a list of openTask.
	reassignPostgres = `UPDATE veranda_tasks t SET assignees = l.assignees, followers = l.followers, updated_at = $3, version = t.version + 1
FROM jsonb_to_recordset($2::jsonb) AS l (id uuid, assignees text, followers text) WHERE t.org_id = $1 AND t.id = l.id`
	reassignSQLite = `UPDATE veranda_tasks AS t SET assignees = json_extract(l.value, '$.assignees'), followers = json_extract(l.value, '$.followers'), updated_at = $3, version = t.version + 1
FROM json_each($2) AS l WHERE t.org_id = $1 AND t.id = json_extract(l.value, '$.id')`
	dropAssigneesPostgres = `DELETE FROM veranda_task_assignees WHERE org_id = $1 AND account_id = $3 AND task_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	dropAssigneesSQLite   = `DELETE FROM veranda_task_assignees WHERE org_id = $1 AND account_id = $3 AND task_id IN (SELECT value FROM json_each($2))`
	addAssigneesPostgres  = `INSERT INTO veranda_task_assignees (org_id, task_id, account_id, state)
SELECT $1::uuid, value::uuid, $3::uuid, 'open' FROM jsonb_array_elements_text($2::jsonb) ON CONFLICT DO NOTHING`
	addAssigneesSQLite = `INSERT INTO veranda_task_assignees (org_id, task_id, account_id, state)
SELECT $1, value, $3, 'open' FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING`
	addFollowersPostgres = `INSERT INTO veranda_task_followers (org_id, task_id, account_id)
SELECT $1::uuid, value::uuid, $3::uuid FROM jsonb_array_elements_text($2::jsonb) ON CONFLICT DO NOTHING`
	addFollowersSQLite = `INSERT INTO veranda_task_followers (org_id, task_id, account_id)
SELECT $1, value, $3 FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING`
)

// handOverBatch bounds the statements, whatever the number of tasks.
const handOverBatch = 500

// reassign gives the open tasks of who goes to who takes over.
func (s *Service) reassign(ctx context.Context, tx *veranda.Tx, h *tenancy.Handover) error {
	open, err := s.openTasks(ctx, tx, h)
	if err != nil || len(open) == 0 {
		return err
	}
	if h.Required && h.To.IsZero() {
		return tenancy.NeedHandover("open tasks", len(open))
	}
	for batch := range slices.Chunk(open, handOverBatch) {
		if err := reassignBatch(ctx, tx, h, batch); err != nil {
			return fmt.Errorf("tasks: hand over: %w", err)
		}
	}
	for i := range open {
		tx.Emit(open[i].event(h))
	}
	return nil
}

// openTasks reads and holds the open tasks of who goes, and works out what becomes of each.
func (s *Service) openTasks(ctx context.Context, tx *veranda.Tx, h *tenancy.Handover) ([]openTask, error) {
	seen, err := s.seenByTaker(ctx, tx, h)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, tx.DB().Pick(openTasksPostgres, openTasksText), h.Org, h.From)
	if err != nil {
		return nil, fmt.Errorf("tasks: hand over: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var open []openTask
	for rows.Next() {
		var t openTask
		if err := rows.Scan(&t.ID, &t.workspace, &t.title, &t.Assignees, &t.Followers); err != nil {
			return nil, fmt.Errorf("tasks: hand over: %w", err)
		}
		if err := t.pass(h, slices.Contains(seen, t.workspace)); err != nil {
			return nil, fmt.Errorf("tasks: hand over task %s: %w", t.ID, err)
		}
		open = append(open, t)
	}
	return open, rows.Err()
}

// seenByTaker are the workspaces of the open tasks that who takes over sees. What they see is the authorizer's to say.
func (s *Service) seenByTaker(ctx context.Context, tx *veranda.Tx, h *tenancy.Handover) ([]veranda.WorkspaceID, error) {
	if h.To.IsZero() {
		return nil, nil
	}
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, veranda.AccountActor(h.To), h.Org, nil)
	if err != nil {
		return nil, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return nil, err
	}
	//sql:built the condition is the authorizer's own text
	rows, err := tx.Query(ctx, openWorkspaces+s.authz.Visible("t.workspace_id"), append(args, h.From)...)
	if err != nil {
		return nil, fmt.Errorf("tasks: hand over: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var seen []veranda.WorkspaceID
	for rows.Next() {
		var id veranda.WorkspaceID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("tasks: hand over: %w", err)
		}
		seen = append(seen, id)
	}
	return seen, rows.Err()
}

// pass takes the task from who goes, and gives it to who takes over where they see it.
func (t *openTask) pass(h *tenancy.Handover, seen bool) error {
	before, err := splitAccounts(t.Assignees)
	if err != nil {
		return err
	}
	followers, err := splitAccounts(t.Followers)
	if err != nil {
		return err
	}
	after := &Task{Assignees: without(before, []veranda.AccountID{h.From}), Followers: followers}
	if seen && !slices.Contains(after.Assignees, h.To) {
		after.Assignees = append(after.Assignees, h.To)
		t.follows = len(after.follow(h.To)) > 0
	}
	t.before, t.after = before, list(after.Assignees)
	t.Assignees, t.Followers = joinAccounts(t.after), joinAccounts(after.Followers)
	return nil
}

func reassignBatch(ctx context.Context, tx *veranda.Tx, h *tenancy.Handover, batch []openTask) error {
	db := tx.DB()
	rows, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	if err := tx.Defer(ctx, db.Pick(reassignPostgres, reassignSQLite), h.Org, string(rows), db.Time(h.At)); err != nil {
		return err
	}
	var all, taken, followed []ID
	for i := range batch {
		all = append(all, batch[i].ID)
		if slices.Contains(batch[i].after, h.To) {
			taken = append(taken, batch[i].ID)
		}
		if batch[i].follows {
			followed = append(followed, batch[i].ID)
		}
	}
	for _, change := range []struct {
		text    string
		tasks   []ID
		account veranda.AccountID
	}{
		{db.Pick(dropAssigneesPostgres, dropAssigneesSQLite), all, h.From},
		{db.Pick(addAssigneesPostgres, addAssigneesSQLite), taken, h.To},
		{db.Pick(addFollowersPostgres, addFollowersSQLite), followed, h.To},
	} {
		if len(change.tasks) == 0 {
			continue
		}
		if err := tx.Defer(ctx, change.text, h.Org, encodeList(change.tasks), change.account); err != nil {
			return err
		}
	}
	return nil
}

// event says in the task's history who has it now.
func (t *openTask) event(h *tenancy.Handover) veranda.Event {
	return veranda.Event{
		Org: h.Org, Workspace: t.workspace, Kind: EventTaskUpdated, Subject: t.ID.String(), By: h.By, System: h.System, At: h.At,
		Data: veranda.MarshalData(TaskUpdated{Title: t.title, Changes: []Change{{Field: "assignees", Old: t.before, New: t.after}}}),
	}
}
