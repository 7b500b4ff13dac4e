// Package messaging lets people write to each other: conversations within an organization, private to those who take part.
//
// A conversation is started with people one sees in the directory, or with all members of a workspace at the moment. One of
// two without a subject is direct: there is one for two people, and who starts it again goes on in it. All others are
// groups, which can be renamed, joined by others and left. A message is named by its number in the conversation; the first
// may consist of the subject alone, and any other says something: text, links or files.
//
// # Who sees what
//
// Only who takes part, whatever the policy allows to others: owners, administrators and platform support read nothing. Who is
// added to a group reads what is said from then on; who left reads nothing of it; who deletes a conversation for themselves
// reads what is said afterwards. Who is disabled in the organization, or out of it, reads nothing and is not written to; back
// in it, they find their conversations with what was said meanwhile. Two who shared a workspace once go on in their
// conversation when they share none any more. All who take part read what a message said before it was edited; of a deleted
// one nothing is left but its number and its time.
//
// # What is unread
//
// Nothing is counted when it is asked: what somebody has unread is last_n - read_n - skip, where last_n is the conversation's
// last number, read_n the last message the person saw, and skip how many after that are their own, deleted, or hidden by
// them. Whatever changes one of the three holds the conversation's row. So the counts of all of one's conversations are
// one read of as many rows, however many messages there are.
//
// # Invariants
//
//   - The difference equals a count of the messages, whatever happens at once.
//   - The numbers of a conversation's messages have no gaps.
//   - Every event is addressed to those who take part and belong to the organization, or to one person alone, and carries
//     ids and numbers. There are no texts in the event log.
//   - At most [MaxPeople] take part in a conversation.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), files.Module(), messaging.Module())
//	messages, err := messaging.New(messaging.Deps{DB: db, Authz: authz, Files: attachments})
//	started, err := messages.Start(ctx, actor, messaging.StartInput{Org: org, Recipients: []veranda.AccountID{other}, Content: messaging.Content{Text: "Hello."}})
//	counts, err := messages.Unread(ctx, actor, messaging.UnreadInput{Org: org})
package messaging
