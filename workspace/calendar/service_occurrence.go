package calendar

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// ChangeOccurrence changes one occurrence of an event that repeats. With Following it ends the event before that one, and
// gives a new event, which begins with it and repeats as before, with the changes.
//
// Permission: calendar.edit; with Following calendar.create in the workspace too, and Limits "calendar_events". Errors:
// not_found, also for an occurrence that there is not or that is cancelled; forbidden, version, invalid as of Create;
// calendar.not_recurring and calendar.changes (conflict), and calendar.first with Following at the first one. Events: EventOccurrenceUpdated; with Following EventUpdated and
// EventCreated.
func (s *Service) ChangeOccurrence(ctx context.Context, by veranda.Actor, in OccurrenceInput) (*Event, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, read, err := s.read(ctx, by, in.Org, in.Event, PermEdit)
	if err != nil {
		return nil, err
	}
	if in.Following {
		if err := s.authz.Decide(ctx, s.conn, standing, ask(PermCreate, read, standing)); err != nil {
			return nil, err
		}
	}
	var next *series
	after, err := s.change(ctx, standing, in.Org, in.Event, PermEdit, in.Version, func(ctx context.Context, tx *veranda.Tx, e *series, now time.Time) (string, EventData, error) {
		wall, err := e.occurs(in.Occurrence)
		if err != nil {
			return "", EventData{}, err
		}
		if !in.Following {
			return EventOccurrenceUpdated, EventData{Occurrence: in.Occurrence}, e.override(in)
		}
		if next, err = e.split(wall); err != nil {
			return "", EventData{}, err
		}
		if err := s.begin(ctx, tx, standing, next, in, now); err != nil {
			return "", EventData{}, err
		}
		return EventUpdated, EventData{}, nil
	})
	if err != nil {
		return nil, err
	}
	if next != nil {
		after = next
	}
	return after.event(), nil
}

// CancelOccurrence cancels one occurrence of an event that repeats, or with Following that one and all after it.
//
// Permission: calendar.edit. Errors: not_found, also for an occurrence that there is not or that is cancelled already;
// forbidden, version; calendar.not_recurring, calendar.changes (conflict), and calendar.first (conflict) with Following at
// the first: delete the event. Event: EventOccurrenceCancelled.
func (s *Service) CancelOccurrence(ctx context.Context, by veranda.Actor, in CancelInput) (*Event, error) {
	var c veranda.Checks
	checkVersion(&c, in.Version)
	if err := c.Err(); err != nil {
		return nil, err
	}
	standing, _, err := s.read(ctx, by, in.Org, in.Event, PermEdit)
	if err != nil {
		return nil, err
	}
	after, err := s.change(ctx, standing, in.Org, in.Event, PermEdit, in.Version, func(_ context.Context, _ *veranda.Tx, e *series, _ time.Time) (string, EventData, error) {
		wall, err := e.occurs(in.Occurrence)
		if err != nil {
			return "", EventData{}, err
		}
		if in.Following {
			_, err = e.split(wall)
		} else {
			err = e.cancel(in.Occurrence)
		}
		return EventOccurrenceCancelled, EventData{Occurrence: in.Occurrence}, err
	})
	if err != nil {
		return nil, err
	}
	return after.event(), nil
}

// occurs finds an occurrence by its name, changed ones too.
func (s *series) occurs(name string) (time.Time, error) {
	if !s.recurring() {
		return time.Time{}, ErrNotRecurring
	}
	wall, err := wallOf(name, s.when.allDay)
	if err != nil || slices.Contains(s.cancelled, name) || wall.Year() < 1900 {
		return time.Time{}, veranda.ErrNotFound
	}
	if _, ok := s.whole().Has(wall); !ok {
		return time.Time{}, veranda.ErrNotFound
	}
	return wall, nil
}

// override changes one occurrence.
func (s *series) override(in OccurrenceInput) error {
	wall, err := wallOf(in.Occurrence, s.when.allDay)
	if err != nil {
		return err
	}
	c := changed{Occurrence: in.Occurrence, Title: s.title, Description: s.description, Place: s.place, Wall: wall.Format(layoutWall), Seconds: s.when.seconds}
	at := slices.IndexFunc(s.changes, func(c changed) bool { return c.Occurrence == in.Occurrence })
	if at >= 0 {
		c = s.changes[at]
	} else if len(s.changes)+len(s.cancelled) >= MaxChanges {
		return ErrChanges
	}
	replace(&c.Title, in.Title)
	replace(&c.Description, in.Description)
	replace(&c.Place, in.Place)
	if in.when != nil {
		if err := s.sameKind(*in.when); err != nil {
			return err
		}
		w := in.when.in(s.when.zone, in.StartsAt)
		c.Wall, c.Seconds = w.wall.Format(layoutWall), w.seconds
	}
	if at >= 0 {
		s.changes[at] = c
	} else {
		s.changes = append(s.changes, c)
	}
	return nil
}

// sameKind refuses hours for an occurrence of what takes whole days, and the other way round.
func (s *series) sameKind(w when) error {
	if s.when.allDay == w.allDay {
		return nil
	}
	var c veranda.Checks
	c.Add("/start_date", "exclusive", "must be given exactly where the event takes whole days")
	return c.Err()
}

func (s *series) cancel(name string) error {
	before := len(s.changes)
	s.changes = slices.DeleteFunc(s.changes, func(c changed) bool { return c.Occurrence == name })
	if len(s.changes) == before && len(s.changes)+len(s.cancelled) >= MaxChanges {
		return ErrChanges
	}
	s.cancelled = append(s.cancelled, name)
	slices.Sort(s.cancelled)
	return nil
}

// split ends the series before an occurrence, and gives the rest as a series of its own. Where that is the first one,
// nothing is to be split.
func (s *series) split(wall time.Time) (*series, error) {
	count := s.whole().Before(wall)
	if count == 0 {
		return nil, ErrFirst
	}
	rest := s.clone()
	rest.id = veranda.NewID[eventKind]()
	rest.when.wall = wall
	rest.version = 1
	pattern := s.pattern
	if total := pattern.Count(); total > 0 {
		pattern = pattern.WithCount(total - count)
	}
	if err := rest.repeat(pattern); err != nil {
		return nil, err
	}
	last, _ := s.whole().LastBefore(wall)
	return rest, s.repeat(s.pattern.WithLast(last.Wall))
}

// begin stores what split gave, with the changes that were asked for.
func (s *Service) begin(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, next *series, in OccurrenceInput, now time.Time) error {
	replace(&next.title, in.Title)
	replace(&next.description, in.Description)
	replace(&next.place, in.Place)
	if in.when != nil {
		if err := next.sameKind(*in.when); err != nil {
			return err
		}
		next.when = in.when.in(next.when.zone, in.StartsAt)
		var c veranda.Checks
		checkRepeat(&c, next, next.pattern)
		if err := c.Err(); err != nil {
			return err
		}
	}
	if err := s.limits.Allow(ctx, tx, next.org, "calendar_events", 1); err != nil {
		return err
	}
	next.createdAt, next.updatedAt = now, now
	if err := insert(ctx, tx, next); err != nil {
		return err
	}
	tx.Emit(next.emitted(EventCreated, standing, now, EventData{}))
	return nil
}
