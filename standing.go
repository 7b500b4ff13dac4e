package veranda

import (
	"time"

	"github.com/veranda-go/veranda/internal/dialect"
)

// standingColumns documents, in order, what a composed read selects before the store's own columns. An Authorizer's text
// must give exactly these; a NULL reads as the zero value.
//
//	account id, session expires, session last seen,
//	organization exists, organization kind, organization's policy version, global policy version,
//	is member, kind of membership, roles,
//	workspace id, workspace exists, workspace is open, is member of the workspace, roles there,
//	platform roles
const standingColumns = 16

func (s *Standing) destinations() []any {
	return []any{
		Optional(&s.Account), moment{&s.SessionExpires}, moment{&s.SessionSeen},
		Optional(&s.OrgFound), Optional(&s.OrgKind), Optional(&s.OrgPolicy), Optional(&s.GlobalPolicy),
		Optional(&s.Member), Optional(&s.MemberKind), Optional(&s.Roles),
		Optional(&s.Workspace), Optional(&s.WorkspaceFound), Optional(&s.WorkspaceOpen), Optional(&s.WorkspaceMember), Optional(&s.WorkspaceRoles),
		Optional(&s.PlatformRoles),
	}
}

// moment scans a time of either database into a time.Time.
type moment struct{ destination *time.Time }

func (m moment) Scan(src any) error {
	var t dialect.Time
	if err := t.Scan(src); err != nil {
		return err
	}
	*m.destination = t.Time
	return nil
}

// Moment wraps a time.Time as a scan destination for a hand-written read; NULL is the zero time.
func Moment(destination *time.Time) interface{ Scan(any) error } { return moment{destination} }
