package tenancy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// leaverRow is a membership as those who change it need it.
type leaverRow struct {
	membershipRow
	TeamRoles string
	Reason    string
	Home      veranda.OrgID
}

// memberColumns are read with the standing, as t: whoever a call names, disabled or not.
const (
	memberColumns = `t.account_id, t.kind, t.roles, t.version, t.team_roles, t.address_key, t.disabled_at, t.disabled_reason, t.home_org_id`
	memberJoin    = `LEFT JOIN veranda_memberships t ON t.org_id = $2 AND t.account_id = $4`
)

func (r *leaverRow) destinations() []any {
	return []any{&r.Account, &r.Kind, &r.Roles, &r.Version, &r.TeamRoles, &r.AddressKey, &r.DisabledAt, &r.Reason, &r.Home}
}

// held are the roles a member has, directly and by teams.
func (r *leaverRow) held() []string {
	held := r.roles()
	for _, role := range strings.Fields(r.TeamRoles) {
		if !slices.Contains(held, role) {
			held = append(held, role)
		}
	}
	return held
}

func (r *leaverRow) disabled() bool { return !r.DisabledAt.IsZero() }

// The people a change is about are locked in one order, so that changes at once wait for each other and not in a circle;
// with $5 = 1 the owners are locked too, who then cannot each count on the other's.
const (
	lockPeopleText = `SELECT account_id, kind, roles, disabled_at FROM veranda_memberships
WHERE org_id = $1 AND (account_id IN ($2, $3, $4) OR CAST($5 AS BIGINT) = 1 AND kind = 'internal' AND disabled_at IS NULL AND roles LIKE '%owner%') ORDER BY account_id`
	lockPeoplePostgres = lockPeopleText + ` FOR UPDATE`
)

// lockPeople holds the rows of those a change is about, and of the owners where one of them goes. It tells whether taker
// is an active employee.
func lockPeople(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, target, actor, taker veranda.AccountID, owners bool) (takes bool, err error) {
	all := 0
	if owners {
		all = 1
	}
	err = readAll(ctx, tx.Query, tx.DB().Pick(lockPeoplePostgres, lockPeopleText), []any{org, target, actor, taker, all}, func(rows *sql.Rows) error {
		var row membershipRow
		if err := rows.Scan(&row.Account, &row.Kind, &row.Roles, &row.DisabledAt); err != nil {
			return err
		}
		takes = takes || row.Account == taker && row.Kind == MemberInternal && row.DisabledAt.IsZero()
		return nil
	})
	if err != nil || !takes {
		return false, err
	}
	var state AccountState
	found, err := readOne(ctx, tx.Query, `SELECT state FROM veranda_accounts WHERE id = $1`, []any{taker}, &state)
	return found && state == AccountActive, err
}

// raiseAccessOf says to those who keep streams open that what somebody sees has changed.
func raiseAccessOf(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_workspaces SET access_version = access_version + 1
WHERE org_id = $1 AND id IN (SELECT workspace_id FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2)`, org, account)
	if err != nil {
		return fmt.Errorf("tenancy: raise access: %w", err)
	}
	return nil
}

// removeMembership deletes a membership and all that hangs on it. An address that founded the organization is free to
// found another.
func removeMembership(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	if err := raiseAccessOf(ctx, tx, org, account); err != nil {
		return err
	}
	if err := leaveTeams(ctx, tx, org, account); err != nil {
		return err
	}
	for _, text := range []string{
		`DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`,
		`DELETE FROM veranda_account_organizations WHERE org_id = $1 AND account_id = $2`,
		`DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`,
		`DELETE FROM veranda_ownerships WHERE org_id = $1 AND address_key IN (SELECT address_key FROM veranda_addresses WHERE account_id = $2)`,
	} {
		if _, err := tx.Exec(ctx, text, org, account); err != nil {
			return fmt.Errorf("tenancy: remove member: %w", err)
		}
	}
	return nil
}

// disableMembership takes the access away where the membership is still as it was read.
func disableMembership(ctx context.Context, tx *veranda.Tx, row *leaverRow, reason string, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = coalesce(disabled_at, $4), disabled_reason = $5, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND version = $3`, row.Org, row.Account, row.Version, tx.DB().Time(now), reason)
	if err != nil {
		return fmt.Errorf("tenancy: disable member: %w", err)
	}
	if n == 0 {
		return veranda.ErrVersion
	}
	return raiseAccessOf(ctx, tx, row.Org, row.Account)
}

func enableMembership(ctx context.Context, tx *veranda.Tx, row *leaverRow) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = NULL, disabled_reason = '', version = version + 1
WHERE org_id = $1 AND account_id = $2 AND version = $3 AND disabled_at IS NOT NULL`, row.Org, row.Account, row.Version)
	if err != nil {
		return fmt.Errorf("tenancy: enable member: %w", err)
	}
	if n == 0 {
		return veranda.ErrVersion
	}
	return raiseAccessOf(ctx, tx, row.Org, row.Account)
}

const memberRowText = `SELECT m.account_id, a.name, coalesce(d.address, m.address_key), m.kind, m.roles, m.joined_at, m.version
FROM veranda_memberships m JOIN veranda_accounts a ON a.id = m.account_id
LEFT JOIN veranda_addresses d ON d.account_id = m.account_id AND d.address_key = m.address_key
WHERE m.org_id = $1 AND m.account_id = $2`

// readMemberRow reads a member whatever their state, for who has just changed them.
func (s *Service) readMemberRow(ctx context.Context, org veranda.OrgID, account veranda.AccountID) (*Member, error) {
	var m Member
	var roles string
	found, err := readOne(ctx, s.conn.Query, memberRowText, []any{org, account}, &m.Account, &m.Name, &m.Address, &m.Kind, &roles, veranda.Moment(&m.JoinedAt), &m.Version)
	if err == nil && !found {
		err = veranda.ErrNotFound // removed meanwhile
	}
	m.Roles = strings.Fields(roles)
	return &m, err
}

// listOfIDs is a list of ids as an argument: JSON, which both databases read.
func listOfIDs[Kind any](ids []veranda.ID[Kind]) string {
	text, _ := json.Marshal(ids) // ids always marshal
	return string(text)
}
