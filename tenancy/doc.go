// Package tenancy says who belongs where and who may do what.
//
// An account is a person, once, however many organizations they belong to. An organization (kind "organization", or
// "personal" for the tenant of a personal address) has members: employees (internal), externals and guests. A workspace
// lies in an organization and has members of its own; an open one is seen by every employee, a private one by its members
// alone, administrators included.
//
// An access manager assigns people by an exact address or phone number: for somebody nobody knows an account is made, which
// is only reserved until they choose a password; somebody from elsewhere is external once they accept. An organization
// says little of its members (user name, fall-back language); the profile is the person's.
//
// Roles are names; what a role may do is said by casbin rows (policy.csv of each package), which a host program reads,
// extends and replaces. [Authorizer] compiles the rows to bits and reads memberships with the thing itself at every call.
//
// A team is a group of employees: it can hold roles in the organization, which all of its members have by it, and enter
// workspaces as one. What follows from teams is written down beside what was given directly (memberships.team_roles, the
// rows of workspace members), in the transaction of every change. Departments, which form trees, and managers say where
// employees belong; they give no rights.
//
// An organization makes roles of its own from permissions, and adds rows of its own to the installation's. Each says which
// kinds of members hold it and where, in the organization or in a workspace, and who gives it. A change decides at the next
// call on every node, because a version comes with every read of a membership. [Service.Explain] names the role and the row
// that decided, by the code that decides.
//
// # Invariants
//
//   - A confirmed address or phone number belongs to one account. An address owns at most one organization and one personal
//     tenant.
//   - A link alone makes nobody's account active: a registration is confirmed by its password too, and an account that an
//     access manager reserved gets its password with the link.
//   - A code of a second factor is taken once. Where an organization requires one, an employee's session that was made
//     without opens nothing in it; how a host program signs its accounts in is its own affair.
//   - Where an organization lists mail domains, only addresses in them become employees, by whatever door.
//   - A person has one account: whoever is known is linked where they are assigned, and is not told of until they accept.
//   - Where somebody is external or a guest their home is noted; access ends there when the home disables them, until a
//     manager confirms.
//   - An organization has an owner at all times. An owner is one by name: no team holds that role.
//   - Nobody raises themselves: neither by their own roles, nor by those of a team they are in or enter.
//   - Nobody is above themselves: departments and managers form no circles.
//   - Nobody gives themselves a role, puts into a role what they may not do themselves, or gives one that says more about
//     roles and policy than they hold. An owner alone writes rows beyond that, and cannot lock owners out by them.
//   - A domain is proved by one organization at a time, for as long as its DNS record stands. Whoever has an address in it
//     asks to join that organization and founds none beside it.
//   - Tokens are never stored, only their SHA-256; a link works once.
//   - What one may not see is answered like what does not exist.
//
// # Leaving
//
// Who is disabled, removed or leaves loses access with the transaction that says so; an employee's sessions and program
// tokens end in it (not when they leave by themselves), and what they could do elsewhere as somebody of this organization
// is suspended until each host gives it back. A private workspace that would be left without a manager gets the one who
// takes over.
//
// A package that keeps things for people hands them over in the same transaction: its New adds a veranda.Hook for
// [HandoverKinds], which reads who takes over by [HandoverOf] and moves what is open, refusing with [NeedHandover] where
// nobody was named and somebody must be. Package tasks does so.
//
// # Languages
//
// Mails and text messages are written in a person's own language, or in their organization's, with times in the person's
// zone and the zone named. Shipped are English, Russian and Turkish; "pt-BR" falls back to "pt" and then to English. A host
// adds a language, or says something in its own words, as data: [Deps].Templates, for German
//
//	de/confirm.txt     subject in the first line, an empty line, the text
//	de/confirm.html    the same for programs that show HTML: {{define "body"}}…{{end}}
//	de/reset.sms       a text message
//	de/calendar.json   how German writes dates; where it is missing, as ISO 8601 does
//
// Any file of templates/en may be there, with its values, such as {{.Name}}, and with the functions plural, number, upper,
// lower, title, date, moment, weekday and span: {{plural .Left "one" "# code" "other" "# codes"}}. [New] refuses files it
// does not know and templates that do not parse. A value that is missing fails the delivery, with the reason in the log of
// deliveries, and nothing half-written is sent.
//
// # Relations
//
// Two tenants can agree that one, the host, receives people who are at home in the other. The host proposes with the
// other's relation key, which is told and not guessed, so that a proposal shows nobody which organizations exist; the home
// accepts. A relation has a cap, roles of the host: whatever roles somebody from the home is given, they may do a thing
// there only if the cap's roles may too. Either side ends it, and those people's access with it; a later relation gives it
// back only where the host says so. Two tenants that receive each other's people have two relations.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module())
//	people, err := tenancy.New(tenancy.Deps{DB: db, Authz: authz, Mailer: mailer, Secret: key, BaseURL: "https://example.org"})
//	for _, job := range []veranda.Periodic{people.TidyJob(), people.DomainsJob(), people.JoinsJob()} {
//		err = errors.Join(err, db.Every(job))
//	}
//
// A host with accounts of its own maps them with [Service.MapAccount] and calls with veranda.AccountActor.
package tenancy
