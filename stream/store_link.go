package stream

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

const (
	insertLink   = `INSERT INTO veranda_status_links (org_id, status_id, holder_id, number, url, state) VALUES ($1, $2, $3, $4, $5, 'waiting')`
	removeLinks  = `DELETE FROM veranda_status_links WHERE org_id = $1 AND holder_id = $2`
	waitingLinks = `SELECT number, url FROM veranda_status_links WHERE org_id = $1 AND holder_id = $2 AND state = 'waiting' ORDER BY number`
	// A text that was changed meanwhile has other links, which wait for their own look.
	settleLink = `UPDATE veranda_status_links SET state = $5, title = $6, description = $7, site = $8
WHERE org_id = $1 AND holder_id = $2 AND number = $3 AND url = $4 AND state = 'waiting'`

	linksPostgres = linkColumns + ` IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb)) ORDER BY holder_id, number`
	linksSQLite   = linkColumns + ` IN (SELECT value FROM json_each($2)) ORDER BY holder_id, number`
	linkColumns   = `SELECT holder_id, url, state, title, description, site FROM veranda_status_links WHERE org_id = $1 AND holder_id`
)

// storeLinks keeps the links of a text, which wait to be looked at.
func storeLinks(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, workspace veranda.WorkspaceID, status ID, comment *CommentID, links []string) error {
	if len(links) == 0 {
		return nil
	}
	holder := status.String()
	if comment != nil {
		holder = comment.String()
	}
	for i, url := range links {
		if err := tx.Defer(ctx, insertLink, standing.Org, status, holder, i+1, url); err != nil {
			return fmt.Errorf("stream: store a link: %w", err)
		}
	}
	tx.Emit(veranda.Event{
		Org: standing.Org, Workspace: workspace, Kind: EventLinksPosted, Subject: holder, By: standing.Account, System: standing.System,
		Data: veranda.MarshalData(LinksData{Status: status, Comment: comment}),
	})
	return nil
}
