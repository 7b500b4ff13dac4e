package tasks

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// DeletedFor is how long a deleted task can be restored; then it is purged, with everything that hangs on it.
const DeletedFor = 30 * 24 * time.Hour

// DeletedTask is what is shown of a deleted task.
type DeletedTask struct {
	Org       veranda.OrgID       `json:"organization_id"`
	ID        ID                  `json:"id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Title     string              `json:"title"`
	State     State               `json:"state" enum:"open,finished"`
	Assignees []veranda.AccountID `json:"assignees"`
	// CreatedBy and DeletedBy are absent where a background job did it.
	CreatedBy veranda.AccountID `json:"created_by,omitzero"`
	DeletedAt time.Time         `json:"deleted_at"`
	DeletedBy veranda.AccountID `json:"deleted_by,omitzero"`
	// PurgedAt is the moment from which on it may be gone for good.
	PurgedAt time.Time `json:"purged_at"`
	Version  int64     `json:"version"`
}

// RestoreInput names a deleted task.
type RestoreInput = StateInput

// DeletedInput asks for the deleted tasks of a workspace.
type DeletedInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
}

// deletedList names the cursors of the list of deleted tasks.
const deletedList = "tasks.deleted"

// validate gives the size of the page and the position it begins behind.
func (in *DeletedInput) validate() (size int, after position, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	size = in.Size(&c)
	after = position{key: neverDue, id: highestID[taskKind]()}
	if parts := in.Position(&c, deletedList, 2); parts != nil {
		if after.key, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
			badCursor(&c)
		}
		if after.id, err = veranda.ParseID[taskKind](parts[1]); err != nil {
			badCursor(&c)
		}
	}
	return size, after, c.Err()
}
