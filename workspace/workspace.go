package workspace

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// Workspace is a place in an organization where its members work together.
type Workspace struct {
	ID          veranda.WorkspaceID `json:"id"`
	Org         veranda.OrgID       `json:"organization_id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	// Open tells whether every employee sees and edits it; otherwise its members alone.
	Open bool `json:"open"`
	// Member tells whether who asked is a member of it, Role with which role.
	Member bool `json:"member"`
	Role   Role `json:"role,omitempty"`

	CreatedBy veranda.AccountID `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	Version   int64             `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (w Workspace) ETag() string { return strconv.Quote(strconv.FormatInt(w.Version, 10)) }

// Location is the workspace's path.
func (w Workspace) Location() string {
	return "/v1/organizations/" + w.Org.String() + "/workspaces/" + w.ID.String()
}

// The bounds of texts, in characters.
const (
	maxName        = 100
	maxDescription = 5000
	maxSearch      = 100
)

// CreateInput makes a workspace.
type CreateInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Name        string        `json:"name" minLength:"1" maxLength:"100"`
	Description string        `json:"description,omitempty" maxLength:"5000"`
	Open        bool          `json:"open,omitempty" doc:"Whether every employee sees and edits it; otherwise only those who are added."`
}

func (in *CreateInput) validate() error {
	var c veranda.Checks
	in.Name = c.Line("/name", in.Name, 1, maxName)
	in.Description = c.Text("/description", in.Description, 0, maxDescription)
	return c.Err()
}

// GetInput names a workspace.
type GetInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
}

// Sort is the order of a list of workspaces.
type Sort string

// The orders.
const (
	SortName    Sort = "name"    // A to Z; letters of ASCII without regard to case, all others by code point
	SortCreated Sort = "created" // newest first
)

// ListInput asks for the workspaces the actor may see.
type ListInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Query string `query:"q" json:"-" maxLength:"100" doc:"A part of the name."`
	Mine  bool   `query:"mine" json:"-" doc:"Only workspaces one is a member of."`
	Sort  Sort   `query:"sort" json:"-" enum:"name,created" default:"name" doc:"By name, or by the time of making with the newest first."`
}

// checked are the parts of a list's input as the query takes them.
func (in *ListInput) checked() (limit int, position []string, err error) {
	var c veranda.Checks
	if in.Sort == "" {
		in.Sort = SortName
	}
	veranda.OneOf(&c, "/sort", in.Sort, SortName, SortCreated)
	in.Query = c.Line("/q", in.Query, 0, maxSearch)
	limit = in.Size(&c)
	position = in.Position(&c, listCursor(in.Sort), 2)
	if position != nil {
		if _, bad := veranda.ParseID[struct{}](position[1]); bad != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
		if _, bad := time.Parse(time.RFC3339Nano, position[0]); in.Sort == SortCreated && bad != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
	}
	return limit, position, c.Err()
}

// listCursor names a list in an order, so that a cursor of one is refused by another.
func listCursor(sort Sort) string { return "workspaces:" + string(sort) }

// UpdateInput changes a workspace; absent fields stay.
type UpdateInput struct {
	Org         veranda.OrgID       `path:"org" json:"-"`
	Workspace   veranda.WorkspaceID `path:"workspace" json:"-"`
	Version     int64               `header:"If-Match" json:"-"`
	Name        *string             `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Description *string             `json:"description,omitempty" maxLength:"5000"`
	Open        *bool               `json:"open,omitempty" doc:"Opens it to every employee, or makes it private; wants confirm_visibility."`
	// ConfirmVisibility says that the caller knows what a change of Open does to the past.
	ConfirmVisibility bool `json:"confirm_visibility,omitempty" doc:"That the past becomes visible to every employee, or hidden from everybody who is not a member, is meant."`
}

func (in *UpdateInput) validate() error {
	var c veranda.Checks
	if in.Name != nil {
		name := c.Line("/name", *in.Name, 1, maxName)
		in.Name = &name
	}
	if in.Description != nil {
		description := c.Text("/description", *in.Description, 0, maxDescription)
		in.Description = &description
	}
	if in.Name == nil && in.Description == nil && in.Open == nil {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}
