package veranda

import "context"

// Limits is asked by every call that makes something, inside its transaction and before the thing is made. The resource
// is the package's word ("tasks", "workspaces", "members"), add how many more. Refuse with LimitError. Billing fulfils
// it from the organization's plan; a host can fulfil it by its own rules.
type Limits interface {
	Allow(ctx context.Context, tx *Tx, org OrgID, resource string, add int64) error
}

// Unlimited allows everything; it is what services use when no Limits are given.
type Unlimited struct{}

// Allow allows.
func (Unlimited) Allow(context.Context, *Tx, OrgID, string, int64) error { return nil }

// LimitError is the refusal of a Limits: it names the limit.
func LimitError(resource, message string) *Error {
	return NewError(CodeLimit, "limit."+resource, message)
}
