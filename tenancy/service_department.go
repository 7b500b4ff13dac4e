package tenancy

import (
	"context"
	"database/sql"

	"github.com/veranda-go/veranda"
)

// CreateDepartment makes a department, at the top or as a part of another.
//
// Permission: department.manage. Errors: limit.departments; the field errors "taken" for a name that another part of the
// same department has, "not_found" for a parent that is not there or a manager who is not an employee one sees, "depth"
// beyond ten within each other. Event: tenancy.department_created.
func (s *Service) CreateDepartment(ctx context.Context, by veranda.Actor, in CreateDepartmentInput) (*Department, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDepartmentsManage}); err != nil {
		return nil, err
	}
	row := &departmentRow{Org: in.Org, ID: veranda.NewID[departmentKind](), Parent: in.Parent, Name: in.Name, Manager: in.Manager, CreatedAt: s.now(), Version: 1}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockStructure(ctx, tx, in.Org); err != nil {
			return err
		}
		if err := s.checkDepartment(ctx, tx, standing, row, true, true); err != nil {
			return err
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "departments", 1); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertDepartment, row.Org, row.ID, nullID(row.Parent), row.Name, teamNameKey(row.Name), nullID(row.Manager), s.time(row.CreatedAt))
		if err != nil {
			return wrapped("store department", err)
		}
		s.emitDepartment(tx, standing, EventDepartmentCreated, row, nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return row.department(), nil
}

func (s *Service) emitDepartment(tx *veranda.Tx, standing *veranda.Standing, kind string, row *departmentRow, fields []string) {
	emitBy(tx, standing, kind, row.Org, row.ID.String(),
		DepartmentChanged{Name: row.Name, Fields: fields, Parent: presentID(row.Parent), Manager: presentID(row.Manager)})
}

// checkDepartment checks a department as it is to be, behind the lock: where it lies, and who leads it.
func (s *Service) checkDepartment(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *departmentRow, moved, led bool) error {
	var c veranda.Checks
	if moved {
		parents, err := departmentTree(ctx, tx, row.Org)
		if err != nil {
			return err
		}
		checkDepartmentPlace(&c, parents, row.ID, row.Parent)
	}
	if led && !row.Manager.IsZero() {
		if err := s.checkManager(ctx, tx, standing, &c, row.Org, row.Manager); err != nil {
			return err
		}
	}
	taken, err := anyRow(ctx, tx, `SELECT 1 FROM veranda_departments WHERE org_id = $1 AND coalesce(parent_id, '00000000-0000-0000-0000-000000000000') = $2 AND name_key = $3 AND id <> $4`,
		row.Org, row.Parent, teamNameKey(row.Name), row.ID)
	if err != nil {
		return err
	}
	if taken {
		c.Add("/name", "taken", "is another department's in the same place")
	}
	return c.Err()
}

// checkDepartmentPlace reports a parent that is not there, lies within the department itself, or too deep.
func checkDepartmentPlace(c *veranda.Checks, parents map[DepartmentID]DepartmentID, id, parent DepartmentID) {
	if parent.IsZero() {
		return
	}
	if _, known := parents[parent]; !known {
		c.Add("/parent_id", "not_found", "is not a department of the organization")
		return
	}
	above := 0
	for at := parent; !at.IsZero(); at = parents[at] {
		if at == id {
			c.Add("/parent_id", "circle", "is the department itself or a part of it")
			return
		}
		above++
	}
	if above+departmentHeight(parents, id) > maxDepth {
		c.Add("/parent_id", "depth", "would be more than ten departments one within the other")
	}
}

// departmentHeight is how many departments lie one within the other from a department on, itself counted.
func departmentHeight(parents map[DepartmentID]DepartmentID, id DepartmentID) int {
	most := 1
	for other := range parents {
		steps := 1
		for at := other; !at.IsZero(); at = parents[at] {
			if at == id {
				most = max(most, steps)
				break
			}
			steps++
		}
	}
	return most
}

// checkManager reports a manager who is not an employee whom the standing sees.
func (s *Service) checkManager(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, c *veranda.Checks, org veranda.OrgID, manager veranda.AccountID) error {
	kinds, err := s.visibleKinds(ctx, tx, standing, org, []veranda.AccountID{manager})
	if err != nil {
		return err
	}
	switch kinds[manager] {
	case MemberInternal:
	case "":
		c.Add("/manager_id", "not_found", "is not somebody of the organization whom you see")
	default:
		c.Add("/manager_id", "kind", "must be an employee")
	}
	return nil
}

// readDepartment reads a department with the standing of who calls and asks a permission.
func (s *Service) readDepartment(ctx context.Context, c veranda.Conn, by veranda.Actor, in DepartmentInput, permission veranda.Permission) (*veranda.Standing, *departmentRow, error) {
	row := &departmentRow{Org: in.Org}
	standing, err := c.Read(ctx, s.reads.department, by, in.Org, []any{in.Department}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	err = s.authz.Decide(ctx, c, standing, veranda.Ask{Permission: permission, See: PermDepartmentsRead, Missing: row.ID.IsZero()})
	return standing, row, err
}

// changeDepartment decides before a transaction and once more inside it, behind the lock.
func (s *Service) changeDepartment(ctx context.Context, by veranda.Actor, in DepartmentInput,
	fn func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *departmentRow) error,
) error {
	if _, _, err := s.readDepartment(ctx, s.conn, by, in, PermDepartmentsManage); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockStructure(ctx, tx, in.Org); err != nil {
			return err
		}
		standing, row, err := s.readDepartment(ctx, s.conn.Bind(tx), by, in, PermDepartmentsManage)
		if err != nil {
			return err
		}
		return fn(ctx, tx, standing, row)
	})
}

