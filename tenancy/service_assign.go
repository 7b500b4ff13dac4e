package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Permissions that package workspace declares: who assigns people to a workspace must be one who manages its members, and
// who makes a manager of it one who may change it.
const (
	permManageMembers     veranda.Permission = "workspace.manage_members"
	permManageMembersOpen veranda.Permission = "workspace.manage_members:open"
	permChangeWorkspace   veranda.Permission = "workspace.update"
)

// A search tells whether somebody has an account, so it is counted: by who searches, for ten minutes and for a day, and by
// the organization. Assigning tells as much, but writes to the person each time.
var (
	ruleFinder    = attemptRule{prefix: "finder", limit: 30, window: 10 * time.Minute}
	ruleFinderDay = attemptRule{prefix: "finder_day", limit: 500, window: 24 * time.Hour}
	ruleFinders   = attemptRule{prefix: "finders", limit: 100, window: 10 * time.Minute}
	ruleAssigner  = attemptRule{prefix: "assigner", limit: 300, window: time.Hour}
	ruleAssigned  = attemptRule{prefix: "assigned", limit: 20, window: 24 * time.Hour} // one person by one organization
)

// FindPerson looks for a person by an exact address or phone number that they have proved, or that was reserved for them.
// Only of members does the answer say who it is; of others it says whether they belong to another tenant, never which.
//
// Permission: member.assign. Errors: invalid; rate.attempts; assign.personal in a personal tenant. Event:
// tenancy.person_searched, for every search.
func (s *Service) FindPerson(ctx context.Context, by veranda.Actor, in FindPersonInput) (*FoundPerson, error) {
	wanted, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMemberAssign}); err != nil {
		return nil, err
	}
	if err := assigns(standing); err != nil {
		return nil, err
	}
	caller := standing.Account.String()
	searches := []attempt{ruleFinder.of(caller), ruleFinderDay.of(caller), ruleFinders.of(in.Org.String())}
	allowed, err := s.reserve(ctx, searches...)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRate, searches...)
	}
	var found *FoundPerson
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if found, err = find(ctx, tx, in.Org, wanted); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventPersonSearched, Subject: in.Org.String(), By: standing.Account,
			Data: veranda.MarshalData(PersonSearched{Masked: wanted.masked(), Result: found.Result})})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// assigns tells whether somebody who may assign people does so here: an assignment is somebody's, and a personal tenant
// has members only.
func assigns(standing *veranda.Standing) error {
	switch {
	case standing.Account.IsZero():
		return veranda.ErrForbidden
	case standing.OrgKind == string(KindPersonal):
		return ErrPersonalAssign
	default:
		return nil
	}
}

func find(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, wanted contact) (*FoundPerson, error) {
	who, err := findPerson(ctx, tx.Query, wanted)
	if err != nil {
		return nil, err
	}
	if who == nil {
		return &FoundPerson{Result: FoundNone}, nil
	}
	member, err := readMemberStanding(ctx, tx, org, who.ID)
	if err != nil {
		return nil, err
	}
	if member != nil {
		found := &FoundPerson{Result: FoundHere, Account: &who.ID, Name: who.Name, State: member.state()}
		if found.State == StateOffered {
			found.Name = ""
		}
		return found, nil
	}
	home, err := homeOf(ctx, tx.Query, who.ID, who.Key, org)
	if err != nil {
		return nil, err
	}
	if home.IsZero() {
		return &FoundPerson{Result: FoundHomeless}, nil
	}
	return &FoundPerson{Result: FoundElsewhere}, nil
}

// assignment is an assignment under way.
type assignment struct {
	AssignPersonInput
	contact  contact
	standing *veranda.Standing
	from     *inviting
	rules    *assignRules
	masked   string
}

