package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// invitationRow is an invitation.
type invitationRow struct {
	Org        veranda.OrgID
	ID         InvitationID
	Workspace  veranda.WorkspaceID
	Kind       string
	Roles      string
	Key        string
	Address    string
	Language   string
	InvitedBy  veranda.AccountID
	State      string
	AcceptedBy veranda.AccountID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	EndedAt    time.Time
	Version    int64
}

const (
	invitationColumns = `i.org_id, i.id, i.workspace_id, i.kind, i.roles, i.address_key, i.address, i.language, i.invited_by, i.state, i.accepted_by,
	i.created_at, i.expires_at, i.ended_at, i.version`
	selectInvitation = `SELECT ` + invitationColumns + ` FROM veranda_invitations i WHERE i.org_id = $1 AND i.id = $2`
	insertInvitation = `INSERT INTO veranda_invitations (org_id, id, workspace_id, kind, roles, address_key, address, language, invited_by, state,
	created_at, expires_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, 1)`
	resendInvitation = `UPDATE veranda_invitations SET expires_at = $3, invited_by = $4, language = $5, roles = $6, version = version + 1
WHERE org_id = $1 AND id = $2 AND state = 'pending'`
	endInvitation = `UPDATE veranda_invitations SET state = $3, ended_at = $4, accepted_by = $5, version = version + 1
WHERE org_id = $1 AND id = $2 AND state = 'pending'`
)

// destinations scans a row that may not be there.
func (r *invitationRow) destinations() []any {
	return []any{
		veranda.Optional(&r.Org), veranda.Optional(&r.ID), veranda.Optional(&r.Workspace), veranda.Optional(&r.Kind), veranda.Optional(&r.Roles),
		veranda.Optional(&r.Key), veranda.Optional(&r.Address), veranda.Optional(&r.Language), veranda.Optional(&r.InvitedBy),
		veranda.Optional(&r.State), veranda.Optional(&r.AcceptedBy), veranda.Moment(&r.CreatedAt), veranda.Moment(&r.ExpiresAt),
		veranda.Moment(&r.EndedAt), veranda.Optional(&r.Version),
	}
}

// invitation is the row for callers.
func (r *invitationRow) invitation(now time.Time) Invitation {
	i := Invitation{
		ID: r.ID, Org: r.Org, Workspace: r.Workspace, Kind: r.Kind, Roles: strings.Fields(r.Roles), Address: r.Address, Language: r.Language, InvitedBy: r.InvitedBy,
		State: r.State, AcceptedBy: r.AcceptedBy, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, Version: r.Version,
	}
	if r.State == InvitationPending && !now.Before(r.ExpiresAt) {
		i.State = InvitationExpired
	}
	if !r.EndedAt.IsZero() {
		i.EndedAt = &r.EndedAt
	}
	return i
}

