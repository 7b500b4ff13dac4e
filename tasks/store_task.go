package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// taskRow is a row of veranda_tasks as the hot reads scan it, by hand and in the order of taskColumns.
type taskRow struct {
	id                                      ID
	workspace                               veranda.WorkspaceID
	title, description, state               string
	priority                                int64
	dueAt                                   dialect.Time
	assignees, followers, labels, checklist string
	comments                                int64
	createdBy                               veranda.AccountID
	createdAt, updatedAt, finishedAt        dialect.Time
	finishedBy                              veranda.AccountID
	version                                 int64
	structureRow
}

const (
	taskColumns = `t.id, t.workspace_id, t.title, t.description, t.state, t.priority, t.due_at,
	t.assignees, t.followers, t.labels, t.checklist, t.comment_count,
	t.created_by, t.created_at, t.updated_at, t.finished_at, t.finished_by, t.version, ` + structureColumns
	taskJoin = `LEFT JOIN veranda_tasks t ON t.org_id = $2 AND t.id = $4 AND t.deleted_at IS NULL`

	selectTask = `SELECT ` + taskColumns + ` FROM veranda_tasks t WHERE t.org_id = $1 AND t.id = $2 AND t.deleted_at IS NULL`
	// A comment's foreign key goes well with this kind of lock.
	lockPostgres = selectTask + ` FOR NO KEY UPDATE`

	insertTaskText = `INSERT INTO veranda_tasks (org_id, id, workspace_id, title, description, state, priority, due_at, due_sort,
	assignees, followers, labels, checklist, comment_count, created_by, created_at, updated_at, finished_at, finished_by, version, search,
	parent_id, sub_open, sub_total, start_at, schedule, series_id, rank, stage_id, board_rank)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24, $25, $26, $27, $28, $29)`
	updateTaskText = `UPDATE veranda_tasks SET title = $3, description = $4, state = $5, priority = $6, due_at = $7, due_sort = $8,
	assignees = $9, followers = $10, labels = $11, checklist = $12, updated_at = $13, finished_at = $14, finished_by = $15, version = $16, search = $17,
	parent_id = $18, start_at = $19, schedule = $20, series_id = $21, stage_id = $22, board_rank = $23
WHERE org_id = $1 AND id = $2`
	deleteTaskText = `DELETE FROM veranda_tasks WHERE org_id = $1 AND id = $2`
)

// destinations are where a row of taskColumns goes.
func (r *taskRow) destinations() []any {
	return append([]any{
		&r.id, &r.workspace, &r.title, &r.description, &r.state, &r.priority, &r.dueAt,
		&r.assignees, &r.followers, &r.labels, &r.checklist, &r.comments,
		&r.createdBy, &r.createdAt, &r.updatedAt, &r.finishedAt, &r.finishedBy, &r.version,
	}, r.structureRow.destinations()...)
}

// task is the row as the API shows it. A row that was not found is a task with the zero id.
func (r *taskRow) task(org veranda.OrgID) (*Task, error) {
	t := &Task{
		Org: org, ID: r.id, Workspace: r.workspace, Title: r.title, Description: r.description,
		State: State(r.state), Priority: int(r.priority), DueAt: r.dueAt.Ptr(), Comments: r.comments,
		CreatedBy: r.createdBy, CreatedAt: r.createdAt.Time, UpdatedAt: r.updatedAt.Time,
		FinishedAt: r.finishedAt.Ptr(), FinishedBy: r.finishedBy, Version: r.version,
	}
	var err error
	if t.Assignees, err = splitAccounts(r.assignees); err != nil {
		return nil, fmt.Errorf("tasks: assignees of task %s: %w", r.id, err)
	}
	if t.Followers, err = splitAccounts(r.followers); err != nil {
		return nil, fmt.Errorf("tasks: followers of task %s: %w", r.id, err)
	}
	if t.Labels, err = decodeStrings(r.labels); err != nil {
		return nil, fmt.Errorf("tasks: labels of task %s: %w", r.id, err)
	}
	if t.Checklist, err = decodeList[ChecklistItem](r.checklist); err != nil {
		return nil, fmt.Errorf("tasks: checklist of task %s: %w", r.id, err)
	}
	return t, r.structureRow.into(t)
}

// clone is a copy whose lists can be changed.
func (t *Task) clone() *Task {
	c := *t
	c.Assignees, c.Followers = slices.Clone(t.Assignees), slices.Clone(t.Followers)
	c.Labels, c.Checklist = slices.Clone(t.Labels), slices.Clone(t.Checklist)
	c.Recurrence = t.Recurrence.clone()
	return &c
}

