package statistics

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// The measuring texts: $1 is the organization, $2 and $3 are the moments between which is counted. They name kinds of
// events of packages that this one does not know, by the names under which those are documented. Each gives the id of
// whom a figure is of, the figure's name and the figure. The counts are of distinct subjects; see Figures.
const (
	doneByPeople = `CASE e.kind
	WHEN 'tasks.task_created' THEN 'tasks_created'
	WHEN 'tasks.task_finished' THEN 'tasks_finished'
	WHEN 'tasks.task_reopened' THEN 'tasks_reopened'
	WHEN 'stream.status_posted' THEN 'posts'
	ELSE 'comments' END`
	// Of the two kinds that say somebody joined a workspace, each person has one: accepted an invitation, or was added.
	doneAnywhere = `CASE e.kind
	WHEN 'tasks.task_created' THEN 'tasks_created'
	WHEN 'tasks.task_finished' THEN 'tasks_finished'
	WHEN 'tasks.task_reopened' THEN 'tasks_reopened'
	WHEN 'stream.status_posted' THEN 'posts'
	WHEN 'tasks.comment_added' THEN 'comments'
	WHEN 'stream.comment_added' THEN 'comments'
	ELSE 'people_joined' END`
	peopleKinds       = `'tasks.task_created', 'tasks.task_finished', 'tasks.task_reopened', 'stream.status_posted', 'stream.comment_added', 'tasks.comment_added'`
	organizationKinds = peopleKinds + `, 'tenancy.member_joined'`
	workspaceKinds    = organizationKinds + `, 'workspace.member_added'`

	between = `FROM veranda_events e WHERE e.org_id = $1 AND e.at >= $2 AND e.at < $3 AND `

	// Joining a workspace is a member_joined with a workspace, joining the organization one without.
	measureOrganization = `SELECT e.org_id, ` + doneAnywhere + `, count(DISTINCT e.subject_id) ` + between + `e.kind IN (` + organizationKinds + `)
AND (e.workspace_id IS NULL OR e.kind <> 'tenancy.member_joined') GROUP BY 1, 2
UNION ALL SELECT e.org_id, 'active_people', count(DISTINCT e.by_id) ` + between + `e.by_id IS NOT NULL GROUP BY 1`

	workspaceWhere    = `EXISTS (SELECT 1 FROM veranda_workspaces w WHERE w.org_id = e.org_id AND w.id = e.workspace_id AND w.deleted_at IS NULL)`
	measureWorkspaces = `SELECT e.workspace_id, ` + doneAnywhere + `, count(DISTINCT e.subject_id) ` + between + workspaceWhere + ` AND e.kind IN (` + workspaceKinds + `) GROUP BY 1, 2
UNION ALL SELECT e.workspace_id, 'active_people', count(DISTINCT e.by_id) ` + between + workspaceWhere + ` AND e.by_id IS NOT NULL GROUP BY 1`
	measureWorkspace = `SELECT e.workspace_id, ` + doneAnywhere + `, count(DISTINCT e.subject_id) ` + between + `e.workspace_id = $4 AND e.kind IN (` + workspaceKinds + `) GROUP BY 1, 2
UNION ALL SELECT e.workspace_id, 'active_people', count(DISTINCT e.by_id) ` + between + `e.workspace_id = $4 AND e.by_id IS NOT NULL GROUP BY 1`

	measurePeople = `SELECT e.by_id, ` + doneByPeople + `, count(DISTINCT e.subject_id) ` + between + `e.by_id IS NOT NULL AND e.kind IN (` + peopleKinds + `) GROUP BY 1, 2`
	measurePerson = `SELECT e.by_id, ` + doneByPeople + `, count(DISTINCT e.subject_id) ` + between + `e.by_id = $4 AND e.kind IN (` + peopleKinds + `) GROUP BY 1, 2`
)

// anyID is the id of an organization, workspace or person, as a row of statistics refers to it.
type (
	scopeKind struct{}
	anyID     = veranda.ID[scopeKind]
)

// scoped names whose figures they are, in all scopes.
type scoped struct {
	scope Scope
	id    anyID
}

// measure runs a measuring text and adds what it finds to the figures.
func (s *Service) measure(ctx context.Context, into map[scoped]*Figures, scope Scope, text string, args ...any) error {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("statistics: measure %s: %w", scope, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		of := scoped{scope: scope}
		var name string
		var count int64
		if err := rows.Scan(&of.id, &name, &count); err != nil {
			return fmt.Errorf("statistics: measure %s: %w", scope, err)
		}
		place := figuresOf(into, of).figure(name)
		if place == nil {
			return fmt.Errorf("statistics: measure %s: there is no figure %s", scope, name)
		}
		*place += count
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("statistics: measure %s: %w", scope, err)
	}
	return nil
}

// figuresOf are the figures of somebody or something, made when there are none yet.
func figuresOf(figures map[scoped]*Figures, of scoped) *Figures {
	f := figures[of]
	if f == nil {
		f = &Figures{}
		figures[of] = f
	}
	return f
}

// measureAll counts a span of time for an organization, its workspaces and its people. What it reads lies in the past
// and changes no more, so it needs no transaction, which on SQLite would keep writers waiting.
func (s *Service) measureAll(ctx context.Context, org veranda.OrgID, from, to time.Time) (map[scoped]*Figures, error) {
	db := s.conn.DB()
	figures := map[scoped]*Figures{organizationScope(org): {}}
	for scope, text := range map[Scope]string{
		ScopeOrganization: measureOrganization, ScopeWorkspace: measureWorkspaces, ScopePerson: measurePeople,
	} {
		if err := s.measure(ctx, figures, scope, text, org, db.Time(from), db.Time(to)); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// organizationScope is the scope of an organization's totals.
func organizationScope(org veranda.OrgID) scoped {
	return scoped{scope: ScopeOrganization, id: veranda.ConvertID[scopeKind](org)}
}

// measureOne counts a span of time for one of them.
func (s *Service) measureOne(ctx context.Context, org veranda.OrgID, about subject, from, to time.Time) (Figures, error) {
	db := s.conn.DB()
	text, args := measureOrganization, []any{org, db.Time(from), db.Time(to)}
	switch about.scope {
	case ScopeWorkspace:
		text, args = measureWorkspace, append(args, about.workspace)
	case ScopePerson:
		text, args = measurePerson, append(args, about.account)
	}
	figures := map[scoped]*Figures{}
	if err := s.measure(ctx, figures, about.scope, text, args...); err != nil {
		return Figures{}, err
	}
	for _, f := range figures {
		return *f, nil
	}
	return Figures{}, nil
}
