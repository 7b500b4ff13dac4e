package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// Explain says whether a member may do something, and what decides it: how they belong, the roles they hold and where each
// comes from, and the casbin row with the place where it was written; or the reason of the refusal. It decides by the same
// code as every call, for a session made with a second factor where the person has set one up.
//
// Who does not belong to the organization is "not_member", whether or not there is such an account.
//
// Permission: access.explain, or access.explain:own about oneself; in a workspace that the caller sees, else it is not
// found. Field error: a permission that nobody declares ("unknown").
func (s *Service) Explain(ctx context.Context, by veranda.Actor, in ExplainInput) (*Explanation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	inWorkspace := !in.Workspace.IsZero()
	asking, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return nil, err
	}
	oneself := asking.Account == in.Account
	if err := s.authz.Decide(ctx, s.conn, asking, veranda.Ask{Permission: PermExplain, Own: oneself, InWorkspace: inWorkspace}); err != nil {
		return nil, err
	}
	keeper, ok := s.authz.(policyKeeper)
	if !ok {
		return nil, veranda.ErrNotFound
	}
	about, err := s.explained(ctx, by, in.Org, in.Account, in.Workspace, oneself)
	if err != nil {
		return nil, err
	}
	snapshot, err := keeper.policyOf(ctx, s.conn, about.standing)
	if err != nil {
		return nil, err
	}
	if !snapshot.Declares(string(in.Permission)) {
		var c veranda.Checks
		c.Add("/permission", "unknown", "is not a permission of this program")
		return nil, c.Err()
	}
	ask := veranda.Ask{Permission: in.Permission, InWorkspace: inWorkspace}
	v := keeper.judge(snapshot, about.standing, ask, about.session)
	out := &Explanation{Allowed: v.err == nil, Reason: v.reason, Membership: about.membership(), Roles: []ExplainedRole{}}
	if inWorkspace && v.seesWorkspace() {
		out.Sees = about.sees(&v)
	}
	out.Roles = about.roles(&v)
	switch {
	case about.accountState != "" && about.accountState != AccountActive && out.Reason != WhyNotMember:
		out.Allowed, out.Reason = false, WhyAccount
	case v.reason == WhyNotMember && out.Membership != nil:
		out.Reason = WhyDisabled
	}
	out.decide(&v, ask)
	out.Text = out.sentence(in.Permission)
	return out, nil
}

// decide names the row that decided, where rows did.
func (e *Explanation) decide(v *verdict, ask veranda.Ask) {
	roles := strings.Fields(join(v.roles, v.more))
	switch e.Reason {
	case WhyAllowed:
		e.Decided = explainedRow(v.snapshot, roles, v.permission)
	case WhyNoRow:
		capped := v.standing.Cap != ""
		if permission, has := v.spelled(v.roles, v.more, ask); has && capped {
			e.Reason = WhyCap
			e.Decided = explainedRow(v.snapshot, roles, permission)
			return
		}
		if e.Decided = explainedRow(v.snapshot, roles, string(ask.Permission)); e.Decided != nil {
			e.Reason = WhyDenied
		}
		names := v.snapshot.qualified[ask.Permission]
		for _, narrower := range []string{names.own, names.assigned, names.managed} {
			if narrower != "" && v.has(veranda.Permission(narrower)) {
				e.Narrower = append(e.Narrower, veranda.Permission(narrower))
			}
		}
	}
}

func explainedRow(snapshot *snapshot, roles []string, permission string) *ExplainedRow {
	found := snapshot.Explain(roles, permission)
	if found.Role == "" {
		return nil
	}
	return &ExplainedRow{Permission: veranda.Permission(permission), Role: found.Role, Through: found.Through, Row: found.Rule.String(), Source: found.Rule.Source}
}

// sentence says the explanation in English.
func (e *Explanation) sentence(permission veranda.Permission) string {
	switch e.Reason {
	case WhyAllowed, WhyDenied:
		text := fmt.Sprintf("%s is %s for the role %s", permission, e.Reason, e.Decided.Role)
		if len(e.Decided.Through) > 0 {
			text += ", which inherits from " + strings.Join(e.Decided.Through, ", then ") + ","
		}
		return text + fmt.Sprintf(" by the row %q (%s).", e.Decided.Row, e.Decided.Source)
	case WhyNotMember:
		return "The account does not belong to the organization."
	case WhyDisabled:
		return "The membership is disabled."
	case WhyAccount:
		return "Nobody can sign in with this account: it is disabled, or was never confirmed."
	case WhySecondFactor:
		return "The organization asks a second factor, and there is none."
	case WhyWorkspaceHidden:
		return "The workspace is private, or not open to this member, and they are not a member of it."
	case WhyCap:
		return fmt.Sprintf("The roles allow %s, and the relation with the home organization does not.", permission)
	default:
		text := fmt.Sprintf("No row allows %s to any of the roles.", permission)
		if len(e.Narrower) > 0 {
			text += fmt.Sprintf(" They have it in a narrower form: %s.", strings.Join(permissionTexts(e.Narrower), ", "))
		}
		return text
	}
}

