package tenancy_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// things is a module of a host program: its permissions and rows live beside the shipped ones.
func things() veranda.Module {
	return veranda.Module{
		Name:        "things",
		Permissions: []veranda.Permission{"thing.read", "thing.edit", "thing.edit:assigned", "thing.delete", "thing.delete:own", "thing.delete:managed"},
		Policy: `
p, owner, thing, *, allow
p, owner, thing, delete, deny
p, owner, thing, delete:managed, deny
p, administrator, thing, read, allow
p, administrator, thing, delete:managed, allow
p, employee, thing, read, allow
p, employee, thing, edit, allow
p, employee, thing, delete:own, allow
p, external, thing, read, allow
p, guest, thing, read, allow
p, guest, thing, edit:assigned, allow
p, system:cleaner, thing, delete, allow
p, anonymous, thing, read, allow
`,
	}
}

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), things()}
}

type rights struct {
	authz *tenancy.Authorizer
	read  veranda.ComposedRead
	conn  veranda.Conn
}

func newRights(t *testing.T, db *veranda.DB) *rights {
	t.Helper()
	authz, err := tenancy.NewAuthorizer(context.Background(), db, modules()...)
	if err != nil {
		t.Fatal(err)
	}
	return &rights{authz: authz, conn: db.Conn(), read: authz.Compose(veranda.Target{Workspace: "$4"})}
}

func (r *rights) ask(by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID, ask veranda.Ask) error {
	ctx := context.Background()
	standing, err := r.conn.Read(ctx, r.read, by, org, []any{workspace})
	if err != nil {
		return err
	}
	ask.InWorkspace = true
	return r.authz.Decide(ctx, r.conn, standing, ask)
}

func TestWhoSeesWhichWorkspace(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		r := newRights(t, e.DB)
		workspaces := []veranda.WorkspaceID{w.Open, w.Private, w.Sibling, w.Closed, w.OtherWorkspace, veranda.NewWorkspaceID()}
		employees := []bool{true, true, true, false, false, false}
		want := map[string][]bool{
			"owner": employees, "administrator": employees, "employee": employees,
			"external": {true, true, false, false, false, false},
			"guest":    {true, true, false, false, false, false},
		}
		for _, person := range []world.Person{w.Owner, w.Administrator, w.Employee, w.External, w.Guest} {
			for i, workspace := range workspaces {
				err := r.ask(person.Actor, w.Org, workspace, veranda.Ask{Permission: "thing.read"})
				if want[person.Role][i] != (err == nil) || err != nil && err != error(veranda.ErrNotFound) {
					t.Errorf("%s, workspace %d: %v, want seen=%v and otherwise exactly not found", person.Role, i, err, want[person.Role][i])
				}
			}
			// What Visible lists is what Decide lets through.
			if diff := cmp.Diff(want[person.Role], listed(t, r, person.Actor, w.Org, workspaces)); diff != "" {
				t.Errorf("%s: Visible differs (-want +got):\n%s", person.Role, diff)
			}
		}
		for _, person := range []world.Person{w.Outsider, w.Nobody, w.Support} {
			for i, workspace := range workspaces {
				if err := r.ask(person.Actor, w.Org, workspace, veranda.Ask{Permission: "thing.read"}); err != error(veranda.ErrNotFound) {
					t.Errorf("%s, workspace %d: %v, want exactly not found", person.Name, i, err)
				}
			}
		}
		if err := r.ask(veranda.Actor{}, w.Org, w.Open, veranda.Ask{Permission: "thing.read"}); !errors.Is(err, veranda.ErrUnauthenticated) {
			t.Errorf("the zero actor: %v", err)
		}
		if err := r.ask(veranda.Anonymous(), w.Org, w.Open, veranda.Ask{Permission: "thing.read"}); !errors.Is(err, veranda.ErrUnauthenticated) {
			t.Errorf("anonymous: %v", err)
		}
	})
}

