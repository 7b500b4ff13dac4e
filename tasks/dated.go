package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// DatedInput asks for tasks that lie in a time.
type DatedInput struct {
	Org veranda.OrgID
	// Workspace is the one asked for; zero for all that the caller sees.
	Workspace veranda.WorkspaceID
	// Mine narrows to tasks that are assigned to the caller.
	Mine bool
	// From and To bound the time. Tasks of whole days are given too where they lie less than a day beside it.
	From, To time.Time
	Limit    int
}

// DatedTask is what a calendar shows of a task: work on it takes from its start until it is due. A task with one of the
// two only takes no time, or the day where it has a day.
type DatedTask struct {
	ID        ID
	Workspace veranda.WorkspaceID
	Title     string
	Finished  bool
	// StartsAt and EndsAt bound the time it takes; a day ends when the next one begins in the task's zone.
	StartsAt, EndsAt time.Time
	// StartDate and EndDate are the first and the last day, "2026-11-30", of a task that has days and no times of day; else
	// empty.
	StartDate, EndDate string
	UpdatedAt          time.Time
}

// Three ways lead to what lies in a time. What is due in it or up to a week later is found by that; the index begins with
// the state, so that there are two ranges. What is due later, or at no time, and starts in it is found by its start. What
// starts before and is due later than that takes long, and has an index of its own.
const (
	datedColumns     = `SELECT t.id, t.workspace_id, t.title, t.state, t.due_at, t.start_at, t.schedule, t.updated_at, t.due_sort FROM veranda_tasks t WHERE `
	datedInWorkspace = `t.org_id = $1 AND t.workspace_id = $2`
	// $4 and $5 are the time, $9 a week and $12 a day after it, as due_sort has it; $10 is a day before it and $11 its end.
	datedOpen         = ` AND t.deleted_at IS NULL AND t.state = 'open'` + datedDue
	datedFinished     = ` AND t.deleted_at IS NULL AND t.state = 'finished'` + datedDue
	datedDue          = ` AND t.due_sort >= $4 AND t.due_sort < $9 AND (t.due_sort < $5 OR t.start_at < $11 OR t.due_sort < $12 AND t.schedule LIKE '%"due_day":true%')`
	datedStarting     = ` AND t.deleted_at IS NULL AND t.start_at >= $10 AND t.start_at < $11 AND t.due_sort >= $9`
	datedLong         = ` AND t.deleted_at IS NULL AND t.start_at < $10 AND t.due_sort >= $9 AND t.due_at IS NOT NULL AND `
	longSQLite        = `t.due_sort - t.start_at > 604800000000`
	longPostgres      = `t.due_at - t.start_at > INTERVAL '168 hours'`
	datedMine         = ` AND ($6 = 0 OR EXISTS (SELECT 1 FROM veranda_task_assignees a WHERE a.org_id = t.org_id AND a.task_id = t.id AND a.account_id = $7))`
	datedMinePostgres = ` AND ($6::bigint = 0 OR EXISTS (SELECT 1 FROM veranda_task_assignees a WHERE a.org_id = t.org_id AND a.task_id = t.id AND a.account_id = $7))`
	datedOrder        = ` ORDER BY 9, 1 LIMIT $8`

	// week is what the texts call long; anyDay is longer than the days of all zones.
	week   = 7 * 24 * time.Hour
	anyDay = 26 * time.Hour
)

// datedText puts a text together from constants.
func datedText(head, long, mine string) string {
	return datedColumns + head + datedOpen + mine + ` UNION ALL ` + datedColumns + head + datedFinished + mine +
		` UNION ALL ` + datedColumns + head + datedStarting + mine + ` UNION ALL ` + datedColumns + head + datedLong + long + mine + datedOrder
}

// Dated gives the tasks that lie in a time, by when they are due, for a calendar to show beside its own events. Tasks that
// have neither start nor due moment, and deleted ones, are not among them.
//
// Permission: task.read in the workspace, or of all workspaces the caller sees.
func (s *Service) Dated(ctx context.Context, by veranda.Actor, in DatedInput) ([]DatedTask, error) {
	var scope []any
	var head string
	if !in.Workspace.IsZero() {
		standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermRead)
		if err != nil {
			return nil, err
		}
		// $3 is the third argument of Visible, which is not asked of one workspace.
		head, scope = datedInWorkspace+s.conn.DB().Pick(` AND $3::bigint = 0`, ` AND $3 = 0`), []any{in.Org, in.Workspace, 0}
		return s.dated(ctx, in, head, scope, standing.Account)
	}
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, See: PermRead}); err != nil {
		return nil, err
	}
	if scope, err = s.authz.VisibleArgs(ctx, s.conn, standing); err != nil {
		return nil, err
	}
	head = `t.org_id = $1 AND ` + s.authz.Visible(s.conn.DB().Pick("t.workspace_id", "+t.workspace_id"))
	return s.dated(ctx, in, head, scope, standing.Account)
}

func (s *Service) dated(ctx context.Context, in DatedInput, head string, scope []any, me veranda.AccountID) (list []DatedTask, err error) {
	mine := int64(0)
	if in.Mine {
		mine = 1
	}
	db := s.conn.DB()
	text := datedText(head, db.Pick(longPostgres, longSQLite), db.Pick(datedMinePostgres, datedMine))
	rows, err := s.conn.Query(ctx, text, append(scope, in.From.UnixMicro(), in.To.UnixMicro(), mine, me, in.Limit,
		in.To.Add(week).UnixMicro(), db.Time(in.From.Add(-anyDay)), db.Time(in.To), in.To.Add(anyDay).UnixMicro())...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read what is dated: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t Task
		var due, start dialect.Time
		var schedule string
		var sorted int64
		err := rows.Scan(&t.ID, &t.Workspace, &t.Title, &t.State, &due, &start, &schedule, veranda.Moment(&t.UpdatedAt), &sorted)
		if err == nil {
			t.DueAt, t.StartAt = due.Ptr(), start.Ptr()
			err = t.decodeSchedule(schedule)
		}
		if err != nil {
			return nil, fmt.Errorf("tasks: read what is dated: %w", err)
		}
		list = append(list, t.dated())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: read what is dated: %w", err)
	}
	return list, nil
}

// dated is a task that has a start or a due moment, as a calendar shows it.
func (t *Task) dated() DatedTask {
	d := DatedTask{ID: t.ID, Workspace: t.Workspace, Title: t.Title, Finished: t.State == Finished, UpdatedAt: t.UpdatedAt}
	startOn, dueOn := t.StartOn, t.DueOn
	if t.StartAt == nil {
		t.StartAt, startOn = t.DueAt, dueOn
		if day, err := time.Parse(time.DateOnly, dueOn); err == nil {
			t.StartAt = startOfDay(day, t.zone())
		}
	}
	if t.DueAt == nil {
		t.DueAt, dueOn = t.StartAt, startOn
		if day, err := time.Parse(time.DateOnly, startOn); err == nil {
			t.DueAt = endOfDay(day, t.zone())
		}
	}
	d.StartsAt, d.EndsAt = *t.StartAt, *t.DueAt
	if dueOn != "" {
		d.EndsAt = d.EndsAt.Add(time.Microsecond)
		if startOn != "" {
			d.StartDate, d.EndDate = startOn, dueOn
		}
	}
	return d
}
