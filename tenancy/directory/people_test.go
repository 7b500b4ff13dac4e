package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
)

var (
	everyone   = []string{"Adam Administrator", "Agnes Access", "Emil Employee", "Gustav Guest", "Olga Owner", "Stella Stranger", "Xenia External"}
	inPrivate  = []string{"Adam Administrator", "Agnes Access", "Emil Employee", "Gustav Guest", "Olga Owner", "Xenia External"}
	colleagues = []string{"Adam Administrator", "Agnes Access", "Emil Employee", "Olga Owner", "Stella Stranger"}
)

func TestWhoSeesWhom(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for name, test := range map[string]struct {
			by   veranda.Actor
			want []string
		}{
			"owner": {f.Owner.Actor, everyone}, "administrator": {f.Administrator.Actor, everyone}, "access manager": {f.AccessManager.Actor, everyone},
			"employee": {f.Employee.Actor, everyone}, "stranger": {f.Stranger.Actor, colleagues},
			"external": {f.External.Actor, inPrivate}, "guest": {f.Guest.Actor, inPrivate},
		} {
			if diff := cmp.Diff(test.want, f.find(t, test.by, Filter{})); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		for name, test := range map[string]struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			"support": {f.Support.Actor, veranda.ErrForbidden}, "outsider": {f.Outsider.Actor, veranda.ErrNotFound}, "nobody": {f.Nobody.Actor, veranda.ErrNotFound},
			"anonymous": {veranda.Anonymous(), veranda.ErrUnauthenticated}, "zero": {veranda.Actor{}, veranda.ErrUnauthenticated},
		} {
			if _, err := f.people.People(context.Background(), test.by, PeopleInput{Org: f.Org}); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
		f.exec(t, `UPDATE veranda_workspaces SET deleted_at = $1 WHERE org_id = $2 AND id = $3`, f.DB.Time(f.DB.Now()), f.Org, f.Private)
		want := []string{"Emil Employee", "Gustav Guest", "Xenia External"}
		if diff := cmp.Diff(want, f.find(t, f.Guest.Actor, Filter{})); diff != "" {
			t.Errorf("a deleted workspace is shared (-want +got):\n%s", diff)
		}
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = $1, disabled_reason = 'unaccepted' WHERE account_id = $2`, f.DB.Time(f.DB.Now()), f.External.Account)
		f.exec(t, `UPDATE veranda_accounts SET state = 'pending' WHERE id = $1`, f.Employee.Account)
		if diff := cmp.Diff([]string{"Gustav Guest"}, f.find(t, f.Guest.Actor, Filter{})); diff != "" {
			t.Errorf("a guest sees who is disabled or reserved (-want +got):\n%s", diff)
		}
		for _, q := range []string{"", "xenia", "xneia", "x", "external"} {
			if got := f.find(t, f.Owner.Actor, Filter{Query: q}); slices.Contains(got, "Xenia External") {
				t.Errorf("%q finds somebody who is disabled", q)
			}
		}
		if got := f.find(t, f.Owner.Actor, Filter{Query: "emil"}); len(got) != 1 {
			t.Errorf("a reserved account is not shown to a manager: %v", got)
		}
	})
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.rename(t, f.Stranger, "Иван Щукин")
		f.rename(t, f.Administrator, "Işıl Müller-Østergård")
		f.happen(t, veranda.Event{Kind: "tenancy.phone_confirmed", Subject: f.Owner.Account.String()},
			`INSERT INTO veranda_phones (account_id, number, confirmed_at, created_at) VALUES ($1, '+4917012345', $2, $2)`, f.Owner.Account, f.DB.Time(f.DB.Now()))
		f.happen(t, veranda.Event{Org: f.Org, Kind: "tenancy.member_updated", Subject: f.Guest.Account.String()},
			`UPDATE veranda_memberships SET user_name = 'gg42' WHERE org_id = $1 AND account_id = $2`, f.Org, f.Guest.Account)
		for query, want := range map[string][]string{
			"ivan": {"Иван Щукин"}, "иван щук": {"Иван Щукин"}, "shchu": {"Иван Щукин"}, "isil": {"Işıl Müller-Østergård"}, "ISIL": {"Işıl Müller-Østergård"}, "İŞIL muller": {"Işıl Müller-Østergård"},
			"osterg": {"Işıl Müller-Østergård"}, "mueller": {"Işıl Müller-Østergård"}, "e": {"Emil Employee", "Xenia External"}, "ow": {"Olga Owner"}, "olga ow": {"Olga Owner"}, "ow olga": {"Olga Owner"},
			"gg": {"Gustav Guest"}, "gg42": {"Gustav Guest"}, "0170": {"Olga Owner"}, "+49 170 12": {"Olga Owner"}, "olgga": {"Olga Owner"}, "oowner": {"Olga Owner"}, "woner": {"Olga Owner"}, "owne": {"Olga Owner"},
			"emil.e": {"Emil Employee"}, "emil.employee@works.example": {"Emil Employee"}, "emil.employee@other": {}, "nobody": {}, "%": {}, "_": {}, "olga emil": {},
			"stranger": {"Иван Щукин"}, // the address still says so
		} {
			if diff := cmp.Diff(want, f.find(t, f.Owner.Actor, Filter{Query: query})); diff != "" {
				t.Errorf("%q (-want +got):\n%s", query, diff)
			}
		}
		if got := f.find(t, f.Owner.Actor, Filter{Query: "@works"}); len(got) != len(everyone) {
			t.Errorf("the domain finds %v", got)
		}
		for _, query := range []string{"0170", "gg42", "gg"} {
			if got := f.find(t, f.External.Actor, Filter{Query: query}); len(got) != 0 {
				t.Errorf("an external finds %v by a phone number or user name, %q", got, query)
			}
		}
		// Exact beginnings come first, and pages go on where they ended.
		f.rename(t, f.Stranger, "Anna Marten")
		f.rename(t, f.Administrator, "Zoe Martin")
		f.rename(t, f.AccessManager, "Ben Matrin")
		if diff := cmp.Diff([]string{"Zoe Martin", "Ben Matrin", "Anna Marten"}[:1], f.find(t, f.Owner.Actor, Filter{Query: "marti"})[:1]); diff != "" {
			t.Errorf("what matches exactly is not first (-want +got):\n%s", diff)
		}
		for _, query := range []string{"", "marti", "e", "example"} {
			for _, by := range []veranda.Actor{f.Owner.Actor, f.Guest.Actor} {
				whole := f.find(t, by, Filter{Query: query})
				var pages []string
				in := PeopleInput{Org: f.Org, Filter: Filter{Query: query}, Page: veranda.Page{Limit: 1}}
				for {
					list, err := f.people.People(context.Background(), by, in)
					if err != nil {
						t.Fatal(err)
					}
					pages = append(pages, names(list.Items)...)
					if in.Cursor = list.Next; in.Cursor == "" {
						break
					}
				}
				if diff := cmp.Diff(strings.Join(whole, ", "), strings.Join(pages, ", ")); diff != "" {
					t.Errorf("%q page by page (-whole +pages):\n%s", query, diff)
				}
			}
		}
		_, err := f.people.People(context.Background(), f.Owner.Actor, PeopleInput{Org: f.Org, Filter: Filter{Query: "a\nb", Kind: "king"}, Page: veranda.Page{Limit: 500, Cursor: "x"}})
		verandatest.WantFields(t, err, "/limit range", "/cursor cursor", "/q line", "/kind one_of")
	})
}

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		now := f.DB.Time(f.DB.Now())
		team, top, below := veranda.NewID[teamKind](), veranda.NewID[departmentKind](), veranda.NewID[departmentKind]()
		f.exec(t, `INSERT INTO veranda_teams (org_id, id, name, name_key, description, roles, created_by, created_at, updated_at, version) VALUES ($1, $2, 'Crew', 'crew', '', '', $3, $4, $4, 1)`, f.Org, team, f.Owner.Account, now)
		f.exec(t, `INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at) VALUES ($1, $2, $3, $4)`, f.Org, team, f.Stranger.Account, now)
		f.exec(t, `INSERT INTO veranda_departments (org_id, id, parent_id, name, name_key, created_at, version) VALUES ($1, $2, NULL, 'Top', 'top', $3, 1)`, f.Org, top, now)
		f.exec(t, `INSERT INTO veranda_departments (org_id, id, parent_id, name, name_key, created_at, version) VALUES ($1, $2, $3, 'Below', 'below', $4, 1)`, f.Org, below, top, now)
		f.exec(t, `UPDATE veranda_memberships SET department_id = $1, manager_id = $4 WHERE org_id = $2 AND account_id = $3`, below, f.Org, f.Employee.Account, f.Stranger.Account)
		f.exec(t, `UPDATE veranda_memberships SET team_roles = 'access_manager' WHERE org_id = $1 AND account_id = $2`, f.Org, f.Stranger.Account)
		for name, test := range map[string]struct {
			by   veranda.Actor
			in   Filter
			want []string
		}{
			"kind": {f.Owner.Actor, Filter{Kind: "external"}, []string{"Xenia External"}}, "employees": {f.Owner.Actor, Filter{Kind: "internal", Query: "a"}, []string{"Adam Administrator", "Agnes Access"}},
			"role": {f.Owner.Actor, Filter{Role: "owner"}, []string{"Olga Owner"}}, "role of a team": {f.Owner.Actor, Filter{Role: "access_manager"}, []string{"Agnes Access", "Stella Stranger"}},
			"plain":   {f.Owner.Actor, Filter{Role: "employee"}, []string{"Emil Employee", "Stella Stranger"}},
			"no role": {f.Owner.Actor, Filter{Role: "%"}, []string{}}, "team": {f.Employee.Actor, Filter{Team: team}, []string{"Stella Stranger"}}, "no team": {f.Owner.Actor, Filter{Team: veranda.NewID[teamKind]()}, []string{}},
			"department": {f.Owner.Actor, Filter{Department: top}, []string{"Emil Employee"}}, "part": {f.Owner.Actor, Filter{Department: below, Query: "emil"}, []string{"Emil Employee"}},
			"workspace":       {f.Employee.Actor, Filter{Workspace: f.World.Open}, []string{"Emil Employee", "Gustav Guest", "Xenia External"}},
			"workspace, slip": {f.Employee.Actor, Filter{Workspace: f.World.Open, Query: "xenai"}, []string{"Xenia External"}},
			"a private one":   {f.Owner.Actor, Filter{Workspace: f.Closed}, []string{}}, "another tenant's": {f.Owner.Actor, Filter{Workspace: f.OtherWorkspace}, []string{}},
			"guest, role": {f.Guest.Actor, Filter{Role: "owner"}, []string{}}, "guest, team": {f.Guest.Actor, Filter{Team: team}, []string{}}, "guest, department": {f.Guest.Actor, Filter{Department: top}, []string{}},
			"guest, workspace": {f.Guest.Actor, Filter{Workspace: f.World.Open}, []string{"Emil Employee", "Gustav Guest", "Xenia External"}}, "guest, another": {f.Guest.Actor, Filter{Workspace: f.Sibling}, []string{}},
		} {
			if diff := cmp.Diff(test.want, f.find(t, test.by, test.in)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		ctx := context.Background()
		p, err := f.people.Person(ctx, f.Owner.Actor, PersonInput{Org: f.Org, Account: f.Employee.Account})
		if err != nil {
			t.Fatal(err)
		}
		if p.Department == nil || p.Department.Name != "Below" || p.Manager == nil || p.Manager.Name != "Stella Stranger" || len(p.Workspaces) != 2 || p.Titles[0].Title != "Employee" {
			t.Errorf("the profile is %+v", p)
		}
		if want := []Action{ActionSetRoles, ActionRemove, ActionUpdate, ActionAssign, ActionExplain}; !slices.Equal(p.Actions, want) {
			t.Errorf("an owner may %v", p.Actions)
		}
		p, err = f.people.Person(ctx, f.Guest.Actor, PersonInput{Org: f.Org, Account: f.Employee.Account})
		if err != nil {
			t.Fatal(err)
		}
		if p.Address != "emil.employee@works.example" || p.Department != nil || p.Manager != nil || p.Roles != nil || p.Phones != nil || len(p.Actions) != 0 || len(p.Workspaces) != 2 {
			t.Errorf("a guest reads %+v", p)
		}
		if p, err = f.people.Person(ctx, f.Stranger.Actor, PersonInput{Org: f.Org, Account: f.Stranger.Account}); err != nil || len(p.Teams) != 1 || !slices.Equal(p.Actions, []Action{ActionEditProfile, ActionSetPicture, ActionLeave}) {
			t.Errorf("oneself: %+v, %v", p, err)
		}
		for _, hidden := range []struct {
			by      veranda.Actor
			account veranda.AccountID
		}{{f.Guest.Actor, f.Stranger.Account}, {f.Owner.Actor, f.Outsider.Account}, {f.Owner.Actor, veranda.NewAccountID()}, {f.Outsider.Actor, f.Owner.Account}} {
			if _, err := f.people.Person(ctx, hidden.by, PersonInput{Org: f.Org, Account: hidden.account}); !errors.Is(err, veranda.ErrNotFound) {
				t.Errorf("who is not to be seen: %v", err)
			}
		}
	})
}

func TestMyContacts(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		if err := f.tenant.AddMember(ctx, f.Other, f.Employee.Account, tenancy.RoleGuest); err != nil {
			t.Fatal(err)
		}
		f.exec(t, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, '', $4)`, f.Other, f.OtherWorkspace, f.Employee.Account, f.DB.Time(f.DB.Now()))
		all := []string{"Adam Administrator", "Agnes Access", "Emil Employee", "Emil Employee", "Gustav Guest", "Olga Owner", "Oscar Outsider", "Stella Stranger", "Xenia External"}
		list := func(in ContactsInput) []string {
			t.Helper()
			var out []string
			for {
				page, err := f.people.MyContacts(ctx, f.Employee.Actor, in)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, names(page.Items)...)
				if in.Cursor = page.Next; in.Cursor == "" {
					return out
				}
			}
		}
		if diff := cmp.Diff(all, list(ContactsInput{})); diff != "" {
			t.Errorf("contacts (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(all, list(ContactsInput{Page: veranda.Page{Limit: 1}})); diff != "" {
			t.Errorf("page by page (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Emil Employee", "Oscar Outsider"}, list(ContactsInput{Org: f.Other})); diff != "" {
			t.Errorf("of one organization (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Emil Employee", "Oscar Outsider"}, list(ContactsInput{Workspace: f.OtherWorkspace})); diff != "" {
			t.Errorf("of one workspace (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Oscar Outsider"}, list(ContactsInput{Query: "oscra"})); diff != "" {
			t.Errorf("searched (-want +got):\n%s", diff)
		}
		if got := list(ContactsInput{Org: veranda.NewOrgID()}); len(got) > 0 {
			t.Errorf("of an organization of others: %v", got)
		}
		if list, err := f.people.MyContacts(ctx, f.Nobody.Actor, ContactsInput{}); err != nil || len(list.Items) > 0 {
			t.Errorf("nobody's contacts: %v, %v", list, err)
		}
	})
}

