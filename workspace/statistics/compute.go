package statistics

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	// settle is how long after a week's end it is computed: by then transactions that began within it have committed.
	settle = 5 * time.Minute
	// madeUp is how many weeks at most are computed after a standstill.
	madeUp = 8
	// tenantsPerRead is how many organizations are looked at with one query.
	tenantsPerRead = 500
)

// weekly is the periodic job: it computes what is due now, whatever the slot.
func (s *Service) weekly(ctx context.Context, _ time.Time) error {
	_, err := s.ComputeDue(ctx)
	return err
}

// ComputeDue computes every finished week that is not computed yet, of all organizations: at most the last eight of
// each, and none before the organization was founded. It tells how many it stored. The periodic job calls it; a program
// may at any time, on any number of nodes at once. It asks nobody and is not for requests of users. What fails in one
// organization is reported at the end and holds up no other.
//
// Event: statistics.week_computed for each.
func (s *Service) ComputeDue(ctx context.Context) (int, error) {
	stored := 0
	var failures []error
	var after veranda.OrgID
	for {
		tenants, err := s.queryTenants(ctx, after, tenantsPerRead)
		if err != nil {
			return stored, errors.Join(append(failures, err)...)
		}
		for _, t := range tenants {
			n, err := s.computeTenant(ctx, t)
			stored += n
			if err != nil {
				failures = append(failures, fmt.Errorf("statistics: organization %s: %w", t.org, err))
			}
			if ctx.Err() != nil {
				return stored, errors.Join(failures...)
			}
		}
		if len(tenants) < tenantsPerRead {
			return stored, errors.Join(failures...)
		}
		after = tenants[len(tenants)-1].org
	}
}

// dueWeeks are the weeks of an organization to compute, the oldest first, and the last full week.
func dueWeeks(t tenant, place *time.Location, now time.Time) (due []calendarWeek, latest calendarWeek) {
	latest = weekOf(now.Add(-settle), place).add(-1)
	first := latest.add(1 - madeUp)
	if founded := weekOf(t.createdAt, place); first.before(founded) {
		first = founded
	}
	if last, err := parseWeek(t.last); err == nil && first.before(last.add(1)) {
		first = last.add(1)
	}
	for week := first; !latest.before(week); week = week.add(1) {
		due = append(due, week)
	}
	return due, latest
}

// computeTenant computes the weeks of one organization that are due.
func (s *Service) computeTenant(ctx context.Context, t tenant) (stored int, err error) {
	place := s.load(t.timeZone)
	due, latest := dueWeeks(t, place, s.conn.DB().Now())
	for _, week := range due {
		done, err := s.computeWeek(ctx, t.org, week, place, week == latest)
		if err != nil {
			return stored, err
		}
		if done {
			stored++
		}
	}
	return stored, nil
}

// computeWeek computes one week and tells whether it was this call that stored it.
func (s *Service) computeWeek(ctx context.Context, org veranda.OrgID, week calendarWeek, place *time.Location, latest bool) (stored bool, err error) {
	from, to := week.starts(place), week.ends(place)
	figures, err := s.measureAll(ctx, org, from, to)
	if err != nil {
		return false, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if latest && s.overdue != nil { // which tasks were overdue weeks ago, nobody can tell
			if err := s.addOverdue(ctx, tx, org, to, figures); err != nil {
				return err
			}
		}
		if stored, err = insertWeek(ctx, tx, org, week, from, to, figures); err != nil || !stored {
			return err
		}
		tx.Emit(veranda.Event{
			Org: org, Kind: EventWeekComputed, Subject: week.String(), System: system,
			Data: veranda.MarshalData(WeekComputed{Week: week.String(), StartsAt: from, EndsAt: to, Latest: latest}),
		})
		return nil
	})
	return stored && err == nil, err
}

// addOverdue adds overdue tasks to the figures: an organization's are the sums of its workspaces, without those that are
// deleted.
func (s *Service) addOverdue(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, before time.Time, figures map[scoped]*Figures) error {
	deleted, err := deletedWorkspaces(ctx, tx, org)
	if err != nil {
		return err
	}
	for _, f := range figures {
		f.addOverdue(0)
	}
	totals := figures[organizationScope(org)]
	err = s.overdue(ctx, tx, org, before, func(workspace veranda.WorkspaceID, assignee veranda.AccountID, count int64) {
		if deleted[workspace] {
			return
		}
		of := scoped{scope: ScopePerson, id: veranda.ConvertID[scopeKind](assignee)}
		if assignee.IsZero() {
			of = scoped{scope: ScopeWorkspace, id: veranda.ConvertID[scopeKind](workspace)}
			totals.addOverdue(count)
		}
		figuresOf(figures, of).addOverdue(count)
	})
	if err != nil {
		return fmt.Errorf("statistics: count overdue tasks: %w", err)
	}
	return nil
}
