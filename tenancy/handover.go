package tenancy

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// handover gives what tenancy itself keeps for somebody who goes to another: private workspaces nobody else manages, the
// departments they lead and the people they are the manager of. Other packages do the same by hooks; see Handover.
type handover struct {
	org      veranda.OrgID
	from, to veranda.AccountID
	standing *veranda.Standing
	// stays tells that the membership stays: without anybody who takes over nothing is touched then.
	stays bool
}

// The private workspaces that somebody leaves without a manager: theirs, and those where nobody else is left. What was
// deleted and can still be restored is among them. Who manages by a team alone does not count, for teams come and go. $2
// is who goes.
const (
	abandonedText = `SELECT w.id, w.deleted_at IS NOT NULL FROM veranda_workspace_members wm
JOIN veranda_workspaces w ON w.org_id = wm.org_id AND w.id = wm.workspace_id
WHERE wm.org_id = $1 AND wm.account_id = $2 AND NOT w.open
AND (' ' || wm.roles || ' ' LIKE '% manager %' OR NOT EXISTS (
	SELECT 1 FROM veranda_workspace_members o JOIN veranda_memberships m ON m.org_id = o.org_id AND m.account_id = o.account_id
	WHERE o.org_id = wm.org_id AND o.workspace_id = wm.workspace_id AND o.account_id <> $2 AND m.disabled_at IS NULL))
AND NOT EXISTS (
	SELECT 1 FROM veranda_workspace_members o JOIN veranda_memberships m ON m.org_id = o.org_id AND m.account_id = o.account_id
	WHERE o.org_id = wm.org_id AND o.workspace_id = wm.workspace_id AND o.account_id <> $2
	AND ' ' || o.roles || ' ' LIKE '% manager %' AND m.kind = 'internal' AND m.disabled_at IS NULL)
ORDER BY w.id`
	// Every workspace they manage is held, not only the abandoned ones: another manager may be stepping down.
	holdWorkspacesText = `SELECT w.id FROM veranda_workspaces w
WHERE w.org_id = $1 AND NOT w.open AND w.id IN (SELECT wm.workspace_id FROM veranda_workspace_members wm WHERE wm.org_id = $1 AND wm.account_id = $2)
ORDER BY w.id FOR UPDATE`
	// A manager already stays as they are.
	takeWorkspacesConflict = ` ON CONFLICT (org_id, workspace_id, account_id) DO UPDATE SET direct = TRUE,
	roles = CASE WHEN ' ' || veranda_workspace_members.roles || ' ' LIKE '% manager %' THEN veranda_workspace_members.roles ELSE trim(veranda_workspace_members.roles || ' manager') END`
	takeWorkspacesPostgres = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT $1::uuid, l.id::uuid, $2::uuid, 'manager', $4::timestamptz FROM jsonb_array_elements_text($3::jsonb) AS l (id)` + takeWorkspacesConflict
	takeWorkspacesSQLite = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT $1, l.value, $2, 'manager', $4 FROM json_each($3) AS l WHERE TRUE` + takeWorkspacesConflict
	inListPostgres = `(SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	inListSQLite   = `(SELECT value FROM json_each($2))`
	raisePostgres  = `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN ` + inListPostgres
	raiseSQLite    = `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN ` + inListSQLite
	theirsPostgres = `SELECT workspace_id FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id IN ` + inListPostgres + ` AND account_id = $3`
	theirsSQLite   = `SELECT workspace_id FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id IN ` + inListSQLite + ` AND account_id = $3`
)

// holdWorkspaces locks the private workspaces somebody is a member of: package workspace locks a workspace before its
// members, and so does this.
func holdWorkspaces(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	if tx.DB().Embedded() { // one writer
		return nil
	}
	_, err := tx.Exec(ctx, holdWorkspacesText, org, account)
	if err != nil {
		return fmt.Errorf("tenancy: hold workspaces: %w", err)
	}
	return nil
}

// run hands over; the workspaces are held.
func (h handover) run(ctx context.Context, tx *veranda.Tx) error {
	if h.stays && h.to.IsZero() {
		return nil
	}
	if err := h.workspaces(ctx, tx); err != nil {
		return err
	}
	return h.managed(ctx, tx)
}

func (h handover) workspaces(ctx context.Context, tx *veranda.Tx) error {
	var abandoned []veranda.WorkspaceID
	visible := 0
	err := readAll(ctx, tx.Query, abandonedText, []any{h.org, h.from}, func(rows *sql.Rows) error {
		var id veranda.WorkspaceID
		var deleted bool
		err := rows.Scan(&id, &deleted)
		abandoned = append(abandoned, id)
		if !deleted {
			visible++
		}
		return err
	})
	if err != nil || len(abandoned) == 0 {
		return err
	}
	if h.to.IsZero() {
		return h.heirs(ctx, tx, abandoned, visible)
	}
	db, list := tx.DB(), listOfIDs(abandoned)
	already, err := readIDs[veranda.WorkspaceID](ctx, tx, db.Pick(theirsPostgres, theirsSQLite), h.org, list, h.to)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, db.Pick(takeWorkspacesPostgres, takeWorkspacesSQLite), h.org, h.to, list, db.Time(db.Now())); err != nil {
		return fmt.Errorf("tenancy: hand workspaces over: %w", err)
	}
	if _, err := tx.Exec(ctx, db.Pick(raisePostgres, raiseSQLite), h.org, list); err != nil {
		return fmt.Errorf("tenancy: hand workspaces over: %w", err)
	}
	in := map[veranda.WorkspaceID]bool{}
	for _, id := range already {
		in[id] = true
	}
	for _, id := range abandoned {
		tx.Emit(veranda.Event{Org: h.org, Workspace: id, Kind: EventWorkspaceHandedOver, Subject: h.to.String(), By: h.standing.Account, System: h.standing.System,
			Data: veranda.MarshalData(WorkspaceHandedOver{Account: h.to, From: h.from, Role: roleWorkspaceManager, Joined: !in[id]})})
	}
	return nil
}

// Whoever of the employees left in a private workspace has been there longest: they see it already. Who removes somebody
// does not become a manager by it.
const heirText = `SELECT o.account_id FROM veranda_workspace_members o JOIN veranda_memberships m ON m.org_id = o.org_id AND m.account_id = o.account_id
WHERE o.org_id = $1 AND o.workspace_id = $2 AND o.account_id <> $3 AND o.account_id <> $4 AND o.direct AND m.kind = 'internal' AND m.disabled_at IS NULL
ORDER BY o.added_at, o.account_id LIMIT 1`

// heirs gives workspaces to who is left in them where nobody was named: nobody comes to see one by it. Where nobody is left
// somebody must be named.
func (h handover) heirs(ctx context.Context, tx *veranda.Tx, abandoned []veranda.WorkspaceID, visible int) error {
	alone := 0
	for _, id := range abandoned {
		heirs, err := readIDs[veranda.AccountID](ctx, tx, heirText, h.org, id, h.from, h.standing.Account)
		if err != nil {
			return err
		}
		if len(heirs) == 0 {
			alone++
			continue
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_workspace_members SET roles = trim(roles || ' manager') WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, h.org, id, heirs[0])
		if err != nil {
			return fmt.Errorf("tenancy: hand workspaces over: %w", err)
		}
		tx.Emit(veranda.Event{Org: h.org, Workspace: id, Kind: EventWorkspaceHandedOver, Subject: heirs[0].String(), By: h.standing.Account, System: h.standing.System,
			Data: veranda.MarshalData(WorkspaceHandedOver{Account: heirs[0], From: h.from, Role: roleWorkspaceManager})})
	}
	if alone = min(alone, visible); alone > 0 {
		return NeedHandover("private workspaces that nobody else is in", alone)
	}
	return nil
}

// roleWorkspaceManager is the role of who manages a workspace.
const roleWorkspaceManager = "manager"

// managed hands departments and the people of a manager over, or leaves them without one.
func (h handover) managed(ctx context.Context, tx *veranda.Tx) error {
	return handPeople(ctx, tx, h.org, h.from, h.to)
}