func TestEveryMethodAsks(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	authz, err := tenancy.NewAuthorizer(context.Background(), e.DB, modules()...)
	if err != nil {
		t.Fatal(err)
	}
	denier := verandatest.NewDenier(authz)
	service, err := New(Deps{DB: e.DB, Authz: denier})
	if err != nil {
		t.Fatal(err)
	}
	verandatest.AskEveryMethod(t, service, denier, nil, map[string]string{
		"WithTx": "binds", "IndexJob": "a background job", "Rebuild": "for the program, not for requests",
	})
}

// model is the directory as it ought to be, from nothing but what the tables of tenancy say.
type model struct {
	kind, role, name string
	disabled         bool
	state            string
	in               map[int]bool
}

// Whatever happens to people, whoever searches, nobody finds anybody but whom they may see, and finds all of these.
func TestNobodyFindsWhomTheyMayNotSee(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		given := []string{"Anna", "Anne", "Bert", "Carla", "Иван", "Ömer", "Al"}
		family := []string{"Martin", "Matrin", "Stein", "Steiner", "Yılmaz", "O'Neil"}
		rapid.Check(t, func(rt *rapid.T) { f.checkModel(rt, given, family) })
	})
}

func (f *fixture) checkModel(rt *rapid.T, given, family []string) {
	ctx := context.Background()
	org := veranda.NewOrgID()
	now := f.DB.Time(f.DB.Now())
	people := map[veranda.AccountID]*model{}
	var ids []veranda.AccountID
	deleted := make([]bool, 4)
	spaces := make([]veranda.WorkspaceID, len(deleted))
	n := rapid.IntRange(2, 9).Draw(rt, "people")
	err := f.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		exec := func(text string, args ...any) {
			if _, err := tx.Exec(ctx, text, args...); err != nil {
				rt.Fatalf("%s: %v", text, err)
			}
		}
		exec(`INSERT INTO veranda_organizations (id, kind, name, domains, employees_invite, language, time_zone, policy_version, created_by, created_at, updated_at, version)
			VALUES ($1, 'organization', 'Made up', '[]', $2, 'en', 'UTC', 0, $3, $4, $4, 1)`, org, false, f.Owner.Account, now)
		for i := range spaces {
			spaces[i] = veranda.NewWorkspaceID()
			deleted[i] = rapid.IntRange(0, 4).Draw(rt, "deleted") == 0
			var at any
			if deleted[i] {
				at = now
			}
			exec(`INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, deleted_at, version)
				VALUES ($1, $2, 'W', '', $3, 1, $4, $5, $5, $6, 1)`, org, spaces[i], i%2 == 0, f.Owner.Account, now, at)
		}
		for range n {
			id := veranda.NewAccountID()
			p := &model{name: rapid.SampledFrom(given).Draw(rt, "given") + " " + rapid.SampledFrom(family).Draw(rt, "family"), state: "active", in: map[int]bool{}}
			p.role = rapid.SampledFrom([]string{"owner", "access_manager", "employee", "employee", "external", "external", "guest"}).Draw(rt, "role")
			p.kind = "internal"
			if p.role == "external" || p.role == "guest" {
				p.kind = p.role
			}
			if rapid.IntRange(0, 5).Draw(rt, "state") == 0 {
				p.state = rapid.SampledFrom([]string{"pending", "disabled"}).Draw(rt, "which")
			}
			p.disabled = rapid.IntRange(0, 5).Draw(rt, "disabled") == 0
			var at any
			if p.disabled {
				at = now
			}
			exec(`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version) VALUES ($1, $2, 'en', 'UTC', $3, $4, $4, 1)`, id, p.name, p.state, now)
			exec(`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, disabled_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`,
				org, id, p.kind, p.role, fmt.Sprintf("p%d@works.example", len(ids)), now, at)
			exec(`INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, id, org)
			for i, space := range spaces {
				if rapid.IntRange(0, 2).Draw(rt, "in") == 0 {
					p.in[i] = true
					exec(`INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, '', $4)`, org, space, id, now)
				}
			}
			tx.Emit(veranda.Event{Org: org, Kind: tenancy.EventMemberJoined, Subject: id.String()})
			people[id], ids = p, append(ids, id)
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	f.changeSome(rt, org, people, ids)
	// Every way of searching finds the same.
	f.people.ways = rapid.SampledFrom([]thresholds{measuredThresholds(), {}, {few: 3, rare: 3, chunk: 3}, {rare: 2, chunk: 1}}).Draw(rt, "ways")
	f.people.ways.chunk = max(1, f.people.ways.chunk)
	queries := []string{"", "a", "an", "ann", "anna", "anan", "ber", "ivan", "иван", "martin", "matrin", "ste", "stei", "steiner", "yil", "omer", "neil", "oneil", "al", "anna mart", "a st", "p", "p1", "works", "@works", "bert@works", "p0@works.example"}
	for by, me := range people {
		query := rapid.SampledFrom(queries).Draw(rt, "query")
		got := map[veranda.AccountID]bool{}
		list, err := f.people.People(ctx, veranda.AccountActor(by), PeopleInput{Org: org, Filter: Filter{Query: query}, Page: veranda.Page{Limit: 200}})
		if me.disabled || me.state == "gone" {
			if !errors.Is(err, veranda.ErrNotFound) {
				rt.Fatalf("who is disabled is answered %v, %v", list, err)
			}
			continue
		}
		if err != nil {
			rt.Fatal(err)
		}
		for _, c := range list.Items {
			if got[c.Account] {
				rt.Fatalf("%s is in the list twice", c.Name)
			}
			got[c.Account] = true
		}
		for i, id := range ids {
			p := people[id]
			want := me.sees(p, deleted, by == id)
			if want {
				address := fmt.Sprintf("p%d@works.example", i)
				e := entryOf(person{name: p.name, address: address, addressKey: address})
				want = e.match(tokensOf(query), me.kind == "internal") != matchNot
			}
			if got[id] != want {
				rt.Fatalf("%s %+v searches %q: %s %+v is found: %v, want %v", me.name, me, query, p.name, p, got[id], want)
			}
		}
	}
}

// sees is the role table's row "directory".
func (m *model) sees(p *model, deleted []bool, self bool) bool {
	inside := m.kind == "internal"
	switch {
	case p.disabled || p.state == "disabled" || p.state == "gone" || p.state == "pending" && !inside:
		return false
	case m.role == "owner" || m.role == "access_manager" || inside && p.kind == "internal" || self:
		return true
	}
	for i := range deleted {
		if !deleted[i] && m.in[i] && p.in[i] {
			return true
		}
	}
	return false
}

// changeSome renames, disables and removes some, with the events of tenancy.
func (f *fixture) changeSome(rt *rapid.T, org veranda.OrgID, people map[veranda.AccountID]*model, ids []veranda.AccountID) {
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		for _, id := range ids {
			p := people[id]
			texts, kind := []string{}, ""
			switch rapid.IntRange(0, 7).Draw(rt, "change") {
			case 0:
				p.name = "Renamed Stein"
				texts, kind = []string{`UPDATE veranda_accounts SET name = 'Renamed Stein' WHERE id = $2 AND CAST($1 AS TEXT) IS NOT NULL`}, tenancy.EventAccountUpdated
			case 1:
				p.disabled = true
				texts, kind = []string{`UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id = $2`}, "tenancy.member_disabled"
			case 2:
				p.state, p.in = "gone", map[int]bool{}
				texts, kind = []string{
					`DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`,
					`DELETE FROM veranda_account_organizations WHERE org_id = $1 AND account_id = $2`,
					`DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`,
				}, tenancy.EventMemberRemoved
			}
			for _, text := range texts {
				if _, err := tx.Exec(ctx, text, org, id); err != nil {
					return err
				}
			}
			e := veranda.Event{Org: org, Kind: kind, Subject: id.String()}
			if kind == tenancy.EventAccountUpdated {
				e.Org = veranda.OrgID{}
			}
			if kind != "" && rapid.IntRange(0, 3).Draw(rt, "told") > 0 || kind == tenancy.EventAccountUpdated { // a row that is not brought up to date must reveal nobody
				tx.Emit(e)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}
