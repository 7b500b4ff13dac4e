package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// The rows of a page: events, joined by primary keys with the names of who acted and with the statuses. $1 is the
// organization, $2 the caller's account.
//
// A page of everything in a workspace, $3, is a range of the log's index (org_id, workspace_id, id), read backwards from $4:
// $5 rows among the newest streamWindow; the patterns of kinds follow. Other pages are found by store_scan.go; then $3 are
// their events' ids as JSON.
const (
	streamColumns = `e.id, e.kind, e.at, e.workspace_id, e.by_id, a.name, e.system, e.subject_id, e.data, ` + statusColumns
	streamSelect  = `SELECT ` + streamColumns + `
FROM `
	streamWindowSelect = `(SELECT x.id, x.org_id, x.kind, x.at, x.workspace_id, x.by_id, x.system, x.subject_id, x.data, x.to_ids FROM veranda_events x`
	streamWindowRange  = ` WHERE x.org_id = $1 AND x.workspace_id = $3 AND x.id < $4 ORDER BY x.id DESC LIMIT 2000) e`
	streamNames        = `
LEFT JOIN veranda_statuses t ON t.org_id = $1 AND t.id = e.id
LEFT JOIN veranda_accounts a ON a.id = e.by_id`
	streamJoin = streamNames + `
WHERE e.to_ids = '' AND (e.kind <> '` + EventStatusPosted + `' OR t.id IS NOT NULL)`
	streamOrder = ` ORDER BY e.id DESC LIMIT $5`

	firstKind = 6 // the placeholder of the first pattern

	rowsPostgres = `jsonb_array_elements_text(CAST($3 AS JSONB)) k CROSS JOIN LATERAL (
	SELECT * FROM veranda_events x WHERE x.org_id = $1 AND x.id = CAST(k.value AS UUID) LIMIT 1) e`
	rowsSQLite = `json_each($3) k CROSS JOIN veranda_events e ON e.org_id = $1 AND e.id = k.value`
)

// SQLite would rather read all of the organization's events by the log's unique key, which has fewer columns, and leave out
// those of other workspaces.
const byWorkspaceSQLite = ` INDEXED BY veranda_events_workspace`

// plainText is the text of a page of everything in a workspace, put together from constants and placeholders; index names
// the index of a workspace's events where a database needs to be told.
func plainText(kinds int, index string) string {
	var b strings.Builder
	b.WriteString(streamSelect)
	b.WriteString(streamWindowSelect)
	b.WriteString(index)
	b.WriteString(streamWindowRange)
	b.WriteString(streamJoin)
	b.WriteString(" AND (")
	for i := range kinds {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString("e.kind LIKE $")
		b.WriteString(strconv.Itoa(firstKind + i))
		b.WriteString(` ESCAPE '\'`)
	}
	b.WriteString(")")
	b.WriteString(streamOrder)
	return b.String()
}

// items reads rows of a page.
func (s *Service) items(ctx context.Context, org veranda.OrgID, query string, args ...any) ([]Item, error) {
	var items []Item
	err := s.readItems(ctx, org, query, args, func(item Item) { items = append(items, item) })
	return items, err
}

// readItems reads rows of a page; columns before those of an item go to the destinations.
func (s *Service) readItems(ctx context.Context, org veranda.OrgID, query string, args []any, take func(Item), before ...any) error {
	var row itemRow // one for all rows, with its destinations: a page has many columns
	destinations := append(before, row.destinations()...)
	err := each(ctx, s.conn, query, args, func(rows *sql.Rows) error {
		row = itemRow{}
		if err := rows.Scan(destinations...); err != nil {
			return err
		}
		take(row.finished(org))
		return nil
	})
	if err != nil {
		return fmt.Errorf("stream: read a page: %w", err)
	}
	return nil
}

// show gives what a page shows, in its order, and reads what is not known yet. What was deleted since the page was put
// together is left out.
func (s *Service) show(ctx context.Context, org veranda.OrgID, reader veranda.AccountID, groups []*group, known map[veranda.EventID]Item) ([]Item, error) {
	var missing []veranda.EventID
	for _, g := range groups {
		for _, id := range g.sample[:min(g.count, runSample)] {
			if _, there := known[id]; !there {
				missing = append(missing, id)
			}
		}
	}
	if len(missing) > 0 {
		list, err := json.Marshal(missing)
		if err != nil {
			return nil, fmt.Errorf("stream: events of a page: %w", err)
		}
		err = s.readItems(ctx, org, s.texts.rows, []any{org, reader, string(list)}, func(item Item) { known[item.ID] = item })
		if err != nil {
			return nil, err
		}
	}
	items := make([]Item, 0, len(groups))
	for _, g := range groups {
		item, there := known[g.newest.ID]
		if !there {
			continue
		}
		if g.count > 1 {
			item.Run = g.run(known)
		}
		items = append(items, item)
	}
	return items, s.furnishItems(ctx, org, reader, items)
}

// run is what an item says of those it stands for.
func (g *group) run(known map[veranda.EventID]Item) *Run {
	run := &Run{Count: g.count, FirstAt: g.first, LastAt: g.last, Oldest: g.oldest.ID, Sample: []RunEvent{}}
	for _, id := range g.sample {
		if item, there := known[id]; there {
			run.Sample = append(run.Sample, RunEvent{ID: id, Subject: item.Subject, At: item.At, Data: item.Data})
		}
	}
	return run
}

// streamTexts are the texts of a service, whose number of patterns is fixed when it is made.
type streamTexts struct{ plain, rows string }

func newStreamTexts(db *veranda.DB, kinds int) streamTexts {
	return streamTexts{
		plain: plainText(kinds, db.Pick("", byWorkspaceSQLite)),
		rows:  streamSelect + db.Pick(rowsPostgres, rowsSQLite) + streamJoin,
	}
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
