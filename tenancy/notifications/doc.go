// Package notifications tells people what concerns them: in one inbox across their organizations, by mail and to their
// phone, as each of them chooses.
//
// What there is to tell comes from other packages as a [veranda.NoticeSource]: they say whom an event concerns, and in
// which words. A background consumer turns events into notices and drops those of who did it themselves, of who may not
// see the event's workspace at that moment, of who is no enabled member of its organization, and of who muted the place.
//
// # The inbox
//
// Notices are rows keyed by account. Those of one group, such as the comments on a task, are one notice while it is unread:
// its count rises, and it says what the newest of them says. The sentence is written when it is read, in the reader's
// language. The title is kept as it was when it happened, so a thing that was deleted or renamed since keeps its old name
// here; nothing else of its content is kept. A notice of a workspace or organization that its owner sees no longer is
// neither shown nor counted nor sent, and is there again when they see it again.
//
// # Preferences
//
// A person chooses for each kind, for all kinds of a package ("tasks.*") or for all ("*") whether it stands in the inbox, is
// mailed and goes to the phone: everywhere, or in one organization. The narrower choice of kinds wins, and among equal ones
// that for the organization; where nothing is chosen the kind's own defaults stand. When mails leave is chosen once:
// immediately, or gathered by the hour, day or week, in the account's time zone, with quiet hours during which mail and
// phone wait. What is read in the product within the first minutes is not sent besides.
//
// All that belongs to the person and so to their home, also where they work as an external or guest: no method lets
// somebody choose for another, whatever their role. An organization that hosts somebody only gives the fall-back language
// that mails are written in where nothing is written in the person's own.
//
// # Mails
//
// One mail says all that is due for a person, by organization and workspace. It stands in the delivery log of the
// organization it is about; where it is about several it stands in none of theirs, so that none learns of the others. Each
// ends its kind by one click (RFC 8058): see [Service.UnsubscribeURL] for what the mail server has to sign.
//
// # Invariants
//
//   - An event gives each person at most one notice of a kind, whatever crashes.
//   - A notice is mailed at most once, by any number of nodes; a failing mail is tried again by tenancy's delivery.
//   - Events of this package are addressed to the one person they concern and hold no text.
//   - Notices that were read 90 days ago are deleted.
//
// # Wiring
//
//	notices, err := notifications.New(notifications.Deps{
//		DB: db, Authz: authz, Post: tenancy.Post{}, Secret: secret, BaseURL: "https://veranda.example",
//		Sources: []veranda.NoticeSource{tenants.Notices(), workspaces.Notices()},
//	})
//	err = db.Every(notices.SendJob())
//	err = db.Every(notices.PurgeJob())
//
// The program serves a page at "/unsubscribe" of the base URL: its GET shows [Service.Subscribed], its POST calls
// [Service.Unsubscribe] with the token of the query, for the mail program's one click has no form field of ours.
package notifications
