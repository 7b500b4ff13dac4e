package apps

import (
	"encoding/json"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/chart"
	"github.com/veranda-go/veranda/apps/query"
)

type viewKind struct{}

// ViewID names a view.
type ViewID = veranda.ID[viewKind]

// MaxViews is how many views of an application one list shows: those that are shared, and one's own.
const MaxViews = 500

// ViewKind is how a view shows records.
type ViewKind string

// The kinds of views.
const (
	TableView    ViewKind = "table"
	ListView     ViewKind = "list"
	CardsView    ViewKind = "cards"
	BoardView    ViewKind = "board"    // a column for each value of a field
	CalendarView ViewKind = "calendar" // by a start, and perhaps an end
	ChartView    ViewKind = "chart"    // a report: groups and what is told of them, drawn
)

// Sharing is who sees and changes a view.
type Sharing string

// The ways of sharing.
const (
	Personal Sharing = "personal" // its maker's alone
	Shared   Sharing = "shared"   // for all who see the application; its maker and who may design change it
	Locked   Sharing = "locked"   // for all who see the application; only who manages the application changes it
)

// View is a saved way to look at an application's records. It gives no right: whoever looks sees what they could list
// themselves.
type View struct {
	Org veranda.OrgID `json:"organization_id"`
	App ID            `json:"app_id"`
	ID  ViewID        `json:"id"`
	// Owner made the view; absent where a background job did.
	Owner   veranda.AccountID `json:"owner_id,omitzero"`
	Name    string            `json:"name"`
	Kind    ViewKind          `json:"kind" enum:"table,list,cards,board,calendar,chart"`
	Sharing Sharing           `json:"sharing" enum:"personal,shared,locked"`
	ViewDesign
	// Void are pointers to parts of the view that fit the application no more, or speak of what the reader does not see; they
	// are left out here, and the view's records cannot be asked for while its filter, sort or groups are among them.
	Void      []string  `json:"void,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version"`
}

// ETag is the version, for conditional requests.
func (v *View) ETag() string { return etag(v.Version) }

// Location is the address of the view.
func (v *View) Location() string { return appPath(v.Org, v.App) + "/views/" + v.ID.String() }

// ViewDesign is what a view shows and how. Fields are named by their keys.
type ViewDesign struct {
	Description string        `json:"description,omitempty" maxLength:"1000"`
	Columns     []ViewColumn  `json:"columns,omitempty" maxItems:"200" doc:"The fields shown, in their order; all where absent."`
	Filter      *query.Filter `json:"filter,omitempty"`
	Sort        []query.Sort  `json:"sort,omitempty" maxItems:"5"`
	// Groups and Aggregates gather the records of a table, and are what a chart draws.
	Groups     []query.Group     `json:"groups,omitempty" maxItems:"3"`
	Aggregates []query.Aggregate `json:"aggregates,omitempty" maxItems:"20"`
	// PageSize is how many records are shown at once, Shown how many columns.
	PageSize  int    `json:"page_size,omitempty" minimum:"0" maximum:"200"`
	Shown     int    `json:"shown_columns,omitempty" minimum:"0" maximum:"200" doc:"How many columns are shown at once."`
	RowHeight string `json:"row_height,omitempty" enum:"short,medium,tall"`
	Board     string `json:"board,omitempty" maxLength:"40" doc:"board: the field whose values are the columns: a choice, a person, a checkbox."`
	Start     string `json:"start,omitempty" maxLength:"40" doc:"calendar: a date or moment."`
	End       string `json:"end,omitempty" maxLength:"40" doc:"calendar: the last day, or the moment it ends; the same kind as the start."`
	Chart     string `json:"chart,omitempty" enum:"bar,horizontal_bar,stacked_bar,line,area,pie,donut" doc:"chart: the form of the drawing; bar where absent."`
}

// ViewColumn is a field that a view shows.
type ViewColumn struct {
	Field string `json:"field" maxLength:"40"`
	Width int    `json:"width,omitempty" minimum:"0" maximum:"2000" doc:"In pixels; as the program likes where absent."`
}

// CreateViewInput is a new view.
type CreateViewInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Name    string        `json:"name" minLength:"1" maxLength:"100"`
	Kind    ViewKind      `json:"kind" enum:"table,list,cards,board,calendar,chart"`
	Sharing Sharing       `json:"sharing,omitempty" enum:"personal,shared,locked" doc:"personal where absent."`
	ViewDesign
}

func (in *CreateViewInput) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	in.Name = c.Line("/name", in.Name, 1, MaxName)
	veranda.OneOf(&c, "/kind", in.Kind, TableView, ListView, CardsView, BoardView, CalendarView, ChartView)
	if in.Sharing == "" {
		in.Sharing = Personal
	}
	veranda.OneOf(&c, "/sharing", in.Sharing, Personal, Shared, Locked)
	return c.Err()
}

