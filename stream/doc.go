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
// into one, without what they have muted; statuses that mention them pass their mutes. Events addressed to some people are
// in no stream.
//
// # Order and pages
//
// Streams go by the ids of events, newest first, and not by the positions that live readers resume from: an id is there
// with the commit, so that whoever posts finds it on the next page they read, and a position is given a little later.
// Whatever was committed when the first page was read comes exactly once, however one pages. What is committed while
// somebody reads is above, or appears below where its id was made before and they have not read that far; who must miss
// nothing follows the log by its positions.
//
// Everything one may see is merged from the workspaces where something happened last: the log keeps the newest event of
// each (veranda_heads), and events without a position, which are in none of these yet, are added. Heads are of all kinds of
// events; where those shown are rare, a page takes several rounds, of 2,000 events at most. A page that ends there has a
// Next, and may be empty.
//
// Filter.Collapse makes one item of a run: what one person did in one workspace, of one kind, with nothing else that is shown
// between, within the hour before its newest, a thousand at most. In the stream of everything, another workspace's event
// between two ends a run. A page ends between runs, so they are the same at every size of pages; a run ends where more than
// 2,000 events, shown or not, lie between its newest and what follows. Statuses are never collapsed.
//
// A time is found by the log's index of times; what was stored more than an hour earlier or later than its own time may
// be missed by it. A search reads statuses one by one, 2,000 a page.
//
// # Posts
//
// Texts are Markdown; their HTML is made and sanitized before the transaction that stores it and lies beside them. A status
// may have files, a poll and, for those who manage the workspace, the wish that everybody confirms having read it; a comment
// may have files. Those mentioned must see the place. The pages that texts link to are looked at in the background, where
// [Deps].Previews is set; without it nothing is called.
//
// Of an anonymous poll, no answer, event or list tells who voted or for what. The database does hold who voted for what
// (veranda_status_poll_votes), so that nobody votes twice and a vote can be changed: who can read the database can read it.
// Counts are shown as they grow, so that who watches one closely may guess; hide_results keeps them from those who have not
// voted.
//
// The audience of an announcement is who sees the workspace at the moment somebody asks: the members of the workspace and,
// where it is open, the organization's employees, whatever a changed policy says of open workspaces.
//
// # Invariants
//
//   - Every number of comments and reactions equals the rows it counts, whatever happens at once: counter and row change
//     in one transaction.
//   - A poll's counts equal the rows of its votes; nobody votes once it is closed, or once its time has come.
//   - A person reacts to a status or comment at most once in each way.
//   - Every text a status or comment ever had is in its history, once, until it is deleted; then its texts, comments,
//     reactions, files and poll are deleted with it.
//   - A status, comment or reaction that lies in a workspace one does not see is answered like one that does not exist.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module(), stream.Module())
//	streams, err := stream.New(stream.Deps{DB: db, Authz: authz, Kinds: []string{"tasks.*", "workspace.*", "tenancy.member_joined"}})
//	status, err := streams.Post(ctx, actor, stream.PostInput{Org: org, Workspace: workspace, Text: "We have moved in."})
//	page, err := streams.List(ctx, actor, stream.ListInput{Org: org, Workspace: workspace})
package stream
