package stream

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// The audience of an announcement is read when somebody asks, never kept: the members of its workspace, and where that is
// open, all employees, as the role table has it; not the author, and nobody whose membership is disabled. $1 is the
// organization, $2 the status.
const (
	audienceFrom = `
FROM veranda_statuses t
JOIN veranda_workspaces w ON w.org_id = t.org_id AND w.id = t.workspace_id AND w.deleted_at IS NULL
JOIN veranda_memberships m ON m.org_id = t.org_id AND m.disabled_at IS NULL AND m.account_id <> t.author_id
WHERE t.org_id = $1 AND t.id = $2 AND t.must_read_at IS NOT NULL
AND (w.open AND m.kind = 'internal' OR EXISTS (SELECT 1 FROM veranda_workspace_members wm WHERE wm.org_id = m.org_id AND wm.workspace_id = t.workspace_id AND wm.account_id = m.account_id))`
	audienceUnread = ` AND NOT EXISTS (SELECT 1 FROM veranda_status_reads k WHERE k.org_id = t.org_id AND k.status_id = t.id AND k.account_id = m.account_id)`

	countAudience = `SELECT count(*)` + audienceFrom
	listUnread    = `SELECT m.account_id, (SELECT a.name FROM veranda_accounts a WHERE a.id = m.account_id), NULL, 0` + audienceFrom + audienceUnread + `
AND m.account_id > $3 ORDER BY m.account_id LIMIT $4`
	listRead = `SELECT k.account_id, a.name, k.read_at, k.version FROM veranda_status_reads k JOIN veranda_accounts a ON a.id = k.account_id
WHERE k.org_id = $1 AND k.status_id = $2 AND k.account_id > $3 ORDER BY k.account_id LIMIT $4`
	allUnread = `SELECT m.account_id` + audienceFrom + audienceUnread

	mustReadAt = `SELECT must_read_at, version FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	insertRead = `INSERT INTO veranda_status_reads (org_id, status_id, account_id, version, read_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	countRead  = `UPDATE veranda_statuses SET read_count = read_count + 1 WHERE org_id = $1 AND id = $2`
	noteRemind = `UPDATE veranda_statuses SET reminded_at = $3 WHERE org_id = $1 AND id = $2 AND (reminded_at IS NULL OR reminded_at <= $4)`

	mustReadsSelect = `SELECT a.name, ` + statusColumns + `
FROM veranda_statuses t JOIN veranda_accounts a ON a.id = t.author_id
WHERE t.org_id = $1 AND t.must_read_at IS NOT NULL AND t.author_id <> $2 AND t.id < $4 AND `
	mustReadsRest = `
AND NOT EXISTS (SELECT 1 FROM veranda_status_reads k WHERE k.org_id = t.org_id AND k.status_id = t.id AND k.account_id = $2)
ORDER BY t.id DESC LIMIT $5`
)

// ConfirmReading notes that the caller has read an announcement. Confirming it again changes nothing, and neither does its
// author.
//
// Permission: status.confirm_reading in the status's workspace. Errors: not_found, forbidden, stream.not_must_read,
// stream.no_author for background jobs. Event, when something changed: EventReadingConfirmed.
func (s *Service) ConfirmReading(ctx context.Context, by veranda.Actor, in ReadingInput) (*MustRead, error) {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermConfirmReading)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, ErrNoAuthor
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		version, err := announced(ctx, tx, in)
		if err != nil || standing.Account == author {
			return err
		}
		added, err := tx.Exec(ctx, insertRead, in.Org, in.Status, standing.Account, version, tx.DB().Time(tx.DB().Now()))
		switch {
		case veranda.IsForeignKey(err): // it was deleted since it was read
			return veranda.ErrNotFound
		case err != nil:
			return fmt.Errorf("stream: confirm reading: %w", err)
		case added == 0:
			return nil
		}
		if err := count(ctx, tx, countRead, in.Org, in.Status); err != nil {
			return err
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: standing.Workspace, Kind: EventReadingConfirmed, Subject: in.Status.String(), By: standing.Account,
			Data: veranda.MarshalData(StatusData{Author: author, Version: version}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	read, err := status(ctx, s.conn, in.Org, standing.Account, in.Status)
	if err != nil {
		return nil, err
	}
	return read.MustRead, s.countAudience(ctx, read)
}

// announced gives the version of an announcement; ErrNotMustRead for another status.
func announced(ctx context.Context, q queryer, in ReadingInput) (version int64, err error) {
	var since time.Time
	found, err := one(ctx, q, mustReadAt, []any{in.Org, in.Status}, veranda.Moment(&since), &version)
	switch {
	case err != nil:
		return 0, fmt.Errorf("stream: read an announcement: %w", err)
	case !found:
		return 0, veranda.ErrNotFound
	case since.IsZero():
		return 0, ErrNotMustRead
	}
	return version, nil
}

// countAudience tells how many people are to read an announcement.
func (s *Service) countAudience(ctx context.Context, status *Status) error {
	if status.MustRead == nil {
		return nil
	}
	var n int64
	if _, err := one(ctx, s.conn, countAudience, []any{status.Org, status.ID}, &n); err != nil {
		return fmt.Errorf("stream: count an audience: %w", err)
	}
	status.MustRead.Audience = &n
	return nil
}

// ListReaders lists who has confirmed having read an announcement, or who of those who see the workspace now has not.
//
// Permission: status.check_reading, as shipped for one's own and in workspaces one manages. Errors: not_found, forbidden,
// stream.not_must_read, invalid at /state and for a malformed cursor.
func (s *Service) ListReaders(ctx context.Context, by veranda.Actor, in ListReadersInput) (veranda.List[Reader], error) {
	size, list, after, err := in.validate()
	if err != nil {
		return veranda.List[Reader]{}, err
	}
	if _, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermCheckReading); err != nil {
		return veranda.List[Reader]{}, err
	}
	if _, err := announced(ctx, s.conn, ReadingInput{in.Org, in.Status}); err != nil {
		return veranda.List[Reader]{}, err
	}
	text := listUnread
	if in.State == ReaderRead {
		text = listRead
	}
	var readers []Reader
	err = each(ctx, s.conn, text, []any{in.Org, in.Status, after, size + 1}, func(rows *sql.Rows) error {
		var r Reader
		var at time.Time
		err := rows.Scan(&r.Person.ID, &r.Person.Name, veranda.Moment(&at), &r.Version)
		r.ReadAt = optionalTime(at)
		readers = append(readers, r)
		return err
	})
	if err != nil {
		return veranda.List[Reader]{}, fmt.Errorf("stream: list readers: %w", err)
	}
	return cut(readers, size, func(last Reader) string { return veranda.EncodeCursor(list, last.Person.ID.String()) }), nil
}

// RemindReaders has those reminded who see an announcement and have not confirmed it, at most once a day.
//
// Permission: status.check_reading, as shipped for one's own and in workspaces one manages. Errors: not_found, forbidden,
// stream.not_must_read, stream.reminded. Event: EventReadersReminded, of which notices are made.
func (s *Service) RemindReaders(ctx context.Context, by veranda.Actor, in ReadingInput) error {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermCheckReading)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		version, err := announced(ctx, tx, in)
		if err != nil {
			return err
		}
		now := tx.DB().Now()
		noted, err := tx.Exec(ctx, noteRemind, in.Org, in.Status, tx.DB().Time(now), tx.DB().Time(now.Add(-remindEvery)))
		if err != nil {
			return fmt.Errorf("stream: remind readers: %w", err)
		}
		if noted == 0 {
			return ErrReminded
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: standing.Workspace, Kind: EventReadersReminded, Subject: in.Status.String(), By: standing.Account, System: standing.System, At: now,
			Data: veranda.MarshalData(StatusData{Author: author, Version: version}),
		})
		return nil
	})
}

// ListMustReads lists the announcements of an organization that the caller sees and has not confirmed yet, newest first.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to; invalid
// for a malformed cursor.
func (s *Service) ListMustReads(ctx context.Context, by veranda.Actor, in ListMustReadsInput) (veranda.List[*Status], error) {
	size, before, err := in.validate()
	if err != nil {
		return veranda.List[*Status]{}, err
	}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil)
	if err != nil {
		return veranda.List[*Status]{}, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Missing: in.Org.IsZero(), See: PermRead}); err != nil {
		return veranda.List[*Status]{}, err
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return veranda.List[*Status]{}, err
	}
	found, err := s.statuses(ctx, s.mustReads, in.Org, standing.Account, visible[2], before, size+1)
	return cut(found, size, func(last *Status) string { return veranda.EncodeCursor(mustReadList, last.ID.String()) }), err
}
