package stream

import (
	"encoding/json"
	"time"

	"github.com/veranda-go/veranda"
)

// Item is something that happened, as a stream shows it.
type Item struct {
	ID        veranda.EventID     `json:"id"`
	Kind      string              `json:"kind" doc:"What happened, such as tasks.task_finished."`
	At        time.Time           `json:"at"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	// By is who did it; absent when a background job did, which System then names.
	By      *Person `json:"by,omitempty"`
	System  string  `json:"system,omitempty" doc:"The background job that did it."`
	Subject string  `json:"subject_id" doc:"The id of what it happened to."`
	// Data is what the kind's own package says.
	Data json.RawMessage `json:"data"`
	// Status is set where a status was posted, as it stands now.
	Status *Status `json:"status,omitempty"`
	// Run is set where the item stands for several alike; the item itself is the newest of them.
	Run *Run `json:"run,omitempty"`
}

// Run is several items in one: what one person did in one workspace, of one kind, one after the other within an hour.
// Service.ListRun lists them.
type Run struct {
	Count   int64     `json:"count" doc:"How many there are."`
	FirstAt time.Time `json:"first_at" doc:"When the oldest of them happened."`
	LastAt  time.Time `json:"last_at" doc:"When the newest of them happened."`
	// Oldest is the last event of the run as the stream goes down; the item's own id is the first.
	Oldest veranda.EventID `json:"oldest_id" doc:"The oldest of them; the item itself is the newest."`
	// Sample are the newest of them, runSample at most, the item itself among them.
	Sample []RunEvent `json:"sample" doc:"The newest of them, five at most, the item itself among them."`
}

// RunEvent is one of the items that a run stands for.
type RunEvent struct {
	ID      veranda.EventID `json:"id"`
	Subject string          `json:"subject_id"`
	At      time.Time       `json:"at"`
	Data    json.RawMessage `json:"data"`
}

// Filter narrows a stream. What is set must all hold.
type Filter struct {
	Kinds    []string          `query:"kind" json:"-" maxItems:"20" maxLength:"100" doc:"Only these; may be repeated. A group such as tasks, or a kind such as tasks.task_finished."`
	By       veranda.AccountID `query:"by" json:"-" doc:"Only what this person did."`
	Since    time.Time         `query:"since" json:"-" doc:"Only what happened at this moment or later."`
	Until    time.Time         `query:"until" json:"-" doc:"Only what happened before this moment."`
	Statuses bool              `query:"statuses" json:"-" doc:"Only what people posted."`
	Text     string            `query:"text" json:"-" maxLength:"200" doc:"Only statuses in which all of these words are found, in any order and spelled with capitals or without."`
	// Collapse makes one item of several alike: see Run. Without it every event is an item of its own, as a program wants
	// that follows a stream.
	Collapse bool `query:"collapse" json:"-" doc:"Show what one person did several times within an hour as one item."`
}

// ListInput asks for the stream of a workspace.
type ListInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Filter
	veranda.Page
}

// ListAllInput asks for the streams of all workspaces of an organization that the caller may see.
type ListAllInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	// Workspaces narrows it to some; one that the caller may not see is one where nothing happened.
	Workspaces []veranda.WorkspaceID `query:"workspace" json:"-" maxItems:"100" doc:"Only these workspaces; may be repeated."`
	Filter
	veranda.Page
}

// ListRunInput asks for the items that a collapsed one stands for.
type ListRunInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Newest    veranda.EventID     `query:"newest" json:"-" required:"true" doc:"The id of the item."`
	Oldest    veranda.EventID     `query:"oldest" json:"-" required:"true" doc:"The oldest_id of its run."`
	veranda.Page
}

// The names of the lists in their cursors.
const (
	workspaceList    = "stream.workspace"
	organizationList = "stream.organization"
	runList          = "stream.run"
)

// position is the event a page lies below: above all of them for the first page.
func position(c *veranda.Checks, page veranda.Page, list string) veranda.EventID {
	before := lastEvent
	if at := page.Position(c, list, 1); at != nil && before.UnmarshalText([]byte(at[0])) != nil {
		badCursor(c)
	}
	return before
}

// lastEvent is an id above all others.
var lastEvent = func() (id veranda.EventID) {
	if err := id.UnmarshalText([]byte("ffffffff-ffff-ffff-ffff-ffffffffffff")); err != nil { // a constant
		panic(err)
	}
	return id
}()

// above is the least id greater than one: a page below it begins with the one.
func above(id veranda.EventID) veranda.EventID {
	text := []byte(id.String())
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case '-':
			continue
		case 'f':
			text[i] = '0'
			continue
		case '9':
			text[i] = 'a'
		default:
			text[i]++
		}
		break
	}
	var next veranda.EventID
	if next.UnmarshalText(text) != nil || next.IsZero() {
		return lastEvent
	}
	return next
}
