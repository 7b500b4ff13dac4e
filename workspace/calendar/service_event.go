package calendar

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// Create puts an event into the calendar of a workspace.
//
// Permission: calendar.create in the workspace. Limits: "calendar_events". Errors: not_found for a workspace the caller
// may not see; invalid, with the rules' own names at /recurrence, and not_found at a guest who does not see the workspace.
// Event: EventCreated.
func (s *Service) Create(ctx context.Context, by veranda.Actor, in CreateInput) (*Event, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.enter(ctx, by, in.Org, in.Workspace, PermCreate)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeople(ctx, standing, in.Workspace, in.Guests, nil); err != nil {
		return nil, err
	}
	made := &series{
		id: veranda.NewID[eventKind](), org: in.Org, workspace: in.Workspace, title: in.Title, description: in.Description, place: in.Place,
		when: in.when, reminders: in.Reminders, createdBy: standing.Account, version: 1,
	}
	if err := made.repeat(in.pattern); err != nil {
		return nil, err // validate refused it
	}
	made.invite(in.Guests)
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "calendar_events", 1); err != nil {
			return err
		}
		made.createdAt = tx.DB().Now()
		made.updatedAt = made.createdAt
		if err := insert(ctx, tx, made); err != nil {
			return err
		}
		tx.Emit(made.emitted(EventCreated, standing, made.createdAt, EventData{Invited: made.invited()}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made.event(), nil
}

// Get reads an event.
//
// Permission: calendar.read in its workspace. Errors: not_found.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*Event, error) {
	_, found, err := s.read(ctx, by, in.Org, in.Event, PermRead)
	if err != nil {
		return nil, err
	}
	return found.event(), nil
}

// Update changes an event with all its occurrences.
//
// Permission: calendar.edit. Errors: not_found, forbidden, version, invalid as of Create. Event: EventUpdated; none where
// nothing changes.
func (s *Service) Update(ctx context.Context, by veranda.Actor, in UpdateInput) (*Event, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, read, err := s.read(ctx, by, in.Org, in.Event, PermEdit)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeople(ctx, standing, read.workspace, in.Guests, read); err != nil {
		return nil, err
	}
	after, err := s.change(ctx, standing, in.Org, in.Event, PermEdit, in.Version, func(_ context.Context, _ *veranda.Tx, e *series, _ time.Time) (string, EventData, error) {
		before := e.clone()
		added, err := in.apply(e)
		if err != nil || e.same(before) {
			return "", EventData{}, err
		}
		return EventUpdated, EventData{Invited: added}, nil
	})
	if err != nil {
		return nil, err
	}
	return after.event(), nil
}

// apply makes the changes of an input.
func (in *UpdateInput) apply(e *series) (added []veranda.AccountID, err error) {
	replace(&e.title, in.Title)
	replace(&e.description, in.Description)
	replace(&e.place, in.Place)
	if in.zone != nil {
		e.when.zone = in.zone
	}
	if in.when != nil {
		e.when = in.when.in(e.when.zone, in.StartsAt)
	}
	if in.Reminders != nil {
		e.reminders = in.Reminders
	}
	if in.Guests != nil {
		added = e.invite(in.Guests)
	}
	if in.zone == nil && in.when == nil && in.pattern == nil {
		return added, nil
	}
	pattern := e.pattern
	if in.pattern != nil {
		pattern = *in.pattern
	}
	var c veranda.Checks
	checkRepeat(&c, e, pattern)
	return added, c.Err()
}

func replace(text *string, with *string) {
	if with != nil {
		*text = *with
	}
}

// in is the same time on the wall of a zone. A time that was given as moments stands on another wall at another hour.
func (w when) in(zone *time.Location, startsAt *time.Time) when {
	w.zone = zone
	if !w.allDay && startsAt != nil {
		w.wall = recurrence.Wall(startsAt.Truncate(time.Second), zone)
	}
	return w
}

// same tells whether two states of an event are one to those who read it.
func (s *series) same(o *series) bool {
	return s.title == o.title && s.description == o.description && s.place == o.place && s.when.allDay == o.when.allDay &&
		s.when.zone.String() == o.when.zone.String() && s.when.wall.Equal(o.when.wall) && s.when.seconds == o.when.seconds &&
		s.pattern.String() == o.pattern.String() && slices.Equal(s.cancelled, o.cancelled) && slices.Equal(s.changes, o.changes) &&
		sameGuests(s.guests, o.guests) && slices.Equal(s.reminders, o.reminders)
}

// Delete deletes an event with all its occurrences, for good.
//
// Permission: calendar.delete, as shipped for one's own and in workspaces one manages. Errors: not_found, forbidden,
// version. Event: EventCancelled.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	var c veranda.Checks
	checkVersion(&c, in.Version)
	if err := c.Err(); err != nil {
		return err
	}
	standing, _, err := s.read(ctx, by, in.Org, in.Event, PermDelete)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.hold(ctx, tx, in.Org, in.Event)
		switch {
		case err != nil:
			return err
		case in.Version != 0 && in.Version != held.version:
			return veranda.ErrVersion
		}
		if _, err := tx.Exec(ctx, deleteEvent, in.Org, in.Event); err != nil {
			return fmt.Errorf("calendar: delete an event: %w", err)
		}
		if err := raise(ctx, tx, held.recurring(), held); err != nil {
			return err
		}
		tx.Emit(held.emitted(EventCancelled, standing, tx.DB().Now(), EventData{}))
		return nil
	})
}

// Respond answers an invitation, for all occurrences. The last answer counts.
//
// Permission: calendar.answer in the event's workspace. Errors: not_found; calendar.not_guest (conflict) for who is not
// invited; invalid at /answer. Event: EventAnswered; none, and no new version, where the answer is the same.
func (s *Service) Respond(ctx context.Context, by veranda.Actor, in AnswerInput) (*Event, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.read(ctx, by, in.Org, in.Event, PermAnswer)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, ErrNoPerson
	}
	var after *series
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if after, err = s.hold(ctx, tx, in.Org, in.Event); err != nil {
			return err
		}
		at := after.guest(standing.Account)
		if at < 0 {
			return ErrNotGuest
		}
		if after.guests[at].Answer == in.Answer {
			return nil
		}
		after.guests[at].Answer = in.Answer
		now := tx.DB().Now()
		if err := update(ctx, tx, after, now, after.recurring()); err != nil {
			return err
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: after.workspace, Kind: EventAnswered, Subject: in.Event.String(), By: standing.Account, At: now,
			Data: veranda.MarshalData(AnswerData{Answer: in.Answer, Organizer: after.createdBy}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after.event(), nil
}
