package stream

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// The page of a stream is a range of the event log's index (org_id, workspace_id, id), read backwards and joined by primary
// keys with the names of who acted and with the statuses. $1 is the organization, $2 the caller's account; $3 is the
// workspace, or the third argument of Visible; $4 is the event the page lies below, $5 the lowest it may hold, $6 the
// number of rows; the patterns of kinds follow, and where one person's events are asked for, that person.
const (
	streamSelect = `SELECT e.id, e.kind, e.at, e.workspace_id, e.by_id, a.name, e.system, e.subject_id, e.data, ` + statusColumns + `
FROM veranda_events e`
	streamJoin = `
LEFT JOIN veranda_statuses t ON t.org_id = e.org_id AND t.id = e.id
LEFT JOIN veranda_accounts a ON a.id = e.by_id
WHERE e.org_id = $1 AND `
	streamInWorkspace = `e.workspace_id = $3`
	streamRange       = ` AND e.id < $4 AND e.id >= $5 AND e.to_ids = ''
AND (e.kind <> '` + EventStatusPosted + `' OR t.id IS NOT NULL)
AND (`
	streamOrder = ` ORDER BY e.id DESC LIMIT $6`

	firstKind = 7 // the placeholder of the first pattern
)

// SQLite would rather read all of the organization's events by the log's unique key, which has fewer columns, and leave out
// those of other workspaces.
const byWorkspaceSQLite = ` INDEXED BY veranda_events_workspace`

// streamWindow is how many events a filtered page looks at.
const streamWindow = 2000

// The event a filtered page ends at, if there are that many.
const (
	floorSelect         = `SELECT e.id FROM veranda_events e`
	floorInWorkspace    = ` WHERE e.org_id = $1 AND e.workspace_id = $2 AND e.id < $3 ORDER BY e.id DESC LIMIT 1 OFFSET $4`
	floorInOrganization = ` WHERE e.org_id = $1 AND e.id < $2 ORDER BY e.id DESC LIMIT 1 OFFSET $3`
)

// streamTexts are the texts of a service, whose number of patterns is fixed when it is made.
type streamTexts struct {
	workspace, organization scopeTexts
}

// scopeTexts are the texts for the events of a workspace, or of all workspaces the caller may see.
type scopeTexts struct {
	all, byOne, floor string
	// inWorkspace tells that the third of the scope's arguments is a workspace.
	inWorkspace bool
	kinds       int
}

// newStreamTexts makes the texts for a number of patterns; index names the index of a workspace's events where a database
// needs to be told.
func newStreamTexts(kinds int, index, visible string) streamTexts {
	return streamTexts{
		workspace: scopeTexts{
			all: streamText(index, streamInWorkspace, kinds, false), byOne: streamText(index, streamInWorkspace, kinds, true),
			floor: floorSelect + index + floorInWorkspace, inWorkspace: true, kinds: kinds,
		},
		organization: scopeTexts{
			all: streamText("", visible, kinds, false), byOne: streamText("", visible, kinds, true),
			floor: floorSelect + floorInOrganization, kinds: kinds,
		},
	}
}

// streamText puts a text together from constants and placeholders.
func streamText(index, scope string, kinds int, byOne bool) string {
	var b strings.Builder
	b.WriteString(streamSelect)
	b.WriteString(index)
	b.WriteString(streamJoin)
	b.WriteString(scope)
	b.WriteString(streamRange)
	for i := range kinds {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString("e.kind LIKE $")
		b.WriteString(strconv.Itoa(firstKind + i))
		b.WriteString(` ESCAPE '\'`)
	}
	b.WriteString(")")
	if byOne {
		b.WriteString(" AND e.by_id = $")
		b.WriteString(strconv.Itoa(firstKind + kinds))
	}
	b.WriteString(streamOrder)
	return b.String()
}

// floor finds the lowest event that a bounded page may hold; it stays zero when there are few enough.
func (s *Service) floor(ctx context.Context, text scopeTexts, scope []any, before veranda.EventID, floor *veranda.EventID) error {
	args := []any{scope[0]}
	if text.inWorkspace {
		args = append(args, scope[2])
	}
	_, err := one(ctx, s.conn, text.floor, append(args, before, streamWindow), floor)
	if err != nil {
		return fmt.Errorf("stream: read the bounds of a page: %w", err)
	}
	return nil
}

// items reads the rows of a page and one more.
func (s *Service) items(ctx context.Context, text scopeTexts, scope []any, kinds shown, want selection, floor veranda.EventID) ([]Item, error) {
	args := append(append([]any{}, scope...), want.before, floor, want.size+1)
	args = append(args, kinds.arguments(text.kinds)...)
	query := text.all
	if !want.by.IsZero() {
		query = text.byOne
		args = append(args, want.by)
	}
	org, _ := scope[0].(veranda.OrgID)
	var items []Item
	var row itemRow // one for all rows, with its destinations: a page has many columns
	destinations := row.destinations()
	err := each(ctx, s.conn, query, args, func(rows *sql.Rows) error {
		row = itemRow{}
		if err := rows.Scan(destinations...); err != nil {
			return err
		}
		items = append(items, row.finished(org))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stream: read a page: %w", err)
	}
	return items, nil
}

// itemRow is an event as a page's rows give it.
type itemRow struct {
	item   Item
	by     Person
	data   []byte
	status statusRow
}

func (r *itemRow) destinations() []any {
	i := &r.item
	return append([]any{
		&i.ID, &i.Kind, veranda.Moment(&i.At), &i.Workspace, &r.by.ID, veranda.Optional(&r.by.Name), &i.System, &i.Subject, &r.data,
	}, r.status.destinations()...)
}

// finished is the item of a row that was read; it shares nothing with the row.
func (r *itemRow) finished(org veranda.OrgID) Item {
	item := r.item
	item.Data = r.data
	if !r.by.ID.IsZero() {
		by := r.by
		item.By = &by
	}
	if !r.status.ID.IsZero() {
		item.Status = r.status.status(org, r.by.Name)
	}
	return item
}
