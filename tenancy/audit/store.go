package audit

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// The condition of the index, which a query repeats letter by letter so that it is used.
const (
	auditedPostgres = `(kind LIKE 'tenancy.%' OR kind LIKE 'workspace.%' OR kind LIKE 'support.%' OR kind LIKE 'audit.%') AND kind <> 'tenancy.delivery_queued'`
	auditedSQLite   = `(kind GLOB 'tenancy.*' OR kind GLOB 'workspace.*' OR kind GLOB 'support.*' OR kind GLOB 'audit.*') AND kind <> 'tenancy.delivery_queued'`
)

// concernsPeople is what access managers read.
const concernsPeople = `(kind LIKE 'tenancy.member%' OR kind LIKE 'tenancy.invitation%' OR kind LIKE 'tenancy.join%' OR kind LIKE 'tenancy.person%'
	OR kind LIKE 'tenancy.account%' OR kind LIKE 'tenancy.delivery%' OR kind LIKE 'tenancy.team%' OR kind LIKE 'tenancy.department%'
	OR kind LIKE 'tenancy.rights%' OR kind LIKE 'workspace.member%')`

// How much of the log a reader reads.
const (
	readsOwn    = 0
	readsAll    = 1
	readsPeople = 2
)

// $1 to $3 are Visible's. $4 is how much is read, $5 the reader's id as text, $6 and $7 the position, $8 and $9 the times,
// $10 the kind's pattern, $11 the subject, $12 who did it, $13 the number of rows. Events of open workspaces that were
// deleted stay readable for those who read everything. The reader's own deeds are theirs to read wherever they were done, and that platform support looked
// into a workspace, or may, is told to all who see it.
func listText(audited, visible string) string {
	var b strings.Builder
	for _, part := range []string{
		`SELECT id, at, kind, by_id, (SELECT a.name FROM veranda_memberships m JOIN veranda_accounts a ON a.id = m.account_id
	WHERE m.org_id = veranda_events.org_id AND m.account_id = veranda_events.by_id AND m.disabled_reason <> 'unaccepted'), system, subject_id, workspace_id, data
FROM veranda_events WHERE org_id = $1 AND `, audited, `
AND (workspace_id IS NULL OR by_id = $2 OR `, visible, `
	OR CAST($4 AS BIGINT) = 1 AND EXISTS (SELECT 1 FROM veranda_workspaces dw WHERE dw.org_id = veranda_events.org_id AND dw.id = veranda_events.workspace_id AND dw.deleted_at IS NOT NULL AND dw.open))
AND (CAST($4 AS BIGINT) = 1 OR CAST($4 AS BIGINT) = 2 AND `, concernsPeople, ` OR by_id = $2 OR subject_id = $5
	OR workspace_id IS NOT NULL AND kind IN ('tenancy.support_looked', 'support.consent_given', 'support.consent_ended'))
AND (at, id) < ($6, $7) AND at >= $8 AND at < $9
AND ($10 = '' OR kind LIKE $10 ESCAPE '!') AND ($11 = '' OR subject_id = $11)
AND (by_id = $12 OR $12 = '00000000-0000-0000-0000-000000000000')
ORDER BY at DESC, id DESC LIMIT $13`,
	} {
		b.WriteString(part)
	}
	return b.String()
}

// The log of an account is the events that belong to no organization and speak of it.
const mineText = `SELECT id, at, kind, by_id, NULL, system, subject_id, workspace_id, data
FROM veranda_events WHERE org_id = '00000000-0000-0000-0000-000000000000' AND subject_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`

func (s *Service) entries(ctx context.Context, text string, args []any) ([]Entry, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("audit: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []Entry{}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("audit: read: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: read: %w", err)
	}
	return list, nil
}

func scanEntry(rows *sql.Rows) (Entry, error) {
	var e Entry
	var by veranda.AccountID
	var workspace veranda.WorkspaceID
	var data []byte
	err := rows.Scan(&e.ID, veranda.Moment(&e.At), &e.Kind, veranda.Optional(&by), veranda.Optional(&e.ByName), &e.System, &e.Subject,
		veranda.Optional(&workspace), &data)
	if !by.IsZero() {
		e.By = by.String()
	}
	if !workspace.IsZero() {
		e.Workspace = workspace.String()
	}
	e.At, e.Data = e.At.UTC(), data
	if len(data) == 0 || string(data) == "null" {
		e.Data = []byte("{}")
	}
	return e, err
}

// pattern is a filter's kind as LIKE takes it; ! escapes.
func pattern(kind string) string {
	return strings.NewReplacer("!", "!!", "_", "!_", "%", "!%", "*", "%").Replace(kind)
}

// The bounds of times, where a filter has none.
var (
	beginning = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	end       = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)
