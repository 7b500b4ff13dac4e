package live

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// allowed tells of each delivery whether it may be made now. It is asked after the events were read, so what was
// committed after a right was taken away finds the right gone.
func (h *Hub) allowed(ctx context.Context, deliveries []delivery) ([]bool, error) {
	var sights []veranda.Sight
	at, places := map[veranda.Sight]int{}, make([]int, len(deliveries))
	for i, d := range deliveries {
		sight := veranda.Sight{Actor: d.to.actor, Org: d.entry.event.Org, Workspace: d.entry.event.Workspace}
		n, known := at[sight]
		if !known {
			n = len(sights)
			at[sight] = n
			sights = append(sights, sight)
		}
		places[i] = n
	}
	standings := make([]*veranda.Standing, 0, len(sights))
	for part := range slices.Chunk(sights, askedAtOnce) {
		some, err := h.watcher.Standings(ctx, h.conn, part)
		if err != nil {
			return nil, fmt.Errorf("live: read rights: %w", err)
		}
		standings = append(standings, some...)
	}
	now := h.deps.DB.Now()
	for _, s := range standings {
		s.SessionSeen = now // to be told something is no use of a session: an idle one ends
	}
	type question struct {
		standing, kind int
		addressed      bool
	}
	said, out := map[question]bool{}, make([]bool, len(deliveries))
	for i, d := range deliveries {
		q := question{places[i], d.entry.kind, d.entry.event.Addressed()}
		answer, known := said[q]
		if !known {
			var err error
			if answer, err = h.may(ctx, standings[q.standing], d); err != nil {
				return nil, err
			}
			said[q] = answer
		}
		out[i] = answer
	}
	return out, nil
}

// may asks the Authorizer about one standing.
func (h *Hub) may(ctx context.Context, s *veranda.Standing, d delivery) (bool, error) {
	permission := h.deps.Kinds[d.entry.kind].Permission
	err := h.deps.Authz.Decide(ctx, h.conn, s, veranda.Ask{Permission: permission, InWorkspace: !d.entry.event.Workspace.IsZero()})
	var refusal *veranda.Error
	switch {
	case err == nil:
		return s.Account == d.to.account, nil
	case permission == "" && d.entry.event.Addressed() && errors.Is(err, veranda.ErrForbidden):
		// Nobody has the permission without a name; that it is refused so says that the place is seen.
		return s.Account == d.to.account, nil
	case errors.As(err, &refusal) && (refusal.Code == veranda.CodeForbidden || refusal.Code == veranda.CodeNotFound || refusal.Code == veranda.CodeUnauthenticated):
		return false, nil
	default:
		return false, fmt.Errorf("live: decide: %w", err)
	}
}

// oneByOne asks an Authorizer that knows no sights about one actor after the other.
type oneByOne struct {
	deps Deps
	read veranda.ComposedRead
}

func newOneByOne(d Deps) oneByOne {
	return oneByOne{deps: d, read: d.Authz.Compose(veranda.Target{Workspace: "$4"})}
}

// Standings reads the standings one by one.
func (o oneByOne) Standings(ctx context.Context, c veranda.Conn, sights []veranda.Sight) ([]*veranda.Standing, error) {
	out := make([]*veranda.Standing, len(sights))
	for i, s := range sights {
		var err error
		if out[i], err = c.Read(ctx, o.read, s.Actor, s.Org, []any{s.Workspace}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Watched reads who the actors are one by one.
func (o oneByOne) Watched(ctx context.Context, c veranda.Conn, actors []veranda.Actor) ([]veranda.Watched, error) {
	out := make([]veranda.Watched, len(actors))
	for i, actor := range actors {
		s, err := o.deps.Authz.Account(ctx, c, actor)
		if err != nil {
			return nil, err
		}
		if s.Account.IsZero() || !s.SessionExpires.IsZero() && !o.deps.DB.Now().Before(s.SessionExpires) {
			continue
		}
		orgs, err := o.deps.Organizations(ctx, s.Account)
		if err != nil {
			return nil, err
		}
		out[i] = veranda.Watched{Account: s.Account, Belongs: map[veranda.OrgID]string{}}
		for _, org := range orgs {
			out[i].Belongs[org] = ""
		}
	}
	return out, nil
}

// Reach tells nothing apart: an Authorizer that is no Watcher does not say.
func (o oneByOne) Reach(_ context.Context, _ veranda.Conn, sights []veranda.Sight) ([]string, error) {
	return make([]string, len(sights)), nil
}
