package workspace

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// member is a member with the row's lists of roles: those given to them, and those they have by teams.
type member struct {
	Member
	roles, teamRoles string
	direct           bool
}

// The name of who has not accepted a membership of the organization yet is theirs.
const memberText = `SELECT wm.account_id, CASE WHEN m.disabled_reason = 'unaccepted' THEN '' ELSE a.name END, m.kind, wm.roles, wm.added_at, wm.direct, wm.team_roles
FROM veranda_workspace_members wm
JOIN veranda_memberships m ON m.org_id = wm.org_id AND m.account_id = wm.account_id
JOIN veranda_accounts a ON a.id = wm.account_id
WHERE wm.org_id = $1 AND wm.workspace_id = $2`

// The page of members: $3 is the limit, $4 and $5 the position.
const (
	personKeyPostgres = `lower(a.name COLLATE "C")`
	personKeySQLite   = `lower(a.name)`

	membersFirstPostgres = memberText + ` AND m.disabled_at IS NULL ORDER BY ` + personKeyPostgres + `, wm.account_id LIMIT $3`
	membersFirstSQLite   = memberText + ` AND m.disabled_at IS NULL ORDER BY ` + personKeySQLite + `, wm.account_id LIMIT $3`
	membersNextPostgres  = memberText + ` AND m.disabled_at IS NULL AND (` + personKeyPostgres + `, wm.account_id) > ($4, $5) ORDER BY ` + personKeyPostgres + `, wm.account_id LIMIT $3`
	membersNextSQLite    = memberText + ` AND m.disabled_at IS NULL AND (` + personKeySQLite + `, wm.account_id) > ($4, $5) ORDER BY ` + personKeySQLite + `, wm.account_id LIMIT $3`
)

func (s *Service) queryMembers(ctx context.Context, w *Workspace, limit int, position []string) ([]Member, error) {
	text, args := s.conn.DB().Pick(membersFirstPostgres, membersFirstSQLite), []any{w.Org, w.ID, limit}
	if position != nil {
		text, args = s.conn.DB().Pick(membersNextPostgres, membersNextSQLite), append(args, position[0], position[1])
	}
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("workspace: list members: %w", err)
	}
	defer func() { _ = rows.Close() }()
	items := []Member{}
	for rows.Next() {
		var m member
		if err := rows.Scan(m.destinations()...); err != nil {
			return nil, fmt.Errorf("workspace: list members: %w", err)
		}
		m.Role, m.ByTeam = roleOf(m.roles+" "+m.teamRoles), !m.direct
		items = append(items, m.Member)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("workspace: list members: %w", err)
	}
	return items, nil
}

// destinations are where the columns of memberText go.
func (m *member) destinations() []any {
	return []any{&m.Account, &m.Name, &m.Kind, &m.roles, veranda.Moment(&m.AddedAt), &m.direct, &m.teamRoles}
}

// readMember reads one member; not_found when the account is none.
func readMember(ctx context.Context, tx *veranda.Tx, w *Workspace, account veranda.AccountID) (*member, error) {
	rows, err := tx.Query(ctx, memberText+` AND wm.account_id = $3`, w.Org, w.ID, account)
	if err != nil {
		return nil, fmt.Errorf("workspace: read member: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("workspace: read member: %w", err)
		}
		return nil, veranda.ErrNotFound
	}
	m := &member{}
	if err := rows.Scan(m.destinations()...); err != nil {
		return nil, fmt.Errorf("workspace: read member: %w", err)
	}
	m.Role = roleOf(m.roles + " " + m.teamRoles)
	return m, nil
}

// A manager counts while they can enter: not when they are disabled, nor when they are no longer an employee. Who manages
// by a team does not count: the team's people change elsewhere, by those who need not know of this workspace.
const hasManagerText = `SELECT 1 FROM veranda_workspace_members wm
JOIN veranda_memberships m ON m.org_id = wm.org_id AND m.account_id = wm.account_id
WHERE wm.org_id = $1 AND wm.workspace_id = $2 AND wm.account_id <> $3 AND ' ' || wm.roles || ' ' LIKE '% manager %'
AND m.kind = 'internal' AND m.disabled_at IS NULL LIMIT 1`

// hasManager tells whether the workspace has a manager other than one account.
func hasManager(ctx context.Context, tx *veranda.Tx, w *Workspace, other veranda.AccountID) (bool, error) {
	return exists(ctx, tx, hasManagerText, w.Org, w.ID, other)
}

const (
	insertMembersPostgres = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT $1::uuid, $2::uuid, a.id::uuid, $4::text, $5::timestamptz FROM jsonb_array_elements_text($3::jsonb) AS a (id)` + insertMembersEnd
	insertMembersSQLite = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at)
SELECT $1, $2, a.value, $4, $5 FROM json_each($3) AS a WHERE TRUE` + insertMembersEnd
	// Who is there by a team is a member in their own right from now on.
	insertMembersEnd = `
ON CONFLICT (org_id, workspace_id, account_id) DO UPDATE SET direct = excluded.direct, roles = excluded.roles, added_at = excluded.added_at
WHERE NOT veranda_workspace_members.direct RETURNING account_id`
)

