package notifications

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// The newest position there can be: where the first page begins.
var newest = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

const newestID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// List is a page of the caller's notices across their organizations, newest first. Notices of a workspace or organization
// the caller sees no longer are left out until they see it again, and so are those of an organization that asks a second
// factor the caller came without.
//
// Permission: notification.read_own. Errors: invalid.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Notice], error) {
	list := veranda.List[Notice]{Items: []Notice{}}
	var c veranda.Checks
	limit := in.Size(&c)
	at, id := newest, newestID
	if position := in.Position(&c, "notices", 2); position != nil {
		var notice NoticeID
		parsed, err := time.Parse(time.RFC3339Nano, position[0])
		if err != nil || notice.UnmarshalText([]byte(position[1])) != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
		at, id = parsed, notice.String()
	}
	if in.Kind != "" {
		c.Line("/kind", in.Kind, 1, 100)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.asks(ctx, by, PermRead)
	if err != nil {
		return list, err
	}
	v, err := s.viewerOf(ctx, s.conn, by, standing.Account, in.Org)
	if err != nil {
		return list, err
	}
	text := s.texts.list
	args := v.args(s.conn.DB().Time(at), id, in.Kind, in.Workspace, limit+1)
	switch {
	case !in.Org.IsZero() && in.Unread:
		text, args = s.texts.listUnreadOrg, append(args, in.Org)
	case !in.Org.IsZero():
		text, args = s.texts.listOrg, append(args, in.Org)
	case in.Unread:
		text = s.texts.listUnread
	}
	if list.Items, err = s.queryNotices(ctx, s.conn.Query, text, args); err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		end := list.Items[limit-1]
		list.Next = veranda.EncodeCursor("notices", end.At.Format(time.RFC3339Nano), end.ID.String())
	}
	return list, s.phrase(ctx, standing.Account, list.Items)
}

// phrase says notices in their reader's language.
func (s *Service) phrase(ctx context.Context, account veranda.AccountID, notices []Notice) error {
	if len(notices) == 0 {
		return nil
	}
	language := ""
	if _, err := one(ctx, s.conn.Query, `SELECT language FROM veranda_accounts WHERE id = $1`, []any{account}, &language); err != nil {
		return err
	}
	for i := range notices {
		notices[i].Sentence = s.words.say(notices[i], language)
	}
	return nil
}

// Unread counts the caller's unread notices, in all and in each organization.
//
// Permission: notification.read_own.
func (s *Service) Unread(ctx context.Context, by veranda.Actor) (*Unread, error) {
	standing, err := s.asks(ctx, by, PermRead)
	if err != nil {
		return nil, err
	}
	v, err := s.viewerOf(ctx, s.conn, by, standing.Account, veranda.OrgID{})
	if err != nil {
		return nil, err
	}
	u := &Unread{Organizations: []OrgUnread{}}
	err = each(ctx, s.conn.Query, s.texts.count, v.args(), func(rows *sql.Rows) error {
		var o OrgUnread
		err := rows.Scan(&o.Org, &o.Unread)
		u.Unread += o.Unread
		u.Organizations = append(u.Organizations, o)
		return err
	})
	return u, err
}

// readOne reads one of the caller's notices as they may see it.
func (s *Service) readOne(ctx context.Context, by veranda.Actor, account veranda.AccountID, id NoticeID) (*Notice, error) {
	v, err := s.viewerOf(ctx, s.conn, by, account, veranda.OrgID{})
	if err != nil {
		return nil, err
	}
	found, err := s.queryNotices(ctx, s.conn.Query, s.texts.one, v.args(id))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, veranda.ErrNotFound
	}
	return &found[0], s.phrase(ctx, account, found)
}

// mark changes one of the caller's notices and reads it again. done tells the change whether it touched a row.
func (s *Service) mark(ctx context.Context, by veranda.Actor, in NoticeInput, change func(ctx context.Context, tx *veranda.Tx, n *Notice, account veranda.AccountID) error) (*Notice, error) {
	standing, err := s.asks(ctx, by, PermChange)
	if err != nil {
		return nil, err
	}
	n, err := s.readOne(ctx, by, standing.Account, in.Notice)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { return change(ctx, tx, n, standing.Account) })
	return n, err
}

