package tenancy

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// department makes a department.
func (k *kit) department(t *testing.T, name string, parent DepartmentID) *Department {
	t.Helper()
	d, err := k.s.CreateDepartment(context.Background(), k.Owner.Actor, CreateDepartmentInput{Org: k.Org, Name: name, Parent: parent})
	must(t, err)
	return d
}

// link says where somebody belongs.
func (k *kit) link(account veranda.AccountID, department DepartmentID, manager veranda.AccountID) error {
	_, err := k.s.SetOrganizationLinks(context.Background(), k.Owner.Actor, SetOrganizationLinksInput{Org: k.Org, Account: account, Department: department, Manager: manager})
	return err
}

func memberNames(list veranda.List[Member]) []string {
	names := []string{}
	for _, m := range list.Items {
		names = append(names, m.Name)
	}
	return names
}

func TestDepartments(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		sales := k.department(t, "Sales", DepartmentID{})
		north := k.department(t, "North", sales.ID)
		south := k.department(t, "South", sales.ID)
		k.department(t, "South", north.ID) // another place, so the name is free
		_, err := k.s.CreateDepartment(ctx, k.Owner.Actor, CreateDepartmentInput{Org: k.Org, Name: "SALES", Manager: k.Guest.Account})
		verandatest.WantFields(t, err, "/manager_id kind", "/name taken")
		_, err = k.s.CreateDepartment(ctx, k.Owner.Actor, CreateDepartmentInput{Org: k.Org, Name: "X", Parent: veranda.NewID[departmentKind](), Manager: k.Outsider.Account})
		verandatest.WantFields(t, err, "/parent_id not_found", "/manager_id not_found")
		update := func(in UpdateDepartmentInput) (*Department, error) {
			in.Org = k.Org
			return k.s.UpdateDepartment(ctx, k.Administrator.Actor, in)
		}
		for _, parent := range []DepartmentID{sales.ID, north.ID} {
			_, err = update(UpdateDepartmentInput{Department: sales.ID, Parent: &parent})
			verandatest.WantFields(t, err, "/parent_id circle")
		}
		_, err = update(UpdateDepartmentInput{Department: south.ID, Parent: new(north.ID), ClearParent: true, Manager: &veranda.AccountID{}, ClearManager: true, Name: new("")})
		verandatest.WantFields(t, err, "/name required", "/clear_parent exclusive", "/clear_manager exclusive", "/manager_id required")
		_, err = update(UpdateDepartmentInput{Department: south.ID})
		verandatest.WantFields(t, err, " required")
		_, err = update(UpdateDepartmentInput{Department: south.ID, Version: 7, ClearParent: true})
		want(t, err, veranda.ErrVersion)
		moved, err := update(UpdateDepartmentInput{Department: south.ID, Version: 1, Parent: new(north.ID), Manager: new(k.Employee.Account), Name: new("Far south")})
		must(t, err)
		if *moved.Parent != north.ID || *moved.Manager != k.Employee.Account || moved.Version != 2 || moved.Name != "Far south" {
			t.Errorf("moved: %+v", moved)
		}
		moved, err = update(UpdateDepartmentInput{Department: south.ID, ClearParent: true, ClearManager: true})
		must(t, err)
		if moved.Parent != nil || moved.Manager != nil {
			t.Errorf("at the top: %+v", moved)
		}
		// Ten within each other and no more, whichever end moves.
		at := DepartmentID{}
		var chain []DepartmentID
		for i := range maxDepth {
			at = k.department(t, fmt.Sprint("Level ", i), at).ID
			chain = append(chain, at)
		}
		_, err = k.s.CreateDepartment(ctx, k.Owner.Actor, CreateDepartmentInput{Org: k.Org, Name: "Too deep", Parent: at})
		verandatest.WantFields(t, err, "/parent_id depth")
		_, err = update(UpdateDepartmentInput{Department: chain[0], Parent: &sales.ID})
		verandatest.WantFields(t, err, "/parent_id depth")
		_, err = update(UpdateDepartmentInput{Department: chain[2], Parent: &sales.ID})
		must(t, err)
		var names []string
		for in := (DepartmentsInput{Org: k.Org, Page: veranda.Page{Limit: 6}}); ; {
			list, err := k.s.Departments(ctx, k.Employee.Actor, in)
			must(t, err)
			for _, d := range list.Items {
				names = append(names, d.Name)
			}
			if in.Cursor = list.Next; in.Cursor == "" {
				break
			}
		}
		all := []string{"Far south", "Level 0", "Level 1", "Level 2", "Level 3", "Level 4", "Level 5", "Level 6", "Level 7", "Level 8", "Level 9", "North", "Sales", "South"}
		if diff := cmp.Diff(all, names); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// Only an empty one is deleted.
		must(t, k.link(k.Employee.Account, south.ID, veranda.AccountID{}))
		want(t, k.s.DeleteDepartment(ctx, k.Owner.Actor, DepartmentInput{k.Org, south.ID}), ErrDepartmentNotEmpty)
		want(t, k.s.DeleteDepartment(ctx, k.Owner.Actor, DepartmentInput{k.Org, sales.ID}), ErrDepartmentNotEmpty)
		must(t, k.link(k.Employee.Account, DepartmentID{}, veranda.AccountID{}))
		must(t, k.s.DeleteDepartment(ctx, k.Owner.Actor, DepartmentInput{k.Org, south.ID}))
		_, err = k.s.Department(ctx, k.Owner.Actor, DepartmentInput{k.Org, south.ID})
		want(t, err, veranda.ErrNotFound)
		k.WantEvents(t, EventDepartmentDeleted, EventDepartmentDeleted)
		k.WantEvents(t, EventDepartmentUpdated, EventDepartmentUpdated, EventDepartmentUpdated, EventDepartmentUpdated)
	})
}

