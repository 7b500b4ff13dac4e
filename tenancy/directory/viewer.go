package directory

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// viewer is how much of an organization's directory a caller sees.
type viewer struct {
	standing *veranda.Standing
	org      veranda.OrgID
	account  veranda.AccountID
	// all, employees and shared tell whether they see everybody, employees, and whom they share a workspace with.
	all, employees, shared bool
	// teams and departments tell whether they see those.
	teams, departments bool
}

// inside tells whether the caller sees people as one of the organization does: with roles, phone numbers and reserved
// accounts. Who sees only whom they share a workspace with does not.
func (v *viewer) inside() bool { return v.all || v.employees }

// viewer reads the caller's standing and asks what of the directory they see.
func (s *Service) viewer(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*viewer, error) {
	standing, err := s.conn.Read(ctx, s.standing, by, org, nil)
	if err != nil {
		return nil, err
	}
	v := &viewer{standing: standing, org: org, account: standing.Account}
	for _, ask := range []struct {
		permission veranda.Permission
		may        *bool
	}{
		{tenancy.PermMembersRead, &v.all}, {tenancy.PermMembersReadEmployee, &v.employees}, {tenancy.PermMembersReadShared, &v.shared},
		{tenancy.PermTeamsRead, &v.teams}, {tenancy.PermDepartmentsRead, &v.departments},
	} {
		if *ask.may, err = s.may(ctx, standing, ask.permission); err != nil {
			return nil, err
		}
	}
	if !v.all && !v.employees && !v.shared {
		return nil, veranda.ErrForbidden
	}
	return v, nil
}

// may asks one permission; a refusal is an answer, anything else an error.
func (s *Service) may(ctx context.Context, standing *veranda.Standing, permission veranda.Permission) (bool, error) {
	err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission})
	if errors.Is(err, veranda.ErrForbidden) {
		return false, nil
	}
	return err == nil, err
}
