package tenancy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// The tests of this file hold rights to a model of their own: what rows and memberships say, read from the tables and
// decided by casbin itself, while anybody tries to change roles and rows in any order.

// asked are the permissions that are put into roles and rows, and asked for.
var asked = []veranda.Permission{
	"organization.read", "organization.update", "member.read", "member.grant_role", "policy.read", "policy.update", "roles.read", "roles.manage", "domain.manage",
	"role.grant_owner", "role.grant_administrator", "role.grant_access_manager", "role.grant_employee", "role.grant_guest", "invitation.withdraw", "invitation.create_guest:assigned",
	"workspace.enter:open", "workspace.manage:open", "workspace.manage", "workspace.manage_members", "task.read", "task.create", "task.delete", "task.delete:own", "task.delete:managed",
	"thing.read", "thing.edit", "thing.edit:assigned", "thing.delete", "thing.delete:own", "access.explain", "access.explain:own", "workspace.read",
}

var madeUp = []string{"alpha", "beta", "gamma_ray"}

// anything is an organization in which anybody tries anything.
type anything struct {
	*roleKit
	t      testing.TB
	people []world.Person
	places []veranda.WorkspaceID
	// pick chooses one of n.
	pick  func(what string, n int) int
	worn  map[string]int // how often what was tried went through
	rules []policy.Rule  // the shipped ones
	// declared are the permissions of all modules.
	declared []veranda.Permission
}

func newAnything(t testing.TB, e *verandatest.Env, pick func(string, int) int) *anything {
	t.Helper()
	a := &anything{roleKit: newRoleKit(t, e), t: t, pick: pick, worn: map[string]int{}}
	a.people = append(a.World.Members(), a.Stranger)
	a.places = []veranda.WorkspaceID{nowhere, a.World.Open, a.Private, a.Sibling}
	for _, m := range roleModules() {
		rules, err := policy.ParseCSV(m.Name, m.Policy)
		if err != nil {
			t.Fatal(err)
		}
		a.rules, a.declared = append(a.rules, rules...), append(a.declared, m.Permissions...)
	}
	return a
}

func one[T any](a *anything, what string, from []T) T { return from[a.pick(what, len(from))] }

// some are up to most different ones of a list.
func some[T comparable](a *anything, what string, from []T, most int) []T {
	out := []T{}
	for range a.pick(what, most+1) {
		if next := one(a, what, from); !slices.Contains(out, next) {
			out = append(out, next)
		}
	}
	return out
}

// try does something as somebody, and holds its outcome to an answer or a refusal. It tells who tried, and whether what
// they did is theirs to raise themselves by.
func (a *anything) try() (by world.Person, owners bool) {
	ctx := context.Background()
	by = one(a, "who", append([]world.Person{a.Owner, a.Owner, a.Owner, a.Administrator}, a.people...))
	target := one(a, "whom", a.people)
	name := one(a, "role", madeUp)
	held := append([]string{"owner", "administrator", "access_manager", "employee", "external", "guest"}, madeUp...)
	made := tenancy.RoleBody{
		Title: name, Permissions: some(a, "permissions", append(slices.Clone(asked), "role.grant_alpha", "role.grant_beta"), 4),
		Kinds: some(a, "kinds", []string{"internal", "external", "guest"}, 3), Scope: one(a, "scope", []string{"organization", "workspace", "both"}),
	}
	if len(made.Kinds) == 0 {
		made.Kinds = []string{"internal"}
	}
	if a.pick("granters", 2) == 0 {
		granters := some(a, "granter", append([]string{"administrator", "access_manager", "employee", "manager"}, madeUp...), 2)
		made.GrantedBy = &granters
	}
	what := one(a, "what", []string{"create", "create", "update", "update", "delete", "roles", "roles", "roles", "place", "place", "rows", "rows", "remove", "return"})
	var err error
	switch what {
	case "create":
		_, err = a.s.CreateRole(ctx, by.Actor, tenancy.CreateRoleInput{Org: a.Org, Name: name, RoleBody: made})
	case "update":
		_, err = a.s.UpdateRole(ctx, by.Actor, tenancy.UpdateRoleInput{Org: a.Org, Name: name, RoleBody: made})
	case "delete":
		err = a.s.DeleteRole(ctx, by.Actor, tenancy.RoleInput{Org: a.Org, Name: name})
	case "roles":
		_, err = a.s.SetRoles(ctx, by.Actor, tenancy.SetRolesInput{Org: a.Org, Account: target.Account, Roles: some(a, "held", held, 3)})
	case "place":
		_, err = a.s.SetWorkspaceRoles(ctx, by.Actor, tenancy.SetWorkspaceRolesInput{Org: a.Org, Workspace: one(a, "where", a.places[1:]), Account: target.Account, Roles: some(a, "held", madeUp, 2)})
	case "rows":
		owners = slices.Contains(strings.Fields(a.rolesOf(by.Account)), "owner")
		_, err = a.s.SetOrganizationPolicy(ctx, by.Actor, tenancy.SetOrganizationPolicyInput{Org: a.Org, CSV: a.rows()})
	case "remove":
		err = a.s.RemoveMember(ctx, by.Actor, tenancy.RemoveMemberInput{Org: a.Org, Account: target.Account})
	case "return":
		owners = by.Account == target.Account // the host brings them back
		err = a.s.AddMember(ctx, a.Org, target.Account, one(a, "as", []string{"employee", "guest", "external", "access_manager"}))
	}
	if err == nil {
		a.worn[what]++
	} else if code := veranda.CodeOf(err); code == veranda.CodeInternal || code == veranda.CodeUnavailable {
		a.t.Fatalf("%s by %s: %v", what, by.Name, err)
	}
	return by, owners
}

