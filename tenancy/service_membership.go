package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// memberTarget joins the member a call names to the standing, as t.
const (
	memberColumns = `t.account_id, t.kind, t.roles, t.version`
	memberJoin    = `LEFT JOIN veranda_memberships t ON t.org_id = $2 AND t.account_id = $4 AND t.disabled_at IS NULL`
)

type memberListRow struct {
	AccountID veranda.AccountID
	Name      string
	Address   string
	Kind      string
	Roles     string
	JoinedAt  dialect.Time
	Version   int64
}

func (r memberListRow) member() Member {
	return Member{Account: r.AccountID, Name: r.Name, Address: r.Address, Kind: r.Kind, Roles: strings.Fields(r.Roles), JoinedAt: r.JoinedAt.Time, Version: r.Version}
}

// Members lists the people of an organization by name: all of them for those who may read the directory; employees, and
// whom one shares a workspace with, for employees; for externals and guests only whom they share a workspace with.
//
// Permission: member.read, member.read_employees or member.read_shared.
func (s *Service) Members(ctx context.Context, by veranda.Actor, in MembersInput) (veranda.List[Member], error) {
	var list veranda.List[Member]
	var c veranda.Checks
	limit := in.Size(&c)
	position := in.Position(&c, "members", 2)
	in.Query = c.Line("/q", in.Query, 0, 100)
	if in.Kind != "" {
		veranda.OneOf(&c, "/kind", in.Kind, MemberInternal, MemberExternal, MemberGuest)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	query, err := s.visibleMembers(ctx, by, in.Org)
	if err != nil {
		return list, err
	}
	if in.Kind != "" {
		query.Where("m.kind = ?", in.Kind)
	}
	if in.Query != "" {
		prefix := likePrefix(strings.ToLower(in.Query))
		query.Where("(lower(a.name) LIKE ? ESCAPE '!' OR m.address_key LIKE ? ESCAPE '!')", prefix, prefix)
	}
	if position != nil {
		query.Where("(a.name, m.account_id) > (?, ?)", position[0], position[1])
	}
	var rows []memberListRow
	if err := query.OrderExpr("a.name, m.account_id").Limit(int64(limit+1)).Scan(ctx, &rows); err != nil {
		return list, fmt.Errorf("tenancy: list members: %w", err)
	}
	list.Items = make([]Member, 0, len(rows))
	for _, r := range rows[:min(len(rows), limit)] {
		list.Items = append(list.Items, r.member())
	}
	if len(rows) > limit {
		last := rows[limit-1]
		list.Next = veranda.EncodeCursor("members", last.Name, last.AccountID.String())
	}
	return list, nil
}

// likePrefix is the LIKE pattern of texts that begin so; ! escapes.
func likePrefix(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
}

// visibleMembers is the query of the members the actor may see.
func (s *Service) visibleMembers(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*bun.SelectQuery, error) {
	standing, err := s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return nil, err
	}
	query := s.conn.Reader().NewSelect().TableExpr("veranda_memberships AS m").
		Join("JOIN veranda_accounts AS a ON a.id = m.account_id").
		Join("LEFT JOIN veranda_addresses AS d ON d.account_id = m.account_id AND d.address_key = m.address_key").
		ColumnExpr("m.account_id, a.name, coalesce(d.address, m.address_key) AS address, m.kind, m.roles, m.joined_at, m.version").
		Where("m.org_id = ?", org).Where("m.disabled_at IS NULL")
	may := func(p veranda.Permission) (bool, error) {
		err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: p})
		if veranda.CodeOf(err) == veranda.CodeForbidden {
			return false, nil
		}
		return err == nil, err
	}
	if all, err := may(PermMembersRead); all || err != nil {
		return query, err
	}
	employees, err := may(PermMembersReadEmployee)
	if err != nil {
		return nil, err
	}
	shared, err := may(PermMembersReadShared)
	if err != nil {
		return nil, err
	}
	if !employees && !shared {
		return nil, veranda.ErrForbidden
	}
	const sharing = `m.account_id = ? OR EXISTS (SELECT 1 FROM veranda_workspace_members mine
		JOIN veranda_workspaces w ON w.org_id = mine.org_id AND w.id = mine.workspace_id AND w.deleted_at IS NULL
		JOIN veranda_workspace_members theirs ON theirs.org_id = mine.org_id AND theirs.workspace_id = mine.workspace_id AND theirs.account_id = m.account_id
		WHERE mine.org_id = m.org_id AND mine.account_id = ?)`
	query.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		if employees {
			q.WhereOr("m.kind = ?", MemberInternal)
		}
		if shared {
			q.WhereOr(sharing, standing.Account, standing.Account)
		}
		return q
	})
	return query, nil
}

// Member reads one member.
//
// Permission: as Members; whom one may not see is not found.
func (s *Service) Member(ctx context.Context, by veranda.Actor, in MemberInput) (*Member, error) {
	query, err := s.visibleMembers(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	var rows []memberListRow
	if err := query.Where("m.account_id = ?", in.Account).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("tenancy: read member: %w", err)
	}
	if len(rows) == 0 {
		return nil, veranda.ErrNotFound
	}
	m := rows[0].member()
	return &m, nil
}

