package tenancy

import (
	"github.com/veranda-go/veranda"
)

// Why a decision was as it was: the values of Explanation.Reason.
const (
	WhyAllowed = "allowed" // a row allows it, and nothing stands in the way
	// WhyNotMember: the account does not belong to the organization.
	WhyNotMember = "not_member"
	// WhyDisabled: the membership is disabled; Membership.DisabledReason says by what.
	WhyDisabled = "disabled"
	// WhyAccount: the account is disabled or was never confirmed, so that nobody signs in with it.
	WhyAccount = "account"
	// WhySecondFactor: the organization asks a second factor, which the session was made without.
	WhySecondFactor = "second_factor"
	// WhyWorkspaceHidden: the account does not see the workspace.
	WhyWorkspaceHidden = "workspace_hidden"
	// WhyCap: the roles allow it, and the relation's cap does not.
	WhyCap = "cap"
	// WhyDenied: a row denies it.
	WhyDenied = "denied"
	// WhyNoRow: no row of the roles allows it.
	WhyNoRow = "no_row"

	whySignedOut = "signed_out"
	whyMissing   = "missing"
)

// verdict is a decision with what led to it. Decide gives its error and Explain its words, so that the two cannot differ.
type verdict struct {
	view
	// err is the refusal; nil allows.
	err error
	// reason is a refusal's, or WhyAllowed; WhyNoRow stands for all that comes of the rows until somebody asks.
	reason string
	// permission is the one that decided, as the rows spell it: perhaps with a qualifier. Empty where none did.
	permission string
	// nobody tells that the call is allowed to who is not signed in.
	nobody bool
}

func (v *verdict) refuse(err error, reason string) { v.err, v.reason = err, reason }

// judge decides. It reads nothing, and allocates nothing but a background job's role. session tells whether
// the standing is that of a session, whose second factor counts.
func (a *Authorizer) judge(snapshot *snapshot, s *veranda.Standing, ask veranda.Ask, session bool) (v verdict) {
	v.snapshot, v.standing, v.reason = snapshot, s, WhyAllowed
	allowed := false
	if !a.signedIn(s) {
		v.roles, v.nobody = roleAnonymous, true
		if v.permission, allowed = v.allowedBy(ask); !allowed || ask.Missing || ask.InWorkspace {
			v.refuse(veranda.ErrUnauthenticated, whySignedOut)
		}
		return v
	}
	inOrganization := !s.Org.IsZero()
	switch {
	case s.System != "":
		v.roles = roleSystem + s.System
	case !inOrganization:
		v.roles, v.more = roleMember, s.PlatformRoles
	case s.Member:
		v.roles = s.Roles
	case s.PlatformRoles != "":
		v.roles = s.PlatformRoles
	default:
		v.refuse(veranda.ErrNotFound, WhyNotMember)
		return v
	}
	if inOrganization && !s.OrgFound || ask.Missing {
		v.refuse(veranda.ErrNotFound, whyMissing)
		return v
	}
	if s.SecondFactorRequired && s.MemberKind == MemberInternal && !s.SecondFactor && session {
		v.refuse(ErrSecondFactorRequired, WhySecondFactor)
		return v
	}
	if v.consented = a.consented(s, ask.InWorkspace); v.consented {
		v.more = roleConsented
	}
	if ask.InWorkspace {
		if !v.seesWorkspace() {
			v.refuse(veranda.ErrNotFound, WhyWorkspaceHidden)
			return v
		}
		if s.WorkspaceMember {
			v.more = s.WorkspaceRoles
		}
	}
	if v.permission, allowed = v.allowedBy(ask); allowed {
		return v
	}
	v.refuse(veranda.ErrForbidden, WhyNoRow)
	if ask.See != "" && !v.has(ask.See) {
		v.err = veranda.ErrNotFound
	}
	return v
}