func listed(t *testing.T, r *rights, by veranda.Actor, org veranda.OrgID, workspaces []veranda.WorkspaceID) []bool {
	t.Helper()
	ctx := context.Background()
	standing, err := r.conn.Read(ctx, r.read, by, org, []any{veranda.WorkspaceID{}})
	if err != nil {
		t.Fatal(err)
	}
	args, err := r.authz.VisibleArgs(ctx, r.conn, standing)
	if err != nil {
		t.Fatal(err)
	}
	//sql:built the condition is the authorizer's own text
	rows, err := r.conn.Query(ctx, "SELECT x.id FROM veranda_workspaces x WHERE "+r.authz.Visible("x.id"), args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var seen []veranda.WorkspaceID
	for rows.Next() {
		var id veranda.WorkspaceID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, id)
	}
	out := make([]bool, len(workspaces))
	for i, id := range workspaces {
		out[i] = slices.Contains(seen, id)
	}
	return out
}

func TestQualifiedPermissions(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		r := newRights(t, e.DB)
		for _, c := range []struct {
			name      string
			by        veranda.Actor
			workspace veranda.WorkspaceID
			ask       veranda.Ask
			want      error
		}{
			{"an employee deletes their own", w.Employee.Actor, w.Open, veranda.Ask{Permission: "thing.delete", Own: true}, nil},
			{"an employee deletes another's", w.Employee.Actor, w.Open, veranda.Ask{Permission: "thing.delete"}, veranda.ErrForbidden},
			{"a manager's role gives no more than its rows", w.Employee.Actor, w.Private, veranda.Ask{Permission: "thing.delete"}, veranda.ErrForbidden},
			{"an administrator deletes in an open workspace", w.Administrator.Actor, w.Sibling, veranda.Ask{Permission: "thing.delete"}, nil},
			{"an administrator manages no private workspace", w.Administrator.Actor, w.Private, veranda.Ask{Permission: "thing.delete"}, veranda.ErrForbidden},
			{"a guest edits what is assigned to them", w.Guest.Actor, w.Open, veranda.Ask{Permission: "thing.edit", Assigned: true}, nil},
			{"a guest edits another's", w.Guest.Actor, w.Open, veranda.Ask{Permission: "thing.edit"}, veranda.ErrForbidden},
			{"a deny wins over a wildcard", w.Owner.Actor, w.Open, veranda.Ask{Permission: "thing.delete"}, veranda.ErrForbidden},
			{"the owner does the rest", w.Owner.Actor, w.Open, veranda.Ask{Permission: "thing.edit"}, nil},
			{"what is missing is not found", w.Owner.Actor, w.Open, veranda.Ask{Permission: "thing.edit", Missing: true}, veranda.ErrNotFound},
			{"a job does what its rows say", veranda.SystemActor("cleaner"), w.Closed, veranda.Ask{Permission: "thing.delete"}, nil},
			{"and no more", veranda.SystemActor("cleaner"), w.Closed, veranda.Ask{Permission: "thing.edit"}, veranda.ErrForbidden},
			{"another job does not", veranda.SystemActor("other"), w.Closed, veranda.Ask{Permission: "thing.delete"}, veranda.ErrForbidden},
		} {
			if err := r.ask(c.by, w.Org, c.workspace, c.ask); err != c.want {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

func TestRevokedRightIsGoneAtTheNextCall(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		here, there := newRights(t, e.DB), newRights(t, e.Node(t))
		change := func(text string, args ...any) {
			t.Helper()
			if err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { _, err := tx.Exec(ctx, text, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		ask := veranda.Ask{Permission: "thing.edit"}
		if err := there.ask(w.Employee.Actor, w.Org, w.Open, ask); err != nil {
			t.Fatal(err)
		}
		change(`UPDATE veranda_memberships SET roles = 'guest' WHERE org_id = $1 AND account_id = $2`, w.Org, w.Employee.Account)
		if err := there.ask(w.Employee.Actor, w.Org, w.Open, ask); err != error(veranda.ErrForbidden) {
			t.Errorf("a role that was taken: %v", err)
		}
		// Another node changes the policy: the next call here is decided by it.
		if err := there.ask(w.Guest.Actor, w.Org, w.Open, ask); err != error(veranda.ErrForbidden) {
			t.Fatal(err)
		}
		if err := here.authz.SetPolicy(context.Background(), "p, guest, thing, edit, allow\n", false); err != nil {
			t.Fatal(err)
		}
		if err := there.ask(w.Guest.Actor, w.Org, w.Open, ask); err != nil {
			t.Errorf("a granted right: %v", err)
		}
		if err := here.authz.SetPolicy(context.Background(), "", false); err != nil {
			t.Fatal(err)
		}
		if err := there.ask(w.Guest.Actor, w.Org, w.Open, ask); err != error(veranda.ErrForbidden) {
			t.Errorf("a right taken back: %v", err)
		}
		for _, bad := range []string{"p, guest, thing, fly, allow", "p, guest, thing, edit, maybe", "g2, a, b", "p, guest, thing"} {
			if err := here.authz.SetPolicy(context.Background(), bad, false); veranda.CodeOf(err) != veranda.CodeInvalid {
				t.Errorf("policy %q: %v, want invalid", bad, err)
			}
		}
		// A row of the organization's own concerns it alone.
		change(`INSERT INTO veranda_policy_rows (org_id, id, type, v0, v1, v2, v3) VALUES ($1, $1, 'p', 'guest', 'thing', 'edit', 'allow')`, w.Org)
		change(`UPDATE veranda_organizations SET policy_version = 1 WHERE id = $1`, w.Org)
		if err := there.ask(w.Guest.Actor, w.Org, w.Open, ask); err != nil {
			t.Errorf("the organization's own row: %v", err)
		}
		change(`UPDATE veranda_workspaces SET open = $1 WHERE org_id = $2 AND id = $3`, false, w.Org, w.Sibling)
		if err := there.ask(w.Owner.Actor, w.Org, w.Sibling, ask); err != error(veranda.ErrNotFound) {
			t.Errorf("a workspace that was closed: %v", err)
		}
		change(`UPDATE veranda_memberships SET disabled_at = $1 WHERE org_id = $2 AND account_id = $3`, e.DB.Time(e.DB.Now()), w.Org, w.Owner.Account)
		if err := there.ask(w.Owner.Actor, w.Org, w.Open, ask); err != error(veranda.ErrNotFound) {
			t.Errorf("a disabled membership: %v", err)
		}
	})
}

func TestTokensOfSessions(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		r := newRights(t, e.DB)
		token := "a token of a session"
		hash := sha256.Sum256([]byte(token))
		now := e.DB.Now()
		err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at) VALUES ($1, $2, $3, 'browser', '', '', $4, $4, $5)`,
				hash[:], veranda.NewAccountID(), w.Employee.Account, e.DB.Time(now), e.DB.Time(now.Add(time.Hour)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ask := veranda.Ask{Permission: "thing.edit"}
		if err := r.ask(veranda.TokenActor(token), w.Org, w.Open, ask); err != nil {
			t.Errorf("a session: %v", err)
		}
		forged := r.ask(veranda.TokenActor("another"), w.Org, w.Open, ask)
		e.Clock.Advance(time.Hour)
		expired := r.ask(veranda.TokenActor(token), w.Org, w.Open, ask)
		if forged != error(veranda.ErrUnauthenticated) || expired != forged {
			t.Errorf("forged: %v, expired: %v, want both unauthenticated", forged, expired)
		}
	})
}

func TestDecisionsRaceWithPolicyChanges(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		writer, reader := newRights(t, e.DB), newRights(t, e.Node(t))
		ask := veranda.Ask{Permission: "thing.edit"}
		done := make(chan struct{})
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					if err := reader.ask(w.Guest.Actor, w.Org, w.Open, ask); err != nil && err != error(veranda.ErrForbidden) {
						t.Error(err)
						return
					}
				}
			})
		}
		for i := range 20 {
			csv := ""
			if i%2 == 0 {
				csv = "p, guest, thing, edit, allow\n"
			}
			if err := writer.authz.SetPolicy(context.Background(), csv, false); err != nil {
				t.Fatal(err)
			}
			err := reader.ask(w.Guest.Actor, w.Org, w.Open, ask)
			if granted := err == nil; granted != (i%2 == 0) {
				t.Errorf("after change %d: %v", i, err)
			}
		}
		close(done)
		group.Wait()
		if csv := writer.authz.PolicyCSV(); !strings.Contains(csv, "p, guest, thing, edit:assigned, allow") {
			t.Errorf("the policy in force lacks a shipped row:\n%s", csv)
		}
	})
}
