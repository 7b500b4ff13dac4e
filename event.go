package veranda

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Event is a change that happened. Events are stored in the transaction that makes the change and are the one source of
// the activity stream, the audit log, notifications, statistics and of what a host program reacts to. They are never
// changed afterwards.
type Event struct {
	ID EventID `json:"id"`
	// Org is the organization it happened in; zero for what concerns an account alone.
	Org OrgID `json:"organization_id"`
	// Workspace is the workspace it happened in; zero for what concerns the organization.
	Workspace WorkspaceID `json:"workspace_id"`
	// Kind is "<package>.<thing>_<past participle>", such as "tasks.task_finished".
	Kind string `json:"kind"`
	// Subject is the id of the thing that changed.
	Subject string `json:"subject_id"`
	// To are those who alone may see the event, wherever it happened: who takes part in a conversation, whose setting it
	// is. Empty for events that whoever sees the workspace, or belongs to the organization, may see. At most
	// MaxRecipients.
	To []AccountID `json:"to,omitempty"`
	// By is the account that did it; zero for system actors and anonymous ones.
	By AccountID `json:"by"`
	// System names the background job that did it, if one did.
	System string    `json:"system,omitempty"`
	At     time.Time `json:"at"`
	// Data is what the kind's documentation says; never a secret, never more than what readers of the subject may see.
	Data json.RawMessage `json:"data"`
}

// MaxRecipients is how many people an event can be addressed to.
const MaxRecipients = 1000

// Addressed tells whether only some people may see the event.
func (e Event) Addressed() bool { return len(e.To) > 0 }

// recipients are To as the log keeps it.
func (e Event) recipients() string {
	if len(e.To) == 0 {
		return ""
	}
	ids := make([]string, len(e.To))
	for i, id := range e.To {
		ids[i] = id.String()
	}
	return strings.Join(ids, " ")
}

// recipientList reads To from the log.
type recipientList struct{ to *[]AccountID }

func (r recipientList) Scan(src any) error {
	var text string
	if err := Optional(&text).Scan(src); err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	for field := range strings.SplitSeq(text, " ") {
		var id AccountID
		if err := id.UnmarshalText([]byte(field)); err != nil {
			return fmt.Errorf("veranda: recipients of an event: %w", err)
		}
		*r.to = append(*r.to, id)
	}
	return nil
}

// MarshalData is the Data of an event.
func MarshalData(value any) json.RawMessage {
	data, err := json.Marshal(value)
	if err != nil {
		// The values are structs of this module with fields that always marshal.
		panic(fmt.Sprintf("veranda: event data: %v", err))
	}
	return data
}

// Hook lets a host veto a change: Before runs inside the transaction, before it commits, for every event whose kind
// matches. An error undoes the whole transaction and is what the caller of the method gets; give an *Error to choose
// code and message.
type Hook struct {
	Name   string
	Kinds  []string // "tasks.task_finished", "tasks.*" or "*"
	Before func(ctx context.Context, tx *Tx, e Event) error
}

// Consumer reacts to events after they are committed, in the background, at least once. Exactly one of Handle and
// Deliver is set.
type Consumer struct {
	// Name is stored with every open piece of work: keep it stable.
	Name  string
	Kinds []string
	// Handle runs in the transaction that closes the work: what it writes there happens exactly once.
	Handle func(ctx context.Context, tx *Tx, events []Event) error
	// Deliver runs outside any transaction, for effects elsewhere (mail, HTTP). It may be repeated after a crash, so it
	// keeps its own mark of what is done.
	Deliver func(ctx context.Context, e Event) error
	// Long tells that Deliver may take any time: its claim is renewed while it runs. Its context ends when the node stops,
	// and what was not done then is done again at once by another one, or after the start.
	Long bool
}

// matches tells whether one of the patterns covers a kind.
func matches(patterns []string, kind string) bool {
	for _, p := range patterns {
		if p == "*" || p == kind {
			return true
		}
		if prefix, ok := strings.CutSuffix(p, "*"); ok && strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}
