package tasks

import (
	"context"
	"errors"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "tasks", "task_comments", "task_labels" and "task_filters"; nil is unlimited.
	Limits veranda.Limits
	// Addresses lets imports and exports name people by their mail addresses; nil: by the ids of their accounts alone.
	Addresses Addresses
	// Files keeps the files that hang on tasks; nil: none can be attached.
	Files *files.Service
}

// Service is the API of tasks. Its methods may be called by several goroutines at once.
//
// Every method answers ErrUnauthenticated to who is not signed in, ErrNotFound where the task does not exist or the
// actor may not see it, ErrForbidden where they see it but may not do that, and an error with the code "invalid" that
// names every bad field. Methods with a Version answer ErrVersion when the task has changed since.
type Service struct {
	conn      veranda.Conn
	authz     veranda.Authorizer
	limits    veranda.Limits
	addresses Addresses
	files     *files.Service
	texts     *texts
}

// texts are the queries that depend on the database or the authorizer, made once.
type texts struct {
	readTask, readComment, readWorkspace, readOrganization veranda.ComposedRead
	readDeleted, readLabel, readFilter                     veranda.ComposedRead

	lock, lockDeleted string
	list              listTexts
}

// New makes the service. It adds a hook to the database: open tasks of who leaves an organization find somebody else.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("tasks: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	s := &Service{conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, addresses: d.Addresses, files: d.Files, texts: &texts{
		readTask:         d.Authz.Compose(veranda.Target{Columns: taskColumns, Join: taskJoin, Workspace: "t.workspace_id"}),
		readComment:      d.Authz.Compose(veranda.Target{Columns: taskColumns + ", " + commentColumns, Join: taskJoin + commentJoin, Workspace: "t.workspace_id"}),
		readWorkspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
		readOrganization: d.Authz.Compose(veranda.Target{}),
		readDeleted:      d.Authz.Compose(veranda.Target{Columns: deletedColumns, Join: deletedJoin, Workspace: "t.workspace_id"}),
		readLabel:        d.Authz.Compose(veranda.Target{Columns: labelColumns, Join: labelJoin, Workspace: "$4"}),
		readFilter:       d.Authz.Compose(veranda.Target{Columns: filterColumns, Join: filterJoin, Workspace: "f.workspace_id"}),
		lock:             d.DB.Pick(lockPostgres, selectTask),
		lockDeleted:      d.DB.Pick(lockDeletedPostgres, selectDeletedTask),
		list:             newListTexts(d.DB, d.Authz),
	}}
	d.DB.Veto(s.handOver())
	return s, nil
}

// WithTx binds the service to a running transaction: what it reads and writes lies in it.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// task reads a task and the actor's standing in its workspace, and asks for a permission. It is one read.
func (s *Service) task(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, permission veranda.Permission) (*veranda.Standing, *Task, error) {
	var row taskRow
	standing, err := s.conn.Read(ctx, s.texts.readTask, by, org, []any{id}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	t, err := row.task(org)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, ask(permission, t, standing)); err != nil {
		return standing, t, err
	}
	return standing, t, s.lookElsewhere(ctx, standing, t)
}

// workspace reads the actor's standing in a workspace and asks for a permission there.
func (s *Service) workspace(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.readWorkspace, by, org, []any{workspace})
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, InWorkspace: true})
}

// ask is the question for a permission on a task. A task with the zero id is one that does not exist.
func ask(permission veranda.Permission, t *Task, standing *veranda.Standing) veranda.Ask {
	assigned := t.assigned(standing.Account)
	return veranda.Ask{
		Permission: permission, InWorkspace: true, Missing: t.ID.IsZero(),
		Assigned: assigned, Own: assigned || t.made(standing.Account),
	}
}

// change is what the methods that change a task have in common. It reads and authorizes outside a transaction, lets
// prepare do what takes longer (nil for nothing), and then, holding the task's row, looks at the permission and the
// version again and lets apply make the change. apply returns nil data when there is nothing to change; else the
// change is stored with a new version and the event emitted.
func (s *Service) change(ctx context.Context, by veranda.Actor, c taskChange) (*Task, error) {
	standing, read, err := s.task(ctx, by, c.org, c.task, c.permission)
	if err != nil {
		return nil, err
	}
	if c.prepare != nil {
		if err := c.prepare(ctx, standing, read); err != nil {
			return nil, err
		}
	}
	after, err := s.changeHolding(ctx, &c, standing, read, c.then != nil && read.entangled())
	if errors.Is(err, errGraph) {
		after, err = s.changeHolding(ctx, &c, standing, read, true)
	}
	return after, err
}

// changeHolding makes a change in a transaction; graph tells whether it holds the organization's graph of tasks.
func (s *Service) changeHolding(ctx context.Context, c *taskChange, standing *veranda.Standing, read *Task, graph bool) (after *Task, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if graph {
			if err := lockGraph(ctx, tx, c.org); err != nil {
				return err
			}
		}
		if c.labels || c.then != nil && read.Recurrence != nil {
			if err := shareLabels(ctx, tx, c.org, read.Workspace); err != nil {
				return err
			}
		}
		before, err := s.lockTask(ctx, tx, s.texts.lock, standing, c.org, c.task, c.permission, c.version)
		if err != nil {
			return err
		}
		if c.then != nil && !graph && (before.entangled() || before.Recurrence != nil && read.Recurrence == nil) {
			read = before
			return errGraph
		}
		now := tx.DB().Now()
		after = before.clone()
		data, err := c.apply(after, standing, now)
		if err != nil || data == nil {
			return err
		}
		after.Version++
		after.UpdatedAt = now
		if err := s.enterLabels(ctx, tx, standing, after.Workspace, without(after.Labels, before.Labels)); err != nil {
			return err
		}
		if err := updateTask(ctx, tx, before, after); err != nil {
			return err
		}
		event := taskEvent(c.event, after, standing, now, data)
		if err := keepDescription(ctx, tx, before, after, &event); err != nil {
			return err
		}
		tx.Emit(event)
		if c.then == nil {
			return nil
		}
		if err := c.then(ctx, tx, before, after, standing, now); err != nil || !graph {
			return err
		}
		after, err = selectOne(ctx, tx, selectTask, c.org, c.task)
		return err
	})
	if err != nil {
		return nil, err
	}
	return after, s.lookElsewhere(ctx, standing, after)
}

// taskChange is what distinguishes the methods that change a task.
type taskChange struct {
	org        veranda.OrgID
	task       ID
	version    int64
	permission veranda.Permission
	event      string
	labels     bool // the change may put labels on the task
	prepare    func(ctx context.Context, standing *veranda.Standing, t *Task) error
	apply      func(t *Task, standing *veranda.Standing, now time.Time) (data any, err error)
	// then does what the change means for other tasks, when it is stored; an error undoes it. The graph is held where the
	// task hangs together with others.
	then func(ctx context.Context, tx *veranda.Tx, before, after *Task, standing *veranda.Standing, now time.Time) error
}

// lockTask reads a task within a transaction and holds its row, so that nobody changes it until the commit. What was
// true outside the transaction is asked again of the row as it is now.
func (s *Service) lockTask(ctx context.Context, tx *veranda.Tx, text string, standing *veranda.Standing, org veranda.OrgID, id ID, permission veranda.Permission, version int64) (*Task, error) {
	t, err := selectOne(ctx, tx, text, org, id)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, ask(permission, t, standing)); err != nil {
		return nil, err
	}
	if version != 0 && version != t.Version {
		return nil, veranda.ErrVersion
	}
	return t, nil
}
