package tenancy

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
)

// memberLinksRow is where a member belongs.
type memberLinksRow struct {
	Account    veranda.AccountID
	Kind       string
	Department DepartmentID
	Manager    veranda.AccountID
	Version    int64
}

func (r *memberLinksRow) destinations() []any {
	return []any{&r.Account, &r.Kind, &r.Department, &r.Manager, &r.Version}
}

func (r *memberLinksRow) links() *OrganizationLinks {
	return &OrganizationLinks{Account: r.Account, Department: presentID(r.Department), Manager: presentID(r.Manager), Version: r.Version}
}

// readLinks reads where a member belongs, with the standing of who calls, and asks a permission. Whom the caller does not
// see in the directory is not there.
func (s *Service) readLinks(ctx context.Context, c veranda.Conn, by veranda.Actor, org veranda.OrgID, account veranda.AccountID, permission veranda.Permission) (*veranda.Standing, *memberLinksRow, error) {
	row := &memberLinksRow{}
	standing, err := c.Read(ctx, s.reads.links, by, org, []any{account}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, c, standing, veranda.Ask{Permission: permission}); err != nil {
		return nil, nil, err
	}
	query, _, err := s.visibleMembers(ctx, by, org)
	if err != nil {
		return nil, nil, err
	}
	query.Where("m.disabled_at IS NULL")
	seen, err := query.Where("m.account_id = ?", account).Exists(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tenancy: read member: %w", err)
	}
	if !seen || row.Account.IsZero() {
		return nil, nil, veranda.ErrNotFound
	}
	return standing, row, nil
}

// OrganizationLinks reads a member's department and manager.
//
// Permission: department.read; whom one may not see in the directory is not found.
func (s *Service) OrganizationLinks(ctx context.Context, by veranda.Actor, in MemberInput) (*OrganizationLinks, error) {
	_, row, err := s.readLinks(ctx, s.conn, by, in.Org, in.Account, PermDepartmentsRead)
	if err != nil {
		return nil, err
	}
	return row.links(), nil
}

