package apps

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

type (
	appKind     struct{}
	recordKind  struct{}
	commentKind struct{}
)

// The ids of applications, records and comments on records.
type (
	ID        = veranda.ID[appKind]
	RecordID  = veranda.ID[recordKind]
	CommentID = veranda.ID[commentKind]
)

// What an application can hold; lengths are in characters.
const (
	MaxName        = 100
	MaxDescription = 5000
	MaxIcon        = 40
	MaxFields      = 200 // those taken away are not counted
	MaxRules       = 50
	MaxTimeZone    = 60
)

// App is an application: a table that people designed, in a workspace.
type App struct {
	Org         veranda.OrgID       `json:"organization_id"`
	ID          ID                  `json:"id"`
	Workspace   veranda.WorkspaceID `json:"workspace_id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Icon        string              `json:"icon,omitempty"`
	// Title is the key of the field by which a record is named where only one value is shown.
	Title string `json:"title,omitempty"`
	// TimeZone is in whose day "today" is, a name of the IANA's database; UTC where absent.
	TimeZone string `json:"time_zone,omitempty"`
	// Fields are those that the reader may see, in their order.
	Fields []field.Field `json:"fields"`
	// RemovedFields are those that were taken away and can be restored; only who may design the application sees them.
	RemovedFields []RemovedField `json:"removed_fields,omitempty"`
	// Lock is the condition under which a record can be changed no more, but by who manages the application.
	Lock *query.Filter `json:"lock,omitempty"`
	// Access are the rules of who may do what here, and OnlyNamed whether others see nothing; only who manages the
	// application sees them.
	Access    []Rule `json:"access,omitempty"`
	OnlyNamed bool   `json:"only_named,omitempty"`
	// Can is what the reader may do.
	Can       Can               `json:"can"`
	CreatedBy veranda.AccountID `json:"created_by,omitzero"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	Version   int64             `json:"version"`

	// named tells that the application shows itself only to those whom a rule names.
	named bool

	tier string // where the records lie, as the row has it
}

// RemovedField is a field that was taken away. Records keep its values.
type RemovedField struct {
	field.Field
	RemovedAt time.Time         `json:"removed_at"`
	RemovedBy veranda.AccountID `json:"removed_by,omitzero"`
}

// Can is what somebody may do in an application. Of records it is what they may do with some: a condition may leave others
// out.
type Can struct {
	Manage  bool `json:"manage"`
	Design  bool `json:"design"`
	Create  bool `json:"create"`
	Edit    bool `json:"edit"`
	Delete  bool `json:"delete" doc:"Records that they made, at least."`
	Comment bool `json:"comment"`
	// ReadOnly are keys of fields whose values the reader cannot change.
	ReadOnly []string `json:"read_only,omitempty"`
}

// ETag is the version, for conditional requests.
func (a *App) ETag() string { return etag(a.Version) }

func etag(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// Location is the address of the application.
func (a *App) Location() string { return appPath(a.Org, a.ID) }

func appPath(org veranda.OrgID, app ID) string {
	return "/v1/organizations/" + org.String() + "/apps/" + app.String()
}

// Rule narrows, for those with one of its roles, what an application's permissions allow. Who has roles of several rules
// may do what any of them allows, sees the records that any of them shows and the fields that any of them does not hide.
// Who has a role of none may do what the permissions allow, unless the application shows itself only to those named. Who
// manages the application is not bound by rules.
type Rule struct {
	// Roles are names of roles, in the organization or the workspace; "*" is everybody. Guests see applications of which a
	// rule names a role of theirs, and no others.
	Roles []string `json:"roles" minItems:"1" maxItems:"50"`
	// Where is the condition on the records that these people see and change; absent for all.
	Where *query.Filter `json:"where,omitempty" doc:"Which records they see and change: {\"field\": \"owner\", \"is\": \"equal\", \"value\": \"me\"}."`
	// Create, Edit, Delete and Design tell what they may do, where the permissions allow it.
	Create bool `json:"create,omitempty"`
	Edit   bool `json:"edit,omitempty"`
	Delete bool `json:"delete,omitempty"`
	Design bool `json:"design,omitempty"`
	// Hidden and ReadOnly are keys of fields.
	Hidden   []string `json:"hidden,omitempty" maxItems:"200" doc:"Fields that do not exist for them."`
	ReadOnly []string `json:"read_only,omitempty" maxItems:"200" doc:"Fields that they see and do not change."`
}
