package apps

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// HistoryEntry is something that happened to a record.
type HistoryEntry struct {
	// Version is that which the change made.
	Version int64  `json:"version"`
	Kind    string `json:"kind" enum:"created,changed,deleted,restored"`
	// By is absent where a background job did it.
	By veranda.AccountID `json:"by,omitzero"`
	At time.Time         `json:"at"`
	// Changes are the fields that changed, from what to what; those that the reader does not see are left out.
	Changes []FieldChange `json:"changes"`
}

// FieldChange is one field of a change, in the shapes that its kind had then.
type FieldChange struct {
	Field string          `json:"field" doc:"The field's key."`
	Name  string          `json:"name"`
	Kind  field.Kind      `json:"kind"`
	Old   json.RawMessage `json:"old"`
	New   json.RawMessage `json:"new"`
}

// HistoryInput asks for what happened to a record.
type HistoryInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Record RecordID      `path:"record" json:"-"`
	Field  string        `query:"field" json:"-" maxLength:"40" doc:"Only changes of the field with this key."`
	veranda.Page
}

const historyList = "apps.history"

// validate gives the size of the page and the version it begins before; 0 is the beginning.
func (in *HistoryInput) validate() (size int, before int64, err error) {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	size = in.Size(&c)
	if position := in.Position(&c, historyList, 1); position != nil {
		if before, err = strconv.ParseInt(position[0], 10, 64); err != nil || before < 1 {
			badCursor(&c)
		}
	}
	return size, before, c.Err()
}

// RestoreVersionInput names a version of a record.
type RestoreVersionInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Record RecordID      `path:"record" json:"-"`
	// Restore is the version whose values the record gets again; Version that which it has now.
	Restore int64 `path:"version" json:"-" minimum:"1"`
	Version int64 `header:"If-Match" json:"-"`
}

func (in *RestoreVersionInput) validate() error {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	checkVersion(&c, in.Version)
	c.Range("/version", in.Restore, 1, 1<<53)
	return c.Err()
}
