// Package world furnishes a test's database with an organization that has somebody of every role, workspaces of every
// kind, and a second tenant whose things must stay unseen.
package world

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// Person is somebody of the world.
type Person struct {
	Account veranda.AccountID
	Name    string
	Address string
	Role    string
	// Actor is the person, signed in.
	Actor veranda.Actor
}

// World is the furnished database.
type World struct {
	// Org is the organization most tests work in, Other the tenant of somebody else.
	Org, Other veranda.OrgID
	// Open is seen by every employee; External and Guest are members of it too.
	Open veranda.WorkspaceID
	// Private has everybody as a member but the Stranger; Employee manages it.
	Private veranda.WorkspaceID
	// Sibling is open; no external or guest is a member.
	Sibling veranda.WorkspaceID
	// Closed is private; the Stranger, an employee, is its only member.
	Closed veranda.WorkspaceID
	// OtherWorkspace is an open workspace of the other tenant.
	OtherWorkspace veranda.WorkspaceID

	Owner, Administrator, AccessManager, Employee, External, Guest, Stranger Person
	// Support is of the platform's own people and belongs to no organization.
	Support Person
	// Outsider owns the other tenant.
	Outsider Person
	// Nobody has an account and belongs to nothing.
	Nobody Person
}

// Members are those of Org, by role.
func (w *World) Members() []Person {
	return []Person{w.Owner, w.Administrator, w.AccessManager, w.Employee, w.External, w.Guest}
}

// New furnishes the test's database. Modules must contain tenancy's.
func New(t testing.TB, e *verandatest.Env) *World {
	t.Helper()
	w := &World{
		Org: veranda.NewOrgID(), Other: veranda.NewOrgID(),
		Open: veranda.NewWorkspaceID(), Private: veranda.NewWorkspaceID(), Sibling: veranda.NewWorkspaceID(), Closed: veranda.NewWorkspaceID(),
		OtherWorkspace: veranda.NewWorkspaceID(),
	}
	err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		b := builder{t: t, ctx: ctx, tx: tx, now: e.DB.Time(e.DB.Now())}
		w.Owner = b.person("Olga Owner", "owner")
		w.Administrator = b.person("Adam Administrator", "administrator")
		w.AccessManager = b.person("Agnes Access", "access_manager")
		w.Employee = b.person("Emil Employee", "employee")
		w.Stranger = b.person("Stella Stranger", "employee")
		w.External = b.person("Xenia External", "external")
		w.Guest = b.person("Gustav Guest", "guest")
		w.Support = b.person("Sam Support", "support")
		w.Outsider = b.person("Oscar Outsider", "owner")
		w.Nobody = b.person("Nora Nobody", "")
		b.exec(`INSERT INTO veranda_staff (account_id, role, created_at) VALUES ($1, 'support', $2)`, w.Support.Account, b.now)

		b.organization(w.Org, "Veranda Works", w.Owner)
		b.organization(w.Other, "Other House", w.Outsider)
		for _, p := range append(w.Members(), w.Stranger) {
			b.member(w.Org, p)
		}
		b.member(w.Other, w.Outsider)

		b.workspace(w.Org, w.Open, "Open", true, w.Owner)
		b.workspace(w.Org, w.Private, "Private", false, w.Employee)
		b.workspace(w.Org, w.Sibling, "Sibling", true, w.Owner)
		b.workspace(w.Org, w.Closed, "Closed", false, w.Stranger)
		b.workspace(w.Other, w.OtherWorkspace, "Elsewhere", true, w.Outsider)
		for _, p := range []Person{w.Employee, w.External, w.Guest} {
			b.join(w.Org, w.Open, p, "")
		}
		for _, p := range w.Members() {
			roles := ""
			if p.Account == w.Employee.Account {
				roles = "manager"
			}
			b.join(w.Org, w.Private, p, roles)
		}
		b.join(w.Org, w.Closed, w.Stranger, "manager")
		b.join(w.Other, w.OtherWorkspace, w.Outsider, "manager")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

type builder struct {
	t   testing.TB
	ctx context.Context
	tx  *veranda.Tx
	now any
}

func (b builder) exec(text string, args ...any) {
	b.t.Helper()
	if _, err := b.tx.Exec(b.ctx, text, args...); err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
}

func (b builder) person(name, role string) Person {
	b.t.Helper()
	p := Person{Account: veranda.NewAccountID(), Name: name, Role: role}
	p.Address = strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@works.example"
	p.Actor = veranda.AccountActor(p.Account)
	b.exec(`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version)
		VALUES ($1, $2, 'en', 'UTC', 'active', $3, $3, 1)`, p.Account, p.Name, b.now)
	b.exec(`INSERT INTO veranda_addresses (account_id, address_key, address, confirmed_at, is_primary, created_at)
		VALUES ($1, $2, $2, $3, $4, $3)`, p.Account, p.Address, b.now, true)
	return p
}

func (b builder) organization(id veranda.OrgID, name string, owner Person) {
	b.t.Helper()
	b.exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
		VALUES ($1, 'organization', $2, '[]', $3, 'en', 'UTC', 0, $4, $5, $5, 1)`, id, name, false, owner.Account, b.now)
	b.exec(`INSERT INTO veranda_ownerships (address_key, kind, org_id) VALUES ($1, 'organization', $2)`, owner.Address, id)
}

// kindOf is how a role belongs to an organization.
func kindOf(role string) string {
	switch role {
	case "external", "guest":
		return role
	default:
		return "internal"
	}
}

func (b builder) member(org veranda.OrgID, p Person) {
	b.t.Helper()
	b.exec(`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, $3, $4, $5, $6, 1)`,
		org, p.Account, kindOf(p.Role), p.Role, p.Address, b.now)
	b.exec(`INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, p.Account, org)
}

func (b builder) workspace(org veranda.OrgID, id veranda.WorkspaceID, name string, open bool, by Person) {
	b.t.Helper()
	b.exec(`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
		VALUES ($1, $2, $3, '', $4, 1, $5, $6, $6, 1)`, org, id, name, open, by.Account, b.now)
}

func (b builder) join(org veranda.OrgID, workspace veranda.WorkspaceID, p Person, roles string) {
	b.t.Helper()
	b.exec(`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, $4, $5)`,
		org, workspace, p.Account, roles, b.now)
}
