package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

type memberListRow struct {
	AccountID veranda.AccountID
	Name      string
	Address   string
	Kind      string
	Roles     string
	JoinedAt  dialect.Time
	Version   int64
	UserName  string
	State     string
	Home      string
	Fallback  string
}

func (r memberListRow) member(manages bool) Member {
	m := Member{Account: r.AccountID, Name: r.Name, Address: r.Address, Kind: r.Kind, Roles: strings.Fields(r.Roles), JoinedAt: r.JoinedAt.Time, Version: r.Version,
		UserName: r.UserName}
	if manages {
		m.State, m.Home, m.FallbackLanguage = r.State, r.Home, r.Fallback
	}
	return m
}

// What is read of a member. Of who has not accepted yet the name stays theirs, also where lists are sorted and searched.
const (
	memberName  = `CASE WHEN m.disabled_reason = 'unaccepted' THEN '' ELSE a.name END`
	memberState = `CASE WHEN m.disabled_reason = 'unaccepted' THEN 'offered' WHEN m.disabled_reason IN ('home', 'relation') THEN 'suspended'
	WHEN m.disabled_at IS NOT NULL THEN 'disabled' WHEN a.state = 'pending' THEN 'reserved' ELSE 'active' END`
	memberListColumns = `m.account_id, ` + memberName + ` AS name, coalesce(d.address, m.address_key) AS address, m.kind, m.roles, m.joined_at, m.version,
	m.user_name, ` + memberState + ` AS state, CASE WHEN m.disabled_reason = 'unaccepted' THEN '' ELSE coalesce(h.name, '') END AS home, m.fallback_language AS fallback`
)

// membersQuery is the query of the members of an organization.
func (s *Service) membersQuery(org veranda.OrgID) *bun.SelectQuery {
	return s.conn.Reader().NewSelect().TableExpr("veranda_memberships AS m").
		Join("JOIN veranda_accounts AS a ON a.id = m.account_id").
		Join("LEFT JOIN veranda_addresses AS d ON d.account_id = m.account_id AND d.address_key = m.address_key").
		Join("LEFT JOIN veranda_organizations AS h ON h.id = m.home_org_id AND h.deleted_at IS NULL").
		ColumnExpr(memberListColumns).Where("m.org_id = ?", org)
}

// memberView reads a member as managers see them, after a change of theirs.
func (s *Service) memberView(ctx context.Context, org veranda.OrgID, account veranda.AccountID) (*Member, error) {
	var rows []memberListRow
	if err := s.membersQuery(org).Where("m.account_id = ?", account).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("tenancy: read member: %w", err)
	}
	if len(rows) == 0 { // removed at this moment
		return nil, veranda.ErrNotFound
	}
	m := rows[0].member(true)
	return &m, nil
}