func (a *anything) rows() string {
	var b strings.Builder
	for range a.pick("rows", 4) {
		if a.pick("inherit", 5) == 0 {
			fmt.Fprintf(&b, "g, %s, %s\n", one(a, "child", madeUp), one(a, "parent", append([]string{"employee", "guest", "owner"}, madeUp...)))
			continue
		}
		kind, action, _ := strings.Cut(string(one(a, "permission", asked)), ".")
		fmt.Fprintf(&b, "p, %s, %s, %s, %s\n", one(a, "role", append([]string{"owner", "administrator", "access_manager", "employee", "external", "guest", "manager"}, madeUp...)),
			kind, action, one(a, "effect", []string{"allow", "allow", "allow", "deny"}))
	}
	return b.String()
}

func (a *anything) rolesOf(account veranda.AccountID) string {
	var roles string
	var rows []string
	if err := a.DB.Reader().NewRaw("SELECT roles FROM veranda_memberships WHERE org_id = ? AND account_id = ? AND disabled_at IS NULL", a.Org, account).Scan(context.Background(), &rows); err != nil {
		a.t.Fatal(err)
	}
	for _, r := range rows {
		roles = r
	}
	return roles
}

// rights are all that somebody may do, as the other node decides, without giving roles of the organization's own.
func (a *anything) rights(who world.Person) map[string]bool {
	ctx := context.Background()
	out := map[string]bool{}
	read := a.other.Compose(veranda.Target{Workspace: "$4"})
	for _, place := range a.places {
		standing, err := a.otherDB.Conn().Read(ctx, read, who.Actor, a.Org, []any{place})
		if err != nil {
			a.t.Fatal(err)
		}
		for _, permission := range asked {
			if a.other.Decide(ctx, a.otherDB.Conn(), standing, veranda.Ask{Permission: permission, InWorkspace: !place.IsZero()}) == nil {
				out[fmt.Sprint(permission, " in ", slices.Index(a.places, place))] = true
			}
		}
	}
	return out
}

// oracle is casbin's own enforcer over the rows in the tables.
type oracle struct {
	a        *anything
	enforcer *casbin.Enforcer
	subjects map[string]string
}

func (a *anything) oracle() *oracle {
	m, err := model.NewModelFromString(policy.Model)
	if err != nil {
		a.t.Fatal(err)
	}
	o := &oracle{a: a, subjects: map[string]string{}}
	if o.enforcer, err = casbin.NewEnforcer(m); err != nil {
		a.t.Fatal(err)
	}
	add := func(kind string, values []string) {
		if kind == "p" {
			_, err = o.enforcer.AddPolicy(values)
		} else {
			_, err = o.enforcer.AddGroupingPolicy(values)
		}
		if err != nil {
			a.t.Fatal(err)
		}
	}
	for _, rule := range a.rules {
		add(rule.Type, rule.Values)
	}
	var own []struct{ Type, V0, V1, V2, V3 string }
	if err := a.DB.Reader().NewRaw("SELECT type, v0, v1, v2, v3 FROM veranda_policy_rows WHERE org_id = ?", a.Org).Scan(context.Background(), &own); err != nil {
		a.t.Fatal(err)
	}
	for _, r := range own {
		values := []string{r.V0, r.V1, r.V2, r.V3}
		if r.Type == "g" {
			values = values[:2]
		}
		add(r.Type, values)
	}
	return o
}

func (o *oracle) has(roles []string, permission veranda.Permission) bool {
	key := strings.Join(roles, " ")
	subject, known := o.subjects[key]
	if !known {
		subject = fmt.Sprintf("subject %d", len(o.subjects))
		o.subjects[key] = subject
		for _, role := range roles {
			if _, err := o.enforcer.AddGroupingPolicy(subject, role); err != nil {
				o.a.t.Fatal(err)
			}
		}
	}
	kind, action, _ := strings.Cut(string(permission), ".")
	allowed, err := o.enforcer.Enforce(subject, kind, action)
	if err != nil {
		o.a.t.Fatal(err)
	}
	return allowed
}

