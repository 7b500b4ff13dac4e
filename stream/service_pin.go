package stream

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// maxPins is how many statuses of a workspace are pinned at most.
const maxPins = 10

// PinInput names a status to pin or unpin.
type PinInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Status ID            `path:"status" json:"-"`
}

// ListPinnedInput asks for the pinned statuses of a workspace.
type ListPinnedInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
}

const (
	// Whoever pins holds the workspace, so that two who pin at once count each other's.
	lockWorkspacePostgres = `SELECT id FROM veranda_workspaces WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`
	lockWorkspaceSQLite   = `SELECT id FROM veranda_workspaces WHERE org_id = $1 AND id = $2`
	countPins             = `SELECT count(*) FROM veranda_statuses WHERE org_id = $1 AND workspace_id = $2 AND pinned_at IS NOT NULL`
	pinStatus             = `UPDATE veranda_statuses SET pinned_at = $3 WHERE org_id = $1 AND id = $2 AND pinned_at IS NULL`
	unpinStatus           = `UPDATE veranda_statuses SET pinned_at = NULL WHERE org_id = $1 AND id = $2 AND pinned_at IS NOT NULL`
	listPinned            = `SELECT a.name, ` + statusColumns + `
FROM veranda_statuses t JOIN veranda_accounts a ON a.id = t.author_id
WHERE t.org_id = $1 AND t.workspace_id = $3 AND t.pinned_at IS NOT NULL ORDER BY t.pinned_at DESC, t.id DESC`
)

// Pin pins a status to the top of its workspace. One that is pinned stays as it is.
//
// Permission: status.pin, as shipped for one's own and in workspaces one manages. Errors: not_found, forbidden,
// stream.too_many_pins. Event, when something changed: EventStatusPinned.
func (s *Service) Pin(ctx context.Context, by veranda.Actor, in PinInput) (*Status, error) {
	return s.pin(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, workspace veranda.WorkspaceID) (bool, error) {
		var held veranda.WorkspaceID
		if _, err := one(ctx, tx, tx.DB().Pick(lockWorkspacePostgres, lockWorkspaceSQLite), []any{in.Org, workspace}, &held); err != nil {
			return false, err
		}
		changed, err := tx.Exec(ctx, pinStatus, in.Org, in.Status, tx.DB().Time(tx.DB().Now()))
		if err != nil || changed == 0 {
			return false, err
		}
		var pins int64
		if _, err := one(ctx, tx, countPins, []any{in.Org, workspace}, &pins); err != nil {
			return false, err
		}
		if pins > maxPins {
			return false, ErrTooManyPins
		}
		return true, nil
	}, EventStatusPinned)
}

// Unpin takes a status from the top of its workspace. One that is not pinned stays as it is.
//
// Permission and errors are Pin's. Event, when something changed: EventStatusUnpinned.
func (s *Service) Unpin(ctx context.Context, by veranda.Actor, in PinInput) (*Status, error) {
	return s.pin(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, _ veranda.WorkspaceID) (bool, error) {
		changed, err := tx.Exec(ctx, unpinStatus, in.Org, in.Status)
		return changed > 0, err
	}, EventStatusUnpinned)
}

func (s *Service) pin(
	ctx context.Context, by veranda.Actor, in PinInput,
	write func(ctx context.Context, tx *veranda.Tx, workspace veranda.WorkspaceID) (changed bool, err error), kind string,
) (*Status, error) {
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermPin)
	if err != nil {
		return nil, err
	}
	var pinned *Status
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		changed, err := write(ctx, tx, standing.Workspace)
		if err != nil {
			return fmt.Errorf("stream: pin a status: %w", err)
		}
		if pinned, err = status(ctx, tx, in.Org, standing.Account, in.Status); err != nil || !changed {
			return err
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: standing.Workspace, Kind: kind, Subject: in.Status.String(), By: standing.Account, System: standing.System,
			Data: veranda.MarshalData(StatusData{Author: author, Version: pinned.Version}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pinned, s.furnish(ctx, in.Org, standing.Account, pinned)
}

// ListPinned lists the pinned statuses of a workspace, ten at most, the latest pinned first.
//
// Permission: status.read in the workspace. Errors: not_found for a workspace the caller may not see.
func (s *Service) ListPinned(ctx context.Context, by veranda.Actor, in ListPinnedInput) (veranda.List[*Status], error) {
	standing, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return veranda.List[*Status]{}, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, InWorkspace: true}); err != nil {
		return veranda.List[*Status]{}, err
	}
	found, err := s.statuses(ctx, listPinned, in.Org, standing.Account, in.Workspace)
	return cut(found, maxPins, func(*Status) string { return "" }), err
}

// statuses reads statuses with their authors' names, by a text whose first two arguments are organization and reader.
func (s *Service) statuses(ctx context.Context, text string, org veranda.OrgID, reader veranda.AccountID, args ...any) ([]*Status, error) {
	var found []*Status
	err := each(ctx, s.conn, text, append([]any{org, reader}, args...), func(rows *sql.Rows) error {
		var row statusRow
		var author string
		if err := rows.Scan(append([]any{&author}, row.destinations()...)...); err != nil {
			return err
		}
		found = append(found, row.status(org, author))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stream: list statuses: %w", err)
	}
	return found, s.furnish(ctx, org, reader, found...)
}
