package apps

import "github.com/veranda-go/veranda"

// The errors of state that this package gives.
var (
	// ErrFieldExists is the answer to a field whose name another field of the application has.
	ErrFieldExists = veranda.NewError(veranda.CodeConflict, "apps.field_exists", "The application has a field of this name already.")
	// ErrFieldRemoved is the answer to changing a field that was taken away: restore it first.
	ErrFieldRemoved = veranda.NewError(veranda.CodeConflict, "apps.field_removed", "The field was taken away; restore it first.")
	// ErrFieldPresent is the answer to restoring a field that is there.
	ErrFieldPresent = veranda.NewError(veranda.CodeConflict, "apps.field_present", "The field is there; there is nothing to restore.")
	// ErrFieldUsed is the answer to taking away or retyping a field that something else needs. Its message names it.
	ErrFieldUsed = veranda.NewError(veranda.CodeConflict, "apps.field_used", "Something else needs the field.")
	// ErrNotUnique is the answer to making a field unique of which records share a value. Its message names one.
	ErrNotUnique = veranda.NewError(veranda.CodeConflict, "apps.not_unique", "Several records have the same value in this field.")
	// ErrTooLarge is the answer to a change of the design that must touch more records than one transaction may.
	ErrTooLarge = veranda.NewError(veranda.CodeConflict, "apps.too_large", "The application has too many records for this change at once.")
	// ErrRecordLocked is the answer to changing a record that the application's lock holds.
	ErrRecordLocked = veranda.NewError(veranda.CodeConflict, "apps.record_locked", "The record is locked: it meets the condition that locks records of this application.")
	// ErrLinked is the answer to deleting a record that others are linked to, by a relation that forbids it.
	ErrLinked = veranda.NewError(veranda.CodeConflict, "apps.linked", "Other records are linked to this one, and their relation keeps it from being deleted.")
	// ErrImportRunning is the answer to starting an import while MaxWaiting of the organization wait or are under way.
	ErrImportRunning = veranda.NewError(veranda.CodeConflict, "apps.import_running", "Too many imports of the organization are under way; wait for one to end, or cancel it.")
	// ErrNoFiles is the answer to importing in the background where the program keeps no files.
	ErrNoFiles = veranda.NewError(veranda.CodeUnavailable, "apps.no_files", "This server keeps no files, so it imports none in the background.")
	// ErrOutOfReach is the answer to a change by which a record would be out of sight of who makes it, by a rule of the application.
	ErrOutOfReach = veranda.NewError(veranda.CodeForbidden, "apps.out_of_reach", "You may make and change only records that the application's rules show you.")
	// ErrBulk is the answer to a bulk call of all or nothing where something stands in the way.
	ErrBulk = veranda.NewError(veranda.CodeConflict, "apps.bulk", "Some of the records cannot be written so; none was.")
)