// Members lists the people of an organization by name: all of them for those who may read the directory; employees, and
// whom one shares a workspace with, for employees; for externals and guests only whom they share a workspace with. Members
// whose access is not in force are listed by their state, for those who assign people.
//
// Permission: member.read, member.read_employees or member.read_shared; for states other than active also member.assign.
func (s *Service) Members(ctx context.Context, by veranda.Actor, in MembersInput) (veranda.List[Member], error) {
	var list veranda.List[Member]
	var c veranda.Checks
	limit := in.Size(&c)
	position := in.Position(&c, "members", 2)
	in.Query = c.Line("/q", in.Query, 0, 100)
	if in.Kind != "" {
		veranda.OneOf(&c, "/kind", in.Kind, MemberInternal, MemberExternal, MemberGuest)
	}
	if in.State == "" {
		in.State = StateActive
	}
	veranda.OneOf(&c, "/state", in.State, StateActive, StateReserved, StateOffered, StateSuspended, StateDisabled)
	if err := c.Err(); err != nil {
		return list, err
	}
	query, manages, err := s.visibleMembers(ctx, by, in.Org)
	if err != nil {
		return list, err
	}
	if in.State != StateActive && !manages {
		return list, veranda.ErrForbidden
	}
	query.Where(memberState+" = ?", in.State)
	if in.Kind != "" {
		query.Where("m.kind = ?", in.Kind)
	}
	if in.Query != "" {
		prefix := likePrefix(strings.ToLower(in.Query))
		query.Where("(lower("+memberName+") LIKE ? ESCAPE '!' OR m.address_key LIKE ? ESCAPE '!')", prefix, prefix)
	}
	if position != nil {
		query.Where("("+memberName+", m.account_id) > (?, ?)", position[0], position[1])
	}
	var rows []memberListRow
	if err := query.OrderExpr(memberName+", m.account_id").Limit(int64(limit+1)).Scan(ctx, &rows); err != nil {
		return list, fmt.Errorf("tenancy: list members: %w", err)
	}
	list.Items = make([]Member, 0, len(rows))
	for _, r := range rows[:min(len(rows), limit)] {
		list.Items = append(list.Items, r.member(manages))
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

// visibleMembers is the query of the members the actor may see; manages tells whether they assign people, who see also
// those whose access is not in force.
func (s *Service) visibleMembers(ctx context.Context, by veranda.Actor, org veranda.OrgID) (query *bun.SelectQuery, manages bool, err error) {
	standing, err := s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return nil, false, err
	}
	query = s.membersQuery(org)
	may := func(p veranda.Permission) (bool, error) {
		err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: p})
		if errors.Is(err, veranda.ErrForbidden) { // not for want of a second factor, which is said
			return false, nil
		}
		return err == nil, err
	}
	if manages, err = may(PermMemberAssign); err != nil {
		return nil, false, err
	}
	if !manages {
		query.Where("m.disabled_at IS NULL").Where("a.state <> 'pending'")
	}
	if all, err := may(PermMembersRead); all || err != nil {
		return query, manages, err
	}
	employees, err := may(PermMembersReadEmployee)
	if err != nil {
		return nil, false, err
	}
	shared, err := may(PermMembersReadShared)
	if err != nil {
		return nil, false, err
	}
	if !employees && !shared {
		return nil, false, veranda.ErrForbidden
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
	return query, manages, nil
}

// Member reads one member.
//
// Permission: as Members; whom one may not see is not found.
func (s *Service) Member(ctx context.Context, by veranda.Actor, in MemberInput) (*Member, error) {
	query, manages, err := s.visibleMembers(ctx, by, in.Org)
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
	m := rows[0].member(manages)
	return &m, nil
}

// SetRoles gives a member other roles. A role fits the kind of membership: employees are owner, administrator,
// access_manager or employee; a role of the organization's own says who can hold it.
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
		if isShipped(role) && !slices.Contains(rolesOf[target.Kind], role) {
			c.Add(fmt.Sprintf("/roles/%d", i), "kind", "does not fit this kind of member")
		}
	}
	if err := s.checkCustom(ctx, &c, "/roles", in.Org, in.Roles, target.Kind, ScopeOrganization); err != nil {
		return nil, err
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	for _, role := range in.Roles {
		if !slices.Contains(target.roles(), role) {
			if err := s.decideFor(ctx, standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
				return nil, s.noteRefused(ctx, standing, in.Org, in.Account, "roles", err)
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
		if err := lockGiven(ctx, tx, &c, "/roles", in.Org, in.Roles, target.Kind, ScopeOrganization); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
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

// guardLastOwner refuses to leave an organization without an owner. It locks the owners' rows, so that two changes at
// once cannot each count on the other's.
func (s *Service) guardLastOwner(ctx context.Context, tx *veranda.Tx, target membershipRow, staysOwner bool) error {
	if staysOwner || !slices.Contains(target.roles(), RoleOwner) {
		return nil
	}
	rows, err := tx.Query(ctx, tx.DB().Pick(
		`SELECT account_id, roles FROM veranda_memberships WHERE org_id = $1 AND disabled_at IS NULL AND kind = 'internal' AND roles LIKE '%owner%' AND account_id NOT IN (SELECT a.id FROM veranda_accounts a WHERE a.id = account_id AND a.state = 'disabled') ORDER BY account_id FOR UPDATE`,
		`SELECT account_id, roles FROM veranda_memberships WHERE org_id = $1 AND disabled_at IS NULL AND kind = 'internal' AND roles LIKE '%owner%' AND account_id NOT IN (SELECT a.id FROM veranda_accounts a WHERE a.id = account_id AND a.state = 'disabled') ORDER BY account_id`), target.Org)
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