// insertMembers adds accounts and gives those back that were no members yet, or by a team alone.
func insertMembers(ctx context.Context, tx *veranda.Tx, w *Workspace, accounts []veranda.AccountID, role Role) ([]veranda.AccountID, error) {
	list, err := json.Marshal(accounts)
	if err != nil {
		return nil, fmt.Errorf("workspace: add members: %w", err)
	}
	db := tx.DB()
	rows, err := tx.Query(ctx, db.Pick(insertMembersPostgres, insertMembersSQLite), w.Org, w.ID, string(list), withRole("", role), db.Time(db.Now()))
	if err != nil {
		return nil, fmt.Errorf("workspace: add members: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var added []veranda.AccountID
	for rows.Next() {
		var account veranda.AccountID
		if err := rows.Scan(&account); err != nil {
			return nil, fmt.Errorf("workspace: add members: %w", err)
		}
		added = append(added, account)
	}
	if err := rows.Err(); err != nil {
		if veranda.IsForeignKey(err) { // removed from the organization at this moment
			return nil, veranda.ErrContended.Because(err)
		}
		return nil, fmt.Errorf("workspace: add members: %w", err)
	}
	return added, nil
}

// deleteMember ends a membership; who is there by a team as well stays by it.
func deleteMember(ctx context.Context, tx *veranda.Tx, w *Workspace, account veranda.AccountID, stays bool) error {
	text, args := `DELETE FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, []any{w.Org, w.ID, account}
	if stays {
		text, args = `UPDATE veranda_workspace_members SET direct = $4, roles = '' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, append(args, false)
	}
	if _, err := tx.Exec(ctx, text, args...); err != nil {
		return fmt.Errorf("workspace: remove member: %w", err)
	}
	return nil
}

func setRoles(ctx context.Context, tx *veranda.Tx, w *Workspace, account veranda.AccountID, roles string) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_workspace_members SET roles = $4 WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`,
		w.Org, w.ID, account, roles)
	if err != nil {
		return fmt.Errorf("workspace: set role: %w", err)
	}
	return nil
}

// The people of the directory that an actor sees: $1 is the organization, $2 the actor, $3 to $5 tell whether they see
// everybody, employees, and whom they share a workspace with.
const (
	peopleSelect = `SELECT m.account_id, a.name, coalesce(d.address, m.address_key), m.kind
FROM veranda_memberships m
JOIN veranda_accounts a ON a.id = m.account_id
LEFT JOIN veranda_addresses d ON d.account_id = m.account_id AND d.address_key = m.address_key
WHERE m.org_id = $1 AND m.disabled_at IS NULL AND a.state <> 'disabled'
AND ($3 = 1 OR $4 = 1 AND m.kind = 'internal' OR m.account_id = $2 OR $5 = 1 AND m.account_id IN (
	SELECT theirs.account_id FROM veranda_workspace_members mine
	JOIN veranda_workspaces w ON w.org_id = mine.org_id AND w.id = mine.workspace_id AND w.deleted_at IS NULL
	JOIN veranda_workspace_members theirs ON theirs.org_id = mine.org_id AND theirs.workspace_id = mine.workspace_id
	WHERE mine.org_id = $1 AND mine.account_id = $2))`
	peopleNamedPostgres = peopleSelect + ` AND m.account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($6::jsonb))`
	peopleNamedSQLite   = peopleSelect + ` AND m.account_id IN (SELECT value FROM json_each($6))`

	// Those who can be picked: $6 is the workspace, $7 to $9 are the patterns of a word of the name, $10 that of the
	// address, $11 is the limit, $12 and $13 are the position.
	pickSelect = peopleSelect + ` AND NOT EXISTS (
	SELECT 1 FROM veranda_workspace_members wm WHERE wm.org_id = m.org_id AND wm.workspace_id = $6 AND wm.account_id = m.account_id AND wm.direct)
AND (' ' || lower(a.name) LIKE $7 ESCAPE '!' OR ' ' || a.name LIKE $8 ESCAPE '!' OR ' ' || a.name LIKE $9 ESCAPE '!' OR m.address_key LIKE $10 ESCAPE '!')`
	pickFirstPostgres = pickSelect + ` ORDER BY ` + personKeyPostgres + `, m.account_id LIMIT $11`
	pickFirstSQLite   = pickSelect + ` ORDER BY ` + personKeySQLite + `, m.account_id LIMIT $11`
	pickNextPostgres  = pickSelect + ` AND (` + personKeyPostgres + `, m.account_id) > ($12, $13) ORDER BY ` + personKeyPostgres + `, m.account_id LIMIT $11`
	pickNextSQLite    = pickSelect + ` AND (` + personKeySQLite + `, m.account_id) > ($12, $13) ORDER BY ` + personKeySQLite + `, m.account_id LIMIT $11`
)

func (d directory) args() []any { return []any{d.org, d.account, d.all, d.employees, d.shared} }

func (s *Service) queryContacts(ctx context.Context, w *Workspace, d directory, query string, limit int, position []string) ([]Contact, error) {
	words := wordsBeginning(query)
	text := s.conn.DB().Pick(pickFirstPostgres, pickFirstSQLite)
	args := append(d.args(), w.ID, words.lower, words.typed, words.title, addressBeginning(query), limit)
	if position != nil {
		text = s.conn.DB().Pick(pickNextPostgres, pickNextSQLite)
		args = append(args, position[0], position[1])
	}
	return scanContacts(ctx, s.conn.Query, text, args)
}

func queryPeople(ctx context.Context, tx *veranda.Tx, d directory, accounts []veranda.AccountID) (map[veranda.AccountID]Contact, error) {
	list, err := json.Marshal(accounts)
	if err != nil {
		return nil, fmt.Errorf("workspace: read people: %w", err)
	}
	contacts, err := scanContacts(ctx, tx.Query, tx.DB().Pick(peopleNamedPostgres, peopleNamedSQLite), append(d.args(), string(list)))
	if err != nil {
		return nil, err
	}
	people := make(map[veranda.AccountID]Contact, len(contacts))
	for _, contact := range contacts {
		people[contact.Account] = contact
	}
	return people, nil
}
