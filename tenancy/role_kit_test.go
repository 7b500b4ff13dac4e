package tenancy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// roleModules are a program with workspaces, tasks and a host's own permissions.
func roleModules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), workspaces(), tasks(), things()}
}

// workspaces declares what package workspace does about members, which tenancy asks for.
func workspaces() veranda.Module {
	return veranda.Module{
		Name:        "workspace",
		Permissions: []veranda.Permission{"workspace.read", "workspace.manage_members", "workspace.manage_members:managed", "workspace.manage_members:open"},
		Policy: `
p, owner, workspace, read, allow
p, owner, workspace, manage_members:managed, allow
p, administrator, workspace, read, allow
p, administrator, workspace, manage_members:managed, allow
p, access_manager, workspace, read, allow
p, access_manager, workspace, manage_members:open, allow
p, employee, workspace, read, allow
p, external, workspace, read, allow
p, guest, workspace, read, allow
p, manager, workspace, manage_members, allow
`,
	}
}

// tasks declares some of what package tasks does.
func tasks() veranda.Module {
	return veranda.Module{
		Name:        "tasks",
		Permissions: []veranda.Permission{"task.read", "task.create", "task.edit", "task.delete", "task.delete:own", "task.delete:managed", "task.comment"},
		Policy: `
p, owner, task, read, allow
p, owner, task, create, allow
p, owner, task, edit, allow
p, owner, task, delete:own, allow
p, owner, task, delete:managed, allow
p, owner, task, comment, allow
p, administrator, task, read, allow
p, administrator, task, create, allow
p, administrator, task, edit, allow
p, administrator, task, delete:own, allow
p, administrator, task, delete:managed, allow
p, employee, task, read, allow
p, employee, task, create, allow
p, employee, task, edit, allow
p, employee, task, delete:own, allow
p, external, task, read, allow
p, external, task, comment, allow
p, guest, task, read, allow
p, guest, task, comment, allow
`,
	}
}

// roleKit is what tests of roles and policy rows work with: two nodes on one database.
type roleKit struct {
	*verandatest.Env
	*world.World
	authz, other *tenancy.Authorizer
	s            *tenancy.Service
	otherDB      *veranda.DB
	limits       *quota
}

// quota is a Limits that refuses a resource.
type quota struct{ refused string }

func (q *quota) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	if resource == q.refused {
		return veranda.LimitError(resource, "No more of these.")
	}
	return nil
}

func eachRoleKit(t *testing.T, run func(t *testing.T, k *roleKit)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, roleModules(), func(t *testing.T, e *verandatest.Env) { run(t, newRoleKit(t, e)) })
}

func newRoleKit(t testing.TB, e *verandatest.Env) *roleKit {
	t.Helper()
	k := &roleKit{Env: e, World: world.New(t, e), limits: &quota{}, otherDB: e.Node(t)}
	ctx := context.Background()
	var err error
	if k.authz, err = tenancy.NewAuthorizer(ctx, e.DB, roleModules()...); err != nil {
		t.Fatal(err)
	}
	if k.other, err = tenancy.NewAuthorizer(ctx, k.otherDB, roleModules()...); err != nil {
		t.Fatal(err)
	}
	k.s, err = tenancy.New(tenancy.Deps{
		DB: e.DB, Authz: k.authz, Limits: k.limits, Secret: make([]byte, 32), BaseURL: "https://works.example",
		PasswordCost: tenancy.PasswordCost{Memory: 8, Time: 1, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// may asks the other node whether somebody may do something, in a workspace where one is named.
func (k *roleKit) may(t testing.TB, by veranda.Actor, permission veranda.Permission, workspace veranda.WorkspaceID) bool {
	t.Helper()
	ctx := context.Background()
	read := k.other.Compose(veranda.Target{Workspace: "$4"})
	standing, err := k.otherDB.Conn().Read(ctx, read, by, k.Org, []any{workspace})
	if err != nil {
		t.Fatal(err)
	}
	err = k.other.Decide(ctx, k.otherDB.Conn(), standing, veranda.Ask{Permission: permission, InWorkspace: !workspace.IsZero()})
	switch veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeNotFound:
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

var nowhere veranda.WorkspaceID

func body(scope string, kinds []string, permissions ...veranda.Permission) tenancy.RoleBody {
	return tenancy.RoleBody{Title: "A role", Permissions: permissions, Kinds: kinds, Scope: scope}
}

var (
	employees = []string{tenancy.MemberInternal}
	outsiders = []string{tenancy.MemberExternal, tenancy.MemberGuest}
)

func (k *roleKit) create(t testing.TB, by veranda.Actor, name string, b tenancy.RoleBody) *tenancy.Role {
	t.Helper()
	role, err := k.s.CreateRole(context.Background(), by, tenancy.CreateRoleInput{Org: k.Org, Name: name, RoleBody: b})
	if err != nil {
		t.Fatalf("make the role %s: %v", name, err)
	}
	return role
}

func (k *roleKit) set(by veranda.Actor, who world.Person, roles ...string) error {
	_, err := k.s.SetRoles(context.Background(), by, tenancy.SetRolesInput{Org: k.Org, Account: who.Account, Roles: roles})
	return err
}

func (k *roleKit) policy(by veranda.Actor, rows ...string) error {
	_, err := k.s.SetOrganizationPolicy(context.Background(), by, tenancy.SetOrganizationPolicyInput{Org: k.Org, CSV: strings.Join(rows, "\n")})
	return err
}

// wantErr holds an error to a code and reason, and its message to what it must name.
func wantErr(t testing.TB, what string, err error, want *veranda.Error, naming ...string) {
	t.Helper()
	var got *veranda.Error
	if !errors.As(err, &got) || got.Code != want.Code || got.Reason != want.Reason {
		t.Errorf("%s: %v, want %v", what, err, want)
		return
	}
	for _, name := range naming {
		if !strings.Contains(got.Message, name) {
			t.Errorf("%s: %q does not name %s", what, got.Message, name)
		}
	}
}

// wantFields holds an error to exactly these bad fields, "pointer rule".
func wantFields(t testing.TB, what string, err error, want ...string) {
	t.Helper()
	var got *veranda.Error
	if !errors.As(err, &got) || got.Code != veranda.CodeInvalid {
		t.Errorf("%s: %v, want bad fields %v", what, err, want)
		return
	}
	var fields []string
	for _, f := range got.Fields {
		fields = append(fields, f.Pointer+" "+f.Rule)
	}
	slices.Sort(fields)
	slices.Sort(want)
	if !slices.Equal(fields, want) {
		t.Errorf("%s: bad fields %v, want %v", what, fields, want)
	}
}

func (k *roleKit) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	err := k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { _, err := tx.Exec(ctx, text, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}
