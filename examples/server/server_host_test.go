package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

// host is a program that has a database of its own, opened as it would without Veranda, and embeds people, workspaces and
// tasks on it.
type host struct {
	handle    *bun.DB
	location  string
	db        *veranda.DB
	services  *services
	owner     veranda.Actor
	org       veranda.OrgID
	workspace veranda.WorkspaceID
}

// order is the host's own table.
type order struct {
	bun.BaseModel `bun:"table:host_orders"`
	Number        string `bun:"number,pk"`
	Task          string `bun:"task_id,notnull"`
}

// engineOf is the database of a stack.
func engineOf(s *stack) verandatest.Engine {
	if s.name == "postgres" {
		return verandatest.Postgres
	}
	return verandatest.SQLite
}

// plainHandle opens a database as a host does.
func plainHandle(t *testing.T, engine verandatest.Engine, location string) *bun.DB {
	t.Helper()
	var handle *bun.DB
	if engine == verandatest.Postgres {
		pool, err := sql.Open("pgx", location)
		if err != nil {
			t.Fatal(err)
		}
		pool.SetMaxOpenConns(8)
		handle = bun.NewDB(pool, pgdialect.New())
	} else {
		pool, err := sql.Open("sqlite", "file:"+location+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		handle = bun.NewDB(pool, sqlitedialect.New())
	}
	t.Cleanup(func() {
		if err := handle.Close(); err != nil {
			t.Error(err)
		}
	})
	return handle
}

func settingsOf(t *testing.T, lines ...string) *config.Config {
	t.Helper()
	settings, err := config.Load(func(name string) string {
		for _, line := range lines {
			if key, value, _ := strings.Cut(line, "="); key == name {
				return value
			}
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := settings.Prepare(); err != nil {
		t.Fatal(err)
	}
	return settings
}

func newHost(t *testing.T, s *stack) *host {
	t.Helper()
	ctx := context.Background()
	h := &host{location: verandatest.Location(t, engineOf(s), modules())}
	h.handle = plainHandle(t, engineOf(s), h.location)
	var err error
	if h.db, err = veranda.New(ctx, h.handle, veranda.WithLog(slog.New(slog.DiscardHandler))); err != nil {
		t.Fatal(err)
	}
	if h.services, err = newServices(ctx, h.db, settingsOf(t, "DATA_DIR="+t.TempDir()), nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.handle.NewCreateTable().Model((*order)(nil)).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	account := veranda.NewAccountID()
	h.owner = veranda.AccountActor(account)
	if err := h.services.tenancy.MapAccount(ctx, tenancy.MapAccountInput{ID: account, Name: "Hanna Host", Address: newAddress("Hanna")}); err != nil {
		t.Fatal(err)
	}
	org, err := h.services.tenancy.CreateOrganization(ctx, h.owner, tenancy.CreateOrganizationInput{Kind: tenancy.KindOrganization, Name: "Host"})
	if err != nil {
		t.Fatal(err)
	}
	room, err := h.services.workspaces.Create(ctx, h.owner, workspace.CreateInput{Org: org.ID, Name: "Workshop", Open: true})
	if err != nil {
		t.Fatal(err)
	}
	h.org, h.workspace = org.ID, room.ID
	return h
}

func (h *host) createTask(ctx context.Context, tx *veranda.Tx, title string) (*tasks.Task, error) {
	return h.services.tasks.WithTx(tx).Create(ctx, h.owner, tasks.CreateInput{Org: h.org, Workspace: h.workspace, Title: title})
}

// kept is what is stored: numbers of orders, titles of tasks, kinds of events about tasks.
type kept struct{ Orders, Tasks, Events []string }

func (h *host) kept(t *testing.T) kept {
	t.Helper()
	k := kept{}
	if err := h.handle.NewSelect().Model((*order)(nil)).Column("number").Order("number").Scan(context.Background(), &k.Orders); err != nil {
		t.Fatal(err)
	}
	list, err := h.services.tasks.List(context.Background(), h.owner, tasks.ListInput{Org: h.org})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range list.Items {
		k.Tasks = append(k.Tasks, task.Title)
	}
	for _, e := range (&verandatest.Env{DB: h.db}).Events(t, "tasks.*") {
		k.Events = append(k.Events, e.Kind)
	}
	return k
}

// A host's transaction spans calls of several packages and its own table: all of it is kept, or none.
func hostTransaction(t *testing.T, s *stack) {
	h := newHost(t, s)
	ctx := context.Background()
	both := func(number string, end error) error {
		return h.handle.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			var task *tasks.Task
			err := h.db.UseTx(ctx, tx, func(ctx context.Context, vtx *veranda.Tx) error {
				room, err := h.services.workspaces.WithTx(vtx).Create(ctx, h.owner, workspace.CreateInput{Org: h.org, Name: "For " + number})
				if err != nil {
					return err
				}
				task, err = h.services.tasks.WithTx(vtx).Create(ctx, h.owner, tasks.CreateInput{Org: h.org, Workspace: room.ID, Title: number})
				return err
			})
			if err != nil {
				return err
			}
			if _, err := tx.NewInsert().Model(&order{Number: number, Task: task.ID.String()}).Exec(ctx); err != nil {
				return err
			}
			return end
		})
	}
	if err := both("A-1", nil); err != nil {
		t.Fatal(err)
	}
	want := kept{[]string{"A-1"}, []string{"A-1"}, []string{tasks.EventTaskCreated}}
	if diff := cmp.Diff(want, h.kept(t)); diff != "" {
		t.Errorf("after a commit (-want +got):\n%s", diff)
	}
	failed := errors.New("the host thinks better of it")
	if err := both("A-2", failed); !errors.Is(err, failed) {
		t.Errorf("got %v, want the host's own error", err)
	}
	if err := both("A-1", nil); err == nil {
		t.Error("the host's table took a number twice")
	}
	if diff := cmp.Diff(want, h.kept(t)); diff != "" {
		t.Errorf("after transactions that were undone (-want +got):\n%s", diff)
	}
	// What Veranda refuses inside leaves the host's transaction usable: the order is kept, the task is not.
	err := h.handle.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		err := h.db.UseTx(ctx, tx, func(ctx context.Context, vtx *veranda.Tx) error {
			if _, err := h.createTask(ctx, vtx, "first half"); err != nil {
				return err
			}
			_, err := h.createTask(ctx, vtx, strings.Repeat("long", 1000))
			return err
		})
		verandatest.WantCode(t, err, veranda.CodeInvalid)
		_, err = tx.NewInsert().Model(&order{Number: "A-3"}).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want.Orders = append(want.Orders, "A-3")
	if diff := cmp.Diff(want, h.kept(t)); diff != "" {
		t.Errorf("after a refusal inside (-want +got):\n%s", diff)
	}
}

// Accounts are the host's: the same id always means the same person, who needs no password here, and the rules of roles
// hold for them as for anybody.
func hostAccounts(t *testing.T, s *stack) {
	h := newHost(t, s)
	ctx := context.Background()
	id, address := veranda.NewAccountID(), newAddress("Gil")
	for _, name := range []string{"Gil Guest", "Gil Worker"} { // the second changes the name
		if err := h.services.tenancy.MapAccount(ctx, tenancy.MapAccountInput{ID: id, Name: name, Address: address}); err != nil {
			t.Fatal(err)
		}
	}
	gil := veranda.AccountActor(id)
	me, err := h.services.tenancy.Me(ctx, gil)
	if err != nil || me.Name != "Gil Worker" {
		t.Errorf("the mapped account is %+v, %v", me, err)
	}
	_, err = h.services.tasks.List(ctx, gil, tasks.ListInput{Org: h.org})
	verandatest.WantCode(t, err, veranda.CodeNotFound)
	if err := h.services.tenancy.AddMember(ctx, h.org, id, tenancy.RoleEmployee); err != nil {
		t.Fatal(err)
	}
	if _, err := h.services.tasks.Create(ctx, gil, tasks.CreateInput{Org: h.org, Workspace: h.workspace, Title: "Sweep"}); err != nil {
		t.Error(err)
	}
	_, err = h.services.tenancy.Policy(ctx, gil, tenancy.GetOrganizationInput{Org: h.org})
	verandatest.WantCode(t, err, veranda.CodeForbidden)
}

// Background work runs on the host's Redis under a queue name of the host's own, beside others', or inside the process.
func hostRedis(t *testing.T, s *stack) {
	h := newHost(t, s)
	var heard atomic.Int64
	err := h.db.Consume(veranda.Consumer{Name: "host.orders", Kinds: []string{tasks.EventTaskCreated}, Handle: func(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
		for _, e := range events {
			if _, err := tx.NewInsert().Model(&order{Number: e.ID.String(), Task: e.Subject}).Exec(ctx); err != nil {
				return err
			}
			heard.Add(1)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	runner := veranda.RunnerConfig{Queue: "host-" + veranda.NewAccountID().String()}
	if s.name == "postgres" {
		runner.RedisURL = verandatest.RedisURL()
	}
	running, err := veranda.Start(context.Background(), h.db, runner)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Stop()
	const many = 10
	for i := range many {
		if _, err := h.services.tasks.Create(context.Background(), h.owner, tasks.CreateInput{Org: h.org, Workspace: h.workspace, Title: fmt.Sprint("Task ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	verandatest.Eventually(t, 30*time.Second, "every event is written into the host's table", func() bool { return len(h.kept(t).Orders) == many })
	verandatest.Eventually(t, 30*time.Second, "the outbox is empty", func() bool { return (&verandatest.Env{DB: h.db}).Open(t) == 0 })
	if got := len(h.kept(t).Orders); got != many || heard.Load() < many {
		t.Errorf("%d rows from %d events heard, want %d", got, heard.Load(), many)
	}
}

// hostPermissions: what the host itself protects is decided by rows of the same model, beside the shipped ones.
func hostPermissions(t *testing.T, s *stack) {
	h := newHost(t, s)
	ctx := context.Background()
	const ship veranda.Permission = "order.ship"
	shop := veranda.Module{Name: "shop", Permissions: []veranda.Permission{ship}, Policy: "p, employee, order, ship, allow\n"}
	authz, err := tenancy.NewAuthorizer(ctx, h.db, append(modules(), shop)...)
	if err != nil {
		t.Fatal(err)
	}
	read := authz.Compose(veranda.Target{})
	decide := func(by veranda.Actor) (*veranda.Standing, error) {
		t.Helper()
		standing, err := h.db.Conn().Read(ctx, read, by, h.org, nil)
		if err != nil {
			t.Fatal(err)
		}
		return standing, authz.Decide(ctx, h.db.Conn(), standing, veranda.Ask{Permission: ship})
	}
	member := func(role string) veranda.Actor {
		t.Helper()
		id := veranda.NewAccountID()
		if err := h.services.tenancy.MapAccount(ctx, tenancy.MapAccountInput{ID: id, Name: role, Address: newAddress(role)}); err != nil {
			t.Fatal(err)
		}
		if role != "" {
			if err := h.services.tenancy.AddMember(ctx, h.org, id, role); err != nil {
				t.Fatal(err)
			}
		}
		return veranda.AccountActor(id)
	}
	employee, guest := member(tenancy.RoleEmployee), member(tenancy.RoleGuest)
	standing, err := decide(employee)
	if err != nil {
		t.Errorf("an employee: %v", err)
	}
	if why, err := authz.Explain(ctx, standing, ship); err != nil || !strings.Contains(why, "p, employee, order, ship, allow") {
		t.Errorf("what decided is %q, %v", why, err)
	}
	_, err = decide(guest)
	verandatest.WantCode(t, err, veranda.CodeForbidden)
	_, err = decide(h.owner)
	verandatest.WantCode(t, err, veranda.CodeForbidden)
	_, err = decide(veranda.AccountActor(veranda.NewAccountID()))
	verandatest.WantCode(t, err, veranda.CodeNotFound)
	_, err = decide(veranda.Anonymous())
	verandatest.WantCode(t, err, veranda.CodeUnauthenticated)

	// The rows are data: the next call follows them.
	if err := authz.SetPolicy(ctx, "p, owner, order, ship, allow\np, employee, order, ship, deny\n", false); err != nil {
		t.Fatal(err)
	}
	if _, err := decide(h.owner); err != nil {
		t.Errorf("the owner, after a row was added: %v", err)
	}
	_, err = decide(employee)
	verandatest.WantCode(t, err, veranda.CodeForbidden)
	if _, err := tenancy.NewAuthorizer(ctx, h.db, append(modules(), veranda.Module{Name: "shop", Policy: "p, owner, order, fly, allow\n"})...); err == nil {
		t.Error("a row for a permission that nobody declares was taken")
	}
}
