package stream

import (
	"time"

	"github.com/veranda-go/veranda"
)

// Mute is what somebody does not want to see among everything they may see: a workspace, a kind of events in a workspace,
// or a person. A workspace's own stream shows it all the same.
type Mute struct {
	Workspace *veranda.WorkspaceID `json:"workspace_id,omitempty" doc:"The workspace that is muted."`
	Kind      string               `json:"kind,omitempty" doc:"The only kind of events that is muted in the workspace."`
	Person    *veranda.AccountID   `json:"account_id,omitempty" doc:"The person who is muted."`
	Since     time.Time            `json:"muted_at"`
}

// MuteData is the data of events about mutes.
type MuteData struct {
	Workspace *veranda.WorkspaceID `json:"workspace_id,omitempty"`
	Kind      string               `json:"kind,omitempty"`
	Person    *veranda.AccountID   `json:"account_id,omitempty"`
}

// MuteWorkspaceInput names a workspace to mute, or a kind of events in it.
type MuteWorkspaceInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Kind      string              `query:"kind" json:"-" maxLength:"100" doc:"Only this kind of events, such as tasks.task_created; the whole workspace when absent."`
}

// MutePersonInput names a person to mute.
type MutePersonInput struct {
	Org    veranda.OrgID     `path:"org" json:"-"`
	Person veranda.AccountID `path:"account" json:"-"`
}

// ListMutesInput asks for what the caller has muted in an organization.
type ListMutesInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// muted is a row of veranda_stream_mutes but for whose it is; what is not meant is zero.
type muted struct {
	workspace veranda.WorkspaceID
	person    veranda.AccountID
	kind      string
}

func (m muted) data() MuteData {
	d := MuteData{Kind: m.kind}
	if !m.workspace.IsZero() {
		d.Workspace = &m.workspace
	}
	if !m.person.IsZero() {
		d.Person = &m.person
	}
	return d
}

func (in MuteWorkspaceInput) validate() (muted, error) {
	var c veranda.Checks
	if in.Kind != "" && (len(in.Kind) > 100 || !mutedKind.MatchString(in.Kind)) {
		c.Add("/kind", "kind", "must be a kind such as tasks.task_created")
	}
	return muted{workspace: in.Workspace, kind: in.Kind}, c.Err()
}
