package apps

import (
	"encoding/json"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

// MaxSearch is how long a search may be, in characters.
const MaxSearch = 200

// RecordsInput asks for records of an application in short form, for an address.
type RecordsInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Filter string        `query:"filter" json:"-" maxLength:"4000" doc:"A filter as JSON: {\"field\": \"price\", \"is\": \"greater\", \"value\": \"10\"}."`
	Sort   string        `query:"sort" json:"-" maxLength:"250" doc:"Keys of fields, separated by commas; with a minus for the greatest first: -price,name."`
	Search string        `query:"search" json:"-" maxLength:"200" doc:"Words that the records' texts have."`
	View   ViewID        `query:"view" json:"-" doc:"A view, whose filter holds besides, and whose sort and columns stand in for what is absent."`
	Fields string        `query:"fields" json:"-" maxLength:"4000" doc:"Keys of the fields to be shown, separated by commas; all where absent."`
	// Limit and Cursor are those of a page; a view's page size stands in for a limit that is absent.
	Limit  int    `query:"limit" json:"-" minimum:"1" maximum:"200" doc:"How many records at most; the view's page size, or 50, where absent."`
	Cursor string `query:"cursor" json:"-" maxLength:"1000" doc:"The next of the page before."`
}

func (in *RecordsInput) page() veranda.Page { return veranda.Page{Limit: in.Limit, Cursor: in.Cursor} }

// query is the long form.
func (in *RecordsInput) query(c *veranda.Checks) *QueryInput {
	q := &QueryInput{Org: in.Org, App: in.App, Search: in.Search, View: in.View, Limit: in.Limit, Cursor: in.Cursor}
	if in.Filter != "" {
		q.Filter = new(query.Filter)
		if err := json.Unmarshal([]byte(in.Filter), q.Filter); err != nil {
			c.Add("/filter", "filter", "must be a filter: "+err.Error())
		}
	}
	for key := range strings.SplitSeq(in.Sort, ",") {
		if key = strings.TrimSpace(key); key != "" {
			name, descending := strings.CutPrefix(key, "-")
			q.Sort = append(q.Sort, query.Sort{Field: name, Descending: descending})
		}
	}
	for key := range strings.SplitSeq(in.Fields, ",") {
		if key = strings.TrimSpace(key); key != "" {
			q.Fields = append(q.Fields, key)
		}
	}
	return q
}

// QueryInput asks for records of an application.
type QueryInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	App    ID            `path:"app" json:"-"`
	Filter *query.Filter `json:"filter,omitempty" doc:"Which records; see the guide of filters."`
	Sort   []query.Sort  `json:"sort,omitempty" maxItems:"5" doc:"In which order; that of their making where absent."`
	Search string        `json:"search,omitempty" maxLength:"200" doc:"Words that the records' texts have."`
	Fields []string      `json:"fields,omitempty" maxItems:"200" doc:"Keys of the fields to be shown; all where absent."`
	// View puts a view's filter beneath, and its sort and columns where none are given.
	View ViewID `json:"view_id,omitzero" doc:"A view, whose filter holds besides, and whose sort and columns stand in for what is absent."`
	// Limit and Cursor are those of a page.
	Limit  int    `json:"limit,omitempty" minimum:"1" maximum:"200" doc:"How many records at most."`
	Cursor string `json:"cursor,omitempty" maxLength:"1000" doc:"The next of the page before."`
}

func (in *QueryInput) page() veranda.Page { return veranda.Page{Limit: in.Limit, Cursor: in.Cursor} }

// SummaryInput asks for counts, sums, averages, least and greatest of records, perhaps by groups.
type SummaryInput struct {
	Org        veranda.OrgID     `path:"org" json:"-"`
	App        ID                `path:"app" json:"-"`
	Filter     *query.Filter     `json:"filter,omitempty"`
	Search     string            `json:"search,omitempty" maxLength:"200"`
	Groups     []query.Group     `json:"groups,omitempty" maxItems:"3" doc:"What records are gathered by; all are one group where absent."`
	Aggregates []query.Aggregate `json:"aggregates,omitempty" maxItems:"20" doc:"What is told of each group; how many where absent."`
}