// Department reads a department.
//
// Permission: department.read.
func (s *Service) Department(ctx context.Context, by veranda.Actor, in DepartmentInput) (*Department, error) {
	_, row, err := s.readDepartment(ctx, s.conn, by, in, PermDepartmentsRead)
	if err != nil {
		return nil, err
	}
	return row.department(), nil
}

// Departments lists the departments of an organization by name, wherever they lie.
//
// Permission: department.read.
func (s *Service) Departments(ctx context.Context, by veranda.Actor, in DepartmentsInput) (veranda.List[Department], error) {
	list := veranda.List[Department]{Items: []Department{}}
	var c veranda.Checks
	limit := in.Size(&c)
	after, id := "", any(DepartmentID{})
	if position := peoplePosition(&c, in.Page, "departments"); position != nil {
		after, id = position[0], position[1]
	}
	in.Query = c.Line("/q", in.Query, 0, 100)
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDepartmentsRead}); err != nil {
		return list, err
	}
	var keys []string
	err = readAll(ctx, s.conn.Query, selectDepartments, []any{in.Org, likePrefix(teamNameKey(in.Query)), after, id, limit + 1}, func(rows *sql.Rows) error {
		row, key := departmentRow{Org: in.Org}, ""
		err := rows.Scan(append(row.destinations(), &key)...)
		list.Items, keys = append(list.Items, *row.department()), append(keys, key)
		return err
	})
	if err != nil {
		return veranda.List[Department]{}, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = veranda.EncodeCursor("departments", keys[limit-1], list.Items[limit-1].ID.String())
	}
	return list, nil
}

// UpdateDepartment renames a department, moves it with all of its parts, or has somebody else lead it. An update that
// changes nothing leaves version and events alone.
//
// Permission: department.manage. Errors: version; the field errors of CreateDepartment, and "circle" for a parent within
// the department itself. Event: tenancy.department_updated.
func (s *Service) UpdateDepartment(ctx context.Context, by veranda.Actor, in UpdateDepartmentInput) (*Department, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var updated *departmentRow
	err := s.changeDepartment(ctx, by, DepartmentInput{in.Org, in.Department}, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *departmentRow) error {
		updated = row
		if in.Version != 0 && in.Version != row.Version {
			return veranda.ErrVersion
		}
		before, fields := *row, []string(nil)
		if in.apply(row); row.Name != before.Name {
			fields = append(fields, "name")
		}
		if row.Parent != before.Parent {
			fields = append(fields, "parent_id")
		}
		if row.Manager != before.Manager {
			fields = append(fields, "manager_id")
		}
		if len(fields) == 0 {
			return nil
		}
		if err := s.checkDepartment(ctx, tx, standing, row, row.Parent != before.Parent, row.Manager != before.Manager); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, updateDepartment, row.Org, row.ID, before.Version, nullID(row.Parent), row.Name, teamNameKey(row.Name), nullID(row.Manager))
		if err != nil || n == 0 {
			return errorOr(wrapped("update department", err), veranda.ErrVersion)
		}
		row.Version = before.Version + 1
		s.emitDepartment(tx, standing, EventDepartmentUpdated, row, fields)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return updated.department(), nil
}

func (in *UpdateDepartmentInput) apply(row *departmentRow) {
	if in.Name != nil {
		row.Name = *in.Name
	}
	if in.Parent != nil || in.ClearParent {
		row.Parent = DepartmentID{}
	}
	if in.Parent != nil {
		row.Parent = *in.Parent
	}
	if in.Manager != nil || in.ClearManager {
		row.Manager = veranda.AccountID{}
	}
	if in.Manager != nil {
		row.Manager = *in.Manager
	}
}

// DeleteDepartment ends a department nobody and nothing belongs to.
//
// Permission: department.manage. Errors: tenancy.department_not_empty. Event: tenancy.department_deleted.
func (s *Service) DeleteDepartment(ctx context.Context, by veranda.Actor, in DepartmentInput) error {
	return s.changeDepartment(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *departmentRow) error {
		used, err := anyRow(ctx, tx, `SELECT 1 FROM veranda_departments WHERE org_id = $1 AND parent_id = $2
UNION ALL SELECT 1 FROM veranda_memberships WHERE org_id = $1 AND department_id = $2`, in.Org, in.Department)
		if err != nil {
			return err
		}
		if used {
			return ErrDepartmentNotEmpty
		}
		if _, err := tx.Exec(ctx, `DELETE FROM veranda_departments WHERE org_id = $1 AND id = $2`, in.Org, in.Department); err != nil {
			return wrapped("delete department", err)
		}
		s.emitDepartment(tx, standing, EventDepartmentDeleted, row, nil)
		return nil
	})
}
