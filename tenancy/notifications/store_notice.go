package notifications

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// shown tells whether the reader may see a notice n: $1 is the account, $2 the organizations they belong to, $3 those
// whose open workspaces they enter.
const (
	shownPostgres = `(n.org_id = '00000000-0000-0000-0000-000000000000' OR strpos(CAST($2 AS TEXT), CAST(n.org_id AS TEXT)) > 0)
AND (n.workspace_id IS NULL OR EXISTS (SELECT 1 FROM veranda_workspaces w WHERE w.org_id = n.org_id AND w.id = n.workspace_id AND w.deleted_at IS NULL
	AND (w.open AND strpos(CAST($3 AS TEXT), CAST(n.org_id AS TEXT)) > 0
	OR EXISTS (SELECT 1 FROM veranda_workspace_members wm WHERE wm.org_id = n.org_id AND wm.workspace_id = n.workspace_id AND wm.account_id = $1))))`
	shownSQLite = `(n.org_id = '00000000-0000-0000-0000-000000000000' OR instr($2, n.org_id) > 0)
AND (n.workspace_id IS NULL OR EXISTS (SELECT 1 FROM veranda_workspaces w WHERE w.org_id = n.org_id AND w.id = n.workspace_id AND w.deleted_at IS NULL
	AND (w.open AND instr($3, n.org_id) > 0
	OR EXISTS (SELECT 1 FROM veranda_workspace_members wm WHERE wm.org_id = n.org_id AND wm.workspace_id = n.workspace_id AND wm.account_id = $1))))`

	columns = `n.id, n.org_id, n.workspace_id, n.kind, n.subject_id, n.path, n.title, n.by_id, n.count, n.at, n.read_at,
	(SELECT a.name FROM veranda_accounts a WHERE a.id = n.by_id),
	(SELECT p.name FROM veranda_workspaces p WHERE p.org_id = n.org_id AND p.id = n.workspace_id)`

	// A page: $4 and $5 are the position, $6 a kind, $7 a workspace, $8 how many, and $9, where it is spoken of, an organization.
	listHead   = `SELECT ` + columns + ` FROM veranda_notices n WHERE n.account_id = $1 AND n.listed AND `
	listTail   = ` AND (n.at, n.id) < ($4, $5) AND ($6 = '' OR n.kind = $6) AND (n.workspace_id = $7 OR $7 = '00000000-0000-0000-0000-000000000000')`
	listUnread = ` AND n.read_at IS NULL`
	listOrg    = ` AND n.org_id = $9`
	listOrder  = ` ORDER BY n.at DESC, n.id DESC LIMIT $8`

	oneHead = `SELECT ` + columns + ` FROM veranda_notices n WHERE n.account_id = $1 AND n.id = $4 AND n.listed AND `

	// Counted by workspace first, from an index alone, then judged: as many judgements as workspaces.
	countHead = `SELECT n.org_id, CAST(sum(n.unread) AS BIGINT) FROM (SELECT c.org_id, c.workspace_id, count(*) AS unread FROM veranda_notices c
	WHERE c.account_id = $1 AND c.read_at IS NULL AND c.listed GROUP BY c.org_id, c.workspace_id) n WHERE `
	countTail = ` GROUP BY n.org_id ORDER BY n.org_id`

	// What is to be sent by a moment, $4.
	dueHead    = `SELECT ` + columns + ` FROM veranda_notices n WHERE n.account_id = $1 AND n.read_at IS NULL AND `
	mailWaits  = `n.mail_due <= $4 AND `
	phoneWaits = `n.phone_due <= $4 AND `
	dueTail    = ` ORDER BY n.org_id, n.workspace_id, n.at, n.id`

	seenHead = `SELECT n.org_id FROM (SELECT CAST($4 AS UUID) AS org_id, CAST($5 AS UUID) AS workspace_id) n WHERE `
	// SQLite has no such type.
	seenHeadSQLite = `SELECT n.org_id FROM (SELECT $4 AS org_id, $5 AS workspace_id) n WHERE `
)

// texts are the queries in the database's dialect.
type texts struct {
	list, listUnread, listOrg, listUnreadOrg, one, count, seen, mailDue, phoneDue string
}