func permissionTexts(permissions []veranda.Permission) []string {
	out := make([]string, len(permissions))
	for i, permission := range permissions {
		out[i] = string(permission)
	}
	return out
}

// Access says what a member sees and may do: their roles and where each comes from, what these give in the organization,
// and the workspaces they see with why. Of private workspaces it tells those that the caller sees too, and no others.
//
// Permission: access.explain, or access.explain:own about oneself; who may not ask about others and does not see the whole
// directory is told that there is nobody. Errors: not_found for who does not belong to the organization, except platform
// support while the organization consents to its looking.
func (s *Service) Access(ctx context.Context, by veranda.Actor, in AccessInput) (*Access, error) {
	var c veranda.Checks
	limit := in.Size(&c)
	position := in.Position(&c, "access", 1)
	if position != nil {
		if _, err := veranda.ParseID[struct{}](position[0]); err != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	asking, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	oneself := asking.Account == in.Account
	if err := s.authz.Decide(ctx, s.conn, asking, veranda.Ask{Permission: PermExplain, Own: oneself, See: PermMembersRead}); err != nil {
		return nil, err
	}
	keeper, ok := s.authz.(policyKeeper)
	if !ok {
		return nil, veranda.ErrNotFound
	}
	about, err := s.explained(ctx, by, in.Org, in.Account, veranda.WorkspaceID{}, oneself)
	if err != nil {
		return nil, err
	}
	snapshot, err := keeper.policyOf(ctx, s.conn, about.standing)
	if err != nil {
		return nil, err
	}
	v := keeper.judge(snapshot, about.standing, veranda.Ask{Permission: PermOrganizationRead}, about.session)
	consent := !about.standing.Consent.IsZero() && s.now().Before(about.standing.Consent)
	if about.kind == "" && !consent {
		return nil, veranda.ErrNotFound
	}
	out := &Access{Membership: about.membership(), Roles: about.roles(&v), Permissions: []veranda.Permission{}}
	out.Workspaces.Items = []AccessibleWorkspace{}
	if about.kind != "" && about.disabled || about.accountState != AccountActive || v.reason == WhySecondFactor {
		return out, nil // nothing at all, while it lasts
	}
	for _, permission := range snapshot.Permissions(strings.Fields(join(v.roles, v.more))) {
		if inOrganization(veranda.Permission(permission)) && v.has(veranda.Permission(permission)) {
			out.Permissions = append(out.Permissions, veranda.Permission(permission))
		}
	}
	out.Workspaces.Items, err = s.accessible(ctx, asking, about.standing, position, limit+1)
	if err != nil {
		return nil, err
	}
	if len(out.Workspaces.Items) > limit {
		out.Workspaces.Items = out.Workspaces.Items[:limit]
		out.Workspaces.Next = veranda.EncodeCursor("access", out.Workspaces.Items[limit-1].ID.String())
	}
	return out, nil
}

// roles are the roles of a verdict with where each comes from.
func (e *explained) roles(v *verdict) []ExplainedRole {
	out := []ExplainedRole{}
	add := func(role, from, team string) {
		out = append(out, ExplainedRole{Role: role, From: from, Team: team})
	}
	fromTeams := func(roles, from string, teams []teamRoles) {
		for _, role := range strings.Fields(roles) {
			named := false
			for _, team := range teams {
				if slices.Contains(strings.Fields(team.roles), role) {
					add(role, from, team.name)
					named = true
				}
			}
			if !named {
				add(role, from, "")
			}
		}
	}
	if !e.standing.Member {
		for _, role := range strings.Fields(e.standing.PlatformRoles) {
			add(role, FromPlatform, "")
		}
		if v.consented {
			add(roleConsented, FromConsent, "")
		}
		return out
	}
	for _, role := range strings.Fields(e.direct) {
		add(role, FromDirect, "")
	}
	fromTeams(e.teamRoles, FromTeam, e.teams)
	if e.standing.WorkspaceMember {
		for _, role := range strings.Fields(e.placeDirect) {
			add(role, FromWorkspace, "")
		}
		fromTeams(e.placeTeam, FromWorkspaceTeam, e.placeTeams)
	}
	return out
}

// sees says why the account sees the workspace of a verdict.
func (e *explained) sees(v *verdict) []string {
	var why []string
	if v.standing.WorkspaceOpen && v.has(permEnterOpen) {
		why = append(why, "open")
	}
	if v.standing.WorkspaceMember {
		if e.placeIsDirect {
			why = append(why, "member")
		}
		if e.placeByTeam {
			why = append(why, "team")
		}
	}
	if v.consented {
		why = append(why, "consent")
	}
	return why
}
