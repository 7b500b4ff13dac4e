package stream

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// On $1 organization, $2 account, $3 workspace, $4 person, $5 kind.
const (
	insertMute = `INSERT INTO veranda_stream_mutes (org_id, account_id, workspace_id, person_id, kind, created_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	deleteMute = `DELETE FROM veranda_stream_mutes WHERE org_id = $1 AND account_id = $2 AND workspace_id = $3 AND person_id = $4 AND kind = $5`
	listMutes  = `SELECT workspace_id, person_id, kind, created_at FROM veranda_stream_mutes WHERE org_id = $1 AND account_id = $2
ORDER BY created_at DESC, workspace_id DESC, person_id DESC, kind LIMIT 1000`

	// Two mutes of one person at once are counted one after the other.
	lockMutesPostgres = `WITH own AS MATERIALIZED (SELECT a.id FROM veranda_accounts a WHERE a.id = $2 FOR NO KEY UPDATE)
SELECT (SELECT count(*) FROM veranda_stream_mutes m WHERE m.org_id = $1 AND m.account_id = own.id) FROM own`
	lockMutesSQLite = `SELECT count(*) FROM veranda_stream_mutes WHERE org_id = $1 AND account_id = $2`

	// $6 is the event.
	isMuting = `SELECT m.account_id FROM veranda_stream_mutes m WHERE m.org_id = $1 AND m.account_id = $2
AND (m.workspace_id = $3 AND m.workspace_id <> '00000000-0000-0000-0000-000000000000' AND m.kind IN ('', $5) OR m.person_id = $4 AND m.person_id <> '00000000-0000-0000-0000-000000000000')
AND NOT EXISTS (SELECT 1 FROM veranda_stream_passes p WHERE p.org_id = $1 AND p.account_id IN ($2, '00000000-0000-0000-0000-000000000000')
	AND p.workspace_id = $3 AND p.status_id = $6) LIMIT 1`

	clearPasses = `DELETE FROM veranda_stream_passes WHERE org_id = $1 AND status_id = $2 AND account_id <> '00000000-0000-0000-0000-000000000000'`
	insertPass  = `INSERT INTO veranda_stream_passes (org_id, account_id, workspace_id, status_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
)

// everybody is who a status passes mutes for that must be read.
var everybody veranda.AccountID

// pass lets a status pass the mutes of those whom its text mentions, and of nobody whom only its former text mentioned; one
// that must be read passes everybody's.
func pass(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspace veranda.WorkspaceID, status ID, former, text string, mustRead bool) error {
	if len(veranda.Mentions(former)) > 0 {
		if err := tx.Defer(ctx, clearPasses, org, status); err != nil {
			return fmt.Errorf("stream: forget who is mentioned: %w", err)
		}
	}
	passing := veranda.Mentions(text)
	if mustRead {
		passing = append(passing, everybody)
	}
	for _, account := range passing {
		if err := tx.Defer(ctx, insertPass, org, account, workspace, status); err != nil {
			return fmt.Errorf("stream: let a status pass mutes: %w", err)
		}
	}
	return nil
}
