package tenancy

import (
	"context"
	"database/sql"
	"time"

	"github.com/veranda-go/veranda"
)

// departmentRow is a department.
type departmentRow struct {
	Org       veranda.OrgID
	ID        DepartmentID
	Parent    DepartmentID
	Name      string
	Manager   veranda.AccountID
	Members   int64
	CreatedAt time.Time
	Version   int64
}

const (
	departmentColumns = `t.id, t.parent_id, t.name, t.manager_id, t.created_at, t.version,
	(SELECT count(*) FROM veranda_memberships dm WHERE dm.org_id = t.org_id AND dm.department_id = t.id AND dm.disabled_at IS NULL)`
	departmentJoin = `LEFT JOIN veranda_departments t ON t.org_id = $2 AND t.id = $4`

	// selectDepartments is a page: $2 is the pattern of the name, $3 and $4 the position.
	selectDepartments = `SELECT ` + departmentColumns + `, t.name_key FROM veranda_departments t
WHERE t.org_id = $1 AND t.name_key LIKE $2 ESCAPE '!' AND (t.name_key, t.id) > ($3, $4) ORDER BY t.name_key, t.id LIMIT $5`

	insertDepartment = `INSERT INTO veranda_departments (org_id, id, parent_id, name, name_key, manager_id, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`
	updateDepartment = `UPDATE veranda_departments SET parent_id = $4, name = $5, name_key = $6, manager_id = $7, version = version + 1
WHERE org_id = $1 AND id = $2 AND version = $3`

	linksColumns = `t.account_id, t.kind, t.department_id, t.manager_id, t.version`
)

func (r *departmentRow) destinations() []any {
	return []any{
		veranda.Optional(&r.ID), veranda.Optional(&r.Parent), veranda.Optional(&r.Name), veranda.Optional(&r.Manager), veranda.Moment(&r.CreatedAt),
		veranda.Optional(&r.Version), veranda.Optional(&r.Members),
	}
}

func (r *departmentRow) department() *Department {
	return &Department{
		ID: r.ID, Org: r.Org, Parent: presentID(r.Parent), Name: r.Name, Manager: presentID(r.Manager), Members: r.Members, CreatedAt: r.CreatedAt, Version: r.Version,
	}
}

// lockStructure makes changes of an organization's departments, and of who manages whom, wait for each other: what must
// not become a circle is looked at as a whole. SQLite has one writer anyway.
func lockStructure(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) error {
	if tx.DB().Embedded() {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT 1 FROM veranda_organizations WHERE id = $1 FOR NO KEY UPDATE`, org)
	return wrapped("lock departments", err)
}

// departmentTree is the parent of each department of an organization.
func departmentTree(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) (map[DepartmentID]DepartmentID, error) {
	parents := map[DepartmentID]DepartmentID{}
	err := readAll(ctx, tx.Query, `SELECT id, parent_id FROM veranda_departments WHERE org_id = $1`, []any{org}, func(rows *sql.Rows) error {
		var id, parent DepartmentID
		err := rows.Scan(&id, &parent)
		parents[id] = parent
		return err
	})
	return parents, err
}

// anyRow tells whether a query gives a row.
func anyRow(ctx context.Context, tx *veranda.Tx, text string, args ...any) (bool, error) {
	var one int
	return readOne(ctx, tx.Query, text, args, &one)
}

// aboveText tells whether $3 is among the managers of $2, and of those in turn; $2 counts as one.
const aboveText = `WITH RECURSIVE up (id) AS (
	SELECT account_id FROM veranda_memberships WHERE org_id = $1 AND account_id = $2
	UNION SELECT m.manager_id FROM veranda_memberships m JOIN up ON m.account_id = up.id WHERE m.org_id = $1 AND m.manager_id IS NOT NULL)
SELECT 1 FROM up WHERE id = $3`

// handPeople puts somebody in the place of another as manager of departments and people; a zero id leaves it empty.
func handPeople(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, from, to veranda.AccountID) error {
	if err := lockStructure(ctx, tx, org); err != nil {
		return err
	}
	if !to.IsZero() {
		if err := succeed(ctx, tx, org, from, to); err != nil {
			return err
		}
	}
	for _, text := range []string{
		`UPDATE veranda_memberships SET manager_id = $3, version = version + 1 WHERE org_id = $1 AND manager_id = $2`,
		`UPDATE veranda_departments SET manager_id = $3, version = version + 1 WHERE org_id = $1 AND manager_id = $2`,
	} {
		if _, err := tx.Exec(ctx, text, org, from, nullID(to)); err != nil {
			return wrapped("hand people over", err)
		}
	}
	return nil
}

// succeed puts a successor from below somebody in their place, under their manager: those between the two would be above
// and below the successor at once otherwise.
func succeed(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, from, to veranda.AccountID) error {
	below, err := anyRow(ctx, tx, aboveText, org, to, from)
	if err != nil || !below {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET version = version + 1,
	manager_id = (SELECT a.manager_id FROM veranda_memberships a WHERE a.org_id = $1 AND a.account_id = $2)
WHERE org_id = $1 AND account_id = $3`, org, from, to)
	return wrapped("hand people over", err)
}