func textsOf(db *veranda.DB) texts {
	return texts{
		list:          db.Pick(listHead+shownPostgres+listTail+listOrder, listHead+shownSQLite+listTail+listOrder),
		listUnread:    db.Pick(listHead+shownPostgres+listTail+listUnread+listOrder, listHead+shownSQLite+listTail+listUnread+listOrder),
		listOrg:       db.Pick(listHead+shownPostgres+listTail+listOrg+listOrder, listHead+shownSQLite+listTail+listOrg+listOrder),
		listUnreadOrg: db.Pick(listHead+shownPostgres+listTail+listUnread+listOrg+listOrder, listHead+shownSQLite+listTail+listUnread+listOrg+listOrder),
		one:           db.Pick(oneHead+shownPostgres, oneHead+shownSQLite),
		count:         db.Pick(countHead+shownPostgres+countTail, countHead+shownSQLite+countTail),
		seen:          db.Pick(seenHead+shownPostgres, seenHeadSQLite+shownSQLite),
		mailDue:       db.Pick(dueHead+mailWaits+shownPostgres+dueTail, dueHead+mailWaits+shownSQLite+dueTail),
		phoneDue:      db.Pick(dueHead+phoneWaits+shownPostgres+dueTail, dueHead+phoneWaits+shownSQLite+dueTail),
	}
}

// upsert stores a notice, or lets an unread one of its group grow: what it says is then the newest event's.
const upsert = `INSERT INTO veranda_notices AS n (account_id, id, org_id, workspace_id, kind, subject_id, path, title, grp, by_id, event_id, count, listed, at,
	created_at, mail_due, phone_due) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13, $14, $15, $16)
ON CONFLICT (account_id, org_id, kind, grp, listed) WHERE read_at IS NULL AND grp <> '' DO UPDATE SET count = n.count + 1,
	workspace_id = CASE WHEN excluded.at < n.at THEN n.workspace_id ELSE excluded.workspace_id END,
	subject_id = CASE WHEN excluded.at < n.at THEN n.subject_id ELSE excluded.subject_id END,
	path = CASE WHEN excluded.at < n.at THEN n.path ELSE excluded.path END,
	title = CASE WHEN excluded.at < n.at THEN n.title ELSE excluded.title END,
	by_id = CASE WHEN excluded.at < n.at THEN n.by_id ELSE excluded.by_id END,
	event_id = CASE WHEN excluded.at < n.at THEN n.event_id ELSE excluded.event_id END,
	at = CASE WHEN excluded.at < n.at THEN n.at ELSE excluded.at END,
	mail_due = coalesce(n.mail_due, excluded.mail_due), phone_due = coalesce(n.phone_due, excluded.phone_due)
RETURNING id, count`

const selectStored = `SELECT n.id FROM veranda_notices n WHERE n.account_id = $1 AND n.event_id = $2 AND n.kind = $3`

func (n *Notice) scan(rows *sql.Rows, more ...any) error {
	destinations := []any{
		&n.ID, &n.Org, veranda.Optional(&n.Workspace), &n.Kind, &n.Subject, &n.Path, &n.Title, veranda.Optional(&n.By), &n.Count, veranda.Moment(&n.At),
		moment{&n.ReadAt}, veranda.Optional(&n.ByName), veranda.Optional(&n.Place),
	}
	return rows.Scan(append(destinations, more...)...)
}

func (s *Service) queryNotices(ctx context.Context, query queryFunc, text string, args []any) ([]Notice, error) {
	list := []Notice{}
	err := each(ctx, query, text, args, func(rows *sql.Rows) error {
		var n Notice
		err := n.scan(rows)
		list = append(list, n)
		return err
	})
	return list, err
}

// each reads rows.
func each(ctx context.Context, query queryFunc, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("notifications: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("notifications: read: %w", err)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("notifications: read: %w", err)
	}
	return nil
}

// one reads a row, if there is one.
func one(ctx context.Context, query queryFunc, text string, args []any, destinations ...any) (found bool, err error) {
	err = each(ctx, query, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(destinations...)
	})
	return found, err
}

// moment scans a time that may be absent.
type moment struct{ to **time.Time }

func (m moment) Scan(src any) error {
	if src == nil {
		return nil
	}
	t := new(time.Time)
	*m.to = t
	return veranda.Moment(t).Scan(src)
}

// nullID is an id as an argument, NULL where it names nothing.
func nullID[Kind any](id veranda.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id
}