func readInvitation(ctx context.Context, query queryFunc, text string, args ...any) (*invitationRow, error) {
	var r invitationRow
	found, err := readOne(ctx, query, text, args, r.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

func storeInvitation(ctx context.Context, tx *veranda.Tx, r *invitationRow) error {
	db := tx.DB()
	_, err := tx.Exec(ctx, insertInvitation, r.Org, r.ID, nullID(r.Workspace), r.Kind, r.Roles, r.Key, r.Address, r.Language, r.InvitedBy,
		db.Time(r.CreatedAt), db.Time(r.ExpiresAt))
	if err != nil {
		return fmt.Errorf("tenancy: store invitation: %w", err)
	}
	return nil
}

// end gives a pending invitation its last state, and ends its links. It tells whether it was pending.
func (r *invitationRow) end(ctx context.Context, tx *veranda.Tx, state string, acceptedBy veranda.AccountID) (bool, error) {
	n, err := tx.Exec(ctx, endInvitation, r.Org, r.ID, state, tx.DB().Time(tx.DB().Now()), nullID(acceptedBy))
	if err != nil {
		return false, fmt.Errorf("tenancy: end invitation: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	return true, voidInvitationLinks(ctx, tx, r.Org, r.ID)
}

// inviting is what is read of who invites, and of what they invite to.
type inviting struct {
	Organization    string
	Domains         string
	EmployeesInvite bool
	Language        string
	TimeZone        string
	Inviter         string
	InviterState    string
	Workspace       string // its name
}

// readInviting reads who would invite, with their standing in the organization and the workspace; the workspace may be
// zero.
func (s *Service) readInviting(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID) (*veranda.Standing, *inviting, error) {
	var v inviting
	columns := `t.name, CAST(t.domains AS TEXT), t.employees_invite, t.language, t.time_zone, ia.name, ia.state`
	target := veranda.Target{Columns: columns, Join: organizationJoin + `
LEFT JOIN veranda_accounts ia ON ia.id = coalesce(s.account_id, $3)`}
	destinations := []any{&v.Organization, &v.Domains, &v.EmployeesInvite, &v.Language, &v.TimeZone, &v.Inviter, &v.InviterState}
	var args []any
	if !workspace.IsZero() {
		target.Columns += `, tw.name`
		target.Join += `
LEFT JOIN veranda_workspaces tw ON tw.org_id = $2 AND tw.id = $4 AND tw.deleted_at IS NULL`
		target.Workspace = "$4"
		args, destinations = []any{workspace}, append(destinations, &v.Workspace)
	}
	standing, err := s.conn.Read(ctx, s.authz.Compose(target), by, org, args, destinations...)
	return standing, &v, err
}

// join makes an account a member of an organization, or more of a member than it is. before is the kind it was, "" for
// none; changed whether anything was written.
func (s *Service) join(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, r *invitationRow) (before string, changed bool, err error) {
	if err := acceptOffered(ctx, tx, r.Org, account); err != nil {
		return "", false, err
	}
	member, disabled, err := memberKind(ctx, tx, r.Org, account)
	if err != nil {
		return "", false, err
	}
	if member == "" {
		if err := s.limits.Allow(ctx, tx, r.Org, "members", 1); err != nil {
			return "", false, err
		}
		n, err := tx.Exec(ctx, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, disabled_at, version)
VALUES ($1, $2, $3, $4, $5, $6, NULL, 1) ON CONFLICT DO NOTHING`, r.Org, account, r.Kind, r.Roles, r.Key, s.time(s.now()))
		if err != nil {
			return "", false, fmt.Errorf("tenancy: store membership: %w", err)
		}
		if n == 1 {
			_, err := tx.Exec(ctx, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, account, r.Org)
			if err != nil {
				return "", false, fmt.Errorf("tenancy: store membership: %w", err)
			}
			if err := settleHome(ctx, tx, r.Org, account); err != nil {
				return "", false, err
			}
			return "", true, settleJoin(ctx, tx, r.Org, account, r.Kind)
		}
		// Somebody made them a member at this very moment.
		if member, disabled, err = memberKind(ctx, tx, r.Org, account); err != nil {
			return "", false, err
		}
	}
	if disabled {
		return member, false, ErrMembershipDisabled
	}
	if kindRank(member) >= kindRank(r.Kind) {
		return member, false, nil
	}
	n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET kind = $4, roles = $5, address_key = $6, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND kind = $3 AND disabled_at IS NULL`, r.Org, account, member, r.Kind, r.Roles, r.Key)
	if err != nil {
		return member, false, fmt.Errorf("tenancy: raise membership: %w", err)
	}
	if err := settleHome(ctx, tx, r.Org, account); err != nil {
		return member, false, err
	}
	return member, n == 1, settleJoin(ctx, tx, r.Org, account, r.Kind)
}

// memberKind reads how an account belongs to an organization, "" when it does not.
func memberKind(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) (kind string, disabled bool, err error) {
	_, err = readOne(ctx, tx.Query, tx.DB().Pick(
		`SELECT kind, disabled_at IS NOT NULL FROM veranda_memberships WHERE org_id = $1 AND account_id = $2 FOR UPDATE`,
		`SELECT kind, disabled_at IS NOT NULL FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`), []any{org, account}, &kind, &disabled)
	return kind, disabled, err
}

// enter makes a member of the organization one of a workspace, also where they are there by a team already, and tells
// whether they were not. The workspace must exist.
func enter(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspace veranda.WorkspaceID, account veranda.AccountID) (bool, error) {
	now := tx.DB().Time(tx.DB().Now())
	n, err := tx.Exec(ctx, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
VALUES ($1, $2, $3, '', $4) ON CONFLICT (org_id, workspace_id, account_id) DO UPDATE SET direct = excluded.direct, added_at = excluded.added_at
WHERE NOT veranda_workspace_members.direct`, org, workspace, account, now)
	if err != nil || n == 0 {
		return false, wrapped("store workspace member", err)
	}
	n, err = tx.Exec(ctx, `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`, org, workspace)
	if err != nil {
		return false, wrapped("raise access version", err)
	}
	if n == 0 {
		return false, ErrLink
	}
	return true, nil
}

func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tenancy: %s: %w", what, err)
}

// readInvitations reads a page of invitations the standing may see, by the text of listInvitations.
func (s *Service) readInvitations(ctx context.Context, args []any) ([]invitationRow, error) {
	text := `SELECT ` + invitationColumns + ` FROM veranda_invitations i
WHERE i.org_id = $1 AND (i.workspace_id IS NULL OR ` + s.authz.Visible("i.workspace_id") + `) AND ($4 OR i.invited_by = $2)
AND ($5 = '' OR i.state = $5) AND ($6 = '' OR $6 = 'past' AND i.expires_at <= $7 OR $6 = 'future' AND i.expires_at > $7)
AND (i.created_at, i.id) < ($8, $9) AND (NOT $11 OR i.invited_by = $12) AND (NOT $13 OR i.workspace_id = $14)
ORDER BY i.created_at DESC, i.id DESC LIMIT $10`
	var list []invitationRow
	err := readAll(ctx, s.conn.Query, text, args, func(rows *sql.Rows) error {
		var r invitationRow
		err := rows.Scan(r.destinations()...)
		list = append(list, r)
		return err
	})
	return list, err
}
