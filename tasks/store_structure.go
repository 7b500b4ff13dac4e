package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// structureRow are the columns of structureColumns.
type structureRow struct {
	parent                                ID
	subOpen, subTotal                     int64
	blockedHere, blockedElsewhere, blocks int64
	startAt                               dialect.Time
	schedule                              string
	series                                SeriesID
	rank                                  string
	stage                                 StageID
	boardRank                             string
}

const (
	structureColumns = `t.parent_id, t.sub_open, t.sub_total, t.blocked_here, t.blocked_elsewhere, t.blocking, t.start_at, t.schedule, t.series_id, t.rank, t.stage_id, t.board_rank`

	// Whoever changes how tasks hang together waits for whoever else does in the organization. SQLite has one writer.
	lockGraphText   = `SELECT 1 FROM veranda_task_graphs WHERE org_id = $1 FOR NO KEY UPDATE`
	insertGraphText = `INSERT INTO veranda_task_graphs (org_id) VALUES ($1) ON CONFLICT DO NOTHING`

	insertChildText = `INSERT INTO veranda_task_children (org_id, task_id, parent_id) VALUES ($1, $2, $3)
ON CONFLICT (org_id, task_id) DO UPDATE SET parent_id = excluded.parent_id`
	deleteChildText = `DELETE FROM veranda_task_children WHERE org_id = $1 AND task_id = $2`

	insertDependencyText = `INSERT INTO veranda_task_dependencies (org_id, blocked_id, blocker_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	deleteDependencyText = `DELETE FROM veranda_task_dependencies WHERE org_id = $1 AND (blocked_id = $2 AND blocker_id = $3 OR blocked_id = $3 AND blocker_id = $2)`

	// The counts in the row are what the tables say, whatever was in it.
	countSubtasksText = `UPDATE veranda_tasks SET
	sub_total = (SELECT count(*) FROM veranda_task_children c JOIN veranda_tasks o ON o.org_id = c.org_id AND o.id = c.task_id
		WHERE c.org_id = $1 AND c.parent_id = $2 AND o.deleted_at IS NULL),
	sub_open = (SELECT count(*) FROM veranda_task_children c JOIN veranda_tasks o ON o.org_id = c.org_id AND o.id = c.task_id
		WHERE c.org_id = $1 AND c.parent_id = $2 AND o.deleted_at IS NULL AND o.state = 'open')
WHERE org_id = $1 AND id = $2`
	countWaitingText = `UPDATE veranda_tasks SET
	blocked_here = (SELECT count(*) FROM veranda_task_dependencies d JOIN veranda_tasks o ON o.org_id = d.org_id AND o.id = d.blocker_id
		WHERE d.org_id = $1 AND d.blocked_id = veranda_tasks.id AND o.deleted_at IS NULL AND o.state = 'open' AND o.workspace_id = veranda_tasks.workspace_id),
	blocked_elsewhere = (SELECT count(*) FROM veranda_task_dependencies d JOIN veranda_tasks o ON o.org_id = d.org_id AND o.id = d.blocker_id
		WHERE d.org_id = $1 AND d.blocked_id = veranda_tasks.id AND o.deleted_at IS NULL AND o.state = 'open' AND o.workspace_id <> veranda_tasks.workspace_id),
	blocking = (SELECT count(*) FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocker_id = veranda_tasks.id)
WHERE org_id = $1 AND id IN (`
	countWaitingPostgres = countWaitingText + `SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	countWaitingSQLite   = countWaitingText + `SELECT value FROM json_each($2))`

	selectBlockedByText = `SELECT d.blocked_id FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocker_id = $2`

	// What is reached from a task by going from blocker to blocked.
	selectReachedText = `WITH RECURSIVE reached (id) AS (
	SELECT d.blocked_id FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocker_id = $2
	UNION
	SELECT d.blocked_id FROM reached r JOIN veranda_task_dependencies d ON d.org_id = $1 AND d.blocker_id = r.id
)
SELECT d.blocker_id, d.blocked_id FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocker_id = $2
UNION
SELECT d.blocker_id, d.blocked_id FROM reached r JOIN veranda_task_dependencies d ON d.org_id = $1 AND d.blocker_id = r.id`

	// The tasks above one, the nearest first.
	selectAboveText = `WITH RECURSIVE above (id, depth) AS (
	SELECT c.parent_id, 1 FROM veranda_task_children c WHERE c.org_id = $1 AND c.task_id = $2
	UNION ALL
	SELECT c.parent_id, a.depth + 1 FROM above a JOIN veranda_task_children c ON c.org_id = $1 AND c.task_id = a.id WHERE a.depth < 100
)
SELECT id FROM above ORDER BY depth`

	treeText = `WITH RECURSIVE beneath (id, depth) AS (
	SELECT c.task_id, 1 FROM veranda_task_children c WHERE c.org_id = $1 AND c.parent_id = $2
	UNION ALL
	SELECT c.task_id, b.depth + 1 FROM beneath b JOIN veranda_task_children c ON c.org_id = $1 AND c.parent_id = b.id WHERE b.depth < 100
)
SELECT ` + taskColumns + `, b.depth FROM beneath b JOIN veranda_tasks t ON t.org_id = $1 AND t.id = b.id`
	// Rows are held in the order of their ids, as everything that holds several does.
	selectTreeText   = treeText + ` WHERE t.deleted_at IS NULL ORDER BY t.id`
	lockTreePostgres = selectTreeText + ` FOR NO KEY UPDATE OF t`
	// Those that were deleted at the same moment as the one above them.
	selectDeletedTreeText = treeText + ` WHERE t.deleted_at = $3 ORDER BY t.id`
	selectSubtreeEdge     = `SELECT d.blocker_id, d.blocked_id FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocked_id IN (`
	edgesPostgres         = selectSubtreeEdge + `SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	edgesSQLite           = selectSubtreeEdge + `SELECT value FROM json_each($2))`

	countDependenciesText = `SELECT (SELECT count(*) FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocked_id = $2),
	(SELECT count(*) FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocker_id = $3),
	(SELECT count(*) FROM veranda_task_dependencies d WHERE d.org_id = $1 AND d.blocked_id = $2 AND d.blocker_id = $3)`

	linkedColumns = `SELECT t.id, t.workspace_id, t.title, t.state FROM veranda_task_dependencies d CROSS JOIN veranda_tasks t WHERE d.org_id = $1 AND t.org_id = $1 AND t.deleted_at IS NULL AND `
	linkedBlocker = ` AND d.blocked_id = $4 AND t.id = d.blocker_id ORDER BY t.id`
	linkedBlocked = ` AND d.blocker_id = $4 AND t.id = d.blocked_id ORDER BY t.id`

	waitingColumns  = `SELECT DISTINCT d.blocked_id FROM veranda_task_dependencies d CROSS JOIN veranda_tasks t WHERE d.org_id = $1 AND t.org_id = $1 AND t.id = d.blocker_id AND t.state = 'open' AND t.deleted_at IS NULL AND `
	waitingPostgres = ` AND d.blocked_id IN (SELECT value::uuid FROM jsonb_array_elements_text($4::jsonb))`
	waitingSQLite   = ` AND d.blocked_id IN (SELECT value FROM json_each($4))`

	titlesColumns  = `SELECT t.id, t.title FROM veranda_tasks t WHERE t.org_id = $1 AND t.deleted_at IS NULL AND `
	titlesPostgres = ` AND t.id IN (SELECT value::uuid FROM jsonb_array_elements_text($4::jsonb))`
	titlesSQLite   = ` AND t.id IN (SELECT value FROM json_each($4))`
)

func (r *structureRow) destinations() []any {
	return []any{
		&r.parent, &r.subOpen, &r.subTotal, &r.blockedHere, &r.blockedElsewhere, &r.blocks, &r.startAt, &r.schedule, &r.series, &r.rank, &r.stage, &r.boardRank,
	}
}

// into puts the columns into the task whose other columns are read.
func (r *structureRow) into(t *Task) error {
	t.StartAt, t.Series = r.startAt.Ptr(), r.series
	t.Structure = Structure{
		Parent: r.parent, Blocked: r.blockedHere > 0, Stage: r.stage, Rank: r.rank, BoardRank: r.boardRank,
		Waiting: Waiting{Here: r.blockedHere, Elsewhere: r.blockedElsewhere, Blocking: r.blocks},
	}
	if r.subTotal > 0 {
		t.Subtasks = &SubtaskCount{Open: r.subOpen, Total: r.subTotal}
	}
	if err := t.decodeSchedule(r.schedule); err != nil {
		return fmt.Errorf("tasks: schedule of task %s: %w", t.ID, err)
	}
	return nil
}

func optionalID[Kind any](id veranda.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id
}

// lockGraph holds the organization's tasks as far as they hang together. It comes before the rows of tasks, or two
// transactions would wait for each other.
func lockGraph(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) error {
	if tx.DB().Embedded() {
		return nil
	}
	for range 2 {
		n, err := tx.Exec(ctx, lockGraphText, org)
		if err != nil {
			return fmt.Errorf("tasks: hold the graph: %w", err)
		}
		if n > 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, insertGraphText, org); err != nil {
			return fmt.Errorf("tasks: hold the graph: %w", err)
		}
	}
	return nil
}

// countSubtasks counts the sub-tasks of a task anew.
func countSubtasks(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, parent ID) error {
	if parent.IsZero() {
		return nil
	}
	if err := tx.Defer(ctx, countSubtasksText, org, parent); err != nil {
		return fmt.Errorf("tasks: count sub-tasks: %w", err)
	}
	return nil
}

// countWaiting counts anew what tasks wait for and what waits for them.
func countWaiting(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, ids ...ID) error {
	if len(ids) == 0 {
		return nil
	}
	if err := tx.Defer(ctx, tx.DB().Pick(countWaitingPostgres, countWaitingSQLite), org, encodeList(ids)); err != nil {
		return fmt.Errorf("tasks: count dependencies: %w", err)
	}
	return nil
}

// selectIDs reads a column of ids.
func selectIDs(ctx context.Context, tx *veranda.Tx, text string, args ...any) (ids []ID, err error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read ids: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("tasks: read ids: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// edge says that a task waits for another.
type edge struct{ blocker, blocked ID }

func selectEdges(ctx context.Context, tx *veranda.Tx, text string, args ...any) (edges []edge, err error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read dependencies: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var e edge
		if err := rows.Scan(&e.blocker, &e.blocked); err != nil {
			return nil, fmt.Errorf("tasks: read dependencies: %w", err)
		}
		edges = append(edges, e)
	}
	return edges, rows.Err()
}

// branch is a task beneath another, and how deep.
type branch struct {
	Task
	depth int
}

// selectTree reads and holds the tasks beneath a task, those above before those beneath them, each level in its order.
func selectTree(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID) ([]branch, error) {
	return scanTree(ctx, tx, org, tx.DB().Pick(lockTreePostgres, selectTreeText), org, id)
}

// selectDeletedTree reads the tasks beneath a task that were deleted with it.
func selectDeletedTree(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID, at time.Time) ([]branch, error) {
	return scanTree(ctx, tx, org, selectDeletedTreeText, org, id, tx.DB().Time(at))
}

func scanTree(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, text string, args ...any) ([]branch, error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read sub-tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var tree []branch
	for rows.Next() {
		var row taskRow
		var depth int
		if err := rows.Scan(append(row.destinations(), &depth)...); err != nil {
			return nil, fmt.Errorf("tasks: read sub-tasks: %w", err)
		}
		t, err := row.task(org)
		if err != nil {
			return nil, err
		}
		tree = append(tree, branch{*t, depth})
	}
	slices.SortStableFunc(tree, func(a, b branch) int {
		if a.depth != b.depth {
			return a.depth - b.depth
		}
		return strings.Compare(a.Rank, b.Rank)
	})
	return tree, rows.Err()
}

// visibly runs a text that ends with the condition of what the actor sees, and gives its rows to scan. head and tail are
// constants; argument is the tail's $4.
func (s *Service) visibly(ctx context.Context, standing *veranda.Standing, head, tail string, argument any, scan func(func(...any) error) error) error {
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return err
	}
	//sql:built the condition is the authorizer's own text
	rows, err := s.conn.Query(ctx, head+s.authz.Visible("t.workspace_id")+tail, append(slices.Clone(args), argument)...)
	if err != nil {
		return fmt.Errorf("tasks: read linked tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return fmt.Errorf("tasks: read linked tasks: %w", err)
		}
	}
	return rows.Err()
}

// linked reads the tasks at one end of a task's dependencies, as far as the actor sees them.
func (s *Service) linked(ctx context.Context, standing *veranda.Standing, tail string, id ID) ([]LinkedTask, error) {
	found := []LinkedTask{}
	err := s.visibly(ctx, standing, linkedColumns, tail, id, func(scan func(...any) error) error {
		var t LinkedTask
		err := scan(&t.ID, &t.Workspace, &t.Title, &t.State)
		found = append(found, t)
		return err
	})
	return found, err
}

// lookElsewhere says of tasks that wait for tasks in other workspaces whether the actor sees one of those; the other
// tasks, nearly all, are known to the rows themselves.
func (s *Service) lookElsewhere(ctx context.Context, standing *veranda.Standing, list ...*Task) error {
	var asked []ID
	for _, t := range list {
		if !t.Blocked && t.Waiting.Elsewhere > 0 {
			asked = append(asked, t.ID)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	waiting := map[ID]bool{}
	err := s.visibly(ctx, standing, waitingColumns, s.conn.DB().Pick(waitingPostgres, waitingSQLite), encodeList(asked), func(scan func(...any) error) error {
		var id ID
		err := scan(&id)
		waiting[id] = true
		return err
	})
	for _, t := range list {
		t.Blocked = t.Blocked || waiting[t.ID]
	}
	return err
}

// titles are the titles of those of some tasks that the actor sees.
func (s *Service) titles(ctx context.Context, standing *veranda.Standing, ids []ID) (map[ID]string, error) {
	titles := map[ID]string{}
	err := s.visibly(ctx, standing, titlesColumns, s.conn.DB().Pick(titlesPostgres, titlesSQLite), encodeList(ids), func(scan func(...any) error) error {
		var id ID
		var title string
		err := scan(&id, &title)
		titles[id] = title
		return err
	})
	return titles, err
}
