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
}

// ListInput asks for the stream of a workspace.
type ListInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Kind      string              `query:"kind" json:"-" maxLength:"100" doc:"Only these: a group such as tasks, or a kind such as tasks.task_finished."`
	By        veranda.AccountID   `query:"by" json:"-" doc:"Only what this person did."`
	veranda.Page
}

// ListAllInput asks for the streams of all workspaces of an organization that the caller may see.
type ListAllInput struct {
	Org  veranda.OrgID     `path:"org" json:"-"`
	Kind string            `query:"kind" json:"-" maxLength:"100" doc:"Only these: a group such as tasks, or a kind such as tasks.task_finished."`
	By   veranda.AccountID `query:"by" json:"-" doc:"Only what this person did."`
	veranda.Page
}

// The names of the lists in their cursors.
const (
	workspaceList    = "stream.workspace"
	organizationList = "stream.organization"
)

// selection is a checked request for a page of a stream.
type selection struct {
	list   string
	size   int
	before veranda.EventID // the page lies below this event
	kind   string
	by     veranda.AccountID
}

// filtered tells whether only some of the events are asked for.
func (s selection) filtered() bool { return s.kind != "" || !s.by.IsZero() }

// newSelection checks what both lists ask for.
func newSelection(list, kind string, by veranda.AccountID, page veranda.Page) (selection, error) {
	var c veranda.Checks
	s := selection{list: list, size: page.Size(&c), before: lastEvent, kind: kind, by: by}
	if kind != "" && !kindFilter.MatchString(kind) {
		c.Add("/kind", "kind", "must be a group such as tasks or a kind such as tasks.task_finished")
	}
	if position := page.Position(&c, list, 1); position != nil {
		if s.before.UnmarshalText([]byte(position[0])) != nil {
			badCursor(&c)
		}
	}
	return s, c.Err()
}

// lastEvent is an id above all others.
var lastEvent = func() (id veranda.EventID) {
	if err := id.UnmarshalText([]byte("ffffffff-ffff-ffff-ffff-ffffffffffff")); err != nil { // a constant
		panic(err)
	}
	return id
}()