// ViewInput names a view.
type ViewInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	App  ID            `path:"app" json:"-"`
	View ViewID        `path:"view" json:"-"`
}

func (in *ViewInput) validate() error {
	var c veranda.Checks
	checkView(&c, in.Org, in.App, in.View)
	return c.Err()
}

func checkView(c *veranda.Checks, org veranda.OrgID, app ID, view ViewID) {
	checkApp(c, org, app)
	veranda.Required(c, "/view_id", view)
}

// ViewsInput asks for the views of an application.
type ViewsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	App ID            `path:"app" json:"-"`
}

// UpdateViewInput changes a view. What is absent stays; Design takes the place of all that the view shows.
type UpdateViewInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	View    ViewID        `path:"view" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Name    *string       `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Sharing *Sharing      `json:"sharing,omitempty" enum:"personal,shared,locked"`
	Design  *ViewDesign   `json:"design,omitempty" doc:"What the view shows and how, whole."`
}

func (in *UpdateViewInput) validate() error {
	var c veranda.Checks
	checkView(&c, in.Org, in.App, in.View)
	checkVersion(&c, in.Version)
	if in.Name != nil {
		*in.Name = c.Line("/name", *in.Name, 1, MaxName)
	}
	if in.Sharing != nil {
		veranda.OneOf(&c, "/sharing", *in.Sharing, Personal, Shared, Locked)
	}
	return c.Err()
}

// DeleteViewInput names a view to be deleted.
type DeleteViewInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	View    ViewID        `path:"view" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *DeleteViewInput) validate() error {
	var c veranda.Checks
	checkView(&c, in.Org, in.App, in.View)
	checkVersion(&c, in.Version)
	return c.Err()
}

// check reports what of a design does not fit the application, as somebody sees it, at pointers below at.
func (d *ViewDesign) check(c *veranda.Checks, at0 string, kind ViewKind, g *sight, asking query.Asking) {
	set := g.schema.set
	d.Description = c.Text(at0+"/description", d.Description, 0, 1000)
	c.Range(at0+"/page_size", int64(d.PageSize), 0, veranda.MaxPageLimit)
	c.Range(at0+"/shown_columns", int64(d.Shown), 0, MaxFields)
	if d.RowHeight != "" {
		veranda.OneOf(c, at0+"/row_height", d.RowHeight, "short", "medium", "tall")
	}
	c.Count(at0+"/columns", len(d.Columns), 0, MaxFields)
	for i, col := range d.Columns {
		place := at(at0+"/columns", i)
		if set.Field(col.Field) == nil || asking.Hidden[col.Field] {
			c.Add(place+"/field", "unknown", "is no field of this application")
		}
		c.Range(place+"/width", int64(col.Width), 0, 2000)
	}
	query.Check(c, at0+"/filter", d.Filter, set, asking)
	query.CheckSort(c, at0+"/sort", d.Sort, set, asking)
	query.CheckSummary(c, at0, d.Groups, d.Aggregates, set, asking)
	d.checkKind(c, at0, kind, g, asking)
}

// checkKind checks what views of one kind have.
func (d *ViewDesign) checkKind(c *veranda.Checks, at0 string, kind ViewKind, g *sight, asking query.Asking) {
	key := func(name, value string, of ViewKind, needed bool, fits func(key string) bool, rule string) {
		place := at0 + "/" + name
		switch {
		case value == "" && kind == of && needed:
			c.Add(place, "required", "must be the key of a field, for a "+string(of))
		case value == "":
		case kind != of:
			c.Add(place, "kind", "is for views of the kind "+string(of))
		case g.schema.set.Field(value) == nil || asking.Hidden[value]:
			c.Add(place, "unknown", "is no field of this application")
		case !fits(value):
			c.Add(place, "kind", rule)
		}
	}
	key("board", d.Board, BoardView, true, g.boards, "must be a choice, one person or a checkbox")
	key("start", d.Start, CalendarView, true, g.dates, "must be a date or a moment")
	key("end", d.End, CalendarView, false, func(end string) bool {
		a, b := g.schema.set.Field(d.Start), g.schema.set.Field(end)
		return g.dates(end) && a != nil && a.Kind == b.Kind
	}, "must be of the same kind as the start")
	switch {
	case d.Chart != "" && kind != ChartView:
		c.Add(at0+"/chart", "kind", "is for views of the kind chart")
	case d.Chart != "":
		veranda.OneOf(c, at0+"/chart", chart.Kind(d.Chart), chart.Kinds()...)
	}
	if kind == ChartView && len(d.Groups) == 0 {
		c.Add(at0+"/groups", "required", "must be given: a chart draws groups")
	}
	if kind == ChartView && len(d.Groups) > 2 {
		c.Add(at0+"/groups", "too_many", "must be at most two: the categories, and the series of each")
	}
}

func decodeDesign(text string) (d ViewDesign, err error) {
	err = json.Unmarshal([]byte(text), &d)
	return d, err
}