func TestDepartmentsAreForWhoAdministers(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		sales := k.department(t, "Sales", DepartmentID{})
		in := DepartmentInput{k.Org, sales.ID}
		one := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": "", "stranger": ""}
		list := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": "", "stranger": "", "external": refused, "guest": refused, "support": refused}
		manage := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": refused, "employee": refused, "stranger": refused}
		create := map[string]veranda.Code{"external": refused, "guest": refused, "support": refused}
		links := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": refused, "stranger": refused, "external": refused, "guest": refused, "support": refused}
		for name, code := range manage {
			create[name] = code
		}
		k.answers(t, one, func(by veranda.Actor) error { _, err := k.s.Department(ctx, by, in); return err })
		k.answers(t, list, func(by veranda.Actor) error {
			_, err := k.s.Departments(ctx, by, DepartmentsInput{Org: k.Org})
			return err
		})
		k.answers(t, one, func(by veranda.Actor) error {
			_, err := k.s.DepartmentMembers(ctx, by, DepartmentMembersInput{Org: k.Org, Department: sales.ID})
			return err
		})
		k.answers(t, list, func(by veranda.Actor) error {
			_, err := k.s.Reports(ctx, by, ReportsInput{Org: k.Org, Account: k.Employee.Account})
			return err
		})
		k.answers(t, create, func(by veranda.Actor) error {
			_, err := k.s.CreateDepartment(ctx, by, CreateDepartmentInput{Org: k.Org, Name: veranda.NewOrgID().String()})
			return err
		})
		k.answers(t, manage, func(by veranda.Actor) error {
			_, err := k.s.UpdateDepartment(ctx, by, UpdateDepartmentInput{Org: k.Org, Department: sales.ID, ClearManager: true})
			return err
		})
		k.answers(t, manage, func(by veranda.Actor) error {
			made := k.department(t, veranda.NewOrgID().String(), DepartmentID{})
			return k.s.DeleteDepartment(ctx, by, DepartmentInput{k.Org, made.ID})
		})
		k.answers(t, links, func(by veranda.Actor) error {
			_, err := k.s.SetOrganizationLinks(ctx, by, SetOrganizationLinksInput{Org: k.Org, Account: k.Employee.Account, Department: sales.ID})
			return err
		})
		k.answers(t, list, func(by veranda.Actor) error {
			_, err := k.s.OrganizationLinks(ctx, by, MemberInput{Org: k.Org, Account: k.Employee.Account})
			return err
		})
		for _, in := range []DepartmentInput{{k.Other, sales.ID}, {k.Org, veranda.NewID[departmentKind]()}} {
			for _, by := range []veranda.Actor{k.Owner.Actor, k.Outsider.Actor} {
				_, err := k.s.Department(ctx, by, in)
				want(t, err, veranda.ErrNotFound)
			}
		}
	})
}

