package statistics

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

// Scope says whose figures they are.
type Scope string

// The scopes.
const (
	ScopeOrganization Scope = "organization"
	ScopeWorkspace    Scope = "workspace"
	ScopePerson       Scope = "person"
)

// Week is a week and its figures.
type Week struct {
	// Week is the date of its Monday in the organization's time zone, "2026-03-02".
	Week     string    `json:"week"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// Running tells that the week is not over and the figures are those so far.
	Running bool    `json:"running"`
	Figures Figures `json:"figures"`
}

// WeeksInput asks for finished weeks.
type WeeksInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Scope     Scope               `query:"scope" json:"-" enum:"organization,workspace,person" required:"true" doc:"Whose figures."`
	Workspace veranda.WorkspaceID `query:"workspace" json:"-" doc:"The workspace, for the scope workspace."`
	Account   veranda.AccountID   `query:"account" json:"-" doc:"The person, for the scope person; oneself when absent."`
}

// CurrentInput asks for the running week.
type CurrentInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Scope     Scope               `query:"scope" json:"-" enum:"organization,workspace,person" required:"true" doc:"Whose figures."`
	Workspace veranda.WorkspaceID `query:"workspace" json:"-" doc:"The workspace, for the scope workspace."`
	Account   veranda.AccountID   `query:"account" json:"-" doc:"The person, for the scope person; oneself when absent."`
}

func (in *CurrentInput) check(c *veranda.Checks) {
	veranda.OneOf(c, "/scope", in.Scope, ScopeOrganization, ScopeWorkspace, ScopePerson)
	if in.Scope == ScopeWorkspace {
		veranda.Required(c, "/workspace", in.Workspace)
	}
}

// subject is whose figures are read, after the actor was found to be allowed to.
type subject struct {
	scope     Scope
	workspace veranda.WorkspaceID
	account   veranda.AccountID
}

// id is the scope's id in a row.
func (s subject) id(org veranda.OrgID) any {
	switch s.scope {
	case ScopeWorkspace:
		return s.workspace
	case ScopePerson:
		return s.account
	default:
		return org
	}
}

// Weeks is a page of finished weeks, the newest first. Weeks in which nothing happened are among them, with zeros.
//
// An organization's figures count what happened in all its workspaces, private ones too: they are numbers without names,
// and the only figures in which somebody else's private workspace has a part.
//
// Permission: statistics.read_organization; statistics.read_workspace, and to see the workspace; statistics.read_own for
// oneself, statistics.read_person for others.
func (s *Service) Weeks(ctx context.Context, by veranda.Actor, in WeeksInput) (veranda.List[Week], error) {
	list := veranda.List[Week]{Items: []Week{}}
	var c veranda.Checks
	limit := in.Size(&c)
	about := CurrentInput{Org: in.Org, Scope: in.Scope, Workspace: in.Workspace, Account: in.Account}
	about.check(&c)
	before := endOfTime
	if position := in.Position(&c, "statistics_weeks", 1); position != nil {
		before = position[0]
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	subject, err := s.allowed(ctx, by, about)
	if err != nil {
		return list, err
	}
	if list.Items, err = s.queryWeeks(ctx, in.Org, subject, before, limit+1); err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = veranda.EncodeCursor("statistics_weeks", list.Items[limit-1].Week)
	}
	return list, nil
}

// Current is the running week so far, counted at the moment of the call.
//
// Permission: as for Weeks.
func (s *Service) Current(ctx context.Context, by veranda.Actor, in CurrentInput) (*Week, error) {
	var c veranda.Checks
	in.check(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	subject, err := s.allowed(ctx, by, in)
	if err != nil {
		return nil, err
	}
	place, err := s.place(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	week := weekOf(s.conn.DB().Now(), place)
	out := &Week{Week: week.String(), StartsAt: week.starts(place), EndsAt: week.ends(place), Running: true}
	out.Figures, err = s.measureOne(ctx, in.Org, subject, out.StartsAt, out.EndsAt)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// allowed decides whether the actor may read somebody's figures. It gives those who may not read others' figures the
// same answer whether the other exists or not.
func (s *Service) allowed(ctx context.Context, by veranda.Actor, in CurrentInput) (subject, error) {
	switch in.Scope {
	case ScopeWorkspace:
		standing, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
		if err != nil {
			return subject{}, err
		}
		ask := veranda.Ask{Permission: PermReadWorkspace, InWorkspace: true}
		return subject{scope: ScopeWorkspace, workspace: in.Workspace}, s.authz.Decide(ctx, s.conn, standing, ask)
	case ScopePerson:
		return s.allowedPerson(ctx, by, in)
	default:
		standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil)
		if err != nil {
			return subject{}, err
		}
		return subject{scope: ScopeOrganization}, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermReadOrganization})
	}
}

func (s *Service) allowedPerson(ctx context.Context, by veranda.Actor, in CurrentInput) (subject, error) {
	var member veranda.AccountID
	standing, err := s.conn.Read(ctx, s.reads.person, by, in.Org, []any{in.Account}, &member)
	if err != nil {
		return subject{}, err
	}
	if !standing.Account.IsZero() && (in.Account.IsZero() || in.Account == standing.Account) {
		own := subject{scope: ScopePerson, account: standing.Account}
		return own, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermReadOwn})
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermReadPerson}); err != nil {
		return subject{}, err
	}
	if member.IsZero() {
		return subject{}, veranda.ErrNotFound
	}
	return subject{scope: ScopePerson, account: member}, nil
}
