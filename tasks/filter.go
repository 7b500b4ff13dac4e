package tasks

import (
	"errors"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

type filterKind struct{}

// FilterID is the id of a saved filter.
type FilterID = veranda.ID[filterKind]

// MaxFilterName is how long the name of a saved filter may be, in characters.
const MaxFilterName = 100

// FilterFields are what a saved filter asks for: the filters and the order of ListInput.
type FilterFields struct {
	Workspaces  []veranda.WorkspaceID `json:"workspaces,omitempty" maxItems:"50" doc:"Only tasks in these workspaces. Absent in a shared filter, which is about its own workspace."`
	Mine        Mine                  `json:"mine,omitempty" enum:"assigned,created,finished,followed,delegated" doc:"Of whoever runs the filter."`
	State       State                 `json:"state,omitempty" enum:"open,finished"`
	Assignees   []string              `json:"assignees,omitempty" maxItems:"50" doc:"Account ids, me (whoever runs the filter), or none."`
	Creators    []string              `json:"creators,omitempty" maxItems:"50" doc:"Account ids, or me."`
	Followers   []string              `json:"followers,omitempty" maxItems:"50" doc:"Account ids, or me."`
	Labels      []string              `json:"labels,omitempty" maxItems:"20" doc:"Labels, of which a task has at least one."`
	AllLabels   []string              `json:"all_labels,omitempty" maxItems:"20" doc:"Labels, all of which a task has."`
	Priorities  []int                 `json:"priorities,omitempty" maxItems:"5" doc:"Priorities, 0 to 4."`
	MinPriority int                   `json:"min_priority,omitempty" minimum:"0" maximum:"4"`
	DueAfter    *time.Time            `json:"due_after,omitempty" doc:"Due at this moment or later."`
	DueBefore   *time.Time            `json:"due_before,omitempty" doc:"Due before this moment."`
	Overdue     bool                  `json:"overdue,omitempty" doc:"Only open tasks that should be finished by the time the filter is run."`
	Search      string                `json:"search,omitempty" maxLength:"200" doc:"At most 8 words that title or description contain."`
	StartAfter  *time.Time            `json:"start_after,omitempty" doc:"Starting at this moment or later."`
	StartBefore *time.Time            `json:"start_before,omitempty" doc:"Starting before this moment."`
	Parent      ID                    `json:"parent,omitzero" required:"false" doc:"Only the sub-tasks of this task."`
	Top         bool                  `json:"top,omitempty" doc:"Only tasks that are a part of no other."`
	Stage       StageID               `json:"stage,omitzero" required:"false" doc:"Only the cards of this stage of a board."`
	Series      SeriesID              `json:"series,omitzero" required:"false" doc:"Only the instances of this recurring task."`
	Sort        Sort                  `json:"sort,omitempty" enum:"due,priority,created,updated,finished,start,rank,board,-due,-priority,-created,-updated,-finished,-start"`
}

// list is the list that the fields ask for.
func (f *FilterFields) list(org veranda.OrgID) ListInput {
	in := ListInput{
		Org: org, Workspaces: f.Workspaces, Mine: f.Mine, State: f.State, Assignees: f.Assignees, Creators: f.Creators, Followers: f.Followers,
		Labels: f.Labels, AllLabels: f.AllLabels, Priorities: f.Priorities, MinPriority: f.MinPriority, Overdue: f.Overdue, Search: f.Search, Sort: f.Sort,
		Parent: f.Parent, Top: f.Top, Stage: f.Stage, Series: f.Series,
	}
	if f.StartAfter != nil {
		in.StartAfter = *f.StartAfter
	}
	if f.StartBefore != nil {
		in.StartBefore = *f.StartBefore
	}
	if f.DueAfter != nil {
		in.DueAfter = *f.DueAfter
	}
	if f.DueBefore != nil {
		in.DueBefore = *f.DueBefore
	}
	return in
}

// plural are the fields that a list's parameters name in the singular.
var plural = map[string]string{
	"workspace": "workspaces", "assignee": "assignees", "creator": "creators", "follower": "followers", "label": "labels", "priority": "priorities",
}

// check reports what is wrong with the fields as the list would, under their own names. shared is the workspace in which
// the filter is shared, if it is.
func (f *FilterFields) check(c *veranda.Checks, pointer string, org veranda.OrgID, shared veranda.WorkspaceID) {
	in := f.list(org)
	if !shared.IsZero() {
		in.Workspaces = []veranda.WorkspaceID{shared}
	}
	_, err := in.validate()
	var invalid *veranda.Error
	if !errors.As(err, &invalid) {
		return
	}
	for _, field := range invalid.Fields {
		name, rest, deeper := strings.Cut(strings.TrimPrefix(field.Pointer, "/"), "/")
		if name == "organization_id" {
			continue
		}
		if own, renamed := plural[name]; renamed {
			name = own
		}
		if deeper {
			name += "/" + rest
		}
		c.Add(pointer+"/"+name, field.Rule, field.Message)
	}
}

// SavedFilter is a filter that somebody keeps under a name, for themselves or for all who see a workspace.
type SavedFilter struct {
	Org veranda.OrgID `json:"organization_id"`
	ID  FilterID      `json:"id"`
	// Owner is who made it.
	Owner veranda.AccountID `json:"owner_id"`
	// Workspace is where the filter is shared, and what it is about; absent for a filter of its owner's own.
	Workspace veranda.WorkspaceID `json:"workspace_id,omitzero"`
	Name      string              `json:"name"`
	Filter    FilterFields        `json:"filter"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
	Version   int64               `json:"version"`
}

// ETag is the version as HTTP's entity tag.
func (f SavedFilter) ETag() string { return etag(f.Version) }

// Location is the filter's path over HTTP.
func (f SavedFilter) Location() string {
	return "/v1/organizations/" + f.Org.String() + "/task-filters/" + f.ID.String()
}

// CreateFilterInput is a filter to be saved.
type CreateFilterInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `json:"workspace_id,omitzero" required:"false" doc:"Where it is shared; one's own when absent."`
	Name      string              `json:"name" minLength:"1" maxLength:"100"`
	Filter    FilterFields        `json:"filter"`
}

func (in *CreateFilterInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	in.Name = c.Line("/name", in.Name, 1, MaxFilterName)
	in.Filter.check(&c, "/filter", in.Org, in.Workspace)
	if !in.Workspace.IsZero() {
		checkShared(&c, &in.Filter)
	}
	return c.Err()
}

// checkShared reports workspaces in a filter that is about one.
func checkShared(c *veranda.Checks, f *FilterFields) {
	if len(f.Workspaces) > 0 {
		c.Add("/filter/workspaces", "exclusive", "must be absent in a shared filter, which is about its own workspace")
	}
}

// FilterInput names a saved filter.
type FilterInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Filter FilterID      `path:"filter" json:"-"`
}

func (in *FilterInput) validate() error {
	var c veranda.Checks
	checkFilter(&c, in.Org, in.Filter)
	return c.Err()
}

func checkFilter(c *veranda.Checks, org veranda.OrgID, filter FilterID) {
	veranda.Required(c, "/organization_id", org)
	veranda.Required(c, "/filter_id", filter)
}

// UpdateFilterInput changes a saved filter; what is left out stays as it is. Where it is shared does not change.
type UpdateFilterInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	FilterID FilterID      `path:"filter" json:"-"`
	Version  int64         `header:"If-Match" json:"-"`
	Name     *string       `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Filter   *FilterFields `json:"filter,omitempty" doc:"All of it."`
}

func (in *UpdateFilterInput) validate() error {
	var c veranda.Checks
	checkFilter(&c, in.Org, in.FilterID)
	checkVersion(&c, in.Version)
	if in.Name != nil {
		name := c.Line("/name", *in.Name, 1, MaxFilterName)
		in.Name = &name
	}
	if in.Filter != nil {
		asked := *in.Filter
		if len(asked.Workspaces) == 0 && (asked.Sort == SortRank || asked.Sort == SortBoard) {
			asked.Sort = "" // orders of one workspace: whether it is shared in one is known when it is read
		}
		asked.check(&c, "/filter", in.Org, veranda.WorkspaceID{})
	}
	return c.Err()
}

// DeleteFilterInput names a saved filter that is to be deleted.
type DeleteFilterInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	FilterID FilterID      `path:"filter" json:"-"`
	Version  int64         `header:"If-Match" json:"-"`
}

func (in *DeleteFilterInput) validate() error {
	var c veranda.Checks
	checkFilter(&c, in.Org, in.FilterID)
	checkVersion(&c, in.Version)
	return c.Err()
}

// FiltersInput asks for the saved filters one has: one's own, and those shared in workspaces one sees.
type FiltersInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
}

// filtersList names the cursors of the list of saved filters.
const filtersList = "tasks.filters"

// validate gives the size of the page and the filter it comes after.
func (in *FiltersInput) validate() (size int, after FilterID, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	size = in.Size(&c)
	if position := in.Position(&c, filtersList, 1); position != nil {
		if after, err = veranda.ParseID[filterKind](position[0]); err != nil {
			badCursor(&c)
		}
	}
	return size, after, c.Err()
}
