package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// Post writes a status into the stream of a workspace.
//
// Permission: status.create in the workspace. Limits: "statuses". Errors: not_found for a workspace the caller may not
// see; invalid at /text; stream.no_author for background jobs. Event: EventStatusPosted.
func (s *Service) Post(ctx context.Context, by veranda.Actor, in PostInput) (*Status, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return nil, err
	}
	if err := s.decideWrite(ctx, standing, veranda.Ask{Permission: PermCreate, InWorkspace: true, See: PermRead}); err != nil {
		return nil, err
	}
	posted := statusRow{ID: veranda.NewID[statusKind](), Workspace: in.Workspace, Author: standing.Account, Body: in.Text, Version: 1}
	var author string
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "statuses", 1); err != nil {
			return err
		}
		posted.CreatedAt = tx.DB().Now()
		if _, err := one(ctx, tx, insertStatus, []any{
			in.Org, posted.ID, posted.Workspace, posted.Author, posted.Body, tx.DB().Time(posted.CreatedAt),
		}, &author); err != nil {
			return fmt.Errorf("stream: store a status: %w", err)
		}
		tx.Emit(veranda.Event{
			ID: veranda.EventID(posted.ID), Org: in.Org, Workspace: in.Workspace, Kind: EventStatusPosted, Subject: posted.ID.String(),
			By: standing.Account, At: posted.CreatedAt, Data: veranda.MarshalData(StatusData{Author: posted.Author, Version: 1}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return posted.status(in.Org, author), nil
}

// Get reads a status.
//
// Permission: status.read in its workspace. Errors: not_found.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*Status, error) {
	standing, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead)
	if err != nil {
		return nil, err
	}
	return status(ctx, s.conn, in.Org, standing.Account, in.Status)
}

// Edit changes the text of a status; the former text is kept in its history. The same text again changes nothing.
//
// Permission: status.edit, as shipped for one's own. Errors: not_found, forbidden, invalid at /text, version. Event:
// EventStatusEdited.
func (s *Service) Edit(ctx context.Context, by veranda.Actor, in EditInput) (*Status, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermEdit)
	if err != nil {
		return nil, err
	}
	var edited *Status
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var body string
		var written time.Time
		var version int64
		found, err := one(ctx, tx, tx.DB().Pick(lockStatusPostgres, lockStatusSQLite), []any{in.Org, in.Status}, &body, veranda.Moment(&written), &version)
		switch {
		case err != nil:
			return fmt.Errorf("stream: read a status: %w", err)
		case !found:
			return veranda.ErrNotFound
		case in.Version != 0 && in.Version != version:
			return veranda.ErrVersion
		}
		if body != in.Text {
			if err := s.replaceText(ctx, tx, standing, author, in, body, written, version); err != nil {
				return err
			}
		}
		edited, err = status(ctx, tx, in.Org, standing.Account, in.Status)
		return err
	})
	return edited, err
}

// replaceText keeps the former text of a status that the transaction holds, and stores the new one.
func (s *Service) replaceText(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, author veranda.AccountID, in EditInput, body string, written time.Time, version int64) error {
	now := tx.DB().Now()
	if err := tx.Defer(ctx, insertRevision, in.Org, in.Status, version, body, tx.DB().Time(written)); err != nil {
		return fmt.Errorf("stream: keep the former text of a status: %w", err)
	}
	if err := tx.Defer(ctx, updateStatus, in.Org, in.Status, in.Text, tx.DB().Time(now)); err != nil {
		return fmt.Errorf("stream: store a status: %w", err)
	}
	tx.Emit(veranda.Event{
		Org: in.Org, Workspace: standing.Workspace, Kind: EventStatusEdited, Subject: in.Status.String(), By: standing.Account, System: standing.System, At: now,
		Data: veranda.MarshalData(StatusData{Author: author, Version: version + 1}),
	})
	return nil
}

// Delete deletes a status for good, with its comments, reactions and history. It disappears from the stream.
//
// Permission: status.delete, as shipped for one's own and for those in workspaces one manages. Errors: not_found,
// forbidden, version. Event: EventStatusDeleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermDelete)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		text, args, gone := deleteStatus, []any{in.Org, in.Status}, veranda.ErrNotFound
		if in.Version != 0 {
			text, args, gone = deleteStatusVersion, append(args, in.Version), veranda.ErrVersion
		}
		count, err := tx.Exec(ctx, text, args...)
		if err != nil {
			return fmt.Errorf("stream: delete a status: %w", err)
		}
		if count == 0 {
			return gone
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: standing.Workspace, Kind: EventStatusDeleted, Subject: in.Status.String(), By: standing.Account, System: standing.System,
			Data: veranda.MarshalData(StatusData{Author: author}),
		})
		return nil
	})
}

// readStatus reads and decides about a status, and tells who wrote it.
func (s *Service) readStatus(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, permission veranda.Permission) (*veranda.Standing, veranda.AccountID, error) {
	var found ID
	var author veranda.AccountID
	standing, err := s.conn.Read(ctx, s.reads.status, by, org, []any{id}, &found, &author)
	if err != nil {
		return nil, author, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{
		Permission: permission, Own: isOwn(standing, author), Missing: found.IsZero(), InWorkspace: true, See: PermRead,
	})
	return standing, author, err
}

// isOwn tells whether the caller wrote something.
func isOwn(standing *veranda.Standing, author veranda.AccountID) bool {
	return !author.IsZero() && author == standing.Account
}

// decideWrite is Decide for what needs a person as its author.
func (s *Service) decideWrite(ctx context.Context, standing *veranda.Standing, ask veranda.Ask) error {
	if err := s.authz.Decide(ctx, s.conn, standing, ask); err != nil {
		return err
	}
	if standing.Account.IsZero() {
		return ErrNoAuthor
	}
	return nil
}
