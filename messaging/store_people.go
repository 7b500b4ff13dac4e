package messaging

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Who can be written to: $3 is the list of accounts, $2 the caller, $4 to $6 tell whether they see everybody, employees, and
// whom they share a workspace with, as the directory does. Who is disabled, or never confirmed their account, cannot.
const (
	reachableFrom  = `SELECT m.account_id`
	reachableWhere = ` JOIN veranda_memberships m ON m.org_id = $1 AND m.account_id = r.value AND m.disabled_at IS NULL
JOIN veranda_accounts a ON a.id = m.account_id AND a.state = 'active'
WHERE ($4 = 1 OR $5 = 1 AND m.kind = 'internal' OR $6 = 1 AND EXISTS (SELECT 1
	FROM veranda_workspace_members mine
	JOIN veranda_workspaces w ON w.org_id = mine.org_id AND w.id = mine.workspace_id AND w.deleted_at IS NULL
	JOIN veranda_workspace_members theirs ON theirs.org_id = mine.org_id AND theirs.workspace_id = mine.workspace_id AND theirs.account_id = m.account_id
	WHERE mine.org_id = $1 AND mine.account_id = $2))`

	workspaceMembers = `SELECT wm.account_id FROM veranda_workspace_members wm
JOIN veranda_memberships m ON m.org_id = wm.org_id AND m.account_id = wm.account_id AND m.disabled_at IS NULL
JOIN veranda_accounts a ON a.id = wm.account_id AND a.state = 'active'
WHERE wm.org_id = $1 AND wm.workspace_id = $2 LIMIT $3`

	// Who takes part and belongs to the organization at present.
	activePeople = `SELECT p.account_id, a.name FROM veranda_conversation_people p
JOIN veranda_memberships m ON m.org_id = p.org_id AND m.account_id = p.account_id AND m.disabled_at IS NULL
JOIN veranda_accounts a ON a.id = p.account_id AND a.state = 'active'
WHERE p.org_id = $1 AND p.conversation_id = $2 ORDER BY p.account_id`

	takingPart = `SELECT p.account_id FROM veranda_conversation_people p WHERE p.org_id = $1 AND p.conversation_id = $2`

	listPeople = `SELECT p.account_id, a.name, p.joined_at, p.read_n, m.account_id IS NOT NULL AND a.state = 'active', coalesce(f.receipts, true)
FROM veranda_conversation_people p JOIN veranda_accounts a ON a.id = p.account_id
LEFT JOIN veranda_memberships m ON m.org_id = p.org_id AND m.account_id = p.account_id AND m.disabled_at IS NULL
LEFT JOIN veranda_message_preferences f ON f.org_id = p.org_id AND f.account_id = p.account_id
WHERE p.org_id = $1 AND p.conversation_id = $2 AND p.account_id > $3 ORDER BY p.account_id LIMIT $4`
)

// accounts reads a column of accounts.
func accounts(ctx context.Context, q queryer, text string, args ...any) ([]veranda.AccountID, error) {
	var out []veranda.AccountID
	err := each(ctx, q, text, args, func(rows *sql.Rows) error {
		var id veranda.AccountID
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read accounts: %w", err)
	}
	return out, nil
}

// audience are those who take part in a conversation and belong to the organization: to whom its events go.
type audience struct {
	ids   []veranda.AccountID
	names map[veranda.AccountID]string
}

func readAudience(ctx context.Context, q queryer, org veranda.OrgID, id ID) (*audience, error) {
	a := &audience{names: map[veranda.AccountID]string{}}
	err := each(ctx, q, activePeople, []any{org, id}, func(rows *sql.Rows) error {
		var p Person
		err := rows.Scan(&p.ID, &p.Name)
		a.ids = append(a.ids, p.ID)
		a.names[p.ID] = p.Name
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read who takes part: %w", err)
	}
	return a, nil
}

// mentioned reports who is mentioned and takes no part.
func (a *audience) mentioned(c *veranda.Checks, text string) {
	for _, account := range veranda.Mentions(text) {
		if _, there := a.names[account]; !there {
			c.Add("/text", "mention", "mentions somebody who is not in this conversation")
			return
		}
	}
}