// selectOne reads a task within a transaction; a task that does not exist has the zero id.
func selectOne(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, id ID) (*Task, error) {
	rows, err := tx.Query(ctx, text, org, id)
	if err != nil {
		return nil, fmt.Errorf("tasks: lock task: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var row taskRow
	if rows.Next() {
		if err := rows.Scan(row.destinations()...); err != nil {
			return nil, fmt.Errorf("tasks: lock task: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: lock task: %w", err)
	}
	return row.task(org)
}

// insertTask stores a new task and all that is found by. No result is needed, so all of it travels with the commit.
func insertTask(ctx context.Context, tx *veranda.Tx, t *Task) error {
	db := tx.DB()
	err := tx.Defer(ctx, insertTaskText,
		t.Org, t.ID, t.Workspace, t.Title, t.Description, string(t.State), t.Priority, optionalMoment(db, t.DueAt), dueSort(t.DueAt),
		joinAccounts(t.Assignees), joinAccounts(t.Followers), encodeList(t.Labels), encodeList(t.Checklist),
		optionalAccount(t.CreatedBy), db.Time(t.CreatedAt), db.Time(t.UpdatedAt), optionalMoment(db, t.FinishedAt), optionalAccount(t.FinishedBy),
		t.Version, searchText(t),
		optionalID(t.Parent), t.Subtasks.open(), t.Subtasks.total(), optionalMoment(db, t.StartAt), t.encodeSchedule(), optionalID(t.Series), t.Rank, optionalID(t.Stage), t.BoardRank)
	if err != nil {
		return fmt.Errorf("tasks: insert task: %w", err)
	}
	return storeChildren(ctx, tx, &Task{}, t)
}

// updateTask stores what changed between two states of a task whose row the transaction holds.
func updateTask(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	db := tx.DB()
	err := tx.Defer(ctx, updateTaskText,
		after.Org, after.ID, after.Title, after.Description, string(after.State), after.Priority, optionalMoment(db, after.DueAt), dueSort(after.DueAt),
		joinAccounts(after.Assignees), joinAccounts(after.Followers), encodeList(after.Labels), encodeList(after.Checklist),
		db.Time(after.UpdatedAt), optionalMoment(db, after.FinishedAt), optionalAccount(after.FinishedBy),
		after.Version, searchText(after),
		optionalID(after.Parent), optionalMoment(db, after.StartAt), after.encodeSchedule(), optionalID(after.Series), optionalID(after.Stage), after.BoardRank)
	if err != nil {
		return fmt.Errorf("tasks: update task: %w", err)
	}
	if err := moveReminders(ctx, tx, before, after); err != nil {
		return err
	}
	return storeChildren(ctx, tx, before, after)
}

// purgeTask takes a task whose row the transaction holds away for good, and all that hangs on it. Descriptions and imports
// go with the row.
func purgeTask(ctx context.Context, tx *veranda.Tx, t *Task) error {
	for _, text := range []string{deleteCommentsText, deleteAssigneesText, deleteFollowersText, deleteLabelsText, deleteTaskText} {
		if err := tx.Defer(ctx, text, t.Org, t.ID); err != nil {
			return fmt.Errorf("tasks: purge task: %w", err)
		}
	}
	return nil
}

// searchText is what a search looks at.
func searchText(t *Task) string { return fold(t.Title + "\n" + t.Description) }

// joinAccounts writes ids separated by spaces: an order of magnitude cheaper to read than JSON, fifty times in a list.
func joinAccounts(accounts []veranda.AccountID) string {
	var b strings.Builder
	for i, account := range accounts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(account.String())
	}
	return b.String()
}

func splitAccounts(text string) ([]veranda.AccountID, error) {
	accounts := []veranda.AccountID{}
	for field := range strings.FieldsSeq(text) {
		var account veranda.AccountID
		if err := account.UnmarshalText([]byte(field)); err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// emptyList is a list without elements as it is stored.
const emptyList = "[]"

func encodeList[T any](list []T) string {
	if len(list) == 0 {
		return emptyList
	}
	text, err := json.Marshal(list)
	if err != nil { // lists of strings and of plain structs always marshal
		panic(err)
	}
	return string(text)
}

func decodeList[T any](text string) ([]T, error) {
	list := []T{}
	if text == "" || text == emptyList {
		return list, nil
	}
	return list, json.Unmarshal([]byte(text), &list)
}

// decodeStrings is decodeList for texts: without a backslash a JSON string holds no quote, so the list is cut at them.
// Lists of tasks decode one for each row.
func decodeStrings(text string) ([]string, error) {
	if inner, ok := strings.CutPrefix(text, `["`); ok && !strings.ContainsRune(text, '\\') {
		if inner, ok = strings.CutSuffix(inner, `"]`); ok {
			return strings.Split(inner, `","`), nil
		}
	}
	return decodeList[string](text)
}

func optionalAccount(account veranda.AccountID) any {
	if account.IsZero() {
		return nil
	}
	return account
}

func optionalMoment(db *veranda.DB, moment *time.Time) any {
	if moment == nil {
		return nil
	}
	return db.Time(*moment)
}
