// Package files keeps files that hang on other things: on tasks, statuses, comments and messages.
//
// A file is uploaded first and belongs to who uploaded it, who alone can attach it. What it is attached to, its holder, is
// then the one that says who may see it: the holder's package asks its own permissions and reads the file through this
// package, which asks nobody. What is attached to nothing within a day, or is taken off, is removed by [Service.TidyJob].
//
// # Invariants
//
//   - Every blob has a row, so that none is left behind: the row is made before the first byte is stored, and removed after
//     the last.
//   - A file hangs on one holder at most, and on none of another organization.
//   - What a file is, is told by its content and never by what the uploader says; nothing is served but as a download.
//
// # Wiring
//
//	attachments, err := files.New(files.Deps{DB: db, Authz: authz, Blobs: blobs})
//	err = db.Every(attachments.TidyJob())
//	work, err := tasks.New(tasks.Deps{DB: db, Authz: authz, Files: attachments})
//
// Blobs is a bucket of the host's: examples/server shows one over gocloud.dev/blob.
package files
