// Package directory finds people: everybody one may see in an organization, by a search as one types.
//
// # Who sees whom
//
// Owners, administrators and access managers see everybody; employees see employees and whom they share a workspace with;
// externals and guests see whom they share a workspace with, which in an open workspace too are its members, not all who
// could enter it. A workspace that was deleted is shared with nobody. Who is disabled, was removed, or has not accepted to
// belong appears to nobody; who was made by an access manager and has not set a password yet appears to all but externals
// and guests.
//
// Externals and guests know of a person name, picture, kind, and the address by which the person belongs to the
// organization, for colleagues must be able to write to each other. Phone numbers, user names, roles, teams and departments
// are for those inside the organization, and so is finding people by them. Other addresses of an account are nobody's
// business here.
//
// # How people are found
//
// A query's words are held against the beginnings of words of name, user name and address, domains by three letters or
// more, phone numbers by four digits or more. Case, diacritics, the two kinds of i and the script (Latin, Cyrillic, Greek)
// do not matter. In a word of four letters or more one slip is forgiven: a letter too many, too few or another, or two in
// the wrong order. Who matches exactly comes first; within that people are in the order of their names.
//
// The index is three tables of this package, the same on both databases, changed by a hook in the transaction that changes
// a person. It only proposes: membership and what is shared are joined from tenancy's own tables with every read, so that a
// row that should not be there reveals nobody. [Service.IndexJob] makes the index of a database that has none.
//
// # Wiring
//
// Make the service before the first call, for it adds its hook to the database, and add the job:
//
//	people, err := directory.New(directory.Deps{DB: db, Authz: authz})
//	err = db.Every(people.IndexJob())
package directory
