// Package stream shows what happens in workspaces, and lets people write into them: statuses, comments on them, and
// reactions to both.
//
// The stream of a workspace is the event log itself, newest first. Whatever any package did in the workspace appears by
// the event it emitted; nothing is copied, so nothing can be missing from a stream or differ from what happened. Which
// kinds of events are shown is said by Deps.Kinds. A page is one range of an index of the log, joined with the names of
// who acted and with the statuses as they stand now; with the caller's standing that makes two reads.
//
// A status is named by the event that posted it: both have the same id. Its text lives in its own row and nowhere else.
// Events carry ids only, so that a deleted text is gone from everywhere, and its event no longer shows.
//
// # Who sees what
//
// A workspace's stream is for those who may see the workspace: open ones for every employee, private ones for their
// members alone, administrators included. [Service.ListAll] puts all streams of an organization that the caller may see
// into one. It reads the organization's part of the log and leaves out what the caller may not see, which suits people who
// see most of it; somebody who sees one quiet workspace of a busy organization gets short pages. A merged read of the
// workspaces' own ranges will take its place without a change of the API.
//
// # Invariants
//
//   - Every number of comments and reactions equals the rows it counts, whatever happens at once: counter and row change
//     in one transaction.
//   - A person reacts to a status or comment at most once in each way.
//   - Every text a status ever had is in its history, once, until the status is deleted; then its texts, comments and
//     reactions are deleted with it.
//   - A status, comment or reaction that lies in a workspace one does not see is answered like one that does not exist.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module(), stream.Module())
//	streams, err := stream.New(stream.Deps{DB: db, Authz: authz, Kinds: []string{"tasks.*", "workspace.*", "tenancy.member_joined"}})
//	status, err := streams.Post(ctx, actor, stream.PostInput{Org: org, Workspace: workspace, Text: "We have moved in."})
//	page, err := streams.List(ctx, actor, stream.ListInput{Org: org, Workspace: workspace})
package stream
