package apps

import (
	"time"

	"github.com/veranda-go/veranda"
)

// The kinds of events. Each lies in the application's workspace. The subject of the app_ and field_ kinds is the
// application's id, that of the record_ kinds the record's, that of the comment_ kinds the comment's. The data of events
// about records holds ids and the keys of fields, never what records say: events stay when records are purged.
const (
	EventAppCreated     = "apps.app_created"     // data: AppChanged
	EventAppUpdated     = "apps.app_updated"     // data: AppChanged
	EventAppDeleted     = "apps.app_deleted"     // data: AppChanged
	EventAppRestored    = "apps.app_restored"    // data: AppChanged
	EventFieldAdded     = "apps.field_added"     // data: FieldChanged
	EventFieldUpdated   = "apps.field_updated"   // data: FieldChanged
	EventFieldMoved     = "apps.field_moved"     // data: FieldChanged
	EventFieldRetyped   = "apps.field_retyped"   // data: FieldChanged
	EventFieldRemoved   = "apps.field_removed"   // data: FieldChanged
	EventFieldRestored  = "apps.field_restored"  // data: FieldChanged
	EventRecordCreated  = "apps.record_created"  // data: RecordChanged
	EventRecordUpdated  = "apps.record_updated"  // data: RecordChanged
	EventRecordDeleted  = "apps.record_deleted"  // data: RecordChanged
	EventRecordRestored = "apps.record_restored" // data: RecordChanged
	EventRecordsWritten = "apps.records_written" // several at once; the subject is the application's id; data: RecordsWritten
	EventViewCreated    = "apps.view_created"    // the subject is the view's id; data: ViewChanged; a personal view's is for its owner
	EventViewUpdated    = "apps.view_updated"    // as above
	EventViewDeleted    = "apps.view_deleted"    // as above
	EventValuesLate     = "apps.values_late"     // many lookups or roll-ups are computed in the background; the subject is the application's id; no data
	EventTrashPurged    = "apps.trash_purged"    // the subject is the application's id; data: TrashPurged
	EventImportStarted  = "apps.import_started"  // the subject is the import's id; data: ImportChanged
	EventImportAsked    = "apps.import_asked"    // somebody asks for an import to be cancelled; as above
	EventImportEnded    = "apps.import_ended"    // as above
	EventCommentAdded   = "apps.comment_added"   // data: RecordChanged
	EventCommentEdited  = "apps.comment_edited"  // data: RecordChanged
	EventCommentDeleted = "apps.comment_deleted" // data: RecordChanged
)

// AppChanged is the data of events about an application.
type AppChanged struct {
	Name string `json:"name"`
	// Changed are what was changed: name, description, icon, title, access, lock.
	Changed []string `json:"changed,omitempty"`
}

// FieldChanged is the data of events about a field of an application.
type FieldChanged struct {
	App   string `json:"app"`   // the application's name
	Key   string `json:"key"`   // the field's key
	Field string `json:"field"` // the field's name
	Kind  string `json:"kind"`
	// FormerKind is the kind before a retyping.
	FormerKind string `json:"former_kind,omitempty"`
}

// RecordChanged is the data of events about a record.
type RecordChanged struct {
	App  ID     `json:"app_id"`
	Name string `json:"app"` // the application's name
	// Record is the record's id, in events about its comments.
	Record RecordID `json:"record_id,omitzero"`
	// Changed are the keys of the fields that changed.
	Changed []string `json:"changed,omitempty"`
	// Mentioned are those whom a comment mentions and did not before.
	Mentioned []veranda.AccountID `json:"mentioned,omitempty"`
}

// ViewChanged is the data of events about a view.
type ViewChanged struct {
	App     ID     `json:"app_id"`
	View    string `json:"view"` // its name
	Kind    string `json:"kind"`
	Sharing string `json:"sharing"`
}

// RecordsWritten is the data of the event of a bulk call.
type RecordsWritten struct {
	Name    string `json:"app"` // the application's name
	Created int    `json:"created,omitempty"`
	Updated int    `json:"updated,omitempty"`
	Deleted int    `json:"deleted,omitempty"`
	// Records are the first of them, MaxEventRecords at most.
	Records []RecordID `json:"record_ids"`
}

// ImportChanged is the data of events about imports in the background.
type ImportChanged struct {
	App   ID          `json:"app_id"`
	Name  string      `json:"app"` // the application's name
	State ImportState `json:"state"`
	// Created and Updated are how many records were, when it has ended.
	Created int64 `json:"created,omitempty"`
	Updated int64 `json:"updated,omitempty"`
}

// MaxEventRecords is how many records an event names.
const MaxEventRecords = 100

// TrashPurged is the data of the event of records that are gone for good; App tells that the application is.
type TrashPurged struct {
	App     bool  `json:"whole_app,omitempty"`
	Records int64 `json:"records"`
}

// event is an event in an application's workspace. That of an application which shows itself only to some is told to who
// did it, and to nobody else: the workspace's members are more than may know.
func event(kind string, a *App, subject string, standing *veranda.Standing, at time.Time, data any) veranda.Event {
	e := veranda.Event{
		Org: a.Org, Workspace: a.Workspace, Kind: kind, Subject: subject, At: at,
		By: standing.Account, System: standing.System, Data: veranda.MarshalData(data),
	}
	if a.named && !standing.Account.IsZero() {
		e.Workspace, e.To = veranda.WorkspaceID{}, []veranda.AccountID{standing.Account}
	}
	return e
}
