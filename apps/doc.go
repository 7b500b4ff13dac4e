// Package apps is for applications that people design themselves: tables in a workspace, with typed fields, relations and
// rules, and the records that they hold.
//
// An [App] has fields of the kinds of package field. Its designers add, rename, move, retype, take away and restore fields
// while others work with the records; nothing that records say is lost by it. Records are found by filters, sorts and words
// of package query, summed up by groups, changed one by one or many at once, and keep a history of every value.
//
// # Who may do what
//
// The permissions are asked in the application's workspace. An application can narrow them by a list of [Rule]: which records
// people of a role see (a condition such as "the owner is me"), which fields are hidden from them or read-only, and whether
// they create, edit, delete or design. What a rule hides does not exist for who is bound by it: it is absent from answers,
// history and totals, and naming it in a filter, a sort or a value is answered as naming what is not there. Who manages the
// application is bound by no rule. Guests see the applications of which a rule names a role of theirs. A condition that
// locks records keeps all but the managers from changing those that meet it.
//
// A lookup or a roll-up shows what lies in a related application to whoever sees the field: that is its designer's decision,
// who must see it there themselves. The ids of linked records are part of the record that links to them.
//
// # Relations and what is computed
//
// A relation is a field that holds links to records of an application of the same workspace, and makes a field there that
// shows the other side. When a linked record is deleted its rule says what happens: the links are cut, and come back with the
// record; or the deletion is refused; or the linking records are deleted too. Formulas are computed with every change of
// their record, by package formula. Lookups and roll-ups are computed anew when what they depend on changes: before the call
// that changes it answers, where that is little, and in the background where it is much. Circles are refused.
//
// # Invariants
//
//   - A field's key is its own for ever. Its slot in the documents changes when it is retyped; the old values stay in the old
//     slot, and come back with the old kind.
//   - No record is written by a design that is not in force: writers hold the application's row as it was when the values
//     were read, and begin anew when it changed.
//   - A unique value is in veranda_record_keys exactly while a record that is not deleted has it.
//   - Auto-numbers have no gaps but those of deleted records: a change that is undone takes no number.
//   - A record that somebody writes is one that they see, before and after.
//   - A version's history row holds the values that it replaced; nothing in it is computed.
//   - Events name records and fields, never values; fields that a rule hides are left out.
//   - Computed values are those of the values they depend on, or veranda_record_stale says that they are not.
//
// # How it is stored
//
// The records of small applications share a table of JSON documents, by organization and application, without an index for
// each field: an application of a thousand records is listed, filtered and summed up in about a millisecond, and hundreds of
// thousands of applications cost the database nothing. What an application is made of is one JSON text in its row, with a
// version: programs remember it, and a call reads it only when it changed. So opening an application and reading a record is
// one read, a list two.
//
// An application that outgrows Deps.PromoteAt records (10,000) is moved by TierJob into a table of its own, in bounded batches
// beside those who work with it: the documents as they were, and beside them a generated column for each field that can be
// sorted by or summed up, with an index where that serves; a field that is added later has an index on an expression. When it
// has shrunk to less than a quarter of that it is moved back. The calls and their answers are the same.
//
// # Imports
//
// [Service.Import] makes records of a small file in one transaction; [Service.StartImport] keeps a large one in Deps.Blobs and
// imports it in batches, in the background. The records that such an import makes have ids between two that are known from
// its own, so that they can be deleted again when it is cancelled, and nothing is kept about each.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), apps.Module())
//	service, err := apps.New(apps.Deps{DB: db, Authz: authz})
//	app, err := service.Create(ctx, actor, apps.CreateInput{Org: org, Workspace: workspace, Name: "Contracts", Fields: fields})
//	err = db.Every(service.PurgeJob())
//	err = db.Every(service.ComputeJob())
//	err = db.Every(service.TierJob())
package apps
