// Package audit reads the event log as an organization's audit log: every change to people, roles, policies and settings,
// with who made it and when.
//
// The audit log is no log of its own: it is the events of packages tenancy, workspace and support, which are written in
// the transaction of the change they speak of. So nothing is missing from it that happened, and nothing stands in it that
// did not. Nothing in it can be changed; it ends with the organization's retention (audit_days), which [Service.RetentionJob]
// enforces.
//
// # Who reads what
//
// Owners and administrators (audit.read) read all of it, access managers (audit.read_people) what concerns people,
// everybody else (audit.read_own) what they did themselves and what was done to them. What happened in a private workspace
// is read by those who see the workspace alone, for others are not to know that it exists.
//
// # Wiring
//
//	log, err := audit.New(audit.Deps{DB: db, Authz: authz})
//	err = db.Every(log.RetentionJob())
package audit