// may is what tables and rows say.
func (o *oracle) may(who world.Person, permission veranda.Permission, place veranda.WorkspaceID) bool {
	roles := strings.Fields(o.a.rolesOf(who.Account))
	if len(roles) == 0 {
		return false
	}
	if place.IsZero() {
		return o.has(roles, permission)
	}
	var open []bool
	var there []string
	ctx := context.Background()
	if err := o.a.DB.Reader().NewRaw("SELECT open FROM veranda_workspaces WHERE org_id = ? AND id = ?", o.a.Org, place).Scan(ctx, &open); err != nil {
		o.a.t.Fatal(err)
	}
	if err := o.a.DB.Reader().NewRaw("SELECT roles FROM veranda_workspace_members WHERE org_id = ? AND workspace_id = ? AND account_id = ?", o.a.Org, place, who.Account).Scan(ctx, &there); err != nil {
		o.a.t.Fatal(err)
	}
	if len(there) == 0 && (!open[0] || !o.has(roles, "workspace.enter:open")) {
		return false
	}
	if len(there) > 0 {
		roles = append(roles, strings.Fields(there[0])...)
	}
	if o.has(roles, permission) {
		return true
	}
	managed := permission + ":managed"
	return slices.Contains(o.a.declared, managed) && o.has(roles, managed) && (o.has(roles, "workspace.manage") || open[0] && o.has(roles, "workspace.manage:open"))
}

// check compares some answers of the other node, and the explanations of them, to the model.
func (a *anything) check(questions int) {
	o := a.oracle()
	ctx := context.Background()
	for range questions {
		who, permission, place := one(a, "whose", a.people), one(a, "may", asked), one(a, "in", a.places)
		want := o.may(who, permission, place)
		if got := a.may(a.t, who.Actor, permission, place); got != want {
			a.t.Fatalf("%s may %s in %v: decided %v, casbin says %v", who.Name, permission, place, got, want)
		}
		e, err := a.s.Explain(ctx, a.Owner.Actor, tenancy.ExplainInput{Org: a.Org, Account: who.Account, Permission: permission, Workspace: place})
		if err != nil {
			if code := veranda.CodeOf(err); code != veranda.CodeNotFound && code != veranda.CodeForbidden {
				a.t.Fatal(err)
			}
			continue // the one who explains does not see it
		}
		if e.Allowed != want || e.Allowed != (e.Reason == tenancy.WhyAllowed) || e.Allowed && e.Decided == nil {
			a.t.Fatalf("%s, %s in %v: explained %+v, casbin says %v", who.Name, permission, place, e, want)
		}
	}
}

// run tries steps things, and after each holds everybody's rights to the model, and whoever did it to what they had.
func (a *anything) run(steps, questions int) {
	for range steps {
		before := map[veranda.AccountID]map[string]bool{}
		for _, who := range a.people {
			before[who.Account] = a.rights(who)
		}
		by, owners := a.try()
		a.check(questions)
		if owners {
			continue
		}
		for right := range a.rights(by) {
			if !before[by.Account][right] {
				a.t.Fatalf("%s, who is %q, raised themselves to %s", by.Name, a.rolesOf(by.Account), right)
			}
		}
	}
}

// Whatever anybody tries with roles and rows: everybody may do what their roles hold, at the next call on another node,
// and nobody raises themselves but an owner by rows. What is explained is what is decided.
func TestRightsAreWhatRolesHold(t *testing.T) {
	t.Parallel()
	worn := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		a := newAnything(t, verandatest.New(t, verandatest.SQLite, roleModules()), func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, what) })
		a.t = tb{t, rt}
		a.run(8, 4)
		for what, times := range a.worn {
			worn[what] += times
		}
	})
	for _, what := range []string{"create", "update", "delete", "roles", "place", "rows", "remove", "return"} {
		if worn[what] == 0 {
			t.Errorf("nothing of the kind %q went through in all runs: %v", what, worn)
		}
	}
}

// tb fails a run of rapid's, and leaves the rest to the test.
type tb struct {
	*testing.T
	rt *rapid.T
}

func (b tb) Fatal(args ...any)                 { b.rt.Fatal(args...) }
func (b tb) Fatalf(format string, args ...any) { b.rt.Fatalf(format, args...) }

func TestRightsAreWhatRolesHoldOnPostgres(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	a := newAnything(t, verandatest.New(t, verandatest.Postgres, roleModules()), func(_ string, n int) int { return random.IntN(n) })
	t.Logf("seed %d", seed)
	a.run(60, 3)
}
