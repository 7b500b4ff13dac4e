// Package live tells people at once what happens in the workspaces they see, and what is addressed to them, on any number
// of server nodes. A host gives it the event log and an Authorizer and carries its frames to clients: over server-sent
// events, as the server in examples does, or by any other means.
//
// # How it stands
//
// One reader per node follows the event log in the order of commits, for all who are connected. A signal wakes it: of this
// program's own commits, and of other nodes' through Redis or PostgreSQL (veranda.DB.Follow, veranda.Start). The signal
// carries no content, so losing one costs half a second, for as often the reader looks anyway.
//
// A [Subscription] is a client's stream. It has the events of all organizations of the person, or of one. Each event has a
// frame, made once for everybody, and each client a line before it with its cursor.
//
// # Invariants
//
//   - Nothing is missed and nothing comes twice, whatever breaks: the cursor is a position in the log, which transactions
//     get in the order they become visible in. A stream either takes part in delivery or reads by itself what comes after
//     its cursor; it changes from the second to the first only while nothing is delivered.
//   - Nothing that was committed after a right was taken away is delivered: who may see the events of a batch is asked of
//     the primary after the batch was read. Nothing is remembered of rights between batches.
//   - A stream whose session or last membership ended is closed within a second, also where no event tells of it: everybody
//     who is connected is looked at in one read every half second, and at once after the events in Deps.Rights.
//   - A client that does not read holds up no other and takes no memory: beyond 64 waiting frames they are dropped, and the
//     stream reads again from its cursor.
//
// What the access version of a workspace cannot tell (an ended session, a disabled membership, a policy row, a consent
// that expires) has no version at all; so rights are read anew for each batch rather than kept until a version moves. It is
// one statement for all actors and workspaces of the batch.
//
// # Frames
//
// "ready" comes first, with a cursor. "change" is an event ([Change]). "access" says that the person sees another set of
// workspaces of an organization than before, or has other roles there ([Access]); whoever shows it reads it anew. "unread"
// is a number ([Unread]). "resync" says that the stream cannot tell all that was missed, more than 1,000 events or from too
// long ago: the client reads everything anew, and the stream goes on from there. "end" is the last ([End]).
//
// Somebody who joins an organization is told from the event on that says so, or else within half a second, and gets
// "access" then.
//
// # Wiring
//
//	hub, err := live.New(live.Deps{DB: db, Authz: authz, Kinds: []live.Kind{{Pattern: "tasks.*", Permission: tasks.PermRead}}})
//	go hub.Run(ctx)
//	subscription, err := hub.Subscribe(ctx, actor, live.SubscribeInput{Cursor: last})
//	defer subscription.Close()
//	send(subscription.Hello())
//	for {
//		pieces, err := subscription.Next(ctx)
//		// send the pieces; end on live.Ended(err); wait for subscription.Wake()
//	}
package live
