package apps

import (
	"time"

	"github.com/veranda-go/veranda"
)

// DeletedFor is how long what was deleted can be restored; then it is purged with all that hangs on it.
const DeletedFor = 30 * 24 * time.Hour

// DeletedApp is what is shown of a deleted application.
type DeletedApp struct {
	Org       veranda.OrgID       `json:"organization_id"`
	ID        ID                  `json:"id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Name      string              `json:"name"`
	// CreatedBy and DeletedBy are absent where a background job did it.
	CreatedBy veranda.AccountID `json:"created_by,omitzero"`
	DeletedAt time.Time         `json:"deleted_at"`
	DeletedBy veranda.AccountID `json:"deleted_by,omitzero"`
	// PurgedAt is the moment from which on it may be gone for good.
	PurgedAt time.Time `json:"purged_at"`
	Version  int64     `json:"version"`
}

// DeletedRecord is a record that was deleted, as somebody sees it.
type DeletedRecord struct {
	Record
	DeletedAt time.Time         `json:"deleted_at"`
	DeletedBy veranda.AccountID `json:"deleted_by,omitzero"`
	PurgedAt  time.Time         `json:"purged_at"`
}

// DeletedRecordsInput asks for the deleted records of an application.
type DeletedRecordsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	App ID            `path:"app" json:"-"`
	veranda.Page
}

const deletedRecordsList = "apps.deleted_records"

// latest is a moment after all others, in microseconds since 1970.
var latest = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()

func (in *DeletedRecordsInput) validate() (size int, position []string, err error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	size = in.Size(&c)
	position = idPosition(&c, in.Page, deletedRecordsList)
	return size, position, c.Err()
}

func highestID[Kind any]() veranda.ID[Kind] {
	id, err := veranda.ParseID[Kind]("ffffffff-ffff-ffff-ffff-ffffffffffff")
	if err != nil { // the text is right
		panic(err)
	}
	return id
}