const (
	readText = `UPDATE veranda_notices SET read_at = $3, mail_due = NULL, phone_due = NULL WHERE account_id = $1 AND id = $2 AND read_at IS NULL AND listed`
	// One that is unread again grows no more where another of its group came meanwhile.
	unreadText = `UPDATE veranda_notices SET read_at = NULL, grp = CASE WHEN EXISTS (SELECT 1 FROM veranda_notices o WHERE o.account_id = $1 AND o.org_id = veranda_notices.org_id
	AND o.kind = veranda_notices.kind AND o.grp = veranda_notices.grp AND o.read_at IS NULL AND o.listed) THEN '' ELSE grp END
WHERE account_id = $1 AND id = $2 AND read_at IS NOT NULL AND listed`
	deleteText = `DELETE FROM veranda_notices WHERE account_id = $1 AND id = $2 AND listed`
)

// Read marks a notice as read: it is neither mailed nor sent to the phone any more.
//
// Permission: notification.change_own. Errors: not_found. Event: notifications.notices_read, where it was unread.
func (s *Service) Read(ctx context.Context, by veranda.Actor, in NoticeInput) (*Notice, error) {
	return s.mark(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, n *Notice, account veranda.AccountID) error {
		now := tx.DB().Now()
		touched, err := tx.Exec(ctx, readText, account, n.ID, tx.DB().Time(now))
		if err != nil {
			return fmt.Errorf("notifications: mark: %w", err)
		}
		if touched > 0 {
			n.ReadAt = &now
			emit(tx, EventRead, n.Org, account, account.String(), NoticesRead{Notice: n.ID, Count: touched})
		}
		return nil
	})
}

// MarkUnread marks a notice as unread again. It is not sent again.
//
// Permission: notification.change_own. Errors: not_found. Event: notifications.notice_unread, where it was read.
func (s *Service) MarkUnread(ctx context.Context, by veranda.Actor, in NoticeInput) (*Notice, error) {
	return s.mark(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, n *Notice, account veranda.AccountID) error {
		touched, err := tx.Exec(ctx, unreadText, account, n.ID)
		if err != nil {
			return fmt.Errorf("notifications: mark: %w", err)
		}
		if touched > 0 {
			n.ReadAt = nil
			emit(tx, EventUnread, n.Org, account, n.ID.String(), nil)
		}
		return nil
	})
}

// Delete takes a notice out of the inbox.
//
// Permission: notification.change_own. Errors: not_found. Event: notifications.notice_deleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in NoticeInput) error {
	_, err := s.mark(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, n *Notice, account veranda.AccountID) error {
		touched, err := tx.Exec(ctx, deleteText, account, n.ID)
		if err != nil {
			return fmt.Errorf("notifications: delete: %w", err)
		}
		if touched == 0 { // deleted meanwhile
			return veranda.ErrNotFound
		}
		emit(tx, EventDeleted, n.Org, account, n.ID.String(), nil)
		return nil
	})
	return err
}

const readAllText = `UPDATE veranda_notices SET read_at = $2, mail_due = NULL, phone_due = NULL WHERE account_id = $1 AND read_at IS NULL AND listed
AND (at, id) <= ($3, $4) AND (org_id = $5 OR $5 = '00000000-0000-0000-0000-000000000000')`

// ReadAll marks the caller's notices as read: all, or those up to the newest one they saw. Those they may not see at the
// moment are marked too.
//
// Permission: notification.change_own. Errors: invalid, where up_to is none of theirs. Event: notifications.notices_read,
// where any was unread.
func (s *Service) ReadAll(ctx context.Context, by veranda.Actor, in ReadAllInput) (*Marked, error) {
	standing, err := s.asks(ctx, by, PermChange)
	if err != nil {
		return nil, err
	}
	at, id := newest, newestID
	if !in.UpTo.IsZero() {
		n, err := s.readOne(ctx, by, standing.Account, in.UpTo)
		if veranda.CodeOf(err) == veranda.CodeNotFound {
			var c veranda.Checks
			c.Add("/up_to", "not_found", "is none of one's notices")
			return nil, c.Err()
		}
		if err != nil {
			return nil, err
		}
		at, id = n.At, n.ID.String()
	}
	marked := &Marked{}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		db := tx.DB()
		var err error
		marked.Marked, err = tx.Exec(ctx, readAllText, standing.Account, db.Time(db.Now()), db.Time(at), id, in.Org)
		if err != nil {
			return fmt.Errorf("notifications: mark all: %w", err)
		}
		if marked.Marked > 0 {
			emit(tx, EventRead, in.Org, standing.Account, standing.Account.String(), NoticesRead{UpTo: in.UpTo, Count: marked.Marked})
		}
		return nil
	})
	return marked, err
}
