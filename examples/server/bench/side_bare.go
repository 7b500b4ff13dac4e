package main

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/veranda-go/veranda/internal/database"
	"github.com/veranda-go/veranda/internal/dialect"
)

// bareSide is the program as one writes it by hand with fiber and bun, without sign-in, permissions, events and all that.
type bareSide struct {
	app            *fiber.App
	writer, reader *bun.DB
	caller         uuid.UUID
}

// bareTask is a row of the table.
type bareTask struct {
	bun.BaseModel `bun:"table:veranda_tasks,alias:t"`

	OrgID       uuid.UUID       `bun:"org_id,pk,type:uuid"`
	ID          uuid.UUID       `bun:"id,pk,type:uuid"`
	WorkspaceID uuid.UUID       `bun:"workspace_id,type:uuid"`
	Title       string          `bun:"title"`
	Description string          `bun:"description"`
	State       string          `bun:"state"`
	Priority    int             `bun:"priority"`
	DueAt       dialect.Time    `bun:"due_at"`
	DueSort     int64           `bun:"due_sort"`
	Assignees   string          `bun:"assignees"`
	Followers   string          `bun:"followers"`
	Labels      []string        `bun:"labels,type:text"`
	Checklist   []checklistItem `bun:"checklist,type:text"`
	Comments    int64           `bun:"comment_count"`
	CreatedBy   uuid.UUID       `bun:"created_by,type:uuid,nullzero"`
	CreatedAt   dialect.Time    `bun:"created_at"`
	UpdatedAt   dialect.Time    `bun:"updated_at"`
	FinishedAt  dialect.Time    `bun:"finished_at"`
	FinishedBy  uuid.UUID       `bun:"finished_by,type:uuid,nullzero"`
	Version     int64           `bun:"version"`
	Search      string          `bun:"search"`
}

type bareFollower struct {
	bun.BaseModel `bun:"table:veranda_task_followers,alias:f"`

	OrgID     uuid.UUID `bun:"org_id,pk,type:uuid"`
	TaskID    uuid.UUID `bun:"task_id,pk,type:uuid"`
	AccountID uuid.UUID `bun:"account_id,pk,type:uuid"`
}

func newBareSide(o sideOptions) (served, error) {
	s := &bareSide{}
	var err error
	if s.caller, err = uuid.Parse(callerID); err != nil {
		return nil, err
	}
	if database.IsPostgres(o.location) {
		err = s.openPostgres(o.location)
	} else {
		err = s.openSQLite(o.location)
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

// openPostgres does what bun's documentation advises: no statement is prepared, for bun writes arguments into the text.
func (s *bareSide) openPostgres(location string) error {
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(poolSize)
	pool.SetMaxIdleConns(poolSize)
	s.writer = bun.NewDB(pool, pgdialect.New())
	s.reader = s.writer
	return nil
}

func (s *bareSide) openSQLite(location string) error {
	write, read, err := openSQLitePair(location)
	if err != nil {
		return err
	}
	s.writer, s.reader = bun.NewDB(write, sqlitedialect.New()), bun.NewDB(read, sqlitedialect.New())
	return nil
}

func (s *bareSide) serve(l net.Listener) error { return s.app.Listener(l) }

func (s *bareSide) open(context.Context) (int64, error) { return 0, nil }

func (s *bareSide) close() error {
	if err := s.writer.Close(); err != nil || s.reader == s.writer {
		return err
	}
	return s.reader.Close()
}

func (s *bareSide) list(c *fiber.Ctx) error {
	org, err := uuid.Parse(c.Params("org"))
	if err != nil {
		return fiber.ErrNotFound
	}
	size, err := strconv.Atoi(c.Query("limit", "50"))
	if err != nil {
		return fiber.ErrBadRequest
	}
	var rows []bareTask
	err = s.reader.NewSelect().Model(&rows).ExcludeColumn("search").
		Where("t.org_id = ?", org).Where("t.deleted_at IS NULL").Where("t.state = ?", c.Query("state", "open")).
		OrderExpr("t.due_sort, t.id").Limit(int64(size + 1)).Scan(c.UserContext())
	if err != nil {
		return err
	}
	page := taskPage[uuid.UUID]{Items: make([]task[uuid.UUID], 0, len(rows))}
	for i := range rows {
		if i == size {
			last := page.Items[i-1]
			page.Next = nextPage(last.DueAt, last.ID.String())
			break
		}
		one, err := rows[i].task()
		if err != nil {
			return err
		}
		page.Items = append(page.Items, one)
	}
	return c.JSON(page)
}

func (s *bareSide) get(c *fiber.Ctx) error {
	org, err := uuid.Parse(c.Params("org"))
	if err != nil {
		return fiber.ErrNotFound
	}
	id, err := uuid.Parse(c.Params("task"))
	if err != nil {
		return fiber.ErrNotFound
	}
	var row bareTask
	if err := s.reader.NewSelect().Model(&row).ExcludeColumn("search").Where("t.org_id = ?", org).Where("t.id = ?", id).Scan(c.UserContext()); err != nil {
		return err
	}
	one, err := row.task()
	if err != nil {
		return err
	}
	return c.JSON(one)
}

func (s *bareSide) create(c *fiber.Ctx) error {
	org, err := uuid.Parse(c.Params("org"))
	if err != nil {
		return fiber.ErrNotFound
	}
	var in newTask
	if err := c.BodyParser(&in); err != nil {
		return err
	}
	workspace, err := uuid.Parse(c.Params("workspace"))
	if err != nil {
		return fiber.ErrNotFound
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	now := dialect.At(time.Now())
	row := bareTask{
		OrgID: org, ID: id, WorkspaceID: workspace, Title: in.Title, Description: in.Description, State: "open", Priority: in.Priority,
		DueAt: dialect.AtPtr(in.DueAt), DueSort: dueSort(in.DueAt), Followers: callerID, Labels: []string{}, Checklist: []checklistItem{},
		CreatedBy: s.caller, CreatedAt: now, UpdatedAt: now, Version: 1, Search: searchText(in.Title, in.Description),
	}
	err = s.writer.RunInTx(c.UserContext(), nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewInsert().Model(&bareFollower{OrgID: org, TaskID: id, AccountID: s.caller}).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	one, err := row.task()
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(one)
}

// task is the row as it is answered.
func (r *bareTask) task() (t task[uuid.UUID], err error) {
	t = task[uuid.UUID]{
		Org: r.OrgID, ID: r.ID, Workspace: r.WorkspaceID, Title: r.Title, Description: r.Description, State: r.State, Priority: r.Priority,
		DueAt: r.DueAt.Ptr(), Labels: present(r.Labels), Checklist: present(r.Checklist), Comments: r.Comments,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
		FinishedAt: r.FinishedAt.Ptr(), FinishedBy: r.FinishedBy, Version: r.Version,
	}
	if t.Assignees, err = parseIDs(r.Assignees); err != nil {
		return t, err
	}
	t.Followers, err = parseIDs(r.Followers)
	return t, err
}

func parseIDs(text string) ([]uuid.UUID, error) {
	ids := []uuid.UUID{}
	for _, field := range strings.Fields(text) {
		id, err := uuid.Parse(field)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