// AssignPerson puts a person into a workspace, whoever they are.
//
// Nobody has the address or number: an account is made, which is only reserved until the person chooses a password by the
// link that is sent; they are an employee where the organization's domains allow it, unless an external is asked for.
// Somebody has an account elsewhere: they become external once they accept, and nothing is told of them until then; who
// belongs to no tenant is offered employment besides, where the domains allow it. A member is put into the workspace, with
// other roles where some are given. Everybody is told, by mail or by a text message.
//
// Permission: member.assign, and workspace.manage_members (workspace.manage_members:open in an open workspace); for a
// manager of the workspace also workspace.update; role.grant_<role> for roles beyond the kind's usual one. A workspace one
// does not see is not found. Errors: invalid ("taken" for a user name); assign.personal, assign.different_people,
// assign.disabled, assign.suspended; relation.required; rate.attempts; a limit on "members"; those of SetRoles where roles
// of a member change. Events: tenancy.person_assigned; tenancy.member_joined in the organization and the workspace;
// tenancy.account_reserved.
func (s *Service) AssignPerson(ctx context.Context, by veranda.Actor, in AssignPersonInput) (*Assigned, error) {
	who, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, from, err := s.readInviting(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	if err := s.mayAssign(ctx, standing, in.WorkspaceRole); err != nil {
		return nil, err
	}
	assignments := ruleAssigner.of(standing.Account.String())
	allowed, err := s.reserve(ctx, assignments)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRate, assignments)
	}
	a := &assignment{AssignPersonInput: in, contact: who, standing: standing, from: from, masked: who.masked()}
	var account veranda.AccountID
	assigned := &Assigned{}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		account, assigned.Result, err = s.WithTx(tx).assign(ctx, tx, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	member, err := s.memberView(ctx, in.Org, account)
	if err != nil {
		return nil, err
	}
	assigned.Member = *member
	return assigned, nil
}

// mayAssign asks whether somebody may assign people to a workspace.
func (s *Service) mayAssign(ctx context.Context, standing *veranda.Standing, role string) error {
	decide := func(p veranda.Permission) error {
		return s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: p, InWorkspace: true})
	}
	if err := decide(PermMemberAssign); err != nil {
		return err
	}
	err := decide(permManageMembers)
	if errors.Is(err, veranda.ErrForbidden) && standing.WorkspaceOpen {
		err = decide(permManageMembersOpen)
	}
	if err == nil && role == workspaceManager {
		err = decide(permChangeWorkspace)
	}
	if err != nil {
		return err
	}
	return assigns(standing)
}

// assign decides by who is found. Their addresses and numbers are locked, so that of two who make an account for the same
// person one does, and the other finds it.
func (s *Service) assign(ctx context.Context, tx *veranda.Tx, a *assignment) (account veranda.AccountID, result string, err error) {
	keys := a.contact.keys()
	slices.Sort(keys)
	for _, key := range keys {
		if err := lockAddress(ctx, tx, key); err != nil {
			return account, "", err
		}
	}
	if a.rules, err = readAssignRules(ctx, tx, a.Org); err != nil {
		return account, "", err
	}
	who, err := findPerson(ctx, tx.Query, a.contact)
	if err != nil {
		return account, "", err
	}
	var member *memberStanding
	if who != nil {
		if member, err = readMemberStanding(ctx, tx, a.Org, who.ID); err != nil {
			return account, "", err
		}
		often := ruleAssigned.of(a.Org.String(), who.ID.String())
		counted, err := reserveOne(ctx, tx, often)
		if err != nil {
			return account, "", err
		}
		if !counted {
			return account, "", s.refused(ctx, ErrRate, often)
		}
	}
	switch {
	case who == nil:
		return s.assignNew(ctx, tx, a)
	case member == nil:
		result, err = s.assignLinked(ctx, tx, a, who)
	default:
		result, err = s.assignMember(ctx, tx, a, who, member)
	}
	return who.ID, result, err
}

