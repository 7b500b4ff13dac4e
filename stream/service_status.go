package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/markdown"
)

// Post writes a status into the stream of a workspace.
//
// Permission: status.create in the workspace, and for an announcement that all must read status.announce, as shipped in
// workspaces one manages. Limits: "statuses". Errors: not_found for a workspace the caller may not see; invalid at /text,
// /attachments and /poll; stream.no_author for background jobs. Events: EventStatusPosted, EventLinksPosted where the text
// has links.
func (s *Service) Post(ctx context.Context, by veranda.Actor, in PostInput) (*Status, error) {
	if err := in.validate(s.conn.DB().Now()); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return nil, err
	}
	if err := s.decideWrite(ctx, standing, veranda.Ask{Permission: PermCreate, InWorkspace: true, See: PermRead}); err != nil {
		return nil, err
	}
	if in.MustRead {
		if err := s.decideWrite(ctx, standing, veranda.Ask{Permission: PermAnnounce, InWorkspace: true, See: PermRead}); err != nil {
			return nil, err
		}
	}
	text, err := s.write(ctx, standing, in.Workspace, "", in.Text)
	if err != nil {
		return nil, err
	}
	posted := statusRow{
		ID: veranda.NewID[statusKind](), Workspace: in.Workspace, Author: standing.Account, Body: in.Text, Version: 1, HTML: text.html,
		Kept: kept{version: markdown.Version, poll: in.Poll != nil, links: len(text.links) > 0, files: len(in.Attachments) > 0},
	}
	var author string
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "statuses", 1); err != nil {
			return err
		}
		posted.CreatedAt = tx.DB().Now()
		var mustReadAt any
		if in.MustRead {
			posted.MustRead, mustReadAt = posted.CreatedAt, tx.DB().Time(posted.CreatedAt)
		}
		if _, err := one(ctx, tx, insertStatus, []any{
			in.Org, posted.ID, posted.Workspace, posted.Author, posted.Body, tx.DB().Time(posted.CreatedAt),
			posted.HTML, posted.Kept.version, posted.Kept.poll, posted.Kept.links, posted.Kept.files, mustReadAt,
		}, &author); err != nil {
			return fmt.Errorf("stream: store a status: %w", err)
		}
		if err := pass(ctx, tx, in.Org, in.Workspace, posted.ID, "", in.Text, in.MustRead); err != nil {
			return err
		}
		if err := storePoll(ctx, tx, in.Org, posted.ID, in.Poll); err != nil {
			return err
		}
		if err := s.attach(ctx, tx, standing, holderStatus, posted.ID.String(), in.Attachments); err != nil {
			return err
		}
		tx.Emit(veranda.Event{
			ID: veranda.EventID(posted.ID), Org: in.Org, Workspace: in.Workspace, Kind: EventStatusPosted, Subject: posted.ID.String(),
			By: standing.Account, At: posted.CreatedAt, Data: veranda.MarshalData(StatusData{Author: posted.Author, Version: 1, Mentions: text.mentions, MustRead: in.MustRead}),
		})
		return storeLinks(ctx, tx, standing, in.Workspace, posted.ID, nil, text.links)
	})
	if err != nil {
		return nil, err
	}
	made := posted.status(in.Org, author)
	return made, s.furnish(ctx, in.Org, standing.Account, made)
}

// Get reads a status.
//
// Permission: status.read in its workspace. Errors: not_found.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*Status, error) {
	standing, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead)
	if err != nil {
		return nil, err
	}
	found, err := status(ctx, s.conn, in.Org, standing.Account, in.Status)
	if err != nil {
		return nil, err
	}
	if err := s.countAudience(ctx, found); err != nil {
		return nil, err
	}
	return found, s.furnish(ctx, in.Org, standing.Account, found)
}

// Edit changes the text of a status, and its files where they are given; the former text is kept in its history. The same
// text and files again change nothing. Its poll stays as it is: what was voted for is not changed under the voters.
//
// Permission: status.edit, as shipped for one's own. Errors: not_found, forbidden, invalid at /text and /attachments,
// version. Events: EventStatusEdited, EventLinksPosted where the new text has links.
func (s *Service) Edit(ctx context.Context, by veranda.Actor, in EditInput) (*Status, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermEdit)
	if err != nil {
		return nil, err
	}
	before, err := status(ctx, s.conn, in.Org, standing.Account, in.Status)
	if err != nil {
		return nil, err
	}
	text, err := s.write(ctx, standing, standing.Workspace, before.Text, in.Text)
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
		filed, err := s.replaceFiles(ctx, tx, standing, in.Status, in.Attachments)
		if err != nil {
			return err
		}
		data := StatusData{Author: author, Version: version}
		if body != in.Text {
			data.Version, data.Mentions = version+1, newly(text.mentions, body)
			if err := replaceText(ctx, tx, standing, in, text, body, written, version); err != nil {
				return err
			}
		}
		if filed || body != in.Text {
			tx.Emit(veranda.Event{
				Org: in.Org, Workspace: standing.Workspace, Kind: EventStatusEdited, Subject: in.Status.String(), By: standing.Account, System: standing.System,
				Data: veranda.MarshalData(data),
			})
		}
		edited, err = status(ctx, tx, in.Org, standing.Account, in.Status)
		return err
	})
	if err != nil {
		return nil, err
	}
	return edited, s.furnish(ctx, in.Org, standing.Account, edited)
}

// newly are those of the mentioned, who were asked about, whom a former text did not mention: it may have changed since.
func newly(mentioned []veranda.AccountID, former string) []veranda.AccountID {
	before := veranda.Mentions(former)
	return slices.DeleteFunc(mentioned, func(id veranda.AccountID) bool { return slices.Contains(before, id) })
}

// replaceText keeps the former text of a status that the transaction holds, and stores the new one.
func replaceText(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, in EditInput, text written, body string, writtenAt time.Time, version int64) error {
	if err := tx.Defer(ctx, insertRevision, in.Org, in.Status, version, body, tx.DB().Time(writtenAt)); err != nil {
		return fmt.Errorf("stream: keep the former text of a status: %w", err)
	}
	if err := tx.Defer(ctx, updateStatus, in.Org, in.Status, in.Text, tx.DB().Time(tx.DB().Now()), text.html, markdown.Version, len(text.links) > 0); err != nil {
		return fmt.Errorf("stream: store a status: %w", err)
	}
	if err := pass(ctx, tx, in.Org, standing.Workspace, in.Status, body, in.Text, false); err != nil {
		return err
	}
	if err := tx.Defer(ctx, removeLinks, in.Org, in.Status); err != nil {
		return fmt.Errorf("stream: store links: %w", err)
	}
	return storeLinks(ctx, tx, standing, standing.Workspace, in.Status, nil, text.links)
}

// Delete deletes a status for good, with its comments, reactions, poll, files and history. It disappears from the stream.
//
// Permission: status.delete, as shipped for one's own and for those in workspaces one manages. Errors: not_found,
// forbidden, version. Event: EventStatusDeleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermDelete)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		// Held before its comments' files are looked for, so that nobody adds a comment meanwhile.
		var held ID
		if _, err := one(ctx, tx, tx.DB().Pick(holdStatusPostgres, holdStatusSQLite), []any{in.Org, in.Status}, &held); err != nil {
			return fmt.Errorf("stream: read a status: %w", err)
		}
		if err := s.detachAll(ctx, tx, in.Org, in.Status); err != nil {
			return err
		}
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
