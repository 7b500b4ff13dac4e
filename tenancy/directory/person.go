package directory

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Person is the profile of somebody in the directory, with what the caller may know of them.
type Person struct {
	Contact
	// FirstName and LastName are the parts of the name, where the person gave them.
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	// Titles are the roles in words, those of the organization's own making by their titles.
	Titles []RoleTitle `json:"role_titles,omitempty"`
	// Workspaces are those the person is in and the caller sees.
	Workspaces []WorkspaceRef `json:"workspaces"`
	Teams      []TeamRef      `json:"teams,omitempty"`
	// Manager is who the person reports to, where the caller sees them.
	Manager *PersonRef `json:"manager,omitempty"`
	// Actions are what the caller may do with the person.
	Actions []Action `json:"actions"`
}

// RoleTitle is a role in words.
type RoleTitle struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// WorkspaceRef names a workspace.
type WorkspaceRef struct {
	ID   veranda.WorkspaceID `json:"id"`
	Name string              `json:"name"`
	Path string              `json:"path"`
}

// TeamRef names a team.
type TeamRef struct {
	ID   TeamID `json:"id"`
	Name string `json:"name"`
}

// PersonRef names a person.
type PersonRef struct {
	Account veranda.AccountID `json:"account_id"`
	Name    string            `json:"name"`
}

// Action is something that can be done with a person.
type Action string

// The actions.
const (
	ActionSetRoles    Action = "set_roles"    // give and take roles
	ActionRemove      Action = "remove"       // end the membership
	ActionUpdate      Action = "update"       // user name, department, manager, language
	ActionAssign      Action = "assign"       // to workspaces
	ActionExplain     Action = "explain"      // why the person may do what
	ActionEditProfile Action = "edit_profile" // one's own
	ActionSetPicture  Action = "set_picture"  // one's own
	ActionLeave       Action = "leave"        // the organization
)

// shippedTitles are the shipped roles in words.
var shippedTitles = map[string]string{
	tenancy.RoleOwner: "Owner", tenancy.RoleAdministrator: "Administrator", tenancy.RoleAccessManager: "Access manager",
	tenancy.RoleEmployee: "Employee", tenancy.RoleExternal: "External", tenancy.RoleGuest: "Guest",
}

// Person reads the profile of somebody whom the caller may see; anybody else is not found. Names, picture, kind and address
// are for all who see the person; names' parts, user name, roles, teams, department, manager and phone numbers for those
// who see the directory from inside the organization; teams and departments where the caller may see those.
//
// Permission: member.read, member.read_employees or member.read_shared.
func (s *Service) Person(ctx context.Context, by veranda.Actor, in PersonInput) (*Person, error) {
	v, err := s.viewer(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	contact, err := s.contactOf(ctx, v, in.Account)
	if err != nil {
		return nil, err
	}
	p := &Person{Contact: *contact, Workspaces: []WorkspaceRef{}}
	if p.Workspaces, err = s.workspacesOf(ctx, v, in.Account); err != nil {
		return nil, err
	}
	if v.inside() {
		if err := s.addInside(ctx, v, p); err != nil {
			return nil, err
		}
	}
	p.Actions, err = s.actions(ctx, v, in.Account)
	return p, err
}

// contactOf reads somebody whom the viewer may see.
func (s *Service) contactOf(ctx context.Context, v *viewer, account veranda.AccountID) (*Contact, error) {
	list, err := listArgument(s.conn.DB(), []string{account.String()})
	if err != nil {
		return nil, err
	}
	people, err := s.queryPage(ctx, s.texts.show, append(v.args(filter{}, nil, position{}, 1), list))
	if err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return nil, veranda.ErrNotFound
	}
	contact := v.contact(people[0])
	return &contact, nil
}

func (s *Service) workspacesOf(ctx context.Context, v *viewer, account veranda.AccountID) ([]WorkspaceRef, error) {
	args, err := s.authz.VisibleArgs(ctx, s.conn, v.standing)
	if err != nil {
		return nil, err
	}
	out := []WorkspaceRef{}
	err = s.each(ctx, s.sharedWorkspaces, append(args, account), func(scan func(...any) error) error {
		var w WorkspaceRef
		if err := scan(&w.ID, &w.Name); err != nil {
			return err
		}
		w.Path = "/v1/organizations/" + v.org.String() + "/workspaces/" + w.ID.String()
		out = append(out, w)
		return nil
	})
	return out, err
}

// each reads rows.
func (s *Service) each(ctx context.Context, text string, args []any, row func(scan func(...any) error) error) error {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("directory: read person: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return fmt.Errorf("directory: read person: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("directory: read person: %w", err)
	}
	return nil
}

