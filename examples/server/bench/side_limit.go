package main

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/veranda-go/veranda/internal/database"
	"github.com/veranda-go/veranda/internal/dialect"
)

// limitSide is about as little as a Go program can do for these answers: fiber, database/sql, statements prepared once,
// rows scanned by hand, ids never parsed.
type limitSide struct {
	app            *fiber.App
	writer, reader *sql.DB
	kind           dialect.Kind

	listed, got              *sql.Stmt // on the reader
	inserted, followed, both *sql.Stmt // on the writer; SQLite has the first two, PostgreSQL the last
}

const (
	limitColumns = `id, workspace_id, title, description, state, priority, due_at, assignees, followers, labels, checklist, comment_count,
	created_by, created_at, updated_at, finished_at, finished_by, version`
	limitList   = `SELECT ` + limitColumns + ` FROM veranda_tasks WHERE org_id = $1 AND deleted_at IS NULL AND state = $2 ORDER BY due_sort, id LIMIT $3`
	limitGet    = `SELECT ` + limitColumns + ` FROM veranda_tasks WHERE org_id = $1 AND id = $2`
	limitInsert = `INSERT INTO veranda_tasks (org_id, id, workspace_id, title, description, state, priority, due_at, due_sort,
	assignees, followers, labels, checklist, comment_count, created_by, created_at, updated_at, version, search)
VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, '', $9, '[]', '[]', 0, $10, $11, $11, 1, $12)`
	limitFollow = `INSERT INTO veranda_task_followers (org_id, task_id, account_id) VALUES ($1, $2, $3)`
	// Both rows in one round trip: no transaction of several statements is as fast.
	limitBoth = `WITH task AS (` + limitInsert + ` RETURNING org_id, id, created_by)
INSERT INTO veranda_task_followers (org_id, task_id, account_id) SELECT org_id, id, created_by FROM task`
)

func newLimitSide(o sideOptions) (_ served, err error) {
	s := &limitSide{kind: dialect.SQLite}
	if database.IsPostgres(o.location) {
		s.kind = dialect.Postgres
		config, err := pgx.ParseConfig(o.location)
		if err != nil {
			return nil, err
		}
		s.writer = stdlib.OpenDB(*config)
		s.writer.SetMaxOpenConns(poolSize)
		s.writer.SetMaxIdleConns(poolSize)
		s.reader = s.writer
	} else if s.writer, s.reader, err = openSQLitePair(o.location); err != nil {
		return nil, err
	}
	prepare := func(on *sql.DB, text string, into **sql.Stmt) {
		statement, e := on.Prepare(text)
		*into, err = statement, errors.Join(err, e)
	}
	prepare(s.reader, limitList, &s.listed)
	prepare(s.reader, limitGet, &s.got)
	if s.kind == dialect.Postgres {
		prepare(s.writer, limitBoth, &s.both)
	} else {
		prepare(s.writer, limitInsert, &s.inserted)
		prepare(s.writer, limitFollow, &s.followed)
	}
	if err != nil {
		return nil, err
	}
	s.app = fiber.New(fiber.Config{DisableStartupMessage: true})
	s.app.Get(tasksPath, s.list)
	s.app.Get(taskPath, s.get)
	s.app.Post(createPath, s.create)
	return s, nil
}

func (s *limitSide) serve(l net.Listener) error { return s.app.Listener(l) }

func (s *limitSide) open(context.Context) (int64, error) { return 0, nil }

func (s *limitSide) close() error { return errors.Join(s.writer.Close(), s.reader.Close()) }

func (s *limitSide) list(c *fiber.Ctx) error {
	size, err := strconv.Atoi(c.Query("limit", "50"))
	if err != nil {
		return fiber.ErrBadRequest
	}
	rows, err := s.listed.QueryContext(c.UserContext(), c.Params("org"), c.Query("state", "open"), size+1)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	page := taskPage[string]{Items: make([]task[string], 0, size+1)}
	for rows.Next() {
		t := task[string]{Org: c.Params("org")}
		if err := scanTask(rows, &t); err != nil {
			return err
		}
		page.Items = append(page.Items, t)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(page.Items) > size {
		page.Items = page.Items[:size]
		page.Next = nextPage(page.Items[size-1].DueAt, page.Items[size-1].ID)
	}
	return c.JSON(page)
}

func (s *limitSide) get(c *fiber.Ctx) error {
	t := task[string]{Org: c.Params("org")}
	if err := scanTask(s.got.QueryRowContext(c.UserContext(), c.Params("org"), c.Params("task")), &t); err != nil {
		return err
	}
	return c.JSON(t)
}

func (s *limitSide) create(c *fiber.Ctx) error {
	var in newTask
	if err := c.BodyParser(&in); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	t := task[string]{
		Org: c.Params("org"), ID: id.String(), Workspace: c.Params("workspace"), Title: in.Title, Description: in.Description, State: "open",
		Priority: in.Priority, DueAt: in.DueAt, Assignees: []string{}, Followers: []string{callerID}, Labels: []string{},
		Checklist: []checklistItem{}, CreatedBy: callerID, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if err := s.store(c.UserContext(), &t); err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(t)
}

func (s *limitSide) store(ctx context.Context, t *task[string]) error {
	var due any
	if t.DueAt != nil {
		due = s.kind.Argument(*t.DueAt)
	}
	arguments := []any{t.Org, t.ID, t.Workspace, t.Title, t.Description, t.Priority, due, dueSort(t.DueAt), t.CreatedBy, t.CreatedBy, s.kind.Argument(t.CreatedAt), searchText(t.Title, t.Description)}
	if s.both != nil {
		_, err := s.both.ExecContext(ctx, arguments...)
		return err
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.StmtContext(ctx, s.inserted).ExecContext(ctx, arguments...); err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, s.followed).ExecContext(ctx, t.Org, t.ID, t.CreatedBy); err != nil {
		return err
	}
	return tx.Commit()
}

// scanTask reads limitColumns.
func scanTask(row interface{ Scan(...any) error }, t *task[string]) error {
	var due, created, updated, finished dialect.Time
	var creator, finisher sql.NullString
	var assignees, followers, labels, checklist string
	err := row.Scan(&t.ID, &t.Workspace, &t.Title, &t.Description, &t.State, &t.Priority, &due, &assignees, &followers, &labels, &checklist, &t.Comments,
		&creator, &created, &updated, &finished, &finisher, &t.Version)
	if err != nil {
		return err
	}
	t.DueAt, t.CreatedAt, t.UpdatedAt, t.FinishedAt = optional(due.Time), created.Time, updated.Time, optional(finished.Time)
	t.CreatedBy, t.FinishedBy = creator.String, finisher.String
	t.Assignees, t.Followers = strings.Fields(assignees), strings.Fields(followers)
	if t.Labels, err = decodeList[string](labels); err != nil {
		return err
	}
	t.Checklist, err = decodeList[checklistItem](checklist)
	return err
}