// SetRoles gives a member other roles. A role fits the kind of membership: employees are owner, administrator,
// access_manager or employee.
//
// Permission: role.grant_<role> for every role given or taken; nobody changes their own (tenancy.own_roles). Errors:
// tenancy.last_owner, version. Event: tenancy.member_roles_changed.
func (s *Service) SetRoles(ctx context.Context, by veranda.Actor, in SetRolesInput) (*Member, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	target, standing, err := s.memberForChange(ctx, by, in.Org, in.Account)
	if err != nil {
		return nil, err
	}
	var c veranda.Checks
	for i, role := range in.Roles {
		if !slices.Contains(rolesOf[target.Kind], role) {
			c.Add(fmt.Sprintf("/roles/%d", i), "kind", "does not fit this kind of member")
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	for _, role := range in.Roles {
		if !slices.Contains(target.roles(), role) {
			if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
				return nil, err
			}
		}
	}
	if in.Version != 0 && in.Version != target.Version {
		return nil, veranda.ErrVersion
	}
	before, now := target.Version, s.conn.DB().Now()
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.guardLastOwner(ctx, tx, *target, slices.Contains(in.Roles, RoleOwner)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET roles = $1, version = version + 1 WHERE org_id = $2 AND account_id = $3 AND version = $4 AND disabled_at IS NULL`,
			strings.Join(in.Roles, " "), in.Org, in.Account, before)
		if err != nil || n == 0 {
			return errorOr(err, veranda.ErrVersion)
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventMemberRolesChanged, Subject: in.Account.String(), By: standing.Account, System: standing.System, At: now,
			Data: veranda.MarshalData(MemberChanged{Account: in.Account, Roles: in.Roles, Before: target.roles()})})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Member(ctx, standing.Actor(), MemberInput{Org: in.Org, Account: in.Account})
}

// RemoveMember ends a membership: access to the organization and all its workspaces is gone at once.
//
// Permission: role.grant_<role> for every role the member holds; not oneself (tenancy.own_roles). Errors:
// tenancy.last_owner. Event: tenancy.member_removed.
func (s *Service) RemoveMember(ctx context.Context, by veranda.Actor, in RemoveMemberInput) error {
	target, standing, err := s.memberForChange(ctx, by, in.Org, in.Account)
	if err != nil {
		return err
	}
	now := s.conn.DB().Now()
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.guardLastOwner(ctx, tx, *target, false); err != nil {
			return err
		}
		if err := removeMembership(ctx, tx, in.Org, in.Account, now); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventMemberRemoved, Subject: in.Account.String(), By: standing.Account, System: standing.System, At: now,
			Data: veranda.MarshalData(MemberChanged{Account: in.Account, Roles: []string{}, Before: target.roles()})})
		return nil
	})
}

// memberForChange reads the member a change is about and asks for the right over every role they hold.
func (s *Service) memberForChange(ctx context.Context, by veranda.Actor, org veranda.OrgID, account veranda.AccountID) (*membershipRow, *veranda.Standing, error) {
	target := &membershipRow{Org: org}
	standing, err := s.conn.Read(ctx, s.reads.member, by, org, []any{account}, &target.Account, &target.Kind, &target.Roles, &target.Version)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrantRole, See: PermMembersRead}); err != nil {
		return nil, nil, err
	}
	if target.Account.IsZero() {
		return nil, nil, veranda.ErrNotFound
	}
	if target.Account == standing.Account {
		return nil, nil, ErrOwnRoles
	}
	for _, role := range target.roles() {
		if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
			return nil, nil, err
		}
	}
	return target, standing, nil
}

// guardLastOwner refuses to leave an organization without an owner. It locks the owners' rows, so that two changes at
// once cannot each count on the other's.
func (s *Service) guardLastOwner(ctx context.Context, tx *veranda.Tx, target membershipRow, staysOwner bool) error {
	if staysOwner || !slices.Contains(target.roles(), RoleOwner) {
		return nil
	}
	rows, err := tx.Query(ctx, tx.DB().Pick(
		`SELECT account_id, roles FROM veranda_memberships WHERE org_id = $1 AND disabled_at IS NULL AND kind = 'internal' AND roles LIKE '%owner%' ORDER BY account_id FOR UPDATE`,
		`SELECT account_id, roles FROM veranda_memberships WHERE org_id = $1 AND disabled_at IS NULL AND kind = 'internal' AND roles LIKE '%owner%' ORDER BY account_id`), target.Org)
	if err != nil {
		return fmt.Errorf("tenancy: read owners: %w", err)
	}
	defer func() { _ = rows.Close() }()
	others := 0
	for rows.Next() {
		var row membershipRow
		if err := rows.Scan(&row.Account, &row.Roles); err != nil {
			return fmt.Errorf("tenancy: read owners: %w", err)
		}
		if row.Account != target.Account && slices.Contains(row.roles(), RoleOwner) {
			others++
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("tenancy: read owners: %w", err)
	}
	if others == 0 {
		return ErrLastOwner
	}
	return nil
}

func removeMembership(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, now time.Time) error {
	for _, text := range []string{
		`UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN (SELECT workspace_id FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2)`,
		`DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`,
		`DELETE FROM veranda_account_organizations WHERE org_id = $1 AND account_id = $2`,
		`DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`,
	} {
		if _, err := tx.Exec(ctx, text, org, account); err != nil {
			return fmt.Errorf("tenancy: remove member: %w", err)
		}
	}
	return nil
}
