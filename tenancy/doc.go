// Package tenancy says who belongs where and who may do what.
//
// An account is a person, once, however many organizations they belong to. An organization (kind "organization", or
// "personal" for the tenant of a personal address) has members: employees (internal), externals and guests. A workspace
// lies in an organization and has members of its own; an open one is seen by every employee, a private one by its members
// alone, administrators included.
//
// Roles are names; what a role may do is said by casbin rows (policy.csv of each package), which a host program reads,
// extends and replaces. [Authorizer] compiles the rows to bits and reads memberships with the thing itself at every call.
//
// # Invariants
//
//   - A confirmed address belongs to one account. An address owns at most one organization and one personal tenant.
//   - Where an organization lists mail domains, only addresses in them become employees, by whatever door.
//   - An organization has an owner at all times.
//   - Tokens are never stored, only their SHA-256; a link works once.
//   - What one may not see is answered like what does not exist.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module())
//	people, err := tenancy.New(tenancy.Deps{DB: db, Authz: authz, Mailer: mailer, Secret: key, BaseURL: "https://example.org"})
//
// A host with accounts of its own maps them with [Service.MapAccount] and calls with veranda.AccountActor.
package tenancy
