package stream

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
)

// maxMutes is how much one person may mute in an organization.
const maxMutes = 1000

// MuteWorkspace takes a workspace out of everything the caller sees by ListAll, or a kind of events in it. Statuses that
// mention the caller, and those that must be read, are shown all the same. Once more changes nothing.
//
// Permission: status.read in the workspace. Limits: "stream_mutes"; a thousand in an organization. Errors: not_found for a
// workspace the caller may not see; invalid at /kind; stream.no_author for background jobs; limit.stream_mutes. Event:
// EventMuted, which the caller alone sees.
func (s *Service) MuteWorkspace(ctx context.Context, by veranda.Actor, in MuteWorkspaceInput) error {
	what, err := in.validate()
	if err != nil {
		return err
	}
	standing, err := s.readsWorkspace(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return err
	}
	return s.mute(ctx, standing, what)
}

// UnmuteWorkspace undoes MuteWorkspace, also for a workspace that the caller no longer sees; without it nothing changes.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to;
// invalid at /kind. Event: EventUnmuted.
func (s *Service) UnmuteWorkspace(ctx context.Context, by veranda.Actor, in MuteWorkspaceInput) error {
	what, err := in.validate()
	if err != nil {
		return err
	}
	return s.unmute(ctx, by, in.Org, what)
}

// MutePerson takes what somebody does out of everything the caller sees by ListAll, but for statuses that mention the caller
// or must be read; one may mute oneself. Nobody is looked up: the answer is the same whoever the id is of, and nothing is told of them. Once more
// changes nothing.
//
// Permission: status.read in the organization. Limits: "stream_mutes"; a thousand in an organization. Errors: not_found for
// an organization the caller does not belong to; stream.no_author for background jobs; limit.stream_mutes. Event:
// EventMuted, which the caller alone sees.
func (s *Service) MutePerson(ctx context.Context, by veranda.Actor, in MutePersonInput) error {
	standing, err := s.readsOrganization(ctx, by, in.Org)
	if err != nil {
		return err
	}
	return s.mute(ctx, standing, muted{person: in.Person})
}

// UnmutePerson undoes MutePerson; without it nothing changes.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to. Event:
// EventUnmuted.
func (s *Service) UnmutePerson(ctx context.Context, by veranda.Actor, in MutePersonInput) error {
	return s.unmute(ctx, by, in.Org, muted{person: in.Person})
}

// ListMutes lists what the caller has muted in an organization, the latest first, a thousand at most.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to.
func (s *Service) ListMutes(ctx context.Context, by veranda.Actor, in ListMutesInput) (veranda.List[Mute], error) {
	standing, err := s.readsOrganization(ctx, by, in.Org)
	if err != nil {
		return veranda.List[Mute]{}, err
	}
	out := veranda.List[Mute]{Items: []Mute{}}
	err = each(ctx, s.conn, listMutes, []any{in.Org, standing.Account}, func(rows *sql.Rows) error {
		var row muted
		var m Mute
		if err := rows.Scan(&row.workspace, &row.person, &row.kind, veranda.Moment(&m.Since)); err != nil {
			return err
		}
		d := row.data()
		m.Workspace, m.Kind, m.Person = d.Workspace, d.Kind, d.Person
		out.Items = append(out.Items, m)
		return nil
	})
	if err != nil {
		return veranda.List[Mute]{}, fmt.Errorf("stream: list mutes: %w", err)
	}
	return out, nil
}

// mute stores what somebody does not want to see.
func (s *Service) mute(ctx context.Context, standing *veranda.Standing, what muted) error {
	if standing.Account.IsZero() {
		return ErrNoAuthor
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var there int64
		found, err := one(ctx, tx, tx.DB().Pick(lockMutesPostgres, lockMutesSQLite), []any{standing.Org, standing.Account}, &there)
		if err != nil || !found {
			return fmt.Errorf("stream: count mutes: %w", err)
		}
		added, err := tx.Exec(ctx, insertMute, standing.Org, standing.Account, what.workspace, what.person, what.kind, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("stream: mute: %w", err)
		}
		if added == 0 {
			return nil
		}
		if there >= maxMutes {
			return veranda.LimitError("stream_mutes", "You have muted as much as you can here. Unmute something first.")
		}
		if err := s.limits.Allow(ctx, tx, standing.Org, "stream_mutes", 1); err != nil {
			return err
		}
		emitMute(tx, standing, EventMuted, what)
		return nil
	})
}

func (s *Service) unmute(ctx context.Context, by veranda.Actor, org veranda.OrgID, what muted) error {
	standing, err := s.readsOrganization(ctx, by, org)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		removed, err := tx.Exec(ctx, deleteMute, org, standing.Account, what.workspace, what.person, what.kind)
		if err != nil {
			return fmt.Errorf("stream: unmute: %w", err)
		}
		if removed > 0 {
			emitMute(tx, standing, EventUnmuted, what)
		}
		return nil
	})
}

// emitMute tells who muted something, and nobody else.
func emitMute(tx *veranda.Tx, standing *veranda.Standing, kind string, what muted) {
	tx.Emit(veranda.Event{
		Org: standing.Org, Kind: kind, Subject: standing.Account.String(), By: standing.Account, To: []veranda.AccountID{standing.Account},
		Data: veranda.MarshalData(what.data()),
	})
}

// Muting tells which of some accounts do not want to hear of an event: they muted its workspace, its kind there or who did
// it, and it is no status that mentions them or must be read. It is for who tells people of events by other ways, asks for no
// permission and is not reached by requests.
func Muting(ctx context.Context, tx *veranda.Tx, e veranda.Event, accounts []veranda.AccountID) ([]veranda.AccountID, error) {
	var out []veranda.AccountID
	for _, account := range accounts {
		var id veranda.AccountID
		found, err := one(ctx, tx, isMuting, []any{e.Org, account, e.Workspace, e.By, e.Kind, e.ID}, &id)
		if err != nil {
			return nil, fmt.Errorf("stream: ask for mutes: %w", err)
		}
		if found {
			out = append(out, account)
		}
	}
	return out, nil
}
