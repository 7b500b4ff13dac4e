package apps

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	// systemTiers is the name of the job.
	systemTiers = "apps.tiers"
	// sweep is how many applications one run looks at besides those that it knows to have grown: all get their turn.
	sweep = 200
	// tierLock is the advisory lock of PostgreSQL that the job holds: one node moves records, one application at a time.
	tierLock = 8372635
)

// The statements of a background job, which works for all organizations.
const (
	sweepApps = `SELECT a.org_id, a.id FROM veranda_apps a WHERE (a.org_id, a.id) > ($1, $2) AND a.deleted_at IS NULL ORDER BY a.org_id, a.id LIMIT $3`
	findMoves = `SELECT m.org_id, m.app_id FROM veranda_app_moves m ORDER BY m.org_id, m.app_id LIMIT 1000`
)

// TierJob is the job that gives an application a table of its own when it has Deps.PromoteAt records, and takes it back when
// it has less than a quarter of that. People read and write meanwhile. The table is "veranda_app_" and the application's id
// in hexadecimal digits; it has generated columns for the fields and indexes for the most likely lists. When fields are added
// later, it first makes indexes for them, and later a new table.
//
// The job makes and drops tables by the same connection as everything else, so the role that the program connects with must
// be allowed to, as for migrations. It needs no extension of PostgreSQL, but where pg_trgm is there or may be created,
// searching uses it.
//
// What it does is done in steps that are each a transaction. Stopped at any point it goes on there the next time.
func (s *Service) TierJob() veranda.Periodic {
	return veranda.Periodic{Name: systemTiers, Every: time.Minute, Run: func(ctx context.Context, _ time.Time) error {
		return s.alone(ctx, func() error { return s.arrange(ctx) })
	}}
}

// alone runs what only one node may do at a time; not at all where another one does.
func (s *Service) alone(ctx context.Context, run func() error) error {
	if !s.places.moving.TryLock() {
		return nil
	}
	defer s.places.moving.Unlock()
	db := s.conn.DB()
	if db.Embedded() {
		return run()
	}
	// A lock of the session goes with it: a node that is lost holds nothing up.
	conn, err := db.Writer().DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("apps: tiers: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var got bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, tierLock).Scan(&got); err != nil || !got {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, tierLock)
	}()
	return run()
}

// arrange goes on with what was begun, and begins what is due.
func (s *Service) arrange(ctx context.Context) error {
	begun, err := s.findApps(ctx, findMoves)
	if err != nil {
		return err
	}
	var failed []error
	look := func(list []appKey, do func(context.Context, appKey) error) {
		for _, app := range list {
			if ctx.Err() != nil {
				return
			}
			if err := do(ctx, app); err != nil {
				failed = append(failed, fmt.Errorf("apps: tier of application %s: %w", app.App, err))
			}
		}
	}
	look(begun, s.move)
	look(s.places.due(), s.tend)
	after := appKey{}
	if s.places.last != nil {
		after = *s.places.last
	}
	turn, err := s.findApps(ctx, sweepApps, after.Org, after.App, sweep)
	if err != nil {
		return errors.Join(append(failed, err)...)
	}
	look(turn, s.tend)
	if s.places.last = nil; len(turn) == sweep {
		s.places.last = &turn[sweep-1]
	}
	return errors.Join(append(failed, ctx.Err())...)
}

func (s *Service) findApps(ctx context.Context, text string, args ...any) (list []appKey, err error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("apps: find applications: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k appKey
		if err := rows.Scan(&k.Org, &k.App); err != nil {
			return nil, fmt.Errorf("apps: find applications: %w", err)
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// tend sees what an application needs, and does it.
func (s *Service) tend(ctx context.Context, k appKey) error {
	if s.places.promoteAt < 0 {
		return nil
	}
	lies, err := s.placeAt(ctx, k.Org, k.App)
	if err != nil || lies.tier.Moving {
		return err
	}
	limit := s.places.promoteAt
	if lies.own() {
		limit = max(1, limit/demoteShare)
	}
	n, err := scanCount(ctx, s.conn, lies.texts.count, k.Org, k.App, limit)
	if err != nil {
		return err
	}
	switch {
	case !lies.own() && n >= limit:
		return s.begin(ctx, k, lies, func(sch *schema) *home { return sch.newHome(lies.Place, false) })
	case lies.own() && n < limit:
		return s.begin(ctx, k, lies, func(*schema) *home { return nil })
	case lies.own():
		return s.renew(ctx, k, lies)
	}
	return nil
}
