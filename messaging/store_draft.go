package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// $1 is the organization, $2 the person whose drafts they are.
const (
	draftSelect = `SELECT d.id, d.conversation_id, d.recipients, d.workspace_id, d.subject, d.body, d.links, d.updated_at, d.version
FROM veranda_message_drafts d WHERE d.org_id = $1 AND d.account_id = $2`
	readDraft             = draftSelect + ` AND d.id = $3`
	readConversationDraft = draftSelect + ` AND d.conversation_id = $3`
	listDrafts            = draftSelect + ` AND (d.updated_at, d.id) < ($3, $4) ORDER BY d.updated_at DESC, d.id DESC LIMIT $5`
	countDrafts           = `SELECT count(*) FROM veranda_message_drafts d WHERE d.org_id = $1 AND d.account_id = $2 AND d.conversation_id IS NULL`

	lockDraft = `SELECT version FROM veranda_message_drafts WHERE org_id = $1 AND account_id = $2 AND id = $3`

	insertDraft = `INSERT INTO veranda_message_drafts (org_id, account_id, id, conversation_id, recipients, workspace_id, subject, body, links, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)`
	// In a conversation there is one: writing again takes its place.
	saveDraft = insertDraft + ` ON CONFLICT (org_id, account_id, conversation_id) DO UPDATE
SET body = excluded.body, links = excluded.links, updated_at = excluded.updated_at, version = veranda_message_drafts.version + 1
WHERE $11 = 0 OR veranda_message_drafts.version = $11`
	updateDraft = `UPDATE veranda_message_drafts SET recipients = $4, workspace_id = $5, subject = $6, body = $7, links = $8, updated_at = $9, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND id = $3`
	deleteDraft             = `DELETE FROM veranda_message_drafts WHERE org_id = $1 AND account_id = $2 AND id = $3`
	deleteConversationDraft = `DELETE FROM veranda_message_drafts WHERE org_id = $1 AND account_id = $2 AND conversation_id = $3`
)

// drafts runs a text that begins with draftSelect.
func drafts(ctx context.Context, q queryer, text string, org veranda.OrgID, args ...any) ([]Draft, error) {
	var out []Draft
	err := each(ctx, q, text, append([]any{org}, args...), func(rows *sql.Rows) error {
		d := Draft{Org: org, Recipients: []veranda.AccountID{}}
		var conversation ID
		var workspace veranda.WorkspaceID
		var recipients []string
		err := rows.Scan(&d.ID, &conversation, jsonList{&recipients}, &workspace, &d.Subject, &d.Text, jsonList{&d.Links}, veranda.Moment(&d.UpdatedAt), &d.Version)
		if err != nil {
			return err
		}
		if !conversation.IsZero() {
			d.Conversation = &conversation
		}
		if !workspace.IsZero() {
			d.Workspace = &workspace
		}
		for _, text := range recipients {
			var id veranda.AccountID
			if err := id.UnmarshalText([]byte(text)); err != nil {
				return err
			}
			d.Recipients = append(d.Recipients, id)
		}
		out = append(out, d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read drafts: %w", err)
	}
	return out, nil
}

// draft reads one; ErrNotFound when there is none.
func draft(ctx context.Context, q queryer, text string, org veranda.OrgID, args ...any) (*Draft, error) {
	found, err := drafts(ctx, q, text, org, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, veranda.ErrNotFound
	}
	return &found[0], nil
}

// columns are what a draft says, as its row keeps it.
func (d *NewDraftContent) columns(db *veranda.DB, now time.Time) []any {
	recipients := make([]string, len(d.Recipients))
	for i, id := range d.Recipients {
		recipients[i] = id.String()
	}
	var workspace any
	if !d.Workspace.IsZero() {
		workspace = d.Workspace
	}
	return []any{asJSON(recipients), workspace, d.Subject, d.Text, asJSON(d.Links), db.Time(now)}
}
