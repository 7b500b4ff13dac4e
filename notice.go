package veranda

import "context"

// NoticeSource is what a package has to tell people: it turns an event into notices, in the background, once for each
// event. Package tenancy/notifications takes sources of all packages and brings the notices to people's inboxes, mails
// and phones, by what each of them prefers; whoever may not see the event's workspace by then gets none.
type NoticeSource struct {
	// Kinds are what the source gives notices of.
	Kinds []NoticeKind
	// Events are the patterns of the events it wants, as of a Consumer.
	Events []string
	// Notices says whom an event concerns. It runs in the transaction that stores the notices. Who did it themselves
	// need not be left out: nobody is told of their own deeds, unless the notice says so.
	Notices func(ctx context.Context, tx *Tx, e Event) ([]Notice, error)
}

// NoticeKind is a kind of notice that people choose channels for.
type NoticeKind struct {
	// Name is "<package>.<what>", such as "tasks.assigned"; people's preferences are kept by it, so keep it stable.
	Name string
	// Meaning says in a line when one gets it, for the page of preferences.
	Meaning string
	// Mail and Phone tell whether it leaves the product by these channels where a person has chosen nothing.
	Mail, Phone bool
	// Urgent notices do not wait for quiet hours to end nor for a digest: a reminder, a code.
	Urgent bool
	// Sentences are what it says, by language ("en" is needed): a template of text/template with .By, who did it, .Title,
	// .Count and .Place, the workspace's name. Where nobody in person did it, .By is empty.
	Sentences map[string]string
}

// Notice tells one person of one thing.
type Notice struct {
	To   AccountID
	Kind string
	// Title is what it is about, in one line: a task's title, a conversation's subject. Empty for none.
	Title string
	// Subject is the id of what it is about, Path where it is found over HTTP.
	Subject, Path string
	// Group makes later notices of a kind take the place of one that is unread, which counts them: "task/<id>". Empty:
	// each stands alone.
	Group string
	// Own is set for what somebody is told though they did it themselves, such as a reminder they asked for.
	Own bool
}