// SetOrganizationLinks gives an employee a department and a manager, in place of those they have; absent ones are taken
// away. Externals and guests have theirs in their own organization.
//
// Permission: member.update; whom one may not see in the directory is not found. Errors: version; the field errors "kind"
// for externals and guests, "not_found" for a department that is not there or a manager whom one does not see, "circle"
// for a manager whose own managers lead to the member. Event: tenancy.member_links_changed.
func (s *Service) SetOrganizationLinks(ctx context.Context, by veranda.Actor, in SetOrganizationLinksInput) (*OrganizationLinks, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, _, err := s.readLinks(ctx, s.conn, by, in.Org, in.Account, PermMemberUpdate); err != nil {
		return nil, err
	}
	var updated *memberLinksRow
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockStructure(ctx, tx, in.Org); err != nil {
			return err
		}
		bound := s.WithTx(tx)
		standing, row, err := bound.readLinks(ctx, bound.conn, by, in.Org, in.Account, PermMemberUpdate)
		if err != nil {
			return err
		}
		updated = row
		if in.Version != 0 && in.Version != row.Version {
			return veranda.ErrVersion
		}
		if err := s.checkLinks(ctx, tx, standing, row, in); err != nil {
			return err
		}
		if row.Department == in.Department && row.Manager == in.Manager {
			return nil
		}
		n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET department_id = $4, manager_id = $5, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND version = $3 AND kind = 'internal' AND disabled_at IS NULL`, in.Org, in.Account, row.Version, nullID(in.Department), nullID(in.Manager))
		if err != nil || n == 0 {
			return errorOr(wrapped("store links", err), veranda.ErrVersion)
		}
		emitBy(tx, standing, EventMemberLinksChanged, in.Org, in.Account.String(), MemberLinksChanged{
			Account: in.Account, Department: presentID(in.Department), Manager: presentID(in.Manager),
			DepartmentBefore: presentID(row.Department), ManagerBefore: presentID(row.Manager),
		})
		row.Department, row.Manager, row.Version = in.Department, in.Manager, row.Version+1
		return nil
	})
	if err != nil {
		return nil, err
	}
	return updated.links(), nil
}

// checkLinks checks where a member is to belong, behind the lock.
func (s *Service) checkLinks(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *memberLinksRow, in SetOrganizationLinksInput) error {
	var c veranda.Checks
	if row.Kind != MemberInternal {
		const message = "only employees have one; an external's and a guest's are in their own organization"
		if !in.Department.IsZero() {
			c.Add("/department_id", "kind", message)
		}
		if !in.Manager.IsZero() || in.Department.IsZero() {
			c.Add("/manager_id", "kind", message)
		}
		return c.Err()
	}
	if !in.Department.IsZero() && in.Department != row.Department {
		found, err := anyRow(ctx, tx, `SELECT 1 FROM veranda_departments WHERE org_id = $1 AND id = $2`, in.Org, in.Department)
		if err != nil {
			return err
		}
		if !found {
			c.Add("/department_id", "not_found", "is not a department of the organization")
		}
	}
	if !in.Manager.IsZero() && in.Manager != row.Manager {
		if err := s.checkManager(ctx, tx, standing, &c, in.Org, in.Manager); err != nil {
			return err
		}
		if !c.Failed("/manager_id") {
			circle, err := anyRow(ctx, tx, aboveText, in.Org, in.Manager, in.Account)
			if err != nil {
				return err
			}
			if circle {
				c.Add("/manager_id", "circle", "is led by the member, directly or through others")
			}
		}
	}
	return c.Err()
}

// DepartmentMembers lists the people of a department and of all of its parts by name: those the caller sees in the
// directory.
//
// Permission: department.read; whom one sees is said by member.read, member.read_employees and member.read_shared.
func (s *Service) DepartmentMembers(ctx context.Context, by veranda.Actor, in DepartmentMembersInput) (veranda.List[Member], error) {
	ask := func() error {
		_, _, err := s.readDepartment(ctx, s.conn, by, DepartmentInput{in.Org, in.Department}, PermDepartmentsRead)
		return err
	}
	return s.linkedMembers(ctx, by, in.Org, in.Page, "department_members", ask, func(query *bun.SelectQuery) *bun.SelectQuery {
		if in.Alone {
			return query.Where("m.department_id = ?", in.Department)
		}
		return query.Where(`m.department_id IN (WITH RECURSIVE below (id) AS (SELECT d.id FROM veranda_departments d WHERE d.org_id = ? AND d.id = ?
	UNION SELECT d.id FROM veranda_departments d JOIN below ON d.parent_id = below.id WHERE d.org_id = ?) SELECT id FROM below)`, in.Org, in.Department, in.Org)
	})
}

// Reports lists the people whose manager somebody is, by name: those the caller sees in the directory.
//
// Permission: department.read; whom one may not see in the directory is not found.
func (s *Service) Reports(ctx context.Context, by veranda.Actor, in ReportsInput) (veranda.List[Member], error) {
	ask := func() error {
		_, _, err := s.readLinks(ctx, s.conn, by, in.Org, in.Account, PermDepartmentsRead)
		return err
	}
	return s.linkedMembers(ctx, by, in.Org, in.Page, "reports", ask, func(query *bun.SelectQuery) *bun.SelectQuery {
		return query.Where("m.manager_id = ?", in.Account)
	})
}

// linkedMembers is a page of the members the caller sees whom a condition picks; ask asks about what the list is of.
func (s *Service) linkedMembers(ctx context.Context, by veranda.Actor, org veranda.OrgID, page veranda.Page, name string,
	ask func() error, narrow func(query *bun.SelectQuery) *bun.SelectQuery,
) (veranda.List[Member], error) {
	list := veranda.List[Member]{Items: []Member{}}
	var c veranda.Checks
	limit := page.Size(&c)
	position := peoplePosition(&c, page, name)
	if err := c.Err(); err != nil {
		return list, err
	}
	if err := ask(); err != nil {
		return list, err
	}
	query, _, err := s.visibleMembers(ctx, by, org)
	if err != nil {
		return list, err
	}
	query.Where("m.disabled_at IS NULL")
	query = narrow(query)
	if position != nil {
		query.Where("(a.name, m.account_id) > (?, ?)", position[0], position[1])
	}
	var rows []memberListRow
	if err := query.OrderExpr("a.name, m.account_id").Limit(int64(limit+1)).Scan(ctx, &rows); err != nil {
		return list, fmt.Errorf("tenancy: list members: %w", err)
	}
	for _, r := range rows[:min(len(rows), limit)] {
		list.Items = append(list.Items, r.member(false))
	}
	if len(rows) > limit {
		last := rows[limit-1]
		list.Next = veranda.EncodeCursor(name, last.Name, last.AccountID.String())
	}
	return list, nil
}
