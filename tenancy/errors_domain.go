package tenancy

import "github.com/veranda-go/veranda"

// What is answered about domains and joining by them.
var (
	// ErrDomainPersonal refuses a domain to a personal tenant.
	ErrDomainPersonal = veranda.NewError(veranda.CodeConflict, "domain.personal", "A personal tenant has no domains.")
	// ErrDomainUnproved says that the record was not found; the message names the record.
	ErrDomainUnproved = veranda.NewError(veranda.CodeConflict, "domain.unproved", "The record was not found.")
	// ErrDomainTaken is told to who has set the record right, and so controls the domain, while another organization has
	// proved it before: it tells others nothing.
	ErrDomainTaken = veranda.NewError(veranda.CodeConflict, "domain.taken", "Another organization has proved this domain: it must give it up, or take its record out of the DNS, first.")
	// ErrDomainLookup says that the DNS gave no answer.
	ErrDomainLookup = veranda.NewError(veranda.CodeUnavailable, "domain.dns", "The DNS does not answer; try again later.")
	// ErrDomainLimit refuses more domains than an organization can claim.
	ErrDomainLimit = veranda.NewError(veranda.CodeLimit, "limit.domains", "An organization can claim 100 domains.")
	// ErrDomainProved refuses to found a tenant by an address in a domain another organization has proved.
	ErrDomainProved = veranda.NewError(veranda.CodeConflict, "tenancy.domain_proved", "An organization has proved this address's domain: ask to join it.")

	// ErrJoinAsked refuses to ask again while a request is open.
	ErrJoinAsked = veranda.NewError(veranda.CodeConflict, "join.asked", "You have asked already.")
	// ErrJoinDeclined refuses to ask again too soon after a request was declined.
	ErrJoinDeclined = veranda.NewError(veranda.CodeConflict, "join.declined", "Your request was declined; you can ask again seven days after.")
	// ErrJoinMember refuses to ask for what one is.
	ErrJoinMember = veranda.NewError(veranda.CodeConflict, "join.member", "You belong to this organization already.")
	// ErrJoinDisabled refuses to ask an organization that has disabled one's membership.
	ErrJoinDisabled = veranda.NewError(veranda.CodeConflict, "join.disabled", "Your membership of this organization is disabled.")
	// ErrJoinDomain refuses an address outside the organization's list of mail domains.
	ErrJoinDomain = veranda.NewError(veranda.CodeConflict, "join.domain", "The organization takes employees only from its own mail domains.")
	// ErrJoinEnded refuses to decide or withdraw a request that is not open any more.
	ErrJoinEnded = veranda.NewError(veranda.CodeConflict, "join.ended", "The request is not open any more.")
)