func TestOrganizationLinks(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		sales := k.department(t, "Sales", DepartmentID{})
		north := k.department(t, "North", sales.ID)
		none, nobody := DepartmentID{}, veranda.AccountID{}
		must(t, k.link(k.Employee.Account, north.ID, k.Owner.Account))
		must(t, k.link(k.Stranger.Account, sales.ID, k.Employee.Account))
		must(t, k.link(k.Stranger.Account, sales.ID, k.Employee.Account)) // changes nothing
		verandatest.WantFields(t, k.link(k.Owner.Account, none, k.Owner.Account), "/manager_id oneself")
		verandatest.WantFields(t, k.link(k.Owner.Account, none, k.Stranger.Account), "/manager_id circle")
		verandatest.WantFields(t, k.link(k.Owner.Account, veranda.NewID[departmentKind](), k.External.Account), "/department_id not_found", "/manager_id kind")
		verandatest.WantFields(t, k.link(k.Owner.Account, none, k.Outsider.Account), "/manager_id not_found")
		verandatest.WantFields(t, k.link(k.External.Account, sales.ID, k.Owner.Account), "/department_id kind", "/manager_id kind")
		verandatest.WantFields(t, k.link(k.Guest.Account, none, nobody), "/manager_id kind")
		want(t, k.link(k.Outsider.Account, none, nobody), veranda.ErrNotFound)
		_, err := k.s.SetOrganizationLinks(ctx, k.Owner.Actor, SetOrganizationLinksInput{Org: k.Org, Account: k.Employee.Account, Version: 9})
		want(t, err, veranda.ErrVersion)
		links, err := k.s.OrganizationLinks(ctx, k.Stranger.Actor, MemberInput{Org: k.Org, Account: k.Employee.Account})
		must(t, err)
		if *links.Department != north.ID || *links.Manager != k.Owner.Account || links.Version != 2 {
			t.Errorf("links %+v", links)
		}
		people := func(alone bool, id DepartmentID) []string {
			t.Helper()
			list, err := k.s.DepartmentMembers(ctx, k.Employee.Actor, DepartmentMembersInput{Org: k.Org, Department: id, Alone: alone})
			must(t, err)
			return memberNames(list)
		}
		if diff := cmp.Diff([]string{"Emil Employee", "Stella Stranger"}, people(false, sales.ID)); diff != "" {
			t.Errorf("with the parts (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Stella Stranger"}, people(true, sales.ID)); diff != "" {
			t.Errorf("without (-want +got):\n%s", diff)
		}
		reports, err := k.s.Reports(ctx, k.Guest.Actor, ReportsInput{Org: k.Org, Account: k.Employee.Account})
		verandatest.WantCode(t, err, refused)
		if len(reports.Items) != 0 {
			t.Errorf("a refused call lists %v", reports.Items)
		}
		reports, err = k.s.Reports(ctx, k.Employee.Actor, ReportsInput{Org: k.Org, Account: k.Employee.Account})
		must(t, err)
		if diff := cmp.Diff([]string{"Stella Stranger"}, memberNames(reports)); diff != "" {
			t.Errorf("reports (-want +got):\n%s", diff)
		}
		_, err = k.s.UpdateDepartment(ctx, k.Owner.Actor, UpdateDepartmentInput{Org: k.Org, Department: sales.ID, Manager: new(k.Employee.Account)})
		must(t, err)
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Employee.Account}))
		links, err = k.s.OrganizationLinks(ctx, k.Owner.Actor, MemberInput{Org: k.Org, Account: k.Stranger.Account})
		must(t, err)
		department, err := k.s.Department(ctx, k.Owner.Actor, DepartmentInput{k.Org, sales.ID})
		must(t, err)
		if links.Manager != nil || department.Manager != nil || *links.Department != sales.ID {
			t.Errorf("without the manager: %+v, %+v", links, department)
		}
		k.WantEvents(t, EventMemberLinksChanged, EventMemberLinksChanged, EventMemberLinksChanged)
	})
}

// Whatever is tried, nobody is above themselves, and who takes the place of somebody who leaves leaves no gap.
func TestManagersMakeNoCircle(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		people := []veranda.AccountID{k.Owner.Account, k.Administrator.Account, k.AccessManager.Account, k.Employee.Account, k.Stranger.Account}
		person := rapid.SampledFrom(people)
		rapid.Check(t, func(rt *rapid.T) {
			model := map[veranda.AccountID]veranda.AccountID{}
			above := func(who, boss veranda.AccountID) bool {
				for ; !boss.IsZero(); boss = model[boss] {
					if boss == who {
						return true
					}
				}
				return false
			}
			must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE veranda_memberships SET manager_id = NULL WHERE org_id = $1`, k.Org)
				return err
			}))
			for range rapid.IntRange(1, 10).Draw(rt, "changes") {
				who, boss := person.Draw(rt, "who"), person.Draw(rt, "boss")
				if who == boss {
					continue
				}
				if rapid.IntRange(0, 3).Draw(rt, "change") > 0 {
					err := k.link(who, DepartmentID{}, boss)
					if circle := above(who, boss); circle != (err != nil) {
						rt.Fatalf("a circle: %v, and the answer %v", circle, err)
					} else if !circle {
						model[who] = boss
					}
					continue
				}
				// boss takes the place of who.
				if above(who, boss) {
					model[boss] = model[who]
				}
				for report, manager := range model {
					if manager == who {
						model[report] = boss
					}
				}
				delete(model, who)
				if err := k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
					if err := handPeople(ctx, tx, k.Org, who, boss); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, `UPDATE veranda_memberships SET manager_id = NULL WHERE org_id = $1 AND account_id = $2`, k.Org, who)
					return err
				}); err != nil {
					rt.Fatal(err)
				}
			}
			for _, who := range people {
				var manager veranda.AccountID
				if _, err := readOne(ctx, k.DB.Conn().Query, `SELECT manager_id FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{k.Org, who}, &manager); err != nil {
					rt.Fatal(err)
				}
				if manager != model[who] || above(who, manager) {
					rt.Fatalf("the manager is %v, want %v", manager, model[who])
				}
			}
		})
	})
}

// Two who make each other the manager at once: one of them is told that it would be a circle.
func TestManagersAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		pairs := [][2]veranda.AccountID{{k.Employee.Account, k.Stranger.Account}, {k.Stranger.Account, k.Employee.Account}}
		succeeded, errs := atOnce(2, func(i int) error { return k.link(pairs[i][0], DepartmentID{}, pairs[i][1]) })
		if succeeded != 1 {
			t.Errorf("%d of two succeeded: %v", succeeded, errs)
		}
	})
}
