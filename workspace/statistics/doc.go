// Package statistics counts what happened in each week: in an organization, in each workspace, by each person.
//
// A week begins on Monday at midnight in the organization's time zone and is written as the date of that Monday. When it
// is over, a periodic job counts it from the event log, once, and keeps the figures; the running week is counted when
// somebody asks. Which kinds of events make a figure is said by the texts in store_measure.go, so that packages whose
// events are counted and this one do not know each other. Then the week goes out by mail to those who want it, in
// their language. Shipped are English, German, Russian and Turkish; a host brings others as data ([Deps].Templates).
//
// Weeks begin on Monday for everybody, also for people whose own week begins on another day: a week is counted once and
// kept, people of one organization compare the same figures, and what was counted stays comparable when somebody changes a
// setting. The mail tells those whose week is another from which day to which it counts.
//
// # Who sees what
//
// An organization's totals are for owners and administrators. They count what happened in all workspaces, private ones
// too: numbers without names or titles, which tell that somebody worked but not where or on what. A workspace's figures
// are for those who see the workspace, so those of a private one are for its members alone, administrators included. A
// person's figures are for that person, and for owners and administrators. All of that is policy rows.
//
// # Invariants
//
//   - A week is computed once, by one node, in one transaction; running the job again changes nothing.
//   - Weeks have neither gaps nor overlaps, whatever the clocks of the place do.
//   - After a standstill missed weeks are made up for, eight at most. They get no mails, and no overdue tasks, which can
//     only be counted as they stand.
//   - A mail is queued once for each person and week, with the totals only for who may read them at that moment.
//   - A week keeps the time zone it was computed in: changing the organization's moves later weeks only.
//
// # Wiring
//
//	weekly, err := statistics.New(statistics.Deps{DB: db, Authz: authz, Post: tenancy.Post{}, Overdue: overdue})
//
//	// overdue brings what package tasks counts to this one.
//	func overdue(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, before time.Time,
//		yield func(veranda.WorkspaceID, veranda.AccountID, int64)) error {
//		counts, err := source.OverdueCounts(ctx, tx, org, before)
//		for _, c := range counts {
//			yield(c.Workspace, c.Assignee, c.Count)
//		}
//		return err
//	}
//
// The program needs the time zone database: that of the machine, or time/tzdata. Where a zone is not known, weeks are
// those of UTC.
package statistics
