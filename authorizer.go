package veranda

import (
	"context"
	"fmt"
	"time"
)

// Authorizer says who may do what. Package tenancy fulfils it from casbin rows and its own tables; a host with other
// rules can give its own.
//
// A service reads once: it composes its own row into the authorizer's read when it is made, and gets the actor's
// standing (session, membership, policy version, access to the workspace) together with the row. The service never
// knows the authorizer's tables, and a right revoked a moment ago is gone with the next call.
type Authorizer interface {
	// Compose makes the text of a read. Call it once, when the service is made.
	Compose(t Target) ComposedRead
	// Decide allows or refuses what Ask says. It gives ErrUnauthenticated to who is not signed in, ErrNotFound to who may
	// not know that the thing exists, and ErrForbidden to who sees it but may not do that.
	Decide(ctx context.Context, c Conn, s *Standing, ask Ask) error
	// Account reads who calls, outside any organization; only the account fields of the Standing are set.
	Account(ctx context.Context, c Conn, by Actor) (*Standing, error)
	// Visible is the text of a condition that narrows a list to what the actor may see: column is the row's workspace id,
	// "t.workspace_id". It speaks of $1 (the organization), $2 (the account) and $3 (whether open workspaces are included),
	// which VisibleArgs gives in this order; a list's own placeholders begin at $4.
	Visible(column string) string
	// VisibleArgs are the arguments of Visible for a standing.
	VisibleArgs(ctx context.Context, c Conn, s *Standing) ([]any, error)
}

// Target says what a store reads together with the actor's standing. In its texts, $2 is the organization's id, and the
// store's own placeholders begin at $4.
type Target struct {
	// Columns are the store's own, "t.id, t.title"; empty when it reads nothing of its own.
	Columns string
	// Join brings the store's row, "LEFT JOIN veranda_tasks t ON t.org_id = $2 AND t.id = $4".
	Join string
	// Workspace is an expression for the workspace's id, "t.workspace_id" or "$4"; empty when the call concerns the
	// organization itself.
	Workspace string
}

// ComposedRead is a read that Compose made.
type ComposedRead struct {
	// Text is the read of those who belong to the organization, nearly all who call.
	Text string
	// Strangers is read in its place outside any organization, and once more for an account that Text found not to be a
	// member: it tells what only the platform's own people have. Empty where Text tells it.
	Strangers string
}

// Standing is what one read says about an actor in an organization, and in a workspace where the read named one.
type Standing struct {
	// Account is who calls; zero for anonymous and system actors.
	Account AccountID
	// System is the name of a system actor.
	System string
	// SessionExpires and SessionSeen are of a token's session; zero for account actors.
	SessionExpires, SessionSeen time.Time
	// SecondFactor tells whether the session was made with a second factor.
	SecondFactor bool

	// Org is the organization; OrgFound tells whether it exists and is not deleted.
	Org      OrgID
	OrgFound bool
	OrgKind  string
	// SecondFactorRequired tells whether the organization asks a second factor of its employees.
	SecondFactorRequired bool
	// Member tells whether the account belongs to the organization, MemberKind how ("internal", "external", "guest").
	Member     bool
	MemberKind string
	// Roles are the roles in the organization, those of teams included, separated by spaces.
	Roles string
	// Cap are roles beyond which the member may do nothing here, whatever their own say; empty for none.
	Cap string
	// GlobalPolicy and OrgPolicy are the versions of the policy rows in force.
	GlobalPolicy, OrgPolicy int64

	// Workspace is the workspace the read named; WorkspaceFound tells whether it exists and is not deleted.
	Workspace      WorkspaceID
	WorkspaceFound bool
	WorkspaceOpen  bool
	// WorkspaceMember tells whether the account is a member of the workspace, with which roles there.
	WorkspaceMember bool
	WorkspaceRoles  string

	// PlatformRoles are roles in the installation itself: "support" for the platform's own people. They are not read for a
	// member of the organization, nor are the consents below: a member is there as one.
	PlatformRoles string
	// Consent and WorkspaceConsent are until when the organization lets the platform's own people look into its open
	// workspaces, and into the workspace the read named; zero where it does not.
	Consent, WorkspaceConsent time.Time

	anonymous bool
	token     []byte
}

// TokenHash is the SHA-256 of the token the actor came with, or nil.
func (s *Standing) TokenHash() []byte { return s.token }

// Actor is the standing's account or system actor, for calls to other services.
func (s *Standing) Actor() Actor {
	switch {
	case s.System != "":
		return SystemActor(s.System)
	case s.anonymous:
		return Anonymous()
	default:
		return AccountActor(s.Account)
	}
}

// IsAnonymous tells whether the named anonymous actor calls.
func (s *Standing) IsAnonymous() bool { return s.anonymous }

// Ask is the question put to an Authorizer.
type Ask struct {
	// Permission is what the actor wants to do.
	Permission Permission
	// Own and Assigned tell whether the thing was made by the actor, or is assigned to them. A policy may allow the
	// permission for those only ("task.delete:own", "task.edit:assigned").
	Own, Assigned bool
	// Missing says that the thing itself does not exist: the answer is ErrNotFound for whoever is signed in.
	Missing bool
	// InWorkspace says that the thing lies in a workspace, which the actor must be able to see.
	InWorkspace bool
	// See is the permission that tells whether the actor may know of the thing: without it a refusal is ErrNotFound.
	// Empty where seeing the workspace, or belonging to the organization, is enough.
	See Permission
}

// Read runs a composed read for an actor: the standing, and the store's own columns into own, which are left alone
// where the store's join found nothing. args are the placeholders from $4 on. It refuses nobody but the zero actor.
func (c Conn) Read(ctx context.Context, read ComposedRead, by Actor, org OrgID, args []any, own ...any) (*Standing, error) {
	if by.IsZero() {
		return nil, ErrUnauthenticated
	}
	if read.Strangers != "" && org.IsZero() {
		return c.read(ctx, read.Strangers, by, org, args, own)
	}
	s, err := c.read(ctx, read.Text, by, org, args, own)
	if err != nil || s.Member || s.Account.IsZero() || read.Strangers == "" {
		return s, err
	}
	return c.read(ctx, read.Strangers, by, org, args, own)
}

func (c Conn) read(ctx context.Context, text string, by Actor, org OrgID, args, own []any) (*Standing, error) {
	s := &Standing{Org: org, System: by.System(), anonymous: by.IsAnonymous(), token: by.TokenHash()}
	arguments := make([]any, 0, 3+len(args))
	arguments = append(arguments, by.TokenHash(), org, nil)
	if account := by.Account(); !account.IsZero() {
		arguments[2] = account
	}
	arguments = append(arguments, args...)
	rows, err := c.Query(ctx, text, arguments...)
	if err != nil {
		return nil, translate(fmt.Errorf("veranda: read standing: %w", err))
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, translate(fmt.Errorf("veranda: read standing: %w", err))
		}
		return nil, fmt.Errorf("veranda: a composed read gave no row")
	}
	destinations := make([]any, 0, standingColumns+len(own))
	destinations = append(destinations, s.destinations()...)
	for _, d := range own {
		destinations = append(destinations, Optional(d))
	}
	if err := rows.Scan(destinations...); err != nil {
		return nil, translate(fmt.Errorf("veranda: read standing: %w", err))
	}
	return s, rows.Err()
}
