package calendar

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "calendar_events" and "calendar_feeds"; nil is unlimited.
	Limits veranda.Limits
	// Sources are what else has dates: tasks, records.
	Sources []Source
	// BaseURL is where the program is reached: secret addresses begin with it.
	BaseURL string
}

// Service is the package's API.
type Service struct {
	conn    veranda.Conn
	authz   veranda.Authorizer
	limits  veranda.Limits
	sources []Source
	baseURL string
	kept    *kept
	texts   *texts
}

// texts are the queries that depend on the database or the authorizer, made once.
type texts struct {
	event, workspace, organization, version veranda.ComposedRead

	lock     string
	ranges   rangeTexts
	versions string
}

// New makes the service. It adds a hook to the database: the feeds of who leaves an organization end.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("calendar: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	s := &Service{
		conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, sources: d.Sources, baseURL: d.BaseURL, kept: newKept(keptEntries),
		texts: &texts{
			event:        d.Authz.Compose(veranda.Target{Columns: eventColumns, Join: eventJoin, Workspace: "e.workspace_id"}),
			workspace:    d.Authz.Compose(veranda.Target{Workspace: "$4"}),
			organization: d.Authz.Compose(veranda.Target{}),
			version:      d.Authz.Compose(veranda.Target{Columns: versionColumns, Join: versionJoin, Workspace: "$4"}),
			lock:         d.DB.Pick(selectEventPostgres, selectEvent),
			ranges:       newRangeTexts(d.DB, d.Authz),
			versions:     listVersions + d.Authz.Visible("v.workspace_id"),
		},
	}
	d.DB.Veto(s.endOfMembership())
	return s, nil
}

// WithTx binds the service to a running transaction: what it reads and writes lies in it.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// read reads an event and the actor's standing in its workspace, and asks for a permission. It is one read.
func (s *Service) read(ctx context.Context, by veranda.Actor, org veranda.OrgID, id ID, permission veranda.Permission) (*veranda.Standing, *series, error) {
	var row eventRow
	standing, err := s.conn.Read(ctx, s.texts.event, by, org, []any{id}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	found, err := row.series(org)
	if err != nil {
		return nil, nil, err
	}
	return standing, found, s.authz.Decide(ctx, s.conn, standing, ask(permission, found, standing))
}

func ask(permission veranda.Permission, s *series, standing *veranda.Standing) veranda.Ask {
	return veranda.Ask{
		Permission: permission, InWorkspace: true, Missing: s.id.IsZero(), See: PermRead,
		Own: !s.createdBy.IsZero() && s.createdBy == standing.Account,
	}
}

// enter reads the actor's standing in a workspace and asks for a permission there.
func (s *Service) enter(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID, permission veranda.Permission) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.workspace, by, org, []any{workspace})
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission, InWorkspace: true, See: PermRead})
}

// seen tells whether somebody sees a workspace's calendar. What somebody may see is the authorizer's to say, so they are
// looked up as if they called themselves.
func (s *Service) seen(ctx context.Context, account veranda.AccountID, org veranda.OrgID, workspace veranda.WorkspaceID) (bool, error) {
	_, err := s.enter(ctx, veranda.AccountActor(account), org, workspace, PermRead)
	switch veranda.CodeOf(err) {
	case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
		return false, nil
	}
	return err == nil, err
}

// checkPeople reports guests who do not see the workspace, those that do not exist among them: the answer is the same.
// Who was invited before is not asked for again.
func (s *Service) checkPeople(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, guests []veranda.AccountID, before *series) error {
	var c veranda.Checks
	for i, account := range guests {
		if account == standing.Account || before != nil && before.guest(account) >= 0 {
			continue
		}
		sees, err := s.seen(ctx, account, standing.Org, workspace)
		if err != nil {
			return err
		}
		if !sees {
			c.Add(guestPointer(i), "not_found", "is nobody who sees this workspace")
		}
	}
	return c.Err()
}

// change holds an event's row, asks again what was asked before the transaction, and lets apply change it. apply gives
// the kind and data of the event to emit; no kind changes nothing.
func (s *Service) change(ctx context.Context, standing *veranda.Standing, org veranda.OrgID, id ID, permission veranda.Permission, version int64,
	apply func(ctx context.Context, tx *veranda.Tx, e *series, now time.Time) (kind string, data EventData, err error),
) (after *series, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		before, err := s.hold(ctx, tx, org, id)
		if err != nil {
			return err
		}
		if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, ask(permission, before, standing)); err != nil {
			return err
		}
		if version != 0 && version != before.version {
			return veranda.ErrVersion
		}
		now := tx.DB().Now()
		after = before.clone()
		kind, data, err := apply(ctx, tx, after, now)
		if err != nil || kind == "" {
			return err
		}
		after.version++
		after.updatedAt = now
		if err := update(ctx, tx, after, now, before.recurring()); err != nil {
			return err
		}
		tx.Emit(after.emitted(kind, standing, now, data))
		return nil
	})
	return after, err
}

// hold reads an event within a transaction and holds its row until the commit.
func (s *Service) hold(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID) (*series, error) {
	found, err := all(ctx, tx, org, s.texts.lock, org, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, veranda.ErrNotFound
	}
	return found[0], nil
}

// emitted is an event about the series.
func (s *series) emitted(kind string, standing *veranda.Standing, now time.Time, data EventData) veranda.Event {
	data.StartsAt, data.EndsAt = s.when.instants()
	data.Recurring = s.recurring()
	data.Guests = s.invited()
	data.Version = s.version
	return veranda.Event{
		Org: s.org, Workspace: s.workspace, Kind: kind, Subject: s.id.String(), By: standing.Account, System: standing.System, At: now,
		Data: veranda.MarshalData(data),
	}
}

func (s *series) invited() []veranda.AccountID {
	var accounts []veranda.AccountID
	for _, g := range s.guests {
		accounts = append(accounts, g.Account)
	}
	return accounts
}

// invite makes the list of guests, with the answers that were given, and tells who is new.
func (s *series) invite(accounts []veranda.AccountID) (added []veranda.AccountID) {
	guests := make([]Guest, 0, len(accounts))
	for _, account := range accounts {
		if at := s.guest(account); at >= 0 {
			guests = append(guests, s.guests[at])
			continue
		}
		guests = append(guests, Guest{Account: account, Answer: Unanswered})
		added = append(added, account)
	}
	s.guests = guests
	return added
}

func sameGuests(a, b []Guest) bool {
	return slices.EqualFunc(a, b, func(x, y Guest) bool { return x.Account == y.Account })
}
