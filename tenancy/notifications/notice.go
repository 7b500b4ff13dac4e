package notifications

import (
	"time"

	"github.com/veranda-go/veranda"
)

type noticeKind struct{}

// NoticeID is the id of a notice.
type NoticeID = veranda.ID[noticeKind]

// Notice is one thing somebody is told.
type Notice struct {
	ID        NoticeID            `json:"id"`
	Org       veranda.OrgID       `json:"organization_id" doc:"All zeros for what concerns the account alone."`
	Workspace veranda.WorkspaceID `json:"workspace_id" doc:"All zeros for what lies in no workspace."`
	Kind      string              `json:"kind"`
	// Sentence says it in the reader's language.
	Sentence string `json:"sentence" doc:"What happened, in the reader's language."`
	Title    string `json:"title" doc:"What it is about, as it was called then."`
	Place    string `json:"place" doc:"The workspace's name."`
	Subject  string `json:"subject_id" doc:"The id of what it is about."`
	Path     string `json:"path" doc:"Where it is found."`
	// By is who did it last; zero where nobody in person did.
	By     veranda.AccountID `json:"by"`
	ByName string            `json:"by_name"`
	Count  int64             `json:"count" doc:"How many like it came while it was unread."`
	At     time.Time         `json:"at" doc:"When the newest of them happened."`
	ReadAt *time.Time        `json:"read_at,omitempty"`
}

// ListInput asks for the caller's notices, newest first.
type ListInput struct {
	veranda.Page
	Unread    bool                `query:"unread" json:"-" doc:"Only unread ones."`
	Org       veranda.OrgID       `query:"organization" json:"-" doc:"Only of this organization."`
	Workspace veranda.WorkspaceID `query:"workspace" json:"-" doc:"Only of this workspace."`
	Kind      string              `query:"kind" json:"-" maxLength:"100" doc:"Only of this kind."`
}

// Unread are counts of unread notices.
type Unread struct {
	Unread        int64       `json:"unread"`
	Organizations []OrgUnread `json:"organizations"`
}

// OrgUnread is how many are unread of one organization.
type OrgUnread struct {
	Org    veranda.OrgID `json:"organization_id" doc:"All zeros for what concerns the account alone."`
	Unread int64         `json:"unread"`
}

// NoticeInput names one of the caller's notices.
type NoticeInput struct {
	Notice NoticeID `path:"notice" json:"-"`
}

// ReadAllInput marks many as read.
type ReadAllInput struct {
	// UpTo is the newest notice the caller saw: what came later stays unread. Zero marks all.
	UpTo NoticeID      `json:"up_to,omitzero" doc:"The newest notice one saw; those that came later stay unread. Absent: all."`
	Org  veranda.OrgID `json:"organization_id,omitzero" doc:"Only of this organization."`
}

// Marked tells how many notices a call marked.
type Marked struct {
	Marked int64 `json:"marked"`
}
