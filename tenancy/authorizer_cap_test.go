package tenancy_test

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// Whatever roles somebody under a cap is given, in the organization or in a workspace, they may do a thing only if the
// cap's roles alone may, and only if they may without a cap.
func TestCapBoundsWhatAnyRolesGive(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		w := world.New(t, e)
		r := newRights(t, e.DB)
		standings := []*veranda.Standing{}
		for _, workspace := range []veranda.WorkspaceID{w.Open, w.Private, w.Sibling, w.Closed} {
			standing, err := r.conn.Read(ctx, r.read, w.External.Actor, w.Org, []any{workspace})
			if err != nil {
				t.Fatal(err)
			}
			standings = append(standings, standing)
		}
		roles := []string{"owner", "administrator", "access_manager", "employee", "external", "guest", "manager", "unknown"}
		var permissions []string
		for _, m := range modules() {
			for _, p := range m.Permissions {
				name, _, _ := strings.Cut(string(p), ":")
				permissions = append(permissions, name)
			}
		}
		some := func(rt *rapid.T, label string, least int) string {
			return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(roles), least, 3, rapid.ID[string]).Draw(rt, label), " ")
		}
		decide := func(standing *veranda.Standing, held, within, limit string, ask veranda.Ask) error {
			s := *standing
			s.Roles, s.WorkspaceRoles, s.Cap = held, within, limit
			return r.authz.Decide(ctx, r.conn, &s, ask)
		}
		rapid.Check(t, func(rt *rapid.T) {
			standing := rapid.SampledFrom(standings).Draw(rt, "workspace")
			ask := veranda.Ask{
				Permission: veranda.Permission(rapid.SampledFrom(permissions).Draw(rt, "permission")),
				Own:        rapid.Bool().Draw(rt, "own"), Assigned: rapid.Bool().Draw(rt, "assigned"), InWorkspace: rapid.Bool().Draw(rt, "in workspace"),
			}
			held, within, limit := some(rt, "roles", 0), some(rt, "roles in the workspace", 0), some(rt, "cap", 1)
			capped := decide(standing, held, within, limit, ask)
			alone := decide(standing, limit, "", "", ask)
			free := decide(standing, held, within, "", ask)
			if capped == nil && alone != nil {
				rt.Errorf("capped by %q, %q and %q may %+v, which the cap alone may not: %v", limit, held, within, ask, alone)
			}
			if capped == nil && free != nil {
				rt.Errorf("capped by %q, %q and %q may %+v, which they may not without: %v", limit, held, within, ask, free)
			}
		})
	})
}

// A cap reaches lists too.
func TestCapNarrowsLists(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		w := world.New(t, e)
		r := newRights(t, e.DB)
		workspaces := []veranda.WorkspaceID{w.Open, w.Private, w.Sibling, w.Closed}
		err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE veranda_memberships SET roles = 'owner', cap = $3 WHERE org_id = $1 AND account_id = $2`, w.Org, w.External.Account, tenancy.RoleExternal)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []bool{true, true, false, false}
		for i, seen := range listed(t, r, w.External.Actor, w.Org, workspaces) {
			if seen != want[i] {
				t.Errorf("workspace %d: seen=%v, want %v", i, seen, want[i])
			}
		}
	})
}