const (
	selectInside = `SELECT a.first_name, a.last_name, m.manager_id FROM veranda_memberships m JOIN veranda_accounts a ON a.id = m.account_id
WHERE m.org_id = $1 AND m.account_id = $2`
	selectTeams  = `SELECT t.id, t.name FROM veranda_team_members tm JOIN veranda_teams t ON t.org_id = tm.org_id AND t.id = tm.team_id WHERE tm.org_id = $1 AND tm.account_id = $2 ORDER BY t.name_key, t.id`
	selectTitles = `SELECT r.name, r.title FROM veranda_roles r WHERE r.org_id = $1`
)

// addInside adds what those see who are of the organization.
func (s *Service) addInside(ctx context.Context, v *viewer, p *Person) error {
	var manager veranda.AccountID
	err := s.each(ctx, selectInside, []any{v.org, p.Account}, func(scan func(...any) error) error {
		return scan(&p.FirstName, &p.LastName, &manager)
	})
	if err != nil {
		return err
	}
	titles := map[string]string{}
	if slices.ContainsFunc(p.Roles, func(role string) bool { return shippedTitles[role] == "" }) {
		err := s.each(ctx, selectTitles, []any{v.org}, func(scan func(...any) error) error {
			var name, title string
			err := scan(&name, &title)
			titles[name] = title
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, role := range p.Roles {
		title := shippedTitles[role]
		if title == "" {
			title = titles[role]
		}
		p.Titles = append(p.Titles, RoleTitle{Name: role, Title: title})
	}
	if v.teams {
		err := s.each(ctx, selectTeams, []any{v.org, p.Account}, func(scan func(...any) error) error {
			var t TeamRef
			err := scan(&t.ID, &t.Name)
			p.Teams = append(p.Teams, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	if manager.IsZero() {
		return nil
	}
	switch contact, err := s.contactOf(ctx, v, manager); veranda.CodeOf(err) {
	case veranda.CodeNotFound:
	default:
		if err != nil {
			return err
		}
		p.Manager = &PersonRef{Account: contact.Account, Name: contact.Name}
	}
	return nil
}

// actions are what the caller may do with a person: each is asked for.
func (s *Service) actions(ctx context.Context, v *viewer, account veranda.AccountID) ([]Action, error) {
	actions := []Action{}
	add := func(action Action, asks ...veranda.Permission) error {
		for _, permission := range asks {
			if may, err := s.may(ctx, v.standing, permission); err != nil || !may {
				return err
			}
		}
		actions = append(actions, action)
		return nil
	}
	if account == v.account {
		for _, own := range []struct {
			action     Action
			permission veranda.Permission
		}{{ActionEditProfile, tenancy.PermAccountUpdate}, {ActionSetPicture, tenancy.PermAccountUpdate}} {
			may, err := s.maySelf(ctx, v, own.permission)
			if err != nil {
				return nil, err
			}
			if may {
				actions = append(actions, own.action)
			}
		}
		return actions, add(ActionLeave, tenancy.PermMembershipLeave)
	}
	var roles sql.NullString
	err := s.each(ctx, `SELECT m.roles FROM veranda_memberships m WHERE m.org_id = $1 AND m.account_id = $2`, []any{v.org, account}, func(scan func(...any) error) error { return scan(&roles) })
	if err != nil {
		return nil, err
	}
	// Who changes or ends what somebody is may give every role they hold.
	grants := []veranda.Permission{tenancy.PermGrantRole}
	for _, role := range rolesOf(roles.String) {
		grants = append(grants, tenancy.PermGrant(role))
	}
	for _, one := range []struct {
		action Action
		asks   []veranda.Permission
	}{
		{ActionSetRoles, grants}, {ActionRemove, grants}, {ActionUpdate, []veranda.Permission{tenancy.PermMemberUpdate}},
		{ActionAssign, []veranda.Permission{tenancy.PermMemberAssign}}, {ActionExplain, []veranda.Permission{tenancy.PermExplain}},
	} {
		if err := add(one.action, one.asks...); err != nil {
			return nil, err
		}
	}
	return actions, nil
}

// maySelf asks a permission on one's own account, outside any organization.
func (s *Service) maySelf(ctx context.Context, v *viewer, permission veranda.Permission) (bool, error) {
	standing, err := s.authz.Account(ctx, s.conn, v.standing.Actor())
	if err != nil {
		return false, err
	}
	return s.may(ctx, standing, permission)
}