// rolesFor are the roles somebody gets as a kind of member: those asked for, which must fit and be the caller's to give,
// or the usual one.
func (s *Service) rolesFor(ctx context.Context, tx *veranda.Tx, a *assignment, kind string) ([]string, error) {
	usual := defaultRole(kind)
	if len(a.Roles) == 0 {
		return []string{usual}, nil
	}
	wrong, err := misfits(ctx, tx.Query, a.Org, kind, a.Roles)
	if err != nil {
		return nil, err
	}
	var c veranda.Checks
	for i, role := range a.Roles {
		if slices.Contains(wrong, role) {
			c.Add(fmt.Sprintf("/roles/%d", i), "kind", "does not fit this kind of member")
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	for _, role := range a.Roles {
		if role == usual {
			continue
		}
		if err := s.authz.Decide(ctx, s.conn, a.standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
			return nil, err
		}
	}
	return a.Roles, nil
}

// enterWorkspace puts a member into the workspace, and tells whether they were not in it.
func (s *Service) enterWorkspace(ctx context.Context, tx *veranda.Tx, a *assignment, account veranda.AccountID, kind string) (bool, error) {
	if a.WorkspaceRole == workspaceManager && kind != MemberInternal {
		var c veranda.Checks
		c.Add("/workspace_role", "manager_kind", "only employees can be managers")
		return false, c.Err()
	}
	entered, err := enter(ctx, tx, a.Org, a.Workspace, account)
	if errors.Is(err, ErrLink) {
		return false, veranda.ErrNotFound
	}
	if err != nil || !entered || a.WorkspaceRole != workspaceManager {
		return entered, err
	}
	_, err = tx.Exec(ctx, `UPDATE veranda_workspace_members SET roles = $4 WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`,
		a.Org, a.Workspace, account, workspaceManager)
	return true, wrapped("store workspace role", err)
}

// emit notes an assignment.
func (a *assignment) emit(tx *veranda.Tx, account veranda.AccountID, result, kind string) {
	tx.Emit(veranda.Event{Org: a.Org, Workspace: a.Workspace, Kind: EventPersonAssigned, Subject: account.String(), By: a.standing.Account,
		Data: veranda.MarshalData(PersonAssigned{Result: result, Kind: kind, Masked: a.masked})})
}

// emitJoined says that somebody joined the organization, where before is empty, and the workspace.
func (a *assignment) emitJoined(tx *veranda.Tx, account veranda.AccountID, kind, before string) {
	data := veranda.MarshalData(MemberJoined{Kind: kind, Before: before})
	e := veranda.Event{Org: a.Org, Kind: EventMemberJoined, Subject: account.String(), By: a.standing.Account, Data: data}
	if before == "" {
		tx.Emit(e)
	}
	e.Workspace = a.Workspace
	tx.Emit(e)
}

// data is what the mails of an assignment say.
func (a *assignment) data() map[string]string {
	return map[string]string{"Inviter": a.from.Inviter, "Organization": a.from.Organization, "Workspace": a.from.Workspace}
}

// assignMember puts a member of the organization into the workspace.
func (s *Service) assignMember(ctx context.Context, tx *veranda.Tx, a *assignment, who *person, m *memberStanding) (string, error) {
	switch m.state() {
	case StateDisabled:
		return "", ErrAssignDisabled
	case StateSuspended:
		return "", ErrAssignSuspended
	case StateOffered:
		return s.offerAgain(ctx, tx, a, who, m)
	}
	changed := false
	if len(a.Roles) > 0 && !slices.Equal(sortedTexts(a.Roles), sortedTexts(strings.Fields(m.Roles))) {
		if _, err := s.SetRoles(ctx, a.standing.Actor(), SetRolesInput{Org: a.Org, Account: who.ID, Roles: a.Roles}); err != nil {
			return "", err
		}
		changed = true
	}
	entered, err := s.enterWorkspace(ctx, tx, a, who.ID, m.Kind)
	if err != nil {
		return "", err
	}
	if !entered {
		if changed {
			a.emit(tx, who.ID, AssignedAlready, m.Kind)
		}
		return AssignedAlready, nil
	}
	a.emit(tx, who.ID, AssignedHere, m.Kind)
	a.emitJoined(tx, who.ID, m.Kind, m.Kind)
	if who.ID == a.standing.Account {
		return AssignedHere, nil
	}
	if m.state() == StateReserved {
		_, err := s.sendActivation(ctx, tx, a.Org, a.standing.Account, a.data(), who, a.contact.written(who.Key))
		return AssignedHere, err
	}
	return AssignedHere, s.tellMember(ctx, tx, telling{Org: a.Org, Account: who.ID, By: a.standing.Account, Template: templateAssigned, Data: a.data()})
}

func sortedTexts(texts []string) []string {
	texts = slices.Clone(texts)
	slices.Sort(texts)
	return texts
}
