package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// Change is the data of a frame "change": what happened, as the log has it. Whom else it was addressed to is not said.
type Change struct {
	ID        veranda.EventID      `json:"id"`
	Org       veranda.OrgID        `json:"organization_id"`
	Workspace *veranda.WorkspaceID `json:"workspace_id,omitempty"`
	Kind      string               `json:"kind"`
	Subject   string               `json:"subject_id"`
	By        *veranda.AccountID   `json:"by,omitempty"`
	System    string               `json:"system,omitempty"`
	At        time.Time            `json:"at"`
	Data      json.RawMessage      `json:"data"`
}

// Access is the data of a frame "access": what one may see of an organization differs now. Whoever shows it reads anew.
type Access struct {
	Org veranda.OrgID `json:"organization_id"`
}

// Unread is the data of a frame "unread": how much waits for one.
type Unread struct {
	// Org is the organization the number is of; zero for one of all organizations together.
	Org     veranda.OrgID `json:"organization_id"`
	Counter string        `json:"counter"`
	Unread  int64         `json:"unread"`
}

// End is the data of a frame "end", after which the stream is closed.
type End struct {
	Reason string `json:"reason"`
}

// entry is an event as the hub keeps it. Its frame is made once, for everybody.
type entry struct {
	event    veranda.Event
	position int64
	kind     int // in Deps.Kinds
	once     sync.Once
	bytes    []byte
}

// frame is what is sent after the line of the id.
func (e *entry) frame() []byte {
	e.once.Do(func() {
		c := Change{
			ID: e.event.ID, Org: e.event.Org, Kind: e.event.Kind, Subject: e.event.Subject, System: e.event.System, At: e.event.At, Data: e.event.Data,
		}
		if !e.event.Workspace.IsZero() {
			c.Workspace = &e.event.Workspace
		}
		if !e.event.By.IsZero() {
			c.By = &e.event.By
		}
		e.bytes = frame("change", c)
	})
	return e.bytes
}

// frame is a server-sent event (HTML standard, section 9.2) without its id.
func frame(name string, data any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\ndata: ", name)
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		// Structs of this package always marshal, but for event data that is no JSON, which no database kept.
		return fmt.Appendf(nil, ": %s\n\n", "unreadable")
	}
	b.WriteByte('\n') // Encode ended the line
	return b.Bytes()
}

// idLine says which cursor to resume from once the frame after it was read.
func idLine(cursor string) []byte { return []byte("id: " + cursor + "\n") }
